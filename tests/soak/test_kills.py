"""A bot that is killed at any moment leaves nothing behind that stops the next one."""

from __future__ import annotations

import os
import signal
import subprocess
import time

import pytest

from tests.soak.conftest import Desk, Soak

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
