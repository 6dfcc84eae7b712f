from collections.abc import Mapping
from datetime import UTC, date, datetime

import pytest

from imagebot.policy.build import build_policy
from imagebot.policy.builtin import BUILT_IN
from imagebot.policy.check import run_policy_tests

TODAY = date(2026, 11, 1)
POLICIES = {
    **BUILT_IN,
    "range": build_policy("range", {"semver": "^1"}),
    "pushed": build_policy("pushed", {"order": "pushed", "pattern": "^main-"}),
    "until": build_policy(
        "until", {"ignore": [{"versions": "1.3.0", "reason": "r", "until": "2026-03-31"}]}
    ),
}

PASSING: list[Mapping[str, object]] = [
    {"policy": "shape", "tags": ["1.2.3", "1.2.4"], "current": "1.2.3", "expect": "1.2.4"},
    {"policy": "shape", "tags": ["1.2.3", "2.0.0"], "current": "1.2.3", "expect": "1.2.3",
     "code": "max"},
    {"policy": "range", "tags": ["1.2.3", "2.0.0"], "expect": "1.2.3", "code": "adopted"},
    {"policy": "range", "tags": ["2.0.0"], "expect": None, "code": "no-candidate"},
    {"policy": "pushed", "tags": ["main-a", "main-b"], "current": "main-a", "expect": "main-b",
     "times": {"main-a": "2026-01-01T00:00:00Z", "main-b": datetime(2026, 1, 2, tzinfo=UTC)}},
    {"policy": "pushed", "tags": ["main-a", "main-b"], "current": "main-b", "expect": "main-b",
     "times": {"main-a": "2026-01-01", "main-b": date(2026, 1, 2)}},
    {"policy": "until", "tags": ["1.3.0"], "current": "1.2.3", "expect": "1.3.0",
     "today": date(2026, 4, 1)},
    {"policy": "until", "tags": ["1.3.0"], "current": "1.2.3", "expect": "1.2.3",
     "today": "2026-03-31"},
]  # fmt: skip


@pytest.mark.parametrize("written", PASSING)
def test_passes(written: Mapping[str, object]) -> None:
    (result,) = run_policy_tests([written], POLICIES, today=TODAY)
    assert (result.passed, result.message) == (True, "")


# (test, part of the message)
FAILING: list[tuple[Mapping[str, object], str]] = [
    ({"policy": "shape", "tags": ["1.2.4"], "current": "1.2.3", "expect": "1.2.3"},
     "expected 1.2.3, got 1.2.4 (newer: "),
    ({"policy": "shape", "tags": ["1.2.3"], "current": "1.2.3", "expect": None},
     "expected no tag, got 1.2.3"),
    ({"policy": "shape", "tags": ["1.2.3"], "current": "1.2.3", "expect": "1.2.3", "code": "max"},
     "expected the code max, got current"),
    ({"policy": "pushed", "tags": ["main-b"], "current": "main-a", "expect": "main-b"},
     "the test has no times"),
    ({"policy": "none", "tags": [], "expect": None}, "there is no policy none"),
    ({"policy": "shape", "tags": []}, "needs `tags`"),
    ({"policy": "shape", "expect": None}, "a list, and `expect`"),
    ({"policy": "shape", "tags": ["a b"], "expect": None}, "not a tag: 'a b'"),
    ({"policy": "shape", "tags": [1.2], "expect": None}, "not a tag: 1.2"),
    ({"policy": "shape", "tags": [], "expects": None}, "unknown key"),
    ({"policy": 5, "tags": [], "expect": None}, "not text"),
    ({"policy": "pushed", "tags": [], "expect": None, "times": ["x"]}, "mapping of tags to"),
    ({"policy": "pushed", "tags": [], "expect": None, "times": {"x": "soon"}}, "not a time"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "message"), FAILING)
def test_fails(written: Mapping[str, object], message: str) -> None:
    (result,) = run_policy_tests([written], POLICIES, today=TODAY)
    assert not result.passed
    assert message in result.message


def test_results_are_in_the_order_of_the_tests() -> None:
    named = [{**PASSING[0], "name": "first"}, FAILING[0][0], PASSING[2]]
    results = run_policy_tests(named, POLICIES, today=TODAY)
    assert [(r.index, r.name, r.policy, r.passed) for r in results] == [
        (0, "first", "shape", True),
        (1, "", "shape", False),
        (2, "", "range", True),
    ]
    assert results[0].choice is not None
    assert results[0].choice.successors == ("1.2.4",)


def test_today_is_the_callers() -> None:
    test = {"policy": "until", "tags": ["1.3.0"], "current": "1.2.3", "expect": "1.2.3"}
    assert run_policy_tests([test], POLICIES, today=date(2026, 3, 1))[0].passed
    assert not run_policy_tests([test], POLICIES, today=date(2026, 5, 1))[0].passed


@pytest.mark.parametrize(
    ("current", "expect", "passes"),
    [
        ("1.2.3+a", "1.3.0", True),
        ("1.2.3", "1.3.0+b", False),
        ("1.2.3", "1.3.0", True),
        (None, "1.3.0+b", False),
    ],
)
def test_a_plus_makes_it_the_test_of_a_chart(
    current: str | None, expect: str, passes: bool
) -> None:
    tags = ["1.2.3_a", "1.3.0", "1.4"]
    test = {"policy": "shape", "tags": tags, "current": current, "expect": expect}
    (result,) = run_policy_tests([test], BUILT_IN, today=TODAY)
    assert result.passed == passes
    assert result.choice is not None
    refused = {each.tag: each.rule for each in result.choice.rejections}
    is_chart = "+" in (current or "") or "+" in expect
    assert (refused.get("1.4") == "chart") == is_chart
