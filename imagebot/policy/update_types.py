"""How big a step an update is, and which version a tag is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from imagebot.policy.filters import read_text
from imagebot.policy.model import Policy, Size, UpdateType
from imagebot.policy.platforms import platform_moves, platform_step
from imagebot.policy.ranking import Pool
from imagebot.policy.rows import read_pool
from imagebot.policy.steps import kept_numbers, larger, step
from imagebot.version.precedence import Numbers, pad
from imagebot.version.reading import ALONE, Reading
from imagebot.version.shape import Shape
from imagebot.version.syntax import read_strict, read_version

if TYPE_CHECKING:
    from semver import Version

_VERSION_ORDERS = ("shape", "natural", "semver")


def update_type_of(
    policy: Policy, current_tag: str | None, new_tag: str | None, reading: Reading = ALONE
) -> UpdateType:
    """What a move from one tag to another is called.

    The same tag (or none given) is `digest`; what cannot be told by numbers is `other`. A platform
    that moves with the version counts too. `reading` is how the tags of the list were read.
    """
    if new_tag is None or new_tag == current_tag:
        return "digest"
    old, new = _read(policy, current_tag, reading), _read(policy, new_tag, reading)
    if old is None or new is None or not _comparable(policy, old[0], new[0]):
        return "other"
    moved = platform_step_of(policy, current_tag, new_tag, reading)
    of_platform = old[0] is not None and old[0].of_platform
    return larger(moved, step(old[1], new[1], of_platform=of_platform))


def read_both(policy: Policy, current_tag: str | None, new_tag: str) -> Reading:
    """How two tags are read whose list is not known: as if they were all of it."""
    texts = [text for tag in (current_tag, new_tag) if (text := read_text(policy, tag)) is not None]
    reading, _ = read_pool(Pool(texts, texts), None)
    return reading


def platform_step_of(
    policy: Policy, current_tag: str | None, new_tag: str, reading: Reading = ALONE
) -> UpdateType | None:
    """How large the step of the platform is alone, None where it stays."""
    old, new = read_text(policy, current_tag), read_text(policy, new_tag)
    if old is None or new is None or _is_strict(policy):
        return None
    return platform_step(old, new, reading)


def moves_of(
    policy: Policy, current_tag: str | None, new_tag: str, reading: Reading = ALONE
) -> str:
    """What becomes of the platform, as `debian-11 -> debian-12`; "" where it stays."""
    old, new = read_text(policy, current_tag), read_text(policy, new_tag)
    if old is None or new is None or _is_strict(policy):
        return ""
    return platform_moves(old, new, reading)


def version_of(policy: Policy, tag: str) -> Version | None:
    """The version that a policy reads in a tag; None where it reads none, as in a date."""
    text = read_text(policy, tag)
    if text is None or _read(policy, tag, ALONE) is None:
        return None
    return read_version(text, "strict" if _is_strict(policy) else "natural")


def has_size(policy: Policy, tag: str) -> bool:
    """Whether steps from this tag have a size, for an order that does not read versions."""
    found = _read(policy, tag, ALONE)
    return found is not None and found[0] is not None and found[0].parts > 1


def is_within(policy: Policy, allowed: Size, current_tag: str) -> Callable[[str], bool]:
    """Whether the step from the current tag to another is known to be this large at most.

    On plain numbers, because it is asked of every tag of a repository.
    """
    old = _read(policy, current_tag, ALONE)
    of_platform = old is not None and old[0] is not None and old[0].of_platform
    count = kept_numbers(allowed, of_platform=of_platform)

    def within(tag: str) -> bool:
        if tag == current_tag:
            return True
        new = _read(policy, tag, ALONE)
        if old is None or new is None or not _comparable(policy, old[0], new[0]):
            return False
        return pad(old[1])[:count] == pad(new[1])[:count]

    return within


def _is_strict(policy: Policy) -> bool:
    return policy.order == "semver" and policy.version_syntax == "strict"


def _read(policy: Policy, tag: str | None, reading: Reading) -> tuple[Shape | None, Numbers] | None:
    """The shape (none in the strict syntax) and the numbers of a version, None for a date."""
    text = read_text(policy, tag)
    if text is None:
        return None
    if _is_strict(policy):
        version = read_strict(text)
        return (None, version[0]) if version else None
    layout = reading.layout_of(text)
    if layout is None or layout.kind != "version":
        return None
    return layout.shape_of(text), layout.numbers_of(text)


def _comparable(policy: Policy, old: Shape | None, new: Shape | None) -> bool:
    if old is None or new is None:
        return True
    if policy.order in _VERSION_ORDERS:
        return old.prefix == new.prefix and old.core == new.core
    return old == new and old.parts > 1
