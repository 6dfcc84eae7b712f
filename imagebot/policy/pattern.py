"""Patterns: RE2, searched anywhere in a tag, and what is extracted from a match.

RE2 takes linear time whatever the pattern, and is the syntax that Flux users have. The template
is Go's: `$1`, `$name`, `${name}`, `$$`; a name is as long as letters, digits and `_` go on.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import Any

from imagebot.errors import InvalidPolicyError
from imagebot.glob import re2_options
from imagebot.values import dataclass

MAX_LENGTH = 1000
_MAX_MEMORY = 8 << 20
"""Bytes that one compiled pattern may take, RE2's default. With 1 MiB it falls back on slow ways:
a pattern of 2,000 instructions took 4 ms a tag instead of 5 µs (measured)."""
_MAX_SIZE = 2000
"""Instructions of one compiled pattern: its time for a tag is linear in them, at worst."""

_REFERENCE = re.compile(r"\$(?:(\$)|\{([0-9A-Za-z_]+)\}|([0-9A-Za-z_]+))")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Pattern:
    """`text` is the expression; `extract` the template, "" for the whole tag."""

    text: str
    extract: str = ""

    def apply(self, tags: Sequence[str]) -> list[str | None]:
        """For each tag, in order, what is extracted from it; None where it does not match."""
        expression = _compile(self.text)
        unanchored, match = expression.Anchor.UNANCHORED, expression.Match
        pieces = _pieces(self.text, self.extract) if self.extract else None
        group = pieces[0] if pieces is not None and len(pieces) == 1 else None
        out: list[str | None] = []
        # One tag at a time: the spans of all of them would keep the garbage collector busy.
        for tag in tags:
            spans = match(unanchored, tag.encode(), 0, len(tag))
            if spans[0][0] < 0:
                out.append(None)
            elif pieces is None:
                out.append(tag)
            elif isinstance(group, int):
                start, end = spans[group]
                out.append(tag[start:end] if start >= 0 else "")
            else:
                out.append(_expand(pieces, tag, spans))
        return out

    def search(self, tag: str) -> str | None:
        """What is extracted from one tag; None when it does not match."""
        return self.apply((tag,))[0]


def parse_pattern(text: str, extract: str = "") -> Pattern:
    """Check an expression and its template.

    Raises InvalidPolicyError for the keys `pattern` and `extract`.
    """
    if not text:
        raise InvalidPolicyError("pattern", "it is empty", hint="leave it out to take every tag")
    if len(text) > MAX_LENGTH:
        raise InvalidPolicyError("pattern", f"longer than {MAX_LENGTH} characters")
    _compile(text)
    _pieces(text, extract)
    return Pattern(text, extract)


@functools.lru_cache(maxsize=128)
def _compile(text: str) -> Any:
    """The expression as google-re2's extension has it.

    Its Python layer takes 9 µs for a search that takes the extension 1 µs (measured), which
    repositories of 100,000 tags cannot afford.
    """
    from re2._re2 import RE2

    options = re2_options()
    options.max_mem = _MAX_MEMORY
    expression = RE2(text.encode(), options)
    if not expression.ok():
        reason = expression.error()
        shown = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        raise InvalidPolicyError(
            "pattern",
            f"{shown} in {text!r}",
            position=_position(text, shown),
            hint="patterns are RE2: no look-around, no back-references",
        )
    if expression.ProgramSize() > _MAX_SIZE:
        raise InvalidPolicyError("pattern", f"it is too large: {text!r} repeats too much")
    return expression


def _position(text: str, reason: str) -> int | None:
    """The position of the piece that RE2 complains about (`what: piece`), when it occurs once."""
    piece = reason.rpartition(": ")[2]
    return text.index(piece) if piece and text.count(piece) == 1 else None


@functools.lru_cache(maxsize=512)
def _pieces(text: str, extract: str) -> tuple[int | str, ...]:
    """The template as group numbers and literal text."""
    found = _CONTROL.search(extract)
    if found:
        raise InvalidPolicyError("extract", "it has a control character", position=found.start())
    groups = _groups(text)
    pieces: list[int | str] = []
    end = 0
    for match in _REFERENCE.finditer(extract):
        pieces += [_literal(extract, end, match.start()), _piece(match, groups)]
        end = match.end()
    pieces.append(_literal(extract, end, len(extract)))
    return tuple(piece for piece in pieces if piece != "")


def _groups(text: str) -> dict[str, int]:
    expression = _compile(text)
    names = dict(expression.NamedCapturingGroups())
    groups = {name.decode() if isinstance(name, bytes) else name: i for name, i in names.items()}
    groups |= {str(number): number for number in range(expression.NumberOfCapturingGroups() + 1)}
    return groups


def _piece(match: re.Match[str], groups: dict[str, int]) -> int | str:
    if match[1]:
        return "$"
    name = match[2] or match[3]
    if name in groups:
        return groups[name]
    longest = max((group for group in groups if name.startswith(group)), key=len, default="")
    hint = f"write ${{{longest}}}{name[len(longest) :]}" if longest and match[3] else ""
    reason = f"the pattern has no group {name!r}"
    raise InvalidPolicyError("extract", reason, position=match.start(), hint=hint)


def _literal(extract: str, start: int, end: int) -> str:
    text = extract[start:end]
    if "$" in text:
        position = start + text.index("$")
        hint = "write $$ for a dollar sign"
        raise InvalidPolicyError("extract", "a $ names no group", position=position, hint=hint)
    return text


def template_pieces(pattern: Pattern) -> tuple[int | str, ...]:
    """The numbers of the groups that a pattern extracts, and the texts between them."""
    return _pieces(pattern.text, pattern.extract)


def _expand(pieces: tuple[int | str, ...], tag: str, spans: Sequence[tuple[int, int]]) -> str:
    return "".join(
        [piece if isinstance(piece, str) else _cut(tag, spans[piece]) for piece in pieces]
    )


def _cut(tag: str, span: tuple[int, int]) -> str:
    """A group's text; tags are ASCII, so bytes count as characters. "" when it took no part."""
    return tag[span[0] : span[1]] if span[0] >= 0 else ""
