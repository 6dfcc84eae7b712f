"""Whether the outline of a document (see `yaml/outline.py`) has all that its markers are about."""

from __future__ import annotations

from imagebot.manifest.markers.flux_comment import SIGN
from imagebot.manifest.markers.renovate import SIGN as RENOVATE_SIGN
from imagebot.manifest.markers.written import has_any_spelling
from imagebot.manifest.yaml.plain_lines import is_always_entered


def are_in_outline(text: str) -> bool:
    """Whether an outline of `text`, which has markers, shows them what the whole tree would.

    That is so where all of them are Flux's, each behind the value that it is about. An outline has
    the values of all lines with markers; but imagebot's own markers and Renovate's may be about
    others, as one alone on its line is. Nor does it know the lines of aliases.
    """
    if RENOVATE_SIGN in text or ("&" in text and "*" in text) or has_any_spelling(text):
        return False
    at = text.find(SIGN)
    while at >= 0:
        end = text.find("\n", at)
        line = text[text.rfind("\n", 0, at) + 1 : at].lstrip(" -")
        # Of a key that is repeated the last value counts: none of them may be left out.
        if line.startswith("#") or not is_always_entered(line.partition(":")[0]):
            return False
        at = text.find(SIGN, end) if end >= 0 else -1
    return True
