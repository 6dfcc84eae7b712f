"""What an image runs on or is made with: it never goes down, and does not move on its own.

Of the allowed versions, the highest on the current platform comes first. An operating system may
move up together with a new version where its own has no newer one; a runtime or another ingredient
moves only where the policy says so.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence

from imagebot.policy.model import Policy, UpdateType
from imagebot.policy.rejections import Refusals
from imagebot.policy.rows import cut_numbers
from imagebot.policy.steps import larger, step
from imagebot.values import dataclass
from imagebot.version.ingredients import Ingredient
from imagebot.version.precedence import Numbers
from imagebot.version.reading import Reading
from imagebot.version.skeletons import TagGroup
from imagebot.version.words import RUNTIMES


def of_platform(
    policy: Policy,
    ingredients: Sequence[Ingredient],
    now: Sequence[Ingredient],
    current: str,
    group: TagGroup,
    refusals: Refusals,
) -> tuple[TagGroup, dict[str, UpdateType]]:
    """The tags of a group whose platforms the policy allows, and how far those moved that did.

    `ingredients` are the group's, `now` those of the current text, of the same variant.
    """
    if not ingredients and not now:
        return group, {}
    if [(each.kind, each.name) for each in ingredients] != [(each.kind, each.name) for each in now]:
        refusals.add("variant", group.tags, f"another variant than that of {current}")
        return group.none(), {}
    moved: dict[str, UpdateType] = {}
    for ingredient, other in zip(ingredients, now, strict=True):
        if ingredient.kind != "revision" and group.tags:
            there = _Present(ingredient, other.text_of(current), other.numbers_of(current))
            group, more = there.narrow(policy, group, refusals)
            for tag, size in more.items():
                moved[tag] = larger(moved.get(tag), size)
    if not moved:
        return group, moved
    among = set(group.tags)
    return group, {tag: size for tag, size in moved.items() if tag in among}


def of_other_variant(
    ingredients: Sequence[Ingredient],
    now: Sequence[Ingredient],
    current: str,
    group: TagGroup,
    refusals: Refusals,
) -> tuple[TagGroup, dict[str, UpdateType]]:
    """The tags of a group that have nothing by a name of the current text in a lower number.

    And how far those moved that have one in a higher number. `ingredients` are the group's, `now`
    those of the current text, of another variant.
    """
    moved: dict[str, UpdateType] = {}
    for other, ingredient in _same_names(now, ingredients):
        there = _Present(ingredient, other.text_of(current), other.numbers_of(current))
        group, more = there.not_lower(group, refusals)
        for tag, size in more.items():
            moved[tag] = larger(moved.get(tag), size)
    among = set(group.tags)
    return group, {tag: size for tag, size in moved.items() if tag in among}


def _same_names(
    some: Sequence[Ingredient], others: Sequence[Ingredient]
) -> Iterator[tuple[Ingredient, Ingredient]]:
    """Pairs of two variants: what both have by one name, if once each."""
    for one in some:
        named = [each for each in others if _is_same(one, each)]
        if len(named) == 1 and sum(_is_same(one, each) for each in some) == 1:
            yield one, named[0]


def _is_same(one: Ingredient, other: Ingredient) -> bool:
    if not (one.is_platform and other.is_platform):
        return False
    return one.name != "" and one.name.lower() == other.name.lower()


@dataclass(frozen=True, slots=True)
class _Present:
    """An ingredient of the current tag, as it is written there, and its numbers."""

    ingredient: Ingredient
    name: str
    numbers: Numbers

    def narrow(
        self, policy: Policy, group: TagGroup, refusals: Refusals
    ) -> tuple[TagGroup, dict[str, UpdateType]]:
        """The tags of a group that have these numbers, or higher ones that the policy allows."""
        if not _may_move(policy, self.ingredient):
            found = cut_numbers(self.ingredient.numbers, group.texts)
            higher = {numbers for numbers in set(found) if numbers > self.numbers}
            self._refuse(group, found, higher, refusals, f"another {self._what} than {self.name}")
            group = group.only([i for i, numbers in enumerate(found) if numbers not in higher])
        return self.not_lower(group, refusals)

    def not_lower(
        self, group: TagGroup, refusals: Refusals
    ) -> tuple[TagGroup, dict[str, UpdateType]]:
        """The tags of a group that have no lower numbers, and how far those with higher ones moved.

        A hundred thousand tags have a few platforms: each is judged once.
        """
        found = cut_numbers(self.ingredient.numbers, group.texts)
        kinds = set(found) - {self.numbers}
        if not kinds:
            return group, {}
        lower = {numbers for numbers in kinds if numbers < self.numbers}
        sizes = {numbers: self._size(numbers) for numbers in kinds - lower}
        self._refuse(group, found, lower, refusals, f"lower than {self.name}")
        moved = {
            tag: sizes[numbers]
            for tag, numbers in zip(group.tags, found, strict=True)
            if numbers in sizes
        }
        return group.only([i for i, numbers in enumerate(found) if numbers not in lower]), moved

    def _refuse(
        self,
        group: TagGroup,
        found: Sequence[Numbers],
        refused: Container[Numbers],
        refusals: Refusals,
        reason: str,
    ) -> None:
        tags = [tag for tag, numbers in zip(group.tags, found, strict=True) if numbers in refused]
        refusals.add("variant", tags, f"{reason} in the current tag")

    def _size(self, numbers: Numbers) -> UpdateType:
        return "minor" if self.ingredient.kind == "system" else step(self.numbers, numbers)

    @property
    def _what(self) -> str:
        """What differs, for a sentence: another php than php8.2, another variant than foo7."""
        name = self.ingredient.name.lower()
        if not name:
            return "number"
        return name if name in RUNTIMES else "variant"


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
    if before is None or after is None:
        return
    pairs = _same_names(before.ingredients, after.ingredients)
    if before.variant == after.variant:
        pairs = iter(zip(before.ingredients, after.ingredients, strict=False))
    for one, other in pairs:
        if one.is_platform and other.is_platform and one.numbers_of(old) != other.numbers_of(new):
            yield one, other
