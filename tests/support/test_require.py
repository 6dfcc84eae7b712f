from __future__ import annotations

import os
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
