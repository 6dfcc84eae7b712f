"""What became of an update that an open pull request proposes. Pure.

It is over only where there is evidence: the base has it, people removed the field, or the policy
settled on something else. Whatever is undecided (a registry, a limit, a route that takes nothing
any more) is held: the pull request keeps it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import replace
from datetime import date
from typing import Literal

from imagebot.config.model import Configuration
from imagebot.manifest.images.field import ImageField
from imagebot.plan.model import Kept, Update
from imagebot.plan.withheld import first_rejection
from imagebot.policy.builtin import BUILT_IN
from imagebot.policy.choose import choose
from imagebot.policy.model import Decision
from imagebot.publish.proposal import Proposal, Value, value_of
from imagebot.values import dataclass

FateKind = Literal["wanted", "moved", "arrived", "removed", "decided", "held", "no-route"]

# Rules that read the registry, the clock or what people did: they may change with the policy as
# it was. Every other rule reads the policy and the tags alone.
_NOT_OF_POLICY = frozenset({"min-age", "platforms", "exists", "version-of", "no-order"})
_BY_PEOPLE = frozenset({"rolled-back", "refused"})
_NOT_COVERED = frozenset({"no-policy", "uncovered"})
_HELD: dict[str, str] = {
    "outside-limits": "`limits.images` of the target does not allow it any more",
    "no-policy": "no route or image entry covers it any more",
    "uncovered": "the plan does not have it any more",
    "unreadable": "its file cannot be read any more",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """What there is now where a proposal is about.

    `entry` is the plan's, and `field` the base's also where the plan has none. `whole` when the
    base's file could be read to its end, or is not there. `branch` is where an update is published.
    """

    entry: Update | Kept | None = None
    field: ImageField | None = None
    whole: bool = True
    branch: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """`reason` is a sentence for people, the same in every pass; `code` says what holds it.

    `branch` is where the update went, or where another of the same field is proposed. `carried` is
    the base's field where the update can still be made of it just as before; `displaced` then the
    id of the update of that field that must wait for it. `listed` when the registry gave a list.
    `today` is what the base says now, and `policy` the name of the policy that governs the field,
    where they are known.
    """

    proposal: Proposal
    kind: FateKind
    reason: str = ""
    code: str = ""
    branch: str = ""
    carried: ImageField | None = None
    listed: bool = False
    displaced: str = ""
    today: Value | None = None
    policy: str = ""

    @property
    def over(self) -> bool:
        return self.kind in ("moved", "arrived", "removed", "decided")

    @property
    def gone(self) -> bool:
        """Whether the registry's list is shrunken."""
        return self.code == "gone"


def fate_of(
    proposal: Proposal,
    today: Today,
    *,
    branch: str,
    configuration: Configuration,
    policies: Collection[str] = (),
    on: date,
) -> Fate:
    """What became of a proposal of `branch`, which was made by `policies` (fingerprints).

    `on` is the day of the pass, in UTC.
    """
    entry = today.entry
    if isinstance(entry, Update):
        return _of_update(proposal, entry, today, branch, configuration, on)
    if today.field is None:
        if today.whole:
            return Fate(proposal=proposal, kind="removed", reason="it is not in the file any more")
        return _held(proposal, today, "unreadable")
    if value_of(today.field) == proposal.after:
        reason = "the target has it"
        return Fate(proposal=proposal, kind="arrived", reason=reason, today=proposal.after)
    if entry is None:
        return _held(proposal, today, "uncovered")
    return _of_kept(proposal, entry, today, configuration, policies, on)


def policy_fingerprint(name: str, configuration: Configuration) -> str:
    """Another one for another policy, or for the same with other keys.

    The name of a marker's policy is what the marker says.
    """
    keys = configuration.policy_keys.get(name, {})
    text = json.dumps([name, keys], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def says(value: Value) -> str:
    """A tag and a digest for people."""
    tag, digest = value
    return " ".join(part for part in (tag, digest and digest[:19]) if part) or "no tag"


def _of_update(
    proposal: Proposal,
    update: Update,
    today: Today,
    branch: str,
    configuration: Configuration,
    on: date,
) -> Fate:
    current = update.field.reference
    wanted = (update.tag or current.tag, update.digest or current.digest)
    if wanted == proposal.after:
        if today.branch == branch:
            return Fate(proposal=proposal, kind="wanted", branch=branch)
        reason = f"route {update.route} {_verb(update.route, configuration)} it now"
        return Fate(proposal=proposal, kind="moved", reason=reason, branch=today.branch)
    if _is_lost(proposal, update, configuration, on):
        return replace(_gone(proposal, today, update.decision), displaced=update.id)
    reason = f"policy {update.decision.policy} takes {says(wanted)} now"
    return Fate(proposal=proposal, kind="decided", reason=reason, branch=today.branch)


def _is_lost(proposal: Proposal, update: Update, configuration: Configuration, on: date) -> bool:
    """Whether the update is only wanted because the registry's list lacks the better proposal."""
    tag, decision = proposal.after[0], update.decision
    listed = _listed(decision)
    if tag is None or tag == proposal.before[0] or not listed or tag in listed:
        return False
    both = tuple(each for each in (tag, update.tag) if each is not None)
    return _best(both, update, configuration, on) == tag


def _best(
    tags: tuple[str, ...], entry: Update | Kept, configuration: Configuration, on: date
) -> str | None:
    """What the policy would take of these tags now; None where it allows none of them."""
    policy = configuration.policies.get(entry.decision.policy) or BUILT_IN["shape"]
    candidates = choose(policy, tags, entry.field.reference, today=on).candidates
    return candidates[0] if candidates else None


def _verb(name: str, configuration: Configuration) -> str:
    commits = any(r.name == name and r.publish == "commit" for r in configuration.routes)
    return "commits" if commits else "proposes"


def _of_kept(
    proposal: Proposal,
    kept: Kept,
    today: Today,
    configuration: Configuration,
    policies: Collection[str],
    on: date,
) -> Fate:
    decision, current = kept.decision, value_of(kept.field)
    other = _vetoed_other(kept, proposal)
    if decision.code == "ignored" or (decision.code in _BY_PEOPLE and not other):
        return Fate(proposal=proposal, kind="decided", reason=decision.reason)
    if is_shrunken(decision, proposal):
        return _gone(proposal, today, decision)
    if other:
        reason = f"policy {decision.policy} takes {other} now, which was {decision.reason}"
        tag = proposal.after[0]
        if tag is not None and _best((tag,), kept, configuration, on) == tag:
            return replace(_held(proposal, today, decision.code), reason=reason)
        if current == proposal.before:
            return Fate(proposal=proposal, kind="decided", reason=reason)
    if not decision.settled or not kept.route or decision.code in _NOT_OF_POLICY:
        return _held(proposal, today, decision.code)
    if current != proposal.before:
        reason = f"the target has {says(current)}, which policy {decision.policy} keeps"
        return Fate(proposal=proposal, kind="arrived", reason=reason, today=current)
    if _was_changed(decision, proposal, configuration, policies):
        reason = f"policy {decision.policy} was changed, and keeps {says(current)}"
        return Fate(proposal=proposal, kind="decided", reason=reason)
    return _held(proposal, today, decision.code)


def _vetoed_other(kept: Kept, proposal: Proposal) -> str:
    """The tag that people do not want, where that is another one than the proposed; else ""."""
    code = kept.decision.code
    vetoed = first_rejection(kept, code) if code in _BY_PEOPLE else None
    return vetoed.tag if vetoed is not None and vetoed.tag != proposal.after[0] else ""


def is_shrunken(decision: Decision, proposal: Proposal) -> bool:
    """Whether the registry's list lacks the tag that is there, or the one that was proposed."""
    if not _listed(decision):
        # A list that is empty, or has not even the one tag that the policy is about.
        return not decision.settled and decision.code == "no-candidate"
    return bool(_missing(decision, proposal))


def _listed(decision: Decision) -> set[str]:
    return {*decision.candidates, *(each.tag for each in decision.rejections)}


def _missing(decision: Decision, proposal: Proposal) -> tuple[str, ...]:
    """The tags of a proposal that the registry's list has lost, each once."""
    before, listed = proposal.before[0], _listed(decision)
    if not decision.current_listed:
        listed -= {before}
    tags = dict.fromkeys((before, proposal.after[0]))
    if not proposal.was_listed:
        del tags[before]
    return tuple(tag for tag in tags if tag is not None and tag not in listed)


def _was_changed(
    decision: Decision, proposal: Proposal, configuration: Configuration, policies: Collection[str]
) -> bool:
    """Whether people changed the policy: a policy refuses nothing that it proposed itself."""
    if policies and policy_fingerprint(decision.policy, configuration) not in policies:
        return True
    tag = proposal.after[0]
    if tag is None or tag == proposal.before[0]:
        return False
    return any(
        each.tag == tag and each.rule not in _NOT_OF_POLICY | _BY_PEOPLE
        for each in decision.rejections
    )


def _gone(proposal: Proposal, today: Today, decision: Decision) -> Fate:
    missing = " or ".join(_missing(decision, proposal)) or "its tags"
    return replace(
        _held(proposal, today, "gone"), reason=f"the registry does not list {missing} any more"
    )


def _held(proposal: Proposal, today: Today, code: str) -> Fate:
    reason = _HELD.get(code, f"nothing was decided for it this time ({code})")
    field = today.field
    carried = None
    if field is not None and value_of(field) == proposal.before and code != "outside-limits":
        carried = None if field.refusal else field
    kind: FateKind = "no-route" if code in _NOT_COVERED else "held"
    policy = today.entry.decision.policy if today.entry is not None else ""
    return Fate(
        proposal=proposal,
        kind=kind,
        reason=reason,
        code=code,
        carried=carried,
        listed=today.entry is not None and bool(_listed(today.entry.decision)),
        policy=policy,
    )
