"""Says what would govern an image that a sweep has found: a marker, or an entry to paste."""

from __future__ import annotations

import re

from imagebot.manifest.formats.select import path_kind
from imagebot.manifest.sweep.references import Found
from imagebot.manifest.sweep.text import NEAR, SweptText

_SLASHES = (".jsonnet", ".libsonnet", ".cue", ".groovy", "jenkinsfile")
# YAML in a text of a pipeline: what is without quotes behind a key.
_PIPELINE = "jenkinsfile"
_IN_YAML = re.compile(rb"[ \t]*(?:- )?[\w.-]+:[ \t]+")
# What is not YAML: of the files that are read as that, no entry finds it.
_ASSIGNMENT = re.compile(rb"[ \t]*(?:export[ \t]+)?[\w.-]+[ \t]*=[ \t]*[\"']?")
_TAG = r"(?P<tag>[\w][\w.-]*)"
_DIGEST = "(?P<digest>sha256:[0-9a-f]{64})"
_START = r"(?:^|[^\w./:@-])"
_SCHEME = re.compile(rb"[a-z-]+://\Z")
# Signs of globs; a set of one is that character.
_GLOB = re.compile(r"([*?\[{])")
_PLAIN = re.compile(r"[A-Za-z0-9_./-]+")
_KEY = re.compile(r"""(?P<indent>[ \t]*)(?P<item>- )?["']?(?P<key>[\w./-]+)["']?[ \t]*[:=]""")
# Keys of versions on one line, of which a marker needs exactly one.
_VERSIONS = re.compile(
    r"(?:tag|version|revision|digest|sha|sha256|hash)[\"']?[ \t]*[:=]", re.IGNORECASE
)
# The rest of a name that another tool completes: no marker can say more about its tag.
_COMPLETED = re.compile(rb"/[\w.-]+[:@]\Z")
# How far up a key is searched for: no file is longer that people write.
_MOST_LINES = 2_000
# Strings and signs of JSON; a string that does not end goes on to the end of the text.
_JSON = re.compile(r'"((?:[^"\\]|\\.)*)"?(?=[ \t\r\n]*(:)?)|[{}\[\]]', re.DOTALL)
_MOST_JSON = 1024 * 1024
# Where the keys that lead to a tag are not clear.
_SOME_PATH = "PATH"


def hint_for(swept: SweptText, found: Found) -> str:
    """What would make a field of a reference or a tag in a text.

    A marker where comments are read as such, else an entry for the configuration.
    """
    path = swept.path
    kind = path_kind(path)
    if found.whole:
        # A comment above `# syntax=` would make it a comment.
        if kind == "text" and not swept.is_syntax(found.start):
            return f"write `{_comment(swept, found)} imagebot: POLICY` on the line above"
        return f"write `files: {{patterns: [{_pattern(swept, found)}]}}` in the configuration"
    name = found.name or "REPOSITORY"
    if kind and not path.endswith(".json"):
        marker = f"imagebot: {{image: {name}, policy: POLICY}}"
        if _COMPLETED.search(swept.before(found.start)):
            return (
                f"write it as a value of its own, with `{_comment(swept, found)} {marker}` above it"
            )
        if _is_one_of_several(swept, found.start):
            return (
                f"write it on a line of its own, with `{_comment(swept, found)} {marker}` above it"
            )
        return f"write `{_comment(swept, found)} {marker}` on the line above"
    if _ASSIGNMENT.fullmatch(swept.before(found.start)):
        like = path.rpartition("/")[2] + ".env"
        marker = f"imagebot: {{image: {name}, policy: POLICY}}"
        return (
            f"write `# {marker}` on the line above, and name the file like `{like}`: its name "
            "decides whether markers are read"
        )
    path_of = _json_path if path.endswith(".json") else _key_path
    keys = _plain_or_quoted(path_of(swept, found.start) or _SOME_PATH)
    entry = f"{{files: [{_glob(path)}], tag: {keys}, image: {_plain_or_quoted(name)}}}"
    return f"write `fields: [{entry}]` in the configuration"


def _is_one_of_several(swept: SweptText, at: int) -> bool:
    """Whether a marker could not say which value of its line it is for."""
    start = swept.text.rfind(swept.newline, max(0, at - NEAR), at) + 1
    end = swept.text.find(swept.newline, at, at + NEAR)
    line = swept.text[start or max(0, at - NEAR) : end if end >= 0 else at + NEAR]
    before, behind = line[: at - (start or max(0, at - NEAR))], line
    return len(_VERSIONS.findall(line)) > 1 or ("{" in before and "," in behind)


def _comment(swept: SweptText, found: Found) -> str:
    path = swept.path.lower()
    if path.endswith(_PIPELINE) and _IN_YAML.fullmatch(swept.before(found.start)):
        return "#"
    return "//" if path.endswith(_SLASHES) else "#"


def _pattern(swept: SweptText, found: Found) -> str:
    tag = f":{_TAG}" if found.tag is not None else ""
    digest = f"@{_DIGEST}" if found.digest is not None else ""
    # A name is also the end of longer ones: `mirror/redis:7` is another image than `redis:7`.
    scheme = _SCHEME.search(swept.before(found.start))
    start = re.escape(scheme[0].decode()) if scheme else _START
    pattern = f"{start}(?P<name>{re.escape(found.name)}){tag}{digest}".replace(r"\-", "-")
    return f"{{match: [{_glob(swept.path)}], pattern: '{pattern}'}}"


def _glob(path: str) -> str:
    return _plain_or_quoted(_GLOB.sub(r"[\1]", path))


def _plain_or_quoted(text: str) -> str:
    """A text as YAML in flow style."""
    if _PLAIN.fullmatch(text):
        return text
    return "'" + text.replace("'", "''") + "'"


def _json_path(swept: SweptText, at: int) -> str:
    """The keys that lead to a value of JSON, dotted, with `*` for any item of a list."""
    if at > _MOST_JSON:
        return ""
    keys: list[str] = []
    for token in _JSON.finditer(swept.text, 0, at):
        if token[0] in "{[":
            keys.append("*" if token[0] == "[" else "")
        elif token[0] in "}]":
            del keys[-1:]
        elif token[2] and keys and keys[-1] != "*":
            keys[-1] = token[1].replace(".", r"\.")
    return ".".join(keys) if all(keys) else ""


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
