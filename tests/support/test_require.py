from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.require import require


def test_nothing_of_the_user_is_left(home: Path) -> None:
    assert Path.home() == home
    assert list(home.iterdir()) == []
    assert "GITHUB_TOKEN" not in os.environ
    assert "DOCKER_CONFIG" not in os.environ
    assert os.environ["NO_COLOR"] == "1"


def test_a_missing_part_skips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="missing part: no-such-tool"):
        require("no-such-tool")


def test_a_missing_part_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="missing part: no-such-tool"):
        require("no-such-tool")


@pytest.mark.parametrize(
    ("ci", "status", "outcome"), [("", 0, "1 skipped"), ("true", 1, "1 failed")]
)
def test_the_summary_counts_what_was_not_run(
    tmp_path: Path, ci: str, status: int, outcome: str
) -> None:
    module = tmp_path / "test_missing.py"
    module.write_text(
        "from tests.support.require import require\n"
        "def test_it() -> None:\n"
        "    require('no-such-tool')\n"
    )
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "-c", "/dev/null"]
    ran = subprocess.run(
        [*argv, "-p", "no:cacheprovider", str(module)],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "CI": ci},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == status, ran.stdout
    assert "1 not run: no no-such-tool" in ran.stdout
    assert outcome in ran.stdout
