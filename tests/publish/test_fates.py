"""What became of an update of an open pull request, as a table: no Git, no forge."""

from __future__ import annotations

import dataclasses
from datetime import date
from typing import Any

import pytest

from imagebot.config.load import load_configuration
from imagebot.manifest.images.field import ImageField
from imagebot.plan.model import Kept, PlanTarget, Update
from imagebot.policy.model import Decision, Rejection
from imagebot.publish.fates import Fate, FateKind, Today, fate_of, is_shrunken, policy_fingerprint
from imagebot.publish.proposal import Proposal, edit_to
from imagebot.reference import parse_reference
from tests.publish.updates import make_update

CONFIGURATION = load_configuration(
    "policies: {careful: {semver: ^1}, other: {semver: ^2}}\nroutes: []\ntests: []\n",
    "imagebot.yaml",
    trusted=False,
)
CHANGED = load_configuration(
    "policies: {careful: {semver: ~1.0}}\nroutes: []\n", "imagebot.yaml", trusted=False
)
ON = date(2026, 1, 1)
NEWER = ("1.0.0", "1.0.5", "1.1.0", "1.1.5", "1.2.0")
HERE, THERE = "imagebot/production-all-1", "imagebot/live-all-2"
FINGERPRINT = policy_fingerprint("careful", CONFIGURATION)


def field(tag: str | None, digest: str | None = None, **fields: Any) -> ImageField:
    reference = parse_reference("ghcr.io/acme/api").to(tag, digest)
    made = dataclasses.replace(make_update().field, reference=reference)
    return dataclasses.replace(made, **fields)


def kept(
    tag: str = "1.0.0",
    code: str = "current",
    *,
    route: str = "production",
    settled: bool = True,
    listed: tuple[str, ...] = ("1.0.0", "1.1.0"),
    rejected: tuple[tuple[str, str], ...] = (),
) -> Today:
    decision = Decision(
        policy="careful",
        code=code,
        reason="a reason",
        settled=settled,
        candidates=tuple(each for each in listed if each not in dict(rejected)),
        rejections=tuple(Rejection(each, rule, "r") for each, rule in rejected),
    )
    where = field(tag)
    entry = Kept(target=PlanTarget(), field=where, decision=decision, route=route)
    return Today(entry=entry, field=where)


def wanted(tag: str, branch: str, listed: tuple[str, ...] = ("1.0.0", "1.1.0", "1.2.0")) -> Today:
    update = make_update(tag=tag)
    decision = dataclasses.replace(update.decision, candidates=listed)
    update = dataclasses.replace(update, field=field("1.0.0"), decision=decision)
    return Today(entry=update, field=update.field, branch=branch)


PROPOSAL = Proposal(field("1.0.0"), ("1.1.0", None))
PINNED = Proposal(field("1.0.0"), ("1.0.0", "sha256:" + "a" * 64))


@pytest.mark.parametrize(
    ("today", "kind"),
    [
        (wanted("1.1.0", HERE), "wanted"),
        (wanted("1.1.0", THERE), "moved"),
        (wanted("1.2.0", HERE), "decided"),
        (wanted("1.2.0", THERE), "decided"),
        # The better one is not listed any more; a worse one that is not listed may be pruned.
        (wanted("1.0.5", HERE, ("1.0.0", "1.0.5")), "held"),
        (wanted("1.2.0", HERE, ("1.0.0", "1.2.0")), "decided"),
        # The base has it, or what the policy keeps instead.
        (kept("1.1.0"), "arrived"),
        (kept("1.1.0", "no-policy", route="", settled=True, listed=()), "arrived"),
        (kept("1.1.0", "registry", settled=False, listed=()), "arrived"),
        (kept("1.2.0", listed=("1.0.0", "1.1.0", "1.2.0")), "arrived"),
        # People took it out, or told imagebot to leave it.
        (Today(), "removed"),
        (kept(code="ignored", route=""), "decided"),
        (kept(code="rolled-back"), "decided"),
        (kept(code="refused"), "decided"),
        (kept(code="refused", rejected=(("1.1.0", "refused"),)), "decided"),
        # People do not want another one; that says nothing of this, unless the base is past it.
        (kept(code="refused", listed=NEWER, rejected=(("1.2.0", "refused"),)), "held"),
        (kept(code="rolled-back", listed=NEWER, rejected=(("1.2.0", "rolled-back"),)), "held"),
        (kept("1.0.5", "refused", listed=NEWER, rejected=(("1.2.0", "refused"),)), "held"),
        (kept("1.1.5", "refused", listed=NEWER, rejected=(("1.2.0", "refused"),)), "arrived"),
        # The policy says something else of the same tags.
        (kept(rejected=(("1.1.0", "semver"),)), "decided"),
        (kept(rejected=(("1.1.0", "max"),)), "decided"),
        # Gates ask the registry, and windows the clock.
        (kept(code="min-age", rejected=(("1.1.0", "min-age"),)), "held"),
        (kept(code="platforms", rejected=(("1.1.0", "platforms"),)), "held"),
        (kept(), "held"),
        # Lists that are shrunken, and other things that are undecided.
        (kept(listed=("1.0.0",)), "held"),
        (kept(settled=False, listed=("0.9.0",)), "held"),
        (kept(code="no-candidate", settled=False, listed=()), "held"),
        (kept(code="registry", settled=False, listed=()), "held"),
        (kept(code="outside-limits", route="", settled=False, listed=()), "held"),
        (kept(code="suspended", route="", listed=()), "held"),
        (kept("2.0.0", "registry", settled=False, listed=()), "held"),
        (Today(whole=False), "held"),
        # Nothing covers it: whether its route is gone is another question.
        (kept(code="no-policy", route="", listed=()), "no-route"),
        (Today(field=field("1.0.0")), "no-route"),
    ],
)
def test_what_became_of_it(today: Today, kind: FateKind) -> None:
    assert fate(PROPOSAL, today).kind == kind


def fate(proposal: Proposal, today: Today, **options: Any) -> Fate:
    given = {"branch": HERE, "configuration": CONFIGURATION, "policies": (FINGERPRINT,), "on": ON}
    return fate_of(proposal, today, **{**given, **options})


def test_another_policy_settles_on_the_present_one() -> None:
    assert fate(PROPOSAL, kept()).kind == "held"
    changed = fate(PROPOSAL, kept(), configuration=CHANGED)
    assert (changed.kind, changed.reason) == (
        "decided",
        "policy careful was changed, and keeps 1.0.0",
    )
    # A marker of an older version does not say by which policy it was made.
    assert fate(PROPOSAL, kept(), configuration=CHANGED, policies=()).kind == "held"


def test_a_digest_that_the_policy_pins_no_longer() -> None:
    assert fate(PINNED, kept()).kind == "held"
    assert fate(PINNED, kept(), configuration=CHANGED).kind == "decided"
    assert fate(PINNED, kept(listed=("0.9.0",), settled=False)).gone


@pytest.mark.parametrize(
    ("today", "carried"),
    [
        (kept(settled=False, listed=()), True),
        (kept("2.0.0", settled=False, listed=()), False),
        (kept(code="outside-limits", route="", settled=False, listed=()), False),
        (Today(field=field("1.0.0")), True),
        (Today(field=field("1.0.0", refusal="an alias")), False),
        (Today(whole=False), False),
    ],
)
def test_what_can_be_made_again(today: Today, carried: bool) -> None:
    """Only where the field says what it said: the update must not become a downgrade."""
    assert (fate(PROPOSAL, today).carried is not None) is carried


def test_the_update_that_must_wait_for_one_that_is_gone() -> None:
    today = wanted("1.0.5", HERE, ("1.0.0", "1.0.5"))
    assert isinstance(today.entry, Update)
    found = fate(PROPOSAL, today)
    assert (found.gone, found.displaced) == (True, today.entry.id)


@pytest.mark.parametrize(
    ("candidates", "rejected", "code", "settled", "shrunken"),
    [
        (("1.1.0", "1.0.0"), (), "current", True, False),
        (("1.0.0",), ("1.1.0",), "current", True, False),
        (("1.0.0",), (), "current", True, True),
        (("1.1.0",), (), "current", True, True),
        ((), (), "no-candidate", False, True),
        ((), (), "registry-unreachable", False, False),
        ((), (), "no-policy", True, False),
    ],
)
def test_a_shrunken_list(
    candidates: tuple[str, ...],
    rejected: tuple[str, ...],
    code: str,
    settled: bool,
    shrunken: bool,
) -> None:
    decision = Decision(
        code=code,
        reason="",
        settled=settled,
        candidates=candidates,
        rejections=tuple(Rejection(each, "max", "") for each in rejected),
    )
    assert is_shrunken(decision, PROPOSAL) is shrunken


def test_fingerprints_tell_policies_apart() -> None:
    assert policy_fingerprint("careful", CONFIGURATION) == FINGERPRINT
    assert policy_fingerprint("careful", CHANGED) != FINGERPRINT
    assert policy_fingerprint("other", CONFIGURATION) != FINGERPRINT
    assert policy_fingerprint("{semver: ^1}", CONFIGURATION) != FINGERPRINT


def test_the_edit_of_a_proposal() -> None:
    made = edit_to(field("1.0.0"), PROPOSAL.after)
    assert (made.tag, made.digest) == ("1.1.0", None)
    made = edit_to(field("1.0.0"), PINNED.after)
    assert (made.tag, made.digest) == (None, PINNED.after[1])
