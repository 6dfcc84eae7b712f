"""The examples in docs/policies.md are policy tests, and its tables name what there is."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from imagebot.policy.build import build_policy
from imagebot.policy.builtin import BUILT_IN
from imagebot.policy.check import run_policy_tests

TODAY = date(2026, 11, 1)
TEXT = (Path(__file__).parents[2] / "docs/policies.md").read_text(encoding="utf-8")
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
