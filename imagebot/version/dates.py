"""Dates in tags: where one may stand, by the skeleton, and whether one is there, by the digits.

In a skeleton every digit is a zero, and the digits of a date are ones. Dates are written
`20240105`, `202401051530`, `20240105T1530Z`, `2024-01-05`, `2024_1_5`, `2024-1`, `2024.1.5`, with a
time of day behind a `T`, as six digits, or as in `2024-01-05_15-30-00`; as a week, `2024w05`; and
as Unix times of 10 or 13 digits.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence

_FIRST, _LAST = 1990, 2099
_WEEKS = 53
_LENGTHS = (8, 10, 12, 14)
DATE_LENGTHS = (8, 10, 12, 13, 14)
"""So many digits may be a day, with or without a time of day, or a Unix time."""
_CLOCK = r"(?:T0{2}(?:[-_.:]?0{2}){1,2}Z?|[-_]0{6})?"
_LONG_CLOCK = r"[-_]00[-:]00(?:[-:]00(?:\.0{1,3})?)?"
_FORMS = (
    re.compile(rf"0000([-_.])00?\1(?:00?)(?:{_LONG_CLOCK}|{_CLOCK})(?![0a-zA-Z])"),
    re.compile(r"0000[-_.]?[wW]00?(?![0a-zA-Z])"),
    re.compile(r"0000[-_]00?(?![0a-zA-Z])"),
    re.compile(r"0000(?:\.0+)+"),
    re.compile(rf"0{{8}}{_CLOCK}(?:\.0+)*"),
    re.compile(r"0{10}(?:0{2,4})?(?:\.0+)*"),
)
_NUMBER = re.compile(r"[0-9]+")
_LATER = re.compile(r"(?<=[-_+])(?=0000(?:([-_])00?\1|[-_.]?[wW])0)")
"""Where a day or a week may begin behind something else.

Not a month, nor numbers with dots: there 2024-1 and 2024.1 may as well be a version of something.
"""


def later_dates(skeleton: str, start: int) -> list[tuple[int, int]]:
    """Where a day or a week may stand behind a place of a skeleton, the longest first."""
    return [
        (found.start(), end)
        for found in _LATER.finditer(skeleton, start + 1)
        for end in _ends(skeleton, found.start(), _FORMS[:2])
    ]


def date_ends(skeleton: str, start: int) -> list[int]:
    """Where a date may end that begins at a place of a skeleton, the longest first."""
    return _ends(skeleton, start, _FORMS)


def _ends(skeleton: str, start: int, forms: Sequence[re.Pattern[str]]) -> list[int]:
    zeros = skeleton.replace("1", "0")
    found = [form.match(zeros, start) for form in forms]
    ends = {match.end() for match in found if match}
    return sorted((end for end in ends if zeros[end : end + 1] != "0"), reverse=True)


@functools.lru_cache(maxsize=8192)
def is_date(written: str) -> bool:
    """Whether a text in one of the forms of dates is a day, a month or a time that there is."""
    if written.isdigit():
        return is_calendar(written) or is_unix_time(written)
    numbers = _NUMBER.findall(written)
    first = numbers[0]
    if len(first) != 4:
        return is_calendar(first) or is_unix_time(first)
    if not _FIRST <= int(first) <= _LAST:
        return False
    if "w" in written or "W" in written:
        return 1 <= int(numbers[1]) <= _WEEKS
    if written[4] == "." and "T" not in written:
        return True  # 2024.1.0 counts releases of a year, or of a month
    month, *day = numbers[1:3]
    return _is_month(month) and all(map(_is_day, day))


def is_calendar(digits: str) -> bool:
    """Whether digits are a day, without separators, with or without a time of day."""
    if len(digits) not in _LENGTHS or not "1990" <= digits[:4] <= "2099":
        return False
    if not ("01" <= digits[4:6] <= "12" and "01" <= digits[6:8] <= "31"):
        return False
    return digits[8:10] <= "23" and digits[10:12] <= "59" and digits[12:] <= "59"


def is_unix_time(digits: str) -> bool:
    """Whether digits can be seconds or milliseconds since 1970, from 2001 to 2099."""
    return len(digits) in (10, 13) and "1000000000" <= digits[:10] <= "4100000000"


def _is_month(text: str) -> bool:
    return 1 <= int(text) <= 12


def _is_day(text: str) -> bool:
    return 1 <= int(text) <= 31
