"""The examples in docs/policies.md are policy tests, and its tables name what there is."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from imagebot.plan.gates.ties import describe
from imagebot.policy.build import build_policy
from imagebot.policy.builtin import BUILT_IN
from imagebot.policy.check import run_policy_tests
from tests.policy.choosing import choosing
from tests.policy.schemes.row import Keys
from tests.readme.blocks import code_spans, rows

TODAY = date(2026, 11, 1)
TEXT = (Path(__file__).parents[2] / "docs/policies.md").read_text(encoding="utf-8")
REASONS = [(code_spans(tag)[0], code_spans(why)[0]) for tag, why in rows(TEXT, "the tag")]
EXAMPLES = [
    YAML(typ="safe", pure=True).load(block)
    for block in re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
]


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_examples_hold(example: dict[str, Any]) -> None:
    own = {name: build_policy(name, keys) for name, keys in example.get("policies", {}).items()}
    results = run_policy_tests(example["tests"], {**BUILT_IN, **own}, today=TODAY)
    assert results
    assert [result.message for result in results if not result.passed] == []


def test_there_are_examples() -> None:
    assert sum(len(example["tests"]) for example in EXAMPLES) > 25


@pytest.mark.parametrize(("tag", "reason"), REASONS, ids=[tag for tag, _ in REASONS])
def test_the_reasons_are_those_that_are_given(tag: str, reason: str) -> None:
    """Each names the tag that it is about, or is about the current one."""
    other = reason.split()[0] if reason[0].isdigit() else "sha-9e107d9"
    choice = choosing(BUILT_IN["shape"], [tag, other], tag)
    assert (choice.successors, choice.reason) == ((), reason)


# What the guide says of tags that stay: an example of each (current, tags, keys of a policy).
KEPT: dict[str, tuple[str, str, Keys]] = {
    "2.0.0 needs max: major": ("1.3.0", "1.2.3 2.0.0", {}),
    "1.19.0 is newer but written without the v": ("v1.17.0", "1.19.0", {}),
    "1.28.1 has three numbers": ("1.28", "1.28.1", {}),
    "the number in release-57 says which one it is, and not how new": (
        "release-57",
        "release-58",
        {},
    ),
    "2 tags share the newest place": ("main-9-4f2a9c1", "main-10-9e107d9 main-10-0a1b2c3", {}),
    "58 needs max: major": ("57", "58", {}),
    "nothing tells whether 1234567 has a number or a commit hash": ("1234567", "1234568", {}),
    "nothing orders commit hashes": ("sha-3f2a9c1", "sha-7654321", {}),
    "the time of sha-3f2a9c1 is unknown": ("sha-3f2a9c1", "sha-7654321", {"order": "created"}),
    "1.2.0 is of another form": ("20240105", "1.2.0", {}),
    "6.5.0-php8.3-apache is newer but on another platform": (
        "6.4.2-php8.2-apache",
        "6.5.0-php8.3-apache",
        {},
    ),
    "3.13-slim-trixie is newer but of another variant": (
        "3.12-slim-bookworm",
        "3.13-slim-trixie",
        {},
    ),
    "jdk-21 needs max: major": ("jdk-17", "jdk-21", {}),
    "7.2.5-debian-12-r0 needs max: minor": (
        "7.2.4-debian-11-r9",
        "7.2.5-debian-12-r0",
        {"max": "patch"},
    ),
    "1.2.4-1 has another shape": ("1.2.3", "1.2.4-1", {}),
    "v1.3.0 is newer but of another variant": ("v1.2.3-14-gabcdef0", "v1.3.0", {}),
    "the number in pr-57 says which one it is, and not how new": ("pr-57", "pr-58", {}),
}


@pytest.mark.parametrize("quoted", KEPT)
def test_the_guide_quotes_what_is_said(quoted: str) -> None:
    current, tags, keys = KEPT[quoted]
    policy = build_policy("tested", keys) if keys else BUILT_IN["shape"]
    choice = choosing(policy, f"{tags} {current}", current)
    said = describe(choice.tied[0]) if choice.tied else choice.reason
    assert said.startswith(quoted)


def test_the_guide_quotes_nothing_else() -> None:
    guide = TEXT[: TEXT.index("\n## How a tag is chosen")]
    assert set(re.findall(r"(?m)^(?:- |Kept: )`([^`]* [^`]*)`", guide)) == set(KEPT)
