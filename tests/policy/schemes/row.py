"""One row of a table about tag schemes, and short ways to write it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

Keys = Mapping[str, object]


class Row(NamedTuple):
    """A field with `current`, a repository that has it and `tags`, and what it shall become.

    `policy` None is the built-in one. `code` and `kind` (of the update) None: not looked at.
    `rests`: the next pass keeps what this one chose.
    """

    current: str
    tags: tuple[str, ...]
    expected: str
    code: str | None = None
    policy: Keys | None = None
    kind: str | None = None
    rests: bool = True

    def __str__(self) -> str:
        """An id for the test: readable, without what a shell would trip over."""
        some = " ".join(self.tags[:4]) + (" ..." if len(self.tags) > 4 else "")
        verb = "stays" if self.expected == self.current else f"-> {self.expected}"
        keys = ",".join(f"{key}={value}" for key, value in (self.policy or {}).items())
        return f"{self.current} {verb} [{some}]" + (f" {{{keys}}}" if self.policy else "")


def keep(
    current: str, tags: str | Sequence[str], code: str | None = None, policy: Keys | None = None
) -> Row:
    """The field stays."""
    return Row(current, _listed(tags), current, code, policy)


def move(
    current: str,
    tags: str | Sequence[str],
    expected: str,
    kind: str | None = None,
    policy: Keys | None = None,
    code: str = "newer",
    *,
    rests: bool = True,
) -> Row:
    """The field gets another tag."""
    listed = _listed(tags)
    assert expected in listed, f"{expected} is not among the tags of the row of {current}"
    return Row(current, listed, expected, code, policy, kind, rests)


def _listed(tags: str | Sequence[str]) -> tuple[str, ...]:
    return tuple(tags.split() if isinstance(tags, str) else tags)
