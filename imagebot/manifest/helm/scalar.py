"""Takes the quotes and the comment off the value of an `image:` key."""

from __future__ import annotations

import re
from dataclasses import replace

from imagebot.manifest.helm.known import Parts, joined
from imagebot.manifest.images.layers import TemplatePart

_COMMENT = re.compile(r"(?:^|[ \t])#")
# A mapping in flow style may go on, or end.
_BEHIND = re.compile(r"[ \t\r]*(?:[,}\]][ \t\r,}\]]*)?(?:#|\Z)")


def scalar(parts: Parts) -> Parts | None:
    """The text of a YAML scalar; None if it is not one on one line, or with escapes."""
    if not parts:
        return ()
    first = parts[0]
    if len(parts) == 1 and first.test:
        then, fallback = scalar(first.then), scalar(first.fallback)
        if then is None or fallback is None:
            return None
        return (replace(first, then=then, fallback=fallback),)
    start = first.text.lstrip(" \t\r\n")
    if not first.text or not start:
        return _plain(parts if not first.text else parts[1:])
    rest = (TemplatePart(start), *parts[1:])
    if start[0] in "\"'":
        return _quoted(start[0], (TemplatePart(start[1:]), *parts[1:]))
    return None if start[0] in "&*!{[>|%@`,#" else _plain(rest)


def _plain(parts: Parts) -> Parts | None:
    for number, part in enumerate(parts):
        comment = _COMMENT.search(part.text)
        if comment:
            parts = (*parts[:number], TemplatePart(part.text[: comment.start()]))
            break
    if parts and parts[-1].text:
        parts = (*parts[:-1], TemplatePart(parts[-1].text.rstrip().removesuffix(",")))
    return _on_one_line(parts)


def _quoted(quote: str, parts: Parts) -> Parts | None:
    for number, part in enumerate(parts):
        end = part.text.find(quote)
        if end >= 0:
            behind = part.text[end + 1 :]
            last = number == len(parts) - 1
            if not _BEHIND.match(behind) or not (last or "#" in behind):
                return None
            return _on_one_line((*parts[:number], TemplatePart(part.text[:end])))
    return None


def _on_one_line(parts: Parts) -> Parts | None:
    if any("\n" in part.text or "\\" in part.text for part in parts):
        return None
    return joined([tuple(part for part in parts if part != TemplatePart())])
