"""Image locations that a configuration adds: for a kind of resource, for some files, or both."""

from __future__ import annotations

import re
from dataclasses import field, replace

from imagebot.errors import InvalidReferenceError
from imagebot.glob import CAPTURE
from imagebot.manifest.formats import kubernetes
from imagebot.manifest.images.context import DocumentContext
from imagebot.manifest.images.findings import HALF_FOUND, FieldEntry, FileFindings, Keys
from imagebot.manifest.images.naming import has_tag, said
from imagebot.manifest.images.not_reference import SHOWN
from imagebot.manifest.images.options import ExtraField
from imagebot.manifest.images.split import Split, find_split
from imagebot.manifest.yaml.events import Scalar
from imagebot.manifest.yaml.tree import Mapping, Node, Sequence, is_scalar
from imagebot.reference import parse_reference
from imagebot.values import dataclass

_SCHEME = "oci://"
# No list has more items than such a number can count.
_MOST_DIGITS = 6
_DOT = re.compile(r"(?<!\\)\.")


def entries_for(path: str, fields: tuple[ExtraField, ...]) -> tuple[FieldEntry, ...]:
    """The configured fields that are about a file, with the repositories that they name."""
    found: list[FieldEntry] = []
    for number, extra in enumerate(fields):
        captured = extra.captured(path)
        if captured is None:
            continue
        image = CAPTURE.sub(lambda match, own=captured: own.get(match[1], ""), extra.image)  # type: ignore[misc]
        problem = _why_not_repository(image) if image else ""
        found.append(FieldEntry(number, extra, "" if problem else image, problem))
    return tuple(found)


def _why_not_repository(image: str) -> str:
    try:
        reference = parse_reference(image)
    except InvalidReferenceError as error:
        return f"the path of this file makes no repository: {error.message[:SHOWN]}"
    if reference.tag is not None or reference.digest is not None:
        return f"the path of this file makes a name with a tag or digest: {image[:SHOWN]}"
    return ""


def find_extra(context: DocumentContext, root: Mapping | Sequence, keys: Keys) -> Extras | None:
    """The configured fields of a document; `*` in a path stands for every key or item."""
    kind = ""
    if isinstance(root, Mapping) and kubernetes.is_object(root):
        kind = root.text("kind")
        context = context.within(resource=kubernetes.resource_of(root))
    elif not context.prefix:
        context = context.within(form="helm")
    wanted = [each for each in context.findings.entries if _is_about(each.extra, kind)]
    if not wanted:
        return None
    findings = replace(context.findings, candidates=[], unread=[])
    extras = Extras(findings)
    for entry in wanted:
        before = len(findings.candidates)
        _find(replace(context, findings=findings), root, keys, entry, extras)
        named = f"fields[{entry.number}]" if entry.image else ""
        findings.candidates[before:] = [
            replace(
                each,
                field=replace(
                    each.field,
                    entry=entry.number,
                    repository_from=named or each.field.repository_from,
                ),
            )
            for each in findings.candidates[before:]
        ]
    return extras


def _is_about(extra: ExtraField, kind: str) -> bool:
    """Whether an entry is about documents of a kind, "" for one that is not a resource."""
    return not extra.kind or (bool(kind) and extra.kind in (kind, "*"))


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
                if each.line not in self.lines or each.code not in HALF_FOUND
            ]
        findings.candidates += self.findings.candidates
        findings.unread += self.findings.unread


def _dotted(keys: Keys) -> str:
    return ".".join(map(str, keys))


def _find(
    context: DocumentContext,
    root: Mapping | Sequence,
    keys: Keys,
    entry: FieldEntry,
    extras: Extras,
) -> None:
    extra = entry.extra
    paths = {
        "repository": split_path(extra.repository or extra.path),
        "registry": split_path(extra.registry),
        "tag": split_path(extra.tag),
        "digest": split_path(extra.digest),
    }
    _find_at(context, root, keys, paths, entry, extras)
    below = _below_text(paths, context.prefix)
    if below is not None and not extra.kind:
        _find_at(context, root, keys, below, entry, extras)


def _below_text(paths: dict[str, list[str]], prefix: Keys) -> dict[str, list[str]] | None:
    """The rest of paths that lead through the text at `prefix`, in which a document is."""
    if not prefix:
        return None
    for path in paths.values():
        leads = zip(path, prefix, strict=False)
        if path and not (len(path) > len(prefix) and all(a in ("*", str(b)) for a, b in leads)):
            return None
    return {part: path[len(prefix) :] for part, path in paths.items()}


def _find_at(
    context: DocumentContext,
    root: Mapping | Sequence,
    keys: Keys,
    paths: dict[str, list[str]],
    entry: FieldEntry,
    extras: Extras,
) -> None:
    written = [path for path in paths.values() if path]
    if len(written) == 1 and paths["repository"]:
        for node, at in _follow(root, paths["repository"], keys):
            dotted = _dotted((*context.prefix, *at))
            if is_scalar(node) and extras.take(context, {dotted: node}, {}):
                _inline(context, node, at)
        return
    shared = shared_keys([path[:-1] for path in written])
    for found, at in _follow(root, shared, keys):
        node = _by_number(found) if isinstance(found, Sequence) else found
        if not isinstance(node, Mapping):
            continue
        below = {name: path[len(shared) :] for name, path in paths.items()}
        # The last key of a single path may stand for every key, too.
        every = len(written) == 1 and written[0][len(shared) :] == ["*"]
        for key in [key for key in node if key != "<<"] if every else [""]:
            own = {name: [key] if key and path else path for name, path in below.items()}
            _split(context, node, at, own, entry, extras)


def _by_number(sequence: Sequence) -> Mapping:
    """The items of a list by their numbers, counted from 0."""
    made = Mapping()
    made.start, made.end, made.flow = sequence.start, sequence.end, sequence.flow
    made.repeated = frozenset()
    for number, item in enumerate(sequence):
        if is_scalar(item):
            made[str(number)] = (item, item)
    return made


def split_path(text: str) -> list[str]:
    """The keys of a dotted path; `\\.` is a dot within a key."""
    return [key.replace("\\.", ".") for key in _DOT.split(text)] if text else []


def _inline(context: DocumentContext, scalar: Scalar, keys: Keys, *, refusal: str = "") -> None:
    scheme = scalar.value.lstrip().startswith(_SCHEME)
    span = (len(_SCHEME) if scheme else 0, None)
    context.inline(scalar, keys, span=span, refusal=refusal)


def _split(
    context: DocumentContext,
    node: Mapping,
    keys: Keys,
    parts: dict[str, list[str]],
    entry: FieldEntry,
    extras: Extras,
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
    if not extras.take(context, written, placed.get("repository", {}) | placed.get("registry", {})):
        return
    if entry.problem:
        for scalar in written.values():
            context.unread(scalar, "not-a-reference", entry.problem)
    elif entry.image:
        find_split(context, _of_image(flat, names, entry.image), keys)
    else:
        _find_split(context, flat, names, scalars.get("repository"), keys)


def _of_image(flat: Mapping, names: dict[str, str], image: str) -> Split:
    tag, digest = names.get("tag", ""), names.get("digest", "")
    return Split(owner=flat, repository="", registry="", name=image, tag=tag, digest=digest)


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
        node = _child(node, key)
    if isinstance(node, Sequence) and path:
        item = _child(node, path[-1])
        return (item, item) if is_scalar(item) else None
    return node.pair(path[-1]) if path and isinstance(node, Mapping) else None


def _child(node: Node, key: str) -> Node:
    if isinstance(node, Mapping):
        return node.node(key)
    if not isinstance(node, Sequence) or not key.isdecimal() or len(key) > _MOST_DIGITS:
        return None
    return node[int(key)] if int(key) < len(node) else None


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
