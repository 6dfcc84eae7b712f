"""What holds for every policy and every set of tags."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.policy.build import build_policy
from imagebot.policy.builtin import SHAPE
from imagebot.policy.model import Choice, Policy
from imagebot.policy.pattern import parse_pattern
from imagebot.version.reading import read_layout
from tests.policy.choosing import choosing
from tests.support.work import growth

_SMALL = st.integers(0, 12).map(str)
_HEX = st.text("0123456789abcdef", min_size=5, max_size=9)
_PRES = ("", "", "", "-rc.1", "-rc.2", "-rc.10", "rc2", ".beta1", "-alpha", "-nightly.3", "-m2")
_DATES = ("20240101", "20240202", "2024.01.05", "2023-01-25T00-19-54Z", "1234567")
_NOISE = st.one_of(
    _HEX,
    st.sampled_from(["latest", "stable", "main-7-abcdef0", "main-8-0abcdef", *_DATES]),
    st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,12}", fullmatch=True),
)


@dataclass(frozen=True)
class Situation:
    tags: list[str]
    current: str | None


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    """Tags of a few shapes, some of each, and others; the current tag is mostly one of them."""
    tags: list[str] = []
    for _ in range(draw(st.integers(1, 3))):
        prefix = draw(st.sampled_from(["", "", "", "v", "app-", "py3.11-", "main-", "RELEASE."]))
        parts = draw(st.integers(1, 4))
        variant = draw(
            st.sampled_from(["", "", "-alpine", "-alpine3.{}", "-r{}", "_{}", "-{}abcdef"])
        )
        for _ in range(draw(st.integers(1, 5))):
            numbers = draw(st.lists(_SMALL, min_size=parts, max_size=parts))
            pre = draw(st.sampled_from(_PRES))
            tags.append(prefix + ".".join(numbers) + pre + variant.format(draw(_SMALL)))
    tags += draw(st.lists(_NOISE, max_size=3))
    current = draw(st.one_of(st.sampled_from(tags), st.sampled_from(tags), _NOISE, st.none()))
    if draw(st.booleans()):
        tags = [tag for tag in tags if tag != current]
    return Situation(tags, current)


KEYS: list[Mapping[str, object]] = [
    {},
    {"max": "minor"},
    {"max": "patch", "prerelease": "allow"},
    {"variant": "any"},
    {"variant": "alpine*"},
    {"prerelease": "never"},
    {"order": "natural", "descending": True},
    {"semver": ">=1"},
    {"semver": "^1 || ^3-0 !=3.2"},
    {"semver": ">=1-0 <9", "version-syntax": "strict"},
    {"semver": "*", "prerelease": "same-release", "variant": "any"},
    {"order": "alphabetical"},
    {"order": "alphabetical", "descending": True},
    {"order": "numerical"},
    {"order": "numerical", "pattern": r"^(?:main-)?(\d+)", "extract": "$1"},
    {"order": "calver"},
    {"order": "calver", "variant": "any", "max": "minor"},
    {"order": "pushed"},
    {"order": "created", "exclude": ["v*"]},
    {"ignore": [{"versions": ">=2 <4", "reason": "r"}, {"versions": "latest", "reason": "r"}]},
    {"include": ["*1*", "/2/"], "exclude": ["*-r*"]},
]
POLICIES = st.sampled_from([SHAPE, *(build_policy(str(i), keys) for i, keys in enumerate(KEYS))])


def times_of(tags: list[str]) -> dict[str, datetime]:
    """The same time for the same tag, equal ones among them."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    return {tag: start + timedelta(hours=len(tag) % 5) for tag in tags if len(tag) % 7}


def chosen(policy: Policy, situation: Situation) -> Choice:
    tags = situation.tags
    return choosing(policy, tags, situation.current, times=times_of(tags))


@given(POLICIES, situations(), st.randoms(use_true_random=False))
def test_the_order_of_the_tags_does_not_matter(
    policy: Policy, situation: Situation, chance: random.Random
) -> None:
    shuffled = [*situation.tags, *situation.tags[:2]]
    chance.shuffle(shuffled)
    assert chosen(policy, replace(situation, tags=shuffled)) == chosen(policy, situation)


@given(POLICIES, situations())
def test_every_tag_is_a_candidate_or_refused_once(policy: Policy, situation: Situation) -> None:
    choice = chosen(policy, situation)
    refused = [rejection.tag for rejection in choice.rejections]
    assert sorted([*choice.candidates, *refused]) == sorted(set(situation.tags))
    assert all(rejection.rule and rejection.reason for rejection in choice.rejections)
    assert choice.candidates[: len(choice.successors)] == choice.successors
    assert situation.current not in choice.successors
    assert choice.code
    assert choice.reason


@given(POLICIES, situations())
def test_a_second_choice_keeps_the_first(policy: Policy, situation: Situation) -> None:
    for first in chosen(policy, situation).successors[:1]:
        assert chosen(policy, replace(situation, current=first)).successors == ()


@given(POLICIES, situations())
def test_a_refused_tag_more_or_less_changes_nothing(policy: Policy, situation: Situation) -> None:
    choice = chosen(policy, situation)
    for rejection in choice.rejections:
        rest = [tag for tag in situation.tags if tag != rejection.tag]
        # Tags that are held back are told of, and the current tag is looked for in the list.
        if not rest or rejection.tag == situation.current or rejection.rule in ("max", "ignore"):
            continue
        less = chosen(policy, replace(situation, tags=rest))
        assert less.candidates == choice.candidates
        assert (less.code, less.successors) == (choice.code, choice.successors)


@given(POLICIES, situations())
def test_nothing_goes_back_and_forth(policy: Policy, situation: Situation) -> None:
    """A field that moved, and sees its old tag and the new one, stays."""
    tags = [*situation.tags, *([situation.current] if situation.current else [])]
    for moved in chosen(policy, replace(situation, tags=tags)).successors:
        both = Situation([moved, *tags], moved)
        assert situation.current not in chosen(policy, both).successors


@given(situations())
def test_the_default_never_crosses_a_shape_and_never_goes_down(situation: Situation) -> None:
    for tag in chosen(SHAPE, situation).successors:
        current = situation.current or ""
        before, after = read_layout(current), read_layout(tag)
        assert before is not None
        assert after is not None
        assert after.shape_of(tag) == before.shape_of(current)
        assert after.numbers_of(tag) >= before.numbers_of(current)


@given(POLICIES, situations())
def test_tags_that_are_gone_never_roll_back(policy: Policy, situation: Situation) -> None:
    """After a move, whatever part of the list a registry still shows, nothing older is taken."""
    choice = chosen(policy, situation)
    for moved in choice.successors[:1] if choice.code == "newer" else ():
        older = [tag for tag in situation.tags if tag not in choice.successors]
        assert chosen(policy, Situation(older, moved)).successors == ()


@pytest.mark.parametrize("letters", ["a", "x", "ax"])
@pytest.mark.parametrize(
    "text", ["(a*)*b", "(a|aa)+$", "^(([a-z])+.)+[A-Z]([a-z])+$", "(x+x+)+y", "(.*)(.*)(.*)z"]
)
def test_no_pattern_takes_more_than_linear_time(text: str, letters: str) -> None:
    """Twice the length is twice the work at most: for an engine that tries every way it is a
    thousand times as much with the first patterns, and eight times with the last one.

    From short tags upwards, so that such an engine fails before it needs longer than anybody has.
    """
    pattern = parse_pattern(text)

    def work(length: int) -> None:
        pattern.apply([(letters * length)[: length - 1] + "!"] * 50)

    work(8)
    for length in (8, 16, 32, 64):
        assert growth(work, length, 2 * length, most=4) <= 4, length
    assert growth(work, 8, 128, most=16) <= 16
