"""Ranges read the long way round: each constraint asked about each version, as documented.

Written after https://github.com/Masterminds/semver#checking-version-constraints, one predicate an
operator, with python-semver's own comparison; the real thing works with intervals instead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import strategies as st
from semver import Version


@dataclass(frozen=True)
class Term:
    operator: str
    parts: tuple[int, ...]
    pre: str

    @property
    def lowest(self) -> Version:
        major, minor, patch = (*self.parts, 0, 0, 0)[:3]
        return Version(major, minor, patch, self.pre or None)

    def same(self, version: Version, count: int) -> bool:
        return (version.major, version.minor, version.patch)[:count] == self.lowest.to_tuple()[
            :count
        ]


@dataclass(frozen=True)
class Written:
    text: str
    groups: tuple[tuple[Term, ...], ...]


def allows(written: Written, version: Version) -> bool:
    return any(_group(group, version) for group in written.groups)


def _group(group: tuple[Term, ...], version: Version) -> bool:
    if version.prerelease and not any(term.pre for term in group):
        return False
    return all(_PREDICATES[term.operator](term, version) for term in group)


def _equal(term: Term, version: Version) -> bool:
    return version == term.lowest if len(term.parts) == 3 else _tilde(term, version)


def _not_equal(term: Term, version: Version) -> bool:
    if len(term.parts) == 1:
        return version.major != term.parts[0]
    if len(term.parts) == 2:
        return not (term.same(version, 2) and (version.prerelease or "") == term.pre)
    return version != term.lowest


def _greater(term: Term, version: Version) -> bool:
    if len(term.parts) == 3:
        return version > term.lowest
    own = (version.major, version.minor)[: len(term.parts)]
    return own > term.parts


def _at_most(term: Term, version: Version) -> bool:
    if len(term.parts) == 3:
        return version <= term.lowest
    own = (version.major, version.minor)[: len(term.parts)]
    return own <= term.parts


def _tilde(term: Term, version: Version) -> bool:
    if version < term.lowest:
        return False
    if not term.parts or term.parts == (0, 0, 0):
        return True
    return term.same(version, min(len(term.parts), 2))


def _caret(term: Term, version: Version) -> bool:
    if version < term.lowest:
        return False
    if not term.parts:
        return True
    if term.parts[0] > 0 or len(term.parts) == 1:
        return term.same(version, 1)
    if term.parts[1] > 0 or len(term.parts) == 2:
        return term.same(version, 2)
    return term.same(version, 3)


_PREDICATES: dict[str, Callable[[Term, Version], bool]] = {
    "": _equal,
    "=": _equal,
    "!=": _not_equal,
    ">": _greater,
    ">=": lambda term, version: version >= term.lowest,
    "=>": lambda term, version: version >= term.lowest,
    "<": lambda term, version: version < term.lowest,
    "<=": _at_most,
    "=<": _at_most,
    "~": _tilde,
    "~>": _tilde,
    "^": _caret,
}

_NUMBER = st.integers(0, 3)
_PRE = st.sampled_from(["0", "a", "a.1", "b", "rc.2", "rc.11", "rc2", "RC.1", "1.a"])


def versions() -> st.SearchStrategy[Version]:
    pre = st.one_of(st.none(), _PRE)
    return st.builds(Version, _NUMBER, _NUMBER, _NUMBER, pre)


@st.composite
def _terms(draw: st.DrawFn) -> tuple[str, tuple[Term, ...]]:
    if draw(st.integers(0, 5)) == 0:
        low, high = draw(_written_version()), draw(_written_version())
        return (
            f"{low[0]} - {high[0]}",
            (Term(">=", low[1], low[2]), Term("<=", high[1], high[2])),
        )
    operator = draw(st.sampled_from(sorted(_PREDICATES)))
    text, parts, pre = draw(_written_version(least=1 if operator in ("!=", ">", "<") else 0))
    space = draw(st.sampled_from(["", " ", "  "]))
    return f"{operator}{space}{text}", (Term(operator, parts, pre),)


@st.composite
def _written_version(draw: st.DrawFn, least: int = 1) -> tuple[str, tuple[int, ...], str]:
    parts = tuple(draw(st.lists(_NUMBER, min_size=least, max_size=3)))
    wild = draw(st.sampled_from(["", "x", "*", "X"]))
    written = [str(part) for part in parts]
    if len(parts) < 3 and (wild or not parts):
        written.append(wild or "*")
    pre = draw(st.one_of(st.just(""), _PRE))
    v = draw(st.sampled_from(["", "v"]))
    text = v + ".".join(written) + (f"-{pre}" if pre else "")
    return text, parts, pre


@st.composite
def ranges(draw: st.DrawFn) -> Written:
    groups = draw(st.lists(st.lists(_terms(), min_size=1, max_size=3), min_size=1, max_size=3))
    separator = draw(st.sampled_from([" ", ", ", ","]))
    texts = [separator.join(text for text, _ in group) for group in groups]
    return Written(
        draw(st.sampled_from(["||", " || "])).join(texts),
        tuple(tuple(term for _, terms in group for term in terms) for group in groups),
    )
