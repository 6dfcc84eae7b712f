"""Order `numerical`: exact numbers of any length, with or without a fraction.

Flux's order of this name compares 64-bit floats, in which 2^53 + 1 equals 2^53.
"""

from __future__ import annotations

import re
from decimal import Decimal

from imagebot.policy.model import Policy
from imagebot.policy.ranking import Pool, Ranked
from imagebot.policy.rejections import Refusals

_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")


def rank(_policy: Policy, pool: Pool, current: str | None, refusals: Refusals) -> Ranked:
    keys = [_number(text) for text in pool.texts]
    if None in keys:
        texts = dict(zip(pool.tags, pool.texts, strict=True))
        refused = [tag for tag, key in zip(pool.tags, keys, strict=True) if key is None]
        refusals.add("numerical", refused, lambda tag: f"{texts[tag]!r} is not a number")
        kept = [(t, k) for t, k in zip(pool.tags, keys, strict=True) if k is not None]
        return Ranked([t for t, _ in kept], [k for _, k in kept], _current(current))
    return Ranked(pool.tags, keys, _current(current))


def _current(text: str | None) -> int | Decimal | None:
    return None if text is None else _number(text)


def _number(text: str) -> int | Decimal | None:
    if text.isdigit() and text.isascii():
        return int(text)
    # Comparing decimals is exact: only arithmetic on them rounds.
    return Decimal(text) if _NUMBER.fullmatch(text) else None
