"""Answers for many fields, and what they warn of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from imagebot.plan.resolve import Resolution, TagQuery, answer_offline, resolve
from imagebot.policy.build import build_policy
from imagebot.policy.model import Decision
from imagebot.reference import parse_reference
from tests.support.fake_registry import FakeRegistry, digest_of

NOW = datetime(2026, 11, 1, tzinfo=UTC)
APP = "docker.io/library/app"
TAGS = ("1.3.0", "1.4.0", "latest")


def deciding(keys: Mapping[str, object], *references: str) -> Resolution:
    policy = build_policy("mine", keys)
    questions = [TagQuery.of(parse_reference(each), policy) for each in references]
    return resolve(questions, FakeRegistry({APP: TAGS}), now=NOW)


def only(answers: Resolution) -> Decision:
    (decision,) = answers.of.values()
    assert isinstance(decision, Decision)
    return decision


NOTHING: list[tuple[dict[str, object], str]] = [
    ({"semver": ">=2 <1"}, "semver 3"),
    ({"semver": ">=7"}, "semver 3"),
    ({"semver": ">=7", "version-syntax": "strict"}, "semver 3"),
    ({"include": ["v[0-9]*"]}, "include 3"),
    ({"exclude": ["*"]}, "exclude 3"),
    ({"variant": "alpine"}, "variant 2, shape 1"),
    ({"order": "alphabetical", "pattern": "^main-"}, "pattern 3"),
]


@pytest.mark.parametrize(("keys", "refused"), NOTHING)
def test_a_policy_that_allows_nothing_is_warned_about(
    keys: Mapping[str, object], refused: str
) -> None:
    answers = deciding(keys, "app:1.4.0")
    decision = only(answers)
    assert (decision.code, decision.candidates, decision.moves) == ("no-candidate", (), False)
    assert f"(refused: {refused})" in decision.reason
    assert answers.warnings == (f"{APP}: policy mine allows none of its 3 tags ({refused})",)


@pytest.mark.parametrize("keys", [keys for keys, _ in NOTHING])
def test_the_same_of_tags_given_by_hand(keys: Mapping[str, object]) -> None:
    policy = build_policy("mine", keys)
    decision = answer_offline(policy, TAGS, parse_reference("app:1.4.0"), now=NOW)
    assert (decision.code, decision.allows_none) == ("no-candidate", True)


def test_one_warning_for_a_repository_and_a_policy() -> None:
    assert len(deciding({"semver": ">=7"}, "app:1.4.0", "app:1.3.0").warnings) == 1


def test_a_pinned_tag_does_not_hide_the_warning() -> None:
    answers = deciding({"semver": ">=7", "pin": "digest"}, "app:1.4.0")
    assert only(answers).code == "digest"
    assert len(answers.warnings) == 1


def test_following_a_tag_that_is_not_there_is_warned_about() -> None:
    answers = deciding({"follow": "nope"}, "app:nope")
    assert only(answers).code == "no-candidate"
    assert answers.warnings == (f"{APP}: policy mine follows nope, which is not there",)


@pytest.mark.parametrize(
    ("keys", "reference", "candidates"),
    [
        ({}, "app:1.4.0", ("1.4.0",)),
        ({"semver": "^1"}, "app:1.4.0", ("1.4.0",)),
        ({"include": ["1.4*"]}, "app:1.4.0", ("1.4.0",)),
        ({"semver": "1.4"}, "app:1.4.9", ()),
        ({}, "app:1.4.0-mine", ()),
    ],
)
def test_a_current_tag_that_is_allowed_is_current(
    keys: Mapping[str, object], reference: str, candidates: tuple[str, ...]
) -> None:
    answers = deciding(keys, reference)
    decision = only(answers)
    assert (decision.code, decision.allows_none) == ("current", False)
    assert decision.candidates[:1] == candidates
    assert not any("allows none" in warning for warning in answers.warnings)


def test_without_a_current_tag_the_reason_says_what_to_do() -> None:
    digest = f"app@{digest_of('old')}"
    asked = "there is no current tag to compare with: give --current, or a policy such as --semver"
    assert only(deciding({"adopt": False}, "app")).reason == asked
    of_digest = "the digest has no tag to compare with"
    assert only(deciding({}, digest)).reason == f"{of_digest}: write its tag beside it"
    assert only(deciding({"adopt": True}, digest)).reason.endswith(f"; {of_digest}")
    assert only(deciding({}, "app")).reason.endswith("; there is no current tag")


@pytest.mark.parametrize(
    ("tag", "warnings"),
    [
        ("1.2.3+a", ()),
        ("1.2.3+b", (f"{APP}: the current tag 1.2.3+b is not in the registry any more",)),
    ],
)
def test_the_version_of_a_chart_is_looked_for_as_its_tag(
    tag: str, warnings: tuple[str, ...]
) -> None:
    policy = build_policy("mine", {"max": "minor", "exists": True})
    chart = replace(parse_reference("app"), tag=tag, chart=True)
    registry = FakeRegistry({APP: ("1.2.3_a", "1.3.0_c", "main")})
    answers = resolve([TagQuery.of(chart, policy)], registry, now=NOW)
    assert only(answers).tag == "1.3.0+c"
    assert answers.warnings == warnings
    assert ("digest", APP, "1.3.0_c") in registry.calls


def test_a_chart_and_an_image_of_one_repository_are_two_questions() -> None:
    policy = build_policy("mine", {})
    image = parse_reference("app:1.2.3")
    queries = [TagQuery.of(image, policy), TagQuery.of(replace(image, chart=True), policy)]
    answers = resolve(queries, FakeRegistry({APP: ("1.2.3", "1.3.0_c")}), now=NOW)
    chosen = [answers.of[query] for query in queries]
    assert [each.tag for each in chosen if isinstance(each, Decision)] == [None, "1.3.0+c"]
