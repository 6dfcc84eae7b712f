"""The changes of a plan, written to a folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from imagebot.errors import FolderError, Problem
from imagebot.files.folder import read_file, write_file
from imagebot.plan.model import FileChange, Plan


def write_changes(root: Path, changes: Sequence[FileChange], plan: Plan) -> Plan:
    """Write each file whole or not at all.

    The plan comes back without the updates of files that could not be written, and with a problem
    for each such file. An interrupt says how many were written before it.
    """
    lost: set[str] = set()
    problems: list[Problem] = []
    for number, change in enumerate(changes):
        try:
            write_file(root, change.path, change.old, change.new)
        except FolderError as error:
            lost.update(change.updates)
            problems.append(_problem(change, error))
        except KeyboardInterrupt:
            written = number - len(problems) + _is_written(root, change)
            raise KeyboardInterrupt(f"{written} of {len(changes)} files were written") from None
    return replace(
        plan,
        updates=tuple(update for update in plan.updates if update.id not in lost),
        problems=(*plan.problems, *problems),
    )


def _is_written(root: Path, change: FileChange) -> bool:
    try:
        return read_file(root, change.path) == change.new
    except FolderError:
        return False


def _problem(change: FileChange, error: FolderError) -> Problem:
    return Problem(
        scope="file",
        subject=change.path,
        path=change.path,
        code=error.code,
        message=error.message,
        hint=error.hint,
    )
