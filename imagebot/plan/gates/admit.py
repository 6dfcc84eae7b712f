"""From a choice to a decision: asks the registry about candidates, the best first.

The gates are imported with the first candidate: most passes find none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from imagebot.errors import RepositoryNotFoundError
from imagebot.plan.gates.facts import Facts
from imagebot.plan.gates.verdict import Passed, Refused, Verdict
from imagebot.policy.model import Choice, Decision, Policy, Rejection, UpdateType
from imagebot.policy.rejections import refused_later
from imagebot.policy.update_types import moves_of, update_type_of
from imagebot.reference import Reference
from imagebot.registry.api import Registry

MOST_EXAMINED = 100
"""How many candidates the gates look at before they give up: each may cost several requests."""

_SHOWN = len("sha256:") + 12


def admit(
    choice: Choice, policy: Policy, field_reference: Reference, images: Registry, *, now: datetime
) -> Decision:
    """What a field shall say, given what a policy chose among its repository's tags.

    Asks only what the policy needs, and stops at the first candidate that passes every gate. Where
    the tag stays, its digest may change: where the policy pins it, or where it is written beside a
    floating tag.
    Raises RegistryError when the registry does not answer; a candidate whose manifest is missing
    is refused instead.
    """
    return _Admission(choice, policy, field_reference, images, now).decide()


class _Admission:
    def __init__(
        self,
        choice: Choice,
        policy: Policy,
        current: Reference,
        images: Registry,
        now: datetime,
    ) -> None:
        self.choice = choice
        self.policy = policy
        self.current = current
        self.now = now
        self.examined = choice.successors[:MOST_EXAMINED]
        asked = self.examined or ((current.tag,) if current.tag is not None else ())
        self.facts = Facts(images, current.repository, asked)
        self.refused: list[Rejection] = []
        self.others: tuple[Rejection, ...] = ()
        self.settled = choice.settled
        self.current_listed = choice.current_listed

    def decide(self) -> Decision:
        if self.policy.follow is not None and self.choice.successors:
            return self._follow(self.choice.successors[0])
        if self.policy.version_of is not None:
            return self._find_version(self.policy.version_of)
        for tag in self.examined:
            verdict = self._pass_gates(tag, self.facts, with_digest=self._writes_digest)
            if isinstance(verdict, Refused):
                self._refuse(tag, verdict)
                continue
            if conflict := self._conflict(tag):
                self.settled = False
                return self._nothing("no-order", conflict)
            return self._take(tag, verdict, self.choice.reason)
        return self._stay()

    @property
    def _writes_digest(self) -> bool:
        return self.policy.pin is not None or self.current.digest is not None

    def _pass_gates(self, tag: str, facts: Facts, *, with_digest: bool) -> Verdict:
        from imagebot.plan.gates.run import pass_gates

        return pass_gates(tag, self.policy, facts, self.now, with_digest=with_digest)

    def _conflict(self, tag: str) -> str:
        from imagebot.plan.gates.ties import find_conflict

        return find_conflict(self.choice.tied_with(tag), self.facts)

    def _take(self, tag: str, verdict: Passed, reason: str) -> Decision:
        digest = self.facts.digest(tag) if self._writes_digest else None
        by_digest_alone = self.current.tag is None and self.current.digest is not None
        if by_digest_alone and digest == self.current.digest and self.policy.pin is None:
            return self._nothing("current", f"it is the digest of {tag}")
        if self.refused:
            reason = f"{tag} is the newest that passes"
        variant = moves_of(self.policy, self.current.tag, tag, self.choice.reading)
        reason = _join(reason, verdict) + (f"; variant {variant}" if variant else "")
        if self.refused:
            first = self.refused[0]
            reason += f"; {first.tag}: {first.reason}"
        decided = self._decision(tag, digest, self._type(tag), self.choice.code, reason)
        return replace(decided, variant=variant) if variant else decided

    def _type(self, tag: str) -> UpdateType:
        return update_type_of(self.policy, self.current.tag, tag, self.choice.reading)

    def _stay(self) -> Decision:
        """The tag stays."""
        code, reason = self.choice.code, self.choice.reason
        if self.refused:
            first = self.refused[0]
            code, reason = first.rule, f"{first.tag}: {first.reason}"
            if len(self.choice.successors) > len(self.examined):
                reason += f" (no more than {MOST_EXAMINED} candidates are looked at)"
        return self._keep(code, reason)

    def _keep(self, code: str, reason: str) -> Decision:
        """The tag stays; its digest may not, unless that is only for want of a list."""
        tag, pin = self.current.tag, self.policy.pin
        if tag is None or not self.settled or self.policy.ignored or self.policy.follow is not None:
            return self._nothing(code, reason)
        if self.current.digest is None and pin is None:
            return self._nothing(code, reason)
        return self._look_at_digest(tag, code, reason)

    def _look_at_digest(self, tag: str, code: str, reason: str) -> Decision:
        """What becomes of the digest beside a tag that stays, or of its absence."""
        facts = self.facts.about((tag,))
        try:
            digest = facts.digest(tag)
        except RepositoryNotFoundError:
            self.current_listed = False
            reason = f"{reason}; {tag} is not in the registry"
            if self.current.digest is not None and not self._follows_its_tag():
                return self._nothing(code, reason)
            return self._without_digest(code, reason)
        if digest == self.current.digest:
            return self._nothing(code, reason)
        if self.current.digest is not None and not self._follows_its_tag():
            if _is_of(tag, self.current.digest, facts):
                return self._nothing(code, reason)
            moved = f"{tag} has the digest {digest[:_SHOWN]} now; `pin: digest` would follow it"
            moved += "" if code == "current" else f"; {reason}"
            return self._nothing("tag-moved", moved)
        return self._repin(tag, digest, facts, code, reason)

    def _follows_its_tag(self) -> bool:
        pin = self.policy.pin
        return pin == "always" or (pin is None and self.choice.floating)

    def _repin(self, tag: str, digest: str, facts: Facts, code: str, reason: str) -> Decision:
        """Write the digest that the tag has now, unless a gate objects."""
        verdict = self._pass_gates(tag, facts, with_digest=True)
        if isinstance(verdict, Refused):
            return self._keep_digest(tag, verdict, code, reason)
        what = "moved to another digest" if self.current.digest else "has no digest yet"
        return self._decision(None, digest, "digest", "digest", _join(f"{tag} {what}", verdict))

    def _keep_digest(self, tag: str, verdict: Refused, code: str, reason: str) -> Decision:
        """A newer tag that is refused too is what people want to hear about first."""
        if self.refused:
            return self._nothing(code, reason)
        if tag in self.choice.candidates:
            return self._hold(tag, verdict, "the digest of ")
        reason = f"the digest of {tag}: {verdict.reason}"
        return self._nothing(verdict.rule, reason, verdict.eligible_at)

    def _without_digest(self, code: str, reason: str) -> Decision:
        """Keep a field whose tag has no digest that could be written: that is not a decision.

        The answer has no body, so only the list tells a tag that is gone from a repository.
        """
        self.settled = False
        try:
            tags = self.facts.listed()
        except RepositoryNotFoundError:
            code, reason = "no-candidate", "the registry does not have the repository"
        else:
            if not tags:
                code, reason = "no-candidate", "the repository has no tags"
        return self._nothing(code, reason)

    def _find_version(self, moving: str) -> Decision:
        """Of the tags that the policy would take, and the current one, that which is `moving`."""
        from imagebot.plan.gates.version_of import find_version

        now = self.current.tag
        stays = (now,) if now is not None and now in self.choice.candidates else ()
        asked = tuple(dict.fromkeys((*self.examined, *stays)))
        if not asked:
            return self._stay()
        found = find_version(moving, asked, self.facts)
        self.others = tuple(
            Rejection(tag, "version-of", f"not the image that {moving} is now")
            for tag in found.others
            if tag != now
        )
        if found.digest is None:
            self.settled = False
            return self._keep("no-candidate", f"{moving} is not in the registry")
        if found.tag is None:
            reason = self._why_none(moving, found.digest, asked)
            if not self.settled:
                reason += f"; the registry does not list {now}"
            return self._keep("no-candidate", reason)
        reason = f"{found.tag} is what {moving} is now"
        if found.tag == now:
            return self._keep("current", reason)
        verdict = self._pass_gates(found.tag, self.facts, with_digest=self._writes_digest)
        if isinstance(verdict, Refused):
            self._refuse(found.tag, verdict)
            return self._stay()
        return self._take(found.tag, verdict, reason)

    def _why_none(self, moving: str, digest: str, asked: Sequence[str]) -> str:
        best = "best " if len(self.choice.successors) > len(self.examined) else ""
        none = f"none of the {len(asked)} {best}tags" if len(asked) > 1 else f"not {asked[0]}"
        only = "" if len(asked) > 1 else ", the only tag"
        allowed = f"{moving} is {none}{only} that the policy allows"
        reason = f"{allowed}: it has the digest {digest[:_SHOWN]}"
        blocked = self.choice.code in ("max", "ignore")
        return f"{reason}; {self.choice.reason}" if blocked else reason

    def _follow(self, tag: str) -> Decision:
        try:
            digest = self.facts.digest(tag)
        except RepositoryNotFoundError:
            reason = f"the policy follows {tag}, which is not in the registry"
            return replace(self._without_digest("no-candidate", reason), candidates=())
        is_alone = self.current.tag is None and self.current.digest is not None
        moves_tag = self.current.tag != tag and (not is_alone or self.policy.pin is not None)
        if self.current.chart and not moves_tag:
            return self._nothing("current", self.choice.reason)
        if digest == self.current.digest and not moves_tag:
            return self._nothing("current", f"it is the digest of {tag}")
        verdict = self._pass_gates(tag, self.facts, with_digest=True)
        if isinstance(verdict, Refused):
            return self._hold(tag, verdict)
        reason = _join(self.choice.reason, verdict)
        if not moves_tag:
            return self._decision(None, digest, "digest", "digest", reason)
        written = None if self.current.chart else digest
        return self._decision(tag, written, self._type(tag), "newer", reason)

    def _hold(self, tag: str, verdict: Refused, what: str = "") -> Decision:
        self._refuse(tag, verdict)
        return self._nothing(verdict.rule, f"{what}{tag}: {verdict.reason}")

    def _refuse(self, tag: str, verdict: Refused) -> None:
        self.refused.append(Rejection(tag, verdict.rule, verdict.reason, verdict.eligible_at))

    def _nothing(self, code: str, reason: str, eligible_at: datetime | None = None) -> Decision:
        """Nothing is written."""
        return self._decision(None, None, None, code, reason, eligible_at)

    def _decision(
        self,
        tag: str | None,
        digest: str | None,
        update_type: UpdateType | None,
        code: str,
        reason: str,
        eligible_at: datetime | None = None,
    ) -> Decision:
        later = (*self.others, *self.refused)
        rejections, candidates = self.choice.rejections, self.choice.candidates
        if later:
            gone = {rejection.tag for rejection in later}
            rejections = refused_later(rejections, later)
            candidates = tuple(one for one in candidates if one not in gone)
        waiting = self.refused[0].eligible_at if self.refused else self.choice.eligible_at
        return Decision(
            policy=self.policy.name,
            tag=tag,
            digest=digest,
            update_type=update_type,
            code=code,
            reason=reason,
            eligible_at=eligible_at or waiting,
            candidates=candidates,
            rejections=rejections,
            allows_none=self.choice.allows_none,
            settled=self.settled or update_type is not None,
            reading=self.choice.reading,
            current_listed=self.current_listed,
        )


def _is_of(tag: str, digest: str, facts: Facts) -> bool:
    """Whether a digest is that of one platform of a tag, which then has not moved."""
    try:
        return facts.is_of(tag, digest)
    except RepositoryNotFoundError:
        return False


def _join(reason: str, verdict: Passed) -> str:
    return f"{reason}, {verdict.note}" if verdict.note else reason
