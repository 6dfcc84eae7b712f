"""What the lines of a document in plain block style look like.

Every line of such a document is `key: value`, `key:`, `- item`, a comment, or text in a block
scalar. Lines that can matter for images tell: a text or a key of theirs says so. Of all others
only the extent is of interest, so that one expression steps over as many of them as it can.
"""

from __future__ import annotations

import functools
import re

# Lines with one of these tell; keys that end a format's decision must be here or below.
_TELLING = (
    *("mage", "tag", "Tag", "epository", "egistry", "igest"),
    *("oci://", "HelmRe", "HelmChart", "targetRevision", "semver", "docker://", "container:"),
    "reference:",
)
# A key of every container that contains a telling text and tells nothing.
_SILENT = "imagePullPolicy"
_EXACT = (
    "name|namespace|generateName|kind|apiVersion|reference|sha|sha256|hash|url|semver|chart|version|repo|"
    "repoURL|build|uses|newName|hub|org|organization"
)
EXACT_KEYS = frozenset(_EXACT.split("|"))
# Keys of mappings that formats look into for keys which tell nothing by themselves.
_OWNERS = "metadata|spec|source|sources|ref"
OWNER_KEYS = frozenset(_OWNERS.split("|"))
# What usually has an image below it: trying to step over all of it would only cost time.
_AROUND = "template|jobTemplate|containers|initContainers|values|controllers|items"

_KEY = r"[A-Za-z0-9_./$][A-Za-z0-9_./$-]*+"
_PLAIN = r"(?:[^\s\"'\[\]{}&*!|>%@`#,?:-]|[-:?](?=[^\s,\[\]{}]))(?:[^\n#:]++|:(?=\S)|(?<=\S)#)*+"
_QUOTED = r"(?:\"(?:[^\"\\\n]|\\[^\n])*+\"|'(?:[^'\n]|'')*+')[ ]*+"
_IN_FLOW = r"(?:[^\"'\n#\]}]++|[\]}]|\"(?:[^\"\\\n]|\\[^\n])*+\"|'[^'\n]*+')*"
# Two braces are of a template, which is told from a mapping by parsing it.
_FLOW = rf"(?:\{{(?!\{{){_IN_FLOW}\}}|\[{_IN_FLOW}\])[ ]*+"
_ALIAS = r"\*[A-Za-z0-9_-]++[ ]*+"
_SIMPLE = rf"(?:{_PLAIN}|{_QUOTED}|{_FLOW}|{_ALIAS})"
_VALUE = rf"(?:(?:&[A-Za-z0-9_-]++[ ]++)?+{_SIMPLE})"
_TRAIL = r"(?:(?<=[ ])#[^\n]*+)?+"
_ENTRY = rf"(?:{_KEY}:(?:[ ]++(?:&[A-Za-z0-9_-]++[ ]*+)?+{_SIMPLE}?+)?+|{_VALUE})"
_BLANK = r"[ ]*+(?:#[^\n]*+)?\n"
# A key with all that is nested under it, as far as every line of that is plain.
_NESTED = (
    rf"(?P<i>[ ]++)(?!(?:{_EXACT}|{_OWNERS}|{_AROUND}):)"
    rf"{_KEY}:[ ]*+(?:&[A-Za-z0-9_-]++[ ]*+)?+{_TRAIL}\n"
    rf"(?:(?P=i)(?:[ ]|-[ ])[ ]*+(?:-[ ]++)*+{_ENTRY}{_TRAIL}\n|{_BLANK})*+"
    r"(?!(?P=i)[ -])"
)
_FIELD = (
    rf"(?:(?P<lead>[ ]*+(?:-[ ]++)*+)"
    rf"(?:(?P<key>{_KEY}):(?:[ ]++(?:&(?P<anchor>[A-Za-z0-9_-]++)[ ]*+)?+"
    rf"(?:(?P<block>[|>][-+0-9]*+[ ]*+)|(?P<value>{_SIMPLE}))?+)?+"
    rf"|(?P<item>{_VALUE})|(?P<text>[|>][-+0-9]*+[ ]*+))"
    rf"{_TRAIL}(?:\n|\Z))?+"
)


def _lines(after_nested: str) -> re.Pattern[str]:
    """Any number of lines that tell nothing, then perhaps one that has to be looked at."""
    plain = rf"[ ]++(?!(?:{_EXACT}|{_OWNERS}):){_KEY}:[ ]++{_VALUE}{_TRAIL}\n"
    return re.compile(rf"(?:{_BLANK}|{plain}|{_NESTED}{after_nested})*+{_FIELD}")


# What is nested may only be stepped over when a line that is not follows before the region ends.
LINES = _lines(r"(?=[^\n])")
LAST_LINES = _lines("")
COMMENT = re.compile(r"[ ]*+(?:#[^\n]*+)?(?:\n|\Z)")
BELOW = re.compile(rf"(?:{_BLANK})*+(?P<indent>[ ]*+)(?P<dash>-[ \n])?(?=\S|-)")
# The value of a line that tells is plain text or simply quoted; the groups are those of `_FIELD`.
_TELLING_VALUE = rf"(?:{_PLAIN}|\"[^\"\\\n]*+\"[ ]*+|'[^'\n]*+'[ ]*+)"
_SECRETS = r"(?<=PullSecrets: )\[(?:[ ]*+\{[ ]*+name:[ ]++[\w.-]++[ ]*+\}[ ]*+,?+)*+[ ]*+\][ ]*+"
TELLING_LINE = re.compile(
    rf"(?P<lead>[ ]*+(?:-[ ]++)*+)"
    rf"(?:(?P<key>{_KEY}):(?:[ ]++(?P<anchor>(?!))?"
    rf"(?:(?P<block>(?!))|(?P<value>{_TELLING_VALUE}|{_SECRETS}))?+)?+"
    rf"|(?P<item>{_TELLING_VALUE})(?P<text>(?!))?)"
    rf"{_TRAIL}(?:\n|\Z)"
)


def telling_lines(text: str) -> list[int]:
    """The starts of the lines that may name an image, each once, in order."""
    starts: set[int] = set()
    find, line_start = text.find, text.rfind
    for sign in _TELLING:
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
def tells(key: str) -> bool:
    """Whether a key may be about an image by what it is called."""
    return any(sign in key for sign in _TELLING)


@functools.lru_cache(maxsize=256)
def end_of_block(column: int) -> re.Pattern[str]:
    """The line break behind a block scalar whose key or dash stands at `column`."""
    return re.compile(rf"\n(?=[ ]{{0,{max(column, 0)}}}[^ \n])")
