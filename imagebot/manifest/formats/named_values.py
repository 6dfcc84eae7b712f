"""Helm values under their names: `image.tag` is the value `tag` in the mapping `image`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field, replace

from imagebot.manifest.formats import chart_images
from imagebot.manifest.images import spelling
from imagebot.manifest.images.arguments import is_index
from imagebot.manifest.images.context import DocumentContext
from imagebot.manifest.images.decided import settle_decided
from imagebot.manifest.images.findings import FieldCandidate, Keys
from imagebot.manifest.images.layers import Below, ValuePath
from imagebot.manifest.images.merged import is_given, merge
from imagebot.manifest.images.naming import has_tag, said
from imagebot.manifest.images.others import is_of_keel
from imagebot.manifest.images.parts import find_parts
from imagebot.manifest.images.registry_above import settle_registries
from imagebot.manifest.images.shapes import find_images, image_mapping, is_image_key
from imagebot.manifest.images.split import Split, find_split
from imagebot.manifest.yaml.events import Scalar
from imagebot.manifest.yaml.tree import Mapping, Node, is_null, is_scalar
from imagebot.values import dataclass

_NO_REPOSITORY = "no-repository"


@dataclass(frozen=True, slots=True)
class NamedValue:
    """A value, the keys in its name, and the key that it is written behind.

    `number` is that of its item where it is in a list; `flow` means that the item is in flow style.
    """

    path: ValuePath
    key: Scalar
    value: Scalar
    number: int = 0
    flow: bool = False


@dataclass(slots=True)
class _Group:
    """Values whose names differ only in the last key; `number` is that of the first."""

    path: ValuePath
    values: Mapping
    number: int
    own: dict[str, Scalar] = field(default_factory=dict)


def find_named(
    context: DocumentContext,
    values: Iterable[NamedValue],
    like: Mapping,
    keys: Keys,
    below: Below | None = None,
) -> None:
    """Report the images that named values have, as if they were nested ones.

    `like` is a mapping where they are, `keys` lead to them; `below` is what other layers give.
    """
    root = Mapping.like(like)
    groups = _grouped(root, values, like)
    findings = context.findings
    before, unread = len(findings.candidates), len(findings.unread)
    if below is not None:
        chart_images.find(context, below, root, (*keys, 0))
        merge(below, root)
        for path in (("global",), ("global", "image")):
            made = _below(root, path)
            if isinstance(made, Mapping) and path not in groups:
                groups[path] = _Group(path, made, 0)
        context = replace(context, below=below)
    registry = _registry(groups)
    if registry is not None and is_given(registry):
        context = replace(context, registry_from=registry.given)
    host = "" if registry is None else registry.value.strip()
    images = len(findings.candidates)
    for group in groups.values():
        if not is_of_keel(group.path):
            _find_group(context, group, (*keys, group.number, *group.path), host)
    if below is not None and below.images:
        chart_images.settle(context, below, root, before, images, unread)
    settle_decided(context, len(context.prefix) + len(keys) + 1, images, below)
    settle_registries(context, root, len(context.prefix) + len(keys) + 1, images, below)


def _grouped(root: Mapping, values: Iterable[NamedValue], like: Mapping) -> dict[ValuePath, _Group]:
    """The values by the mapping that they are in, within `root` where names do not contradict."""
    groups: dict[ValuePath, _Group] = {}
    for each in values:
        path, last = each.path[:-1], each.path[-1]
        group = groups.get(path)
        if group is None:
            owner = _made(root, path, like)
            owner = Mapping.like(like) if owner is None else owner
            group = groups[path] = _Group(path, owner, each.number)
        if isinstance(group.values.node(last), Mapping):
            continue
        group.values[last] = (each.key, each.value)
        group.values.flow = group.values.flow or each.flow
        group.own[last] = each.value
    return groups


def _made(root: Mapping, path: ValuePath, like: Mapping) -> Mapping | None:
    """The mapping at a path, made where it is missing; None if a value is there."""
    here = root
    for key in path:
        pair = here.get(key)
        if pair is None:
            made = Mapping.like(like)
            here[key] = (_Name(key, like.start), made)
            here = made
        elif isinstance(pair[1], Mapping):
            here = pair[1]
        else:
            return None
    return here


class _Name:
    """The key of a mapping that is only in names."""

    __slots__ = ("at", "value")
    style: str | None = ""
    tag: str | None = None

    def __init__(self, value: str, at: int) -> None:
        self.value = value
        self.at = at

    @property
    def index(self) -> int:
        return self.at

    @property
    def start_mark(self) -> _Name:
        return self

    @property
    def end_mark(self) -> _Name:
        return self


def _below(root: Mapping, path: ValuePath) -> Node:
    here: Node = root
    for key in path:
        here = here.node(key) if isinstance(here, Mapping) else None
    return here


def _registry(groups: dict[ValuePath, _Group]) -> Scalar | None:
    names = ((("global",), "imageRegistry"), (("global", "image"), "registry"))
    given = (groups[path].values.scalar(key) for path, key in names if path in groups)
    return next((each for each in given if each is not None and not is_null(each)), None)


def _find_group(context: DocumentContext, group: _Group, keys: Keys, host: str) -> None:
    """Shapes that charts share come first; names of any spelling take what these leave."""
    findings = context.findings
    before, listed = len(findings.candidates), len(findings.unread)
    nested = {key: pair for key, pair in group.values.items() if isinstance(pair[1], Mapping)}
    flat = Mapping.like(group.values)
    flat.update((key, pair) for key, pair in group.values.items() if key not in nested)
    about = ".".join(group.path)
    if any(is_image_key(key) for key in group.path):
        while is_index(str(keys[-1])):
            keys = keys[:-1]
        image_mapping(context, flat, keys, registry=host)
    else:
        find_images(context, flat, keys, registry=host)
        find_parts(context, flat, keys, registry=host)
    found = findings.candidates[before:]
    free = {
        key: scalar
        for key, scalar in group.own.items()
        if said(flat, key) and not _has(context, found, scalar)
    }
    _find_whole(context, free, about, keys)
    for pair in spelling.pairs(_unnamed(free, found), about):
        _forget(context, listed, (free[pair.name], free[pair.tag]))
        shape = Split(
            owner=flat,
            repository=pair.name,
            tag=pair.tag,
            digest=pair.digest,
            registry=pair.registry,
            registry_host=host,
        )
        find_split(context, shape, keys, loose=True)
        del free[pair.name], free[pair.tag]
    _report_nameless(context, free, about, keys, listed)


def _unnamed(free: dict[str, Scalar], found: list[FieldCandidate]) -> dict[str, str]:
    """The texts of the values, without names of images that have a tag already."""
    names = {each.field.reference.name for each in found}
    texts = {key: scalar.value.strip() for key, scalar in free.items()}
    return {
        key: text
        for key, text in texts.items()
        if not any(name == text or name.endswith(f"/{text}") for name in names)
    }


def _find_whole(context: DocumentContext, free: dict[str, Scalar], about: str, keys: Keys) -> None:
    """Whole references under names that are about images (`img: ghcr.io/acme/web:1.2`)."""
    for key, scalar in list(free.items()):
        text = scalar.value.strip()
        whole = has_tag(text) and "/" in text and spelling.is_about_images(f"{about}.{key}")
        if whole and not is_image_key(key) and context.inline(scalar, (*keys, key), loose=True):
            del free[key]


def _has(context: DocumentContext, found: list[FieldCandidate], scalar: Scalar) -> bool:
    """Whether a field has its tag or digest in a scalar."""
    text = context.document_text
    start, end = text.byte(scalar.start_mark.index), text.byte(scalar.end_mark.index)
    slots = (slot for each in found for slot in (each.field.tag, each.field.digest) if slot)
    return any(start <= slot.start and slot.end <= end for slot in slots)


def _forget(context: DocumentContext, start: int, scalars: tuple[Scalar, ...]) -> None:
    """Drop what was listed, from `start` on, for want of a name or a tag."""
    lines = {context.line(each) for each in scalars}
    unread = context.findings.unread
    for number in range(len(unread) - 1, start - 1, -1):
        if unread[number].line in lines and unread[number].code in (_NO_REPOSITORY, "no-tag"):
            del unread[number]


def _report_nameless(
    context: DocumentContext, free: dict[str, Scalar], about: str, keys: Keys, start: int
) -> None:
    """List tags whose repository is only in the values of the chart."""
    listed = {each.line for each in context.findings.unread[start:]}
    for key, scalar in free.items():
        if not spelling.is_tag_name(key, about=about) or context.line(scalar) in listed:
            continue
        if is_scalar(scalar) and not context.is_variable(scalar, scalar.value):
            name = f"{about}.{key}" if about else key
            reason = f"only the chart says which image `{name}` belongs to"
            context.nameless(scalar, (*keys, key), reason)
