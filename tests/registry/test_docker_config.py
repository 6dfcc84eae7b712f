from __future__ import annotations

import base64
import errno
import json
import os
from pathlib import Path

import pytest

from imagebot.errors import CredentialError
from imagebot.registry.docker_config import (
    DockerConfig,
    StoredCredential,
    files,
    hosts,
    parse,
    places,
    read,
)


def config(**document: object) -> DockerConfig:
    return parse("config.json", json.dumps(document).encode())


def auth(user: str, password: str) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


@pytest.mark.parametrize(
    "key",
    [
        "registry.example",
        "https://registry.example",
        "http://registry.example/",
        "https://registry.example/v1/",
        "https://registry.example/v2/",
        "registry.example/v1",
        "REGISTRY.example",
    ],
)
def test_keys_as_docker_writes_them(key: str) -> None:
    found = config(auths={key: auth("alice", "s3cret")}).entry("registry.example", "team/app")
    assert found == StoredCredential(username="alice", password="s3cret")


@pytest.mark.parametrize(
    "key", ["https://index.docker.io/v1/", "index.docker.io", "docker.io", "registry-1.docker.io"]
)
def test_keys_of_docker_hub(key: str) -> None:
    assert config(auths={key: auth("a", "b")}).entry("docker.io", "library/nginx")


def test_the_longest_path_wins() -> None:
    found = config(
        auths={
            "r.example": auth("host", "x"),
            "r.example/team": auth("team", "x"),
            "r.example/team/app": auth("app", "x"),
        }
    )
    names = {path: found.entry("r.example", path) for path in ("team/app", "team/b", "teamster/b")}
    assert {path: entry and entry.username for path, entry in names.items()} == {
        "team/app": "app",
        "team/b": "team",
        "teamster/b": "host",
    }


@pytest.mark.parametrize(
    ("keys", "user"),
    [
        (["r.example/team/app=", "r.example/team=team", "r.example=host"], "team"),
        (["r.example/team=", "r.example=host"], "host"),
        (["r?.example=glob", "r.example=", "*.example="], ""),
        (["r*.example=", "?.example=glob"], "glob"),
        (["r.example=", "r.example/team="], ""),
        # one registry under two names, in either order
        (["r.example=host", "https://r.example/v1/="], "host"),
        (["https://r.example/v1/=", "r.example=host"], "host"),
        (["R.example=host", "r.example="], "host"),
        # a kubelet takes the version off in front of a path, too
        (["https://r.example/v2/team=team", "r.example=host"], "team"),
        (["r.example/v1/team=team", "r.example=host"], "team"),
        (["r.example/v3/team=team", "r.example=host"], "host"),
    ],
)
def test_an_empty_entry_hides_no_other(keys: list[str], user: str) -> None:
    """Docker leaves an empty one for each registry whose password its helper keeps."""
    pairs = [key.rpartition("=") for key in keys]
    auths = {key: auth(name, "x") if name else {} for key, _, name in pairs}
    found = config(auths=auths).entry("r.example", "team/app")
    assert found is not None
    assert found.username == user


@pytest.mark.parametrize(
    ("key", "host", "path", "fits"),
    [
        ("*.dkr.ecr.us-east-1.amazonaws.com", "123.dkr.ecr.us-east-1.amazonaws.com", "app", True),
        ("*.example", "a.b.example", "app", False),
        ("*.example", "example", "app", False),
        ("r?.example/team", "r1.example", "team/app", True),
        ("r?.example/team", "r1.example", "teamster/app", False),
        ("*.example:5000", "r.example:5000", "app", True),
        ("*.example:5000", "r.example", "app", False),
    ],
)
def test_globs_as_a_kubelet_reads_them(key: str, host: str, path: str, fits: bool) -> None:
    assert (config(auths={key: auth("a", "b")}).entry(host, path) is not None) is fits


@pytest.mark.parametrize(
    ("value", "entry"),
    [
        (auth("alice", "with:colon"), StoredCredential(username="alice", password="with:colon")),
        (
            {"username": "alice", "password": "pw"},
            StoredCredential(username="alice", password="pw"),
        ),
        (
            {**auth("<token>", ""), "identitytoken": "idt"},
            StoredCredential(username="<token>", identity_token="idt"),
        ),
        ({"registrytoken": "rt"}, StoredCredential(registry_token="rt")),
        (
            {"auth": base64.b64encode(b"a:b\0\0").decode()},
            StoredCredential(username="a", password="b"),
        ),
        # without padding, or with line breaks, as Go reads it
        ({"auth": "YTpi"}, StoredCredential(username="a", password="b")),
        ({"auth": "YWI6Yw"}, StoredCredential(username="ab", password="c")),
        ({"auth": "YWI6\r\nYw==\n"}, StoredCredential(username="ab", password="c")),
        ({}, StoredCredential()),
        (None, StoredCredential()),
        ({"username": 5}, StoredCredential()),
    ],
)  # fmt: skip
def test_entries(value: object, entry: StoredCredential) -> None:
    assert config(auths={"r.example": value}).entry("r.example", "app") == entry


@pytest.mark.parametrize(
    "text", ["%%%", base64.b64encode(b"no colon").decode(), "/w==", "YWI6Yw=", "YWI6Yw== ", "YTpib"]
)
def test_an_entry_that_makes_no_sense(text: str) -> None:
    with pytest.raises(CredentialError, match=r"config\.json: auths\.r\.example") as caught:
        config(auths={"r.example": {"auth": text}}).entry("r.example", "app")
    assert text not in str(caught.value)


def test_helpers() -> None:
    found = config(
        credHelpers={"https://123.dkr.ecr.example": "ecr-login", "bad": 5}, credsStore="desktop"
    )
    assert found.helper("123.dkr.ecr.example") == "ecr-login"
    assert found.helper("ghcr.io") == ""
    assert found.store == "desktop"


@pytest.mark.parametrize("data", [b"{", b"[]", b'"a"', b"\xff", b"[" * 100_000])
def test_no_config(data: bytes) -> None:
    with pytest.raises(CredentialError, match=r"config\.json"):
        parse("config.json", data)


@pytest.mark.parametrize("document", [{}, {"auths": None}, {"auths": [], "credHelpers": 1}])
def test_an_empty_config(document: dict[str, object]) -> None:
    found = config(**document)
    assert found.entry("r.example", "app") is None
    assert found.helper("r.example") == ""


@pytest.mark.parametrize("data", [b"", b" \n", b"\xef\xbb\xbf{}"])
def test_a_file_with_nothing_in_it(data: bytes) -> None:
    """Docker reads one as it would read none."""
    assert parse("config.json", data).auths == {}


def test_places() -> None:
    assert list(places("h", "a/b")) == ["h/a/b", "h/a", "h"]
    assert list(places("h", "")) == ["h"]


@pytest.mark.parametrize(
    ("env", "found"),
    [
        ({}, []),
        (
            {"HOME": "/h"},
            [("/h/.docker/config.json", False), ("/h/.config/containers/auth.json", False)],
        ),
        (
            {
                "HOME": "/h",
                "DOCKER_CONFIG": "/d",
                "REGISTRY_AUTH_FILE": "/r/auth.json",
                "XDG_RUNTIME_DIR": "/run/user/1",
                "XDG_CONFIG_HOME": "/x",
            },
            [
                ("/d/config.json", True),
                ("/r/auth.json", True),
                ("/run/user/1/containers/auth.json", False),
                ("/x/containers/auth.json", False),
            ],
        ),
    ],
)
def test_where_the_files_are(env: dict[str, str], found: list[tuple[str, bool]]) -> None:
    assert [(str(file.path), file.required) for file in files(env)] == found


def test_reading(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    assert read(path, required=True) is None
    assert read(path / "below-nothing", required=True) is None
    path.write_text('{"credsStore": "pass"}')
    found = read(path, required=False)
    assert found is not None
    assert (found.path, found.store) == (str(path), "pass")
    path.write_text(" " * 2_000_000)
    with pytest.raises(CredentialError, match="larger"):
        read(path, required=False)


def test_the_name_of_the_file_for_that_of_the_folder(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text("{}")
    (named,) = files({"DOCKER_CONFIG": str(path)})
    with pytest.raises(CredentialError, match="Not a directory") as caught:
        read(named.path, required=named.required)
    assert "DOCKER_CONFIG" in caught.value.hint
    assert read(named.path, required=False) is None


@pytest.mark.parametrize("required", [False, True])
def test_a_folder_has_no_credentials(tmp_path: Path, required: bool) -> None:
    """Kubernetes mounts an optional secret that does not exist as an empty folder."""
    assert read(tmp_path, required=required) is None


def test_a_file_of_somebody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, *_: object) -> None:
        # The tests may run as root, who may read everything.
        raise PermissionError(errno.EACCES, "Permission denied", str(self))

    path = tmp_path / "config.json"
    monkeypatch.setattr(Path, "open", refuse)
    assert read(path, required=False) is None
    with pytest.raises(CredentialError, match="Permission denied"):
        read(path, required=True)


@pytest.mark.parametrize("required", [False, True])
def test_a_pipe_is_not_waited_for(tmp_path: Path, required: bool) -> None:
    os.mkfifo(tmp_path / "config.json")
    with pytest.raises(CredentialError, match=r"config\.json: a pipe, not a file"):
        read(tmp_path / "config.json", required=required)


def test_no_secret_in_a_representation() -> None:
    found = config(auths={"r.example": {"username": "alice", "password": "canary"}})
    assert "canary" not in repr(found)
    assert "canary" not in repr(found.entry("r.example", "app"))


def test_the_hosts_of_logins(tmp_path: Path) -> None:
    document = {
        "auths": {
            "https://index.docker.io/v1/": {},
            "http://R.corp.example:5000/v2/": auth("a", "b"),
            "registry.example/team": auth("a", "b"),
            "[fd00::1]:5000": auth("a", "b"),
            "*.glob.example": auth("a", "b"),
            "[rs].glob.example": auth("a", "b"),
        },
        "credHelpers": {"helped.example": "x", "*.helped.example": "x"},
        "credsStore": "y",
    }
    tmp_path.joinpath("config.json").write_text(json.dumps(document))
    tmp_path.joinpath("broken.json").write_text("{")
    env = {"DOCKER_CONFIG": str(tmp_path), "REGISTRY_AUTH_FILE": str(tmp_path / "broken.json")}
    named = {"docker.io", "r.corp.example:5000", "registry.example", "helped.example"}
    assert hosts(env) == named | {"[fd00::1]:5000"}
