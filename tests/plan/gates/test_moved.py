"""`tag-moved` for references that nothing pins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from imagebot.plan.resolve import answer
from imagebot.policy.build import build_policy
from imagebot.policy.builtin import IGNORE
from imagebot.policy.model import Decision, Policy
from imagebot.reference import parse_reference
from tests.support.fake_registry import FakeRegistry, digest_of

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
APP = "docker.io/library/app"
SAME, OTHER = digest_of(f"{APP}:1.2.3"), digest_of("another")


def deciding(
    keys: Mapping[str, object] | Policy,
    reference: str,
    registry: FakeRegistry,
    written: str,
    tags: str = "1.2.2 1.2.3",
) -> Decision:
    policy = keys if isinstance(keys, Policy) else build_policy("tested", keys)
    field = parse_reference(reference)
    known = {(field.repository, field.tag or ""): written}
    return answer(policy, tags.split(), field, registry, now=NOW, written=known)


def test_a_tag_that_moved_since_it_was_written() -> None:
    registry = FakeRegistry()
    decision = deciding({}, "app:1.2.3", registry, OTHER)
    assert (decision.code, decision.moves, decision.settled) == ("tag-moved", False, True)
    assert decision.reason == (
        f"1.2.3 had the digest {OTHER[:19]} when imagebot wrote it, and has {SAME[:19]} now;"
        " `pin: digest` would write it"
    )
    assert registry.calls == [("digest", APP, "1.2.3"), ("images", APP, f"{APP}:1.2.3")]


def test_a_tag_that_did_not_move_costs_one_request() -> None:
    registry = FakeRegistry()
    decision = deciding({}, "app:1.2.3", registry, SAME)
    assert decision == deciding({}, "app:1.2.3", FakeRegistry(), "")
    assert registry.calls == [("digest", APP, "1.2.3")]


def test_why_it_is_kept_otherwise_is_said_too() -> None:
    decision = deciding({"max": "minor"}, "app:1.2.3", FakeRegistry(), OTHER, "1.2.3 2.0.0")
    assert decision.code == "tag-moved"
    assert decision.reason.endswith("; 2.0.0 needs max: major")


@pytest.mark.parametrize(
    ("keys", "reference", "tags"),
    [
        # What moves by design is no news.
        ({}, "app:latest", "1.2.3 latest"),
        ({}, "app:1.2", "1.2 1.2.3"),
        # An update, or nothing decided.
        ({}, "app:1.2.3", "1.2.3 1.3.0"),
        ({}, "app:1.2.3", ""),
        # Not asked about.
        (IGNORE, "app:1.2.3", "1.2.3"),
        ({"follow": "main"}, "app:1.2.3", "1.2.3 main"),
    ],
)
def test_nothing_is_asked(keys: Mapping[str, object] | Policy, reference: str, tags: str) -> None:
    registry, plain = FakeRegistry(), FakeRegistry()
    decision = deciding(keys, reference, registry, OTHER, tags)
    assert decision == deciding(keys, reference, plain, "", tags)
    assert registry.calls == plain.calls


@pytest.mark.parametrize("pin", [None, "digest", {"digest": "with-tag"}])
def test_a_reference_with_a_digest_goes_by_that(pin: object) -> None:
    keys = {} if pin is None else {"pin": pin}
    pinned = f"app:1.2.3@{SAME}"
    decision = deciding(keys, pinned, FakeRegistry(), OTHER)
    assert decision == deciding(keys, pinned, FakeRegistry(), "")
    assert decision.code == "current"


def test_the_image_of_one_platform_is_the_same_image() -> None:
    registry = FakeRegistry(indexes={f"{APP}:1.2.3": (OTHER,)})
    assert deciding({}, "app:1.2.3", registry, OTHER).code == "current"


def test_a_tag_that_is_gone_did_not_move() -> None:
    registry = FakeRegistry(missing=frozenset({"1.2.3"}))
    assert deciding({}, "app:1.2.3", registry, OTHER).code == "current"


def test_a_registry_that_does_not_answer_changes_nothing() -> None:
    registry = FakeRegistry(failing=frozenset({"1.2.3"}))
    decision = deciding({}, "app:1.2.3", registry, OTHER)
    quiet = deciding({}, "app:1.2.3", registry, "")
    assert decision == replace(quiet, reason=decision.reason)
    assert decision.reason.endswith("its digest: docker.io/library/app: it does not answer")
