"""What git, started by imagebot, must never do: show a token, or run what a target says."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from imagebot.errors import GitError, GitUnreachableError, ImagebotError
from imagebot.git.cache import cache_path
from imagebot.git.credentials import Access
from imagebot.git.runner import Runner
from imagebot.git.url import parse_url
from imagebot.parallel import child as process_module
from tests.git.conftest import FILES, Open, ambient_access, read, token_access
from tests.parallel.test_child import is_running
from tests.support.clock import late_once
from tests.support.git_repository import BareRepository, Submodule, Symlink, git
from tests.support.git_server import GitServer
from tests.support.scripted_http import Answer, Request, ScriptedServer

CANARY = "canary-0a1b/2c+3d=4e"
SPELLINGS = [CANARY, "canary-0a1b%2F2c%2B3d%3D4e", "canary-0a1b%2f2c%2b3d%3d4e"]
API = "clusters/test/api.yaml"


def processes() -> str:
    """Arguments and environment of everything that runs, one process a line."""
    seen = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                parts = [(folder / name).read_bytes() for name in ("cmdline", "environ")]
            except OSError:
                continue
            seen.append(b" ".join(parts).replace(b"\0", b" ").decode(errors="replace"))
    return "\n".join(seen)


def contents(folder: Path) -> str:
    return "\n".join(
        f"{path} {path.read_bytes()!r}" for path in folder.rglob("*") if path.is_file()
    )


def assert_clean(text: str) -> None:
    for spelling in SPELLINGS:
        assert spelling not in text


def test_the_token_is_nowhere_to_be_seen(
    start_git_server: Callable[..., GitServer],
    checkouts: Open,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    server = start_git_server(tokens={CANARY})
    url = server.make_repository("acme/gitops", FILES)
    seen = tmp_path / "seen"
    server.repository("acme/gitops").install_hook(
        "pre-receive",
        "#!/bin/sh\n"
        f"cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' > '{seen}'\n",
    )
    checkout = checkouts(url, access=token_access(CANARY))
    read(checkout, API)
    made = checkout.commit(checkout.head, {API: b"new\n"}, message="m")
    checkout.push(made, "main")
    assert server.read_files("acme/gitops")[API] == b"new\n"
    during = seen.read_text(errors="replace")
    assert "git-remote-http" in during
    assert "push" in during
    out, err = capfd.readouterr()
    for text in (during, contents(tmp_path / "cache"), caplog.text, out, err, repr(checkout)):
        assert_clean(text)
    assert "[http" not in contents(tmp_path / "cache")


def test_the_token_is_not_in_an_error(
    scripted: ScriptedServer, checkouts: Open, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A server that knows the token sends it back in all that git prints."""
    caplog.set_level(logging.DEBUG)
    during: list[str] = []

    def answer(request: Request) -> Answer:
        if request.authorization is None:
            return Answer(401, {"WWW-Authenticate": 'Basic realm="x"'})
        during.append(processes())
        body = f"You are {CANARY}, canary-0a1b%2F2c%2B3d%3D4e\x1b[2J\n"
        return Answer(403, {"Content-Type": "text/plain"}, body)

    scripted.handler = answer
    with pytest.raises(GitError) as caught:
        checkouts(f"{scripted.url}/acme/gitops.git", access=token_access(CANARY))
    assert "You are ***, ***\\x1b[2J" in str(caught.value)
    assert "git-remote-http" in during[0]
    for text in (str(caught.value), repr(caught.value), caught.value.hint, caplog.text, *during):
        assert_clean(text)
    assert_clean(contents(tmp_path / "cache"))


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_the_token_does_not_follow_a_redirect(
    status: int, scripted: ScriptedServer, start_scripted: Callable[..., ScriptedServer],
    checkouts: Open,
) -> None:  # fmt: skip
    thief = start_scripted(lambda _: Answer(401, {"WWW-Authenticate": 'Basic realm="x"'}))

    def answer(request: Request) -> Answer:
        if request.authorization is None:
            return Answer(401, {"WWW-Authenticate": 'Basic realm="x"'})
        return Answer(status, {"Location": f"{thief.url}{request.path}?{request.query}"})

    scripted.handler = answer
    with pytest.raises(GitError, match="redirect") as caught:
        checkouts(f"{scripted.url}/acme/gitops.git", access=token_access(CANARY))
    assert "redirects to" in caught.value.hint
    assert [request.authorization is not None for request in scripted.requests] == [False, True]
    assert thief.requests == []


def test_a_repository_that_moved_away_later_gets_no_token(
    http_target: tuple[str, Access], git_server: GitServer, checkouts: Open,
    start_scripted: Callable[..., ScriptedServer],
) -> None:  # fmt: skip
    url, access = http_target
    checkout = checkouts(url, access=access)
    thief = start_scripted(lambda _: Answer(401, {"WWW-Authenticate": 'Basic realm="x"'}))
    git_server.redirect_to = thief.url
    made = checkout.commit(checkout.head, {API: b"new\n"}, message="m")
    for action in (checkout.refresh, lambda: checkout.push(made, "main")):
        with pytest.raises(GitError, match="redirect"):
            action()
    assert thief.requests == []


def test_the_helper_gives_the_token_to_its_own_origin_only(tmp_path: Path) -> None:
    def fill(url: str, asked: str) -> str:
        runner = Runner(
            directory=tmp_path, access=token_access(CANARY), url=parse_url(url),
            repository="none",
        )  # fmt: skip
        return runner.try_remote("credential", "fill", payload=asked.encode()).out.decode()

    url = "https://git.example.com:8443/acme/gitops.git"
    given = fill(url, "protocol=https\nhost=git.example.com:8443\n\n")
    assert f"username=x-access-token\npassword={CANARY}\n" in given
    for asked in (
        "protocol=https\nhost=git.example.com\n\n",
        "protocol=http\nhost=git.example.com:8443\n\n",
        "protocol=https\nhost=evil.example.com\n\n",
        "protocol=https\nhost=git.example.com:8443.evil.com\n\n",
    ):
        assert CANARY not in fill(url, asked)
    assert CANARY not in fill(
        "ssh://git@git.example.com/x", "protocol=https\nhost=git.example.com\n\n"
    )


def test_settings_of_the_user_count_for_nothing(
    http_target: tuple[str, Access], checkouts: Open, home: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    url, access = http_target
    marker = tmp_path / "marker"
    run = tmp_path / "run"
    run.write_text(f"#!/bin/sh\necho ran >> '{marker}'\n")
    run.chmod(0o755)
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for hook in ("reference-transaction", "pre-push", "post-checkout", "pre-auto-gc"):
        (hooks / hook).write_bytes(run.read_bytes())
        (hooks / hook).chmod(0o755)
    settings = (
        f"[core]\nhooksPath = {hooks}\nsshCommand = {run}\nfsmonitor = {run}\naskPass = {run}\n"
        f"[credential]\nhelper = {run}\n[init]\ntemplateDir = {tmp_path}\n"
        f'[url "file:///nowhere"]\ninsteadOf = {url}\n'
    )
    (home / ".gitconfig").write_text(settings)
    (home / ".netrc").write_text("machine 127.0.0.1 login x password wrong\n")
    for name, value in {
        "GIT_CONFIG_GLOBAL": str(home / ".gitconfig"),
        "GIT_ASKPASS": str(run),
        "SSH_ASKPASS": str(run),
        "GIT_SSH_COMMAND": str(run),
        "GIT_PROXY_COMMAND": str(run),
        "GIT_TEMPLATE_DIR": str(tmp_path),
        "GIT_EXEC_PATH": str(hooks),
        "GIT_DIR": str(tmp_path),
        "GIT_OBJECT_DIRECTORY": str(tmp_path),
        "GIT_INDEX_FILE": str(tmp_path / "index"),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.hooksPath",
        "GIT_CONFIG_VALUE_0": str(hooks),
        "GIT_CONFIG_PARAMETERS": f"'core.hooksPath={hooks}'",
        "GIT_TRACE": str(tmp_path / "trace"),
        "GIT_TRACE_CURL": str(tmp_path / "trace"),
        "GIT_TRACE2_EVENT": str(tmp_path / "trace"),
        "GIT_CURL_VERBOSE": "1",
        "GIT_REDIRECT_STDERR": str(tmp_path / "trace"),
    }.items():
        monkeypatch.setenv(name, value)
    checkout = checkouts(url, access=access)
    read(checkout, API)
    made = checkout.commit(checkout.head, {API: b"new\n"}, message="m")
    checkout.push(made, "main")
    assert not marker.exists()
    assert not (tmp_path / "trace").exists()


def test_nothing_of_the_target_runs(bare: BareRepository, checkouts: Open, tmp_path: Path) -> None:
    """Hooks, filters, submodules and links, in the tree and in the cache."""
    marker = tmp_path / "marker"
    script = f"#!/bin/sh\necho ran >> '{marker}'\n".encode()
    bare.commit(
        {
            ".gitattributes": b"* filter=evil diff=evil merge=evil\n",
            ".gitconfig": f'[filter "evil"]\nsmudge = "{marker}"\n'.encode(),
            ".gitmodules": b'[submodule "x"]\npath = sub\nurl = -oProxy\nupdate = !touch\n',
            "sub": Submodule("1" * 40),
            "hooks/post-checkout": script,
            "escape.yaml": Symlink(str(tmp_path / "outside")),
            "up": Symlink(".."),
        }
    )
    checkout = checkouts(bare)
    cache = cache_path(tmp_path / "cache", bare.folder.as_uri())
    (cache / "hooks").mkdir(exist_ok=True)
    for hook in (
        "reference-transaction",
        "pre-push",
        "post-checkout",
        "post-update",
        "pre-auto-gc",
    ):
        (cache / "hooks" / hook).write_bytes(script)
        (cache / "hooks" / hook).chmod(0o755)
    bare.commit({"README.md": b"moved\n"})
    checkout.refresh()
    checkout.read(file.blob for file in checkout.files())
    made = checkout.commit(checkout.head, {API: b"new\n"}, message="m")
    checkout.push(made, "main")
    assert not marker.exists()
    assert not (tmp_path / "outside").exists()
    with pytest.raises(GitError):
        checkout.commit(checkout.head, {"escape.yaml": b"x"}, message="m")
    git(cache, "update-ref", "refs/control", made)
    assert marker.exists(), "with a plain git, the hooks do run"


def test_the_folder_that_the_bot_starts_in_does_not_matter(
    bare: BareRepository, checkouts: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`imagebot run` starts in a target: its .git/config is the target's word."""
    here = tmp_path / "cache"
    here.mkdir()
    git(here, "init", "--quiet")
    marker = tmp_path / "marker"
    git(here, "config", "remote.origin.url", f"file://{tmp_path}/elsewhere")
    git(here, "config", "remote.origin.uploadpack", f"touch {marker}; false")
    git(here, "config", f"url.file://{tmp_path}/elsewhere.insteadOf", bare.folder.as_uri())
    monkeypatch.chdir(here)
    checkout = checkouts(bare)
    assert checkout.head == bare.head()
    assert read(checkout, API) == FILES[API]
    assert not marker.exists()


def test_no_control_characters_from_a_server(bare: BareRepository, checkouts: Open) -> None:
    bare.install_hook(
        "pre-receive",
        "#!/bin/sh\nprintf 'no \\033]0;title\\007\\033[2J\\r\\302\\233 way\\n' >&2; exit 1\n",
    )
    checkout = checkouts(bare)
    made = checkout.commit(checkout.head, {API: b"new\n"}, message="m")
    with pytest.raises(GitError) as caught:
        checkout.push(made, "main")
    assert "way" in str(caught.value)
    assert not any(ord(letter) < 0x20 or 0x7F <= ord(letter) < 0xA0 for letter in str(caught.value))


@pytest.mark.timeout(60)
def test_a_server_that_does_not_answer_is_given_up(
    scripted: ScriptedServer, checkouts: Open
) -> None:
    scripted.handler = lambda _: Answer(hang=True)
    with pytest.raises(GitUnreachableError, match=r"did not finish within 0\.5 s") as caught:
        checkouts(f"{scripted.url}/acme/gitops.git", remote_seconds=0.5)
    assert caught.value.hint


def test_a_time_out_ends_what_git_has_started(
    checkouts: Open,
    tmp_path: Path,
    wait_until: Callable[[Callable[[], bool]], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """ssh that hangs, with a child of its own: killing git alone would leave both."""
    programs = tmp_path / "programs"
    programs.mkdir()
    pids = tmp_path / "pids"
    monkeypatch.setattr(process_module, "time", late_once(pids.exists))
    (programs / "ssh").write_text(
        "#!/bin/sh\ntrap '' TERM\nsleep 600 &\n"
        f"echo $$ $! > '{pids}.new'; mv '{pids}.new' '{pids}'\nwait\n"
    )
    (programs / "ssh").chmod(0o755)
    access = Access(inherited={"PATH": f"{programs}:{os.environ['PATH']}"})
    with pytest.raises(GitUnreachableError, match="did not finish within 1 s"):
        checkouts("ssh://git@git.example.com/a/b.git", access=access, remote_seconds=1)
    for pid in pids.read_text().split():
        wait_until(lambda pid=pid: not is_running(int(pid)))  # type: ignore[misc]  # bound at once


def test_an_answer_without_end_is_given_up(scripted: ScriptedServer, checkouts: Open) -> None:
    line = b"003f" + b"0" * 40 + b" refs/heads/xxxxxxxx\n"
    scripted.handler = lambda _: Answer(
        200,
        {"Content-Type": "application/x-git-upload-pack-advertisement"},
        (b"001e# service=git-upload-pack\n0000" + line * 1000 for _ in range(10**9)),
    )
    with pytest.raises(ImagebotError):
        checkouts(f"{scripted.url}/acme/gitops.git", remote_seconds=3)


def test_one_protocol_only(bare: BareRepository, tmp_path: Path) -> None:
    """Even where something makes git look elsewhere."""
    url = parse_url("ssh://git@git.example.com/a/b.git")
    runner = Runner(directory=tmp_path, access=ambient_access(), url=url, repository="none")
    for other in (bare.folder.as_uri(), "ext::sh -c true", "http://127.0.0.1:1/"):
        result = runner.try_remote("ls-remote", "--", other)
        assert result.status != 0
        assert "not allowed" in result.err
    local = runner.try_local("ls-remote", "--", bare.folder.as_uri())
    assert "not allowed" in local.err
