"""The shapes in which a mapping names an image, shared by Kubernetes and Helm."""

from __future__ import annotations

from dataclasses import replace

from imagebot.manifest.images.context import DocumentContext
from imagebot.manifest.images.findings import MAX_PATH, Keys
from imagebot.manifest.images.naming import (
    beside,
    has_host,
    has_tag,
    has_version,
    has_version_beside,
    is_folder,
    other_digest,
    said,
    within_image,
)
from imagebot.manifest.images.others import is_written_by_cluster
from imagebot.manifest.images.pairs import find_pair, is_name_key
from imagebot.manifest.images.split import Split, find_split
from imagebot.manifest.yaml.events import Scalar
from imagebot.manifest.yaml.tree import COMPLEX_KEY, Mapping, Node, is_scalar

_IMAGE_ENDINGS = ("Image", "_image", "-image")
_VERSION_ENDINGS = ("tag", "Tag", "igest")
_BESIDE_ENDINGS = (*_VERSION_ENDINGS, "version", "Version")
_FEW = 20
_CONTAINER_LISTS = frozenset(
    {"containers", "initContainers", "ephemeralContainers", "sidecars", "steps"}
)
_CONTAINER_KEYS = frozenset({"container", "script", "stepTemplate"})


def is_image_key(key: str) -> bool:
    if key in ("image", "imageName"):
        return True
    return key.endswith(_IMAGE_ENDINGS) and not is_written_by_cluster(key)


def container_of(mapping: Mapping, keys: Keys) -> str | None:
    """The name of the container that a mapping describes, None if it describes none."""
    if len(keys) > 1 and isinstance(keys[-1], int):
        owner = keys[-2]
        if owner in _CONTAINER_LISTS or str(owner).endswith("Containers"):
            return mapping.text("name") or str(keys[-1])
    elif keys and keys[-1] in _CONTAINER_KEYS and "image" in mapping:
        return mapping.text("name") or str(keys[-1])
    return None


def find_images(
    context: DocumentContext, mapping: Mapping, keys: Keys, *, registry: str = ""
) -> None:
    """Report every image that the keys of `mapping` itself name.

    `registry` overrides the registry that an image names.
    """
    if "<<" in mapping and "image" not in mapping:
        inherited = mapping.node("image")
        if inherited is not None:
            _image(context, mapping, "image", inherited, keys, registry)
    for key, (_, node) in mapping.items():
        if "mage" not in key:
            continue
        if is_image_key(key):
            _image(context, mapping, key, node, keys, registry)
        elif is_name_key(key):
            find_pair(context, mapping, key, keys, registry=registry)


def _image(
    context: DocumentContext, owner: Mapping, key: str, node: Node, keys: Keys, registry: str
) -> None:
    if is_scalar(node):
        _image_scalar(context, owner, key, node, keys, registry)
        return
    count = len(context.findings.candidates) + len(context.findings.unread)
    if isinstance(node, Mapping):
        image_mapping(context, node, (*keys, key), registry=registry)
    is_silent = len(context.findings.candidates) + len(context.findings.unread) == count
    # The `image` of a container in a chart may be anything, such as a pull policy alone.
    if is_silent and key == "image" and context.format == "kubernetes":
        _report_not_text(context, owner, keys)


def _report_not_text(context: DocumentContext, owner: Mapping, keys: Keys) -> None:
    """Say that the image of a container is a list, or a mapping that names none."""
    if container_of(owner, keys) is not None:
        at = owner.get("image") or owner["<<"]
        reason = "the image of a container is not text: write one reference"
        context.unread(at[0], "not-a-reference", reason)


def _image_scalar(
    context: DocumentContext, owner: Mapping, key: str, scalar: Scalar, keys: Keys, registry: str
) -> None:
    container = container_of(owner, keys)
    text = said(owner, key)
    alone = not _has_beside(owner)
    tag_key = "" if alone else _tag_key(owner, key)
    if tag_key and not has_tag(text):
        if text or not _has_repository(owner, key):
            shape = _beside_tag(owner, key, tag_key, registry)
            find_split(context, shape, keys, container=container, loose=container is None)
        return
    if not alone and find_pair(context, owner, key, keys, registry=registry):
        return
    if key in owner.repeated:
        context.unread(scalar, "repeated-key", f"the key `{key}` appears twice")
        return
    in_container = container is not None and key == "image"
    # A version beside a name without a tag may be its tag, also where it is not clear.
    loose = not in_container or (not has_tag(text) and _has_version_key(owner))
    if not text and in_container:
        # Parsers disagree about the position of an empty value; they agree about that of its key.
        at = owner[key][0] if key in owner else scalar
        reason = "the image is empty: it is decided elsewhere"
        context.unread(at, "no-repository", reason, expected=True)
    elif not in_container and has_tag(text) and (part := _part_elsewhere(owner, key, text)):
        reason = f"it is unclear whether `{part}` is part of the repository"
        context.unread(scalar, "ambiguous", reason, expected=True)
    else:
        refusal = "" if in_container else other_digest(owner, key)
        context.inline(scalar, (*keys, key), container=container, loose=loose, refusal=refusal)


def _has_beside(owner: Mapping) -> bool:
    """Whether a key may have the tag or the version of an image beside it, as few mappings do.

    A mapping with many keys may have many images, and is not searched for each.
    """
    if len(owner) > _FEW or "<<" in owner:
        return True
    return any(key.endswith(_BESIDE_ENDINGS) for key in owner)


def _has_version_key(owner: Mapping) -> bool:
    return any(key == "version" or key.endswith(_VERSION_ENDINGS) for key in owner)


def _beside_tag(owner: Mapping, key: str, tag_key: str, registry: str) -> Split:
    stem = key.removesuffix("Name")
    own = [f"{stem}Registry", "registry"] if stem == "image" else [f"{stem}Registry"]
    shape = Split.named(beside(owner, key), owner=owner, tag=tag_key, registry_host=registry)
    return replace(
        shape,
        digest="digest" if key == "image" else f"{stem}Digest",
        registry=next((each for each in own if said(owner, each)), own[-1]),
    )


def _has_repository(owner: Mapping, key: str) -> bool:
    stem = key.removesuffix("Name")
    names = [f"{stem}Repository", "repository"] if stem == "image" else [f"{stem}Repository"]
    return any(said(owner, name) for name in names)


def _part_elsewhere(owner: Mapping, key: str, text: str) -> str:
    """The key next to a whole reference that may be its prefix; "" if there is none."""
    if key not in ("image", "imageName") or has_host(text):
        return ""
    parts = ("repository", "registry", "hub", "imageRepository", "imageRegistry")
    return next((part for part in parts if is_folder(said(owner, part))), "")


def _tag_key(owner: Mapping, key: str) -> str:
    """The sibling that holds the tag of the image named by `key`, "" when there is none."""
    stem = key.removesuffix("Name")
    names = [f"{stem}Tag", f"{stem}_tag", f"{stem}-tag"]
    if key == "image" or (key == "imageName" and not said(owner, "image")):
        names.append("tag")
    tag = next((name for name in names if owner.scalar(name) is not None), "")
    return tag or ("version" if key == "image" and has_version_beside(owner) else "")


def image_mapping(
    context: DocumentContext, mapping: Mapping, keys: Keys, *, registry: str = ""
) -> None:
    """`image: {registry, repository, tag, digest}`, `{name, tag}` or `{reference}`."""
    context.visited.add(id(mapping))
    reference = mapping.scalar("reference")
    if reference is not None:
        context.inline(reference, (*keys, "reference"), loose=True)
        return
    naming = within_image(mapping)
    tagged = mapping.node("tag") is not None or mapping.node("digest") is not None
    tag = "tag"
    if mapping.node("tag") is None and is_image_key(str(keys[-1])) and has_version(mapping, naming):
        tag = "version"
    elif naming.key in ("name", "image") and not (tagged or has_tag(said(mapping, naming.key))):
        # Other things have names too.
        return
    shape = Split.named(naming, owner=mapping, tag=tag, registry_host=registry)
    find_split(context, shape, keys, loose=not tagged)
    if not naming.key:
        _nested(context, mapping, keys, registry)


def _nested(context: DocumentContext, mapping: Mapping, keys: Keys, registry: str) -> None:
    """`image: {main: {repository, tag}, init: {repository, tag}}`."""
    if mapping.flow and COMPLEX_KEY in mapping:
        # `image: {{ .Values.image }}` is YAML, but of something else than is meant.
        context.filled_in(mapping)
    for key, (_, node) in mapping.items():
        if isinstance(node, Mapping) and len(keys) < MAX_PATH and context.enter(node):
            image_mapping(context, node, (*keys, key), registry=registry)
        elif is_scalar(node) and node.style == "|":
            context.add_nested(node, (*keys, key))
