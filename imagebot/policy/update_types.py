"""How big a step an update is, and which version a tag is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from imagebot.policy.filters import read_text
from imagebot.policy.model import Policy, Size, UpdateType
from imagebot.version.precedence import Numbers, pad
from imagebot.version.shape import Shape, read_layout
from imagebot.version.syntax import read_strict, read_version

if TYPE_CHECKING:
    from semver import Version

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


def version_of(policy: Policy, tag: str) -> Version | None:
    """The version that a policy reads in a tag; None where it reads none, as in a date."""
    text = read_text(policy, tag)
    if text is None or _read(policy, tag) is None:
        return None
    return read_version(text, "strict" if _is_strict(policy) else "natural")


def has_size(policy: Policy, tag: str) -> bool:
    """Whether steps from this tag have a size, for an order that does not read versions."""
    found = _read(policy, tag)
    return found is not None and found[0] is not None and found[0].parts > 1


def is_within(policy: Policy, allowed: Size, current_tag: str) -> Callable[[str], bool]:
    """Whether the step from the current tag to another is known to be this large at most.

    On plain numbers, because it is asked of every tag of a repository.
    """
    count = KEPT_NUMBERS[allowed]
    old = _read(policy, current_tag)

    def within(tag: str) -> bool:
        if tag == current_tag:
            return True
        new = _read(policy, tag)
        if old is None or new is None or not _comparable(policy, old[0], new[0]):
            return False
        return pad(old[1])[:count] == pad(new[1])[:count]

    return within


def step(old: Numbers, new: Numbers) -> UpdateType:
    """By the first number that differs; everything from the third on is a patch."""
    from semver import Version

    before, after = Version(*pad(old)), Version(*pad(new))
    if before.major != after.major:
        return "major"
    return "minor" if before.minor != after.minor else "patch"


def _is_strict(policy: Policy) -> bool:
    return policy.order == "semver" and policy.version_syntax == "strict"


def _read(policy: Policy, tag: str | None) -> tuple[Shape | None, Numbers] | None:
    """The shape (none in the strict syntax) and the numbers of a version, None for a date."""
    text = read_text(policy, tag)
    if text is None:
        return None
    if _is_strict(policy):
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
