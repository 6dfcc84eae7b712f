"""Reads commits of the cache: what they say, and what they changed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from imagebot.git.history import FileDiff, LastCommit, parse_diff


class CommitReader(ABC):
    """Every method may raise GitError."""

    @property
    @abstractmethod
    def head(self) -> str:
        """The commit to begin with."""

    @abstractmethod
    def _read(self, *argv: str) -> bytes:
        """Stdout of a git command that only reads the cache."""

    def messages(self, *, most: int) -> Sequence[str]:
        """The messages of the head's newest commits, the newest first."""
        output = self._read("log", "-z", f"-n{most}", "--format=%B", self.head, "--")
        return output.decode("utf-8", "replace").removesuffix("\0").split("\0")

    def last_commit(self, path: str) -> LastCommit | None:
        """The last commit of the head's history that touched a file, None without one."""
        form = "--format=%H %ct"
        output = self._read("log", "-n1", form, self.head, "--", f":(top,literal){path}")
        commit, _, when = output.decode().strip().partition(" ")
        return LastCommit(commit, int(when)) if commit else None

    def changed(self, old: str, new: str) -> tuple[FileDiff, ...]:
        """The files that differ between two commits that the cache has."""
        form = ("diff-tree", "-r", "-z", "--raw", "--no-abbrev", "--no-renames")
        return parse_diff(self._read(*form, old, new, "--"))

    def tree(self, commit: str) -> str:
        """The id of a commit's tree: equal for commits that hold the same."""
        argv = ("rev-parse", "--verify", f"{commit}^{{tree}}")
        return self._read(*argv).decode().strip()

    def message(self, commit: str) -> str:
        """The message of a commit."""
        output = self._read("log", "-n1", "--format=%B", commit, "--")
        return output.decode("utf-8", "replace")

    def messages_of(self, commits: Sequence[str]) -> dict[str, str]:
        """The messages of those commits that the cache has, by id; all read by one command."""
        if not commits:
            return {}
        form = ("log", "-z", "--no-walk=unsorted", "--ignore-missing", "--format=%H%n%B")
        output = self._read(*form, *commits, "--").decode("utf-8", "replace")
        parts = (part.partition("\n") for part in output.split("\0") if part)
        return {commit: message for commit, _, message in parts}

    def parents(self, commit: str) -> tuple[str, ...]:
        """The ids of a commit's parents."""
        output = self._read("rev-parse", f"{commit}^@", "--")
        return tuple(output.decode().split()[:-1])
