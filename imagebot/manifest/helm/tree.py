"""The files of a tree as releases name them: by path, by glob, or with a placeholder."""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable

from imagebot.errors import UsageError
from imagebot.glob import compile_glob

_PLACEHOLDER = re.compile(r"\{\{-?[ \t]*(.{1,200}?)[ \t]*-?\}\}")
_PRINTED = re.compile(r"\{\{-?[ \t]*(?:`([^`]{0,200})`|\"([^\"\\]{0,200})\")[ \t]*-?\}\}")
_WILDCARD = re.compile(r"[*?\[]")
_SPECIAL = re.compile(r"[*?\[{]")
# How many files all globs and placeholders of a tree may be compared with, beside one look each.
_BUDGET = 2_000_000
_MAX_TEMPLATES = 500
# More placeholders in a path would make matching slow.
_MAX_PLACEHOLDERS = 4


class Tree:
    """All paths of a tree, sorted. `charts` are the folders with a `Chart.yaml`, "" for the top."""

    def __init__(self, paths: Iterable[str]) -> None:
        self.paths = sorted(paths)
        self.files = frozenset(self.paths)
        self.charts = [
            posixpath.dirname(path)
            for path in self.paths
            if path == "Chart.yaml" or path.endswith("/Chart.yaml")
        ]
        self._budget = _BUDGET + len(self.paths)
        self._globbed: dict[str, tuple[str, ...] | None] = {}
        self._folders: list[str] | None = None
        self._found: dict[tuple[tuple[str, ...], tuple[str, ...], bool], tuple[str, ...]] = {}

    def values_of(self, chart: str) -> str:
        """The values file of a chart, "" if it has none."""
        for name in ("values.yaml", "values.yml"):
            path = posixpath.join(chart, name)
            if path in self.files:
                return path
        return ""

    def templates_of(self, chart: str) -> tuple[str, ...]:
        """The files of the templates of a chart; () if they are more than any chart has."""
        start = posixpath.join(chart, "templates/")
        first = bisect_left(self.paths, start)
        last = bisect_left(self.paths, start[:-1] + "0", first)
        return tuple(self.paths[first:last]) if last - first <= _MAX_TEMPLATES else ()

    def globbed(self, glob: str, most: int) -> tuple[str, ...] | None:
        """The files that a glob matches, sorted; None if they are more than `most`, or if too many
        globs were asked for."""
        if glob not in self._globbed:
            self._globbed[glob] = self._search(glob, most)
        return self._globbed[glob]

    def _search(self, glob: str, most: int) -> tuple[str, ...] | None:
        try:
            matches = compile_glob(glob)
        except UsageError:
            return ()
        found: list[str] = []
        for path in self._starting(self.paths, _WILDCARD.split(glob, maxsplit=1)[0]):
            if matches(path):
                found.append(path)
            if len(found) > most:
                return None
        return tuple(found) if self._budget > 0 else None

    def folders(
        self, globs: tuple[str, ...], without: tuple[str, ...], files: bool, most: int
    ) -> tuple[str, ...]:
        """The folders that a glob matches, or those of the files that one matches, at most `most`;
        none that a glob of `without` matches."""
        key = (globs, without, files)
        if key not in self._found:
            there = self.paths if files else self._every_folder()
            found: dict[str, None] = {}
            left_out = [matches for glob in without if (matches := _matcher(glob))]
            for glob in globs:
                matches = _matcher(glob)
                if matches is None:
                    continue
                for path in self._starting(there, _start_of(glob)):
                    if matches(path) and not any(other(path) for other in left_out):
                        found[posixpath.dirname(path) if files else path] = None
            self._found[key] = tuple(found)[:most]
        return self._found[key]

    def _every_folder(self) -> list[str]:
        if self._folders is None:
            found: set[str] = set()
            for path in self.paths:
                folder = posixpath.dirname(path)
                while folder and folder not in found:
                    found.add(folder)
                    folder = posixpath.dirname(folder)
            self._folders = sorted(found)
        return self._folders

    def bindings(self, text: str, *, chart: bool, most: int) -> list[dict[str, str]]:
        """What the placeholders of a path stand for, by each file (or folder of a chart) that fits;
        at most `most` of them."""
        return self.fitting(text, self.charts if chart else self.paths, most)

    def fitting(self, text: str, among: list[str], most: int) -> list[dict[str, str]]:
        """The same by the paths `among`, which are sorted."""
        names = placeholders(text)
        if not names or len(names) > _MAX_PLACEHOLDERS:
            return []
        seen: dict[str, str] = {}
        pattern, at = "", 0
        for match in _PLACEHOLDER.finditer(text):
            pattern += re.escape(text[at : match.start()])
            if match[1] in seen:
                pattern += f"(?P={seen[match[1]]})"
            else:
                seen[match[1]] = f"n{len(seen)}"
                piece = ".+" if "path" in match[1] and "basename" not in match[1] else "[^/]+"
                pattern += f"(?P<{seen[match[1]]}>{piece})"
            at = match.end()
        compiled = re.compile(pattern + re.escape(text[at:]))
        found: list[dict[str, str]] = []
        start = text[: text.index("{{")]
        for path in self._starting(among, start):
            fits = compiled.fullmatch(path)
            if fits is not None:
                found.append({name: fits[group] for name, group in seen.items()})
            if len(found) >= most:
                break
        return found

    def _starting(self, paths: list[str], start: str) -> Iterable[str]:
        at = bisect_left(paths, start)
        while at < len(paths) and paths[at].startswith(start) and self._budget > 0:
            self._budget -= 1
            yield paths[at]
            at += 1


def _matcher(glob: str) -> Callable[[str], bool] | None:
    """None for what is no glob, and for one that is filled in."""
    try:
        return compile_glob(glob.strip("/")) if "{{" not in glob else None
    except UsageError:
        return None


def _start_of(glob: str) -> str:
    """What every match begins with."""
    return _SPECIAL.split(glob.lstrip("/"), maxsplit=1)[0].rstrip("/")


def is_glob(text: str) -> bool:
    return _WILDCARD.search(text) is not None


def placeholders(text: str) -> list[str]:
    """What stands between the braces of `{{ … }}`, each once."""
    if "{{" not in text:
        return []
    return list(dict.fromkeys(match[1] for match in _PLACEHOLDER.finditer(text)))


def printed(text: str) -> str:
    """A text with the actions that only print a text replaced by it: a helmfile writes a template
    for later so (`` {{`{{ .Release.Name }}`}} ``, `{{ "{{" }} .Release.Name {{ "}}" }}`)."""
    return _PRINTED.sub(lambda match: match[1] or match[2] or "", text) if "{{" in text else text


def filled(text: str, values: dict[str, str]) -> str:
    """A text with its placeholders replaced as far as they are known.

    Go templates name a value `.env` or `.Values.env`, others `env`.
    """
    if "{{" not in text:
        return text

    def fill(match: re.Match[str]) -> str:
        name = match[1]
        plain = name.removeprefix(".")
        return values.get(name, values.get(plain, match[0]))

    return _PLACEHOLDER.sub(fill, text)
