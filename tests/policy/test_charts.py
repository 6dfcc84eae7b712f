"""What policies choose for a chart: versions that Helm takes, whatever the policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from imagebot.policy.build import build_policy
from imagebot.policy.choose import choose, timed_candidates
from imagebot.policy.model import Choice
from imagebot.policy.update_types import update_type_of
from imagebot.version.chart import chart_version
from tests.policy.choosing import TODAY, reference, rules

OLD, NEW = "0.20250616.4188+ref.2dec694", "0.20250701.4200+ref.0a1b2c3"
SIGNATURE = f"sha256-{'a' * 64}.sig"
TAGS = (
    "0.20250616.4188_ref.2dec694 0.20250701.4200_ref.0a1b2c3 latest main main-9 1.2 3 v1.3.0 "
    f"01.3.0 1.3.0_a_b 1.3.0-01 2024.01.15 zzz 99999999 {SIGNATURE}"
)
MADE = {"latest": 5, "main": 6, "0.20250701.4200_ref.0a1b2c3": 4, "1.2": 9}


def choosing(keys: Mapping[str, object], tags: str, current: str) -> Choice:
    of_chart = replace(reference(current), chart=True)
    policy = build_policy("tested", keys)
    times = {
        tag: datetime(2025, 1, MADE.get(tag.replace("+", "_"), 1), tzinfo=UTC)
        for tag in timed_candidates(policy, tags.split(), of_chart, today=TODAY)
    }
    return choose(policy, tags.split(), of_chart, today=TODAY, times=times)


POLICIES: list[dict[str, object]] = [
    {},
    {"order": "natural"},
    {"order": "alphabetical"},
    {"order": "calver"},
    {"order": "created"},
    {"order": "pushed"},
    {"order": "numerical", "pattern": r"^0\.([0-9]+)", "extract": "$1"},
    {"semver": "*"},
    {"semver": ">=0-0"},
    {"semver": "0.x", "version-syntax": "strict"},
    {"semver": "*", "version-syntax": "strict", "allow-downgrade": True},
    {"semver": ">=0-0", "prerelease": "allow", "max": "major"},
    {"pattern": "_ref[.]"},
    {"include": ["*_ref.*"]},
    {"exclude": ["latest"]},
]


@pytest.mark.parametrize("keys", POLICIES, ids=str)
def test_every_policy_chooses_a_version(keys: dict[str, object]) -> None:
    choice = choosing(keys, TAGS, OLD)
    assert choice.successors[0] == NEW
    assert all(chart_version(tag) == tag for tag in choice.candidates)
    refused = rules(choice)
    assert {refused[tag] for tag in TAGS.split()[2:-1]} == {"chart"}
    assert refused[SIGNATURE] == "artifact"


# The policy's keys, the tags, the version before and after.
CHOICES: dict[str, tuple[dict[str, object], str, str, str]] = {
    "metadata is not a shape": ({}, "1.2.3_a 1.3.0", "1.2.3+a", "1.3.0"),
    "metadata comes": ({}, "1.2.3 1.3.0_a", "1.2.3", "1.3.0+a"),
    "words beside numbers": ({}, "1.2.3_build 1.3.0_20250101", "1.2.3+build", "1.3.0+20250101"),
    "metadata is not an order": ({}, "1.2.3_1 1.2.3_2", "1.2.3+1", "1.2.3+1"),
    "nor with a range": ({"semver": "*"}, "1.2.3_1 1.2.3_2", "1.2.3+1", "1.2.3+1"),
    "nor strictly": (
        {"semver": "*", "version-syntax": "strict"},
        "1.2.3_1 1.2.3_2",
        "1.2.3+1",
        "1.2.3+1",
    ),
    "nor by letters": ({"order": "alphabetical"}, "1.2.3_a 1.2.3_b", "1.2.3+a", "1.2.3+a"),
    "a tie above": ({}, "1.2.3 1.3.0_b 1.3.0_a", "1.2.3", "1.3.0+a"),
    "a lost tag": ({}, "1.2.3_b", "1.2.3+a", "1.2.3+a"),
    "pre-releases": ({}, "1.3.0-rc.1_a 1.3.0-rc.2_b", "1.3.0-rc.1+a", "1.3.0-rc.2+b"),
    "a release after them": ({}, "1.3.0-rc.1_a 1.3.0_b", "1.3.0-rc.1+a", "1.3.0+b"),
    "no pre-release": ({}, "1.2.3 1.3.0-rc.1_a", "1.2.3", "1.2.3"),
    "never lower": ({}, "1.2.3_a 1.1.0_b", "1.2.3+a", "1.2.3+a"),
    "a v is kept": ({}, "v1.2.3 v1.3.0_a 1.4.0", "v1.2.3", "v1.3.0+a"),
    "a v does not come": ({"semver": "*"}, "1.2.3 v1.3.0", "1.2.3", "1.2.3"),
    "the largest step": ({"max": "minor"}, "1.2.3_a 1.3.0_b 2.0.0", "1.2.3+a", "1.3.0+b"),
    "ignored as listed": ({"ignore": ["1.3.0_b"]}, "1.2.3 1.3.0_b 1.2.4", "1.2.3", "1.2.4"),
    "ignored by version": ({"ignore": ["1.3.0"]}, "1.2.3 1.3.0_b 1.2.4", "1.2.3", "1.2.4"),
    "a pattern sees the tag": (
        {"pattern": "^(.*)_stable$", "extract": "$1"},
        "1.2.3_stable 1.3.0_stable 1.4.0_edge",
        "1.2.3+stable",
        "1.3.0+stable",
    ),
    "padded numbers": ({}, "2024.01.15 2024.02.01", "2024.01.15", "2024.01.15"),
    "out of padded numbers": ({}, "2024.01.15 2024.2.1", "2024.01.15", "2024.2.1"),
}


@pytest.mark.parametrize(("keys", "tags", "before", "after"), CHOICES.values(), ids=CHOICES.keys())
def test_choices(keys: dict[str, object], tags: str, before: str, after: str) -> None:
    for listed in (tags.split(), tags.split()[::-1]):
        choice = choosing(keys, " ".join(listed), before)
        assert (choice.successors[0] if choice.successors else before) == after
        assert after in choice.reason or before in choice.reason or choice.code == "current"


def test_a_policy_that_follows_what_is_not_a_version() -> None:
    choice = choosing({"follow": "latest", "adopt": True}, "1.2.3 latest", "1.2.3")
    assert (choice.candidates, choice.successors, choice.code) == ((), (), "no-candidate")
    assert "follows latest, which is not a chart version" in choice.reason


def test_why_not() -> None:
    choice = choosing({}, "1.2.3 1.3 v1.4.0", "1.2.3")
    reasons = {each.tag: each.reason for each in choice.rejections}
    assert reasons == {
        "1.3": "not a chart version: Helm takes only SemVer 2, such as 1.2.3",
        "v1.4.0": "not a chart version: SemVer 2 has no v, and neither has the field",
    }


def test_images_are_not_charts() -> None:
    policy = build_policy("tested", {})
    choice = choose(policy, ["1.2", "1.3"], reference("1.2"), today=TODAY)
    assert choice.successors == ("1.3",)


@pytest.mark.parametrize(
    ("old", "new", "size"),
    [
        (OLD, NEW, "minor"),
        ("1.2.3+a", "1.2.4", "patch"),
        ("1.2.3", "2.0.0+a", "major"),
    ],
)
def test_the_size_of_a_step(old: str, new: str, size: str) -> None:
    for keys in ({}, {"semver": "*", "version-syntax": "strict"}):
        assert update_type_of(build_policy("tested", keys), old, new) == size
