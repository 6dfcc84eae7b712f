"""Entries of `fields` and `files.patterns` that can find nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from imagebot.config.issues import Issues
from imagebot.config.model import Configuration, Files
from imagebot.config.node import KeyPath, show_text
from imagebot.config.static.coverage import covers
from imagebot.config.static.tags import group_holds_no_tag
from imagebot.manifest.formats.configured import shared_keys, split_path
from imagebot.manifest.images.options import ExtraField

# What makes a kind a glob, or an apiVersion with a kind.
_NO_KIND = re.compile(r"[*?/\[\]{}]")
_TEXTS = ("apiVersion", "kind")
_PARTS = ("path", "repository", "registry", "tag", "digest")


def warn_of_patterns(files: Files, warnings: Issues) -> None:
    for index, entry in enumerate(files.patterns):
        at: KeyPath = ("files", "patterns", index)
        hidden = [number for number, glob in enumerate(entry.match) if covers(files.exclude, glob)]
        if len(hidden) == len(entry.match):
            message = "takes no file: files.exclude has it all"
            warnings.add((*at, "match"), message, "narrow files.exclude, or remove this entry")
        else:
            for number in hidden:
                message = f"{show_text(entry.match[number])!r} takes no file: it is excluded"
                warnings.add((*at, "match", number), message, "narrow files.exclude")
        before = [each for each in files.patterns[:index] if each.pattern == entry.pattern]
        globs = [glob for each in before for glob in each.match]
        if all(covers(globs, glob) for glob in entry.match):
            message = "finds nothing: an earlier entry has its pattern and files"
            warnings.add(at, message, "remove one of them")
        if group_holds_no_tag(entry.pattern, "tag"):
            message = "finds nothing: no tag fits into the group tag"
            warnings.add((*at, "pattern"), message, _TAG_HINT, position=0)


_TAG_HINT = "a tag is the part after the colon, such as (?P<tag>[^\\s@]+)"


def warn_of_fields(configuration: Configuration, warnings: Issues) -> None:
    for index, entry in enumerate(configuration.fields):
        for key, message, hint in _faults(entry, configuration.fields[:index]):
            warnings.add(("fields", index, *key), f"finds nothing: {message}", hint)


def _faults(entry: ExtraField, before: Sequence[ExtraField]) -> Iterator[tuple[KeyPath, str, str]]:
    """What is wrong with an entry: the key, why it finds nothing, and what to do."""
    if entry.kind != "*" and _NO_KIND.search(entry.kind):
        hint = 'a kind is one word, such as Deployment; "*" alone is every kind'
        yield ("kind",), f"no resource has the kind {show_text(entry.kind)!r}", hint
    paths = {part: path for part in _PARTS if (path := split_path(getattr(entry, part)))}
    for part, path in paths.items():
        if entry.kind != "*" and path[0] in _TEXTS and len(path) > 1:
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
    if earlier.kind not in ("*", entry.kind):
        return False
    if any(getattr(each, part) for each in (earlier, entry) for part in _PARTS[1:]):
        return all(getattr(earlier, part) == getattr(entry, part) for part in _PARTS)
    wide, narrow = split_path(earlier.path), split_path(entry.path)
    pairs = zip(wide, narrow, strict=False)
    return len(wide) == len(narrow) and all(one in ("*", other) for one, other in pairs)
