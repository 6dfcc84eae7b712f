from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from imagebot.cli.environment import take_environment
from tests.support.git_repository import git

SECRETS = {
    "REGISTRY_PASSWORD": "canary-1",
    "AWS_SECRET_ACCESS_KEY": "canary-2",
    "PYTHONIC": "kept",
    "GITHUB_TOKEN": "canary-3",
    "GIT_TRACE": "1",
}


def test_what_was_taken_is_all_there_was() -> None:
    before = {"PATH": "/bin", "LC_ALL": "C", "HTTPS_PROXY": "http://proxy:3128", **SECRETS}
    environment = dict(before)
    assert take_environment(environment) == before
    kept = {"PATH", "LC_ALL", "HTTPS_PROXY", "PYTHONIC"}
    added = {"PYDANTIC_DISABLE_PLUGINS": "__all__"}
    assert environment == {name: before[name] for name in kept} | added


def test_no_program_that_is_started_sees_more(tmp_path: Path) -> None:
    """Of any library, by any way: noted where Python itself starts programs."""
    git(tmp_path, "init", "--quiet", "-b", "main")
    git(tmp_path, "remote", "add", "origin", str(tmp_path / "gone.git"))
    script = (
        "import os, sys\n"
        "def note(event, args):\n"
        "    if event == 'subprocess.Popen':\n"
        "        environment = args[3] if args[3] is not None else os.environ\n"
        "        print('started', args[1], sorted(environment.items()), file=sys.stderr)\n"
        "    elif event in ('os.system', 'os.exec', 'os.posix_spawn', 'os.spawn'):\n"
        "        print('started otherwise', args, file=sys.stderr)\n"
        "sys.addaudithook(note)\n"
        "from imagebot.cli.entry import entry\n"
        "entry()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "doctor"],
        cwd=tmp_path,
        env={**os.environ, **SECRETS},
        capture_output=True,
        text=True,
        check=False,
    )
    started = [line for line in done.stderr.splitlines() if line.startswith("started")]
    assert any("'version'" in line for line in started)
    assert any("'ls-remote'" in line or "'fetch'" in line for line in started)
    shown = [line for line in started for name in SECRETS if f"'{name}'" in line]
    assert [line for line in shown if "PYTHONIC" not in line] == []
    assert not [line for line in started if "canary" in line]
