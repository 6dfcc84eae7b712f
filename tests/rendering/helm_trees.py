"""Generated charts with subcharts, and what installs them with which values."""

from __future__ import annotations

from random import Random
from typing import Any

from tests.rendering import installers
from tests.rendering.making import Tree

# How a chart of the wild puts an image together, of the values at PATH.
_HELPER = """{{- define "NAME.image" -}}
{{- $registry := .global.imageRegistry | default .image.registry -}}
{{- $tag := .image.tag | default .chart.AppVersion | toString -}}
{{- printf "%s/%s:%s" $registry .image.repository $tag -}}
{{- end -}}
"""
_SHAPES = {
    "split": '"{{ .Values.PATH.repository }}:{{ .Values.PATH.tag }}"',
    "registry": "{{ .Values.PATH.registry }}/{{ .Values.PATH.repository }}:{{ .Values.PATH.tag }}",
    "app-version": '"{{ .Values.PATH.repository }}:'
    '{{ .Values.PATH.tag | default .Chart.AppVersion }}"',
    "digest": "{{ .Values.PATH.repository }}:{{ .Values.PATH.tag }}"
    "{{ with .Values.PATH.digest }}@{{ . }}{{ end }}",
    "whole": "{{ .Values.PATH | quote }}",
    "odd": "{{ .Values.PATH.host }}/{{ .Values.PATH.app }}:{{ .Values.PATH.release | trim }}",
    "helper": '{{ include "NAME.image" (dict "image" .Values.PATH "global" .Values.global'
    ' "chart" .Chart) }}',
}


class Image:
    """An image of a chart: where its values are, how they are called, and what they are."""

    def __init__(self, tree: Tree, path: str, shape: str) -> None:
        self.tree = tree
        self.path = path
        self.shape = shape
        # A tag and a digest in two layers are never edited.
        self.has_digest = shape == "digest" and tree.chance(0.5)

    def values(self) -> Any:
        """All that the image needs, as the `values.yaml` of the chart has it."""
        tree, shape = self.tree, self.shape
        host, _, name = tree.name("ghcr.io/acme").partition("/")
        if shape == "whole":
            return f"{host}/{name}:{tree.tag()}"
        if shape == "odd":
            return {"host": host, "app": name, "release": tree.tag()}
        if shape in ("registry", "helper"):
            return {"registry": host, "repository": name, "tag": tree.tag()}
        found = {"repository": f"{host}/{name}", "tag": tree.tag()}
        if self.has_digest:
            found["digest"] = tree.digest()
        return found

    def override(self) -> Any:
        """What a layer above may set: the tag, the name, or both."""
        whole = self.values()
        if self.shape == "whole" or self.has_digest:
            return whole
        tag = "release" if self.shape == "odd" else "tag"
        chance = self.tree.random.random()
        if chance < 0.7:
            return {tag: whole[tag]}
        return whole

    def template(self, chart: str) -> str:
        return _SHAPES[self.shape].replace("PATH", self.path).replace("NAME", chart)


def put(values: dict[str, Any], path: str, value: Any) -> None:
    *above, last = path.split(".")
    for key in above:
        values = values.setdefault(key, {})
    values[last] = value


def make(random: Random) -> Tree:
    tree = Tree(random)
    folder = random.choice(("chart", "charts/shop", "deploy/helm"))
    overrides = _chart(tree, folder, "shop", with_subchart=tree.chance(0.5))
    install = random.choice(
        (installers.argocd, installers.argocd, installers.flux, installers.kustomize,
         installers.conventional, installers.argocd_many)
    )  # fmt: skip
    install(tree, folder, overrides)
    return tree


def _chart(tree: Tree, folder: str, name: str, *, with_subchart: bool) -> list[tuple[str, Image]]:
    """Writes a chart; the images with the paths at which values of installers give them."""
    images = [
        Image(tree, path, tree.random.choice(list(_SHAPES)))
        for path in tree.some(["image", "web.image", "worker", "jobs.migrate.image"], 1)
    ]
    values: dict[str, Any] = {"replicas": 1, "global": {"imageRegistry": ""}}
    for image in images:
        put(values, image.path, image.values())
    chart: dict[str, Any] = {
        "apiVersion": "v2", "name": name, "version": "1.0.0", "appVersion": "2.7.1",
    }  # fmt: skip
    found = [(image.path, image) for image in images]
    if with_subchart:
        chart["dependencies"] = []
        sub = _chart(tree, f"{folder}/charts/part", "part", with_subchart=False)
        for alias in tree.some(["part", "first", "second"], 1)[:2]:
            entry = {"name": "part", "version": "1.0.0"}
            if alias != "part":
                entry["alias"] = alias
            chart["dependencies"].append(entry)
            found += [(f"{alias}.{path}", image) for path, image in sub]
            if tree.chance(0.5):
                path, image = tree.random.choice(sub)
                put(values, f"{alias}.{path}", image.override())
    tree.renderings.append(installers.alone(folder))
    tree.files[f"{folder}/Chart.yaml"] = tree.dump(chart, plain=True)
    tree.files[f"{folder}/values.yaml"] = tree.dump(values)
    tree.files[f"{folder}/templates/_helpers.tpl"] = _HELPER.replace("NAME", name)
    for number, image in enumerate(images):
        text = image.template(name)
        tree.files[f"{folder}/templates/pod{number}.yaml"] = (
            "apiVersion: v1\nkind: Pod\nmetadata:\n"
            f"  name: {{{{ .Release.Name }}}}-{{{{ .Chart.Name }}}}-{number}\n"
            f"spec:\n  containers:\n    - name: main\n      image: {text}\n"
        )
    return found
