"""How long a push took to its commit, where the first pass of it failed."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest

from tests.support.daemon import Daemon
from tests.support.daemon_stage import BEARER, Stage, announce, pod


def measured(daemon: Daemon) -> tuple[int, float]:
    """How many pushes were counted, and the seconds of all of them."""
    text = daemon.get("/metrics").text
    found = [
        re.search(rf"(?m)^imagebot_push_to_commit_seconds_{name} (\S+)$", text)
        for name in ("count", "sum")
    ]
    count, seconds = (float(each[1]) for each in found if each)
    return int(count), seconds


def refuse_pushes(stage: Stage, name: str) -> Callable[[], None]:
    repository = stage.git.repository(name)
    repository.protect("main")
    return (repository.folder / "hooks" / "pre-receive").unlink


def hide(stage: Stage, name: str) -> Callable[[], None]:
    folder = stage.git.repository(name).folder
    away = folder.rename(folder.with_name("away"))

    def mend() -> None:
        away.rename(folder)

    return mend


@pytest.mark.parametrize("fail", [refuse_pushes, hide])
def test_a_push_whose_first_pass_failed_is_counted_once_and_from_then(
    stage: Stage, fail: Callable[[Stage, str], Callable[[], None]]
) -> None:
    registry = stage.start_registry()
    registry.push_image("api", "main-1")
    gitops = stage.add_target("gitops", {"api.yaml": pod(f"{registry.host}/api:main-1")})
    daemon = stage.start()
    daemon.wait_for("pass", target="gitops", problems=0)
    mend = fail(stage, gitops)
    registry.push_image("api", "main-2")
    heard = time.monotonic()
    daemon.post("/hooks/registry", announce(registry.host, "api", "main-2"), BEARER)
    daemon.wait_for("pass", target="gitops", problems=1)
    assert measured(daemon) == (0, 0.0)
    mend()
    daemon.wait_for("committed", target="gitops")
    daemon.wait_until(lambda: measured(daemon)[0] > 0, "the measure")
    count, seconds = measured(daemon)
    assert count == 1
    # Five of them are between the failure and the next pass.
    assert 5.0 <= seconds <= time.monotonic() - heard

    begun = time.monotonic()
    registry.push_image("api", "main-3")
    daemon.post("/hooks/registry", announce(registry.host, "api", "main-3"), BEARER)
    daemon.wait_for("committed", target="gitops", more_than=1)
    daemon.wait_until(lambda: measured(daemon)[0] > 1, "the measure")
    again, more = measured(daemon)
    assert again == 2
    assert more - seconds <= time.monotonic() - begun
