"""What is said of a field that moves, stays, or has nothing to be compared with. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from imagebot.policy.filters import read_text
from imagebot.policy.model import TIMED_ORDERS, Policy
from imagebot.policy.natural import stage_pre
from imagebot.policy.ranking import Outsiders, Ranked
from imagebot.policy.rejections import Rejections, count_by_rule
from imagebot.policy.rows import cut_numbers
from imagebot.policy.steps import KEPT_NUMBERS
from imagebot.policy.ties import is_same_version
from imagebot.reference import Reference
from imagebot.version.precedence import Numbers, pad
from imagebot.version.reading import Reading
from imagebot.version.shape import Layout

_MOVED = {
    "newer": "{best} is the newest tag the policy allows",
    "equivalent": "{best} is the same version as {current}, which the policy does not allow",
    "downgraded": "{best} is the newest tag the policy allows, and it may go back",
}
_WORDS = ("no", "one", "two", "three", "four", "five", "six")
_BY_DIGEST = "use order: created, or follow"


def why_moved(code: str, best: str, current: str | None) -> str:
    return _MOVED[code].format(best=best, current=current)


def why_unordered(tag: str, reading: Reading) -> str:
    """Why nothing orders a tag that is no version: a hash, or what may be one, or an identity.

    "" for versions, and for words such as `latest`.
    """
    skeleton = reading.skeleton_of(tag)
    layout = reading.layout(skeleton)
    if layout is None:
        if "?" in skeleton:
            return f"nothing tells whether {tag} has a number or a commit hash; {_BY_DIGEST}"
        return f"nothing orders commit hashes; {_BY_DIGEST}" if "~" in skeleton else ""
    if layout.kind == "identity":
        return f"the number in {tag} says which one it is, and not how new"
    return ""


def why_first(
    policy: Policy,
    tags: Sequence[str],
    reference: Reference,
    ranked: Ranked,
    best: str | None,
    *,
    adopt: bool,
) -> tuple[str, str]:
    """Code and reason where there is nothing to compare with: no tag, `latest`, a hash."""
    current = reference.tag
    if not tags:
        return "no-candidate", "the repository has no tags"
    unordered = why_unordered(current, ranked.reading) if current is not None else ""
    if unordered and policy.order == "shape":
        return "no-order", unordered
    if current is not None and policy.order in TIMED_ORDERS:
        return "no-order", f"the time of {current} is unknown, so nothing is known to be newer"
    if not adopt:
        return "no-order", unordered or _incomparable(policy, reference)
    if best is None:
        return "no-candidate", "the policy allows no tag of the repository"
    because = "there is no current tag" if current is None else f"{current} cannot be compared"
    if current is None and reference.digest is not None:
        because = "the digest has no tag to compare with"
    return "adopted", f"{best} is the newest tag the policy allows; {because}"


def _incomparable(policy: Policy, reference: Reference) -> str:
    tag = reference.tag
    if tag is not None:
        return f"{tag} cannot be compared with other tags; {_ways_out(policy, tag)}"
    if reference.digest is not None:
        return "the digest has no tag to compare with: write its tag beside it"
    return "there is no current tag to compare with: give one, or use `adopt: true`"


def _ways_out(policy: Policy, tag: str) -> str:
    if policy.version_of is not None:
        return f"with `adopt: true`, the version of {policy.version_of} replaces it"
    return f"follow: {tag} keeps its digest current, version-of: {tag} writes its version"


def why_none(policy: Policy, reference: Reference, ranked: Ranked, rejections: Rejections) -> str:
    """Why the policy allows no tag of the list, and not the current one either."""
    refused = count_by_rule(rejections)
    beside = f", nor the current {reference.tag}" if reference.tag is not None else ""
    count = len(rejections)
    allows = f"allows none of the {count} tags" if count != 1 else "does not allow the only tag"
    outsider = ""
    if ranked.current is not None:
        outsider = _best_outsider(policy, reference, ranked, any_form=False)
    told = f"; {outsider}" if outsider else ""
    return f"the policy {allows}{beside} (refused: {refused}){told}"


def why_kept(
    policy: Policy,
    tags: Sequence[str],
    reference: Reference,
    compared: Ranked,
    candidates: Sequence[str],
    rejections: Rejections,
) -> str:
    """Why the current tag stays although it can be compared.

    `compared` are all the tags that were, lower ones too. Says what looks newer and was not
    compared, and why.
    """
    current = reference.tag or ""
    equal = [
        tag
        for tag, key in zip(compared.tags, compared.keys, strict=True)
        if key == compared.current and tag != current
    ]
    others = len(compared.tags) - len(equal) - (current in compared.tags)
    if current not in set(tags):
        rest = f"nothing is newer than {current}, which the registry does not list"
    elif current not in candidates:
        rest = f"the policy allows nothing newer than {current}"
    elif tied := _tied(policy, compared, current, equal):
        rest = tied
    else:
        rest = f"{current} is the newest tag the policy allows"
    outsider = _best_outsider(policy, reference, compared, any_form=not others)
    if others or (equal and not outsider):
        return f"{outsider}; {rest}" if outsider else rest
    if outsider:
        return outsider
    if not set(tags) - {current}:
        return f"there is no other tag than {current}"
    return f"no other tag can be compared with {current}{_example(rejections)}"


def _tied(policy: Policy, compared: Ranked, current: str, equal: Sequence[str]) -> str:
    """That some tags with the current one's place may be other images, "" where none may be."""
    twin = next((t for t in equal if not is_same_version(policy, compared, current, t)), None)
    if twin is None:
        return ""
    if compared.hidden is not None and compared.hidden(twin) != compared.hidden(current):
        return f"nothing orders {twin} and {current}: they differ only in what may be a hash"
    more = ", …" if len(equal) > 1 else ""
    shared = f"{len(equal) + 1} tags share the newest place ({current}, {twin}{more})"
    return f"{shared}, so the current one stays"


def _example(rejections: Rejections) -> str:
    """One of the tags that were not compared, and the reason."""
    first = next(iter(rejections), None)
    return f": {first.tag}: {first.reason}" if first is not None else ""


@dataclass(frozen=True, slots=True)
class _Outsider:
    """A tag that was not compared; the one with the highest `rank` is told of."""

    rank: tuple[bool, int, Numbers, str]
    why: str


def _best_outsider(policy: Policy, reference: Reference, ranked: Ranked, *, any_form: bool) -> str:
    """What looks newer than the current tag and was not compared with it, "" for nothing."""
    text = read_text(policy, reference.tag)
    layout = ranked.reading.layout_of(text) if text is not None else None
    if text is None or layout is None or not ranked.outsiders:
        return ""
    now = _Now(policy, text, layout, any_form)
    found = [one for each in ranked.outsiders for one in now.judge(each)]
    return max(found, key=lambda one: one.rank).why if found else ""


@dataclass(frozen=True, slots=True)
class _Now:
    """The current tag. `any_form` is whether tags that cannot be newer are told of, too."""

    policy: Policy
    text: str
    layout: Layout
    any_form: bool

    def judge(self, outsiders: Outsiders) -> Iterator[_Outsider]:
        layout, group = outsiders
        every = cut_numbers(layout.parts, group.texts)
        numbers, text, tag = max(zip(every, group.texts, group.tags, strict=True))
        there = self.layout.numbers_of(self.text)
        if layout.kind != self.layout.kind:
            if self.any_form:
                is_version = layout.kind == "version"
                yield _Outsider(
                    (False, is_version - 100, numbers, tag), f"{tag} is of another form"
                )
            return
        stages = stage_pre(layout, text), stage_pre(self.layout, self.text)
        if (_padded(numbers), stages[0]) <= (_padded(there), stages[1]):
            return
        distance, why = self._difference(layout, tag)
        if distance < _FAR or self.any_form:
            kept = KEPT_NUMBERS[self.policy.max or "major"]
            within = pad(numbers)[:kept] == pad(there)[:kept]
            yield _Outsider((within, -distance, _padded(numbers), tag), why)

    def _difference(self, layout: Layout, tag: str) -> tuple[int, str]:
        """How differently a tag is written, and in what."""
        now = self.layout
        prefix, there = layout.prefix_of(tag), now.prefix_of(self.text)
        if prefix.lower().lstrip("v") != there.lower().lstrip("v"):
            return _FAR, f"{tag} is newer but begins otherwise"
        if prefix != there:
            how = "without the" if len(prefix) < len(there) else "with a"
            return 1, f"{tag} is newer but written {how} v"
        if layout.core != now.core:
            return 1, f"{tag} has {_words(layout.core.count('#'))}"
        if layout.variant == now.variant:
            stage = "a pre-release" if layout.stage else "on another platform"
            return 1, f"{tag} is newer but {stage}"
        if _letters(layout.variant) == _letters(now.variant):
            return 1, f"{tag} has another shape"
        return 2, f"{tag} is newer but of another variant"


_FAR = 10
"""From here on a tag is another thing, and told of only where nothing else was compared."""


def _padded(numbers: Numbers) -> Numbers:
    return (*numbers, 0, 0, 0, 0)[: max(4, len(numbers))]


def _words(count: int) -> str:
    number = _WORDS[count] if count < len(_WORDS) else str(count)
    return f"{number} number{'' if count == 1 else 's'}"


def _letters(variant: str) -> str:
    return "".join(each for each in variant if each.isalpha())
