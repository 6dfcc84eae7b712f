"""Candidates in one place: the same image by other names, or nothing to decide by."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from imagebot.plan.gates.admit import admit
from imagebot.plan.gates.ties import MOST_COMPARED
from imagebot.policy.build import build_policy
from imagebot.policy.model import Choice, Decision
from imagebot.policy.rejections import Rejections
from tests.plan.gates.fake_images import FakeImages, digest_of
from tests.policy.choosing import reference

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
POLICY = build_policy("tested", {"order": "numerical", "pattern": r"-(\d+)-", "extract": "$1"})
A, B, C = "main-9-aaaaaaa", "main-9-bbbbbbb", "main-9-ccccccc"
OLD = "main-8-fffffff"


def deciding(
    images: FakeImages, *groups: Sequence[str], best: Sequence[str] = (A, B, C)
) -> Decision:
    choice = Choice(
        (*best, OLD), Rejections(), "newer", f"{best[0]} is newer", tuple(best),
        tied=tuple(tuple(group) for group in groups),
    )  # fmt: skip
    return admit(choice, POLICY, reference(OLD), images, now=NOW)


def test_different_images_decide_nothing() -> None:
    images = FakeImages()
    decision = deciding(images, (A, B, C))
    assert (decision.moves, decision.code, decision.settled) == (False, "no-order", False)
    assert decision.reason == (
        f"3 tags share the newest place ({A}, {B}, …) and are different images"
    )
    assert images.asked == [f"digest {A}", f"digest {B}", f"digest {C}"]


def test_two_are_named_in_full() -> None:
    reason = deciding(FakeImages(), (A, B), best=(A, B)).reason
    assert reason == f"2 tags share the newest place ({A}, {B}) and are different images"


def test_one_image_has_the_name_that_the_order_gives_it() -> None:
    images = FakeImages(points=dict.fromkeys((A, B, C), "one"))
    decision = deciding(images, (A, B, C), best=(B, A, C))
    assert (decision.tag, decision.code, decision.settled) == (B, "newer", True)


def test_a_candidate_with_its_place_alone_is_taken_without_a_request() -> None:
    images = FakeImages()
    assert deciding(images, (B, C)).tag == A
    assert images.asked == []


def test_a_tag_without_a_manifest_is_no_image() -> None:
    images = FakeImages(missing=frozenset({C}), points={A: "one", B: "one"})
    assert deciding(images, (A, B, C)).tag == A


def test_a_large_group_is_not_asked_about() -> None:
    group = [f"main-9-{number:07}" for number in range(MOST_COMPARED + 1)]
    images = FakeImages()
    decision = deciding(images, group, best=group)
    assert (decision.moves, decision.code) == (False, "no-order")
    assert decision.reason.startswith(f"{MOST_COMPARED + 1} tags share the newest place")
    assert images.asked == []
    assert deciding(images, group[1:], best=group[1:]).code == "no-order"
    assert len(images.asked) == MOST_COMPARED


def test_a_tie_behind_what_a_gate_refuses_counts() -> None:
    images = FakeImages(missing=frozenset({"main-10-ddddddd"}))
    policy = build_policy("tested", {"order": "alphabetical", "exists": True})
    tags = ("main-10-ddddddd", A, B)
    choice = Choice((*tags, OLD), Rejections(), "newer", "r", tags, tied=((A, B),))
    decision = admit(choice, policy, reference(OLD), images, now=NOW)
    assert (decision.moves, decision.code) == (False, "no-order")
    assert [each.tag for each in decision.rejections] == ["main-10-ddddddd"]


def test_no_digest_is_written_instead() -> None:
    images = FakeImages()
    policy = build_policy("tested", {"order": "alphabetical", "pin": "digest"})
    choice = Choice((A, B, OLD), Rejections(), "newer", "r", (A, B), tied=((A, B),))
    decision = admit(choice, policy, reference(OLD, digest_of("x")), images, now=NOW)
    assert not decision.moves


def test_tags_given_by_hand_cannot_be_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    from imagebot.plan import resolve

    choice = Choice((A, B, OLD), Rejections(), "newer", "r", (A, B), tied=((A, B),))
    monkeypatch.setattr(resolve, "choose", lambda *_, **__: choice)
    decision = resolve.answer_offline(POLICY, (A, B, OLD), reference(OLD), now=NOW)
    assert (decision.tag, decision.code, decision.settled) == (None, "no-order", False)
    assert decision.reason == (
        f"2 tags share the newest place ({A}, {B}); "
        "only a registry can tell whether they are one image"
    )
