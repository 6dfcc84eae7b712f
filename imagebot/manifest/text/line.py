"""Finds the image references on a line with a marker, in a file that is not YAML.

Only the text around a reference shows where it begins. A part of a word is never read: with a
prefix that another tool fills in, `acme/app:1.0` names another repository.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from imagebot.errors import InvalidReferenceError
from imagebot.manifest.text.placeholders import SIGN, fill_in, without_placeholders
from imagebot.reference import Reference, parse_reference
from imagebot.values import dataclass

# The gap before a word, and the word, on a line without escaped quotes.
_PART = re.compile(r"""(?P<gap>[\s"'`=,;()\[\]{}]*)(?P<token>[^\s"'`=,;()\[\]{}]*)""")
_QUOTES = "\"'`\\"
# The same with quotes in it: `"$REGISTRY"/app:1.0` is one word to a shell.
_QUOTED_WORD = re.compile(r"[^\s=,;()\[\]{}]+")
_TOKEN = re.compile(r"""[^\s"'`=,;()\[\]{}\\]+""")
_REMOVE_QUOTES = str.maketrans("", "", _QUOTES)
_SCHEMES = ("docker://", "oci://", "docker-image://", "containerd://")
_JOINS = ("+", "++")
# These come before a user and a group, which look like a name and a tag.
_OWNERS = frozenset({"chown", "--chown", "--user", "-u", "USER"})
_NUMBERS = re.compile(r"[0-9.]+")
# No reference is longer, whatever its placeholders become.
_MAX_WORD = 4_096


@dataclass(frozen=True, slots=True)
class OnLine:
    """A reference on a line, and where its name starts."""

    start: int
    reference: Reference


def images_on(line: str) -> Iterator[OnLine]:
    """The references with a tag or a digest on a line, up to its comment."""
    previous = ""
    masked = without_placeholders(line)
    for quote in "\"'`":
        masked = masked.replace("\\" + quote, quote + quote)
    for part, following in pairwise(_PART.finditer(masked)):
        token = part["token"]
        if (":" in token or "@" in token) and not (
            previous in _OWNERS
            or _is_joined(previous, part["gap"])
            or _goes_on(following["gap"], following["token"])
        ):
            scheme = next((each for each in _SCHEMES if token.startswith(each)), "")
            reference = _image(token[len(scheme) :])
            if reference is not None and not _is_address(reference):
                yield OnLine(part.start("token") + len(scheme), reference)
        previous = token


def names_image_in_comment(line: str) -> bool:
    """Whether a line with an image is commented out: `# FROM app:1.0 # imagebot: ignore`."""
    content = line.lstrip()
    rest = content.lstrip("#/")
    return rest != content and any(images_on(rest))


def filled_in_on(line: str) -> str:
    """A text that becomes an image with a tag once its placeholders are filled in; "" if none."""
    masked = without_placeholders(line)
    for words in (_TOKEN, _QUOTED_WORD):
        for match in words.finditer(masked):
            word = match.group().rstrip(_QUOTES)
            end = match.start() + len(word)
            word = word.lstrip(_QUOTES)
            if _is_filled_in(word.translate(_REMOVE_QUOTES)):
                return line[end - len(word) : end]
    return ""


def _is_joined(previous: str, gap: str) -> bool:
    """Whether a word continues the one before it: `"$REGISTRY/"app:1.0`, `f(x)app:1.0`."""
    before = gap.rstrip(_QUOTES)
    if not before:
        # `"image":"app:1.0"`
        return previous != "" and not previous.endswith(":")
    if before[-1] in ")]}" or previous in _JOINS:
        return True
    # `$(app:1.0 …)` is a command, whatever its name looks like.
    return gap[0] in "([{" and previous.endswith(SIGN)


def _goes_on(gap: str, following: str) -> bool:
    """Whether the word before `gap` continues after it: `"app:1.0"-$SUFFIX`, `app:1.0[x]`."""
    after = gap.lstrip(_QUOTES)
    if not after:
        return following != "" and not following.startswith(":")
    return after[0] in "([{" or following in _JOINS


def _image(text: str) -> Reference | None:
    if len(text) > _MAX_WORD:
        return None
    try:
        reference = parse_reference(text)
    except InvalidReferenceError:
        return None
    return None if reference.tag is None and reference.digest is None else reference


def _is_address(reference: Reference) -> bool:
    """Whether this is a time, two ports, or a host with a port."""
    name = reference.name
    if _NUMBERS.fullmatch(name):
        return True
    is_host = "/" not in name and ("." in name or name == "localhost")
    return is_host and reference.tag is not None and reference.tag.isdigit()


def _is_filled_in(word: str) -> bool:
    if len(word) > _MAX_WORD or not (":" in word or "@" in word):
        return False
    filled = fill_in(word)
    if filled == word:
        return False
    reference = _image(filled)
    if reference is None:
        return False
    # `$PORT:80`
    return "/" in reference.name or not (reference.tag or "").isdigit()
