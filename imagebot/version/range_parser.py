"""Reads the text of a range, character by character, into constraints."""

from __future__ import annotations

import re

from semver import Version

from imagebot.errors import InvalidRangeError
from imagebot.text import shorten
from imagebot.version.constraint import OPERATORS, Constraint

MAX_LENGTH = 1000

_SPACE = re.compile(r"[ \t]*")
_VERSION = re.compile(
    r"v?(?P<major>[0-9]+|[xX*])"
    r"(?:\.(?P<minor>[0-9]+|[xX*]))?"
    r"(?:\.(?P<patch>[0-9]+|[xX*]))?"
    r"(?:-(?P<pre>[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?"
    r"(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)
_HYPHEN = re.compile(r"[ \t]+-[ \t]+")
_EMPTY_HINT = 'write "*" for every release'


def parse_groups(text: str) -> tuple[tuple[Constraint, ...], ...]:
    """AND groups in the order written. Raises InvalidRangeError."""
    if len(text) > MAX_LENGTH:
        reason = f"the range is longer than {MAX_LENGTH} characters"
        raise InvalidRangeError(shorten(text, 61), MAX_LENGTH, reason)
    return tuple(_Reader(text).read())


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    def read(self) -> list[tuple[Constraint, ...]]:
        groups = [self._group()]
        while self._take("||"):
            groups.append(self._group())
        if self.position < len(self.text):
            raise self._error(f"{self.text[self.position]!r} does not belong here")
        return groups

    def _group(self) -> tuple[Constraint, ...]:
        constraints: list[Constraint] = []
        self._skip_space()
        while True:
            constraints += self._constraint()
            spaced = self._skip_space()
            comma = self._take(",")
            self._skip_space()
            if not comma and (self._at_end_of_group() or not spaced):
                return tuple(constraints)

    def _constraint(self) -> tuple[Constraint, ...]:
        """One constraint, or the two that a hyphen range stands for."""
        operator = next((op for op in OPERATORS if self._take(op)), "")
        self._skip_space()
        start = self.position
        first = self._version(operator)
        hyphen = _HYPHEN.match(self.text, self.position)
        if hyphen is None:
            return (first,)
        if operator:
            raise self._error("a hyphen range takes no operator", hyphen.end())
        self.position = start
        low = self._version(">=")
        self.position = hyphen.end()
        return (low, self._version("<="))

    def _version(self, operator: str) -> Constraint:
        match = _VERSION.match(self.text, self.position)
        if match is None:
            raise self._missing_version()
        self._check_end(match)
        parts = [match["major"], match["minor"], match["patch"]]
        given = next((i for i, part in enumerate(parts) if part is None or not part.isdigit()), 3)
        if given == 0 and operator in (">", "<", "!="):
            reason = f"{operator}{match['major']} allows nothing"
            raise self._error(reason)
        numbers = [int(part) for part in parts[:given]] + [0] * (3 - given)
        version = Version(numbers[0], numbers[1], numbers[2], self._prerelease(match))
        self.position = match.end()
        return Constraint(operator, version, given)

    def _prerelease(self, match: re.Match[str]) -> str | None:
        text: str | None = match["pre"]
        if text is None:
            return None
        position = match.start("pre")
        for part in text.split("."):
            if part.isdigit() and part[0] == "0" and len(part) > 1:
                raise self._error("a number in a pre-release has no leading zero", position)
            position += len(part) + 1
        return text

    def _check_end(self, match: re.Match[str]) -> None:
        """A version ends at a space, a comma, `||` or the end of the text."""
        end = match.end()
        rest = self.text[end : end + 2]
        if not rest or rest[0] in " \t," or rest == "||":
            return
        fourth = rest[0] == "." and end == match.end("patch")
        reason = "a version in a range has at most three numbers"
        raise self._error(reason if fourth else f"{rest[0]!r} does not belong here", end)

    def _missing_version(self) -> InvalidRangeError:
        if self._at_end_of_group():
            return self._error("a version is missing", hint=_EMPTY_HINT)
        return self._error(f"{self.text[self.position]!r} does not start a version")

    def _at_end_of_group(self) -> bool:
        return self.position >= len(self.text) or self.text.startswith("||", self.position)

    def _skip_space(self) -> bool:
        match = _SPACE.match(self.text, self.position)
        end = match.end() if match else self.position
        moved = end > self.position
        self.position = end
        return moved

    def _take(self, token: str) -> bool:
        if self.text.startswith(token, self.position):
            self.position += len(token)
            return True
        return False

    def _error(
        self, reason: str, position: int | None = None, *, hint: str = ""
    ) -> InvalidRangeError:
        at = self.position if position is None else position
        return InvalidRangeError(self.text, at, reason, hint=hint)
