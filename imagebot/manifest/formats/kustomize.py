"""Kustomize: `images:` of kustomizations, components and Flux Kustomizations, charts, patches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from imagebot.manifest.formats import chart, helm, replacements
from imagebot.manifest.formats.helm_release import carry_kustomization
from imagebot.manifest.images.context import CONTAINERS, DocumentContext
from imagebot.manifest.images.findings import Keys
from imagebot.manifest.images.overlay import (
    Operation,
    Overlay,
    Override,
    Patch,
    Target,
    folder_of,
    in_tree,
)
from imagebot.manifest.images.shapes import image_mapping, is_image_key
from imagebot.manifest.images.split import Split, find_split
from imagebot.manifest.images.walk import may_hold_yaml, walk
from imagebot.manifest.yaml.tree import COMPLEX_KEY, Mapping, Node, Sequence, is_scalar


def is_kustomization(root: Mapping) -> bool:
    return root.text("apiVersion").startswith("kustomize.config.k8s.io/")


def find(context: DocumentContext, root: Mapping, keys: Keys) -> None:
    """A kustomization or a component: images, charts, and the patches written inside it."""
    find_entries(context, root, keys)
    carry_kustomization(context, root, keys, overrides(context, root))
    _carry_env_files(context, root)
    if not keys and not context.prefix:
        _note_overlay(context, root)
    for number, entry in enumerate(root.sequence("helmCharts") or ()):
        if isinstance(entry, Mapping):
            _find_chart(context, entry, (*keys, "helmCharts", number))
    walk(context, root, keys, lambda _context, _mapping, _keys: None)


def _carry_env_files(context: DocumentContext, root: Mapping) -> None:
    """Collect `envs` (once `env`) of the generators of ConfigMaps."""
    for generator in root.sequence("configMapGenerator") or ():
        if isinstance(generator, Mapping):
            files = [*_texts(generator, "envs"), generator.text("env").strip()]
            folder = folder_of(context.findings.path)
            context.findings.env_files += in_tree(folder, [each for each in files if each])


def _note_overlay(context: DocumentContext, root: Mapping) -> None:
    path = context.findings.path
    folder = folder_of(path)
    patches = [
        item.text("path")
        for key in ("patches", "patchesJson6902")
        for item in root.sequence(key) or ()
        if isinstance(item, Mapping)
    ]
    patches += _texts(root, "patchesStrategicMerge")
    includes = [text for key in ("resources", "bases") for text in _texts(root, key)]
    overlay = Overlay(
        by="kustomization",
        path=path,
        folder=folder,
        includes=in_tree(folder, [*includes, *patches]),
        components=in_tree(folder, _texts(root, "components")),
        patches=in_tree(folder, patches),
        images=overrides(context, root),
        changes=tuple(_changes(root, path)),
        transformers=replacements.transformers_of(path, root),
        replacing=replacements.files_of(path, root),
        replacements=replacements.targets_of(context, root.sequence("replacements") or ()),
    )
    context.findings.overlays.append(overlay)


def _changes(root: Mapping, path: str) -> Iterator[Patch]:
    """The patches of a kustomization; one in a text is read if that is a literal block."""
    folder = folder_of(path)
    for key in ("patches", "patchesJson6902", "patchesStrategicMerge"):
        for number, item in enumerate(root.sequence(key) or ()):
            owner = item if isinstance(item, Mapping) else Mapping()
            text = item if is_scalar(item) else owner.scalar("patch")
            target = _target(owner.mapping("target"))
            file = owner.text("path") or ("" if text is None or "\n" in text.value else text.value)
            files = in_tree(folder, [file.strip()]) if "patch" not in owner else ()
            if files:
                yield Patch(files[0], (), target)
            elif text is not None:
                at = (key, number, "patch") if "patch" in owner else (key, number)
                yield Patch(path, at, target, text.style != "|")


def _target(target: Mapping | None) -> Target | None:
    if target is None:
        return None
    return Target(
        group=target.text("group"),
        version=target.text("version"),
        kind=target.text("kind"),
        name=target.text("name"),
        namespace=target.text("namespace"),
        selected=any(target.text(key) for key in ("labelSelector", "annotationSelector")),
    )


def _texts(root: Mapping, key: str) -> list[str]:
    return [item.value.strip() for item in root.sequence(key) or () if is_scalar(item)]


def overrides(context: DocumentContext, owner: Mapping) -> tuple[Override, ...]:
    """The entries of `owner.images` that change something."""
    found = (_override(context, entry) for _, _, entry in _entries(owner))
    return tuple(each for each in found if each is not None)


def _override(context: DocumentContext, entry: Mapping) -> Override | None:
    name = entry.scalar("name")
    new = entry.text("newName").strip()
    versioned = any(entry.text(key) for key in ("newTag", "digest"))
    if name is None or not (new or versioned):
        return None
    return Override(name.value.strip(), context.line(name), "" if versioned else new)


def find_entries(context: DocumentContext, owner: Mapping, keys: Keys) -> None:
    """The entries of `owner.images`; a new name decides which repository is pulled."""
    for key, number, entry in _entries(owner):
        _find_entry(context, entry, (*keys, key, number))


def is_transformer(root: Mapping) -> bool:
    """Whether it is what Kustomize makes of an entry of `images:`, written as an object."""
    return root.text("kind") == "ImageTagTransformer" and root.mapping("imageTag") is not None


def find_transformer(context: DocumentContext, root: Mapping, keys: Keys) -> None:
    entry = root.mapping("imageTag")
    if entry is not None:
        _find_entry(context, entry, (*keys, "imageTag"))
        override = _override(context, entry)
        if override is not None:
            path = context.findings.path
            context.findings.overlays.append(
                Overlay("transformer", path, folder=path, images=(override,))
            )


def _entries(owner: Mapping) -> Iterator[tuple[str, int, Mapping]]:
    """The entries of `images`, which Kustomize still reads under its old name `imageTags` too."""
    for key in ("images", "imageTags"):
        for number, entry in enumerate(owner.sequence(key) or ()):
            if isinstance(entry, Mapping):
                yield key, number, entry


def _find_entry(context: DocumentContext, entry: Mapping, keys: Keys) -> None:
    shape = Split(
        owner=entry,
        repository="newName" if entry.text("newName") else "name",
        tag="newTag",
        digest="digest",
        registry="",
        new_digest="key",
    )
    if not _reports_broken_part(context, entry):
        find_split(context, shape, keys, container=entry.text("name") or None)


def _reports_broken_part(context: DocumentContext, entry: Mapping) -> bool:
    for key in ("newTag", "digest"):
        node = entry.node(key)
        if isinstance(node, Mapping) and COMPLEX_KEY in node:
            context.filled_in(node)
            return True
        if isinstance(node, Mapping | Sequence):
            at = entry[key][0] if key in entry else None
            context.unread(at, "not-a-reference", f"`{key}` is not text: write a single value")
            return True
    return False


def is_operation(item: Mapping) -> bool:
    """Whether an item of a list is an operation of a JSON patch."""
    return item.text("path").startswith("/") and "op" in item


def find_json_patch(context: DocumentContext, operations: Sequence, keys: Keys) -> None:
    """`[{op: replace, path: /spec/…/image, value: app:1.2}]`, or a container as the value."""
    for number, operation in enumerate(operations):
        if isinstance(operation, Mapping) and is_operation(operation):
            pointer = operation.text("path").split("/")
            inside = replace(context, in_container=_is_of_containers(pointer))
            _note_operation(context, operation, pointer, (*keys, number))
            if operation.text("op") == "test":
                _list_test(context, operation, pointer[-1])
                continue
            _find_value(inside, operation.node("value"), pointer[-1], (*keys, number, "value"))


def _list_test(context: DocumentContext, operation: Mapping, name: str) -> None:
    """A test deploys nothing, and with another image than that of the patched file it fails."""
    value = operation.scalar("value")
    if value is not None and is_image_key(name):
        reason = "a patch only tests this image: it must be the one in the patched file"
        context.unread(value, "ambiguous", reason, expected=True)


def _note_operation(
    context: DocumentContext, operation: Mapping, pointer: list[str], keys: Keys
) -> None:
    """Collect an operation on containers."""
    at = operation.scalar("path")
    if at is None or CONTAINERS.isdisjoint(pointer):
        return
    names = tuple(key.replace("~1", "/").replace("~0", "~") for key in pointer[1:])
    full = (*context.prefix, *keys)
    found = Operation(full, operation.text("op"), names, context.line(at))
    context.findings.operations.append(found)


def _is_of_containers(pointer: list[str]) -> bool:
    """Whether a JSON pointer leads to containers, to one of them, or to the image of one."""
    at = 3 if pointer[-1] == "image" else 2
    return pointer[-1] in CONTAINERS or pointer[-at:][0] in CONTAINERS


def _find_value(context: DocumentContext, value: Node, name: str, keys: Keys) -> None:
    """The images in a value that an operation writes at the key `name`."""
    if is_scalar(value):
        if is_image_key(name):
            context.inline(value, keys, loose=name != "image")
        elif name == "tag":
            reason = "only the patched file says which image this tag belongs to"
            context.unread(value, "no-repository", reason, expected=True)
        elif value.style and may_hold_yaml(value):
            context.add_nested(value, keys)
    elif isinstance(value, Mapping):
        if is_image_key(name):
            image_mapping(context, value, keys)
        else:
            helm.find(context, value, keys)
    elif isinstance(value, Sequence):
        for number, item in enumerate(value):
            if isinstance(item, Mapping):
                helm.find(context, item, (*keys, number))


def _find_chart(context: DocumentContext, entry: Mapping, keys: Keys) -> None:
    chart.find_versioned(context, entry, entry.text("repo"), entry.text("name"), keys)
    values = entry.mapping("valuesInline")
    if values is not None:
        helm.find(context, values, (*keys, "valuesInline"))
