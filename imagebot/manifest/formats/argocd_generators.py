"""Generators of ApplicationSets: the values that they give, and images that templates make of
these."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from imagebot.manifest.formats import argocd_releases, chart_images
from imagebot.manifest.helm.tree import placeholders
from imagebot.manifest.images import spelling
from imagebot.manifest.images.context import DocumentContext
from imagebot.manifest.images.findings import Keys
from imagebot.manifest.images.generated import ApplicationSet, Generator, Use
from imagebot.manifest.images.layers import Below, Section
from imagebot.manifest.yaml.tree import Mapping, Node, Sequence, is_scalar
from imagebot.reference import is_tag

# More sets of values of one generator are not looked at, nor generators deeper within each other.
_MAX_ELEMENTS = 1_000
_MAX_DEPTH = 4
# Keys of a source that decide what is deployed.
_DECISIVE = ("repoURL", "path", "chart", "targetRevision")
_NAMELESS = "no template makes it the tag of one image"


def carry(context: DocumentContext, root: Mapping, keys: Keys) -> None:
    """Collect an ApplicationSet whose templates have placeholders."""
    spec = root.mapping("spec")
    generators = spec.sequence("generators") if spec is not None else None
    if spec is None or generators is None or context.prefix:
        return
    if context.document_text.holds("{{"):
        found = _generators(context, generators, (*keys, "spec", "generators"), 0)
        uses = _uses(context, spec.mapping("template") or Mapping())
        at = Section(context.document, keys)
        context.findings.application_sets.append(ApplicationSet(at, tuple(found), tuple(uses)))


def _generators(
    context: DocumentContext, nodes: Iterable[Node], keys: Keys, depth: int
) -> Iterator[Generator]:
    for number, node in enumerate(nodes):
        for kind in node if isinstance(node, Mapping) and depth < _MAX_DEPTH else ():
            settings = node.mapping(kind) if isinstance(node, Mapping) else None
            if settings is not None and kind != "selector":
                made = _generator(context, kind, settings, (*keys, number, kind), depth)
                yield replace(made, apart="template" in settings)


def _generator(
    context: DocumentContext, kind: str, settings: Mapping, keys: Keys, depth: int
) -> Generator:
    inner = settings.sequence("generators") or ()
    values = Section(context.document, (*keys, "values")) if settings.mapping("values") else None
    if kind == "list":
        count = min(len(settings.sequence("elements") or ()), _MAX_ELEMENTS)
        at = (*keys, "elements")
        return Generator(tuple(Section(context.document, (*at, each)) for each in range(count)))
    if kind == "matrix":
        parts = _generators(context, inner, (*keys, "generators"), depth + 1)
        return Generator(product=tuple(parts), values=values)
    if kind == "merge":
        parts = _generators(context, inner, (*keys, "generators"), depth + 1)
        names = [item.value for item in settings.sequence("mergeKeys") or () if is_scalar(item)]
        return Generator(merged=tuple(parts), keys=tuple(names), values=values)
    files = [each for each in settings.sequence("files") or () if isinstance(each, Mapping)]
    folders = (
        None if files or kind != "git" else next(iter(argocd_releases.folders(settings)), None)
    )
    return Generator(
        folders=folders,
        files=tuple(each.text("path") for each in files if each.text("exclude") != "true"),
        without=tuple(each.text("path") for each in files if each.text("exclude") == "true"),
        url=settings.text("repoURL"),
        values=values,
    )


def _uses(context: DocumentContext, template: Mapping) -> Iterator[Use]:
    spec = template.mapping("spec") or Mapping()
    sources = [spec.mapping("source"), *(spec.sequence("sources") or ())]
    for source in sources:
        if not isinstance(source, Mapping):
            continue
        texts = [(key, source.scalar(key)) for key in _DECISIVE]
        settings = source.mapping("helm") or Mapping()
        files = [item for item in settings.sequence("valueFiles") or () if is_scalar(item)]
        texts += [("valueFiles", item) for item in files]
        for key, scalar in texts:
            if scalar is not None:
                for name in placeholders(scalar.value):
                    yield Use(name.removeprefix("."), key, context.line(scalar))


def find_images(context: DocumentContext, root: Mapping, keys: Keys) -> list[tuple[Below, Mapping]]:
    """Report the images of which a value of a generator is the tag; the sets of such values."""
    found: list[tuple[Below, Mapping]] = []
    start = (*keys, "spec", "generators")
    for section, below in context.findings.below.items():
        inside = section.keys[: len(start)] == start and section.document == context.document
        if not (inside and below.images) or context.prefix:
            continue
        node = _node_at(root, section.keys[len(keys) :])
        if isinstance(node, Mapping):
            chart_images.find(context, below, node, section.keys)
            found.append((below, node))
    return found


def list_nameless(context: DocumentContext, root: Mapping, keys: Keys, candidates: int) -> None:
    """List tags in the sets of a generator that are no fields from number `candidates` on."""
    spec = root.mapping("spec") or Mapping()
    found = context.findings.candidates[candidates:]
    written = {slot.start for each in found if (slot := each.field.tag or each.field.digest)}
    at = (*keys, "spec", "generators")
    for each in _sections(_generators(context, spec.sequence("generators") or (), at, 0)):
        node = _node_at(root, each.keys[len(keys) :])
        below = context.findings.below.get(each)
        known = {image.path for image in below.images} if below is not None else set()
        for key, (_, value) in node.items() if isinstance(node, Mapping) else ():
            if not is_scalar(value) or not spelling.is_tag_name(key) or (key,) in known:
                continue
            text = context.document_text
            start, end = text.byte(value.start_mark.index), text.byte(value.end_mark.index)
            if is_tag(value.value) and not any(start <= slot <= end for slot in written):
                context.nameless(value, (*each.keys, key), _NAMELESS)


def _sections(generators: Iterable[Generator]) -> Iterator[Section]:
    for each in generators:
        yield from each.elements
        if each.values is not None:
            yield each.values
        yield from _sections((*each.product, *each.merged))


def _node_at(root: Node, keys: Keys) -> Node:
    for key in keys:
        if isinstance(key, str):
            root = root.node(key) if isinstance(root, Mapping) else None
        else:
            root = root[key] if isinstance(root, Sequence) and key < len(root) else None
    return root
