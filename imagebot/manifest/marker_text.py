"""How imagebot's own marker comments are written."""

from __future__ import annotations

import re

from imagebot.manifest.field import Marker
from imagebot.manifest.source import FileText

_START = r"[ \t]*imagebot:[ \t]*([^\r\n]*)"
OWN = re.compile(rf"(?<!\S)#{_START}")
# Where a comment starts in other languages than YAML, and how it may end there.
IN_TEXT = re.compile(rf"(?:#|//|/\*|--){_START}")
_ENDS = re.compile(r"\s*(?:\*/|-->|(?<!\S)(?:#|//).*)\s*\Z")
_IGNORE = re.compile(r"ignore(?:[\s,;:.(-].*)?")
_OPENERS = " \t{/*<!-#"


def own_markers(file: FileText, pattern: re.Pattern[str]) -> dict[int, tuple[Marker, int]]:
    """Markers, with where they stand, by the line that they govern.

    That is their own line, or the next one when nothing but the comment is on theirs.
    """
    found: dict[int, tuple[Marker, int]] = {}
    for match in pattern.finditer(file.text):
        line = file.line(match.start())
        start = match.start() - file.column(match.start()) + 1
        alone = not file.text[start : match.start()].strip(_OPENERS)
        found[line + alone] = (_read(match.group(1), line), match.start())
    return found


def _read(text: str, line: int) -> Marker:
    """What a marker says. What cannot be understood names no policy, and so blocks its field.

    Words behind `ignore` are its reason.
    """
    text = _ENDS.sub("", text).strip()
    if _IGNORE.fullmatch(text):
        return Marker("ignore", text, line)
    return Marker("keys" if text.startswith("{") else "policy", text, line)
