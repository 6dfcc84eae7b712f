"""Servers that send back what they were sent: nothing of it is shown, in any spelling."""

from __future__ import annotations

import base64
import json
import stat
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from imagebot.plan.model import Plan
from imagebot.publish.vetoes import find_vetoes as find_all
from tests.cli.conftest import Cli, deployment
from tests.support.git_server import GitServer
from tests.support.scripted_http import Answer, Request, ScriptedServer

PASSWORD = 'c0rrect/horse+battery="staple" é'
GRANTED = "eyJhbGciOiJub25lIn0.granted-token-0123456789._-~"
CONFIGURATION = b"""\
routes: [{name: all, files: ["**"], publish: commit, images: [{match: "**", policy: shape}]}]
"""


def spellings(secret: str) -> list[str]:
    data = secret.encode()
    every = [
        secret,
        quote(secret, safe=""),
        quote(secret, safe="").lower(),
        json.dumps(secret)[1:-1],
        "".join(f"\\u{ord(letter):04X}" for letter in secret),
    ]
    for plain in (data, b"bot:" + data):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            encoded = encode(plain).decode()
            every += [encoded, encoded.rstrip("="), quote(encoded, safe="")]
    return every


SHOWN_NEVER = [*spellings(PASSWORD), *spellings(GRANTED)]


def assert_clean(text: str) -> None:
    found = [spelling for spelling in SHOWN_NEVER if spelling in text]
    assert found == []
    # Nor any part of one, such as a cut would leave.
    for part in (PASSWORD[:12], GRANTED[20:32], base64.b64encode(GRANTED.encode()).decode()[:16]):
        assert part not in text


def echo(request: Request) -> str:
    """The header, and every other way to say it."""
    said = [request.authorization or "", *(SHOWN_NEVER if request.authorization else ())]
    return " | ".join(said)


def in_message(request: Request) -> Answer:
    error = {"code": "DENIED", "message": echo(request)}
    return Answer(403, body={"errors": [error]})


def in_short_messages(request: Request) -> Answer:
    """Longer than what is shown, so that the end of a secret is cut off."""
    message = "x" * 180 + " " + (request.authorization or "")
    return Answer(500, body={"errors": [{"message": message}]})


def in_code(request: Request) -> Answer:
    scheme, _, secret = (request.authorization or " ").partition(" ")
    return Answer(429, body={"errors": [{"code": secret, "message": scheme}]})


def in_encoding(request: Request) -> Answer:
    return Answer(200, {"Content-Encoding": header(request)}, b"x")


def in_redirect(request: Request) -> Answer:
    return Answer(302, {"Location": f"https://{header(request).split()[-1]}.invalid/x"})


def in_next_page(request: Request) -> Answer:
    link = f"<https://{header(request).split()[-1]}.invalid/v2/>; rel=next"
    return Answer(200, {"Link": link}, {"tags": ["1.0.0"]})


def in_realm(request: Request) -> Answer:
    realm = f'Bearer realm="ftp://{header(request).split()[-1]}/",service="x"'
    return Answer(401, {"WWW-Authenticate": realm})


def in_broken_answer(request: Request) -> Answer:
    return Answer(200, {"Transfer-Encoding": header(request)}, b"x")


def header(request: Request) -> str:
    return (request.authorization or "none none").replace("\n", "")


WAYS = [in_message, in_short_messages, in_code, in_encoding, in_redirect, in_next_page, in_realm,
        in_broken_answer]  # fmt: skip


def basic(server: ScriptedServer, way: Callable[[Request], Answer]) -> None:
    def answer(request: Request) -> Answer:
        if request.authorization is None:
            return Answer(401, {"WWW-Authenticate": 'Basic realm="x"'})
        return way(request)

    server.handler = answer


def bearer(server: ScriptedServer, way: Callable[[Request], Answer]) -> None:
    def answer(request: Request) -> Answer:
        if request.path == "/token":
            return Answer(body={"token": GRANTED, "expires_in": 3600})
        if request.authorization is None:
            realm = f'Bearer realm="{server.url}/token",service="x"'
            return Answer(401, {"WWW-Authenticate": realm})
        return way(request)

    server.handler = answer


def grant(server: ScriptedServer, way: Callable[[Request], Answer]) -> None:
    """A token server that echoes what it gets."""

    def answer(request: Request) -> Answer:
        if request.path == "/token":
            return way(request)
        realm = f'Bearer realm="{server.url}/token",service="x"'
        return Answer(401, {"WWW-Authenticate": realm})

    server.handler = answer


@pytest.fixture
def bot(
    scripted: ScriptedServer, git_server: GitServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`bot.yaml` for one target with one image, in a registry that wants a password."""
    manifest = deployment(f"{scripted.host}/acme/app:1.0.0").encode()
    url = git_server.make_repository("it", {"imagebot.yaml": CONFIGURATION, "a.yaml": manifest})
    folder.joinpath("bot.yaml").write_text(
        f"targets: [{{url: '{url}', branch: main, credential: it}}]\n"
        "credentials:\n"
        "  git: {it: {token: {env: GIT}}}\n"
        f"  registries: {{'{scripted.host}': {{username: bot, password: {{env: PASSWORD}}}}}}\n"
        f"registries: {{'{scripted.host}': {{insecure: true}}}}\n"
        "cache-dir: cache\n"
    )
    monkeypatch.setenv("GIT", git_server.token)
    monkeypatch.setenv("PASSWORD", PASSWORD)


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize("kind", [basic, bearer, grant])
@pytest.mark.parametrize("way", WAYS)
def test_a_registry_that_echoes_what_it_got(
    kind: Callable[..., None], way: Callable[[Request], Answer], scripted: ScriptedServer, cli: Cli
) -> None:
    kind(scripted, way)
    for command in (
        ("plan", "-c", "bot.yaml", "--explain"),
        ("plan", "-c", "bot.yaml", "--format", "json", "--log-format", "json"),
        ("doctor", "-c", "bot.yaml"),
    ):
        result = cli(*command)
        assert any(request.authorization for request in scripted.requests)
        assert_clean(result.out + result.err)
        assert "sorry" not in result.err


def crash(*_: object, **__: object) -> Plan:
    said = f"{PASSWORD!r} {base64.b64encode(b'bot:' + PASSWORD.encode())!r} Bearer {GRANTED}"
    raise RuntimeError(said)


@pytest.fixture
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "imagebot" / "log"


@pytest.mark.usefixtures("bot")
def test_the_log_of_a_bug(
    cli: Cli, scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch, logs: Path
) -> None:
    """It is for us alone, has no secret that was used, and the exit code says that it is a bug."""
    bearer(scripted, lambda _: Answer(body={"tags": ["1.0.0", "1.1.0"]}))
    monkeypatch.setattr("imagebot.run.reduce.apply_vetoes", crash)
    result = cli("run", "-c", "bot.yaml")
    assert result.code == 3
    assert "it: sorry, this is a bug: RuntimeError: " in result.err
    (log,) = logs.iterdir()
    assert f"please report it with the log at {log}" in result.err
    text = log.read_text()
    assert "Traceback" in text
    assert "'run', '-c', 'bot.yaml'" in text
    assert_clean(text + result.err + result.out)
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert stat.S_IMODE(logs.stat().st_mode) == 0o700


def test_a_bug_ends_the_pass_of_its_target_only(
    cli: Cli, scripted: ScriptedServer, git_server: GitServer, folder: Path,
    monkeypatch: pytest.MonkeyPatch, logs: Path,
) -> None:  # fmt: skip
    scripted.handler = lambda _: Answer(body={"tags": ["1.0.0", "1.1.0"]})
    manifest = deployment(f"{scripted.host}/acme/app:1.0.0").encode()
    files = {"imagebot.yaml": CONFIGURATION, "a.yaml": manifest}
    urls = [git_server.make_repository(name, files) for name in ("bad", "good")]
    targets = ", ".join(f"{{url: '{url}', branch: main, credential: it}}" for url in urls)
    folder.joinpath("bot.yaml").write_text(
        f"targets: [{targets}]\n"
        "credentials: {git: {it: {token: {env: GIT}}}}\n"
        f"registries: {{'{scripted.host}': {{insecure: true}}}}\n"
        "cache-dir: cache\n"
    )
    monkeypatch.setenv("GIT", git_server.token)

    def find_vetoes(*arguments: object, target: str, layers: object) -> object:
        if target == "bad":
            crash()
        return find_all(*arguments, target=target, layers=layers)  # type: ignore[arg-type]

    monkeypatch.setattr("imagebot.run.reduce.find_vetoes", find_vetoes)
    result = cli("run", "-c", "bot.yaml", "--format", "json")
    assert result.code == 3
    assert [(problem["subject"], problem["code"]) for problem in result.json["problems"]] == [
        ("bad", "bug")
    ]
    assert b":1.1.0" in git_server.read_files("good")["a.yaml"]
    assert b":1.0.0" in git_server.read_files("bad")["a.yaml"]
    assert len(list(logs.iterdir())) == 1


@pytest.mark.usefixtures("bot")
def test_a_log_goes_to_a_folder_of_its_own_where_there_is_no_other(
    cli: Cli, scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As on the read-only root of a container."""
    scripted.handler = lambda _: Answer(body={"tags": ["1.0.0"]})
    tmp_path.joinpath("file").touch()
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    monkeypatch.setattr("imagebot.run.head.build", crash)
    assert cli("run", "-c", "bot.yaml").code == 3
    (inside,) = (path for path in temporary.iterdir() if path.name.startswith("imagebot-"))
    (log,) = inside.iterdir()
    assert [stat.S_IMODE(path.stat().st_mode) for path in (inside, log)] == [0o700, 0o600]


@pytest.mark.usefixtures("bot")
def test_a_short_secret_is_warned_about_once(
    cli: Cli, scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSWORD", "s3cret")
    basic(scripted, in_message)
    result = cli("plan", "-c", "bot.yaml")
    warning = f"warning: the secret of credentials.registries.{scripted.host} has fewer than 8"
    assert result.err.count(warning) == 1
    assert base64.b64encode(b"bot:s3cret").decode() not in result.err


TAG_PASSWORD = "hunter2-Passw0rd_9"
ALPHABETICAL = b"""\
policies: {last: {order: alphabetical}}
routes: [{name: all, files: ["**"], publish: commit, images: [{match: "**", policy: last}]}]
"""


@pytest.mark.usefixtures("bot")
def test_a_tag_with_the_password_in_it_goes_nowhere(
    cli: Cli, scripted: ScriptedServer, git_server: GitServer, folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """It would be written into a commit, for all who may read the target."""
    git_server.repository("it").commit({"imagebot.yaml": ALPHABETICAL})
    monkeypatch.setenv("PASSWORD", TAG_PASSWORD)
    encoded = base64.urlsafe_b64encode(f"bot:{TAG_PASSWORD}".encode()).decode().rstrip("=")
    tags = ["1.0.0", "1.1.0", f"2.0.0-{TAG_PASSWORD}", f"z{TAG_PASSWORD.upper()}", encoded]
    basic(scripted, lambda _: Answer(body={"tags": tags}))
    listed = cli("plan", "-c", "bot.yaml", "--explain", "--format", "json")
    result = cli("run", "-c", "bot.yaml", "--log-format", "json")
    assert result.code == 0
    assert ":1.1.0" in git_server.read_files("it")["a.yaml"].decode()
    assert "tags with a secret of imagebot in them are left out: 3" in result.err
    written = b"".join(path.read_bytes() for path in folder.joinpath("cache").rglob("*.*"))
    for text in (listed.out, listed.err, result.out, result.err, written.decode("latin-1")):
        for secret in (TAG_PASSWORD, TAG_PASSWORD.upper(), encoded):
            assert secret not in text


@pytest.mark.usefixtures("bot")
def test_what_git_quotes_is_hidden_in_every_format(
    cli: Cli, scripted: ScriptedServer, git_server: GitServer
) -> None:
    """A git server may know what a registry was sent: both can be one forge."""
    basic(scripted, lambda _: Answer(body={"tags": ["1.0.0", "1.1.0"]}))
    encoded = base64.b64encode(f"bot:{PASSWORD}".encode()).decode()
    git_server.repository("it").install_hook(
        "pre-receive", f"#!/bin/sh\necho 'Basic {encoded} {git_server.token}'; exit 1\n"
    )
    for arguments in ((), ("--format", "json"), ("--log-format", "json")):
        result = cli("run", "-c", "bot.yaml", *arguments)
        assert result.code == 1
        assert "Basic *** ***" in result.out + result.err
        assert_clean(result.out + result.err)
        assert git_server.token not in result.out + result.err
