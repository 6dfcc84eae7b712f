"""Argo CD Applications and ApplicationSets: Helm and Kustomize settings, charts in registries."""

from __future__ import annotations

from imagebot.manifest import chart, helm
from imagebot.manifest.found import Found, Keys
from imagebot.manifest.split import Split, find_split
from imagebot.manifest.tree import Mapping, is_scalar
from imagebot.manifest.walk import walk

_KINDS = frozenset({"Application", "ApplicationSet"})
_TAG_ENDINGS = (".tag", "Tag")


def is_application(root: Mapping) -> bool:
    return root.text("apiVersion").startswith("argoproj.io/") and root.text("kind") in _KINDS


def find(found: Found, root: Mapping, keys: Keys) -> None:
    walk(found, root, keys, _visit, skip=frozenset({"status", "annotations", "labels"}))


def _visit(found: Found, mapping: Mapping, keys: Keys) -> None:
    if not keys or not (keys[-1] == "source" or (len(keys) > 1 and keys[-2] == "sources")):
        return
    _find_chart(found, mapping, keys)
    settings = mapping.mapping("helm")
    if settings is not None:
        at = (*keys, "helm")
        _find_parameters(found, settings, at)
        values = settings.mapping("valuesObject")
        if values is not None:
            helm.find(found, values, (*at, "valuesObject"))
        text = settings.scalar("values")
        if text is not None and text.style != "|" and "image" in text.value:
            found.unread(text, "embedded", "values are only read from a literal block (`|`)")
    kustomize = mapping.mapping("kustomize")
    if kustomize is not None:
        for number, item in enumerate(kustomize.sequence("images") or ()):
            if is_scalar(item):
                # `name=new-name:tag`: what is pulled stands behind the last `=`.
                start = item.value.strip().rfind("=") + 1
                at = (*keys, "kustomize", "images", number)
                found.inline(item, at, span=(start, None), loose=True)


def _find_chart(found: Found, source: Mapping, keys: Keys) -> None:
    """Helm charts in registries are named without a scheme; `oci://` names any artifact."""
    url, name = source.text("repoURL"), source.text("chart")
    if "{{" in url or not url:
        return
    if name and "://" not in url:
        url = f"oci://{url}"
    if url.startswith("oci://") and not name:
        head, _, name = url.rstrip("/").rpartition("/")
        url = head
    chart.find_versioned(found, source, url, name, keys, version="targetRevision")


def _find_parameters(found: Found, settings: Mapping, keys: Keys) -> None:
    """`parameters: [{name: image.tag, value: "1.2"}, {name: image.repository, value: app}]`."""
    listed = settings.sequence("parameters")
    if listed is None:
        return
    flat = Mapping.like(settings)
    numbers: dict[str, int] = {}
    for number, item in enumerate(listed):
        if isinstance(item, Mapping) and "value" in item and item.text("name"):
            flat[item.text("name")] = item["value"]
            numbers[item.text("name")] = number
    for name, number in numbers.items():
        at = (*keys, "parameters", number)
        value = flat.scalar(name)
        if name.endswith(_TAG_ENDINGS) or name == "tag":
            _find_tag_parameter(found, flat, name, at)
        elif (
            value is not None
            and name.rpartition(".")[2] in ("image", "imageName")
            and not any(f"{name}{ending}" in numbers for ending in _TAG_ENDINGS)
        ):
            found.inline(value, (*at, "value"), loose=True)


def _find_tag_parameter(found: Found, flat: Mapping, name: str, keys: Keys) -> None:
    stem = next((name.removesuffix(end) for end in _TAG_ENDINGS if name.endswith(end)), "")
    names = [f"{stem}.repository", f"{stem}.name", f"{stem}Repository", f"{stem}Name", stem]
    repository = next((each for each in names if each and flat.scalar(each) is not None), "")
    if not repository:
        scalar = flat.scalar(name)
        reason = f"the chart says which image `{name}` is about"
        found.unread(scalar, "no-repository", reason, expected=True)
        return
    shape = Split(
        owner=flat,
        repository=repository,
        tag=name,
        digest=f"{stem}.digest",
        registry=f"{stem}.registry",
    )
    find_split(found, shape, keys)
