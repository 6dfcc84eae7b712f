"""Vetoes that people lift: `imagebot run --again IMAGE`, and the trailer it leaves. Pure.

The trailer `Imagebot-Again: NAME TAG` is the evidence that somebody wanted the update in spite of
older closings and reverts; newer ones outrank it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from imagebot.plan.model import Update
from imagebot.reference import Reference
from imagebot.values import dataclass

TRAILER = "Imagebot-Again"

# A squash may indent the messages that it collects, or quote them in a list.
_TRAILER_RE = re.compile(rf"^[ \t*>-]*{TRAILER}:[ \t]*(\S+)[ \t]+(\S+)[ \t]*\r?$", re.MULTILINE)
_PLAIN_RE = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True)
class Again:
    """What `--again` names: an image, and one tag of it or, with None, any."""

    text: str
    image: Reference

    def covers(self, update: Update) -> bool:
        if update.field.reference.repository != self.image.repository:
            return False
        tag, digest = _new(update)
        return self.image.tag in (None, tag) and self.image.digest in (None, digest)


def again_trailers(updates: Iterable[Update]) -> tuple[str, ...]:
    """The trailers of updates whose veto was lifted, each once."""
    found = []
    for update in updates:
        name, tag = update.field.reference.name, _said(update)
        if update.again and _PLAIN_RE.fullmatch(name) and _PLAIN_RE.fullmatch(tag):
            found.append(f"{TRAILER}: {name} {tag}")
    return tuple(dict.fromkeys(found))


def says_again(message: str, update: Update) -> bool:
    """Whether a commit's message has the trailer of an update."""
    reference = update.field.reference
    names, tag = {reference.name, str(reference.repository)}, _said(update)
    return any(name in names and said == tag for name, said in _TRAILER_RE.findall(message))


def _said(update: Update) -> str:
    """The tag, or the digest where there is none."""
    tag, digest = _new(update)
    return tag or digest or ""


def _new(update: Update) -> tuple[str | None, str | None]:
    current = update.field.reference
    return update.tag or current.tag, update.digest or current.digest
