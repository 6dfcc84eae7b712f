"""Entries of `fields` and `files.patterns` that can find nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from imagebot.config.issues import Issues
from imagebot.config.model import Configuration, Files
from imagebot.config.node import KeyPath, show_text
from imagebot.config.static.coverage import covers
from imagebot.config.static.tags import group_holds_no_tag
from imagebot.glob import without_captures
from imagebot.manifest.formats.configured import shared_keys, split_path
from imagebot.manifest.images.options import ExtraField

# What makes a kind a glob, or an apiVersion with a kind.
_NO_KIND = re.compile(r"[*?/\[\]{}]")
_TEXTS = ("apiVersion", "kind")
_PARTS = ("path", "repository", "registry", "tag", "digest")


def warn_of_patterns(files: Files, warnings: Issues) -> None:
    for index, entry in enumerate(files.patterns):
        at: KeyPath = ("files", "patterns", index)
        _warn_of_excluded(warnings, at, "match", entry.match, files.exclude)
        before = [each for each in files.patterns[:index] if each.pattern == entry.pattern]
        globs = [glob for each in before for glob in each.match]
        if all(covers(globs, glob) for glob in entry.match):
            message = "finds nothing: an earlier entry has its pattern and files"
            warnings.add(at, message, "remove one of them")
        if group_holds_no_tag(entry.pattern, "tag"):
            message = "finds nothing: no tag fits into the group tag"
            warnings.add((*at, "pattern"), message, _TAG_HINT, position=0)


def _warn_of_excluded(
    warnings: Issues, at: KeyPath, key: str, globs: Sequence[str], exclude: Sequence[str]
) -> None:
    """Warn of the globs at `key` of an entry that match excluded files only."""
    hidden = [n for n, glob in enumerate(globs) if covers(exclude, without_captures(glob))]
    if globs and len(hidden) == len(globs):
        message = "takes no file: files.exclude has it all"
        warnings.add((*at, key), message, "narrow files.exclude, or remove this entry")
        return
    for number in hidden:
        message = f"{show_text(globs[number])!r} takes no file: it is excluded"
        warnings.add((*at, key, number), message, "narrow files.exclude")


_TAG_HINT = "a tag is the part after the colon, such as (?P<tag>[^\\s@]+)"


def warn_of_fields(configuration: Configuration, warnings: Issues) -> None:
    exclude = configuration.files.exclude
    for index, entry in enumerate(configuration.fields):
        _warn_of_excluded(warnings, ("fields", index), "files", entry.files, exclude)
        for key, message, hint in _faults(entry, configuration.fields[:index]):
            warnings.add(("fields", index, *key), f"finds nothing: {message}", hint)


def _faults(entry: ExtraField, before: Sequence[ExtraField]) -> Iterator[tuple[KeyPath, str, str]]:
    """What is wrong with an entry: the key, why it finds nothing, and what to do."""
    if entry.kind != "*" and _NO_KIND.search(entry.kind):
        hint = 'a kind is one word, such as Deployment; "*" alone is every kind'
        yield ("kind",), f"no resource has the kind {show_text(entry.kind)!r}", hint
    paths = {part: path for part in _PARTS if (path := split_path(getattr(entry, part)))}
    for part, path in paths.items():
        if entry.kind not in ("", "*") and path[0] in _TEXTS and len(path) > 1:
            yield (part,), f"{path[0]} is text, so nothing is below it", "check the path"
    if len(paths) > 1:
        shared = len(shared_keys([path[:-1] for path in paths.values()]))
        for part, path in paths.items():
            if "*" in path[shared:]:
                hint = "use the same path up to the last *, or one entry for each place"
                yield (part,), "a * stands for a key only where all paths agree", hint
    if any(_has_all_of(each, entry) for each in before):
        yield (), "an earlier entry finds the same", "remove one of them"


def _has_all_of(earlier: ExtraField, entry: ExtraField) -> bool:
    if earlier.kind != entry.kind and not (
        not earlier.kind or (earlier.kind == "*" and entry.kind)
    ):
        return False
    wide_files = [without_captures(glob) for glob in earlier.files]
    if wide_files and not (
        entry.files and all(covers(wide_files, without_captures(glob)) for glob in entry.files)
    ):
        return False
    if bool(earlier.image) != bool(entry.image):
        return False
    if any(getattr(each, part) for each in (earlier, entry) for part in _PARTS[1:]):
        return all(getattr(earlier, part) == getattr(entry, part) for part in _PARTS)
    wide, narrow = split_path(earlier.path), split_path(entry.path)
    pairs = zip(wide, narrow, strict=False)
    return len(wide) == len(narrow) and all(one in ("*", other) for one, other in pairs)
