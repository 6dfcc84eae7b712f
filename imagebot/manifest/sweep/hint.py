"""Says what would govern an image that a sweep has found: a marker, or an entry to paste."""

from __future__ import annotations

import re

from imagebot.manifest.formats.select import path_kind
from imagebot.manifest.sweep.references import Found
from imagebot.manifest.sweep.text import SweptText

_SLASHES = (".jsonnet", ".libsonnet", ".cue", ".groovy", "jenkinsfile")
_TAG = r"(?P<tag>[\w][\w.-]*)"
_DIGEST = "(?P<digest>sha256:[0-9a-f]{64})"
# Signs of globs; a set of one is that character.
_GLOB = re.compile(r"([*?\[{])")
_PLAIN = re.compile(r"[A-Za-z0-9_./-]+")
_KEY = re.compile(r"""(?P<indent>[ \t]*)(?P<item>- )?["']?(?P<key>[\w./-]+)["']?[ \t]*[:=]""")
# How far up a key is searched for: no file is longer that people write.
_MOST_LINES = 2_000


def hint_for(swept: SweptText, found: Found) -> str:
    """What would make a field of a reference or a tag in a text.

    A marker where comments are read as such, else an entry for the configuration.
    """
    path = swept.path
    kind = path_kind(path)
    if found.whole:
        if kind == "text":
            return f"write `{_comment(path)} imagebot: POLICY` on the line above"
        return f"write `files: {{patterns: [{_pattern(path, found)}]}}` in the configuration"
    name = found.name or "REPOSITORY"
    if kind and not path.endswith(".json"):
        marker = f"imagebot: {{image: {name}, policy: POLICY}}"
        return f"write `{_comment(path)} {marker}` on the line above"
    keys = _plain_or_quoted(_key_path(swept, found.start))
    entry = f"{{files: [{_glob(path)}], tag: {keys}, image: {_plain_or_quoted(name)}}}"
    return f"write `fields: [{entry}]` in the configuration"


def _comment(path: str) -> str:
    return "//" if path.lower().endswith(_SLASHES) else "#"


def _pattern(path: str, found: Found) -> str:
    tag = f":{_TAG}" if found.tag is not None else ""
    digest = f"@{_DIGEST}" if found.digest is not None else ""
    pattern = f"(?P<name>{re.escape(found.name)}){tag}{digest}".replace(r"\-", "-")
    return f"{{match: [{_glob(path)}], pattern: '{pattern}'}}"


def _glob(path: str) -> str:
    return _plain_or_quoted(_GLOB.sub(r"[\1]", path))


def _plain_or_quoted(text: str) -> str:
    """A text as YAML in flow style."""
    if _PLAIN.fullmatch(text):
        return text
    return "'" + text.replace("'", "''") + "'"


def _key_path(swept: SweptText, at: int) -> str:
    """The keys that lead to a value by their indentation, dotted; the last one alone if unsure."""
    text, newline = swept.text, swept.newline
    end, keys, depth = at, list[str](), -1
    for _ in range(_MOST_LINES):
        start = text.rfind(newline, 0, end) + 1
        match = _KEY.match(text, start, end)
        indent = len(match["indent"]) if match else -1
        if match is not None and (depth < 0 or indent < depth):
            if match["item"]:
                return keys[-1] if keys else match["key"]
            keys.append(match["key"].replace(".", r"\."))
            depth = indent
        if depth == 0 or start == 0:
            break
        end = start - 1
    return ".".join(reversed(keys))
