"""A pass over a head that is known asks its questions, and looks at the fields if something moves.

What it finds is what it would find with nothing kept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from imagebot.errors import RegistryUnreachableError
from imagebot.plan.build import Built, build
from tests.run.test_commits import APP, configuration, pod
from tests.run.test_keep import Target, target
from tests.support.fake_registry import digest_of

__all__ = ["target"]

MARKED = b"""\
apiVersion: v1
kind: Pod
spec:
  containers:
    - {name: c}
    - name: d
      image: app:1.1.0 # imagebot: {semver: ^1}
"""


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The heads whose fields were looked at."""
    heads: list[str] = []

    def noting(source: Any, *args: Any, **options: Any) -> Built:
        heads.append(source.checkout.head)
        return build(source, *args, **options)

    monkeypatch.setattr("imagebot.run.head.build", noting)
    return heads


@pytest.fixture
def known(target: Target, looked: list[str]) -> Target:
    """A target of which everything is published and known."""
    target.publish()
    target.run()
    looked.clear()
    return target


def test_where_nothing_moves_no_field_is_looked_at(known: Target, looked: list[str]) -> None:
    (planned,) = known.plan()
    assert looked == []
    assert len(planned.plan.kept) == 5
    assert (planned,) == known.plan_without()
    # It has a file that cannot be read, which is not forgotten.
    assert [each.path for each in planned.plan.problems] == ["broken.yaml", "link.yaml"]
    assert known.run().plan == known.run("fresh").plan


def test_the_pass_after_a_publishing_one_looks_at_no_field(
    target: Target, looked: list[str]
) -> None:
    target.publish()
    looked.clear()
    planned = target.plan()
    assert looked == []
    assert planned == target.plan_without()


def newer(target: Target) -> None:
    target.tags = (*target.tags, "1.2.0")


def gone(target: Target) -> None:
    target.tags = ("1.0.0",)


def no_tags(target: Target) -> None:
    target.tags = ()


def moved(target: Target) -> None:
    target.points = {"1.1.0": digest_of("new")}


def by_people(target: Target) -> None:
    target.bare.commit({"new.yaml": pod("app:1.0.0")})


def other_rules(target: Target) -> None:
    text = configuration("commit", more="files: {exclude: ['a.yaml']}\n")
    target.bare.commit({"imagebot.yaml": text.encode()})


def marker(target: Target) -> None:
    """A marker's policy has no name, under which it could be kept."""
    target.bare.commit({"marked.yaml": MARKED})


@pytest.mark.parametrize(
    "change",
    [newer, gone, no_tags, moved, by_people, other_rules, marker],
    ids=lambda c: c.__name__,
)
def test_what_has_changed_is_found(
    change: Callable[[Target], None], target: Target, looked: list[str]
) -> None:
    target.points = {"1.1.0": digest_of("old")}
    target.publish()
    target.run()
    before = target.plan()
    looked.clear()
    change(target)
    after = target.plan()
    assert looked
    assert after == target.plan_without()
    assert after != before
    # And again, now that the head is known.
    assert target.plan() == after


def test_limits_are_part_of_what_is_known(known: Target, looked: list[str]) -> None:
    known.limits = "limits: {images: [example.com/**]}"
    (planned,) = known.plan()
    assert looked
    assert (planned,) == known.plan_without()
    assert {each.decision.code for each in planned.plan.kept} >= {"outside-limits"}


def test_a_registry_that_fails_is_no_lasting_problem(known: Target, looked: list[str]) -> None:
    known.down = RegistryUnreachableError(APP, "it is down")
    (down,) = known.plan()
    assert "it is down" in " ".join(each.message for each in down.plan.problems)
    assert (down,) == known.plan_without()
    known.down = None
    looked.clear()
    (up,) = known.plan()
    assert looked == []
    assert (up,) == known.plan_without()


@pytest.mark.parametrize("kept", ["asked/*.asked", "trees/*.trees"])
@pytest.mark.parametrize("place", [0, 1, 3, 7], ids="at {0}/8".format)
@pytest.mark.parametrize("damage", ["flipped", "cut"])
def test_damage_is_found_and_healed(
    kept: str, place: int, damage: str, known: Target, looked: list[str]
) -> None:
    (path,) = (known.folder / "cache").glob(kept)
    whole = path.read_bytes()
    at = len(whole) * place // 8
    flipped = bytes([whole[at] ^ 1])
    path.write_bytes(whole[:at] + (flipped + whole[at + 1 :] if damage == "flipped" else b""))
    assert known.plan() == known.plan_without()
    assert looked
    assert path.read_bytes() == whole
    looked.clear()
    assert known.plan() == known.plan_without()
    assert len(looked) == 1  # the one with nothing kept
