"""A forge that keeps pull requests as JSON files in a folder: for trying imagebot out.

One readable file for each pull request: `1.json`, `2.json` and so on. To close or merge one, set
its `state` to "closed" or "merged".
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from imagebot.errors import ForgeError
from imagebot.files.atomic import write_whole
from imagebot.forge.model import ForgeLimits, ForgeRights, Obstacle, PullRequest
from imagebot.values import dataclass

_MAX_FILE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class SandboxForge:
    """`project` distinguishes the pull requests of several targets in one folder."""

    folder: Path
    project: str
    base: str

    @property
    def limits(self) -> ForgeLimits:
        """As much as a file may hold, and as GitHub has for titles."""
        most = _MAX_FILE // 8
        return ForgeLimits(title=256, body=most, comment=most, closes_with_branch=False)

    def check(self, *, proposes: bool = False) -> ForgeRights:
        """Raises ForgeError when the folder cannot be written."""
        del proposes
        self._make_folder()
        if not os.access(self.folder, os.W_OK):
            raise ForgeError(self.project, f"{self.folder} cannot be written")
        return ForgeRights(f"pull requests are kept in {self.folder}")

    def obstacles(self, branch: str, *, own: bool) -> tuple[Obstacle, ...]:
        del branch, own
        return ()

    def disconnect(self) -> None:
        """Files are not kept open."""

    def find(self, branch: str) -> PullRequest | None:
        return next((one for one in self._of(branch) if one.state == "open"), None)

    def find_closed(self, branch: str) -> tuple[PullRequest, ...]:
        return tuple(one for one in self._of(branch) if one.state != "open")[:20]

    def list_open(self, prefix: str) -> tuple[PullRequest, ...]:
        return tuple(one for one in self._below(prefix) if one.state == "open")

    def list_closed(self, prefix: str, *, most: int) -> Iterator[PullRequest]:
        return islice((one for one in self._below(prefix) if one.state != "open"), most)

    def create(self, *, branch: str, title: str, body: str, draft: bool = False) -> PullRequest:
        existing = self.find(branch)
        if existing is not None:
            return existing
        self._make_folder()
        numbers = [int(path.stem) for path in self._paths()]
        fields = {
            "project": self.project,
            "number": max(numbers, default=0) + 1,
            "state": "open",
            "branch": branch,
            "base": self.base,
            "title": title,
            "body": body,
            "draft": draft,
            "labels": [],
            "reviewers": [],
            "assignees": [],
            "comments": [],
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        while not self._claim(fields):
            fields["number"] = int(str(fields["number"])) + 1
        return self._value(fields)

    def update(self, number: int, *, title: str, body: str) -> PullRequest:
        return self._change(number, lambda fields: fields.update(title=title, body=body))

    def close(self, number: int) -> None:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self._change(number, lambda fields: fields.update(state="closed", closed=now))

    def comment(self, number: int, text: str) -> None:
        self._add(number, "comments", [text])

    def add_labels(self, number: int, labels: Sequence[str]) -> None:
        self._add(number, "labels", labels)

    def remove_label(self, number: int, label: str) -> None:
        def remove(fields: dict[str, Any]) -> None:
            fields["labels"] = [each for each in fields["labels"] if each != label]

        self._change(number, remove)

    def set_draft(self, number: int, *, draft: bool) -> None:
        self._change(number, lambda fields: fields.update(draft=draft))

    def request_reviewers(self, number: int, reviewers: Sequence[str]) -> None:
        self._add(number, "reviewers", reviewers)

    def assign(self, number: int, assignees: Sequence[str]) -> None:
        self._add(number, "assignees", assignees)

    def _of(self, branch: str) -> Iterator[PullRequest]:
        """The pull requests of a branch, the newest first."""
        return (one for one in self._all() if one.branch == branch)

    def _below(self, prefix: str) -> Iterator[PullRequest]:
        return (one for one in self._all() if one.branch.startswith(prefix))

    def _all(self) -> Iterator[PullRequest]:
        for path in sorted(self._paths(), key=lambda path: -int(path.stem)):
            fields = self._read(path)
            if (fields["project"], fields["base"]) == (self.project, self.base):
                yield self._value(fields)

    def _paths(self) -> list[Path]:
        return [path for path in self.folder.glob("*.json") if path.stem.isdecimal()]

    def _path(self, number: object) -> Path:
        return self.folder / f"{number}.json"

    def _value(self, fields: dict[str, Any]) -> PullRequest:
        texts = {key: str(fields[key]) for key in ("title", "body", "branch", "base")}
        state = fields["state"]
        if state not in ("open", "closed", "merged"):
            raise ForgeError(
                self.project, f"{self._path(fields['number'])}: unknown state {state!r}"
            )
        url = self._path(fields["number"]).absolute().as_uri()
        return PullRequest(
            number=int(fields["number"]),
            url=url,
            state=state,
            created=_time(fields.get("created")),
            closed=_time(fields.get("closed")),
            labels=tuple(str(label) for label in fields.get("labels", ())),
            **texts,
        )

    def _add(self, number: int, key: str, values: Sequence[str]) -> None:
        def add(fields: dict[str, Any]) -> None:
            fields[key] = list(dict.fromkeys((*fields[key], *values)))

        self._change(number, add)

    def _change(self, number: int, change: Callable[[dict[str, Any]], None]) -> PullRequest:
        path = self._path(number)
        fields = self._read(path)
        change(fields)
        self._write(fields, replace=True)
        return self._value(fields)

    def _read(self, path: Path) -> dict[str, Any]:
        try:
            with path.open(encoding="utf-8") as file:
                fields = json.loads(file.read(_MAX_FILE))
            missing = {"project", "number", "state", "branch", "base", "title", "body"} - set(
                fields
            )
        except (OSError, ValueError, TypeError) as error:
            raise ForgeError(self.project, f"{path} cannot be read: {error}") from error
        if missing:
            raise ForgeError(self.project, f"{path} has no {', '.join(sorted(missing))}")
        return {"labels": [], "reviewers": [], "assignees": [], "comments": [], **fields}

    def _make_folder(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ForgeError(
                self.project, f"{self.folder} cannot be created: {error.strerror}"
            ) from error

    def _claim(self, fields: dict[str, Any]) -> bool:
        """Write a new file; false when its number was taken in the meantime."""
        try:
            self._write(fields, replace=False)
        except FileExistsError:
            return False
        return True

    def _write(self, fields: dict[str, Any], *, replace: bool) -> None:
        """Raises FileExistsError without `replace`, and ForgeError."""
        path = self._path(fields["number"])
        text = json.dumps(fields, indent=2, ensure_ascii=False) + "\n"
        try:
            write_whole(path, text.encode(), mode=0o644, replace=replace)
        except FileExistsError:
            raise
        except OSError as error:
            raise ForgeError(self.project, f"{path} cannot be written: {error.strerror}") from error


def _time(text: object) -> datetime | None:
    """A time with its zone; None where there is none, or people have written something else."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment if moment.tzinfo else None
