"""Images that the templates of a chart put together, in the values of a layer."""

from __future__ import annotations

from bisect import bisect_right

from imagebot.errors import InvalidReferenceError
from imagebot.manifest.images.context import DocumentContext
from imagebot.manifest.images.field import ImageField
from imagebot.manifest.images.findings import Keys
from imagebot.manifest.images.layers import Below, Given, GivenImage, ValuePath
from imagebot.manifest.images.merged import is_given, put
from imagebot.manifest.images.slots import editable_scalar
from imagebot.manifest.images.split import Split, find_split
from imagebot.manifest.yaml.events import Scalar
from imagebot.manifest.yaml.tree import Mapping, Node, Sequence, is_scalar
from imagebot.reference import parse_reference

_NAME = "\0name"
_DIGEST = "\0digest"
# What shapes may say of a value that the templates explain.
_EXPLAINED = frozenset({"no-repository", "no-tag", "ambiguous", "not-a-reference"})


def find(context: DocumentContext, below: Below, root: Mapping, keys: Keys) -> None:
    """Report the images of the templates, before the shapes of the values are looked at.

    A tag of several images is left to `settle`.
    """
    for image in below.images:
        if image.rival or image.made:
            continue
        owner, at = _owner(root, image.path)
        scalar = _value(owner, image.path)
        if scalar is None or is_given(scalar):
            continue
        if image.before:
            key = image.path[-1] if isinstance(owner, Mapping) else int(image.path[-1])
            _find_behind(context, image, scalar, (*keys, *at, key))
        elif isinstance(owner, Mapping):
            _find_parts(context, image, root, owner, (*keys, *at))


def _start(field: ImageField) -> int:
    slot = field.tag or field.digest
    return slot.start if slot is not None else -field.line


def settle(
    context: DocumentContext, below: Below, root: Mapping, candidates: int, images: int, unread: int
) -> None:
    """Drop what shapes have found at values that are explained by the templates, and list tags of
    several images, unless one of these is beside its tag.

    The findings of the templates are those from `candidates` to `images`, then the shapes' follow;
    `unread` counts the entries before these.
    """
    drop_explained(context, candidates, images, unread)
    _list_halves(context, below, root, images)
    list_rivals(context, below, root, candidates)


def drop_explained(context: DocumentContext, candidates: int, images: int, unread: int) -> None:
    """The first half of `settle`."""
    findings = context.findings
    explained = findings.candidates[candidates:images]
    starts = {_start(each.field) for each in explained}
    lines = {each.field.line for each in explained}
    findings.candidates[images:] = [
        each for each in findings.candidates[images:] if _start(each.field) not in starts
    ]
    findings.unread[unread:] = [
        each
        for each in findings.unread[unread:]
        if each.line not in lines or each.code not in _EXPLAINED
    ]


def _list_halves(context: DocumentContext, below: Below, root: Mapping, images: int) -> None:
    """List values that are only a part of a tag, instead of what shapes have found there."""
    text, findings = context.document_text, context.findings
    spans: list[tuple[int, int]] = []
    for image in below.images:
        scalar = _value(_owner(root, image.path)[0], image.path) if image.made else None
        if scalar is None or is_given(scalar):
            continue
        spans.append((text.byte(scalar.start_mark.index), text.byte(scalar.end_mark.index)))
        reason = f"the templates of the chart write more than this into the tag: {image.made}"
        context.unread(scalar, "ambiguous", reason, expected=True)
    if spans:
        spans.sort()
        findings.candidates[images:] = [
            each
            for each in findings.candidates[images:]
            if not _is_within(spans, _start(each.field))
        ]


def _is_within(spans: list[tuple[int, int]], at: int) -> bool:
    """Whether a position is in one of some sorted spans."""
    number = bisect_right(spans, (at, at)) - 1
    return any(first <= at <= last for first, last in spans[max(0, number) : number + 2])


def list_rivals(context: DocumentContext, below: Below, root: Mapping, candidates: int) -> None:
    """The second half of `settle`."""
    starts = {_start(each.field) for each in context.findings.candidates[candidates:]}
    text = context.document_text
    for image in below.images:
        scalar = _value(_owner(root, image.path)[0], image.path) if image.rival else None
        if scalar is None or is_given(scalar):
            continue
        first, last = text.byte(scalar.start_mark.index), text.byte(scalar.end_mark.index)
        if not any(first <= start <= last for start in starts):
            reason = f"it is the tag of {image.name}, but also of {image.rival}"
            context.unread(scalar, "ambiguous", reason, expected=True)


def _find_parts(
    context: DocumentContext, image: GivenImage, root: Mapping, owner: Mapping, keys: Keys
) -> None:
    """A value that is only a tag, perhaps with its digest, or a digest."""
    parts = Mapping.like(owner)
    key = image.path[-1]
    parts[key] = owner[key] if key in owner else owner.pair(key)  # type: ignore[assignment]  # it is there
    put(parts, _NAME, Given((), image.name, image.where))
    if image.digest:
        other, _ = _owner(root, image.digest)
        pair = other.pair(image.digest[-1]) if isinstance(other, Mapping) else None
        if pair is not None:
            parts[_DIGEST] = pair
    value = parts.text(key)
    alone = value.startswith("sha256:")
    shape = Split(
        owner=parts,
        repository=_NAME,
        registry="",
        tag="" if alone else key,
        digest=key if alone else _DIGEST,
        refusal=image.refusal,
    )
    find_split(context, shape, keys)


def _find_behind(context: DocumentContext, image: GivenImage, scalar: Scalar, keys: Keys) -> None:
    """A tag, perhaps with its digest, behind a part of the name in the same value."""
    written = editable_scalar(context.document_text, scalar)
    tag, at, digest = written.value[image.before :].partition("@")
    try:
        reference = parse_reference(f"{image.name}:{tag}{at}{digest}")
    except InvalidReferenceError as error:
        context.not_a_reference(scalar, error, expected=True)
        return
    start = image.before + len(tag)
    context.add(
        written,
        keys,
        reference,
        written.slot(image.before, tag),
        written.slot(start + 1, digest) if at else written.slot(start, "", prefix="@"),
        lines=(scalar,),
        refusal=image.refusal,
        repository_from=image.where,
    )


def _owner(root: Mapping, path: ValuePath) -> tuple[Node, Keys]:
    """The mapping or list that a value is in, and the keys that lead there."""
    here: Node = root
    keys: list[str | int] = []
    for key in path[:-1]:
        if isinstance(here, Sequence) and key.isdecimal():
            here = here[int(key)] if int(key) < len(here) else None
            keys.append(int(key))
        else:
            here = here.node(key) if isinstance(here, Mapping) else None
            keys.append(key)
    return here, tuple(keys)


def _value(owner: Node, path: ValuePath) -> Scalar | None:
    key = path[-1]
    if isinstance(owner, Mapping):
        return owner.scalar(key)
    if not isinstance(owner, Sequence) or not key.isdecimal() or int(key) >= len(owner):
        return None
    item = owner[int(key)]
    return item if is_scalar(item) else None
