"""Something that failed, as a value: for the end of a report, for JSON and for the exit code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from enum import IntEnum
from typing import Literal, Self

from imagebot.errors import ImagebotError
from imagebot.values import dataclass

BUG = "bug"
"""The code of a problem that is imagebot's own fault."""
_MOST_SHOWN = 10
ProblemScope = Literal["target", "file", "repository", "field", "change"]


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file, counted from 1."""

    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something that failed. It never stops the rest and always shows in the exit code.

    `target` is the name of the target that it is about; `places` need what failed, such as the
    lines with the images of a registry.
    """

    scope: ProblemScope
    subject: str
    code: str
    message: str
    hint: str = ""
    path: str = ""
    line: int = 0
    target: str = ""
    places: tuple[Place, ...] = ()

    @property
    def needed_by(self) -> str:
        """The target and the first of the places, for a message; "" where there are none."""
        if not self.places:
            return ""
        more = f" and {len(self.places) - 1} more" if len(self.places) > 1 else ""
        return (
            f"{self.target}: {self.places[0]}{more}" if self.target else f"{self.places[0]}{more}"
        )

    @property
    def placed(self) -> str:
        """The message after its target, file and line, or with the places that need what failed."""
        if self.needed_by:
            return f"{self.message}; needed by {self.needed_by}"
        place = f"{self.path}:{self.line}" if self.line else self.path
        known = not place or self.message.startswith(self.path)
        said = self.message if known else f"{place}: {self.message}"
        prefix = f"{self.target}: "
        return said if not self.target or said.startswith(prefix) else f"{prefix}{said}"

    @classmethod
    def of_error(
        cls,
        scope: ProblemScope,
        subject: str,
        error: ImagebotError,
        *,
        message: str = "",
        path: str = "",
        line: int = 0,
        places: tuple[Place, ...] = (),
    ) -> Self:
        """An error as a problem, with its code and its hint; `message` "" is the error's own."""
        return cls(
            scope=scope,
            subject=subject,
            code=error.code,
            message=message or error.message,
            hint=error.hint,
            path=path,
            line=line,
            places=places,
        )


def shorten(problems: Sequence[Problem]) -> list[Problem]:
    """The problems that are told one by one: of each target, scope and code the first ten.

    Where there are more, another one says how many. Thousands of broken files would hide the rest.
    """
    counts = Counter(_sort_of(problem) for problem in problems)
    told: Counter[tuple[str, str, str]] = Counter()
    found: list[Problem] = []
    for problem in problems:
        sort = _sort_of(problem)
        told[sort] += 1
        if told[sort] <= _MOST_SHOWN:
            found.append(problem)
        if told[sort] == _MOST_SHOWN < counts[sort]:
            found.append(_rest(problem, counts[sort]))
    return found


def _sort_of(problem: Problem) -> tuple[str, str, str]:
    return problem.target, problem.scope, problem.code


def _rest(problem: Problem, total: int) -> Problem:
    where = f"{problem.target}: " if problem.target else ""
    return Problem(
        scope=problem.scope,
        subject=problem.target or problem.scope,
        code=problem.code,
        message=f"{where}{total - _MOST_SHOWN} more problems of this kind ({problem.code})",
        hint="--format json lists all of them",
        target=problem.target,
    )


class Exit(IntEnum):
    """The exit codes of the command line."""

    WELL = 0
    FAILED = 1
    USAGE = 2
    BUG = 3
    PENDING = 4
    NOTHING_CHOSEN = 5
    INTERRUPTED = 130


def exit_of(problems: Sequence[Problem]) -> Exit:
    """Failed when anything did, whatever else was done; a bug when one of them was."""
    if any(problem.code == BUG for problem in problems):
        return Exit.BUG
    return Exit.FAILED if problems else Exit.WELL
