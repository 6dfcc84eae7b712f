from datetime import UTC, date, datetime

import pytest

from imagebot.errors import RegistryError
from imagebot.plan.gates.times import ask_times
from imagebot.policy.build import build_policy
from imagebot.registry.api import Pushed
from tests.plan.gates.fake_images import FakeImages
from tests.policy.choosing import reference

TODAY = date(2026, 3, 10)
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
TAGS = ("main-a", "main-b", "main-c", "dev-a")


def test_nothing_is_asked_for_other_orders() -> None:
    images = FakeImages()
    policy = build_policy("p", {"order": "numerical"})
    assert ask_times(policy, TAGS, reference("main-a"), images, today=TODAY) == {}
    assert images.asked == []


def test_push_times_are_asked_at_once() -> None:
    images = FakeImages(pushes={"main-b": Pushed(FIRST, "x"), "dev-a": Pushed(FIRST, "x")})
    policy = build_policy("p", {"order": "pushed", "pattern": "^main-"})
    found = ask_times(policy, TAGS, reference("main-a"), images, today=TODAY)
    assert found == {"main-b": FIRST}
    assert images.asked == ["pushed main-a main-b main-c"]


def test_creation_dates_are_asked_by_digest() -> None:
    images = FakeImages(
        missing=frozenset({"main-b"}),
        claims={"main-a": FIRST, "main-c": datetime(1970, 1, 1, tzinfo=UTC)},
    )
    policy = build_policy("p", {"order": "created", "pattern": "^main-"})
    found = ask_times(policy, TAGS, reference("main-a"), images, today=TODAY)
    assert found == {"main-a": FIRST}
    assert sorted(images.asked) == [
        "created main-a",
        "created main-c",
        "digest main-a",
        "digest main-b",
        "digest main-c",
    ]


def test_too_many_creation_dates_are_an_error_before_any_is_asked() -> None:
    images = FakeImages()
    policy = build_policy("newest", {"order": "created", "pattern": "^main-"})
    with pytest.raises(RegistryError) as raised:
        ask_times(policy, TAGS, reference("main-a"), images, today=TODAY, limit=2)
    assert "policy newest would ask 3 images" in raised.value.message
    assert "pattern" in raised.value.hint
    assert images.asked == []


def test_a_registry_that_does_not_answer_is_an_error() -> None:
    images = FakeImages(failing=frozenset({"main-b"}))
    policy = build_policy("p", {"order": "created"})
    with pytest.raises(RegistryError, match="does not answer"):
        ask_times(policy, TAGS, reference("main-a"), images, today=TODAY)
