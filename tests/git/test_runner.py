from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from imagebot.errors import GitError
from imagebot.git.credentials import Access
from imagebot.git.runner import Runner, ssh_command
from imagebot.git.url import parse_url
from tests.git.conftest import ambient_access, token_access
from tests.support.git_repository import git

KNOWN = {
    "PATH", "HOME", "LC_ALL", "LANGUAGE", "TZ", "PWD", "OLDPWD", "SHLVL", "_", "TMPDIR",
    "GIT_ALLOW_PROTOCOL", "GIT_ATTR_NOSYSTEM", "GIT_CEILING_DIRECTORIES", "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_PARAMETERS", "GIT_DIR", "GIT_EXEC_PATH",
    "GIT_DEFAULT_REF_FORMAT", "GIT_OPTIONAL_LOCKS", "GIT_PAGER", "GIT_PREFIX",
    "GIT_TERMINAL_PROMPT",
}  # fmt: skip


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(directory=tmp_path, access=ambient_access(), repository="none")


def environment_of(runner: Runner) -> dict[str, str]:
    """What a program that git starts finds in its environment."""
    output = runner.local("-c", "alias.variables=!env -0", "variables")
    return dict(line.split("=", 1) for line in output.decode().split("\0") if line)


def test_only_what_is_known_is_in_the_environment(
    runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("REGISTRY_PASSWORD", "GIT_TRACE", "GIT_WORK_TREE", "LD_LIBRARY_PATH", "BASH_ENV"):
        monkeypatch.setenv(name, "/nowhere")
    found = environment_of(runner)
    assert found.keys() <= KNOWN
    assert found["HOME"] == "/nonexistent"
    assert found["GIT_CONFIG_GLOBAL"] == "/dev/null"
    assert found["LC_ALL"] == "C"
    assert found["GIT_ALLOW_PROTOCOL"] == "none"


def test_variables_that_no_shell_can_unset(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("UID", "a.b", "BASH_FUNC_x%%", "it's; exit 7"):
        monkeypatch.setenv(name, "1")
    assert environment_of(runner).keys() <= KNOWN


def test_every_process_starts_with_what_is_known(tmp_path: Path) -> None:
    """From the entry point on: no first command nor argument shows another, not even its name."""
    script = (
        "import os, sys\nfrom pathlib import Path\n"
        "from imagebot.cli.environment import take_environment\n"
        "from imagebot.git.credentials import access_for\n"
        "from imagebot.git.runner import Runner\n"
        "started = []\n"
        "note = lambda event, args: event == 'subprocess.Popen' and started.append(args)\n"
        "sys.addaudithook(note)\n"
        "access = access_for(None, take_environment(os.environ))\n"
        "runner = Runner(directory=Path.cwd(), access=access, repository='none')\n"
        "runner.local('version')\n"
        "runner.try_local('ls-remote', '.')\n"
        "for executable, argv, directory, environment in started:\n"
        "    print(argv, environment)\n"
    )
    variables = {**os.environ, "REGISTRY_PASSWORD": "canary-of-a-variable"}
    argv = [sys.executable, "-c", script]
    done = subprocess.run(
        argv, cwd=tmp_path, env=variables, capture_output=True, text=True, check=True
    )
    assert "'version'" in done.stdout
    assert "'ls-remote'" in done.stdout
    assert "REGISTRY_PASSWORD" not in done.stdout
    assert "canary-of-a-variable" not in done.stdout


def test_bytes_come_and_go_as_they_are(runner: Runner) -> None:
    data = bytes(range(256)) * 1000 + b"\n\n"
    made = runner.local("hash-object", "--stdin", payload=data).decode().strip()
    expected = subprocess.run(
        ["git", "hash-object", "--stdin"], input=data, capture_output=True, check=True
    )
    assert made == expected.stdout.decode().strip()
    assert runner.local("stripspace", payload=b"a\n\n\n") == b"a\n"


def test_status_and_stderr(runner: Runner) -> None:
    result = runner.try_local("rev-parse", "--git-dir")
    assert result.status == 128
    assert "not a git repository" in result.err
    with pytest.raises(GitError) as caught:
        runner.local("no-such-command")
    assert str(runner.directory) in caught.value.message


def test_too_much_output(runner: Runner) -> None:
    with pytest.raises(GitError, match="more than 10 bytes"):
        runner.local("version", limit=10)


def test_what_git_may_use_is_bounded(runner: Runner) -> None:
    def limit(letter: str) -> str:
        return runner.local("-c", f"alias.limit=!ulimit -{letter}", "limit").decode().strip()

    assert int(limit("f")) * 512 == 8 * 1024**3
    assert int(limit("v")) * 1024 == 4 * 1024**3


def test_limits_that_are_lower_already_stay(tmp_path: Path) -> None:
    script = (
        "import os\nfrom pathlib import Path\n"
        "from imagebot.git.credentials import access_for\n"
        "from imagebot.git.runner import Runner\n"
        "access = access_for(None, os.environ)\n"
        "runner = Runner(directory=Path.cwd(), access=access, repository='none')\n"
        "print(runner.local('-c', 'alias.limit=!ulimit -f; ulimit -v', 'limit').decode())\n"
    )
    lower = 'ulimit -f 1000; ulimit -v 3000000; exec "$@"'
    done = subprocess.run(
        ["sh", "-c", lower, "sh", sys.executable, "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["1000", "3000000"]


@pytest.mark.parametrize("command", ["version", "ls-remote"])
def test_no_git(tmp_path: Path, command: str) -> None:
    runner = Runner(directory=tmp_path, access=Access(inherited={"PATH": str(tmp_path)}))
    with pytest.raises(GitError, match="not installed") as caught:
        runner.local(command)
    assert "install git" in caught.value.hint


@pytest.mark.parametrize("command", ["version", "ls-remote"])
def test_no_git_from_the_start(tmp_path: Path, command: str) -> None:
    script = (
        "import os, sys\nfrom pathlib import Path\n"
        "from imagebot.errors import GitError\n"
        "from imagebot.git.credentials import access_for\n"
        "from imagebot.git.runner import Runner\n"
        "try:\n"
        "    Runner(directory=Path('/'), access=access_for(None, os.environ)).local(sys.argv[1])\n"
        "except GitError as error:\n"
        "    print(error.message)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, command],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "not installed" in done.stdout


def test_a_folder_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(GitError, match="no such folder"):
        Runner(directory=tmp_path / "gone", access=ambient_access()).local("version")


def test_a_folder_in_a_work_tree_is_not_part_of_it(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    inside = tmp_path / "inside"
    inside.mkdir()
    runner = Runner(directory=inside, access=ambient_access(), repository="none")
    assert runner.try_local("rev-parse", "--git-dir").status == 128
    around = Runner(directory=inside, access=ambient_access(), repository="around")
    assert around.local("rev-parse", "--git-dir").decode().strip() == str(tmp_path / ".git")


def test_no_descriptor_and_no_process_is_left(tmp_path: Path) -> None:
    runner = Runner(
        directory=tmp_path,
        access=token_access("secret"),
        url=parse_url("https://127.0.0.1:1/x"),
        repository="none",
    )
    runner.try_remote("ls-remote", "origin")
    before = _descriptors(), _children()
    for _ in range(5):
        assert runner.try_remote("ls-remote", "origin").status != 0
    assert _descriptors() <= before[0]
    assert _children() <= before[1]


def _descriptors() -> set[str]:
    return set(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names are all that is wanted


def _children() -> set[str]:
    """Servers of other tests may be among them."""
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


def test_ssh_asks_nothing_and_trusts_nobody_new() -> None:
    own = ssh_command(Access())
    assert "StrictHostKeyChecking=yes" in own
    assert "BatchMode=yes" in own
    assert "-i" not in own.split()
    given = ssh_command(Access(ssh_key="/keys/my key", known_hosts="/keys/hosts"))
    assert given.startswith("ssh -F /dev/null -i '/keys/my key' ")
    assert "IdentitiesOnly=yes" in given
    assert """UserKnownHostsFile="/keys/hosts\"""" in given
