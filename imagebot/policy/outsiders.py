"""The best of what looks newer and was not compared with the current tag, and why not. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from imagebot.policy.filters import read_text
from imagebot.policy.model import Policy
from imagebot.policy.natural import stage_pre
from imagebot.policy.ranking import Outsiders, Ranked
from imagebot.policy.rows import cut_numbers
from imagebot.policy.steps import kept_numbers
from imagebot.reference import Reference
from imagebot.values import dataclass
from imagebot.version.ingredients import Ingredient
from imagebot.version.precedence import Numbers, Pre, pad
from imagebot.version.shape import Layout
from imagebot.version.skeletons import TagGroup
from imagebot.version.words import RUNTIMES, SYSTEMS

_WORDS = ("no", "one", "two", "three", "four", "five", "six")
_FAR = 10
"""From here on a tag is another thing, and told of only where nothing else was compared."""


def best_outsider(policy: Policy, reference: Reference, ranked: Ranked, *, any_form: bool) -> str:
    """What looks newer than the current tag and was not compared with it, "" for nothing.

    `any_form` is whether tags that cannot be newer are told of, too.
    """
    now = _read(policy, reference, ranked, any_form)
    if now is None:
        return ""
    found = [one for each in ranked.outsiders for one in now.judge(each)]
    return max(found, key=lambda one: one.rank).why if found else ""


def has_lower(policy: Policy, reference: Reference, ranked: Ranked) -> bool:
    """Whether something lower of the current shape was left out only for its platform."""
    now = _read(policy, reference, ranked, any_form=False)
    return now is not None and any(
        now.is_alike(layout) and not layout.unknown and not layout.stage
        for layout, _ in ranked.outsiders
    )


@dataclass(frozen=True, slots=True)
class _Outsider:
    """A tag that was not compared; the one with the highest `rank` is told of."""

    rank: tuple[bool, int, Numbers, Pre, int, Numbers, str]
    why: str


def _read(policy: Policy, reference: Reference, ranked: Ranked, any_form: bool) -> _Now | None:
    text = read_text(policy, reference.tag)
    layout = ranked.reading.layout_of(text) if text is not None else None
    if text is None or layout is None:
        return None
    return _Now(policy, text, layout, any_form)


@dataclass(frozen=True, slots=True)
class _Now:
    """The current tag."""

    policy: Policy
    text: str
    layout: Layout
    any_form: bool

    def is_alike(self, layout: Layout) -> bool:
        """Whether a tag is written like this one, but for pre-releases."""
        now = self.layout
        if (layout.kind, layout.core, layout.variant) != (now.kind, now.core, now.variant):
            return False
        return layout.prefix is not None and layout.prefix == now.prefix

    def judge(self, outsiders: Outsiders) -> Iterator[_Outsider]:
        layout, group = outsiders
        best, text, tag = self._best(layout, group)
        numbers = best[: len(layout.parts)]
        there = self.layout.numbers_of(self.text)
        stages = stage_pre(layout, text), stage_pre(self.layout, self.text)
        inner = self._likeness(layout, text), layout.variant_numbers_of(text), tag
        if other := self._other_form(layout, tag):
            if self.any_form:
                is_version = layout.kind == "version" and not layout.of_platform
                yield _Outsider((False, is_version - 100, numbers, stages[0], *inner), other)
            return
        if unlike := self._unlike(layout, tag, text):
            distance, why = 1, unlike
        elif (_padded(numbers), stages[0]) > (_padded(there), stages[1]):
            distance, why = self._difference(layout, tag, text)
        elif self._is_same(layout) and (numbers, stages[0]) == (there, stages[1]):
            distance, why = 1, self._same_version(layout, tag, text)
        else:
            return
        if why and (distance < _FAR or self.any_form):
            kept = self._kept()
            within = pad(numbers)[:kept] == pad(there)[:kept]
            yield _Outsider((within, -distance, _padded(numbers), stages[0], *inner), why)

    def _best(self, layout: Layout, group: TagGroup) -> tuple[Numbers, str, str]:
        """Of tags of one skeleton the highest within the policy's step, else of all."""
        spans = (*layout.parts, *layout.prerelease_numbers, *layout.variant_numbers)
        rows = list(zip(cut_numbers(spans, group.texts), group.texts, group.tags, strict=True))
        best = max(rows)
        kept, count = self._kept(), len(layout.parts)
        there = pad(self.layout.numbers_of(self.text))[:kept]
        if pad(best[0][:count])[:kept] == there or any(there[count:]):
            return best
        kept = min(kept, count)
        return max([row for row in rows if row[0][:kept] == there[:kept]], default=best)

    def _kept(self) -> int:
        """How many of the first numbers stay in a step that the policy allows."""
        if self.layout.kind != "version":
            return 0
        return kept_numbers(self.policy.max or "major", of_platform=self.layout.of_platform)

    def _unlike(self, layout: Layout, tag: str, text: str) -> str:
        """What is said of a pre-release with a number for a commit, or the reverse; "" if not."""
        if not (layout.stage and self.layout.stage and self.is_alike(layout)):
            return ""
        before = layout.prerelease_before(text, self.layout)
        if before is None or before != self.layout.prerelease_before(self.text, layout):
            return ""
        differ = "only one of them has a number where the other may have a commit hash"
        return f"nothing orders {tag} and {self.text}: {differ}"

    def _is_same(self, layout: Layout) -> bool:
        """Whether tags of the same numbers are told of: always, where they may be newer builds."""
        return (self.any_form or bool(layout.unknown)) and self.is_alike(layout)

    def _other_form(self, layout: Layout, tag: str) -> str:
        """What is said of a tag whose numbers are nothing to compare with, "" for another."""
        now = self.layout
        if (layout.kind, layout.of_platform) != (now.kind, now.of_platform):
            return f"{tag} is of another form"
        if layout.kind == "date" and layout.core != now.core and not _are_dotted(layout, now):
            return f"{tag} has its date in another form"
        return ""

    def _likeness(self, layout: Layout, text: str) -> int:
        """Of tags equally different: which is more like the current one."""
        variant = abs(len(layout.variant) - len(self.layout.variant))
        prefix, now = _letters(layout.prefix_of(text)), _letters(self.layout.prefix_of(self.text))
        return -variant - (0 if prefix == now else _FAR)

    def _difference(self, layout: Layout, tag: str, text: str) -> tuple[int, str]:
        """In how much a newer tag is written differently, and the first of it in words."""
        now = self.layout
        prefix, there = layout.prefix_of(text), now.prefix_of(self.text)
        if prefix.lower().lstrip("v") != there.lower().lstrip("v"):
            return _FAR, f"{tag} is newer but begins otherwise"
        found: list[str] = []
        if prefix != there:
            how = "without the" if len(prefix) < len(there) else "with a"
            found.append(f"{tag} is newer but written {how} v")
        if self._is_refused_stage(layout, text):
            other = " of another release or stream" if now.stage else ""
            found.append(f"{tag} is newer but a pre-release{other}")
        if layout.core != now.core:
            found.append(_other_core(tag, layout, now))
        if layout.variant != now.variant:
            alike = _letters(layout.variant) == _letters(now.variant)
            found += [f"{tag} has another shape"] if alike else [_of_other_variant(tag)] * 2
        elif place := self._other_platform(layout, text):
            how = "on" if place == "platform" else "of"
            found.append(f"{tag} is newer but {how} another {place}")
        return len(found), next(iter(found), "")

    def _is_refused_stage(self, layout: Layout, text: str) -> bool:
        now = self.layout
        if not layout.stage or self.policy.prerelease == "allow":
            return False
        if not now.stage or self.policy.prerelease == "never":
            return True
        streams = layout.is_stream or now.is_stream
        is_same = layout.numbers_of(text) == now.numbers_of(self.text)
        return not is_same or (streams and layout.stage != now.stage)

    def _same_version(self, layout: Layout, tag: str, text: str) -> str:
        """What is said of the same version, "" for nothing."""
        if layout.unknown:
            differs = f"{tag} and {self.text} differ in a number or in a commit hash"
            return f"nothing tells whether {differs}"
        old = self.layout.variant_numbers_of(self.text)
        place = self._other_platform(layout, text)
        is_higher = layout.variant_numbers_of(text) > old
        how = "on" if place == "platform" else "in"
        return f"{tag} is the same version {how} another {place}" if place and is_higher else ""

    def _other_platform(self, layout: Layout, text: str) -> str:
        """What a tag of the same variant has another of, in a word; "" for nothing."""
        for one, other in zip(layout.ingredients, self.layout.ingredients, strict=False):
            differs = one.numbers_of(text) != other.numbers_of(self.text)
            if differs and one.kind != "revision":
                return "platform" if _is_known(one) else "variant"
        return ""


def _is_known(ingredient: Ingredient) -> bool:
    name = ingredient.name.lower()
    if ingredient.kind == "fixed":
        return any(each.isdigit() for each in name)  # an architecture, and no ticket
    return name in SYSTEMS or name in RUNTIMES


def _other_core(tag: str, layout: Layout, now: Layout) -> str:
    count = layout.core.count("#")
    if count == now.core.count("#") or not _are_dotted(layout, now):
        return f"{tag} has another shape"
    number = _WORDS[count] if count < len(_WORDS) else str(count)
    return f"{tag} has {number} number{'' if count == 1 else 's'}"


def _are_dotted(one: Layout, other: Layout) -> bool:
    return not one.core.strip("#.") and not other.core.strip("#.")


def _of_other_variant(tag: str) -> str:
    return f"{tag} is newer but of another variant"


def _padded(numbers: Numbers) -> Numbers:
    return (*numbers, 0, 0, 0, 0)[: max(4, len(numbers))]


def _letters(text: str) -> str:
    return "".join(each for each in text if each.isalpha())
