"""`version-of`: which version a moving tag is now, asked of its registry."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from imagebot.errors import UsageError
from imagebot.plan.gates.admit import MOST_EXAMINED, admit
from imagebot.plan.resolve import TagQuery, answer_offline, resolve
from imagebot.policy.build import build_policy
from imagebot.policy.choose import choose
from imagebot.policy.model import Decision
from imagebot.reference import parse_reference
from imagebot.registry.api import Pushed
from imagebot.registry.memo import Memo
from tests.plan.gates.fake_images import FakeImages, digest_of
from tests.policy.choosing import reference
from tests.support.fake_registry import FakeRegistry

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
TAGS = "1.28.0 1.29.0 1.29.1 1.30.0 2.0.0 latest stable"
APP = "docker.io/library/app"


def deciding(
    keys: Mapping[str, object],
    current: str | None,
    images: FakeImages,
    *,
    tags: str = TAGS,
    digest: str | None = None,
) -> Decision:
    policy = build_policy("tested", {"version-of": "latest", **keys})
    field = reference(current, digest_of(digest) if digest else None)
    choice = choose(policy, tags.split(), field, today=NOW.date())
    return admit(choice, policy, field, images, now=NOW)


# Keys, the current tag, the image that latest is, the tag to write, the code, a part of the reason.
CASES: list[tuple[Mapping[str, object], str, str, str | None, str, str]] = [
    ({}, "1.28.0", "1.29.1", "1.29.1", "newer", "1.29.1 is what latest is now"),
    ({}, "1.28.0", "2.0.0", "2.0.0", "newer", "2.0.0 is what latest is now"),
    ({}, "1.29.1", "1.29.1", None, "current", "1.29.1 is what latest is now"),
    # Never lower, however much lower the moving tag is.
    ({}, "1.30.0", "1.29.1", None, "no-candidate", "none of the 2 tags"),
    ({}, "2.0.0", "1.29.1", None, "no-candidate", "not 2.0.0, the only tag"),
    # What the rest of the policy refuses stays refused, and is named.
    ({"max": "minor"}, "1.28.0", "2.0.0", None, "no-candidate", "none of the 4 tags"),
    ({"max": "minor"}, "1.30.0", "2.0.0", None, "no-candidate", "2.0.0"),
    ({"ignore": ["1.29.x"]}, "1.28.0", "1.29.1", None, "no-candidate", "none of the 3 tags"),
    ({"semver": "~1.29"}, "1.29.0", "1.29.1", "1.29.1", "newer", "is what latest is now"),
    # Another build of the same release.
    ({}, "1.28.0", "another", None, "no-candidate", digest_of("another")[:19]),
    # A tag that cannot be compared is adopted as by any other policy.
    ({}, "latest", "1.29.1", "1.29.1", "adopted", "1.29.1 is what latest is now"),
    ({}, "stable", "1.29.1", "1.29.1", "adopted", "1.29.1 is what latest is now"),
    ({"adopt": False}, "latest", "1.29.1", None, "no-order", "cannot be compared"),
    # The moving tag is a tag of these orders, too, and never the answer.
    ({"order": "alphabetical"}, "1.28.0", "1.29.1", "1.29.1", "newer", "is what latest is now"),
    ({"order": "alphabetical"}, "1.28.0", "latest", None, "no-candidate", "none of the"),
]


@pytest.mark.parametrize(("keys", "current", "latest", "tag", "code", "reason"), CASES)
def test_the_version_of_latest(
    keys: Mapping[str, object], current: str, latest: str, tag: str | None, code: str, reason: str
) -> None:
    decision = deciding(keys, current, FakeImages(points={"latest": latest}))
    assert (decision.tag, decision.digest, decision.code) == (tag, None, code)
    assert reason in decision.reason
    assert decision.settled
    assert "latest" not in decision.candidates


def test_it_asks_for_the_moving_tag_once_and_for_no_more_than_it_takes() -> None:
    images = FakeImages(points={"latest": "1.30.0"})
    assert deciding({}, "1.28.0", images).tag == "1.30.0"
    assert images.asked == ["digest latest", "digest 2.0.0", "digest 1.30.0"]


def test_of_several_names_the_best_is_taken() -> None:
    images = FakeImages(points={"latest": "x", "1.29.0": "x", "1.29.1": "x"})
    assert deciding({}, "1.28.0", images).tag == "1.29.1"
    assert deciding({"order": "natural", "descending": True}, "2.0.0", images).tag == "1.29.0"
    assert deciding({}, "1.29.0", images).tag == "1.29.1"


def test_others_are_explained() -> None:
    decision = deciding({}, "1.28.0", FakeImages(points={"latest": "1.30.0"}))
    assert decision.candidates == ("1.30.0", "1.29.1", "1.29.0", "1.28.0")
    reasons = {each.tag: (each.rule, each.reason) for each in decision.rejections}
    assert reasons["2.0.0"] == ("version-of", "not the image that latest is now")
    assert reasons["latest"][0] == "version-of"


def test_digests_go_with_it() -> None:
    images = FakeImages(points={"latest": "1.29.1"})
    moved = deciding({}, "1.28.0", images, digest="1.28.0")
    assert (moved.tag, moved.digest) == ("1.29.1", digest_of("1.29.1"))
    pinned = deciding({"pin": "digest"}, "1.29.1", images)
    assert (pinned.tag, pinned.digest, pinned.code) == (None, digest_of("1.29.1"), "digest")
    adopted = deciding({}, "latest", images, digest="old")
    assert (adopted.tag, adopted.digest) == ("1.29.1", digest_of("1.29.1"))
    alone = deciding({}, None, images, digest="old")
    assert (alone.moves, alone.code) == (False, "no-order")
    # Nothing is it, so the digest follows the tag that stays.
    stays = deciding({}, "latest", FakeImages(points={"latest": "new"}), digest="old")
    assert (stays.tag, stays.digest, stays.code) == (None, digest_of("new"), "digest")


def test_gates_look_at_the_one_that_was_found() -> None:
    young = {"1.29.1": Pushed(NOW - timedelta(days=1), "the registry")}
    images = FakeImages(points={"latest": "1.29.1"}, pushes=young)
    decision = deciding({"min-age": "3d"}, "1.28.0", images)
    assert (decision.moves, decision.code) == (False, "min-age")
    assert decision.eligible_at == NOW + timedelta(days=2)
    assert deciding({"min-age": "1h"}, "1.28.0", images).tag == "1.29.1"


def test_candidates_without_a_manifest_are_not_it() -> None:
    images = FakeImages(points={"latest": "1.29.1"}, missing=frozenset({"2.0.0", "1.30.0"}))
    assert deciding({}, "1.28.0", images).tag == "1.29.1"


def test_a_moving_tag_that_is_gone_is_undecided() -> None:
    images = FakeImages(missing=frozenset({"latest"}))
    decision = deciding({}, "1.28.0", images)
    assert (decision.moves, decision.code, decision.settled) == (False, "no-candidate", False)
    assert decision.reason == "latest is not in the registry"


def test_no_more_than_some_are_asked() -> None:
    tags = " ".join(f"1.{minor}.0" for minor in range(MOST_EXAMINED + 50))
    images = FakeImages(points={"latest": "1.1.0"})
    decision = deciding({}, "1.0.0", images, tags=tags)
    assert (decision.moves, decision.code) == (False, "no-candidate")
    assert f"none of the {MOST_EXAMINED + 1} best tags" in decision.reason
    assert len(images.asked) == MOST_EXAMINED + 2


def test_it_is_asked_anew_in_each_pass() -> None:
    registry = FakeRegistry({APP: tuple(TAGS.split())}, points={f"{APP}:latest": f"{APP}:1.29.1"})
    memo = Memo(registry)
    question = TagQuery.of(
        parse_reference("app:1.28.0"), build_policy("mine", {"version-of": "latest"})
    )

    def one_pass() -> str | None:
        found = resolve([question, question], memo.for_pass(), now=NOW).of[question]
        assert isinstance(found, Decision)
        return found.tag

    assert one_pass() == "1.29.1"
    registry.points = {f"{APP}:latest": f"{APP}:1.30.0"}
    assert one_pass() == "1.30.0"
    assert registry.calls.count(("digest", APP, "latest")) == 2


def test_it_needs_a_registry() -> None:
    policy = build_policy("mine", {"version-of": "latest"})
    with pytest.raises(UsageError, match="version-of needs a registry"):
        answer_offline(policy, ("1.2.3",), parse_reference("app:1.2.3"), now=NOW)
