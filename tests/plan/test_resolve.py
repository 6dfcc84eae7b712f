"""Answers for many fields, and what they warn of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from imagebot.errors import RegistryError
from imagebot.plan.resolve import Resolution, TagQuery, answer_offline, resolve
from imagebot.policy.build import build_policy
from imagebot.policy.model import Decision
from imagebot.reference import Repository, parse_reference
from imagebot.registry.api import Pushed
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
    assert tuple(answers.notes) == (f"{APP}: policy mine allows none of its 3 tags ({refused})",)


@pytest.mark.parametrize("keys", [keys for keys, _ in NOTHING])
def test_the_same_of_tags_given_by_hand(keys: Mapping[str, object]) -> None:
    policy = build_policy("mine", keys)
    decision = answer_offline(policy, TAGS, parse_reference("app:1.4.0"), now=NOW)
    assert (decision.code, decision.allows_none) == ("no-candidate", True)


def test_one_warning_for_a_repository_and_a_policy() -> None:
    assert len(deciding({"semver": ">=7"}, "app:1.4.0", "app:1.3.0").notes) == 1


def test_a_pinned_tag_does_not_hide_the_warning() -> None:
    answers = deciding({"semver": ">=7", "pin": "digest"}, "app:1.4.0")
    assert only(answers).code == "digest"
    assert len(answers.notes) == 1


# Policy keys, a reference, the tags there are (None: there is no such repository), whether it is
# settled, the code and a part of the reason.
UNDECIDED: list[tuple[dict[str, object], str, tuple[str, ...] | None, bool, str, str]] = [
    # No tags say nothing.
    ({}, "app:1.4.0", (), False, "no-candidate", "the repository has no tags"),
    ({"semver": "^1"}, "app:1.4.0", (), False, "no-candidate", "the repository has no tags"),
    ({"adopt": False}, "app:latest", (), False, "no-candidate", "the repository has no tags"),
    ({"order": "pushed"}, "app:1.4.0", (), False, "no-candidate", "the repository has no tags"),
    # Nor do tags of which none is the current one, or may take its place.
    ({}, "app:1.4.0", ("1.3.0",), False, "current", "which the registry does not list"),
    ({"max": "minor"}, "app:1.4.0", ("2.0.0",), False, "max", "does not list 1.4.0"),
    ({"semver": "^1"}, "app:1.4.0", ("2.0.0",), False, "current", "does not list"),
    ({"semver": "^7"}, "app:1.4.0", ("2.0.0",), False, "no-candidate", "does not list 1.4.0"),
    ({"adopt": False}, "app:latest", ("1.3.0",), False, "no-order", "does not list latest"),
    # One of the two is enough.
    ({}, "app:1.4.0", ("1.4.0",), True, "current", "1.4.0"),
    ({}, "app:1.4.0", ("1.5.0",), True, "newer", "1.5.0"),
    ({"max": "minor"}, "app:1.4.0", ("1.4.0", "2.0.0"), True, "max", "2.0.0"),
    (
        {"semver": "^7"},
        "app:1.4.0",
        ("1.4.0",),
        True,
        "no-candidate",
        "not allow the only tag, nor",
    ),
    ({"adopt": False}, "app", ("1.4.0",), True, "no-order", "no current tag"),
    # A followed or pinned tag that is gone, in whatever way.
    ({"follow": "main"}, "app:main", None, False, "no-candidate", "does not have the repository"),
    ({"follow": "main"}, "app:main", (), False, "no-candidate", "the repository has no tags"),
    ({"follow": "main"}, "app:main", ("1.3.0",), False, "no-candidate", "main, which is not in"),
    ({"follow": "main"}, "app:1.3.0", None, True, "no-order", "leaves 1.3.0 alone"),
    ({"pin": "digest"}, "app:1.4.0", None, False, "no-candidate", "not have the repository"),
    ({"pin": "digest"}, "app:1.4.0", (), False, "no-candidate", "the repository has no tags"),
    ({"pin": "digest"}, "app:1.4.0", ("1.3.0",), False, "current", "1.4.0 is not in the registry"),
    ({"pin": "digest"}, "app:1.4.0", ("1.4.0",), True, "digest", "no digest yet"),
    ({"max": "major", "pin": "digest"}, "app:1.4.0", ("1.3.0",), False, "current", "not list"),
]


@pytest.mark.parametrize(("keys", "reference", "tags", "settled", "code", "reason"), UNDECIDED)
def test_what_is_undecided(
    keys: Mapping[str, object],
    reference: str,
    tags: tuple[str, ...] | None,
    settled: bool,
    code: str,
    reason: str,
) -> None:
    policy = build_policy("mine", keys)
    questions = [TagQuery.of(parse_reference(reference), policy)]
    registry = FakeRegistry({} if tags is None else {APP: tags})
    answers = resolve(questions, registry, now=NOW)
    decision = only(answers)
    assert (decision.settled, decision.code) == (settled, code)
    assert reason in decision.reason
    # These are warned about with the places of their fields, by who knows them.
    assert settled or not answers.notes


# Policy keys, a reference, and the tags of a list that has lost those of HIDDEN.
HIDDEN = ("1.4.0", "1-alpine", "latest", "1.29.1")
SHORT: list[tuple[dict[str, object], str, tuple[str, ...]]] = [
    # The whole list would have said to move: the digest is not written meanwhile.
    ({"max": "minor", "pin": "digest"}, "app:1.4.0", ()),
    ({"max": "minor", "pin": "digest"}, "app:1.4.0", ("1.3.0",)),
    ({"max": "minor", "pin": "digest"}, "app:1.4.0@old", ()),
    ({"max": "minor", "pin": {"digest": "with-tag"}}, "app:1.4.0", ("1.3.0",)),
    ({"semver": "^1"}, "app:latest@old", ()),
    ({"semver": "^1"}, "app:1-alpine@old", ()),
    ({"adopt": False}, "app:latest@old", ("1.3.0",)),
    # Whether a tag floats depends on the list.
    ({"order": "none"}, "app:1-alpine@old", ()),
    ({"min-age": "1d"}, "app:1-alpine@old", ("1.3.0",)),
    # The version of a moving tag may be one of those that the list has lost.
    ({"version-of": "latest"}, "app:1.4.0", ()),
    ({"version-of": "latest"}, "app:1.4.0", ("1.30.0",)),
    ({"version-of": "latest"}, "app:edge", ("1.30.0",)),
    ({"version-of": "latest", "pin": "digest"}, "app:1.4.0@old", ("1.30.0",)),
    # There is no current tag that the list could have, and nothing to write.
    ({"semver": "^1"}, "app", ("dev",)),
    ({"semver": "^1", "adopt": True}, "app@old", ("dev",)),
]


@pytest.mark.parametrize(("keys", "reference", "tags"), SHORT)
def test_nothing_is_written_of_what_is_undecided(
    keys: Mapping[str, object], reference: str, tags: tuple[str, ...]
) -> None:
    registry = FakeRegistry({APP: tags}, unlisted=frozenset(HIDDEN))
    field = parse_reference(reference.replace("@old", f"@{digest_of('old')}"))
    answers = resolve([TagQuery.of(field, build_policy("mine", keys))], registry, now=NOW)
    decision = only(answers)
    assert (decision.moves, decision.settled, answers.notes) == (False, False, {})


@pytest.mark.parametrize(
    ("keys", "reference"),
    [
        ({"pin": "digest"}, "app:1.4.0"),
        ({"follow": "latest"}, "app:latest"),
        ({"order": "none"}, "app:latest@old"),
    ],
)
def test_what_no_list_decides_needs_none(keys: Mapping[str, object], reference: str) -> None:
    registry = FakeRegistry({APP: ()}, unlisted=frozenset(HIDDEN))
    field = parse_reference(reference.replace("@old", f"@{digest_of('old')}"))
    decision = only(resolve([TagQuery.of(field, build_policy("m", keys))], registry, now=NOW))
    assert (decision.code, decision.settled) == ("digest", True)


@pytest.mark.parametrize("keys", [{}, {"max": "minor"}])
def test_the_same_is_undecided_of_tags_given_by_hand(keys: Mapping[str, object]) -> None:
    policy = build_policy("mine", keys)
    for tags in ((), ("1.3.0",)):
        reference = parse_reference("app:1.4.0")
        assert not answer_offline(policy, tags, reference, now=NOW).settled


def test_a_list_that_cannot_be_had_is_an_error_for_a_tag_that_is_gone() -> None:
    registry = FakeRegistry({APP: ("1.3.0",)}, missing=frozenset({"main"}))

    def refuse(what: str, repository: Repository) -> None:
        if what == "tags":
            raise RegistryError(str(repository), "it does not answer", temporary=True)

    registry.before = refuse
    questions = [TagQuery.of(parse_reference("app:main"), build_policy("m", {"follow": "main"}))]
    answers = resolve(questions, registry, now=NOW)
    assert [error.reason for error in answers.failures.values()] == ["it does not answer"]


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
    assert not any("allows none" in note for note in answers.notes)


@pytest.mark.parametrize("keys", [{"pin": "digest"}, {"order": "none"}, {"follow": "latest"}])
def test_nothing_is_listed_for_a_tag_that_does_not_change(keys: Mapping[str, object]) -> None:
    policy = build_policy("mine", keys)
    registry = FakeRegistry({APP: TAGS})
    resolve([TagQuery.of(parse_reference("app:latest"), policy)], registry, now=NOW)
    assert registry.count("tags") == 0


def test_without_a_current_tag_the_reason_says_what_to_do() -> None:
    digest = f"app@{digest_of('old')}"
    asked = "there is no current tag to compare with: give one, or use `adopt: true`"
    assert only(deciding({"adopt": False}, "app")).reason == asked
    of_digest = "the digest has no tag to compare with"
    assert only(deciding({}, digest)).reason == f"{of_digest}: write its tag beside it"
    assert only(deciding({"adopt": True}, digest)).reason.endswith(f"; {of_digest}")
    assert only(deciding({}, "app")).reason.endswith("; there is no current tag")


@pytest.mark.parametrize(
    ("tag", "notes"),
    [
        ("1.2.3+a", ()),
        ("1.2.3+b", (f"{APP}: the registry does not list the current tag 1.2.3+b any more",)),
    ],
)
def test_the_version_of_a_chart_is_looked_for_as_its_tag(tag: str, notes: tuple[str, ...]) -> None:
    policy = build_policy("mine", {"max": "minor", "exists": True})
    chart = replace(parse_reference("app"), tag=tag, chart=True)
    registry = FakeRegistry({APP: ("1.2.3_a", "1.3.0_c", "main")})
    answers = resolve([TagQuery.of(chart, policy)], registry, now=NOW)
    assert only(answers).tag == "1.3.0+c"
    assert tuple(answers.notes) == notes
    assert ("digest", APP, "1.3.0_c") in registry.calls


def test_a_chart_and_an_image_of_one_repository_are_two_questions() -> None:
    policy = build_policy("mine", {})
    image = parse_reference("app:1.2.3")
    queries = [TagQuery.of(image, policy), TagQuery.of(replace(image, chart=True), policy)]
    answers = resolve(queries, FakeRegistry({APP: ("1.2.3", "1.3.0_c")}), now=NOW)
    chosen = [answers.of[query] for query in queries]
    assert [each.tag for each in chosen if isinstance(each, Decision)] == [None, "1.3.0+c"]


BUILDS = ("main-8-aaaaaaa", "main-9-aaaaaaa", "main-9-bbbbbbb")
BY_BUILD = {"pattern": "^main-([0-9]+)-", "extract": "$1", "order": "numerical"}
PUSHED = dict.fromkeys(BUILDS[1:], Pushed(NOW, "the registry"))


@pytest.mark.parametrize(
    ("keys", "pushes"),
    [
        (BY_BUILD, {}),
        ({"order": "natural"}, {}),
        ({"order": "pushed"}, {**PUSHED, BUILDS[0]: Pushed(NOW - timedelta(days=1), "it")}),
    ],
)
def test_a_tie_is_decided_by_what_the_images_are(
    keys: Mapping[str, object], pushes: Mapping[str, Pushed]
) -> None:
    question = TagQuery.of(parse_reference(f"app:{BUILDS[0]}"), build_policy("mine", keys))

    def decided(points: Mapping[str, str]) -> Decision:
        registry = FakeRegistry({APP: BUILDS}, points=points, pushes=pushes)
        return only(resolve([question], registry, now=NOW))

    different = decided({})
    assert (different.moves, different.code, different.settled) == (False, "no-order", False)
    assert different.reason == (
        "2 tags share the newest place (main-9-aaaaaaa, main-9-bbbbbbb) and are different images"
    )
    assert decided(dict.fromkeys(BUILDS[1:], "one")).tag == "main-9-aaaaaaa"
