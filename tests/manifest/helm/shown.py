"""Parts of an image on one line, for tables."""

from __future__ import annotations

from collections.abc import Sequence

from imagebot.manifest.images.layers import TemplatePart


def shown(parts: Sequence[TemplatePart]) -> str:
    """`{a.b}` is a value, `{a.b!}` one that must be there, `{!}` one that is missing, `{a.*#}` a
    key, `{x or y}` a default, `{x ? y : z}` another choice."""
    return "".join(_shown(part) for part in parts)


def _shown(part: TemplatePart) -> str:
    if part.test:
        test = " ".join([*part.function, shown(part.test)])
        if part.then == part.test and not part.function:
            return f"{{{_bare(part.test)} or {_bare(part.fallback)}}}"
        test = test if part.function else _bare(part.test)
        return f"{{{test} ? {shown(part.then)} : {shown(part.fallback)}}}"
    if part.function == ("given",):
        return shown(part.then).replace("}", "!}") or "{!}"
    if part.function:
        return f"{{{' '.join(part.function)} {shown(part.then)}}}"
    if part.path:
        return f"{{{'.'.join(part.path)}{'#' * part.key}}}"
    return f"{{{part.chart}}}" if part.chart else part.text


def _bare(parts: Sequence[TemplatePart]) -> str:
    text = shown(parts)
    plain = len(parts) == 1 and not (parts[0].text or parts[0].function or parts[0].test)
    return text[1:-1] if plain else text
