"""Best first, the same way every time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from operator import eq

from imagebot.policy.ranking import Ranked


def best_first(ranked: Ranked, current: str | None, *, descending: bool) -> list[int]:
    """Positions of a ranking's tags, the best first.

    Equal ones: the current tag, then those written like it (or, where it cannot be
    compared, without a variant), then the longer, then by bytes.
    """
    keys = ranked.keys
    order = sorted(range(len(keys)), key=keys.__getitem__, reverse=not descending)
    ranked_keys = [keys[i] for i in order]
    if any(map(eq, ranked_keys, islice(ranked_keys, 1, None))):
        return _settle_ties(ranked, current, order)
    return order


def _settle_ties(ranked: Ranked, current: str | None, order: Sequence[int]) -> list[int]:
    known = current if ranked.current is not None else None
    is_preferred = _preference(ranked, known)

    def preference(position: int) -> tuple[bool, bool, int, str]:
        tag = ranked.tags[position]
        return (tag != current, not is_preferred(tag), -len(tag), tag)

    out: list[int] = []
    start = 0
    for end in range(1, len(order) + 1):
        if end < len(order) and ranked.keys[order[end]] == ranked.keys[order[start]]:
            continue
        run = order[start:end]
        out += sorted(run, key=preference) if len(run) > 1 else run
        start = end
    return out


def _preference(ranked: Ranked, known: str | None) -> Callable[[str], bool]:
    """Which of equal tags come first: those like the current one, or plain ones without one."""
    style = ranked.style
    if known is None:
        return ranked.plain or (lambda _tag: True)
    if style is None:
        return lambda _tag: True
    wanted = style(known)
    return lambda tag: style(tag) == wanted
