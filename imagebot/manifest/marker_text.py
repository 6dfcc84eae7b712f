"""How imagebot's own marker comments are written."""

from __future__ import annotations

import re

from imagebot.manifest.field import Marker
from imagebot.manifest.source import FileText

_BODY = r"[ \t]*imagebot:[ \t]*(\{[^\r\n]*?\}|[^\s#{]+)[ \t]*"
OWN = re.compile(rf"(?<!\S)#{_BODY}(?:#[^\r\n]*)?(?=[\r\n]|\Z)")
# Where a comment starts and ends in other languages than YAML.
IN_TEXT = re.compile(rf"(?:#|//|/\*|--){_BODY}(?:(?:#|\*/|-->|//)[^\r\n]*)?(?=[\r\n]|\Z)")
_OPENERS = " \t{/*<!-#"


def own_markers(file: FileText, pattern: re.Pattern[str]) -> dict[int, tuple[Marker, int]]:
    """Markers, with where they stand, by the line that they govern.

    That is their own line, or the next one when nothing but the comment is on theirs.
    """
    found: dict[int, tuple[Marker, int]] = {}
    for match in pattern.finditer(file.text):
        line = file.line(match.start())
        text = match.group(1)
        start = match.start() - file.column(match.start()) + 1
        alone = not file.text[start : match.start()].strip(_OPENERS)
        if text == "ignore":
            marker = Marker("ignore", text, line)
        else:
            marker = Marker("keys" if text.startswith("{") else "policy", text, line)
        found[line + alone] = (marker, match.start())
    return found
