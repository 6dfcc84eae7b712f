"""Image locations that a configuration adds for a kind of resource."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from imagebot.manifest.images.context import DocumentContext
from imagebot.manifest.images.findings import FileFindings, Keys
from imagebot.manifest.images.naming import has_tag, said
from imagebot.manifest.images.options import ExtraField
from imagebot.manifest.images.split import Split, find_split
from imagebot.manifest.yaml.events import Scalar
from imagebot.manifest.yaml.tree import Mapping, Node, Sequence, is_scalar

_SCHEME = "oci://"
_DOT = re.compile(r"(?<!\\)\.")
# Codes of references of which a format knows only one part.
_HALF_FOUND = frozenset({"no-tag", "no-repository", "not-a-reference", "ambiguous"})


def find_extra(context: DocumentContext, root: Mapping, keys: Keys) -> Extras | None:
    """The configured fields of a resource; `*` in a path stands for every key or item."""
    kind = root.text("kind")
    every = context.findings.options.fields
    wanted = [(at, each) for at, each in enumerate(every) if each.kind in (kind, "*")]
    if not wanted:
        return None
    findings = replace(context.findings, candidates=[], unread=[])
    extras = Extras(findings)
    for entry, extra in wanted:
        before = len(findings.candidates)
        _find(replace(context, findings=findings), root, keys, extra, extras)
        findings.candidates[before:] = [
            replace(each, field=replace(each.field, entry=entry))
            for each in findings.candidates[before:]
        ]
    return extras


@dataclass(frozen=True, slots=True)
class Extras:
    """The configured fields of a resource.

    `written` has the keys of values that can be edited: no later rule may use them. `named` has the
    keys of names, which several rules may share, but not as a whole reference. `lines` are the
    lines of all parts.
    """

    findings: FileFindings
    written: set[str] = field(default_factory=set)
    named: set[str] = field(default_factory=set)
    lines: set[int] = field(default_factory=set)

    def take(
        self, context: DocumentContext, written: dict[str, Scalar], named: dict[str, Scalar]
    ) -> bool:
        """Whether a rule may have its parts, by their keys; they are taken from now on."""
        others = self.written if named else self.written | self.named
        if not others.isdisjoint(written):
            return False
        self.written.update(written)
        self.named.update(named)
        self.lines.update(context.line(part) for part in (*written.values(), *named.values()))
        return True

    def put_into(self, findings: FileFindings, candidates: int, unread: int, *, flow: bool) -> None:
        """Add these fields, in place of what a format has found, or half found, at the same keys.

        `candidates` and `unread` count the findings before the format looked at the resource.
        """
        own = self.written | self.named
        findings.candidates[candidates:] = [
            each for each in findings.candidates[candidates:] if _dotted(each.field.keys) not in own
        ]
        if not flow:
            findings.unread[unread:] = [
                each
                for each in findings.unread[unread:]
                if each.line not in self.lines or each.code not in _HALF_FOUND
            ]
        findings.candidates += self.findings.candidates
        findings.unread += self.findings.unread


def _dotted(keys: Keys) -> str:
    return ".".join(map(str, keys))


def _find(
    context: DocumentContext, root: Mapping, keys: Keys, extra: ExtraField, extras: Extras
) -> None:
    if not (extra.tag or extra.digest or extra.repository):
        for node, at in _follow(root, split_path(extra.path), keys):
            dotted = _dotted((*context.prefix, *at))
            if is_scalar(node) and extras.take(context, {dotted: node}, {}):
                _inline(context, node, at)
        return
    parts = {
        "repository": split_path(extra.repository or extra.path),
        "registry": split_path(extra.registry),
        "tag": split_path(extra.tag),
        "digest": split_path(extra.digest),
    }
    shared = shared_keys([path[:-1] for path in parts.values() if path])
    for node, at in _follow(root, shared, keys):
        if isinstance(node, Mapping):
            below = {name: path[len(shared) :] for name, path in parts.items()}
            _split(context, node, at, below, extras)


def split_path(text: str) -> list[str]:
    """The keys of a dotted path; `\\.` is a dot within a key."""
    return [key.replace("\\.", ".") for key in _DOT.split(text)] if text else []


def _inline(context: DocumentContext, scalar: Scalar, keys: Keys, *, refusal: str = "") -> None:
    scheme = scalar.value.lstrip().startswith(_SCHEME)
    span = (len(_SCHEME) if scheme else 0, None)
    context.inline(scalar, keys, span=span, refusal=refusal)


def _split(
    context: DocumentContext, node: Mapping, keys: Keys, parts: dict[str, list[str]], extras: Extras
) -> None:
    """Read parts at different depths below `node` as one flat mapping."""
    flat = Mapping.like(node)
    names: dict[str, str] = {}
    for part, path in parts.items():
        pair = _pair_at(node, path)
        if pair is not None:
            names[part] = ".".join(path)
            flat[names[part]] = pair
    scalars = {part: flat.scalar(key) for part, key in names.items()}
    placed = {
        part: {_dotted((*context.prefix, *keys, names[part])): scalar}
        for part, scalar in scalars.items()
        if scalar is not None
    }
    written = placed.get("tag", {}) | placed.get("digest", {})
    if extras.take(context, written, placed.get("repository", {}) | placed.get("registry", {})):
        _find_split(context, flat, names, scalars.get("repository"), keys)


def _find_split(
    context: DocumentContext, flat: Mapping, names: dict[str, str], name: Scalar | None, keys: Keys
) -> None:
    """The reference in a mapping; `names` has the key of each part."""
    repository = names.get("repository", "")
    if name is not None and has_tag(name.value):
        parts = [names[part] for part in ("tag", "digest") if said(flat, names.get(part, ""))]
        refusal = (
            f"`{repository}` already has a tag, so `{parts[0]}` may be a second one"
            if parts
            else ""
        )
        _inline(context, name, (*keys, repository), refusal=refusal)
        return
    scheme = name is not None and name.value.strip().startswith(_SCHEME)
    shape = Split(
        owner=flat,
        repository=repository,
        name=said(flat, repository).removeprefix(_SCHEME) if scheme else "",
        tag=names.get("tag", ""),
        digest=names.get("digest", ""),
        registry=names.get("registry", ""),
    )
    find_split(context, shape, keys)


def _pair_at(node: Node, path: list[str]) -> tuple[Scalar, Node] | None:
    """A key and its value, through merge keys too."""
    for key in path[:-1]:
        node = node.node(key) if isinstance(node, Mapping) else None
    return node.pair(path[-1]) if path and isinstance(node, Mapping) else None


def shared_keys(paths: list[list[str]]) -> list[str]:
    """The keys that all paths begin with: only in these does `*` stand for every key."""
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
        # Aliases can lead to the same node in too many ways to follow all of them.
        reached = list({id(child): (child, where) for child, where in reversed(step)}.values())[
            ::-1
        ]
    return reached
