from __future__ import annotations

import base64
import json
import threading
from pathlib import Path

import pytest

from imagebot.config.model import RegistryCredential
from imagebot.config.secret_source import SecretSource
from imagebot.errors import CredentialError
from imagebot.registry.credentials import Credential, Credentials
from tests.registry.conftest import HelperFolder

ENV = {"A": "secret-a", "B": "secret-b", "C": "secret-c"}


def configured(**keys: str) -> list[RegistryCredential]:
    """Credentials by key, with the variables that hold their secrets."""
    return [
        RegistryCredential(key=key, username=f"user-{env}", password=SecretSource("env", env))
        for key, env in keys.items()
    ]


def user(found: Credential | None) -> str | None:
    return found.username if found else None


@pytest.fixture
def docker(tmp_path: Path) -> Path:
    folder = tmp_path / "docker"
    folder.mkdir()
    return folder


def write(folder: Path, **document: object) -> dict[str, str]:
    (folder / "config.json").write_text(json.dumps(document))
    return {"DOCKER_CONFIG": str(folder)}


def auth(user: str, password: str = "pw") -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


@pytest.mark.parametrize(
    ("registry", "path", "username"),
    [
        ("ghcr.io", "acme/app", "user-B"),
        ("ghcr.io", "acme/app/sub", "user-B"),
        ("ghcr.io", "acmeister/app", "user-A"),
        ("ghcr.io", "other/app", "user-A"),
        ("GHCR.io", "other/app", "user-A"),
        ("docker.io", "library/nginx", "user-C"),
        ("index.docker.io", "library/nginx", "user-C"),
        ("quay.io", "acme/app", None),
        ("ghcr.io.evil.example", "acme/app", None),
        ("ghcr.io:8443", "acme/app", None),
    ],
)
def test_the_longest_configured_key_wins(registry: str, path: str, username: str | None) -> None:
    keys = {"ghcr.io": "A", "ghcr.io/acme": "B", "https://index.docker.io/v1/": "C"}
    found = Credentials(configured(**keys), ENV).lookup(registry, path)
    assert user(found) == username


def test_a_configured_credential() -> None:
    found = Credentials(configured(**{"ghcr.io/acme": "A"}), ENV).lookup("ghcr.io", "acme/app")
    assert found == Credential(
        origin="credentials.registries.ghcr.io/acme", username="user-A", secret="secret-a"
    )
    assert "secret-a" not in repr(found)


def test_a_rotated_secret_works_at_once(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("first\n")
    item = RegistryCredential(
        key="r.example", username="bot", password=SecretSource("file", str(path))
    )
    store = Credentials([item], {})
    secrets = []
    for text in ("first\n", "second\r\n", " third "):
        path.write_text(text)
        found = store.lookup("r.example", "app")
        assert found is not None
        secrets.append(found.secret)
    assert secrets == ["first", "second", " third "]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (
            SecretSource("env", "MISSING"),
            "MISSING, which should hold a secret,",
        ),
        (SecretSource("env", "EMPTY"), "EMPTY, which should hold a secret,"),
        (SecretSource("file", "missing"), "No such file"),
        (SecretSource("file", "empty"), "is empty"),
        (SecretSource("file", "huge"), "larger than"),
        (SecretSource("file", "binary"), "is not UTF-8"),
        (SecretSource("file", "."), "Is a directory"),
    ],
)
def test_a_secret_that_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: SecretSource, reason: str
) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "huge").write_text("x" * 100_000)
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    monkeypatch.chdir(tmp_path)
    item = RegistryCredential(key="r.example", username="bot", password=source)
    with pytest.raises(CredentialError, match=r"credentials\.registries\.r\.example") as caught:
        Credentials([item], {"EMPTY": ""}).lookup("r.example", "app")
    assert reason in str(caught.value)


def test_a_user_name_with_a_colon() -> None:
    item = RegistryCredential(key="r.example", username="a:b", password=SecretSource("env", "A"))
    with pytest.raises(CredentialError, match="colon"):
        Credentials([item], ENV).lookup("r.example", "app")


def test_nothing_is_read_before_it_is_needed() -> None:
    item = RegistryCredential(key="r.example", username="a", password=SecretSource("env", "NONE"))
    assert Credentials([item], {}).lookup("other.example", "app") is None


def test_configured_ones_come_before_files(docker: Path) -> None:
    env = ENV | write(docker, auths={"ghcr.io": auth("file"), "ghcr.io/acme/app": auth("file")})
    store = Credentials(configured(**{"ghcr.io": "A"}), env)
    assert user(store.lookup("ghcr.io", "acme/app")) == "user-A"


def test_the_first_file_that_knows_wins(docker: Path, tmp_path: Path) -> None:
    env = write(docker, auths={"a.example": auth("docker")})
    podman = tmp_path / "auth.json"
    podman.write_text(
        json.dumps({"auths": {"a.example": auth("podman"), "b.example": auth("podman")}})
    )
    store = Credentials([], env | {"REGISTRY_AUTH_FILE": str(podman)})
    assert user(store.lookup("a.example", "app")) == "docker"
    assert user(store.lookup("b.example", "app")) == "podman"
    assert store.lookup("c.example", "app") is None


def test_a_file_in_home(tmp_path: Path) -> None:
    folder = tmp_path / ".docker"
    folder.mkdir()
    write(folder, auths={"https://index.docker.io/v1/": auth("alice")})
    store = Credentials([], {"HOME": str(tmp_path)})
    found = store.lookup("docker.io", "library/nginx")
    assert found is not None
    assert (found.username, found.origin) == ("alice", str(folder / "config.json"))


def test_kinds(docker: Path) -> None:
    env = write(
        docker,
        auths={
            "identity.example": {**auth("<token>", ""), "identitytoken": "idt"},
            "registry.example": {"registrytoken": "rt"},
        },
    )
    store = Credentials([], env)
    identity = store.lookup("identity.example", "app")
    token = store.lookup("registry.example", "app")
    assert identity is not None
    assert token is not None
    assert (identity.kind, identity.secret) == ("identity-token", "idt")
    assert (token.kind, token.secret) == ("registry-token", "rt")


def test_the_hosts_helper_then_the_entry_then_the_store(
    helpers: HelperFolder, docker: Path
) -> None:
    helpers.add("own", "print(json.dumps({'Username': 'own', 'Secret': server}))")
    helpers.add("all", "print(json.dumps({'Username': 'all', 'Secret': server}))")
    env = helpers.env | write(
        docker,
        auths={"own.example": auth("entry"), "entry.example": auth("entry"), "left.example": {}},
        credHelpers={"own.example": "own"},
        credsStore="all",
    )
    store = Credentials([], env)
    hosts = ("own.example", "entry.example", "left.example", "other.example", "docker.io")
    found = [store.lookup(host, "app") for host in hosts]
    assert [user(one) for one in found] == ["own", "entry", "all", "all", "all"]
    assert found[0] is not None
    assert (found[0].origin, found[0].secret) == ("docker-credential-own", "own.example")
    assert found[4] is not None
    assert found[4].secret == "https://index.docker.io/v1/"


def test_a_helper_without_an_answer_is_passed_over(helpers: HelperFolder, docker: Path) -> None:
    helpers.add("none", "print('credentials not found'); sys.exit(1)")
    env = helpers.env | write(docker, credHelpers={"a.example": "none"}, credsStore="none")
    store = Credentials([], env)
    assert store.lookup("a.example", "app") is None
    assert store.lookup("b.example", "app") is None


def test_a_broken_helper(helpers: HelperFolder, docker: Path) -> None:
    """It must not get in the way of images that need no credential."""
    helpers.add("broken", "print('no keychain'); sys.exit(1)")
    env = helpers.env | write(
        docker, auths={"b.example": {}}, credHelpers={"a.example": "broken"}, credsStore="broken"
    )
    store = Credentials([], env)
    for registry in ("a.example", "b.example"):
        with pytest.raises(CredentialError, match="no keychain"):
            store.lookup(registry, "app")
    assert store.lookup("c.example", "app") is None


def test_the_hosts_own_helper_is_missing(helpers: HelperFolder, docker: Path) -> None:
    env = helpers.env | write(docker, credHelpers={"a.example": "missing"})
    with pytest.raises(CredentialError, match="docker-credential-missing: program not found"):
        Credentials([], env).lookup("a.example", "app")


@pytest.mark.parametrize("name", ["desktop.exe", "#no-name"])
def test_a_missing_helper_for_all_hosts_is_said_once(
    helpers: HelperFolder, docker: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    """The file is another machine's: what it says in clear still counts, the rest is anonymous."""
    env = helpers.env | write(
        docker, auths={"a.example": {}, "c.example": auth("clear")}, credsStore=name
    )
    store = Credentials([], env)
    hosts = ("a.example", "b.example", "c.example")
    assert [user(store.lookup(host, "app")) for host in hosts] == [None, None, "clear"]
    (said,) = [record for record in caplog.records if record.levelname == "WARNING"]
    assert said.getMessage().startswith("docker's own login cannot be used here: ")
    assert name in said.getMessage()
    assert str(docker / "config.json") in said.getMessage()


def test_a_helper_is_asked_once_a_minute(helpers: HelperFolder, docker: Path) -> None:
    helpers.add("ok", "print(json.dumps({'Username': 'a', 'Secret': str(os.getpid())}))")
    env = helpers.env | write(docker, credsStore="ok")
    now = 0.0
    store = Credentials([], env, clock=lambda: now)
    threads = [threading.Thread(target=store.lookup, args=("a.example", "x")) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store.lookup("a.example", "y")
    assert len(helpers.calls()) == 1
    store.lookup("b.example", "x")
    assert len(helpers.calls()) == 2
    now = 61.0
    store.lookup("a.example", "x")
    assert len(helpers.calls()) == 3


def test_a_broken_file_says_which(docker: Path) -> None:
    (docker / "config.json").write_text("{")
    with pytest.raises(CredentialError, match=str(docker)):
        Credentials([], {"DOCKER_CONFIG": str(docker)}).lookup("a.example", "app")
