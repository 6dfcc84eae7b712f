"""What an image runs on or is made with: it never goes down, and does not move on its own.

Of the allowed versions, the highest on the current platform comes first. An operating system may
move up together with a new version where its own has no newer one; a runtime or another ingredient
moves only where the policy says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from imagebot.policy.model import Policy, UpdateType
from imagebot.policy.rejections import Refusals
from imagebot.policy.rows import cut_numbers
from imagebot.policy.steps import larger, step
from imagebot.version.ingredients import Ingredient
from imagebot.version.precedence import Numbers
from imagebot.version.reading import Reading
from imagebot.version.skeletons import TagGroup


def of_platform(
    policy: Policy,
    ingredients: Sequence[Ingredient],
    now: Sequence[Ingredient],
    current: str,
    group: TagGroup,
    refusals: Refusals,
) -> tuple[TagGroup, set[str]]:
    """The tags of a group whose platforms the policy allows, and those of them that moved.

    `ingredients` are the group's, `now` those of the current text, of the same variant.
    """
    moved: set[str] = set()
    for ingredient, other in zip(ingredients, now, strict=True):
        if (ingredient.kind, ingredient.name) != (other.kind, other.name):
            refusals.add("variant", group.tags, f"another variant than that of {current}")
            return group.none(), set()
        if ingredient.kind == "revision":
            continue
        found = cut_numbers(ingredient.numbers, group.texts)
        there = other.numbers_of(current)
        if all(numbers == there for numbers in set(found)):
            continue
        name = other.text_of(current)
        group, more = _narrow(policy, ingredient, found, name, there, group, refusals)
        moved |= more
        if not group.tags:
            break
    return group, moved.intersection(group.tags) if moved else moved


def _narrow(
    policy: Policy,
    ingredient: Ingredient,
    found: list[Numbers],
    name: str,
    there: Numbers,
    group: TagGroup,
    refusals: Refusals,
) -> tuple[TagGroup, set[str]]:
    may_move = _may_move(policy, ingredient)
    kept: list[int] = []
    lower: list[str] = []
    other: list[str] = []
    moved: set[str] = set()
    for position, numbers in enumerate(found):
        if numbers == there:
            kept.append(position)
        elif numbers < there:
            lower.append(group.tags[position])
        elif may_move:
            kept.append(position)
            moved.add(group.tags[position])
        else:
            other.append(group.tags[position])
    refusals.add("variant", lower, f"lower than {name} in the current tag")
    refusals.add("variant", other, f"another {_called(ingredient)} than {name} in the current tag")
    return group.only(kept), moved


def _called(ingredient: Ingredient) -> str:
    return (
        ingredient.name.lower() if ingredient.kind == "runtime" and ingredient.name else "variant"
    )


def _may_move(policy: Policy, ingredient: Ingredient) -> bool:
    if ingredient.kind == "fixed":
        return False
    if policy.variant == "any" or ingredient.kind == "system":
        return True
    if policy.variant == "same":
        return policy.max == "major"
    # `cuda*` is for whatever cuda comes with; `*-apache` says nothing of the php before it.
    glob = policy.variant.lower()
    return not glob.startswith("*") or (ingredient.name != "" and ingredient.name.lower() in glob)


def platform_step(old: str, new: str, reading: Reading) -> UpdateType | None:
    """How large a step another platform is; None on the same one.

    An operating system counts as a minor step, whatever its numbers; a runtime counts by its own.
    """
    size: UpdateType | None = None
    for before, after in _moves(old, new, reading):
        one: UpdateType = "minor"
        if before.kind == "runtime":
            one = step(before.numbers_of(old), after.numbers_of(new))
        size = larger(size, one)
    return size


def platform_moves(old: str, new: str, reading: Reading) -> str:
    """What becomes of the platform, as `debian-11 -> debian-12`; "" when it stays."""
    moves = _moves(old, new, reading)
    return ", ".join(f"{before.text_of(old)} -> {after.text_of(new)}" for before, after in moves)


def _moves(old: str, new: str, reading: Reading) -> Iterator[tuple[Ingredient, Ingredient]]:
    before, after = reading.layout_of(old), reading.layout_of(new)
    if before is None or after is None or before.variant != after.variant:
        return
    for one, other in zip(before.ingredients, after.ingredients, strict=True):
        if one.is_platform and other.is_platform and one.numbers_of(old) != other.numbers_of(new):
            yield one, other
