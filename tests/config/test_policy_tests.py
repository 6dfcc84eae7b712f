from __future__ import annotations

from datetime import date

import pytest

from imagebot.config.load import load_configuration
from imagebot.config.policy_tests import load_policy_tests
from imagebot.errors import ConfigurationError
from imagebot.policy.check import run_policy_tests

TODAY = date(2026, 11, 1)
FILE = """\
policies:
  builds: {pattern: '^main-(?P<n>[0-9]+)$', extract: $n, order: numerical}
  newest: {order: pushed, ignore: [{versions: 1.2, reason: broken, until: 2026-01-31}]}
tests:
  - {policy: builds, tags: [main-9, main-10], current: main-9, expect: main-10, code: newer}
  - name: numbers as they are spelt
    policy: shape
    tags: [1.9, 1.10]
    current: 1.9
    expect: 1.10
  - policy: newest
    tags: [a, b]
    times: {a: 2026-01-02T00:00:00Z, b: 2026-01-01}
    today: 2026-01-15
    expect: a
  - {policy: builds, tags: [], expect: null}
"""


def test_they_run() -> None:
    tests = load_policy_tests(FILE, "imagebot.yaml")
    policies = load_configuration(FILE, "imagebot.yaml", trusted=False).policies
    results = run_policy_tests([test.keys for test in tests], policies, today=TODAY)
    assert [result.message for result in results] == ["", "", "", ""]
    assert [test.place.line for test in tests] == [5, 6, 11, 16]


def test_a_wrong_expectation_fails() -> None:
    text = "tests: [{policy: shape, tags: [1.0.1], current: 1.0.0, expect: 1.0.0}]"
    tests = load_policy_tests(text, "x")
    policies = load_configuration(text, "x", trusted=False).policies
    (result,) = run_policy_tests([test.keys for test in tests], policies, today=TODAY)
    assert not result.passed


def test_a_file_without_tests_has_none() -> None:
    assert load_policy_tests("policies: {}\n", "x") == ()


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        ("{policy: a, tags: []}", "x:2:5: tests[0]: expect is missing"),
        ("{policy: a, tags: ['a b'], expect: null}", "x:2:23: tests[0].tags: not a tag: 'a b'"),
        ("{policy: a, tags: [], expect: null, times: {a: yesterday}}", "x:2:"),
        ("{policy: a, tags: [], expect: [b]}", "x:2:35: tests[0].expect: must be text"),
        ("{policy: a, tags: [], pick: b, expect: b}", "x:2:27: tests[0].pick: unknown key"),
        ("[]", "x:2:5: tests[0]: must be a mapping, not a list"),
    ],
)
def test_issues(test: str, expected: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_policy_tests(f"tests:\n  - {test}\n", "x")
    (issue,) = caught.value.issues
    assert str(issue).startswith(expected)


def test_the_list_must_be_one() -> None:
    with pytest.raises(ConfigurationError):
        load_policy_tests("tests: {}\n", "x")
