"""A bot that is killed at any moment leaves nothing behind that stops the next one."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import time

import pytest

from tests.soak.conftest import Desk, Soak
from tests.support.git_repository import git_text

KILLS = 100


def kill_after(process: subprocess.Popen[str], seconds: float, *, group: bool) -> bool:
    """SIGKILL to the process, or to its git too; false when it had ended before."""
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        if group:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.communicate()
    return process.returncode == -signal.SIGKILL


@pytest.mark.timeout(1200)
def test_killed_at_any_moment(desk: Desk, soak: Soak) -> None:
    """A tag more before each kill, so that there is always something to do."""
    desk.push_tag()
    began = time.monotonic()
    code, _ = desk.run()
    longest = time.monotonic() - began
    assert code == 0
    killed = 0
    for _ in range(soak.times(KILLS)):
        desk.push_tag()
        moment, group = soak.chance.uniform(0.1, 1) * longest, soak.chance.random() < 0.5
        killed += kill_after(desk.start(), moment, group=group)
        desk.assert_whole()
    assert killed > 0, "not one of them was killed"

    code, document = desk.run()

    assert (code, document["problems"]) == (0, [])
    desk.assert_done()
    refs, pulls = desk.bare.refs(), desk.pulls()
    code, document = desk.run()
    assert code == 0
    assert [entry["status"] for entry in document["published"]] == ["unchanged"]
    assert (desk.bare.refs(), desk.pulls()) == (refs, pulls)


def open_anew(desk: Desk) -> None:
    """As if the pull request had never been opened."""
    for pull in desk.pulls():
        (desk.folder / "pulls" / f"{pull['number']}.json").unlink()
        git_text(desk.bare.folder, "update-ref", "-d", f"refs/heads/{pull['branch']}")


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("opens", [True, False], ids=["opens", "revises"])
def test_killed_before_and_after_each_step_of_publishing(
    opens: bool, desk: Desk, soak: Soak
) -> None:
    """The next pass makes what an undisturbed one would have made, and no second pull request."""
    desk.push_tag()
    assert desk.run()[0] == 0
    moments = []
    for moment in itertools.count(1):
        if not soak.full and moment % 3 != soak.chance.randrange(3):
            continue
        if opens:
            open_anew(desk)
        desk.push_tag()
        process = desk.start(("tests.soak.killed", str(moment)))
        process.communicate(timeout=100)
        desk.assert_whole()
        if process.returncode != -signal.SIGKILL:
            assert process.returncode == 0
            break
        moments.append(moment)
        code, document = desk.run()
        assert (code, document["problems"]) == (0, [])
        desk.assert_done()
    assert moments, "no moment was reached"
    desk.assert_done()
