"""Which variables of whoever runs the tests come through to them."""

from __future__ import annotations

import os

import pytest

from tests.conftest import AMBIENT, FIXED


@pytest.mark.parametrize(
    "name", ["IMAGEBOT_GIT_TOKEN", "imagebot_x", "GITHUB_TOKEN", "HTTPS_PROXY", "SSH_AUTH_SOCK"]
)
def test_what_could_change_results_does_not(name: str) -> None:
    assert AMBIENT.fullmatch(name)


@pytest.mark.parametrize("name", ["IMAGEBOT_CORPUS", "PATH", "HYPOTHESIS_PROFILE"])
def test_what_says_how_to_run_does(name: str) -> None:
    assert not AMBIENT.fullmatch(name)


def test_none_is_left() -> None:
    assert [name for name in os.environ if AMBIENT.fullmatch(name) and name not in FIXED] == []
