"""SIGTERM ends a process in time, whatever it waits for, and lets a push that has begun end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from imagebot.parallel.stop import STATUS
from tests.cli.conftest import deployment
from tests.parallel.test_child import is_running
from tests.support.git_server import GitServer
from tests.support.process import PATIENCE
from tests.support.registry import Registry
from tests.support.scripted_http import Answer, Request, ScriptedServer
from tests.support.signals import with_signals

Wait = Callable[[Callable[[], bool]], None]
StartScripted = Callable[..., ScriptedServer]
CONFIGURATION = b"""\
routes: [{name: all, files: ["**"], publish: commit, images: [{match: "**", policy: shape}]}]
"""
INTERRUPTED = (STATUS, "interrupted")


@contextmanager
def started(folder: Path, *arguments: str, token: str = "") -> Iterator[subprocess.Popen[str]]:
    argv = with_signals([sys.executable, "-m", "imagebot", *arguments])
    environment = {**os.environ, "TOKEN": token}
    with subprocess.Popen(
        argv, cwd=folder, env=environment, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.kill()


def end(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Its exit code and what it said. One that was ended by force says nothing."""
    _, err = process.communicate(timeout=PATIENCE)
    return process.returncode, err.strip()


def bot(folder: Path, registry: ScriptedServer, *urls: str) -> None:
    targets = "".join(f"  - {{url: '{url}', branch: main, credential: it}}\n" for url in urls)
    folder.joinpath("bot.yaml").write_text(
        f"targets:\n{targets}"
        "credentials: {git: {it: {token: {env: TOKEN}}}}\n"
        f"registries: {{'{registry.host}': {{insecure: true}}}}\n"
        "cache-dir: cache\n"
    )


def files(registry: ScriptedServer, name: str = "app") -> dict[str, bytes]:
    manifest = deployment(f"{registry.host}/{name}:1.0.0")
    return {"imagebot.yaml": CONFIGURATION, "app.yaml": manifest.encode()}


def drip(_: Request) -> Answer:
    """A body that never ends, a byte at a time."""
    pause = threading.Event()

    def body() -> Iterator[bytes]:
        while True:
            yield b" "
            pause.wait(0.05)

    return Answer(body=body())


def busy(_: Request) -> Answer:
    return Answer(429, {"Retry-After": "50"})


def silent(_: Request) -> Answer:
    return Answer(hang=True)


@pytest.mark.parametrize("command", ["run", "plan", "doctor"])
@pytest.mark.parametrize("answer", [drip, busy, silent])
def test_a_registry_that_keeps_it_waiting(
    command: str, answer: Callable[[Request], Answer], scripted: ScriptedServer,
    git_server: GitServer, folder: Path, wait_until: Wait,
) -> None:  # fmt: skip
    scripted.handler = answer
    bot(folder, scripted, git_server.make_repository("it", files(scripted)))
    with started(folder, command, "-c", "bot.yaml", token=git_server.token) as process:
        wait_until(lambda: bool(scripted.requests))
        process.terminate()
        assert end(process) == INTERRUPTED


@pytest.mark.parametrize("command", ["run", "doctor"])
def test_a_git_server_that_keeps_it_waiting(
    command: str, scripted: ScriptedServer, start_scripted: StartScripted, folder: Path,
    wait_until: Wait,
) -> None:  # fmt: skip
    remote = start_scripted(silent)
    bot(folder, scripted, f"{remote.url}/it.git", f"{remote.url}/other.git")
    with started(folder, command, "-c", "bot.yaml", token="any-token-will-do") as process:
        wait_until(lambda: bool(remote.requests))
        running = children(process.pid)
        assert running
        process.terminate()
        assert end(process) == INTERRUPTED
        wait_until(lambda: not any(map(is_running, running)))


def test_between_two_passes(scripted: ScriptedServer, git_server: GitServer, folder: Path) -> None:
    scripted.handler = lambda _: Answer(body={"tags": ["1.0.0"]})
    bot(folder, scripted, git_server.make_repository("it", files(scripted)))
    argv = ["run", "-c", "bot.yaml", "--every", "1h"]
    with started(folder, *argv, token=git_server.token) as process:
        assert process.stderr is not None
        entry = json.loads(process.stderr.readline())
        assert (entry["event"], entry["changed"], entry["kept"]) == ("pass", False, 1)
        process.terminate()
        # The pass is over when it says what it did.
        status, last = end(process)
        said = json.loads(last)["message"]
        assert (status, said) == (0, "asked to stop; the last pass is finished")


def slow_push(git_server: GitServer, name: str, folder: Path) -> None:
    """Pushes wait for a file `go`, after they have made one named `begun`."""
    git_server.repository(name).install_hook(
        "pre-receive",
        f"#!/bin/sh\ntouch '{folder}/begun'\nwhile ! test -e '{folder}/go'; do sleep 0.05; done\n",
    )


def test_a_push_that_has_begun_may_end(
    scripted: ScriptedServer, git_server: GitServer, folder: Path, tmp_path: Path, wait_until: Wait
) -> None:
    scripted.handler = lambda _: Answer(body={"tags": ["1.0.0", "1.1.0"]})
    bot(folder, scripted, git_server.make_repository("it", files(scripted)))
    slow_push(git_server, "it", tmp_path)
    with started(folder, "run", "-c", "bot.yaml", token=git_server.token) as process:
        wait_until((tmp_path / "begun").exists)
        process.terminate()
        asked = len(scripted.requests), len(git_server.requests)
        (tmp_path / "go").touch()
        assert end(process) == INTERRUPTED
    assert b":1.1.0" in git_server.read_files("it")["app.yaml"]
    assert len(scripted.requests) == asked[0]
    # The answer to the push itself may not have been on record yet.
    assert len(git_server.requests) <= asked[1] + 1


def test_a_push_that_does_not_end_is_killed(
    scripted: ScriptedServer, git_server: GitServer, folder: Path, tmp_path: Path, wait_until: Wait
) -> None:
    scripted.handler = lambda _: Answer(body={"tags": ["1.0.0", "1.1.0"]})
    url = git_server.make_repository("it", files(scripted))
    bot(folder, scripted, url)
    slow_push(git_server, "it", tmp_path)
    try:
        with started(folder, "run", "-c", "bot.yaml", token=git_server.token) as process:
            wait_until((tmp_path / "begun").exists)
            running = children(process.pid)
            assert running
            process.terminate()
            assert end(process) == INTERRUPTED
            wait_until(lambda: not any(map(is_running, running)))
    finally:
        (tmp_path / "go").touch()


def test_while_one_target_pushes_another_begins_nothing(
    scripted: ScriptedServer, git_server: GitServer, folder: Path, tmp_path: Path, wait_until: Wait
) -> None:
    listing, go_on = threading.Event(), threading.Event()

    def tags(request: Request) -> Answer:
        if request.path == "/v2/other/tags/list":
            listing.set()
            go_on.wait(PATIENCE)
        return Answer(body={"tags": ["1.0.0", "1.1.0"]})

    scripted.handler = tags
    one = git_server.make_repository("one", files(scripted))
    other = git_server.make_repository("other", files(scripted, "other"))
    bot(folder, scripted, one, other)
    slow_push(git_server, "one", tmp_path)
    try:
        with started(folder, "run", "-c", "bot.yaml", token=git_server.token) as process:
            wait_until((tmp_path / "begun").exists)
            wait_until(listing.is_set)
            process.terminate()
            asked = len(scripted.requests), len(requests_about(git_server, "other"))
            go_on.set()
            (tmp_path / "go").touch()
            assert end(process) == INTERRUPTED
    finally:
        go_on.set()
        (tmp_path / "go").touch()
    assert b":1.1.0" in git_server.read_files("one")["app.yaml"]
    assert b":1.0.0" in git_server.read_files("other")["app.yaml"]
    assert (len(scripted.requests), len(requests_about(git_server, "other"))) == asked


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_at_once_where_many_dates_are_asked_for(
    scripted: ScriptedServer, folder: Path, wait_until: Wait, number: signal.Signals
) -> None:
    """And asks for no more of them."""
    tags = [f"1.{minor}.0" for minor in range(100)]

    def answer(request: Request) -> Answer:
        listing = request.path.endswith("/tags/list")
        return Answer(body={"tags": tags}) if listing else Answer(hang=True)

    scripted.handler = answer
    with started(folder, "pick", f"{scripted.host}/app", "--order", "created") as process:
        wait_until(lambda: len(scripted.requests) > 8)
        process.send_signal(number)
        assert end(process) == INTERRUPTED
    assert len(scripted.requests) <= 10


END = """\
import atexit, os, re2, signal, sys, threading
import imagebot.cli.entry as entry
import imagebot.cli.main as module

def search():
    pattern, text = re2.compile("(a|b|c)*d"), "abc" * 100_000
    while True:
        pattern.search(text)

def main(arguments, process):
    for _ in range(4):
        threading.Thread(target=search, daemon=True).start()
    try:
        # As it is made, where a dataclass is.
        exec("raise KeyboardInterrupt")
    except KeyboardInterrupt:
        process.stop.rest()
        atexit.register(os.kill, os.getpid(), signal.SIGTERM)
        print("printed", end="")
        return 130

module.main = main
entry.entry()
"""


def test_nothing_comes_between_the_end_and_its_exit_code() -> None:
    """Not the threads that are in C++, nor a signal that comes now, nor the interrupt itself."""
    done = subprocess.run([sys.executable, "-c", END], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, b"printed", b"")


STUCK = """\
import ctypes, pathlib, socket

def look_up(host, *_, **__):
    pathlib.Path("looked-up").touch()
    # A second lock of the same mutex: it waits in C, and no signal ends that.
    mutex = ctypes.create_string_buffer(64)
    libc = ctypes.CDLL(None)
    while True:
        libc.pthread_mutex_lock(mutex)

really = socket.getaddrinfo
socket.getaddrinfo = lambda host, *more, **named: (
    look_up if str(host).endswith(".invalid") else really
)(host, *more, **named)
"""


@pytest.mark.parametrize("asked", ["registry", "token server", "redirect", "forge"])
def test_a_name_server_that_keeps_it_waiting(
    asked: str, scripted: ScriptedServer, git_server: GitServer, folder: Path, wait_until: Wait,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Planted where Python starts, because no test can have a name server of its own."""
    folder.joinpath("sitecustomize.py").write_text(STUCK)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    challenge = {"WWW-Authenticate": 'Bearer realm="https://token.invalid/",service="x"'}
    scripted.handler = {
        "token server": lambda _: Answer(401, challenge),
        "redirect": lambda _: Answer(302, {"Location": "https://other.invalid/"}),
    }.get(asked, lambda _: Answer(body={"tags": ["1.0.0"]}))
    host = "registry.invalid" if asked == "registry" else scripted.host
    manifest = deployment(f"{host}/app:1.0.0").encode()
    url = git_server.make_repository(
        "acme/it", {"imagebot.yaml": CONFIGURATION, "a.yaml": manifest}
    )
    bot(folder, scripted, url)
    if asked == "forge":
        written = folder.joinpath("bot.yaml").read_text()
        forge = "credential: it, forge: {kind: github, url: 'https://forge.invalid'}"
        folder.joinpath("bot.yaml").write_text(written.replace("credential: it", forge))
    with started(folder, "doctor", "-c", "bot.yaml", token=git_server.token) as process:
        wait_until((folder / "looked-up").exists)
        process.terminate()
        assert end(process) == INTERRUPTED


START = """\
import os, signal, sys

class Finder:
    def find_spec(self, name, path, target=None):
        if name == "click":
            os.kill(os.getpid(), signal.SIGTERM)

from imagebot.cli.entry import entry
sys.meta_path.insert(0, Finder())
entry()
"""


def test_a_signal_that_comes_while_it_starts() -> None:
    """As the first process of a container, where the system would ignore it."""
    done = subprocess.run([sys.executable, "-c", START], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


def requests_about(server: GitServer, name: str) -> list[str]:
    return [request.path for request in server.requests if f"/{name}.git" in request.path]


def children(pid: int) -> list[int]:
    """The children of a process and theirs."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, (task / "children").read_text().split()):
            found += [child, *children(child)]
    return found


def test_a_commit_is_reported_when_whoever_is_told_of_it_keeps_it_waiting(
    start_scripted: StartScripted, git_server: GitServer, folder: Path, registry: Registry,
    repository: str, wait_until: Wait,
) -> None:  # fmt: skip
    syncer = start_scripted(silent)
    for tag in ("1.0.0", "1.1.0"):
        registry.push_image(repository, tag)
    manifest = deployment(f"{registry.host}/{repository}:1.0.0").encode()
    url = git_server.make_repository("it", {"imagebot.yaml": CONFIGURATION, "app.yaml": manifest})
    folder.joinpath("bot.yaml").write_text(
        f"targets:\n  - {{url: '{url}', branch: main, credential: it}}\n"
        "credentials: {git: {it: {token: {env: TOKEN}}}}\n"
        f"registries: {{'{registry.host}': {{}}}}\n"
        f"nudges: [{{type: webhook, url: '{syncer.url}', insecure: true}}]\n"
        "cache-dir: cache\n"
    )
    arguments = ("run", "-c", "bot.yaml", "--log-format", "json")
    with started(folder, *arguments, token=git_server.token) as process:
        wait_until(lambda: bool(syncer.requests))
        process.terminate()
        code, said = end(process)
    committed, problem, done = map(json.loads, said.splitlines())
    assert (code, committed["event"], problem["event"]) == (1, "committed", "problem")
    assert problem["message"].endswith("imagebot was asked to stop")
    assert (done["event"], done["published"]) == ("pass", 1)
