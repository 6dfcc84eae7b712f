"""Order `calver`: by the date in the text, whichever of the usual ways it is written.

`20240105`, `202401051200`, `2024-01-05`, `2024.1`, `24.04`, each with a time or a counter after
it. Tags are compared when they are the same around the date.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from imagebot.policy.model import Policy
from imagebot.policy.ranking import Pool, Ranked
from imagebot.policy.rejections import Refusals
from imagebot.version.shape import numbers_from, outline

_DATE = re.compile(
    r"(?<![0-9])(?:"
    r"(?P<y1>199[0-9]|20[0-9]{2})(?P<m1>0[1-9]|1[0-2])(?P<d1>0[1-9]|[12][0-9]|3[01])"
    r"(?P<clock>(?:[0-9]{2}){0,3})(?![0-9])"
    r"|(?P<y2>199[0-9]|20[0-9]{2})(?P<s>[-._])(?P<m2>0?[1-9]|1[0-2])"
    r"(?:(?P=s)(?P<d2>0?[1-9]|[12][0-9]|3[01]))?(?![0-9])"
    r"|(?P<y3>[0-9]{2})\.(?P<m3>0?[1-9]|1[0-2])(?![0-9])"
    r")"
)
_TAIL = re.compile(r"(?:[-._T:]?[0-9]+)*")
_NUMBER = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True)
class Dated:
    """`key` has the date and the numbers that go on from it; `frame` is the text around them.

    `others` are the numbers further on, which compare within one frame only.
    """

    key: tuple[int, ...]
    frame: str
    others: tuple[int, ...] = ()


def rank(policy: Policy, pool: Pool, current: str | None, refusals: Refusals) -> Ranked:
    now = read_date(current) if current is not None else None
    tags: list[str] = []
    keys: list[object] = []
    undated: list[str] = []
    framed: list[str] = []
    for tag, text in zip(pool.tags, pool.texts, strict=True):
        dated = read_date(text)
        if dated is None:
            undated.append(tag)
        elif not _fits(policy, dated, now):
            framed.append(tag)
        else:
            tags.append(tag)
            keys.append(_key(dated, now))
    refusals.add("calver", undated, "it does not contain a date")
    wanted = f"the current tag is written {now.frame}" if now else "only plain dates are adopted"
    refusals.add("shape", framed, f"{wanted}, # being the date")
    return Ranked(tags, keys, _key(now, now) if now else None, style=_style, plain=_is_plain)


def _style(tag: str) -> object:
    dated = read_date(tag)
    return dated.frame if dated else None


def _is_plain(tag: str) -> bool:
    return _style(tag) == "#"


def read_date(text: str) -> Dated | None:
    """The first date in a text, and the numbers after it; None when there is none."""
    found = _DATE.search(text)
    if found is None:
        return None
    year = found["y1"] or found["y2"] or "20" + found["y3"]
    month = found["m1"] or found["m2"] or found["m3"]
    day = found["d1"] or found["d2"] or "0"
    clock = found["clock"] or ""
    hours = [clock[i : i + 2] for i in range(0, len(clock), 2)]
    tail = _TAIL.match(text, found.end())
    end = tail.end() if tail else found.end()
    counters = _NUMBER.findall(text, found.end(), end)
    key = tuple(map(int, (year, month, day, *hours, *counters)))
    frame = f"{text[: found.start()]}#{outline(text[end:])}"
    return Dated(key, frame, numbers_from(text, end))


def _key(dated: Dated, now: Dated | None) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return dated.key, dated.others if now is not None and dated.frame == now.frame else ()


def _fits(policy: Policy, dated: Dated, now: Dated | None) -> bool:
    if policy.pattern is not None or policy.variant == "any":
        return True
    return dated.frame == (now.frame if now else "#")
