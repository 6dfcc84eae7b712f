"""Order `semver`: versions within a range, by Semantic Versioning precedence.

With the strict reading every tag is a version or none. With the natural one, prefix, number of
parts and variant are the current tag's, and the range applies to the numbers between them.
"""

from __future__ import annotations

import functools

from imagebot.policy.model import Policy
from imagebot.policy.natural import Current, Rows, by_skeleton, cut_numbers, ranked, read_rows
from imagebot.policy.natural import read_current as read_natural
from imagebot.policy.ranking import Pool, Ranked, keep, pick
from imagebot.policy.rejections import Refusals
from imagebot.version.precedence import RELEASE, Numbers, Pre, pad, prerelease_key
from imagebot.version.range import Range
from imagebot.version.reading import STRICT, strict_prerelease
from imagebot.version.shape import Layout, Span

_PARTS_WITHOUT_CURRENT = (2, 3, 4)
"""How many numbers a tag has that is adopted: a single one may be a date, a build or a hash."""


def rank(policy: Policy, pool: Pool, current: str | None, refusals: Refusals) -> Ranked:
    if policy.reading == "strict":
        rows, result = _strict(policy, pool, current, refusals)
    else:
        rows, result = _natural(policy, pool, current, refusals)
    assert policy.range is not None, "a policy of order semver has a range"
    admitted = _admitted(policy.range, rows)
    among = set(admitted)
    if len(admitted) < len(rows.tags):
        others = [tag for i, tag in enumerate(rows.tags) if i not in among]
        refusals.add("semver", others, f"not in the range {policy.range.text}")
    return keep(result, admitted)


def semver_pre(layout: Layout, text: str) -> Pre:
    return prerelease_key(layout.prerelease_of(text)) if layout.stage else RELEASE


def _natural(
    policy: Policy, pool: Pool, current: str | None, refusals: Refusals
) -> tuple[Rows, Ranked]:
    now = read_natural(current)
    if now is not None and not _is_version(now):
        now = None
    rows = read_rows(policy, pool, now, refusals, semver_pre)
    if now is None:
        rows = _several_parts(rows, refusals)
    return rows, ranked(rows, now, semver_pre)


def _is_version(now: Current) -> bool:
    return now.shape.parts > 1 or now.shape.kind == "version"


def _several_parts(rows: Rows, refusals: Refusals) -> Rows:
    """Without a current shape: the rows with more than one number, at least three each."""
    kept = [i for i, numbers in enumerate(rows.numbers) if len(numbers) in _PARTS_WITHOUT_CURRENT]
    among = set(kept)
    others = [tag for i, tag in enumerate(rows.tags) if i not in among]
    refusals.add("shape", others, "a single number is adopted by no range: it may be a date")
    rows = rows.only(kept)
    rows.numbers = [(*numbers, 0) if len(numbers) == 2 else numbers for numbers in rows.numbers]
    return rows


def _admitted(versions: Range, rows: Rows) -> list[int]:
    """Positions of the rows within the range."""
    if rows.plain or all(pre == RELEASE for pre in rows.pres):
        return versions.positions_of_releases(rows.numbers)
    return [
        i
        for i, (numbers, pre) in enumerate(zip(rows.numbers, rows.pres, strict=True))
        if versions.admits_key((*pad(numbers), pre))
    ]


def _strict(
    policy: Policy, pool: Pool, current: str | None, refusals: Refusals
) -> tuple[Rows, Ranked]:
    now = _read_strict(current) if current is not None else None
    rows = Rows()
    for skeleton, tags, texts in by_skeleton(pool):
        spans = _strict_spans(skeleton)
        if spans is None:
            refusals.add("semver", tags, "no version: the strict reading wants three numbers")
            continue
        pres = _prereleases(spans[3], texts)
        kept = _staged(policy, now, tags, texts, spans, pres, refusals)
        rows.tags += pick(kept, tags)
        rows.numbers += cut_numbers(spans[:3], pick(kept, texts))
        rows.pres += pick(kept, pres)
        rows.plain = rows.plain and spans[3] == _NOTHING
    rows.forms = [3] * len(rows.tags)
    rows.variants = [()] * len(rows.tags)
    plain = rows.plain and (now is None or now[1] == RELEASE)
    keys = rows.numbers if plain else list(zip(rows.numbers, rows.pres, strict=True))
    current_key = None if now is None else now[0] if plain else now
    return rows, Ranked(
        rows.tags, keys, current_key, rows.numbers, now[0] if now else None, _strict_style
    )


_NOTHING: Span = (-1, -1)
_StrictSpans = tuple[Span, Span, Span, Span]


@functools.lru_cache(maxsize=8192)
def _strict_spans(skeleton: str) -> _StrictSpans | None:
    """Where the three numbers and the pre-release stand in tags of one skeleton."""
    match = STRICT.fullmatch(skeleton)
    return None if match is None else (match.span(1), match.span(2), match.span(3), match.span(4))


def _prereleases(span: Span, texts: list[str]) -> list[Pre | None]:
    if span == _NOTHING:
        return [RELEASE] * len(texts)
    return [strict_prerelease(text[span[0] : span[1]]) for text in texts]


def _staged(
    policy: Policy,
    now: tuple[Numbers, Pre] | None,
    tags: list[str],
    texts: list[str],
    spans: _StrictSpans,
    pres: list[Pre | None],
    refusals: Refusals,
) -> list[int]:
    """Positions of the tags whose pre-release is one, and is taken by the policy."""
    if spans[3] == _NOTHING:
        return list(range(len(tags)))
    bad = [tag for tag, pre in zip(tags, pres, strict=True) if pre is None]
    refusals.add("semver", bad, "a number in its pre-release has a leading zero")
    good = [i for i, pre in enumerate(pres) if pre is not None]
    if policy.prerelease == "allow":
        return good
    taken: list[int] = []
    if policy.prerelease == "same-release" and now is not None and now[1] != RELEASE:
        taken = [i for i in good if cut_numbers(spans[:3], [texts[i]])[0] == now[0]]
    others = [tags[i] for i in good if i not in set(taken)]
    refusals.add("prerelease", others, "a pre-release")
    return taken


def _read_strict(text: str) -> tuple[Numbers, Pre] | None:
    match = STRICT.fullmatch(text)
    pre = strict_prerelease(match[4]) if match else None
    if match is None or pre is None:
        return None
    return (int(match[1]), int(match[2]), int(match[3])), pre


def _strict_style(text: str) -> object:
    return text.startswith("v")
