"""Lists and scans a folder while its configuration is loaded, for what that will most likely be.

A child begins as soon as the text of the configuration is there: loading it, and getting ready to
ask registries, takes as long as scanning some thousand files. Where the configuration says
something else about scanning than its text seemed to say, nothing of it is used.
"""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TypeAlias

from imagebot.config.builtin import IGNORE
from imagebot.config.model import Configuration
from imagebot.manifest.images.field import Scan
from imagebot.manifest.images.options import ScanOptions
from imagebot.parallel.processes import usable_processes
from imagebot.parallel.sharing import MOST_TASKS, SharedTasks

Options: TypeAlias = Callable[[str], ScanOptions]

# Keys with which not every file is scanned, or not as usual.
_KEYS = ("exclude", "patterns", "fields", "compose")
_POLICY = re.compile(r"""\bpolicy["']?\s*:\s*["']?([\w.-]*)""")
# A folder with less in it is scanned before a child would have begun.
_WORTH_ENTRIES = 400
_SHARE = 32
_NOTHING = Scan()


class Ahead:
    """A child that lists and scans the folder at `root`, with options that it expects."""

    def __init__(self, root: Path, expected: ScanOptions) -> None:
        self._expected = expected
        self._scanner = _Scanner(root, expected)
        self._shared = SharedTasks(self._scanner.shares, self._scanner.scan)
        self._used = False

    def close(self) -> None:
        self._shared.close()

    def paths(self, configuration: Configuration) -> list[str] | None:
        """Every file that may hold image fields, as `list_files` has them; None if the
        configuration says which.

        Raises FolderError.
        """
        files = configuration.files
        if files.exclude or files.patterns or files.fields:
            return None
        paths = list(chain.from_iterable(self._shared.tasks()))
        self._scanner.know(paths)
        return paths

    def scans(self, paths: Sequence[str], options: Options) -> dict[str, Scan]:
        """The scans of the files of the folder, in the order of their `paths`; none of them when
        other files or other options are asked for, or a second time."""
        known = self._scanner.paths
        if self._used or not paths or len(paths) != len(known) or tuple(paths) != tuple(known):
            return {}
        # Everything else is the same for all files.
        if replace(options(paths[0]), chart=False) != self._expected:
            return {}
        from imagebot.scan.many import say_if_slow, unpacked

        self._used = True
        say_if_slow()
        found = dict(chain.from_iterable(each.items() for _, each in self._shared.results()))
        return {path: unpacked(found.get(path, _NOTHING)) for path in paths}


@contextmanager
def begin(root: Path, text: str, *, managed_only: bool) -> Iterator[Ahead | None]:
    """A child that works ahead for the configuration `text`, if that is worth it.

    `managed_only` as in `take_inventory`.
    """
    if any(key in text for key in _KEYS) or not _is_large(root) or usable_processes() < 2:
        yield None
        return
    ignoring = set(_POLICY.findall(text)) == {IGNORE}
    ahead = Ahead(root, ScanOptions(markers_only=managed_only and ignoring))
    try:
        yield ahead
    finally:
        ahead.close()


def _is_large(root: Path) -> bool:
    """Whether there is much in a folder, or in the first of those below it."""
    waiting = deque([str(root)])
    seen = 0
    while waiting and seen < _WORTH_ENTRIES:
        try:
            with os.scandir(waiting.popleft()) as entries:
                for entry in entries:
                    seen += 1
                    if entry.is_dir(follow_symlinks=False) and entry.name != ".git":
                        waiting.append(entry.path)
        except OSError:
            continue
    return seen >= _WORTH_ENTRIES


class _Scanner:
    """What both processes do with shares of the files of a folder."""

    def __init__(self, root: Path, plain: ScanOptions) -> None:
        self.paths: Sequence[str] = ()
        self._root = root
        self._plain = plain
        self._options: Options = lambda _path: plain

    def know(self, paths: Sequence[str]) -> None:
        from imagebot.manifest.formats.select import options_by_path

        self.paths = paths
        self._options = options_by_path(paths, self._plain)

    def shares(self) -> list[list[str]]:
        from imagebot.files.listing import list_files
        from imagebot.manifest import cache
        from imagebot.manifest.yaml import events

        paths = list(list_files(self._root))
        events.prepare()
        cache.prepare()
        self.know(paths)
        size = max(_SHARE, -(-len(paths) // MOST_TASKS))
        return [paths[at : at + size] for at in range(0, len(paths), size)]

    def scan(self, share: Sequence[str]) -> dict[str, bytes | Scan]:
        """The scans of the files that have anything."""
        from imagebot.files.folder import read_files
        from imagebot.scan.many import packed_scans

        return packed_scans(read_files(self._root, share), self._options)
