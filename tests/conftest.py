"""Fixtures for the real parts of tests/support/, and isolation from the machine's own settings."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.support import git_server as git_servers
from tests.support import github
from tests.support import registry as registries
from tests.support import ssh_server as ssh_servers
from tests.support.git_server import GitServer
from tests.support.github import Forge
from tests.support.process import PATIENCE
from tests.support.registry import Registry
from tests.support.require import MISSING
from tests.support.scripted_http import ScriptedServer, scripted_http
from tests.support.ssh_server import SshServer

settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("long", deadline=None, max_examples=2_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

AMBIENT = re.compile(
    r"(?i)(.*_proxy|ssl_.*|ssh_.*|requests_ca_bundle|curl_ca_bundle|registry_auth_file|email"
    r"|force_color|clicolor.*|columns|lines|gpg_.*|(gnu)?make.*|mflags|pythondontwritebytecode|venv"
    r"|(aws|azure|ci_job|cloudsdk|docker|gce|gh|git|gitea|github|gitlab|google|identity"
    r"|imagebot(?!_corpus$)|xdg)_.*)"
)
"""Variables of whoever runs the tests that could change what imagebot, git, ssh, httpx or make do.

Those of make have what `make test` was called with: a test that calls it, with tests of its own,
would run the whole suite where somebody gave PYTEST_ARGS.

Without what Python has compiled, each start of imagebot takes half a second more.

IMAGEBOT_CORPUS is none of them: it says where `tests/manifest/corpus.py` has manifests from."""

FIXED = {
    "NO_COLOR": "1",
    "LC_ALL": "C.UTF-8",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_AUTHOR_NAME": "Ambient Person",
    "GIT_AUTHOR_EMAIL": "ambient@example.com",
    "GIT_COMMITTER_NAME": "Ambient Person",
    "GIT_COMMITTER_EMAIL": "ambient@example.com",
}


def pytest_configure() -> None:
    # Before any session fixture: those start servers, which inherit the environment.
    for name in [name for name in os.environ if AMBIENT.fullmatch(name)]:
        del os.environ[name]
    os.environ.update(FIXED)
    # Python looked at the variable when it started.
    sys.dont_write_bytecode = False
    # Nor what a supervisor blocks, or ignores so that no exit code of a child is seen.
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    for number in (signal.SIGTERM, signal.SIGCHLD):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    counts: Counter[str] = Counter()
    for outcome in ("skipped", "failed", "error"):
        for report in terminalreporter.stats.get(outcome, []):
            if found := re.search(f"{MISSING}([^(\n]+) \\(", str(report.longrepr)):
                counts[found[1]] += 1
    for part, count in sorted(counts.items()):
        terminalreporter.write_line(f"{count} not run: no {part}")


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("homes")


@pytest.fixture(autouse=True)
def home(homes: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty HOME of the test's own."""
    folder = homes / uuid.uuid4().hex
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    return folder


@pytest.fixture
def repository() -> str:
    """A name for an OCI repository that no other test uses."""
    return f"team/app-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def wait_until() -> Callable[[Callable[[], bool]], None]:
    """Waits for a condition, and fails the test when it does not come true."""

    def wait(condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, "the condition never came true"
            time.sleep(0.01)

    return wait


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A registry without a login; shared, so use a `repository` of your own."""
    with registries.registry(tmp_path_factory.mktemp("registry")) as started:
        yield started


@pytest.fixture(scope="session")
def htpasswd_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A registry that wants Basic credentials; shared."""
    folder = tmp_path_factory.mktemp("htpasswd-registry")
    with registries.registry(folder, auth="htpasswd") as started:
        yield started


@pytest.fixture(scope="session")
def tls_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A registry whose certificate is signed by an authority of its own (`ca_file`); shared."""
    with registries.registry(tmp_path_factory.mktemp("tls-registry"), tls=True) as started:
        yield started


@pytest.fixture
def token_registry(start_registry: Callable[..., Registry]) -> Registry:
    """A registry that wants Bearer tokens; the test's own, as is its token server (`tokens`)."""
    return start_registry(auth="token")


@pytest.fixture
def start_registry(tmp_path: Path) -> Iterator[Callable[..., Registry]]:
    """Starts registries with the options of tests.support.registry.registry, after `folder`."""
    with ExitStack() as stack:

        def start(**options: Any) -> Registry:
            folder = tmp_path / f"registry-{uuid.uuid4().hex[:8]}"
            return stack.enter_context(registries.registry(folder, **options))

        yield start


@pytest.fixture
def scripted(start_scripted: Callable[..., ScriptedServer]) -> ScriptedServer:
    """An HTTP server to be told what to answer with `on`."""
    return start_scripted()


@pytest.fixture
def start_scripted() -> Iterator[Callable[..., ScriptedServer]]:
    """Starts servers with the arguments of tests.support.scripted_http.scripted_http."""
    with ExitStack() as stack:

        def start(*arguments: Any, **options: Any) -> ScriptedServer:
            return stack.enter_context(scripted_http(*arguments, **options))

        yield start


@pytest.fixture
def git_server(start_git_server: Callable[..., GitServer]) -> GitServer:
    """Git over HTTP, with a token; the test's own."""
    return start_git_server()


@pytest.fixture
def start_git_server(tmp_path: Path) -> Iterator[Callable[..., GitServer]]:
    """Starts servers with the options of tests.support.git_server.git_server, after `folder`."""
    with ExitStack() as stack:

        def start(**options: Any) -> GitServer:
            folder = tmp_path / f"git-{uuid.uuid4().hex[:8]}"
            return stack.enter_context(git_servers.git_server(folder, **options))

        yield start


@pytest.fixture(scope="session")
def github_emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The API URL of an emulator of GitHub; use `forge`, which empties it for each test."""
    with github.github_emulator(tmp_path_factory.mktemp("github")) as api_url:
        yield api_url


@pytest.fixture
def forge(github_emulator: str, git_server: GitServer) -> Iterator[Forge]:
    """GitHub's API and Git over HTTP (the `git_server` fixture) over the same repositories."""
    with github.forge(github_emulator, git_server) as made:
        yield made


@pytest.fixture
def ssh_server(git_server: GitServer, tmp_path: Path) -> Iterator[SshServer]:
    """Git over SSH, to the repositories of the `git_server` fixture."""
    with ssh_servers.ssh_server(tmp_path / "ssh", git_server.root) as started:
        yield started
