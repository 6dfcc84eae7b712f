"""Policy tests: tags in, the expected pick out, so that a policy can be reviewed like code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

from imagebot.errors import InvalidPolicyError
from imagebot.policy.choose import choose
from imagebot.policy.model import TIMED_ORDERS, Choice, Policy
from imagebot.policy.timed import as_utc
from imagebot.reference import Reference, Repository, is_tag
from imagebot.values import dataclass
from imagebot.version.chart import registry_tag

_REPOSITORY = Repository("registry.test", "image")
_KEYS = ("name", "policy", "tags", "current", "times", "today", "expect", "code")


@dataclass(frozen=True, slots=True)
class PolicyTest:
    """`expect` is the tag that the field must have afterwards, None for "no tag is chosen"."""

    policy: str
    tags: tuple[str, ...]
    current: str | None
    expect: str | None
    code: str = ""
    name: str = ""
    times: Mapping[str, datetime] | None = None
    today: date | None = None

    @property
    def is_of_a_chart(self) -> bool:
        """No tag has a `+`, only the version of a chart."""
        return "+" in (self.current or "") or "+" in (self.expect or "")


@dataclass(frozen=True, slots=True)
class PolicyTestResult:
    """`index` counts the tests from 0; `message` says what went wrong, "" when nothing did."""

    index: int
    name: str
    policy: str
    passed: bool
    message: str
    choice: Choice | None = None


def run_policy_tests(
    tests: Sequence[Mapping[str, object]],
    policies: Mapping[str, Policy],
    *,
    today: date,
) -> tuple[PolicyTestResult, ...]:
    """Run each test of a policies file, in order; gates need a registry and are left out.

    A test: `{policy, tags, current?, times?, today?, expect, code?, name?}`. `expect` is the tag
    that a field with `current` must have afterwards: the current one when it is to stay, null
    when there is nothing to choose; a `+` in one of them makes it the test of a chart. `times`
    maps tags to times, for policies that order by time.
    """
    return tuple(_run(index, test, policies, today) for index, test in enumerate(tests))


def _run(
    index: int, written: Mapping[str, object], policies: Mapping[str, Policy], today: date
) -> PolicyTestResult:
    try:
        test = read_policy_test(written)
    except InvalidPolicyError as error:
        name = written.get("policy")
        shown = name if isinstance(name, str) else ""
        return PolicyTestResult(index, "", shown, False, error.message)
    policy = policies.get(test.policy)
    if policy is None:
        message = f"there is no policy {test.policy}"
        return PolicyTestResult(index, test.name, test.policy, False, message)
    if policy.version_of is not None:
        message = "version-of needs a registry, which tests do not have"
        return PolicyTestResult(index, test.name, test.policy, False, message)
    current = Reference(_REPOSITORY, test.current, None, str(_REPOSITORY), test.is_of_a_chart)
    choice = choose(policy, test.tags, current, today=test.today or today, times=test.times or {})
    message = _compare(test, policy, choice)
    return PolicyTestResult(index, test.name, test.policy, not message, message, choice)


def _compare(test: PolicyTest, policy: Policy, choice: Choice) -> str:
    got = choice.successors[0] if choice.successors else test.current
    tied = choice.tied_with(choice.successors[0]) if choice.successors else ()
    if tied:
        # Only a registry can tell whether they are one image; if not, the tag stays.
        return f"tags that share their place cannot be tested: {', '.join(tied[:5])}"
    if test.expect != got:
        missing = ""
        if policy.order in TIMED_ORDERS and not test.times:
            missing = f"; the policy orders by {policy.order}, and the test has no times"
        return (
            f"expected {_show(test.expect)}, got {_show(got)} "
            f"({choice.code}: {choice.reason}){missing}"
        )
    if test.code and test.code != choice.code:
        return f"expected the code {test.code}, got {choice.code}: {choice.reason}"
    return ""


def _show(tag: str | None) -> str:
    return "no tag" if tag is None else tag


def read_policy_test(written: Mapping[str, object]) -> PolicyTest:
    """A test as YAML has it. Raises InvalidPolicyError for the wrong key."""
    for key in written:
        if key not in _KEYS:
            hint = f"known keys: {', '.join(_KEYS)}"
            raise InvalidPolicyError(f"tests.{key}", "unknown key", hint=hint)
    tags = written.get("tags")
    if not isinstance(tags, list | tuple) or "expect" not in written:
        raise InvalidPolicyError("tests", "a test needs `tags`, a list, and `expect`")
    return PolicyTest(
        policy=_text(written, "policy") or "",
        tags=tuple(_tag("tags", tag) for tag in tags),
        current=_optional_tag(written, "current"),
        expect=_optional_tag(written, "expect"),
        code=_text(written, "code") or "",
        name=_text(written, "name") or "",
        times=_times(written.get("times")),
        today=_day(written.get("today")),
    )


def _text(written: Mapping[str, object], key: str) -> str | None:
    value = written.get(key)
    if value is None or isinstance(value, str):
        return value
    raise InvalidPolicyError(f"tests.{key}", f"not text: {value!r}", hint="put it in quotes")


def _optional_tag(written: Mapping[str, object], key: str) -> str | None:
    value = written.get(key)
    return None if value is None else _tag(key, value)


def _tag(key: str, value: object) -> str:
    if isinstance(value, str) and is_tag(registry_tag(value)):
        return value
    hint = "" if isinstance(value, str) else "put it in quotes"
    raise InvalidPolicyError(f"tests.{key}", f"not a tag: {value!r}", hint=hint)


def _times(value: object) -> Mapping[str, datetime] | None:
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise InvalidPolicyError("tests.times", "must be a mapping of tags to times")
    return {_tag("times", tag): _time(time) for tag, time in value.items()}


def _time(value: object) -> datetime:
    if isinstance(value, datetime):
        return as_utc(value)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    try:
        return as_utc(datetime.fromisoformat(str(value)))
    except ValueError:
        hint = "write a time like 2026-03-31T12:00:00Z"
        raise InvalidPolicyError("tests.times", f"not a time: {value!r}", hint=hint) from None


def _day(value: object) -> date | None:
    return None if value is None else _time(value).date()
