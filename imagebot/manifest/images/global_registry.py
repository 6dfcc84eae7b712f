"""A registry that Helm values give for all images (`global.imageRegistry`), beside an image's own.

Charts disagree about which of two registries counts: Bitnami's take the global one, others the one
of the image. Only the templates of the chart decide, and they may be in other files: the field is
pending, and `helm.images` finds it anew with the templates. What is left then stays undecided.
"""

from __future__ import annotations

from typing import Literal

from imagebot.manifest.images.field import PendingField, Unread
from imagebot.manifest.images.naming import has_host

Winner = Literal["own", "global", "undecided"]


def winner(name: str, own: str, everywhere: str) -> Winner:
    """Which registry an image has whose `name` is below `own`; both "" if they are not given.

    A registry with a path is one for images without a registry: with it before the path of an
    image of another registry, the image is hardly there.
    """
    if not everywhere or has_host(name) or own == everywhere:
        return "own"
    if not own:
        return "global"
    return "own" if "/" in everywhere else "undecided"


def undecided(pending: PendingField) -> Unread:
    """What is said of a field whose registry nothing decides; a problem if a marker wants more."""
    field = pending.field
    wanted = field.marker is not None and field.marker.kind != "ignore"
    return Unread(field.path, field.line, "ambiguous", _reason(pending), not wanted)


def _reason(pending: PendingField) -> str:
    if pending.kind == "Decided":
        return pending.name
    field = pending.field
    own, other = field.reference.name.partition("/")[0], f"the global registry {pending.name}"
    if pending.kind == "RegistryAbove":
        own, other = "Docker Hub", f"{pending.name} ({pending.chart})"
    return f"the chart decides whether this comes from {own} or from {other}"
