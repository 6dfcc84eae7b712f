"""Image locations that a configuration adds for a kind of resource."""

from __future__ import annotations

from imagebot.manifest.found import Found, Keys
from imagebot.manifest.options import ExtraField
from imagebot.manifest.split import Split, find_split
from imagebot.manifest.tree import Mapping, Node, Sequence, is_scalar


def find_extra(found: Found, root: Mapping, keys: Keys) -> None:
    """Report the configured fields of a resource; `*` in a path stands for every key or item."""
    kind = root.text("kind")
    for extra in found.sheet.options.fields:
        if extra.kind in (kind, "*"):
            _find(found, root, keys, extra)


def _find(found: Found, root: Mapping, keys: Keys, extra: ExtraField) -> None:
    if not (extra.tag or extra.digest or extra.repository):
        for node, at in _follow(root, extra.path.split("."), keys):
            if is_scalar(node):
                found.inline(node, at)
        return
    parts = {
        "repository": (extra.repository or extra.path).split("."),
        "registry": extra.registry.split(".") if extra.registry else [],
        "tag": extra.tag.split(".") if extra.tag else [],
        "digest": extra.digest.split(".") if extra.digest else [],
    }
    shared = _shared([path[:-1] for path in parts.values() if path])
    for node, at in _follow(root, shared, keys):
        if isinstance(node, Mapping):
            _split(found, node, at, {name: path[len(shared) :] for name, path in parts.items()})


def _split(found: Found, node: Mapping, keys: Keys, parts: dict[str, list[str]]) -> None:
    """Read parts that may lie at different depths below `node` as one flat mapping."""
    flat = Mapping.like(node)
    names: dict[str, str] = {}
    for name, path in parts.items():
        owner: Node = node
        for key in path[:-1]:
            owner = owner.node(key) if isinstance(owner, Mapping) else None
        if path and isinstance(owner, Mapping) and path[-1] in owner:
            names[name] = ".".join(path)
            flat[names[name]] = owner[path[-1]]
    shape = Split(
        owner=flat,
        repository=names.get("repository", ""),
        tag=names.get("tag", ""),
        digest=names.get("digest", ""),
        registry=names.get("registry", ""),
    )
    find_split(found, shape, keys)


def _shared(paths: list[list[str]]) -> list[str]:
    shared: list[str] = []
    for keys in zip(*paths, strict=False):
        if len(set(keys)) > 1:
            break
        shared.append(keys[0])
    return shared


def _follow(node: Node, path: list[str], keys: Keys) -> list[tuple[Node, Keys]]:
    """Every node that `path` leads to, with the keys that led there."""
    reached: list[tuple[Node, Keys]] = [(node, keys)]
    for key in path:
        step: list[tuple[Node, Keys]] = []
        for here, at in reached:
            if isinstance(here, Sequence):
                items = list(enumerate(here))
                wanted = items if key == "*" else [i for i in items if str(i[0]) == key]
                step.extend((child, (*at, number)) for number, child in wanted)
            elif isinstance(here, Mapping):
                names = list(here) if key == "*" else [key]
                step.extend((here.node(name), (*at, name)) for name in names)
        reached = step
    return reached
