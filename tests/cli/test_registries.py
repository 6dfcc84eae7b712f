"""One registry client for many passes, as long as its configuration stays."""

from __future__ import annotations

import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from imagebot.config.model import (
    BotConfiguration,
    RegistryCredential,
    RegistryOptions,
    Target,
)
from imagebot.config.secret_source import SecretSource
from imagebot.errors import RegistryUnreachableError
from imagebot.reference import Repository
from imagebot.registry.client import RegistryClient
from imagebot.registry.credentials import Credentials
from imagebot.run.process import Process
from imagebot.run.registries import KeptRegistries
from tests.cli.conftest import deployment
from tests.support.git_server import GitServer
from tests.support.here import HERE
from tests.support.process import PATIENCE
from tests.support.scripted_http import Answer, Request, ScriptedServer
from tests.support.signals import with_signals

Wait = Callable[[Callable[[], bool]], None]

BOT = BotConfiguration(
    path="bot.yaml",
    targets=(),
    registry_credentials=(
        RegistryCredential(key="ghcr.io", username="bot", password=SecretSource("env", "TOKEN")),
    ),
    registries=(RegistryOptions(host="r.example", ca_file="ca.pem"),),
    cache_dir="/nowhere/cache",
)
TARGET = Target(name="t", url="https://git.example/t.git", branch="main")
APP = Repository("127.0.0.1:1", "app")


@pytest.fixture
def kept(folder: Path) -> Iterator[KeptRegistries]:
    folder.joinpath("ca.pem").write_text("one")
    with KeptRegistries(Process()) as registries:
        yield registries


@pytest.mark.parametrize(
    "bot", [replace(BOT), replace(BOT, path="other.yaml"), replace(BOT, targets=(TARGET,))]
)
def test_what_is_not_about_registries_changes_nothing(
    kept: KeptRegistries, bot: BotConfiguration
) -> None:
    assert kept.memo(BOT) is kept.memo(bot)


OTHERS = {
    "credentials": replace(BOT, registry_credentials=()),
    "registries": replace(BOT, registries=(RegistryOptions(host="r.example"),)),
    "cache": replace(BOT, cache_dir=""),
    "no file": None,
}


@pytest.mark.parametrize("bot", OTHERS.values(), ids=OTHERS)
def test_a_change_makes_a_new_client_and_closes_the_old(
    kept: KeptRegistries, bot: BotConfiguration | None
) -> None:
    before = kept.memo(BOT)
    after = kept.memo(bot)
    assert after is not before
    assert after is kept.memo(bot)


def test_a_closed_client_asks_nothing(kept: KeptRegistries) -> None:
    named = replace(BOT, registries=(RegistryOptions(host=APP.registry),))
    before = kept.for_pass(BOT).common
    after = kept.for_pass(named).common
    with pytest.raises(RegistryUnreachableError, match="closed"):
        before.tags(APP)
    with pytest.raises(RegistryUnreachableError, match="cannot connect"):
        after.tags(APP)


def test_the_machines_own_authorities_are_watched(
    kept: KeptRegistries, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = folder / "system.pem"
    system.write_text("one")
    usual = ssl.get_default_verify_paths()._replace(cafile=str(system))
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: usual)
    before = kept.memo(BOT)
    assert kept.memo(BOT) is before
    system.write_text("renewed")
    assert kept.memo(BOT) is not before


@pytest.mark.parametrize("by", ["ca-file", "SSL_CERT_FILE"])
def test_a_renewed_authority_makes_a_new_client(
    kept: KeptRegistries, folder: Path, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    system = folder / "system.pem"
    system.write_text("one")
    monkeypatch.setenv("SSL_CERT_FILE", str(system))
    before = kept.memo(BOT)
    assert kept.memo(BOT) is before
    renewed = folder / "new"
    renewed.write_text("renewed")
    renewed.replace(folder / "ca.pem" if by == "ca-file" else system)
    assert kept.memo(BOT) is not before


def test_closing_closes_the_client(kept: KeptRegistries) -> None:
    memo = kept.memo(BOT)
    kept.close()
    with pytest.raises(RegistryUnreachableError, match="closed"):
        memo.for_pass().tags(APP)


def test_a_push_to_a_mirror_is_one_to_what_it_mirrors(
    kept: KeptRegistries, scripted: ScriptedServer
) -> None:
    mirror = RegistryOptions(host="hub.example", mirror=f"{scripted.host}/hub")
    bot = replace(BOT, registries=(mirror,))
    scripted.on("GET", "/v2/hub/app/tags/list", Answer(body={"tags": ["1.0"]}))
    app = Repository("hub.example", "app")
    memo = kept.memo(bot)
    assert kept.for_pass(bot).common.tags(app) == ("1.0",)
    memo.for_pass(lambda _: 600.0).tags(app)
    assert len(scripted.requests) == 1
    memo.forget(Repository(scripted.host, "hub/app"))
    with RegistryClient(Credentials([], {}), bot.registries, reach=HERE) as client:
        memo.for_pass(lambda _: 600.0, registry=client).tags(app)
    assert len(scripted.requests) == 2


# `imagebot run --every`, without the pause between passes.
RUN = """\
import sys
from imagebot.cli import run
from imagebot.cli.main import main
run._SHORTEST = 0
sys.exit(main(["run", "-c", "bot.yaml", "--every", "0s", "-q"]))
"""
CONFIGURATION = b"""\
routes: [{name: all, files: ["**"], publish: commit, images: [{match: "**", policy: shape}]}]
"""
LIST, TOKEN = "/v2/acme/app/tags/list", "/token"


def guard_with_token(server: ScriptedServer) -> None:
    challenge = f'Bearer realm="{server.url}{TOKEN}",scope="repository:acme/app:pull"'

    def tags(request: Request) -> Answer:
        if request.authorization != "Bearer t1":
            return Answer(401, {"WWW-Authenticate": challenge})
        return Answer(body={"tags": ["1.0.0"]})

    server.on("GET", LIST, tags)
    server.on("GET", TOKEN, Answer(body={"token": "t1", "expires_in": 3600}))


def lists(server: ScriptedServer) -> int:
    """How often the tags were given, which is once in a pass."""
    return sum(1 for request in server.asked("GET", LIST) if request.authorization)


@contextmanager
def running(
    server: ScriptedServer, git_server: GitServer, folder: Path
) -> Iterator[subprocess.Popen[bytes]]:
    guard_with_token(server)
    manifest = deployment(f"{server.host}/acme/app:1.0.0").encode()
    url = git_server.make_repository("it", {"imagebot.yaml": CONFIGURATION, "a.yaml": manifest})
    folder.joinpath("bot.yaml").write_text(
        f"targets: [{{url: '{url}', branch: main, credential: it}}]\n"
        "credentials: {git: {it: {token: {env: TOKEN}}}}\n"
        f"registries: {{'{server.host}': {{insecure: true}}}}\n"
        "cache-dir: cache\n"
    )
    environment = {**os.environ, "TOKEN": git_server.token}
    argv = with_signals([sys.executable, "-c", RUN])
    with subprocess.Popen(argv, env=environment, stderr=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            said = process.communicate(timeout=PATIENCE)[1].decode()
    assert (process.returncode, said) == (0, "")


def test_the_second_pass_needs_no_new_token(
    scripted: ScriptedServer, git_server: GitServer, folder: Path, wait_until: Wait
) -> None:
    with running(scripted, git_server, folder):
        wait_until(lambda: lists(scripted) >= 3)
    assert len(scripted.asked("GET", TOKEN)) == 1
    # Refused once, without a token; from then on only the tags are asked for, in each pass.
    assert len(scripted.asked("GET", LIST)) == 1 + lists(scripted)


def test_a_changed_configuration_is_read_and_makes_a_new_client(
    scripted: ScriptedServer, git_server: GitServer, folder: Path, wait_until: Wait
) -> None:
    with running(scripted, git_server, folder):
        wait_until(lambda: lists(scripted) >= 2)
        file = folder / "bot.yaml"
        renewed = folder / "bot.new"
        renewed.write_text(file.read_text().replace("cache-dir: cache", "cache-dir: other"))
        renewed.replace(file)
        wait_until(folder.joinpath("other").exists)
        before = lists(scripted)
        wait_until(lambda: lists(scripted) >= before + 3)
    assert len(scripted.asked("GET", TOKEN)) == 2
