"""`.gitignore` files, with Git's rules: the nearest file decides, and its last matching line."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

_MAX_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Rules:
    """One file's lines. `prefix` is what its own folder is called within the listed folder, and
    `above` what goes before a path to make it relative to a folder further up."""

    prefix: str
    above: str
    spec: GitIgnoreSpec
    some: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Ignore:
    """The rules in force in a folder, those of the nearest file last."""

    rules: tuple[_Rules, ...] = ()

    @classmethod
    def above(cls, root: str) -> Ignore:
        """The rules that hold in `root` from `.git/info/exclude` and folders above it."""
        folder = Path(root).resolve()
        top = next((each for each in (folder, *folder.parents) if (each / ".git").exists()), None)
        if top is None:
            return cls()
        found = []
        at = folder.relative_to(top).as_posix()
        parts = [] if at == "." else at.split("/")
        sources = [(top / ".git" / "info" / "exclude", 0)]
        sources += [
            (top.joinpath(*parts[:depth], ".gitignore"), depth) for depth in range(len(parts))
        ]
        for path, depth in sources:
            above = "".join(f"{part}/" for part in parts[depth:])
            rules = _read(path, "", above)
            if rules is not None:
                found.append(rules)
        return cls(tuple(found))

    def entering(self, folder: str, prefix: str) -> Ignore:
        """The rules in a folder that has a `.gitignore`."""
        rules = _read(Path(folder) / ".gitignore", prefix, "")
        return self if rules is None else Ignore((*self.rules, rules))

    def ignores(self, path: str) -> bool:
        """Whether a path is ignored; that of a folder ends with `/`."""
        for rules in reversed(self.rules):
            local = rules.above + path[len(rules.prefix) :]
            if rules.some.search(local) is None:
                continue
            included = rules.spec.check_file(local).include
            if included is not None:
                return included
        return False


def _read(path: Path, prefix: str, above: str) -> _Rules | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        lines = file.read(_MAX_BYTES).decode("utf-8", "surrogateescape").splitlines()
    from pathspec import GitIgnoreSpec

    spec = GitIgnoreSpec.from_lines(line for line in lines if _is_pattern(line))
    expressions = [each.regex.pattern for each in spec.patterns if each.regex is not None]
    if not expressions:
        return None
    some = re.compile("|".join(f"(?:{re.sub('[?]P<[^>]*>', '?:', each)})" for each in expressions))
    return _Rules(prefix, above, spec, some)


def _is_pattern(line: str) -> bool:
    """A line that means nothing matches nothing, as in Git."""
    from pathspec import GitIgnoreSpec

    try:
        GitIgnoreSpec.from_lines([line])
    except (ValueError, re.error):
        return False
    return True
