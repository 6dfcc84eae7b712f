"""Regular expressions for the lines of a document in plain block style.

Every line of such a document is `key: value`, `key:`, `- item`, a comment, or text in a block
scalar. A line is *telling* if a text or key in it can matter for images. One expression skips as
many of the other lines as it can.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable

# Lines with one of these are telling; keys that decide about a format must be here or below.
TELLING = (
    *("mage", "tag", "Tag", "epository", "egistry", "igest"),
    *("oci://", "HelmRe", "HelmChart", "targetRevision", "semver", "docker://", "container:"),
    "reference:",
)
# A key of every container that contains a telling text but is irrelevant.
_SILENT = "imagePullPolicy"
_EXACT = (
    "name|namespace|generateName|kind|apiVersion|reference|sha|sha256|hash|url|semver|chart|version|repo|"
    "repoURL|build|uses|newName|hub|org|organization|"
    "host|hostname|server|domain|address|endpoint|ecr|base|account|project|organisation|owner|group|"
    "team|folder|path|prefix|repoUrl"
)
EXACT_KEYS = frozenset(_EXACT.split("|"))
# Keys of mappings in which formats look for keys that are not telling by themselves.
_OWNERS = "metadata|spec|source|sources|ref|services"
OWNER_KEYS = frozenset(_OWNERS.split("|"))
# Usually there is an image below these: trying to skip all of it would only cost time.
_AROUND = "template|jobTemplate|containers|initContainers|values|controllers|items"

# One match skips at most so many lines, and as many nested ones.
AT_ONCE = 1_000
# No possessive quantifiers and no atomic groups: Python 3.11.0 to 3.11.4 get them wrong. Every
# repetition can match in one way only, so backtracking ends soon. Each remembered try costs memory,
# so repetitions of more than a character have a limit; a longer document is not plain. `(?:x|)` is
# the faster `(?:x)?`.
_KEY = r"[A-Za-z0-9_./$][A-Za-z0-9_./$-]*"
_INSIDE = r"[:#](?:(?<=:)(?=\S)|(?<=\S#))[^\n#:]*"
_REST = rf"[^\n#:]*(?:{_INSIDE}(?:{_INSIDE}){{0,200}}|)"
_PLAIN = rf"[^\s\"'\[\]{{}}&*!|>%@`#,?:-]{_REST}|[-:?](?=[^\s,\[\]{{}}]){_REST}"
_SINGLE = r"'[^'\n]*(?:''[^'\n]*(?:''[^'\n]*){0,200}|)'"
_DOUBLE = r"\"[^\"\\\n]*(?:\\[^\n][^\"\\\n]*){0,5000}\""
_IN_FLOW = (
    r"[^\"'\n#\]}]*(?:(?:[\]}]|'[^'\n]*'|\"[^\"\\\n]*(?:\\[^\n][^\"\\\n]*){0,100}\")"
    r"[^\"'\n#\]}]*){0,400}"
)
# Two braces belong to a template; only parsing can tell it from a mapping.
_FLOW = rf"\{{(?!\{{){_IN_FLOW}\}}[ ]*|\[{_IN_FLOW}\][ ]*"
_NAME = r"[A-Za-z0-9_-]+(?![A-Za-z0-9_-])"
# A mapping has at most one quoted text here, as in `{name: PORT, value: "80"}`.
_PIECE = r"[^\"'\n#\]}]*"
_QUOTED = r"(?:'[^'\n]*'|\"[^\"\\\n]*\")"
_SIMPLE_FLOW = rf"\{{(?!\{{){_PIECE}(?:{_QUOTED}{_PIECE}|)\}}[ ]*|\[{_PIECE}\][ ]*"
_LIGHT = rf"{_PLAIN}|\"[^\"\\\n]*\"[ ]*|{_SINGLE}[ ]*|\*{_NAME}[ ]*|{_SIMPLE_FLOW}"
_HEAVY = rf"{_DOUBLE}[ ]*|{_FLOW}"
_ANCHOR = rf"(?:&{_NAME}[ ]+|)"
# How a line ends, perhaps with a comment.
_END = r"(?:\n|#(?<=[ ]#)[^\n]*\n)"
_LAST_END = r"(?:\n|#(?<=[ ]#)[^\n]*(?:\n|\Z)|\Z)"
_BLANK = r"[ ]*(?:\n|#[^\n]*\n)"
_DASHES = r"(?:-[ ]+(?:-[ ]+(?:-[ ]+){0,200}|)|)"


def _value(name: str) -> str:
    """A value up to the end of its line; `name` is for a group that does not backtrack."""
    return rf"(?:{_LIGHT}|(?=(?P<{name}>(?:{_HEAVY})(?={_END})))(?P={name}))"


# Everything nested under a key, as far as every line of it is plain.
_NESTED = (
    rf"(?:(?P=i)(?:[ ]|-[ ])[ ]*{_DASHES}(?:"
    rf"{_KEY}:(?:[ ]+(?:&{_NAME}[ ]*|)(?:{_value('nested_value')}|)|)|"
    rf"{_ANCHOR}{_value('nested_item')}){_END}|{_BLANK}){{0,{AT_ONCE}}}"
)
_FIELD = (
    rf"(?:(?P<lead>[ ]*{_DASHES})"
    rf"(?:(?P<key>{_KEY}):(?:[ ]+(?:&(?P<anchor>{_NAME})[ ]*|)"
    rf"(?:(?P<block>[|>][-+0-9]*[ ]*)|(?P<value>{_LIGHT}|{_HEAVY})|)|)"
    rf"|(?P<item>{_ANCHOR}(?:{_LIGHT}|{_HEAVY}))|(?P<text>[|>][-+0-9]*[ ]*))"
    rf"{_LAST_END}|)"
)


_SKIPPED = rf"{_ANCHOR}{_value('skipped')}{_END}"
# The same where it is known that every line is plain.
_SIMPLE_NESTED = rf"(?:(?P=i)(?:[ ]|-[ ])[^\n]*\n|{_BLANK}){{0,{AT_ONCE}}}"
_SIMPLE_SKIPPED = rf"{_ANCHOR}[^\n#& ][^\n]*\n"


@functools.cache
def lines(*, last: bool, simple: bool) -> re.Pattern[str]:
    """Irrelevant lines, at most `AT_ONCE`, then perhaps one other line.

    `last` is for the end of a document, `simple` for one whose lines `are_simple`.
    """
    # Nested lines may only be skipped if a line that is not nested follows within the region.
    after_nested = "" if last else r"(?=[^\n])"
    nested, skipped = (_SIMPLE_NESTED, _SIMPLE_SKIPPED) if simple else (_NESTED, _SKIPPED)
    around = "".join(rf"(?<![ ]{key}:)" for key in _AROUND.split("|"))
    line = (
        r"(?P<i>[ ]*)(?:\n|#[^\n]*\n|"
        rf"(?<=[ ])(?![ ]|(?:{_EXACT}|{_OWNERS}):){_KEY}:(?:[ ]+{skipped}|"
        rf"{around}[ ]*(?:&{_NAME}[ ]*|){_END}(?=(?P<nested>{nested}))(?P=nested)"
        rf"(?!(?P=i)[ -]|{_BLANK}){after_nested}))"
    )
    return re.compile(rf"(?:{line}){{0,{AT_ONCE}}}{_FIELD}")


COMMENT = re.compile(r"[ ]*(?:\n|\Z|#[^\n]*(?:\n|\Z))")
# What an alias may stand for: a collection begins behind the anchor or on the next line.
ANCHORS = re.compile(rf"(?:\A|(?<=[\s,\[{{]))&(?P<name>{_NAME})[ ]*(?P<collection>[\n#\[{{!]|\Z)?")
_BLANKS = re.compile(rf"(?:{_BLANK}){{1,{AT_ONCE}}}")
_BELOW = re.compile(r"(?P<indent>[ ]*)(?P<dash>-[ \n])?(?=\S|-)")
# The value of a telling line is plain or simply quoted text; the groups are those of `_FIELD`.
_TELLING_VALUE = rf"{_PLAIN}|\"[^\"\\\n]*\"[ ]*|'[^'\n]*'[ ]*"
_SECRETS = r"(?<=PullSecrets: )\[(?:[ ]*\{[ ]*name:[ ]+[\w.-]+[ ]*\}[ ]*,?){0,1000}[ ]*\][ ]*"
TELLING_LINE = re.compile(
    rf"(?P<lead>[ ]*{_DASHES})"
    rf"(?:(?P<key>{_KEY}):(?:[ ]+(?P<anchor>(?!))?"
    rf"(?:(?P<block>(?!))|(?P<value>{_TELLING_VALUE}|{_SECRETS})|)|)"
    rf"|(?P<item>{_TELLING_VALUE})(?P<text>(?!))?)"
    rf"{_LAST_END}"
)


def below(text: str, position: int) -> re.Match[str] | None:
    """The beginning of the next line that has more than a comment."""
    while (blanks := _BLANKS.match(text, position)) is not None:
        position = blanks.end()
    return _BELOW.match(text, position)


def telling_lines(text: str, signs: Iterable[str] = TELLING) -> list[int]:
    """The starts of the lines that may name an image, each once, in order.

    `signs` are those of `TELLING` that are in the text.
    """
    starts: set[int] = set()
    find, line_start = text.find, text.rfind
    for sign in signs:
        at = find(sign)
        while at >= 0:
            if text.startswith(_SILENT, at - 1):
                # In flow style more may follow on its line.
                at = find(sign, at + 1)
                continue
            starts.add(line_start("\n", 0, at) + 1)
            at = find("\n", at)
            at = find(sign, at) if at >= 0 else -1
    return sorted(starts)


@functools.lru_cache(maxsize=1024)
def is_telling(key: str) -> bool:
    """Whether a key may be about an image by its name."""
    return any(sign in key for sign in TELLING)


def is_always_entered(key: str) -> bool:
    """Whether no line with this key of a mapping that an outline has is left out of it."""
    return key in EXACT_KEYS or (is_telling(key) and _SILENT not in key)


@functools.lru_cache(maxsize=256)
def end_of_block(column: int) -> re.Pattern[str]:
    """The line break after a block scalar whose key or dash is at `column`."""
    return re.compile(rf"\n(?=[ ]{{0,{max(column, 0)}}}[^ \n])")
