"""What is shown as withheld."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from imagebot.config.model import PullRequestOptions
from imagebot.plan.model import Kept, Plan, Update
from imagebot.plan.vetoes import Veto, Vetoes, apply_vetoes
from imagebot.plan.withheld import withheld
from imagebot.policy.model import Decision, Rejection
from imagebot.policy.rejections import Block, Rejections
from imagebot.publish.changes import Change
from imagebot.publish.notes import with_notes
from tests.publish.updates import make_update

SOON = datetime(2026, 11, 30, 9, tzinfo=UTC)
YOUNG = Rejection("1.2.0", "min-age", "pushed 2h ago, waits until then", SOON)
BLOCKS = Rejections(
    (
        Block("semver", ("0.9",), "too low"),
        Block("min-age", ("1.2.0",), "pushed 2h ago, waits until then", SOON),
        Block("min-age", ("1.1.9",), "pushed 3h ago, waits until then", SOON),
    )
)


def young(rejections: Sequence[Rejection] = BLOCKS, path: str = "a.yaml") -> Kept:
    decision = Decision(
        code="min-age", reason="1.2.0: pushed 2h ago", rejections=rejections, eligible_at=SOON
    )
    update = make_update(path)
    return Kept(target=update.target, field=update.field, decision=decision, route="production")


def waiting(update: Update) -> Update:
    decision = replace(update.decision, rejections=BLOCKS, eligible_at=SOON)
    return replace(update, decision=decision)


@pytest.mark.parametrize("rejections", [BLOCKS, (YOUNG,)])
def test_a_field_that_waits(rejections: Sequence[Rejection]) -> None:
    (found,) = withheld(Plan(kept=(young(rejections),)))
    assert (found.tag, found.code, found.until) == ("1.2.0", "min-age", SOON)
    assert (found.reason, found.route) == ("pushed 2h ago, waits until then", "production")


def test_an_update_with_something_newer_that_waits() -> None:
    plain = make_update("b.yaml")
    (found,) = withheld(Plan(updates=(waiting(make_update()), plain)))
    assert (found.tag, found.code, found.until) == ("1.2.0", "min-age", SOON)


@pytest.mark.parametrize("code", ["rolled-back", "refused", "window", "limit"])
def test_vetoes(code: str) -> None:
    by_tag, by_digest = make_update("a.yaml"), make_update("b.yaml", tag=None, digest="sha256:1")
    veto = Veto(code, "for a reason", eligible_at=SOON)
    plan = Plan(updates=(by_tag, by_digest))
    after = apply_vetoes(plan, Vetoes(of={each.id: veto for each in plan.updates}))
    assert after.updates == ()
    assert [(one.tag, one.code, one.reason, one.until) for one in withheld(after)] == [
        ("1.1.0", code, "for a reason", SOON),
        (None, code, "for a reason", SOON),
    ]
    assert [one.route for one in after.kept] == ["production"] * 2


@pytest.mark.parametrize("code", ["current", "ignored", "forge", "max"])
def test_what_is_only_kept(code: str) -> None:
    kept = young()
    plan = Plan(kept=(replace(kept, decision=replace(kept.decision, code=code)),))
    assert withheld(plan) == ()


def test_notes_are_the_same_in_every_pass() -> None:
    """No ages and no lines; one for all files that say the same."""
    update = make_update()
    change = Change(
        target="t", base="main", branch="b", mode="pull-request", route="production",
        updates=(update,), notes=("before",),
    )  # fmt: skip
    paths = ("a.yaml", "b.yaml", "c.yaml", "d.yaml")
    plan = Plan(updates=(update,), kept=tuple(young(path=path) for path in paths))
    older = replace(plan, kept=tuple(young((replace(YOUNG, reason="3h ago"),), p) for p in paths))
    (one,), (other,) = with_notes((change,), plan), with_notes((change,), older)
    assert one == other
    note = "ghcr.io/acme/api 1.2.0 waits for min-age until 2026-11-30 09:00 UTC (4 files)"
    assert one.notes == ("before", note)
    for elsewhere in (
        replace(change, route="other"), replace(change, mode="commit"), replace(change, updates=()),
    ):  # fmt: skip
        assert with_notes((elsewhere,), plan) == (elsewhere,)


def test_notes_of_one_repository_among_several() -> None:
    update = make_update("z.yaml", "nginx:1.0.0")
    options = PullRequestOptions(group="repository")
    change = Change(
        target="t", base="main", branch="b", mode="pull-request", route="production",
        updates=(update,), options=options,
    )  # fmt: skip
    assert with_notes((change,), Plan(updates=(update,), kept=(young(),))) == (change,)
