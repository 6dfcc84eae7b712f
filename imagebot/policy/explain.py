"""Why this tag and why not that one, as values for `pick` and `plan --explain`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from imagebot.policy.model import Choice, Decision, Policy, Rejection, UpdateType
from imagebot.policy.update_types import update_type_of
from imagebot.reference import Reference
from imagebot.values import dataclass
from imagebot.version.reading import Reading

_MOST_NAMED = 5

Verdict = Literal["chosen", "candidate", "refused"]


@dataclass(frozen=True, slots=True)
class TagExplanation:
    """What became of one tag.

    `rule` is the first that refused it, "" for candidates; `update_type` what a move to it is;
    `eligible_at` when time alone will let it pass.
    """

    tag: str
    verdict: Verdict
    is_current: bool
    rule: str
    reason: str
    update_type: UpdateType | None
    eligible_at: datetime | None = None

    def __str__(self) -> str:
        return self.said_of(self.tag)

    def said_of(self, tags: str) -> str:
        """The same of several tags, named in one text."""
        words = {"chosen": "chosen", "candidate": "candidate", "refused": f"refused by {self.rule}"}
        text = f"{tags}: {words[self.verdict]}"
        if self.is_current:
            text += " (current)"
        if self.reason:
            text += f": {self.reason}"
        if self.eligible_at is not None:
            text += f"; eligible from {self.eligible_at:%Y-%m-%d %H:%M} UTC"
        return text


@dataclass(frozen=True, slots=True)
class Explanation:
    """`tags`: the chosen one, the other candidates best first, then the refused ones.

    As text, many tags that were refused for one reason share a line.
    """

    code: str
    reason: str
    eligible_at: datetime | None
    tags: tuple[TagExplanation, ...]

    def __str__(self) -> str:
        groups: dict[object, list[TagExplanation]] = {}
        for one in self.tags:
            alike = (one.rule, one.reason, one.eligible_at, one.is_current) if one.rule else one.tag
            groups.setdefault(alike, []).append(one)
        lines = [f"{self.code}: {self.reason}"]
        for group in groups.values():
            if len(group) > _MOST_NAMED:
                lines.append(group[0].said_of(name_tags([one.tag for one in group])))
            else:
                lines += [str(one) for one in group]
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class SharedRejection:
    """Tags that one rule rejected for one reason, in the order of the rejections."""

    tags: tuple[str, ...]
    rule: str
    reason: str
    eligible_at: datetime | None


def share_reasons(rejections: Sequence[Rejection]) -> list[SharedRejection]:
    """The rejections by their reasons, those of the most tags first."""
    groups: dict[tuple[str, str, datetime | None], list[str]] = {}
    for one in rejections:
        groups.setdefault((one.rule, one.reason, one.eligible_at), []).append(one.tag)
    shared = [SharedRejection(tuple(tags), *key) for key, tags in groups.items()]
    return sorted(shared, key=lambda each: -len(each.tags))


def name_tags(tags: Sequence[str]) -> str:
    """Some tags by name, and how many more there are."""
    if len(tags) <= _MOST_NAMED:
        return ", ".join(tags)
    named = ", ".join(tags[: _MOST_NAMED - 1])
    return f"{named} and {len(tags) - _MOST_NAMED + 1} more"


def explain(
    policy: Policy,
    tags: Sequence[str],
    outcome: Choice | Decision,
    current: Reference,
    *,
    of_interest: Sequence[str] | None = None,
) -> Explanation:
    """What became of each of a repository's tags, or of those of interest.

    A tag of interest that the repository does not have is said to be missing.
    """
    chosen = _chosen(outcome)
    wanted = None if of_interest is None else set(of_interest)
    ranked = sorted(outcome.candidates, key=lambda tag: tag != chosen)
    told = [_candidate(policy, tag, tag == chosen, current, outcome.reading) for tag in ranked]
    told += [_refused(policy, each, current, outcome.reading) for each in outcome.rejections]
    told += _missing(tags, outcome, of_interest or (), current)
    kept = told if wanted is None else [one for one in told if one.tag in wanted]
    return Explanation(outcome.code, outcome.reason, outcome.eligible_at, tuple(kept))


def _chosen(outcome: Choice | Decision) -> str | None:
    if isinstance(outcome, Decision):
        return outcome.tag
    return outcome.successors[0] if outcome.successors else None


def _candidate(
    policy: Policy, tag: str, chosen: bool, current: Reference, reading: Reading
) -> TagExplanation:
    verdict: Verdict = "chosen" if chosen else "candidate"
    update_type = _update_type(policy, tag, current, reading)
    return TagExplanation(tag, verdict, tag == current.tag, "", "", update_type)


def _refused(
    policy: Policy, rejection: Rejection, current: Reference, reading: Reading
) -> TagExplanation:
    tag = rejection.tag
    return TagExplanation(
        tag=tag,
        verdict="refused",
        is_current=tag == current.tag,
        rule=rejection.rule,
        reason=rejection.reason,
        update_type=_update_type(policy, tag, current, reading),
        eligible_at=rejection.eligible_at,
    )


def _update_type(
    policy: Policy, tag: str, current: Reference, reading: Reading
) -> UpdateType | None:
    return None if tag == current.tag else update_type_of(policy, current.tag, tag, reading)


def _missing(
    tags: Sequence[str],
    outcome: Choice | Decision,
    of_interest: Sequence[str],
    current: Reference,
) -> list[TagExplanation]:
    if not of_interest:
        return []
    there = {*tags, *outcome.candidates}
    return [
        TagExplanation(
            tag, "refused", tag == current.tag, "missing", "the registry does not list it", None
        )
        for tag in dict.fromkeys(of_interest)
        if tag not in there
    ]
