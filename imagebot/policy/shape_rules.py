"""The rules of the natural syntax: shape, variant, pre-release. Each narrows a group of tags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from imagebot.policy.model import Policy, UpdateType
from imagebot.policy.platforms import of_other_variant, of_platform
from imagebot.policy.rejections import Refusals
from imagebot.policy.selectors import tag_glob
from imagebot.values import dataclass
from imagebot.version.precedence import Numbers
from imagebot.version.reading import Reading
from imagebot.version.shape import Layout, Shape
from imagebot.version.skeletons import TagGroup

_SEPARATORS = "-_.+"
_NONE: Mapping[str, UpdateType] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Current:
    """The text of the current tag, read."""

    text: str
    layout: Layout
    shape: Shape
    numbers: Numbers
    other_shape: str
    """The reason for tags of another shape."""

    @property
    def plain_numbers(self) -> Numbers | None:
        """The version numbers, None for dates and counters: they have no major."""
        return self.numbers if self.shape.kind == "version" else None


def read_current(text: str | None, reading: Reading) -> Current | None:
    """None when nothing in the tag can be compared: see `why_unordered`."""
    layout = reading.layout_of(text) if text is not None else None
    if text is None or layout is None or layout.kind == "identity":
        return None
    shape = layout.shape_of(text)
    other_shape = f"another shape than {shape}"
    return Current(text, layout, shape, layout.numbers_of(text), other_shape)


def narrow(
    policy: Policy,
    layout: Layout,
    now: Current | None,
    group: TagGroup,
    refusals: Refusals,
    first: str = "",
) -> tuple[TagGroup, Mapping[str, UpdateType]]:
    """The tags of a group that have the current one's shape, and what the policy says besides.

    Also those of them that are on another platform than the current tag, and how far. `first` is
    the variant to adopt when the current tag is not a version.
    """
    moved: Mapping[str, UpdateType] = _NONE
    group = (
        _adoptable(layout, group, refusals)
        if now is None
        else _of_shape(layout, now, group, refusals)
    )
    if not group.tags:
        return group, moved
    if now is None and first:
        return _of_stage(
            policy, layout, now, _of_first(layout, first, group, refusals), refusals
        ), moved
    group = _of_variant(policy, layout, now, group, refusals)
    if now is not None and group.tags:
        if layout.ingredients:
            group, moved = _of_platforms(policy, layout, now, group, refusals)
        if layout.unknown:
            group = _of_hidden(layout, now, group, refusals)
    if layout.stage:
        group = _of_stage(policy, layout, now, group, refusals)
        if now is not None and now.layout.stage and group.tags:
            group = _of_prerelease(layout, now, group, refusals)
    return group, moved


def _adoptable(layout: Layout, group: TagGroup, refusals: Refusals) -> TagGroup:
    """Without a current shape: tags that are nothing but a version, as far as can be told."""
    if layout.prefix not in ("", "v", "V"):
        refusals.add("shape", group.tags, "only tags that begin with their version are adopted")
        return group.none()
    return group


def _of_shape(layout: Layout, now: Current, group: TagGroup, refusals: Refusals) -> TagGroup:
    shape = now.shape
    is_alike = layout.core == shape.core and layout.kind == shape.kind
    if not is_alike or layout.prefix not in (None, shape.prefix):
        refusals.add("shape", group.tags, now.other_shape)
        return group.none()
    if layout.prefix is not None:
        return group
    kept = [i for i, text in enumerate(group.texts) if layout.prefix_of(text) == shape.prefix]
    refusals.add("shape", group.others(kept), now.other_shape)
    return group.only(kept)


def _of_variant(
    policy: Policy, layout: Layout, now: Current | None, group: TagGroup, refusals: Refusals
) -> TagGroup:
    if policy.variant == "any":
        return group
    if policy.variant == "same":
        wanted = now.shape.variant if now else ""
        if layout.variant == wanted:
            return group
        refusals.add("variant", group.tags, _other_variant(wanted.lstrip(_SEPARATORS)))
        return group.none()
    start = layout.variant_start
    kept = [i for i, text in enumerate(group.texts) if is_variant(policy.variant, text[start:])]
    name = "" if policy.variant == "none" else policy.variant
    refusals.add("variant", group.others(kept), _other_variant(name))
    return group.only(kept)


def _of_first(layout: Layout, first: str, group: TagGroup, refusals: Refusals) -> TagGroup:
    start = layout.variant_start
    kept = [i for i, text in enumerate(group.texts) if text[start:].lstrip(_SEPARATORS) == first]
    refusals.add("variant", group.others(kept), _other_variant(first))
    return group.only(kept)


def _other_variant(wanted: str) -> str:
    return f"another variant than {wanted}" if wanted else "a variant, and none is wanted"


def _of_platforms(
    policy: Policy, layout: Layout, now: Current, group: TagGroup, refusals: Refusals
) -> tuple[TagGroup, Mapping[str, UpdateType]]:
    if not _compares_platforms(policy, now):
        return group, _NONE
    ingredients, there = layout.ingredients, now.layout.ingredients
    if now.layout.variant == layout.variant:
        return of_platform(policy, ingredients, there, now.text, group, refusals)
    return of_other_variant(ingredients, there, now.text, group, refusals)


def _compares_platforms(policy: Policy, now: Current) -> bool:
    """Not from a variant that the policy does not want: then it says itself where to go."""
    if policy.variant in ("same", "any"):
        return True
    return is_variant(policy.variant, now.text[now.layout.variant_start :])


def _of_hidden(layout: Layout, now: Current, group: TagGroup, refusals: Refusals) -> TagGroup:
    """Without the tags that only what may be a hash or a number tells from the current one."""
    if not layout.unknown or len(layout.hidden) != len(now.layout.hidden):
        return group
    # Tags with as many hidden places have them in the same order.
    places = [i for i, span in enumerate(layout.hidden) if span in layout.unknown]
    known, held = _around(now.layout, now.text, places)
    kept = [
        i
        for i, text in enumerate(group.texts)
        if (there := _around(layout, text, places))[0] != known or there[1] == held
    ]
    reason = f"nothing tells whether it differs from {now.text} in a number or in a commit hash"
    refusals.add("shape", group.others(kept), reason)
    return group.only(kept)


def _around(layout: Layout, text: str, places: Sequence[int]) -> tuple[Numbers, tuple[str, ...]]:
    """The numbers before the first of some hidden places, and what is in these places."""
    unknown = [layout.hidden[place] for place in places]
    spans = (*layout.parts, *layout.prerelease_numbers, *layout.variant_numbers)
    known = tuple(int(text[a:b]) for a, b in spans if b <= unknown[0][0])
    return known, tuple(text[a:b] for a, b in unknown)


def compared_variant(policy: Policy, now: Current | None) -> str | None:
    """The variant whose numbers may be compared; None for those that the policy names.

    Between `alpine3.20` and `ltsc2022` the higher number means nothing.
    """
    if policy.variant not in ("same", "any"):
        return None
    return now.shape.variant if now else ""


def variant_key(policy: Policy, now: Current) -> Numbers:
    """The numbers of the current tag's variant, none when the policy wants another variant."""
    text = now.text[now.layout.variant_start :]
    if policy.variant not in ("same", "any") and not is_variant(policy.variant, text):
        return ()
    return now.layout.variant_numbers_of(now.text)


def is_variant(name: str, text: str) -> bool:
    """Whether the end of a tag is the variant that a policy names: a glob, or `none`."""
    return not text if name == "none" else tag_glob(name)(text.lstrip(_SEPARATORS))


def _of_stage(
    policy: Policy, layout: Layout, now: Current | None, group: TagGroup, refusals: Refusals
) -> TagGroup:
    """The tags whose pre-release the policy takes."""
    if not layout.stage or policy.prerelease == "allow" or not group.tags:
        return group
    kept: list[int] = []
    reason = "a pre-release"
    if policy.prerelease == "same-release" and now is not None and now.layout.stage:
        reason = f"a pre-release of another release or stream than {now.text}"
        if _same_stream(layout, now.layout):
            numbers = now.numbers
            kept = [i for i, text in enumerate(group.texts) if layout.numbers_of(text) == numbers]
    refusals.add("prerelease", group.others(kept), reason)
    return group.only(kept)


def _of_prerelease(layout: Layout, now: Current, group: TagGroup, refusals: Refusals) -> TagGroup:
    """Without pre-releases that have a number where the current one has a hash, or the reverse."""
    known = now.layout.prerelease_before(now.text, layout)
    if known is None:
        return group
    kept = [
        i
        for i, text in enumerate(group.texts)
        if layout.prerelease_before(text, now.layout) != known
    ]
    refusals.add("shape", group.others(kept), _why_unlike(now.text))
    return group.only(kept)


def _why_unlike(current: str) -> str:
    """The reason for a tag of which nothing tells whether it is newer than the current one."""
    return f"only one of it and {current} has a number where the other may have a commit hash"


def _same_stream(layout: Layout, other: Layout) -> bool:
    """Nightlies and the like move only among themselves; alpha, beta and rc follow each other."""
    if layout.is_stream or other.is_stream:
        return layout.stage == other.stage
    return True
