"""What Argo CD Applications and ApplicationSets install, and the Helm values that they merge."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from itertools import islice, product

from imagebot.manifest.formats.helm_release import values_layers
from imagebot.manifest.images.arguments import (
    VALUES_FILES,
    Argument,
    UnreadArgumentsError,
    may_set_values,
    read_arguments,
)
from imagebot.manifest.images.bindings import Binding, Folders
from imagebot.manifest.images.context import DocumentContext
from imagebot.manifest.images.findings import Keys
from imagebot.manifest.images.layers import Layer, Release
from imagebot.manifest.images.part_scalar import array_arguments
from imagebot.manifest.yaml.events import Scalar
from imagebot.manifest.yaml.tree import Mapping, Node, is_scalar

# More sets of values of an ApplicationSet's generators are not looked at.
_MAX_BINDINGS = 1_000
_MAX_DEPTH = 4
_MAX_NAMES = 100


def carry(context: DocumentContext, root: Mapping, keys: Keys) -> None:
    """Collect the releases of an Application, or of the template of an ApplicationSet."""
    kind = root.text("kind")
    spec, at = root.mapping("spec"), (*keys, "spec")
    bindings: tuple[Binding, ...] = ()
    if kind == "ApplicationSet" and spec is not None:
        bindings = bindings_of(spec)
        template = spec.mapping("template")
        spec, at = (template.mapping("spec") if template else None), (*at, "template", "spec")
    if spec is None:
        return
    sources: list[tuple[Mapping, Keys]] = []
    single = spec.mapping("source")
    if single is not None:
        sources.append((single, (*at, "source")))
    for number, each in enumerate(spec.sequence("sources") or ()):
        if isinstance(each, Mapping):
            sources.append((each, (*at, "sources", number)))
    refs = tuple(
        (each.text("ref"), each.text("repoURL")) for each, _ in sources if each.text("ref")
    )
    for source, where in sources:
        release = _release(context, root, source, where, refs, bindings)
        if release is not None:
            context.findings.releases.append(release)


def bindings_of(spec: Mapping) -> tuple[Binding, ...]:
    """What the generators of an ApplicationSet say of the placeholders in its template."""
    return tuple(islice(_of_generators(spec.sequence("generators"), 0), _MAX_BINDINGS))


def carry_source(context: DocumentContext, root: Mapping, keys: Keys) -> None:
    """Collect what `.argocd-source.yaml` installs: the chart in its folder, with its settings."""
    settings = root.mapping("helm")
    layers = _layers(context, settings, (*keys, "helm")) if settings is not None else ()
    layers += _plugin_layers(context, root, keys)
    if layers:
        folder = posixpath.dirname(context.findings.path)
        context.findings.releases.append(
            Release("argocd-source", "", 1, chart=folder or ".", layers=layers)
        )


def carry_values(context: DocumentContext, source: Mapping, keys: Keys) -> None:
    """Collect the release of a source in the values of a chart that templates Applications."""
    settings = source.mapping("helm")
    layers = _layers(context, settings, (*keys, "helm")) if settings is not None else ()
    layers += _plugin_layers(context, source, keys)
    if layers:
        chart, url = source.text("chart"), source.text("repoURL")
        name = str(keys[-2]) if len(keys) > 1 else ""
        context.findings.releases.append(
            Release(
                "values",
                name,
                layers[0].line,
                url=url,
                chart=chart or source.text("path"),
                named=bool(chart),
                layers=layers,
            )
        )


def _plugin_layers(context: DocumentContext, source: Mapping, keys: Keys) -> tuple[Layer, ...]:
    """The values that the arguments and maps of a plugin set, over the files that they name."""
    plugin, found = source.mapping("plugin") or Mapping(), []
    files: list[Layer] = []
    for key in ("env", "parameters"):
        for number, item in enumerate(plugin.sequence(key) or ()):
            if not isinstance(item, Mapping):
                continue
            at = (*keys, "plugin", key, number)
            files += _named_files(context, item)
            for part in ("value", "string", "map", "array"):
                text = item.scalar(part)
                if text is None or may_set_values(text.value):
                    found += values_layers(context, item, part, at, parameters=True)
    return (*files, *found)


def _named_files(context: DocumentContext, item: Mapping) -> Iterator[Layer]:
    """The files of `-f` and `--values` in the arguments of a plugin."""
    named: list[tuple[Scalar, Argument]] = array_arguments(item.sequence("array") or ())
    for part in ("value", "string"):
        text = item.scalar(part)
        if text is not None and may_set_values(text.value):
            try:
                named += [(text, each) for each in read_arguments(text.value)]
            except UnreadArgumentsError:
                # It is listed where its values are looked for.
                continue
    for scalar, each in named:
        if each.option in VALUES_FILES and each.value and not each.reason:
            yield Layer(context.line(scalar), file=each.value)


def _release(
    context: DocumentContext,
    root: Mapping,
    source: Mapping,
    keys: Keys,
    refs: tuple[tuple[str, str], ...],
    bindings: tuple[Binding, ...],
) -> Release | None:
    chart, path = source.text("chart"), source.text("path")
    settings = source.mapping("helm")
    plugin = _plugin_layers(context, source, keys)
    if not (chart or (path and (settings is not None or plugin))):
        return None
    metadata = root.mapping("metadata")
    at = source.scalar("repoURL")
    return Release(
        by=root.text("kind"),
        name=metadata.text("name") if metadata is not None else "",
        line=context.line(at) if at is not None else 1,
        url=source.text("repoURL"),
        chart=chart or path,
        named=bool(chart),
        refs=refs,
        layers=(_layers(context, settings, (*keys, "helm")) if settings is not None else ())
        + plugin,
        bindings=bindings,
    )


def _layers(context: DocumentContext, settings: Mapping, keys: Keys) -> tuple[Layer, ...]:
    """Argo CD merges the files in their order, then `values` or `valuesObject`, then parameters."""
    found = [
        Layer(context.line(item), file=item.value.strip())
        for item in settings.sequence("valueFiles") or ()
        if is_scalar(item) and item.value.strip()
    ]
    inline = "valuesObject" if settings.mapping("valuesObject") is not None else "values"
    found += values_layers(context, settings, inline, keys)
    if settings.sequence("parameters"):
        found += values_layers(context, settings, "parameters", keys, parameters=True)
    return tuple(found)


def _of_generators(generators: Iterable[Node] | None, depth: int) -> Iterator[Binding]:
    """The values that generators write down, and the folders that they look for."""
    for each in generators or ():
        if isinstance(each, Mapping) and depth < _MAX_DEPTH:
            yield from _of_generator(each, depth)


def _of_generator(generator: Mapping, depth: int) -> Iterator[Binding]:
    for kind in generator:
        settings = generator.mapping(kind)
        if settings is None or kind == "selector":
            continue
        own = tuple(islice(_names(settings.node("values"), "values."), _MAX_NAMES))
        inner = settings.sequence("generators") or ()
        parts = (list(islice(_of_generators([each], depth + 1), _MAX_BINDINGS)) for each in inner)
        if kind == "list":
            for element in islice(settings.sequence("elements") or (), _MAX_BINDINGS):
                yield Binding(tuple(islice(_names(element, ""), _MAX_NAMES)))
        elif kind == "matrix":
            for one in product(*islice(parts, 2)):
                yield _together(one, own)
        elif kind == "merge":
            keys = [item.value for item in settings.sequence("mergeKeys") or () if is_scalar(item)]
            yield from (_together([each], own) for each in _merged(list(parts), keys))
        else:
            yield Binding(own, folders(settings) if kind == "git" else ())


def _together(bindings: Iterable[Binding], more: tuple[tuple[str, str], ...]) -> Binding:
    values = tuple(pair for each in bindings for pair in each.values)
    return Binding((*values, *more), tuple(one for each in bindings for one in each.folders))


def _merged(parts: list[list[Binding]], keys: list[str]) -> Iterator[Binding]:
    """The sets of the first generator, with what those of the others with the same keys say."""
    first, *others = parts or [[]]
    by_keys = [{_texts(each, keys): each.values for each in part} for part in others]
    for each in first:
        more = (part.get(_texts(each, keys), ()) for part in by_keys)
        yield _together([each], tuple(pair for values in more for pair in values))


def _texts(binding: Binding, keys: list[str]) -> tuple[str, ...]:
    values = dict(binding.values)
    return tuple(values.get(key, "") for key in keys)


def folders(settings: Mapping) -> tuple[Folders, ...]:
    """What a generator of Git looks for: folders, or files."""
    for key in ("directories", "files"):
        items = [each for each in settings.sequence(key) or () if isinstance(each, Mapping)]
        globs = [(each.text("path"), each.text("exclude") == "true") for each in items]
        found = tuple(glob for glob, without in globs if glob and not without)
        if found:
            without = tuple(glob for glob, left_out in globs if glob and left_out)
            prefix = settings.text("pathParamPrefix")
            url = settings.text("repoURL")
            return (Folders(found, without, url, key == "files", prefix),)
    return ()


def _names(node: Node, prefix: str, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Every text below a node by its dotted name, as templates name it."""
    if not isinstance(node, Mapping) or depth > _MAX_DEPTH:
        return
    for key, (_, value) in node.items():
        if isinstance(value, Mapping):
            yield from _names(value, f"{prefix}{key}.", depth + 1)
        elif is_scalar(value):
            yield f"{prefix}{key}", value.value
