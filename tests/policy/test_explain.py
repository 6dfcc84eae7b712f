from datetime import UTC, date, datetime

from imagebot.policy.build import build_policy
from imagebot.policy.explain import explain, share_reasons
from imagebot.policy.model import Decision, Policy, Rejection
from imagebot.policy.rejections import Refusals, refused_later
from tests.policy.choosing import choosing, reference

TAGS = ("1.2.3", "1.2.4", "1.3.0", "2.0.0", "latest")


def policy() -> Policy:
    entry = {"versions": "1.3.0", "reason": "broken", "until": date(2026, 3, 31)}
    return build_policy("p", {"max": "minor", "ignore": [entry]})


def test_explains_every_tag() -> None:
    choice = choosing(policy(), TAGS, "1.2.3")
    told = explain(policy(), TAGS, choice, reference("1.2.3"))
    assert [
        (one.tag, one.verdict, one.rule, one.update_type, one.is_current) for one in told.tags
    ] == [
        ("1.2.4", "chosen", "", "patch", False),
        ("1.2.3", "candidate", "", None, True),
        ("1.3.0", "refused", "ignore", "minor", False),
        ("2.0.0", "refused", "max", "major", False),
        ("latest", "refused", "shape", "other", False),
    ]
    assert told.tags[2].eligible_at == datetime(2026, 4, 1, tzinfo=UTC)
    until = "eligible from 2026-04-01 00:00 UTC"
    assert str(told).splitlines() == [
        "newer: 1.2.4 is the newest tag the policy allows",
        "1.2.4: chosen",
        "1.2.3: candidate (current)",
        f"1.3.0: refused by ignore: ignored until 2026-03-31: broken; {until}",
        "2.0.0: refused by max: a larger step than minor from 1.2.3",
        "latest: refused by shape: it does not contain a version",
    ]


def test_many_tags_that_were_refused_for_one_reason_share_a_line() -> None:
    tags = [f"1.{number}.0" for number in range(8)]
    choice = choosing({"max": "patch"}, [*tags, "a", "b"], "1.6.0")
    told = explain(policy(), tags, choice, reference("1.6.0"))
    assert str(told).splitlines() == [
        "max: 1.7.0 needs max: minor",
        "1.6.0: candidate (current)",
        "1.0.0, 1.1.0, 1.2.0, 1.3.0 and 2 more: refused by downgrade: older than 1.6.0",
        "1.7.0: refused by max: a larger step than patch from 1.6.0",
        "a: refused by shape: it does not contain a version",
        "b: refused by shape: it does not contain a version",
    ]
    shared = share_reasons(choice.rejections)
    assert [(each.rule, len(each.tags)) for each in shared] == [
        ("downgrade", 6),
        ("shape", 2),
        ("max", 1),
    ]


def test_explains_the_tags_of_interest() -> None:
    choice = choosing(policy(), TAGS, "1.2.3")
    wanted = ("2.0.0", "9.9.9")
    told = explain(policy(), TAGS, choice, reference("1.2.3"), of_interest=wanted)
    assert [(one.tag, one.rule) for one in told.tags] == [("2.0.0", "max"), ("9.9.9", "missing")]


def test_explains_a_decision() -> None:
    soon = datetime(2026, 3, 12, tzinfo=UTC)
    decision = Decision(
        tag="1.2.4",
        digest=None,
        update_type="patch",
        code="newer",
        reason="because",
        candidates=("1.2.4", "1.2.3"),
        rejections=(Rejection("1.3.0", "min-age", "young", soon),),
    )
    told = explain(policy(), TAGS, decision, reference("1.2.3"))
    assert [(one.tag, one.verdict, one.eligible_at) for one in told.tags] == [
        ("1.2.4", "chosen", None),
        ("1.2.3", "candidate", None),
        ("1.3.0", "refused", soon),
    ]


def test_reasons_are_made_only_when_they_are_looked_at() -> None:
    made: list[str] = []

    def reason(tag: str) -> str:
        made.append(tag)
        return f"not {tag}"

    refusals = Refusals()
    refusals.add("rule", ["b", "a"], reason)
    refusals.add("other", [], "never")
    rejections = refusals.freeze()
    assert len(rejections) == 2
    assert repr(rejections) == "<2 rejections>"
    assert made == []
    assert [r.reason for r in rejections] == ["not a", "not b"]
    assert rejections[0] == Rejection("a", "rule", "not a")
    assert rejections[:1] == (rejections[0],)
    assert rejections == (Rejection("a", "rule", "not a"), Rejection("b", "rule", "not b"))
    assert rejections != "ab"
    assert hash(rejections) == hash(tuple(rejections))
    assert sorted(made) == ["a", "b"]


def test_later_rejections_join_the_earlier_ones() -> None:
    later = Rejection("b", "min-age", "young", datetime(2026, 1, 1, tzinfo=UTC))
    earlier = Rejection("c", "max", "large")
    refusals = Refusals()
    refusals.add("rule", ["a"], "no")
    assert [r.tag for r in refused_later(refusals.freeze(), [later])] == ["a", "b"]
    assert tuple(refused_later((earlier,), [later])) == (later, earlier)
