"""Orders `shape` and `natural`: by the numbers of a tag, among tags of one shape.

The rows that this module reads are what `semver` with the natural reading ranks too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from imagebot.glob import compile_glob
from imagebot.policy.model import Policy
from imagebot.policy.ranking import Pool, Ranked, pick
from imagebot.policy.rejections import Refusals
from imagebot.version.precedence import RELEASE, Numbers, Pre
from imagebot.version.shape import Layout, Shape, Span, is_hash, layout_of_skeleton, skeleton_of

PreKey = Callable[[Layout, str], Pre]


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


@dataclass(slots=True)
class Rows:
    """Parallel lists, one entry per tag that fits; `pres` and `variants` key what follows.

    `forms` are the numbers of parts, 0 for a date that is one number.
    """

    tags: list[str] = field(default_factory=list)
    forms: list[int] = field(default_factory=list)
    numbers: list[Numbers] = field(default_factory=list)
    pres: list[Pre] = field(default_factory=list)
    variants: list[Numbers] = field(default_factory=list)
    plain: bool = True
    """Whether the numbers alone order the rows: no pre-releases, no numbers in variants."""

    def only(self, positions: Sequence[int]) -> Rows:
        """The rows at these positions."""
        if len(positions) == len(self.tags):
            return self
        return Rows(
            pick(positions, self.tags),
            pick(positions, self.forms),
            pick(positions, self.numbers),
            pick(positions, self.pres),
            pick(positions, self.variants),
            self.plain,
        )


def rank(policy: Policy, pool: Pool, current: str | None, refusals: Refusals) -> Ranked:
    now = read_current(current)
    rows = read_rows(policy, pool, now, refusals, stage_pre)
    if now is None:
        rows = _leading_shape(rows, refusals)
    return ranked(rows, now, stage_pre)


def ranked(rows: Rows, now: Current | None, pre_key: PreKey) -> Ranked:
    """The rows with keys that order them: numbers, then pre-release, then the variant's numbers."""
    current: object = None
    plain = rows.plain
    if now is not None:
        layout, text = now.layout, now.text
        plain = plain and not layout.stage and not layout.variant_numbers
        numbers = now.numbers
        current = (
            numbers if plain else (numbers, pre_key(layout, text), layout.variant_numbers_of(text))
        )
    keys: Sequence[object] = rows.numbers
    if not plain:
        keys = list(zip(rows.numbers, rows.pres, rows.variants, strict=True))
    return Ranked(
        rows.tags,
        keys,
        current,
        rows.numbers,
        now.plain_numbers if now else None,
        style_of,
    )


def read_current(text: str | None) -> Current | None:
    layout = layout_of_skeleton(skeleton_of(text)) if text is not None else None
    if text is None or layout is None:
        return None
    return Current(text, layout, layout.shape_of(text), layout.numbers_of(text))


def stage_pre(layout: Layout, text: str) -> Pre:
    """A pre-release's key in these orders: its stage, then its numbers as numbers."""
    if not layout.stage:
        return RELEASE
    return (0, *[(0, number, "") for number in layout.stage_key(text)], (0, 0, layout.stage))


def style_of(text: str) -> object:
    layout = layout_of_skeleton(skeleton_of(text))
    return layout.shape_of(text) if layout else None


def read_rows(
    policy: Policy, pool: Pool, now: Current | None, refusals: Refusals, pre_key: PreKey
) -> Rows:
    """The tags that have the current one's shape and the policy's variant and pre-releases."""
    rows = Rows()
    for skeleton, tags, texts in by_skeleton(pool):
        layout = layout_of_skeleton(skeleton)
        if layout is None:
            refusals.add(policy.order, tags, _no_version)
            continue
        kept = _shaped(policy, layout, now, tags, texts, refusals)
        kept = _staged(policy, layout, now, tags, texts, kept, refusals)
        if kept:
            _append(rows, layout, tags, texts, kept, pre_key)
    return rows


def by_skeleton(pool: Pool) -> list[tuple[str, list[str], list[str]]]:
    """The pool's tags and texts, grouped by the skeleton of the text."""
    groups: dict[str, list[int]] = defaultdict(list)
    if not pool.tags:
        return []
    for index, skeleton in enumerate(skeleton_of("\n".join(pool.texts)).split("\n")):
        groups[skeleton].append(index)
    same = pool.tags is pool.texts
    out = []
    for skeleton, indices in groups.items():
        tags = [pool.tags[index] for index in indices]
        texts = tags if same else [pool.texts[index] for index in indices]
        out.append((skeleton, tags, texts))
    return out


def _no_version(tag: str) -> str:
    return "a hash has no order" if is_hash(tag) else "there is no version in it"


def _shaped(
    policy: Policy,
    layout: Layout,
    now: Current | None,
    tags: list[str],
    texts: list[str],
    refusals: Refusals,
) -> list[int]:
    """Positions of the tags that have the current one's shape, variants as the policy says."""
    every = list(range(len(tags)))
    if now is None:
        # A lone number of seven digits or more may be a hash without letters.
        lone = layout.is_alone and not layout.may_be_date and len(tags[0]) >= 7
        fits = layout.prefix in ("", "v", "V") and not lone
        wanted = "without a current version, only tags that start with theirs are adopted"
    else:
        fits = len(layout.parts) == now.shape.parts and layout.prefix in (None, now.shape.prefix)
        wanted = f"the current tag is {now.shape}"
    if not fits:
        refusals.add("shape", tags, f"another shape: {wanted}")
        return []
    if now is not None and (layout.prefix is None or layout.has_kinds or now.layout.has_kinds):
        prefix, kind = now.shape.prefix, now.shape.kind
        every = [
            i
            for i, text in enumerate(texts)
            if layout.prefix_of(text) == prefix and layout.kind_of(text) == kind
        ]
        if len(every) < len(tags):
            taken = set(every)
            others = [tag for i, tag in enumerate(tags) if i not in taken]
            refusals.add("shape", others, f"another shape: {wanted}")
    return _of_variant(policy, layout, now, tags, texts, every, refusals)


def _of_variant(
    policy: Policy,
    layout: Layout,
    now: Current | None,
    tags: list[str],
    texts: list[str],
    kept: list[int],
    refusals: Refusals,
) -> list[int]:
    if policy.variant == "any" or not kept:
        return kept
    if policy.variant == "same":
        wanted = now.shape.variant if now else ""
        if layout.variant == wanted:
            return kept
        refused, taken = kept, []
        reason = f"another variant: {wanted.lstrip('-_.+') or 'none'} is wanted"
    else:
        taken = [i for i in kept if is_variant(policy.variant, texts[i][layout.variant_start :])]
        refused = [i for i in kept if i not in set(taken)] if len(taken) < len(kept) else []
        reason = f"another variant: {policy.variant} is wanted"
    refusals.add("variant", [tags[i] for i in refused], reason)
    return taken


def is_variant(name: str, text: str) -> bool:
    """Whether the end of a tag is the variant that a policy names: a glob, or `none`."""
    return not text if name == "none" else compile_glob(name)(text.lstrip("-_.+"))


def _staged(
    policy: Policy,
    layout: Layout,
    now: Current | None,
    tags: list[str],
    texts: list[str],
    kept: list[int],
    refusals: Refusals,
) -> list[int]:
    """Positions of the tags whose pre-release the policy takes."""
    if not layout.stage or policy.prerelease == "allow" or not kept:
        return kept
    taken: list[int] = []
    reason = "a pre-release"
    if policy.prerelease == "same-release" and now is not None and now.layout.stage:
        reason = f"a pre-release of another release or stream than {now.text}"
        if _same_stream(layout, now.layout):
            taken = [i for i in kept if layout.numbers_of(texts[i]) == now.numbers]
    if len(taken) < len(kept):
        among = set(taken)
        refusals.add("prerelease", [tags[i] for i in kept if i not in among], reason)
    return taken


def _same_stream(layout: Layout, other: Layout) -> bool:
    """Nightlies and the like move only among themselves; alpha, beta and rc follow each other."""
    if layout.is_stream or other.is_stream:
        return layout.stage == other.stage
    return True


def _append(
    rows: Rows,
    layout: Layout,
    tags: list[str],
    texts: list[str],
    kept: list[int],
    pre_key: PreKey,
) -> None:
    if len(kept) < len(tags):
        tags, texts = [tags[i] for i in kept], [texts[i] for i in kept]
    rows.tags += tags
    rows.forms += _forms(layout, texts)
    rows.numbers += cut_numbers(layout.parts, texts)
    if layout.stage or layout.variant_numbers:
        rows.plain = False
        rows.pres += [pre_key(layout, text) for text in texts]
        rows.variants += [layout.variant_numbers_of(text) for text in texts]
    else:
        rows.pres += [RELEASE] * len(tags)
        rows.variants += [()] * len(tags)


def _forms(layout: Layout, texts: list[str]) -> list[int]:
    if len(layout.parts) == 1 and layout.may_be_date:
        return [0 if layout.kind_of(text) == "date" else 1 for text in texts]
    return [len(layout.parts)] * len(texts)


def cut_numbers(spans: tuple[Span, ...], texts: Sequence[str]) -> list[Numbers]:
    """The numbers at the same places of every text; `itemgetter` slices without bytecode."""
    if len(spans) == 1:
        ((start, end),) = spans
        return [(int(text[start:end]),) for text in texts]
    cut = itemgetter(*(slice(start, end) for start, end in spans))
    return [tuple(map(int, cut(text))) for text in texts]


def _leading_shape(rows: Rows, refusals: Refusals) -> Rows:
    """Without a current shape, the versions with the most usual number of parts.

    Three parts before two, two before four, and single numbers last, dates behind the others:
    they would beat every release.
    """
    forms = sorted(set(rows.forms), key=lambda form: _PREFERENCE.get(form, form))
    if len(forms) < 2:
        return rows
    leading = forms[0]
    kept = [i for i, form in enumerate(rows.forms) if form == leading]
    among = set(kept)
    refused = [tag for i, tag in enumerate(rows.tags) if i not in among]
    refusals.add("shape", refused, f"there are tags with {leading} numbers, which come first")
    return rows.only(kept)


_PREFERENCE = {3: 0, 2: 1, 1: 1000, 0: 1001}
