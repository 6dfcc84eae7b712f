"""Image locations that a configuration adds for a kind of resource."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from imagebot.manifest.events import Scalar
from imagebot.manifest.found import Found
from imagebot.manifest.naming import has_tag
from imagebot.manifest.options import ExtraField
from imagebot.manifest.sheet import Draft, Keys, Sheet
from imagebot.manifest.split import Split, find_split
from imagebot.manifest.tree import Mapping, Node, Sequence, is_scalar

_SCHEME = "oci://"
_DOT = re.compile(r"(?<!\\)\.")
# What a format says of a reference when it knows one of its parts only.
_HALF_FOUND = frozenset({"no-tag", "no-repository", "not-a-reference", "ambiguous"})


def find_extra(found: Found, root: Mapping, keys: Keys) -> Extras | None:
    """The configured fields of a resource; `*` in a path stands for every key or item."""
    kind = root.text("kind")
    wanted = [each for each in found.sheet.options.fields if each.kind in (kind, "*")]
    if not wanted:
        return None
    sheet = replace(found.sheet, drafts=[], unread=[])
    extras = Extras(sheet, set())
    for extra in wanted:
        _find(replace(found, sheet=sheet), root, keys, extra, extras.lines)
    return extras


@dataclass(frozen=True, slots=True)
class Extras:
    """What a configuration adds of a resource; `lines` are those of all its parts."""

    sheet: Sheet
    lines: set[int]

    def put_into(self, sheet: Sheet, drafts: int, unread: int, *, flow: bool) -> None:
        """Add them; they go before what a format has found at the same keys, or half found.

        `drafts` and `unread` say how much was in `sheet` before the format looked at the resource.
        """
        own = {_dotted(draft) for draft in self.sheet.drafts}
        sheet.drafts[drafts:] = [each for each in sheet.drafts[drafts:] if _dotted(each) not in own]
        if not flow:
            sheet.unread[unread:] = [
                each
                for each in sheet.unread[unread:]
                if each.line not in self.lines or each.code not in _HALF_FOUND
            ]
        sheet.drafts += self.sheet.drafts
        sheet.unread += self.sheet.unread


def _dotted(draft: Draft) -> tuple[int, str]:
    return draft.field.document, ".".join(map(str, draft.field.keys))


def _find(found: Found, root: Mapping, keys: Keys, extra: ExtraField, lines: set[int]) -> None:
    if not (extra.tag or extra.digest or extra.repository):
        for node, at in _follow(root, _path(extra.path), keys):
            if is_scalar(node):
                lines.add(found.line(node))
                _inline(found, node, at)
        return
    parts = {
        "repository": _path(extra.repository or extra.path),
        "registry": _path(extra.registry),
        "tag": _path(extra.tag),
        "digest": _path(extra.digest),
    }
    shared = _shared([path[:-1] for path in parts.values() if path])
    for node, at in _follow(root, shared, keys):
        if isinstance(node, Mapping):
            below = {name: path[len(shared) :] for name, path in parts.items()}
            _split(found, node, at, below, lines)


def _path(text: str) -> list[str]:
    """The keys of a dotted path; `\\.` is a dot within a key."""
    return [key.replace("\\.", ".") for key in _DOT.split(text)] if text else []


def _inline(found: Found, scalar: Scalar, keys: Keys) -> None:
    scheme = scalar.value.lstrip().startswith(_SCHEME)
    found.inline(scalar, keys, span=(len(_SCHEME) if scheme else 0, None))


def _split(
    found: Found, node: Mapping, keys: Keys, parts: dict[str, list[str]], lines: set[int]
) -> None:
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
    lines.update(found.line(value) for _, value in flat.values() if is_scalar(value))
    whole = flat.scalar(names.get("repository", ""))
    if whole is not None and has_tag(whole.value):
        # As Prometheus' operator has it: a whole reference goes before the version beside it.
        found.inline(whole, (*keys, names["repository"]))
        return
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
