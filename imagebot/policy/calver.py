"""Order `calver`: by the date in the text, whichever of the usual ways it is written.

`20240105`, `202401051200`, `2024-01-05`, `2024-1-5`, `2024.1`, `24.04`, `2024w05`, each with a time
or a counter after it. Tags are compared when they are the same around the date.
"""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from imagebot.policy.first_variant import SEPARATORS, first_variant
from imagebot.policy.model import Policy, UpdateType
from imagebot.policy.platforms import of_other_variant, of_platform
from imagebot.policy.ranking import Pool, Ranked
from imagebot.policy.rejections import Refusals
from imagebot.policy.rows import read_pool
from imagebot.values import dataclass
from imagebot.version.ingredients import Ingredient, read_ingredients
from imagebot.version.reading import Reading
from imagebot.version.shape import number_spans, outline_of_skeleton
from imagebot.version.skeletons import Span, TagGroup

_DATE = re.compile(
    r"(?<![0-9])(?:"
    r"(?P<y1>199[0-9]|20[0-9]{2})(?P<m1>0[1-9]|1[0-2])(?P<d1>0[1-9]|[12][0-9]|3[01])"
    r"(?P<clock>(?:[0-9]{2}){0,3})(?![0-9])"
    r"|(?P<y2>199[0-9]|20[0-9]{2})(?P<s>[-._])(?P<m2>0?[1-9]|1[0-2])"
    r"(?:(?P=s)(?P<d2>0?[1-9]|[12][0-9]|3[01]))?(?![0-9])"
    r"|(?P<y4>199[0-9]|20[0-9]{2})[-_.]?[wW](?P<week>0?[1-9]|[1-4][0-9]|5[0-3])(?![0-9a-zA-Z])"
    r"|(?P<y3>[0-9]{2})\.(?P<m3>0?[1-9]|1[0-2])(?![0-9])"
    r")"
)
_YEAR = re.compile(
    r"(?<![0-9.])(?P<y>199[0-9]|20[0-9]{2}|[0-9]{2}(?=\.[0-9]{1,2}(?![0-9])))\.(?P<n>[0-9]+)"
)
"""A year and a number behind it, such as 2024.99 and 24.40, for tags that have no real date."""
_TAIL = re.compile(r"(?:[-._T:]?[01]+)*Z?")
_NUMBER = re.compile(r"[0-9]+")
_WITH_DAY = 3


@dataclass(frozen=True, slots=True)
class Dated:
    """`key` has the date and the numbers that go on from it; `frame` is the text around them.

    `others` are the numbers further on, which compare within one frame only, and `ingredients` say
    what they are.
    """

    key: tuple[int, ...]
    frame: str
    others: tuple[int, ...] = ()
    ingredients: tuple[Ingredient, ...] = ()


def rank(policy: Policy, pool: Pool, current: str | None, refusals: Refusals) -> Ranked:
    reading, groups = read_pool(pool, current)
    now = read_date(current, reading.skeleton_of(current)) if current is not None else None
    first = "" if now is not None else first_variant(policy, current, reading, groups)
    ranking = _Ranking(policy, now, current or "", refusals, _frame(first, reading))
    for group in groups:
        ranking.read(group)
    return Ranked(
        ranking.tags,
        ranking.keys,
        _key(now, now) if now else None,
        style=functools.partial(_style, reading),
        plain=functools.partial(_is_plain, reading),
        hidden=functools.partial(_hidden, policy, reading),
        moved=ranking.moved,
        reading=reading,
    )


class _Ranking:
    def __init__(
        self,
        policy: Policy,
        now: Dated | None,
        current: str,
        refusals: Refusals,
        first: tuple[str, tuple[int, ...]],
    ) -> None:
        self.policy = policy
        self.first = first
        self.now = now
        self.current = current
        self.refusals = refusals
        self.tags: list[str] = []
        self.keys: list[object] = []
        self.moved: dict[str, UpdateType] = {}

    def read(self, group: TagGroup) -> None:
        """Tags of one skeleton may have their dates at different places."""
        dates = [read_date(text, group.skeleton) for text in group.texts]
        undated = [tag for tag, dated in zip(group.tags, dates, strict=True) if dated is None]
        self.refusals.add("calver", undated, "it does not contain a date")
        by_frame: dict[object, list[int]] = defaultdict(list)
        for position, dated in enumerate(dates):
            if dated is not None:
                by_frame[dated.frame, dated.ingredients].append(position)
        for positions in by_frame.values():
            self._add(group.only(positions), [dates[i] for i in positions])

    def _add(self, group: TagGroup, dates: Sequence[Dated | None]) -> None:
        """Tags of one frame."""
        found = dict(zip(group.tags, dates, strict=True))
        first = dates[0]
        assert first is not None
        if not self._fits(first):
            now = self.now
            reason = "without a pattern, only tags that are a date alone are adopted"
            if now is not None:
                reason = f"the current tag is written {now.frame}, # being the date"
            self.refusals.add("shape", group.tags, reason)
            return
        group = self._on_platforms(first, group)
        self.tags += group.tags
        self.keys += [_key(dated, self.now) for tag in group.tags if (dated := found[tag])]

    def _on_platforms(self, first: Dated, group: TagGroup) -> TagGroup:
        """The tags of one frame, of which this is the first, whose platforms the policy allows."""
        now = self.now
        if now is None:
            return group
        ingredients, there = first.ingredients, now.ingredients
        if first.frame == now.frame:
            group, moved = of_platform(
                self.policy, ingredients, there, self.current, group, self.refusals
            )
        else:
            group, moved = of_other_variant(ingredients, there, self.current, group, self.refusals)
        self.moved |= moved
        return group

    def _fits(self, dated: Dated) -> bool:
        if self.policy.pattern is not None or self.policy.variant == "any":
            return True
        if self.now is not None:
            return dated.frame == self.now.frame
        before, behind = dated.frame.split("#", 1)
        return before in ("", "v", "V") and (behind.lstrip(SEPARATORS), dated.others) == self.first


_PLAIN = ("#", "v#", "V#")


def _frame(variant: str, reading: Reading) -> tuple[str, tuple[int, ...]]:
    """How a variant is written behind a date, and its numbers."""
    outline = outline_of_skeleton(reading.skeleton_of(variant))
    return outline, tuple(map(int, _NUMBER.findall(variant)))


def _style(reading: Reading, text: str) -> object:
    dated = read_date(text, reading.skeleton_of(text))
    return dated.frame if dated else None


def _is_plain(reading: Reading, text: str) -> bool:
    return _style(reading, text) in _PLAIN


def _hidden(policy: Policy, reading: Reading, text: str) -> object:
    """Tags of one date in different frames are different images, unless proven to be one."""
    hidden = re.sub(r"[^~?]", "", reading.skeleton_of(text)) and text
    frames = policy.pattern is not None or policy.variant == "any"
    return (hidden, _style(reading, text) if frames else None)


def read_date(text: str, skeleton: str) -> Dated | None:
    """The first date in a text, and the numbers after it; None when there is none."""
    found = _find(text, skeleton)
    if found is None:
        return None
    rest = _rest(skeleton, found.end())
    clock = found.groupdict().get("clock") or ""
    hours = [clock[i : i + 2] for i in range(0, len(clock), 2)]
    counters = _NUMBER.findall(text, found.end(), rest.start)
    day = _day(found) if found.re is _DATE else (_century(found["y"]), int(found["n"]))
    if len(day) < _WITH_DAY and not (counters and text[found.end()] == _separator(found)):
        day = (*day, 0)
    key = (*day, *map(int, (*hours, *counters)))
    before = text[: found.start()]
    if _is_hidden(skeleton, (0, found.start())):
        before = outline_of_skeleton(skeleton[: found.start()])
    others = tuple([int(text[start:end]) for start, end in rest.numbers])
    return Dated(key, f"{before}#{rest.outline}", others, rest.ingredients)


def _find(text: str, skeleton: str) -> re.Match[str] | None:
    found = _first(_DATE, text, skeleton)
    if found is not None and not found["y3"]:
        return found
    year = _first(_YEAR, text, skeleton)
    # 24.13.1 is not a release of January 2013.
    if found is None or (year is not None and year.end() > found.start() > year.start()):
        return year
    return found


def _first(form: re.Pattern[str], text: str, skeleton: str) -> re.Match[str] | None:
    """The first that no part of may be a hash."""
    found = form.search(text)
    if "~" not in skeleton and "?" not in skeleton:
        return found
    while found is not None and _is_hidden(skeleton, found.span()):
        found = form.search(text, found.end())
    return found


def _day(found: re.Match[str]) -> tuple[int, ...]:
    """Year, month and day; of a week its Monday. Without a day only year and month."""
    if found["week"]:
        # The fourth of January is always in the first week.
        first = date(int(found["y4"]), 1, 4)
        monday = first + timedelta(weeks=int(found["week"]) - 1, days=-first.weekday())
        return monday.year, monday.month, monday.day
    year = _century(found["y1"] or found["y2"] or found["y3"])
    month = int(found["m1"] or found["m2"] or found["m3"])
    day = found["d1"] or found["d2"]
    return (year, month, int(day)) if day else (year, month)


def _century(year: str) -> int:
    return int(year) if len(year) > len("24") else 2000 + int(year)


def _separator(found: re.Match[str]) -> str:
    """What is between year and month: a number behind the same is a day, or one of a build."""
    return found.groupdict().get("s") or "."


class _Rest(NamedTuple):
    """What comes after a date and the numbers that go on from it, in tags of one skeleton."""

    start: int
    outline: str
    numbers: tuple[Span, ...]
    ingredients: tuple[Ingredient, ...]


@functools.lru_cache(maxsize=8192)
def _rest(skeleton: str, end: int) -> _Rest:
    tail = _TAIL.match(skeleton, end)
    start = tail.end() if tail else end
    numbers = number_spans(skeleton, start, len(skeleton))
    outline = outline_of_skeleton(skeleton[start:])
    return _Rest(start, outline, numbers, read_ingredients(skeleton, start))


def _is_hidden(skeleton: str, span: Span) -> bool:
    """Whether a part of it may be a hash."""
    start, end = span
    return skeleton.find("~", start, end) >= 0 or skeleton.find("?", start, end) >= 0


def _key(dated: Dated, now: Dated | None) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return dated.key, dated.others if now is not None and dated.frame == now.frame else ()
