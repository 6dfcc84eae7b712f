"""What the source of an Application sets: Helm, Kustomize and plugin settings.

A file `.argocd-source.yaml` has the same settings, and so have the values of charts whose templates
are Applications.
"""

from __future__ import annotations

from imagebot.errors import InvalidReferenceError
from imagebot.manifest.formats import argocd_plugin, argocd_releases
from imagebot.manifest.formats.argocd_parameters import find_parameters
from imagebot.manifest.images import spelling
from imagebot.manifest.images.arguments import name_path
from imagebot.manifest.images.context import DocumentContext
from imagebot.manifest.images.findings import Keys
from imagebot.manifest.images.naming import has_host
from imagebot.manifest.images.overlay import Overlay, Override, folder_of, override_of
from imagebot.manifest.images.walk import Visitor, walk
from imagebot.manifest.yaml.events import Scalar
from imagebot.manifest.yaml.tree import Mapping, is_scalar
from imagebot.reference import parse_reference
from imagebot.text import shorten

_SHOWN = 80


def find(context: DocumentContext, source: Mapping, keys: Keys, find_values: Visitor) -> None:
    """Report the images of a source; `find_values` reports those of Helm values."""
    settings = source.mapping("helm")
    if settings is not None:
        _find_helm(context, settings, (*keys, "helm"), find_values)
    kustomize = source.mapping("kustomize")
    if kustomize is not None:
        find_overrides(context, kustomize, (*keys, "kustomize"))
    plugin = source.mapping("plugin")
    if plugin is not None:
        argocd_plugin.find(context, plugin, (*keys, "plugin"))


def is_source(mapping: Mapping) -> bool:
    """Whether a mapping of Helm values is the source of an Application."""
    settings, plugin = mapping.mapping("helm"), mapping.mapping("plugin")
    if settings is not None and (
        settings.sequence("parameters") or settings.mapping("valuesObject") is not None
    ):
        return True
    if plugin is not None and (plugin.sequence("env") or plugin.sequence("parameters")):
        return True
    kustomize = mapping.mapping("kustomize")
    return kustomize is not None and is_kustomize(kustomize, ("kustomize",))


def is_kustomize(mapping: Mapping, keys: Keys) -> bool:
    """Whether the images of a mapping are written as Argo CD writes them."""
    images = mapping.sequence("images") if keys[-1:] == ("kustomize",) else None
    return bool(images) and all(is_scalar(item) for item in images or ())


def find_file(context: DocumentContext, root: Mapping, keys: Keys, find_values: Visitor) -> None:
    """Report the images of `.argocd-source.yaml`, which has the settings of a source."""
    find(context, root, keys, find_values)
    argocd_releases.carry_source(context, root, keys)
    if images := overrides(context, root):
        path = context.findings.path
        name = path.rpartition("/")[2].partition(".argocd-source")[2].rpartition(".")[0]
        context.findings.overlays.append(
            Overlay("argocd-source", path, folder_of(path), images=images, name=name[1:])
        )
    walk(context, root, keys, lambda _context, _mapping, _keys: None)


def _find_helm(
    context: DocumentContext, settings: Mapping, keys: Keys, find_values: Visitor
) -> None:
    find_parameters(context, settings, keys)
    _list_files(context, settings)
    values = settings.mapping("valuesObject")
    if values is not None:
        find_values(context, values, (*keys, "valuesObject"))
    text = settings.scalar("values")
    if text is not None and text.style != "|" and any(s in text.value for s in ("image", "tag")):
        context.unread(text, "embedded", "values are only read from a literal block (`|`)")


def _list_files(context: DocumentContext, settings: Mapping) -> None:
    """List the parameters whose values are files."""
    for item in settings.sequence("fileParameters") or ():
        name = item.scalar("name") if isinstance(item, Mapping) else None
        if name is None or not isinstance(item, Mapping):
            continue
        *about, last = name_path(name.value) or ("",)
        if spelling.is_part_name(last, about=".".join(about)):
            shown = shorten(item.text("path"), _SHOWN)
            reason = f"`{shorten(name.value, _SHOWN)}` is the content of the file {shown}"
            context.unread(name, "variable", reason, expected=True)


def overrides(context: DocumentContext, source: Mapping) -> tuple[Override, ...]:
    """What the images of Kustomize change."""
    settings = source.mapping("kustomize") or Mapping()
    items = [item for item in settings.sequence("images") or () if is_scalar(item)]
    found = (override_of(item.value, context.line(item)) for item in items)
    return tuple(each for each in found if each is not None)


def find_overrides(context: DocumentContext, kustomize: Mapping, keys: Keys) -> None:
    """The images of Kustomize as Argo CD writes them."""
    for number, item in enumerate(kustomize.sequence("images") or ()):
        if is_scalar(item):
            _find_override(context, item, (*keys, "images", number))


def _find_override(context: DocumentContext, item: Scalar, keys: Keys) -> None:
    """`name=new-name:tag`: the image that is pulled follows the last `=`."""
    text = item.value.strip()
    start = text.rfind("=") + 1
    if context.inline(item, keys, span=(start, None), loose=True):
        return
    try:
        reference = parse_reference(text[start:])
    except InvalidReferenceError:
        return
    if has_host(reference.name):
        return
    reason = f"{reference.name} has no tag here: it is chosen elsewhere"
    context.unread(item, "no-tag", reason, expected=True)
