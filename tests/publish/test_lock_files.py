"""Lock files of charts: every publisher changes them with the chart, or neither."""

from __future__ import annotations

from pathlib import Path

import pytest

from imagebot.errors import RegistryRateLimitError
from tests.publish.world import CONFIGURATION, World, configuration, make_world

CASE = Path(__file__).parent.parent / "data" / "locks" / "chart"
CHART, LOCK = "production/Chart.yaml", "production/Chart.lock"
CACHE, QUEUE = "ghcr.io/acme/charts/cache", "ghcr.io/acme/charts/queue"
TAGS = {CACHE: ("1.0.0", "1.1.0"), QUEUE: ("2.0.0", "2.5.0")}


def read(when: str, path: str, case: Path = CASE) -> bytes:
    return (case / when / path.rpartition("/")[2]).read_bytes()


BEFORE = {CHART: read("before", CHART), LOCK: read("before", LOCK)}
AFTER = {CHART: read("after", CHART), LOCK: read("after", LOCK)}
ONE = {path: read("after", path, CASE.with_name("one-of-two")) for path in (CHART, LOCK)}


def world_of(folder: Path, *, publish: str = "pull-request", group: str = "all") -> World:
    settings = configuration(policy="{semver: '>=1'}", publish=publish, group=group)
    if publish == "commit":
        settings = settings.replace(f"    pull-request: {{group: {group}}}\n".encode(), b"")
    made = make_world(folder, {CONFIGURATION: settings, **BEFORE})
    made.tags = dict(TAGS)
    return made


def files(world: World, branch: str = "main") -> dict[str, bytes]:
    found = world.bare.read_files(branch)
    return {path: found[path] for path in (CHART, LOCK)}


def test_a_commit_has_both(tmp_path: Path) -> None:
    world = world_of(tmp_path, publish="commit")
    assert [each.status for each in world.run().published] == ["committed"]
    assert files(world) == AFTER
    assert world.run().published == ()


def test_a_pull_request_has_both(tmp_path: Path) -> None:
    world = world_of(tmp_path)
    assert world.statuses() == [(1, "opened")]
    assert files(world, str(world.pull(1)["branch"])) == AFTER
    assert files(world) == BEFORE
    assert world.statuses() == [(1, "unchanged")]


def test_each_of_two_pull_requests_has_the_digest_of_its_own_updates(tmp_path: Path) -> None:
    world = world_of(tmp_path, group="repository")
    assert world.statuses() == [(1, "opened"), (2, "opened")]
    (queue,) = (n for n in (1, 2) if "queue" in str(world.pull(n)["title"]))
    assert files(world, str(world.pull(queue)["branch"])) == ONE
    assert world.statuses() == [(1, "unchanged"), (2, "unchanged")]
    world.bare.commit(ONE)
    assert world.statuses()[-1] == (queue, "closed")
    assert files(world, str(world.pull(3 - queue)["branch"])) == AFTER


def test_what_is_held_keeps_both(tmp_path: Path) -> None:
    """A registry that is down holds one of two updates, and a person has moved the base."""
    world = world_of(tmp_path)
    assert world.statuses() == [(1, "opened")]
    world.tags[CACHE] = RegistryRateLimitError(CACHE, "asks for a pause")
    world.tags[QUEUE] = ("2.0.0", "2.5.0", "2.6.0")
    world.bare.commit({"README.md": b"moved\n"})
    assert [each.status for each in world.run().published] == ["updated"]
    wanted = {path: data.replace(b"2.5.0", b"2.6.0") for path, data in AFTER.items()}
    found = files(world, str(world.pull(1)["branch"]))
    assert found[CHART] == wanted[CHART]
    digests = [line for line in found[LOCK].splitlines() if line.startswith(b"digest:")]
    assert found[LOCK].replace(digests[0], b"") == _without_digest(wanted[LOCK])


def _without_digest(data: bytes) -> bytes:
    (digest,) = (line for line in data.splitlines() if line.startswith(b"digest:"))
    return data.replace(digest, b"")


def test_a_merge_of_the_base_is_not_work_of_people(tmp_path: Path) -> None:
    world = world_of(tmp_path)
    assert world.statuses() == [(1, "opened")]
    world.bare.commit({"README.md": b"moved\n"})
    world.update_branch(str(world.pull(1)["branch"]))
    world.tags[CACHE] = ("1.0.0", "1.1.0", "1.2.0")
    assert world.statuses() == [(1, "updated")]


def test_a_lock_file_that_people_changed_on_the_branch_is_theirs(tmp_path: Path) -> None:
    world = world_of(tmp_path)
    assert world.statuses() == [(1, "opened")]
    branch = str(world.pull(1)["branch"])
    world.bare.commit({LOCK: AFTER[LOCK] + b"# mine\n"}, branch=branch)
    world.tags[CACHE] = ("1.0.0", "1.1.0", "1.2.0")
    assert [each.status for each in world.run().published] == ["waiting-for-people"]


def test_limits_are_for_both_files(tmp_path: Path) -> None:
    world = world_of(tmp_path, publish="commit")
    world.limits = "{commit: ['**/Chart.yaml']}"
    result = world.run()
    assert [each.path for each in result.plan.problems] == [LOCK]
    assert files(world) == BEFORE
    world.limits = "{commit: ['**/Chart.*']}"
    assert [each.status for each in world.run().published] == ["committed"]


@pytest.mark.parametrize("publish", ["commit", "pull-request"])
def test_a_lock_file_that_cannot_be_kept_up_to_date_keeps_both(
    tmp_path: Path, publish: str
) -> None:
    world = world_of(tmp_path, publish=publish)
    world.bare.commit({LOCK: b"digest: sha256:0\n"})
    result = world.run()
    assert {each.code for each in result.plan.problems} == {"edit-refused"}
    assert {each.hint for each in result.plan.problems} == {
        "run `helm dependency update production` and commit what it writes"
    }
    assert result.published == ()
    assert files(world)[CHART] == BEFORE[CHART]
