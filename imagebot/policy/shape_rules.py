"""The rules of the natural syntax: shape, variant, pre-release. Each narrows a group of tags."""

from __future__ import annotations

from dataclasses import dataclass

from imagebot.policy.model import Policy
from imagebot.policy.rejections import Refusals
from imagebot.policy.rows import TagGroup
from imagebot.policy.selectors import tag_glob
from imagebot.version.precedence import Numbers
from imagebot.version.shape import Layout, Shape, read_layout

_SEPARATORS = "-_.+"
_SHORTEST_HASH = 7


@dataclass(frozen=True, slots=True)
class Current:
    """The text of the current tag, read."""

    text: str
    layout: Layout
    shape: Shape
    numbers: Numbers

    @property
    def plain_numbers(self) -> Numbers | None:
        """The version numbers, None for a date: it has no major."""
        return self.numbers if self.shape.kind == "version" else None


def read_current(text: str | None) -> Current | None:
    layout = read_layout(text) if text is not None else None
    if text is None or layout is None:
        return None
    return Current(text, layout, layout.shape_of(text), layout.numbers_of(text))


def narrow(
    policy: Policy, layout: Layout, now: Current | None, group: TagGroup, refusals: Refusals
) -> TagGroup:
    """The tags of a group that have the current one's shape, and what the policy says besides."""
    if now is None:
        group = _adoptable(layout, group, refusals)
    else:
        group = _of_shape(layout, now, group, refusals)
    group = _of_variant(policy, layout, now, group, refusals)
    return _of_stage(policy, layout, now, group, refusals)


def _adoptable(layout: Layout, group: TagGroup, refusals: Refusals) -> TagGroup:
    """Without a current shape: tags that are nothing but a version, as far as can be told."""
    if layout.prefix not in ("", "v", "V"):
        refusals.add("shape", group.tags, "only tags that begin with their version are adopted")
        return group.none()
    if layout.is_alone and not layout.may_be_date and len(group.skeleton) >= _SHORTEST_HASH:
        refusals.add("shape", group.tags, "it may be a hash, and is not adopted")
        return group.none()
    return group


def _of_shape(layout: Layout, now: Current, group: TagGroup, refusals: Refusals) -> TagGroup:
    shape = now.shape
    reason = f"another shape: the current tag is {shape}"
    if len(layout.parts) != shape.parts or layout.prefix not in (None, shape.prefix):
        refusals.add("shape", group.tags, reason)
        return group.none()
    if layout.prefix is not None and not layout.has_kinds and shape.kind == "version":
        return group
    kept = [
        i
        for i, text in enumerate(group.texts)
        if layout.prefix_of(text) == shape.prefix and layout.kind_of(text) == shape.kind
    ]
    refusals.add("shape", group.others(kept), reason)
    return group.only(kept)


def _of_variant(
    policy: Policy, layout: Layout, now: Current | None, group: TagGroup, refusals: Refusals
) -> TagGroup:
    if not group.tags or policy.variant == "any":
        return group
    if policy.variant == "same":
        wanted = now.shape.variant if now else ""
        if layout.variant == wanted:
            return group
        reason = f"another variant: {wanted.lstrip(_SEPARATORS) or 'none'} is wanted"
        refusals.add("variant", group.tags, reason)
        return group.none()
    start = layout.variant_start
    kept = [i for i, text in enumerate(group.texts) if is_variant(policy.variant, text[start:])]
    refusals.add("variant", group.others(kept), f"another variant: {policy.variant} is wanted")
    return group.only(kept)


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


def _same_stream(layout: Layout, other: Layout) -> bool:
    """Nightlies and the like move only among themselves; alpha, beta and rc follow each other."""
    if layout.is_stream or other.is_stream:
        return layout.stage == other.stage
    return True
