"""Globs over slash-separated names: `*` and `?` stop at `/`, `**` does not.

`**/x` also matches `x` itself and `x/**` everything below `x`, as in `.gitignore` and in shells
with globstar. `{a,b}` lists alternatives and `[a-z]` a set. RE2 runs them in linear time.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from typing import Any

from imagebot.errors import UsageError

CAPTURE = re.compile(r"\{([^{},]*)\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


@functools.lru_cache(maxsize=4096)
def compile_glob(glob: str) -> Callable[[str], bool]:
    """A predicate for whole names.

    Raises UsageError for an invalid glob: empty, an open bracket or brace, a set such as [z-a].
    """
    if glob == "**":
        # Most routes and entries end with it, and RE2 is asked once for each name.
        return lambda _name: True
    import re2

    try:
        pattern = re2.compile(glob_expression(glob), options=re2_options())
    except re2.error as error:
        raise UsageError(f"the glob {glob!r} has an invalid set") from error
    return lambda name: pattern.fullmatch(name) is not None


@functools.lru_cache(maxsize=4096)
def compile_captures(glob: str) -> Callable[[str], Mapping[str, str] | None]:
    """What the captures of a glob have in a name, None if the glob does not match it.

    A capture is a name in braces without a comma (`{app}`): one or more characters other than `/`,
    of which an earlier capture takes as many as it can.
    Raises UsageError for an invalid glob, and for a capture that is repeated or within braces.
    """
    import re2

    expression, names = _with_captures(glob)
    try:
        pattern = re2.compile(expression, options=re2_options())
    except re2.error as error:
        raise UsageError(f"the glob {glob!r} has an invalid set") from error

    def captured(name: str) -> Mapping[str, str] | None:
        found = pattern.fullmatch(name)
        return None if found is None else dict(zip(names, found.groups(), strict=True))

    return captured


def capture_names(glob: str) -> tuple[str, ...]:
    """The captures of a glob, in order. Raises UsageError as `compile_captures` does."""
    return _with_captures(glob)[1]


def without_captures(glob: str) -> str:
    """A glob that matches what `glob` matches, with `*` for each capture."""
    return CAPTURE.sub("*", glob)


def _with_captures(glob: str) -> tuple[str, tuple[str, ...]]:
    """The RE2 expression of a glob, and the names of its groups."""
    if not glob:
        raise UsageError("an empty glob matches nothing", hint='write "**" to match everything')
    out: list[str] = []
    names: list[str] = []
    depth = index = 0
    while index < len(glob):
        capture = CAPTURE.match(glob, index)
        if capture is None:
            piece, index, depth = _translate_one(glob, index, depth)
            out.append(piece)
            continue
        _check_capture(glob, capture[1], names, depth)
        names.append(capture[1])
        out.append("([^/]+)")
        index = capture.end()
    if depth:
        raise UsageError(f"the glob {glob!r} has an open brace")
    return "(?s)" + "".join(out), tuple(names)


def _check_capture(glob: str, name: str, before: list[str], depth: int) -> None:
    if not _NAME.fullmatch(name):
        hint = "write {app} for a part of the path, {a,b} for one of several texts"
        raise UsageError(f"the glob {glob!r} has {{{name}}}, which is not a name", hint=hint)
    if depth:
        raise UsageError(f"the glob {glob!r} has {{{name}}} within other braces")
    if name in before:
        raise UsageError(f"the glob {glob!r} has {{{name}}} twice", hint="use another name")


def re2_options() -> Any:
    """Options for RE2 that keep it from writing errors to stderr; callers may set more."""
    import re2

    options = re2.Options()
    options.log_errors = False
    return options


def matches_any(globs: tuple[str, ...], name: str) -> bool:
    return any(compile_glob(glob)(name) for glob in globs)


def glob_expression(glob: str) -> str:
    """The RE2 expression of a glob, for whole names. Raises UsageError as `compile_glob` does."""
    if not glob:
        raise UsageError("an empty glob matches nothing", hint='write "**" to match everything')
    out: list[str] = []
    depth = index = 0
    while index < len(glob):
        piece, index, depth = _translate_one(glob, index, depth)
        out.append(piece)
    if depth:
        raise UsageError(f"the glob {glob!r} has an open brace")
    return "(?s)" + "".join(out)


def _translate_one(glob: str, index: int, depth: int) -> tuple[str, int, int]:
    """One construct of the glob at `index`: (expression, next index, brace depth)."""
    starts_name = index == 0 or glob[index - 1] == "/"
    if starts_name and glob.startswith("**/", index):
        return "(?:.*/)?", index + 3, depth
    if glob.startswith("**", index):
        return ".*", index + 2, depth
    char = glob[index]
    if char == "[":
        return *_translate_set(glob, index), depth
    if char == "{":
        return "(?:", index + 1, depth + 1
    if depth and char in ",}":
        return ("|", index + 1, depth) if char == "," else (")", index + 1, depth - 1)
    simple = {"*": "[^/]*", "?": "[^/]"}
    return simple.get(char) or _escape(char), index + 1, depth


def _translate_set(glob: str, index: int) -> tuple[str, int]:
    end = glob.find("]", index + 2)
    if end < 0:
        raise UsageError(f"the glob {glob!r} has an open bracket")
    body = glob[index + 1 : end]
    negated = body[0] in "!^"
    chars = "".join(c if c == "-" else _escape(c) for c in body[negated:])
    return (f"[^/{chars}]" if negated else f"[{chars}]"), end + 1


def _escape(char: str) -> str:
    return char if char.isalnum() or char in "_/" else f"\\{char}" if char.isascii() else char
