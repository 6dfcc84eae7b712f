"""What HelmReleases of Flux and kustomizations install, and the values that they merge."""

from __future__ import annotations

import posixpath

from imagebot.manifest.images import spelling
from imagebot.manifest.images.arguments import name_path
from imagebot.manifest.images.context import DocumentContext
from imagebot.manifest.images.findings import Keys
from imagebot.manifest.images.layers import TARGET, Holder, Layer, Release
from imagebot.manifest.images.overlay import Override
from imagebot.manifest.yaml.events import Scalar
from imagebot.manifest.yaml.tree import Mapping, is_scalar

# Texts in ConfigMaps that may be values of a chart, whatever their key.
_VALUES = ("mage", "tag", "epository", "egistry", "igest", "ersion")
_CONFIGS = frozenset({"ConfigMap", "Secret"})


def values_layers(
    context: DocumentContext, owner: Mapping, key: str, keys: Keys, *, parameters: bool = False
) -> list[Layer]:
    """The layer of the inline values at a key of `owner`, if it has any."""
    pair = owner.pair(key)
    if pair is None or pair[1] is None:
        return []
    at = (*context.prefix, *keys, key)
    return [Layer(context.line(pair[0]), document=context.document, keys=at, parameters=parameters)]


def carry_flux(
    context: DocumentContext,
    root: Mapping,
    spec: Mapping,
    keys: Keys,
    images: tuple[Override, ...],
) -> None:
    """Collect a HelmRelease; `keys` lead to its `spec`. One without a chart is a patch. `images`
    are those of its post-renderers."""
    metadata = root.mapping("metadata")
    namespace = metadata.text("namespace") if metadata is not None else ""
    chart = spec.mapping("chart")
    template = chart.mapping("spec") if chart is not None else None
    source = template.mapping("sourceRef") if template is not None else None
    files = template.sequence("valuesFiles") if template is not None else None
    layers = [
        Layer(context.line(item), file=f"/{item.value.strip()}")
        for item in files or ()
        if is_scalar(item)
    ]
    for number, each in enumerate(spec.sequence("valuesFrom") or ()):
        if isinstance(each, Mapping):
            layers.append(_referred(context, each, namespace, (*keys, "valuesFrom", number)))
    layers += values_layers(context, spec, "values", keys)
    name = metadata.scalar("name") if metadata is not None else None
    in_git = source is not None and source.text("kind") == "GitRepository"
    owner = (source.text("namespace") or namespace) if source is not None else ""
    context.findings.releases.append(
        Release(
            by="HelmRelease",
            name=name.value if name is not None else "",
            line=context.line(name) if name is not None else 1,
            source=f"{owner}:{source.text('name')}" if in_git and source is not None else "",
            chart=template.text("chart") if template is not None else "",
            named=not in_git,
            patch=chart is None and spec.mapping("chartRef") is None,
            layers=tuple(layers),
            images=images,
        )
    )


def _referred(context: DocumentContext, item: Mapping, namespace: str, keys: Keys) -> Layer:
    """The layer of an item of `valuesFrom`: a ConfigMap or Secret with values, or with one value
    for a target path, which no format reads."""
    kind, name = item.text("kind"), item.text("name")
    key = item.text("valuesKey") or "values.yaml"
    target = item.scalar(TARGET)
    if target is not None and target.value.strip():
        _list_target(context, target, f"the value `{key}` of the {kind} {name}")
        at = (*context.prefix, *keys, TARGET)
        return Layer(context.line(target), document=context.document, keys=at, parameters=True)
    at_name = item.scalar("name")
    line = context.line(at_name) if at_name is not None else 1
    return Layer(line, holder=f"{kind}:{namespace}:{name}:{key}")


def _list_target(context: DocumentContext, target: Scalar, value: str) -> None:
    """List a tag or digest that is one value of a ConfigMap or Secret."""
    path = target.value.strip()
    *about, last = name_path(path) or ("",)
    if spelling.is_version_name(last, about=".".join(about)):
        reason = f"`{path}` is {value}: a marker there with the name of the image governs it"
        context.unread(target, "no-repository", reason, expected=True)


def carry_kustomization(
    context: DocumentContext, root: Mapping, keys: Keys, images: tuple[Override, ...]
) -> None:
    """Collect the charts that a kustomization inflates, and the ConfigMaps it makes of files. What
    is inflated goes through its `images`."""
    folder = posixpath.dirname(context.findings.path)
    settings = root.mapping("helmGlobals")
    home = (settings.text("chartHome") if settings is not None else "") or "charts"
    for number, entry in enumerate(root.sequence("helmCharts") or ()):
        if not isinstance(entry, Mapping) or not entry.text("name"):
            continue
        layers = file_layer(context, entry.scalar("valuesFile"))
        layers += values_layers(context, entry, "valuesInline", (*keys, "helmCharts", number))
        if entry.text("valuesMerge") == "merge":
            layers.reverse()
        elif entry.text("valuesMerge") == "replace":
            layers = layers[-1:]
        for item in entry.sequence("additionalValuesFiles") or ():
            layers += file_layer(context, item if is_scalar(item) else None)
        at = entry["name"][0] if "name" in entry else None
        context.findings.releases.append(
            Release(
                by="kustomization",
                name=entry.text("releaseName") or entry.text("name"),
                line=context.line(at) if at is not None else 1,
                chart=entry.text("name")
                if entry.text("repo")
                else inside(folder, f"{home}/{entry.text('name')}"),
                named=bool(entry.text("repo")),
                layers=tuple(layers),
                images=images,
            )
        )
    for key, kind in (("configMapGenerator", "ConfigMap"), ("secretGenerator", "Secret")):
        for generator in root.sequence(key) or ():
            if isinstance(generator, Mapping):
                _carry_generated(context, root, generator, kind, folder)


def file_layer(context: DocumentContext, item: Scalar | None) -> list[Layer]:
    """The layer of a file that is named from the folder of this one."""
    if item is None or not item.value.strip():
        return []
    folder = posixpath.dirname(context.findings.path)
    return [Layer(context.line(item), file=f"/{inside(folder, item.value.strip())}")]


def _carry_generated(
    context: DocumentContext, root: Mapping, generator: Mapping, kind: str, folder: str
) -> None:
    """`files: [values.yaml=prod.yaml]` of a generator."""
    namespace = generator.text("namespace") or root.text("namespace")
    for item in generator.sequence("files") or ():
        if is_scalar(item):
            key, _, file = item.value.strip().rpartition("=")
            name = f"{kind}:{namespace}:{generator.text('name')}:{key or posixpath.basename(file)}"
            context.findings.holders.append(Holder(name, file=inside(folder, file)))


def carry_config(context: DocumentContext, root: Mapping, keys: Keys) -> None:
    """Collect the values that a ConfigMap or Secret may hold, for releases that name it."""
    if root.text("kind") not in _CONFIGS:
        return
    metadata = root.mapping("metadata") or Mapping()
    for part in ("data", "stringData"):
        data = root.mapping(part)
        for key, (_, node) in data.items() if data is not None else ():
            if not is_scalar(node) or node.style != "|":
                continue
            if key == "values.yaml" or any(sign in node.value for sign in _VALUES):
                kind, name = root.text("kind"), metadata.text("name")
                holder = f"{kind}:{metadata.text('namespace')}:{name}:{key}"
                at = (*context.prefix, *keys, part, key)
                context.findings.holders.append(Holder(holder, context.document, at))


def inside(folder: str, path: str) -> str:
    """A path from `folder` as one from the top; one that leads out of the tree begins with `..`."""
    return posixpath.normpath(posixpath.join("", folder, path)).removeprefix("./")
