"""Whether the outline of a document (see `yaml/outline.py`) has all that its markers are about.

An outline has the values of all lines with markers. Those of imagebot are otherwise about fields,
wherever they are, and an outline leaves out none of these. But some markers need other values.
"""

from __future__ import annotations

from collections.abc import Iterator

from imagebot.manifest.markers.flux_comment import SIGN
from imagebot.manifest.markers.renovate import SIGN as RENOVATE_SIGN
from imagebot.manifest.yaml.plain_lines import is_always_entered

# The spellings of imagebot's name that make a line telling.
_NAMES = ("magebot", "mageBot")


def are_in_outline(text: str) -> bool:
    """Whether an outline of `text`, which has markers, shows them what the whole tree would."""
    # An outline does not know the lines of aliases.
    if RENOVATE_SIGN in text or ("&" in text and "*" in text):
        return False
    return _are_own(text) and _are_of_flux(text)


def _are_own(text: str) -> bool:
    """Whether imagebot's markers name no image for a value that no format knows, and no text that
    only looks like one is on a line that an outline may leave out."""
    spelled = text.lower().count("magebot")
    if not spelled:
        return True
    if spelled != sum(map(text.count, _NAMES)):
        return False
    return not any("image" in after for name in _NAMES for _, after in _lines_with(text, name))


def _are_of_flux(text: str) -> bool:
    """Whether each marker of Flux is behind the value that it is about."""
    # Of a key that is repeated the last value counts: none of them may be left out.
    return all(
        not start.startswith("#") and is_always_entered(start.partition(":")[0])
        for start in (before.lstrip(" -") for before, _ in _lines_with(text, SIGN))
    )


def _lines_with(text: str, sign: str) -> Iterator[tuple[str, str]]:
    """What is before a sign on its line, and behind it, for the first sign of each line."""
    at = text.find(sign)
    while at >= 0:
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        yield text[text.rfind("\n", 0, at) + 1 : at], text[at + len(sign) : end]
        at = text.find(sign, end)
