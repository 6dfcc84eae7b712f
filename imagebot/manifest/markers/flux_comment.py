"""Flux's marker comments, as they are written: `# {"$imagepolicy": "namespace:name[:part]"}`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

from imagebot.manifest.markers.commented_out import is_commented_out
from imagebot.manifest.yaml.file_text import FileText
from imagebot.values import dataclass

SIGN = "$imagepolicy"
PARTS = ("tag", "name", "digest")
_COMMENT = re.compile(r"(?<!\S)#")
# Meant as a marker, and not only about markers.
_MEANT = re.compile(r"""#*[ \t]*\{|.*\$imagepolicy["']?[ \t]*[:=]""")


@dataclass(frozen=True, slots=True)
class FluxComment:
    """A marker; `policy` is "" if it cannot be read. `at` is where the comment starts in the file;
    `alone` means that nothing but the dashes of list items is before it."""

    policy: str
    part: str
    line: int
    at: int
    alone: bool


def flux_comments(file: FileText, is_text: Callable[[int], bool]) -> Iterator[FluxComment]:
    """The markers of a file, and comments meant as markers, in order.

    `is_text` says whether a position is within a value, where no comment starts.
    """
    text = file.text
    at = text.find(SIGN)
    while at >= 0:
        start = file.start_of_line(at)
        end = file.line_end(at)
        comment = _COMMENT.search(text, start, at)
        while comment is not None and is_text(comment.start()):
            comment = _COMMENT.search(text, comment.end(), at)
        if (
            comment is not None
            and _MEANT.match(text, comment.start(), end)
            and not _is_commented_out(text, comment.start(), start, at)
        ):
            policy, part = _parse(text[comment.start() : end].lstrip("#"))
            alone = not text[start : comment.start()].strip(" \t-")
            yield FluxComment(policy, part, file.line(at), comment.start(), alone)
        at = text.find(SIGN, end)


def _is_commented_out(text: str, comment: int, start: int, at: int) -> bool:
    """Whether the comment with the sign at `at` is part of commented-out YAML."""
    own = text.rfind("#", comment, at)
    return own > comment and text[own - 1].isspace() and is_commented_out(text, start, own)


def _parse(text: str) -> tuple[str, str]:
    """The policy (`namespace:name`) and the part; an empty policy if there is none.

    As in Flux, the whole comment must be one JSON object with only strings in it.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return "", ""
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        return "", ""
    pieces = value.get(SIGN, "").split(":")
    part = pieces[2] if len(pieces) == 3 else ""
    if len(pieces) not in (2, 3) or (len(pieces) == 3 and part not in PARTS):
        return "", ""
    return (f"{pieces[0]}:{pieces[1]}", part) if all(pieces[:2]) else ("", "")
