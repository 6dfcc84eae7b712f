"""Bare repositories made, read and written by plain git with nothing of the machine's settings."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tests.support.git_objects import store, store_tree

PERSON = "Alice Example"
EMAIL = "alice@example.com"
DATE = "2024-01-02T03:04:05+00:00"


@dataclass(frozen=True, slots=True)
class Executable:
    """A file with mode 100755."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Symlink:
    target: str


@dataclass(frozen=True, slots=True)
class Submodule:
    commit: str


Entry = bytes | Executable | Symlink | Submodule
"""What stands at a path; bytes are an ordinary file."""


@dataclass(frozen=True, slots=True)
class Commit:
    sha: str
    author: str
    email: str
    committer_email: str
    message: str


def isolated_environment(folder: Path | None = None) -> dict[str, str]:
    """For git: no configuration of the user or the system, a fixed person and date, no prompt."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder) if folder else "/nonexistent",
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_AUTHOR_NAME": PERSON,
        "GIT_AUTHOR_EMAIL": EMAIL,
        "GIT_AUTHOR_DATE": DATE,
        "GIT_COMMITTER_NAME": PERSON,
        "GIT_COMMITTER_EMAIL": EMAIL,
        "GIT_COMMITTER_DATE": DATE,
    }


class GitError(Exception):
    """git ended with another status than 0; the message has what it said."""


def git(
    folder: Path, *arguments: str, stdin: bytes = b"", env: Mapping[str, str] | None = None
) -> bytes:
    """Run git in a folder and return its stdout."""
    environment = {**isolated_environment(), **(env or {})}
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        input=stdin,
        capture_output=True,
        env=environment,
        check=False,
        timeout=60,
    )
    if done.returncode != 0:
        message = done.stderr.decode(errors="replace")
        raise GitError(f"git {' '.join(arguments)}: status {done.returncode}\n{message}")
    return done.stdout


def git_text(folder: Path, *arguments: str, stdin: bytes = b"") -> str:
    return git(folder, *arguments, stdin=stdin).decode().strip()


@dataclass(frozen=True, slots=True)
class BareRepository:
    folder: Path

    @classmethod
    def create(
        cls, folder: Path, files: Mapping[str, Entry] | None = None, branch: str = "main"
    ) -> BareRepository:
        """A new repository; its branch exists once there are files."""
        folder.mkdir(parents=True)
        # Without the sample hooks that git would copy into it.
        git(folder, "init", "--quiet", "--bare", "--template=", f"--initial-branch={branch}")
        repository = cls(folder)
        if files:
            tree = store_tree(folder, repository._changed({}, files))
            commit = repository._commit(tree, (), "Initial commit")
            ref = folder / "refs" / "heads" / branch
            ref.parent.mkdir(parents=True, exist_ok=True)
            ref.write_text(f"{commit}\n")
        return repository

    def commit(
        self,
        files: Mapping[str, Entry | None],
        *,
        branch: str = "main",
        message: str = "Change",
        author: str = PERSON,
        email: str = EMAIL,
        date: str = DATE,
    ) -> str:
        """Commit on top of the branch, as a person's push would; None deletes a path.

        Returns the new commit's id. Server hooks do not run: nothing is pushed.
        """
        parent = self.head(branch)
        present = self._listed(parent) if parent else {}
        tree = store_tree(self.folder, self._changed(present, files))
        parents = (parent,) if parent else ()
        commit = self._commit(tree, parents, message, f"{author} <{email}>", date)
        self.move(branch, commit)
        return commit

    def move(self, branch: str, commit: str) -> None:
        git(self.folder, "update-ref", f"refs/heads/{branch}", commit)

    def head(self, branch: str = "main") -> str | None:
        """The commit that a branch points to, None without such a branch."""
        return self.refs().get(f"refs/heads/{branch}")

    def refs(self) -> dict[str, str]:
        listed = git_text(self.folder, "for-each-ref", "--format=%(refname) %(objectname)")
        return dict(line.split() for line in listed.splitlines())

    def read_files(self, branch: str = "main") -> dict[str, bytes]:
        """The bytes of every file by path; of a symlink, its target."""
        return {path: data for path, (_, data) in self._entries(branch).items()}

    def modes(self, branch: str = "main") -> dict[str, str]:
        """The mode of every path, such as "100644"."""
        return {path: mode for path, (mode, _) in self._entries(branch).items()}

    def log(self, branch: str = "main") -> list[Commit]:
        """The branch's commits, the newest first."""
        shape = "--format=%H%x1f%an%x1f%ae%x1f%ce%x1f%B%x1e"
        text = git(self.folder, "log", shape, f"refs/heads/{branch}").decode()
        records = [record.strip("\n") for record in text.split("\x1e")]
        return [Commit(*record.split("\x1f")) for record in records if record]

    def diff(self, base: str, head: str) -> str:
        return git(self.folder, "diff", base, head).decode()

    def configure(self, key: str, value: str) -> None:
        git(self.folder, "config", key, value)

    def install_hook(self, name: str, script: str) -> None:
        path = self.folder / "hooks" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(script)
        path.chmod(0o755)

    def protect(self, branch: str, *, message: str = "protected branch") -> None:
        """Decline every push to a branch, as a forge's branch protection does."""
        self.install_hook(
            "pre-receive",
            "#!/bin/sh\n"
            "while read old new ref; do\n"
            f'  if [ "$ref" = "refs/heads/{branch}" ]; then echo "{message}" >&2; exit 1; fi\n'
            "done\n",
        )

    def _entries(self, branch: str) -> dict[str, tuple[str, bytes]]:
        listed = self._listed(f"refs/heads/{branch}")
        blobs = self._blobs([sha for _, sha in listed.values()])
        return {path: (mode, blobs[sha]) for path, (mode, sha) in listed.items()}

    def _listed(self, commit: str) -> dict[str, tuple[str, str]]:
        """Mode and id of each path."""
        found = git(self.folder, "ls-tree", "-r", "-z", commit).decode().split("\0")
        records = (record.partition("\t") for record in found if record)
        return {path: (meta.split()[0], meta.split()[2]) for meta, _, path in records}

    def _blobs(self, ids: list[str]) -> dict[str, bytes]:
        """Contents by object id; nothing for a submodule's commit, which is not here."""
        output = git(self.folder, "cat-file", "--batch", stdin="\n".join(ids).encode() + b"\n")
        contents, at = {}, 0
        for sha in ids:
            header, at = output[at : (end := output.index(b"\n", at))], end + 1
            size = 0 if header.endswith(b" missing") else int(header.split()[2]) + 1
            contents[sha] = output[at : at + max(size - 1, 0)]
            at += size
        return contents

    def _changed(
        self, present: Mapping[str, tuple[str, str]], files: Mapping[str, Entry | None]
    ) -> dict[str, tuple[str, str]]:
        """The paths of a tree once these files are written, or deleted."""
        changed = dict(present)
        for path, entry in files.items():
            if entry is None:
                changed.pop(path, None)
            else:
                changed[path] = self._store(entry)
        return changed

    def _store(self, entry: Entry) -> tuple[str, str]:
        if isinstance(entry, Submodule):
            return "160000", entry.commit
        if isinstance(entry, Executable):
            mode, data = "100755", entry.data
        elif isinstance(entry, Symlink):
            mode, data = "120000", entry.target.encode()
        else:
            mode, data = "100644", entry
        return mode, store(self.folder, "blob", data)

    def _commit(
        self,
        tree: str,
        parents: tuple[str, ...],
        message: str,
        who: str = f"{PERSON} <{EMAIL}>",
        date: str = DATE,
    ) -> str:
        when = datetime.fromisoformat(date)
        person = f"{who} {int(when.timestamp())} {when:%z}"
        lines = [f"tree {tree}", *(f"parent {each}" for each in parents)]
        lines += [f"author {person}", f"committer {person}", "", message.rstrip("\n"), ""]
        return store(self.folder, "commit", "\n".join(lines).encode())
