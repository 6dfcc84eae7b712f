"""Take secrets, however they are written, out of text that comes from outside. Pure.

Whoever gets a secret can send it back in any form: as it is, percent-encoded, in base64 (as HTTP's
Basic does, with a user's name before it), in hexadecimal digits, escaped in JSON or HTML, broken
into lines, or several of these. So a text is read as it is and with its escapes undone, up to three
times over, with and without white space, and each reading is searched for the secret, its base64
and its digits. Case counts for nothing: some put headers in lower case.
"""

from __future__ import annotations

import base64
import html
import re
import string
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from itertools import islice
from types import MappingProxyType

from imagebot.values import dataclass

SHORT = 8
"""A secret with fewer characters is likely part of other words: only whole words are hidden."""
MASK = "***"
_DEPTH = 3
_HEAD = SHORT
_ELLIPSIS = re.compile(rb"\.\.\.|\xe2\x80\xa6")
_MOST_ENDS = 20
_WORD = rb"0-9A-Za-z_\x80-\xff"
# Two halves of a character, or one.
_UNITS = rb"u([dD][89abAB][0-9a-fA-F]{2})%bu([dD][c-fC-F][0-9a-fA-F]{2})|u([0-9a-fA-F]{4})"
_PERCENT = re.compile(rb"%%(?:%b|([0-9A-Fa-f]{2}))" % (_UNITS % b"%"))
_FORM = re.compile(rb"%b|\+" % _PERCENT.pattern)
_BACKSLASH = re.compile(
    rb"\\(?:" + _UNITS % rb"\\" + rb"|u\{([0-9a-fA-F]{1,6})\}|U([0-9a-fA-F]{8})"
    rb"|x([0-9a-fA-F]{2})|([0-7]{3})|(.))",
    re.DOTALL,
)
# Browsers read numbers without a semicolon, too, and with any number of zeros.
_ENTITY = re.compile(rb"&(?:#[0-9]{1,32};?|#[xX][0-9a-fA-F]{1,32};?|[A-Za-z]{2,31};)")
# White space, controls, what shows nothing (soft hyphens, joiners, fillers, variation selectors),
# and git's word before each line of a server: what can be in a text that is still read.
_GAP = re.compile(
    rb"(?:\nremote: |[\x00-\x20\x7f]|\xc2[\x80-\xa0\xad]|\xcd\x8f|\xd8\x9c"
    rb"|\xe1(?:\x85[\x9f\xa0]|\x9a\x80|\x9e[\xb4\xb5]|\xa0[\x8b-\x8f])"
    rb"|\xe2(?:\x80[\x80-\x8f\xa8-\xaf]|\x81[\x9f-\xaf]|\xa0\x80)|\xe3(?:\x80\x80|\x85\xa4)"
    rb"|\xef(?:\xb8[\x80-\x8f]|\xbb\xbf|\xbe\xa0|\xbf[\xb0-\xbb])|\xf3\xa0[\x80-\x87][\x80-\xbf])+"
)
_CONTROLS = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t"}
_ALPHANUMERIC = (string.ascii_letters + string.digits).encode()
_PLAIN, _BASE64, _BASE64_URL = b"", _ALPHANUMERIC + b"+/", _ALPHANUMERIC + b"-_"


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret, and the user's name that may stand before it (`user:secret`)."""

    text: str = field(repr=False)
    username: str = ""

    @property
    def short(self) -> bool:
        return len(self.text) < SHORT


@dataclass(frozen=True, slots=True)
class _Needle:
    """What to search for; `alphabet` is of the base64 that it is a part of, else empty."""

    data: bytes
    alphabet: bytes


@dataclass(frozen=True, slots=True)
class _Needles:
    """Those with the same first eight bytes and the same alphabet, in order.

    There may be thousands, with thousands of lengths, for whoever grants tokens may choose them. So
    none of them is looked at for itself.
    """

    known: tuple[bytes, ...] = ()
    longest: int = 0

    def adding(self, more: Sequence[bytes]) -> _Needles:
        known = list(self.known)
        for data in more:
            at = bisect_left(known, data)
            if known[at : at + 1] != [data]:
                known.insert(at, data)
        return _Needles(tuple(known), max(self.longest, *map(len, more)))

    def end_at(self, data: bytes, start: int) -> int | None:
        """Where the longest that begins at `start` ends."""
        rest = data[start : start + self.longest]
        while at := bisect_right(self.known, rest):
            # All that the rest begins with, this one begins with, too.
            last = self.known[at - 1]
            if rest.startswith(last):
                return start + len(last)
            rest = rest[: _common(rest, last)]
        return None

    def cut_off(self, begun: bytes) -> bool:
        """Whether one of them begins so, and is longer."""
        at = bisect_left(self.known, begun)
        return at < len(self.known) and self.known[at].startswith(begun)


@dataclass(frozen=True, slots=True)
class Redaction:
    """Hides some secrets; made by `Redaction.of`."""

    _needles: Mapping[bytes, Mapping[bytes, _Needles]] = field(
        default_factory=lambda: MappingProxyType({}), repr=False
    )
    """By their first eight bytes, and by their alphabets."""
    _words: frozenset[bytes] = field(default=frozenset(), repr=False)
    _pattern: re.Pattern[bytes] | None = field(default=None, repr=False)
    """What finds the words."""

    @classmethod
    def of(cls, secrets: Iterable[Secret]) -> Redaction:
        """Hides these secrets; empty ones count for nothing."""
        return cls().adding(secrets)

    def adding(self, secrets: Iterable[Secret]) -> Redaction:
        """Hides these secrets, too."""
        words, more = set(self._words), dict[bytes, dict[bytes, list[bytes]]]()
        for secret in secrets:
            for spelling in _spellings(secret):
                needle = _Needle(spelling.data.lower(), spelling.alphabet)
                if secret.short and (len(needle.data) < _HEAD or needle.alphabet == _PLAIN):
                    words.add(needle.data)
                    continue
                same_head = more.setdefault(needle.data[:_HEAD], {})
                same_head.setdefault(needle.alphabet, []).append(needle.data)
        needles = dict(self._needles)
        for head, by_alphabet in more.items():
            old = needles.get(head, {})
            new = {a: old.get(a, _Needles()).adding(each) for a, each in by_alphabet.items()}
            needles[head] = {**old, **new}
        return Redaction(MappingProxyType(needles), frozenset(words), _words_pattern(words))

    def hide(self, text: str) -> str:
        """The text with `***` for each secret in it, also for one that the text's end cuts off."""
        if not self._needles and not self._words:
            return text
        data = text.encode("utf-8", "surrogatepass")
        spans = sorted(span for reading in _readings(data) for span in self._find(reading))
        if not spans:
            return text
        return b"".join(_masked(data, spans)).decode("utf-8", "surrogatepass")

    def is_in(self, text: str) -> bool:
        """Whether a secret of at least eight characters is in a text, as it stands."""
        data = text.encode("utf-8", "surrogatepass").lower()
        every = (one for each in self._needles.values() for one in each.values())
        return any(needle in data for each in every for needle in each.known)

    def _find(self, reading: _Reading) -> Iterator[tuple[int, int]]:
        data, starts, ends_at = reading.data.lower(), reading.starts, reading.ends
        if self._needles:
            known, ends = self._needles, _ends(data)
            for start in range(len(data) - _HEAD + 1):
                needles = known.get(data[start : start + _HEAD])
                for first, end in _found(needles, data, start, ends, reading) if needles else ():
                    yield starts[first], ends_at[end - 1]
        if self._pattern is not None and not reading.squeezed:
            for match in self._pattern.finditer(data):
                yield starts[match.start()], ends_at[match.end() - 1]


NOTHING = Redaction()
"""Hides nothing."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """A text with escapes undone: where in the text each byte of it starts and ends.

    `squeezed`: without white space, so that words and what is around them cannot be told apart.
    """

    data: bytes
    starts: list[int] | range
    ends: list[int] | range
    squeezed: bool = False


def _spellings(secret: Secret) -> Iterator[_Needle]:
    plain = secret.text.encode("utf-8", "surrogatepass")
    # White space that a message has been put on one line with.
    for data in dict.fromkeys((plain, b" ".join(plain.split()))):
        if data:
            yield _Needle(data, _PLAIN)
    if not plain:
        return
    yield _Needle(plain.hex().encode(), _PLAIN)
    for encode, alphabet in (
        (base64.b64encode, _BASE64),
        (base64.urlsafe_b64encode, _BASE64_URL),
    ):
        if secret.short:
            pair = f"{secret.username}:{secret.text}".encode("utf-8", "surrogatepass")
            for encoded in (encode(plain), encode(pair)):
                yield _Needle(encoded, alphabet)
                yield _Needle(encoded.rstrip(b"="), alphabet)
        else:
            yield from (_Needle(data, alphabet) for data in _inside(plain, encode))


def _inside(plain: bytes, encode: Callable[[bytes], bytes]) -> Iterator[bytes]:
    """The characters of base64 that the secret alone decides, after any text and before any."""
    for before in range(3):
        encoded = encode(b"\0" * before + plain).rstrip(b"=")
        whole = (before + len(plain)) * 8 // 6
        yield encoded[(0, 2, 3)[before] : whole]


def _found(
    needles: Mapping[bytes, _Needles],
    data: bytes,
    start: int,
    ends: Iterable[int],
    reading: _Reading,
) -> Iterator[tuple[int, int]]:
    """Where the needles that begin at `start` are; a text ends at `ends`."""
    for alphabet, same in needles.items():
        whole = same.end_at(data, start)
        cut = (
            end
            for end in ends
            if _HEAD <= end - start < same.longest and same.cut_off(data[start:end])
        )
        for end in (*cut, *([whole] if whole is not None else [])):
            if reading.squeezed:
                yield start, end
            else:
                yield _whole(alphabet, data, start, end)


def _common(one: bytes, other: bytes) -> int:
    """How many bytes both begin with."""
    least, most = 0, min(len(one), len(other))
    while least < most:
        middle = (least + most + 1) // 2
        if one.startswith(other[:middle]):
            least = middle
        else:
            most = middle - 1
    return least


def _words_pattern(words: Iterable[bytes]) -> re.Pattern[bytes] | None:
    alternatives = b"|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    if not alternatives:
        return None
    return re.compile(rb"(?<![%b])(?:%b)(?![%b])" % (_WORD, alternatives, _WORD))


def _ends(data: bytes) -> tuple[int, ...]:
    """Where a text ends, or may have been cut."""
    marks = (match.start() for match in _ELLIPSIS.finditer(data))
    return (len(data), *islice(marks, _MOST_ENDS))


def _whole(alphabet: bytes, data: bytes, start: int, end: int) -> tuple[int, int]:
    """The whole of the base64 that the characters from start to end are a part of."""
    if not alphabet:
        return start, end
    before = data[:start].rstrip(alphabet)
    after = data[end:].lstrip(alphabet).lstrip(b"=")
    return len(before), len(data) - len(after)


def _readings(data: bytes) -> Iterator[_Reading]:
    """The text, and what it is with its escapes undone in every order; each squeezed, too."""
    seen = {data}
    level = [_Reading(data, range(len(data)), range(1, len(data) + 1))]
    for depth in range(_DEPTH + 1):
        for reading in level:
            yield reading
            squeezed = _undone(reading, _GAP, _undo_gap)
            if squeezed is not None:
                yield replace(squeezed, squeezed=True)
        deeper = []
        for reading in level if depth < _DEPTH else ():
            for pattern, undo in _UNDO:
                undone = _undone(reading, pattern, undo)
                if undone is not None and undone.data not in seen:
                    seen.add(undone.data)
                    deeper.append(undone)
        level = deeper


def _undone(
    reading: _Reading, pattern: re.Pattern[bytes], undo: Callable[[re.Match[bytes]], bytes]
) -> _Reading | None:
    """None where there is nothing to undo."""
    data, starts, ends = bytearray(), list[int](), list[int]()
    past = 0
    for match in pattern.finditer(reading.data):
        first, last = match.span()
        data += reading.data[past:first]
        starts += reading.starts[past:first]
        ends += reading.ends[past:first]
        plain = undo(match)
        data += plain
        starts += [reading.starts[first]] * len(plain)
        ends += [reading.ends[last - 1]] * len(plain)
        past = last
    if not past:
        return None
    data += reading.data[past:]
    starts += reading.starts[past:]
    ends += reading.ends[past:]
    return _Reading(bytes(data), starts, ends)


def _undo_gap(match: re.Match[bytes]) -> bytes:
    del match
    return b""


def _undo_entity(match: re.Match[bytes]) -> bytes:
    return html.unescape(match[0].decode()).encode("utf-8", "surrogatepass")


def _undo_percent(match: re.Match[bytes]) -> bytes:
    high, low, unit, byte = match.groups()
    return bytes((int(byte, 16),)) if byte else _character(high, low, unit)


def _undo_form(match: re.Match[bytes]) -> bytes:
    return b" " if match[0] == b"+" else _undo_percent(match)


def _undo_backslash(match: re.Match[bytes]) -> bytes:
    """An escape of JSON, Python or git as the bytes that it stands for."""
    high, low, unit, braced, long, byte, octal, letter = match.groups()
    if code := unit or braced or long:
        return _character(None, None, code)
    if high:
        return _character(high, low, b"")
    if byte:
        return bytes((int(byte, 16),))
    if octal:
        return bytes((int(octal, 8) & 0xFF,))
    return _CONTROLS.get(letter, letter)


def _character(high: bytes | None, low: bytes | None, one: bytes) -> bytes:
    """Of one or two units in hexadecimal digits; U+FFFD where there is no such character."""
    if high and low:
        code = 0x10000 + ((int(high, 16) & 0x3FF) << 10) + (int(low, 16) & 0x3FF)
    else:
        code = int(one, 16)
    return chr(code if code <= sys.maxunicode else 0xFFFD).encode("utf-8", "surrogatepass")


_UNDO = (
    (_PERCENT, _undo_percent),
    (_FORM, _undo_form),
    (_BACKSLASH, _undo_backslash),
    (_ENTITY, _undo_entity),
)


def _masked(data: bytes, spans: Iterable[tuple[int, int]]) -> Iterator[bytes]:
    """The pieces of the text; spans, in order, may overlap."""
    past = 0
    for start, end in spans:
        if start >= past:
            yield data[past:start]
            yield MASK.encode()
        past = max(past, end)
    yield data[past:]
