"""Best first, the same way every time."""

from __future__ import annotations

from collections.abc import Sequence

from imagebot.policy.ranking import Ranked


def best_first(ranked: Ranked, current: str | None, *, descending: bool) -> list[int]:
    """Positions of a ranking's tags, the best first.

    Equal ones: the current tag, then those written like it, then the longer, then by bytes.
    """
    keys = ranked.keys
    order = sorted(range(len(keys)), key=keys.__getitem__, reverse=not descending)
    if len(set(keys)) < len(keys):
        return _settle_ties(ranked, current, order)
    return order


def _settle_ties(ranked: Ranked, current: str | None, order: Sequence[int]) -> list[int]:
    style = ranked.style
    known = current if ranked.current is not None else None
    wanted = style(known) if style is not None and known is not None else None

    def preference(position: int) -> tuple[bool, bool, int, str]:
        tag = ranked.tags[position]
        other_style = style is not None and wanted is not None and style(tag) != wanted
        return (tag != current, other_style, -len(tag), tag)

    out: list[int] = []
    start = 0
    for end in range(1, len(order) + 1):
        if end < len(order) and ranked.keys[order[end]] == ranked.keys[order[start]]:
            continue
        run = order[start:end]
        out += sorted(run, key=preference) if len(run) > 1 else run
        start = end
    return out
