"""The shapes in which a mapping says which image is meant, shared by Kubernetes and Helm."""

from __future__ import annotations

from imagebot.manifest.events import Scalar
from imagebot.manifest.found import MAX_PATH, Found, Keys
from imagebot.manifest.split import Split, find_split
from imagebot.manifest.tree import Mapping, Node, is_scalar

_IMAGE_ENDINGS = ("Image", "_image", "-image")
_CONTAINER_LISTS = frozenset(
    {"containers", "initContainers", "ephemeralContainers", "sidecars", "steps"}
)
_CONTAINER_KEYS = frozenset({"container", "script", "stepTemplate"})


def is_image_key(key: str) -> bool:
    return key in ("image", "imageName") or key.endswith(_IMAGE_ENDINGS)


def container_of(mapping: Mapping, keys: Keys) -> str | None:
    """The name of the container that a mapping is, None when it is none."""
    if len(keys) > 1 and isinstance(keys[-1], int):
        owner = keys[-2]
        if owner in _CONTAINER_LISTS or str(owner).endswith("Containers"):
            return mapping.text("name") or str(keys[-1])
    elif keys and keys[-1] in _CONTAINER_KEYS and "image" in mapping:
        return mapping.text("name") or str(keys[-1])
    return None


def find_images(found: Found, mapping: Mapping, keys: Keys, *, registry: str = "") -> None:
    """Report every image that the keys of `mapping` itself name.

    `registry` goes before the registry that an image names itself.
    """
    if "<<" in mapping and "image" not in mapping:
        inherited = mapping.node("image")
        if inherited is not None:
            _image(found, mapping, "image", inherited, keys, registry)
    for key, (_, node) in mapping.items():
        if "mage" in key and node is not None and is_image_key(key):
            _image(found, mapping, key, node, keys, registry)


def _image(found: Found, owner: Mapping, key: str, node: Node, keys: Keys, registry: str) -> None:
    if isinstance(node, Mapping):
        image_mapping(found, node, (*keys, key), registry=registry)
    elif is_scalar(node):
        _image_scalar(found, owner, key, node, keys, registry)


def _image_scalar(
    found: Found, owner: Mapping, key: str, scalar: Scalar, keys: Keys, registry: str
) -> None:
    container = container_of(owner, keys)
    tag_key = _tag_key(owner, key)
    text = scalar.value.strip()
    if tag_key and "@" not in text and ":" not in text.rpartition("/")[2]:
        shape = Split(
            owner=owner,
            repository=key,
            tag=tag_key,
            digest="digest" if key == "image" else "",
            registry="registry" if key == "image" else "",
            registry_host=registry,
        )
        find_split(found, shape, keys, container=container, loose=container is None)
        return
    if key in owner.repeated:
        found.unread(scalar, "repeated-key", f"the key `{key}` is there twice")
        return
    loose = container is None or key != "image"
    found.inline(scalar, (*keys, key), container=container, loose=loose)


def _tag_key(owner: Mapping, key: str) -> str:
    """The sibling that holds the tag of the image named by `key`, "" when there is none."""
    stem = key.removesuffix("Name")
    names = [f"{stem}Tag", f"{stem}_tag", f"{stem}-tag"]
    if key == "image":
        names.append("tag")
    return next((name for name in names if owner.scalar(name) is not None), "")


def image_mapping(found: Found, mapping: Mapping, keys: Keys, *, registry: str = "") -> None:
    """`image: {registry, repository, tag, digest}`, `{name, tag}` or `{reference}`."""
    found.visited.add(id(mapping))
    reference = mapping.scalar("reference")
    if reference is not None:
        found.inline(reference, (*keys, "reference"), loose=True)
        return
    names = ("repository", "name", "image")
    name = next((each for each in names if mapping.scalar(each) is not None), "")
    if not name:
        _nested(found, mapping, keys, registry)
        return
    scalar = mapping.scalar(name)
    if name != "repository" and mapping.node("tag") is None and mapping.node("digest") is None:
        if scalar is not None:
            found.inline(scalar, (*keys, name), loose=True)
        return
    shape = Split(owner=mapping, repository=name, registry_host=registry)
    find_split(found, shape, keys)


def _nested(found: Found, mapping: Mapping, keys: Keys, registry: str) -> None:
    """`image: {main: {repository, tag}, init: {repository, tag}}`."""
    for key, (_, node) in mapping.items():
        if isinstance(node, Mapping) and len(keys) < MAX_PATH and found.enter(node):
            image_mapping(found, node, (*keys, key), registry=registry)
        elif is_scalar(node) and node.style == "|":
            found.embed(node, (*keys, key))
