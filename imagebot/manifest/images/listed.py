"""Images that are listed or named under `images`."""

from __future__ import annotations

from imagebot.manifest.images.context import DocumentContext
from imagebot.manifest.images.findings import Keys
from imagebot.manifest.images.naming import has_tag, is_registry, said, within_image
from imagebot.manifest.images.split import Split, find_split
from imagebot.manifest.yaml.events import Scalar
from imagebot.manifest.yaml.tree import Mapping, Node, is_scalar

# Keys of a single image under `images:`; a tag with its digest looks like a reference.
_PARTS = frozenset({"tag", "digest", "version"})


def find_listed(
    context: DocumentContext, mapping: Mapping, keys: Keys, *, registry: str, strict: bool
) -> None:
    """`images: [app:1.2, {name: app, tag: 1.2}]`, `images: {api: app:1.2}`, `images.tags`."""
    images = mapping.node("images")
    at = (*keys, "images")
    if isinstance(images, Mapping):
        _mapped(context, images, at, registry, strict)
        tags = images.mapping("tags")
        if tags is not None:
            _mapped(context, tags, (*at, "tags"), registry, strict)
        return
    for number, item in enumerate(mapping.sequence("images") or ()):
        if is_scalar(item) and (not strict or _is_promising(item)):
            context.inline(item, (*at, number), loose=True)
        else:
            _item(context, item, (*at, number), registry, strict)


def find_named(
    context: DocumentContext, mapping: Mapping, key: str, keys: Keys, *, registry: str
) -> None:
    """`extraImages: {KEY: {name: acme/app, tag: 1.2}}`, as in the chart of JupyterHub."""
    for name, (_, node) in (mapping.mapping(key) or Mapping()).items():
        _item(context, node, (*keys, key, name), registry, strict=False)


def _mapped(
    context: DocumentContext, images: Mapping, keys: Keys, registry: str, strict: bool
) -> None:
    for key, (_, node) in images.items():
        if not is_scalar(node):
            _item(context, node, (*keys, key), registry, strict)
        elif _is_promising(node) and "mage" not in key and not _is_part(key, node):
            context.inline(node, (*keys, key), loose=True)


def _is_part(key: str, scalar: Scalar) -> bool:
    """Whether this is of the one image that `images` itself is."""
    return key in _PARTS and "/" not in scalar.value


def _is_promising(scalar: Scalar) -> bool:
    text = scalar.value.strip()
    # A host and its port read like a name and a tag.
    return has_tag(text) and "://" not in text and "*" not in text and not is_registry(text)


def _item(context: DocumentContext, item: Node, keys: Keys, registry: str, strict: bool) -> None:
    """`{name: app, tag: 1.2}`; entries with a `repository` or an `image` are found elsewhere."""
    if not isinstance(item, Mapping) or not said(item, "tag") or not said(item, "name"):
        return
    if (
        said(item, "repository")
        or said(item, "image")
        or (strict and "/" not in said(item, "name"))
    ):
        return
    shape = Split.named(within_image(item), owner=item, registry_host=registry)
    find_split(context, shape, keys, loose=True)
