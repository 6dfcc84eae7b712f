"""How big a step an update is."""

from __future__ import annotations

from imagebot.policy.filters import read_text
from imagebot.policy.model import Policy, Size, UpdateType
from imagebot.version.precedence import Numbers
from imagebot.version.shape import Shape, read_layout
from imagebot.version.syntax import read_strict

_VERSION_ORDERS = ("shape", "natural", "semver")
KEPT_NUMBERS: dict[Size, int] = {"patch": 2, "minor": 1, "major": 0}
"""How many of the first numbers stay the same in a step of at most this size."""


def update_type_of(policy: Policy, current_tag: str | None, new_tag: str | None) -> UpdateType:
    """What a move from one tag to another is called.

    The same tag (or none given) is `digest`; what cannot be told by numbers is `other`.
    """
    if new_tag is None or new_tag == current_tag:
        return "digest"
    old, new = _read(policy, current_tag), _read(policy, new_tag)
    if old is None or new is None or not _comparable(policy, old[0], new[0]):
        return "other"
    return step(old[1], new[1])


def has_size(policy: Policy, tag: str) -> bool:
    """Whether steps from this tag have a size, for an order that does not read versions."""
    found = _read(policy, tag)
    return found is not None and found[0] is not None and found[0].parts > 1


def step(old: Numbers, new: Numbers) -> UpdateType:
    """By the first number that differs; everything from the third on is a patch."""
    length = max(len(old), len(new))
    padded_old = (*old, *(0,) * (length - len(old)))
    padded_new = (*new, *(0,) * (length - len(new)))
    for position, (a, b) in enumerate(zip(padded_old, padded_new, strict=True)):
        if a != b:
            return "major" if position == 0 else "minor" if position == 1 else "patch"
    return "patch"


def _read(policy: Policy, tag: str | None) -> tuple[Shape | None, Numbers] | None:
    """The shape (none in the strict syntax) and the numbers of a version, None for a date."""
    text = read_text(policy, tag)
    if text is None:
        return None
    if policy.order == "semver" and policy.version_syntax == "strict":
        version = read_strict(text)
        return (None, version[0]) if version else None
    layout = read_layout(text)
    if layout is None:
        return None
    shape = layout.shape_of(text)
    return (shape, layout.numbers_of(text)) if shape.kind == "version" else None


def _comparable(policy: Policy, old: Shape | None, new: Shape | None) -> bool:
    if old is None or new is None:
        return True
    if policy.order in _VERSION_ORDERS:
        return old.prefix == new.prefix and old.parts == new.parts
    return old == new and old.parts > 1
