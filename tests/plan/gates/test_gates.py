"""Each gate by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from imagebot.plan.gates.facts import Facts
from imagebot.plan.gates.min_age import min_age
from imagebot.plan.gates.platforms import is_there
from imagebot.plan.gates.verdict import Passed, Refused, Verdict
from imagebot.policy.build import build_policy
from imagebot.registry.api import Pushed
from tests.plan.gates.fake_images import FakeImages, digest_of
from tests.policy.choosing import reference

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def ago(**parts: float) -> datetime:
    return NOW - timedelta(**parts)


def aged(images: FakeImages, unknown: str = "reject") -> Verdict:
    policy = build_policy("p", {"min-age": "3d", "min-age-unknown": unknown})
    return min_age("1.0", policy, Facts(images, reference().repository, ("1.0",)), NOW)


def test_the_push_time_is_evidence() -> None:
    images = FakeImages(pushes={"1.0": Pushed(ago(days=4), "Docker Hub")})
    assert aged(images) == Passed("pushed 4 days ago (Docker Hub says so)")
    assert images.asked == ["digest 1.0", "pushed 1.0"]


def test_the_push_of_a_digest_is_asked_once_in_all_passes() -> None:
    push = Pushed(ago(days=4), "Docker Hub", digest_of("1.0"))
    images = FakeImages(pushes={"1.0": push})
    for _ in range(3):
        assert aged(images) == Passed("pushed 4 days ago (Docker Hub says so)")
    assert [asked for asked in images.asked if asked != "digest 1.0"] == ["pushed 1.0"]
    # Another image under the same tag has a push of its own.
    images.points = {"1.0": "rebuilt"}
    images.pushes = {"1.0": Pushed(ago(hours=1), "Docker Hub", digest_of("rebuilt"))}
    assert isinstance(aged(images), Refused)


def test_a_young_push_is_refused_until_it_is_old_enough() -> None:
    images = FakeImages(
        pushes={"1.0": Pushed(ago(days=2, hours=5), "Docker Hub")}, claims={"1.0": ago(days=99)}
    )
    until = ago(days=2, hours=5) + timedelta(days=3)
    waits = f"waits until {until:%Y-%m-%d %H:%M} UTC (min-age 3d)"
    reason = f"pushed 2 days ago (Docker Hub says so), {waits}"
    assert aged(images) == Refused("min-age", reason, until)


def test_the_age_is_reached_to_the_second() -> None:
    exactly = FakeImages(pushes={"1.0": Pushed(ago(days=3), "x")})
    almost = FakeImages(pushes={"1.0": Pushed(ago(days=3) + timedelta(seconds=1), "x")})
    assert isinstance(aged(exactly), Passed)
    assert isinstance(aged(almost), Refused)


def test_the_image_s_own_claim_is_taken_where_the_registry_says_nothing() -> None:
    images = FakeImages(claims={"1.0": ago(days=4)})
    assert aged(images) == Passed("created 4 days ago (only the image itself says so)")


@pytest.mark.parametrize(
    "claim",
    [None, datetime(1970, 1, 1, tzinfo=UTC), datetime(2009, 12, 31, tzinfo=UTC)],
)
def test_an_unknown_age_is_refused_unless_the_policy_accepts_it(claim: datetime | None) -> None:
    images = FakeImages(claims={"1.0": claim} if claim else {})
    verdict = aged(images)
    assert isinstance(verdict, Refused)
    assert verdict.eligible_at is None
    assert aged(images, "accept") == Passed("its age is unknown, which the policy accepts")


def test_a_push_of_another_digest_is_no_evidence() -> None:
    old_push = {"1.0": Pushed(ago(days=30), "Docker Hub", digest_of("before"))}
    images = FakeImages(pushes=old_push, claims={"1.0": ago(hours=1)})
    assert isinstance(aged(images), Refused)
    same = {"1.0": Pushed(ago(days=30), "Docker Hub", digest_of("1.0"))}
    assert isinstance(aged(FakeImages(pushes=same)), Passed)


def test_a_time_in_the_future_is_too_young() -> None:
    images = FakeImages(claims={"1.0": NOW + timedelta(days=300)})
    verdict = aged(images)
    assert isinstance(verdict, Refused)
    assert "in the future" in verdict.reason


def test_times_without_a_zone_are_utc() -> None:
    naive = ago(days=4).replace(tzinfo=None)
    assert isinstance(aged(FakeImages(claims={"1.0": naive})), Passed)


@pytest.mark.parametrize(
    ("wanted", "there", "expected"),
    [
        ("linux/amd64", ("linux/amd64",), True),
        ("linux/amd64", ("linux/arm64", "windows/amd64"), False),
        ("linux/arm64", ("linux/arm64/v8",), True),
        ("linux/arm64/v8", ("linux/arm64",), True),
        ("linux/arm64/v8", ("linux/arm64/v9",), False),
        ("linux/arm/v7", ("linux/arm",), True),
        ("linux/arm/v6", ("linux/arm", "linux/arm/v7"), False),
        ("linux/arm", ("linux/arm/v6",), True),
        ("linux/amd64/v3", ("linux/amd64",), False),
        ("linux/amd64", ("unknown/unknown",), False),
        ("linux/amd64", (), False),
    ],
)
def test_platforms(wanted: str, there: tuple[str, ...], expected: bool) -> None:
    assert is_there(wanted, there) is expected
