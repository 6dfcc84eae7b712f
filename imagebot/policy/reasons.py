"""What is said of a field that moves, stays, or has nothing to be compared with. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from imagebot.policy.model import TIMED_ORDERS, Policy, Rejection
from imagebot.policy.outsiders import best_outsider, has_lower
from imagebot.policy.ranking import Outsiders, Pool, Ranked
from imagebot.policy.rejections import Block, Rejections, count_by_rule
from imagebot.policy.rows import cut_numbers, read_pool
from imagebot.policy.ties import is_same_version
from imagebot.reference import Reference
from imagebot.version.precedence import Numbers
from imagebot.version.reading import Reading

_MOVED = {
    "newer": "{best} is the newest tag the policy allows",
    "equivalent": "{best} is the same version as {current}, which the policy does not allow",
    "downgraded": "{best} is the newest tag the policy allows, and it may go back",
}
_WORDS = ("no", "one", "two", "three", "four", "five", "six")
_NUMBER = re.compile("[0-9]+")
_HIDDEN = re.compile("[~?]")
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
    outsider = ""
    if ranked.current is not None:
        outsider = best_outsider(policy, reference, ranked, any_form=False)
    elif example := _best_refused(ranked, rejections):
        outsider = f"{example.tag} is refused: {example.reason}"
    told = f"; {outsider}" if outsider else ""
    return f"{_allows_none(len(rejections), reference.tag)} (refused: {refused}){told}"


def _allows_none(count: int, current: str | None) -> str:
    allows = f"allows none of the {count} tags" if count != 1 else "does not allow the only tag"
    beside = f", nor the current {current}" if current is not None else ""
    return f"the policy {allows}{beside}"


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
    elsewhere = _elsewhere(policy, compared)
    others = len(compared.tags) - len(equal) - (current in compared.tags) - len(elsewhere)
    if current not in set(tags):
        rest = f"nothing is newer than {current}, which the registry does not list"
    elif current not in candidates:
        rest = f"the policy allows nothing newer than {current}"
    elif tied := _tied(policy, compared, current, equal):
        rest = tied
    else:
        rest = f"{current} is the newest tag the policy allows"
    outsider = best_outsider(policy, reference, compared, any_form=not others)
    if others or (equal and not outsider):
        return f"{outsider}; {rest}" if outsider else rest
    if outsider:
        return outsider
    if elsewhere:
        return f"{max(elsewhere)} is the same version on another platform"
    if has_lower(policy, reference, compared):
        return f"{current} is the newest tag the policy allows"
    if not set(tags) - {current}:
        return f"there is no other tag than {current}"
    return _alone(current, rejections)


def _elsewhere(policy: Policy, compared: Ranked) -> list[str]:
    """Tags that have only a higher platform than the current one, where the policy keeps it."""
    if policy.variant != "same" or not compared.moved:
        return []
    version = compared.current[:-1]
    return [
        tag
        for tag, key in zip(compared.tags, compared.keys, strict=True)
        if tag in compared.moved and key[:-1] == version
    ]


def _extracts(policy: Policy) -> bool:
    return policy.pattern is not None and bool(policy.pattern.extract)


def _tied(policy: Policy, compared: Ranked, current: str, equal: Sequence[str]) -> str:
    """That some tags with the current one's place may be other images, "" where none may be."""
    others = [tag for tag in equal if not is_same_version(policy, compared, current, tag)]
    if not others:
        return ""
    twin = max(others)
    reads_tags = policy.order not in TIMED_ORDERS and not _extracts(policy)
    if reads_tags and _HIDDEN.search(compared.reading.skeleton_of(twin)):
        return f"nothing orders {twin} and {current}: they differ only in what may be a hash"
    more = ", …" if len(equal) > 1 else ""
    shared = f"{len(equal) + 1} tags share the newest place ({current}, {twin}{more})"
    return f"{shared}, so the current one stays"


_FILTERS = frozenset({"include", "exclude", "pattern", "semver", "prerelease"})
"""Rules that refuse what could be compared."""


def _alone(current: str, rejections: Rejections) -> str:
    """What is said where nothing was compared, with the likest tag that was refused."""
    example = _likest(current, rejections)
    if example is None:
        return f"no other tag can be compared with {current}"
    alone = f"no other tag can be compared with {current}"
    if example.rule in _FILTERS:
        alone = f"the policy allows no other tag than {current}"
    return f"{alone}; {example.tag} is refused: {example.reason}"


def _best_refused(ranked: Ranked, rejections: Rejections) -> Rejection | None:
    """The highest of the tags that have a number, and are written otherwise than is adopted."""
    blocks = [block for block in rejections.blocks if block.rule in ("shape", "variant")]
    found: list[tuple[bool, Numbers, str]] = []
    for layout, group in ranked.outsiders or _read_blocks(blocks):
        if layout.kind != "identity" and not layout.of_platform:
            numbers = cut_numbers(layout.parts, group.texts)
            best = max(zip(numbers, group.tags, strict=True))
            found.append((layout.kind == "version", *best))
    for *_, tag in sorted(found, reverse=True):
        for block in blocks:
            if tag in block.tags:
                return block.rejection(tag)
    return None


def _read_blocks(blocks: Sequence[Block]) -> Iterator[Outsiders]:
    tags = [tag for block in blocks for tag in block.tags]
    reading, groups = read_pool(Pool(tags, tags), None)
    for group in groups:
        layout = reading.layout(group.skeleton)
        if layout is not None:
            yield layout, group


def _likest(current: str, rejections: Rejections) -> Rejection | None:
    """The highest of the tags that are written like the current one, else the first of all."""
    others = [one for one in rejections if one.tag != current]
    form = _NUMBER.sub("#", current)
    alike = [one for one in others if _NUMBER.sub("#", one.tag) == form]
    if alike:
        return max(alike, key=lambda one: ([*map(int, _NUMBER.findall(one.tag))], one.tag))
    return others[0] if others else None
