"""What installs a chart of a generated tree, and how that renders it with helm.

As in `deployers`: what the controllers do, from the objects in the tree.
"""

from __future__ import annotations

import json
import posixpath
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from tests.rendering.check import Rendering
from tests.rendering.deployers import REPOSITORY, load_object
from tests.rendering.making import Tree
from tests.support.helm import require_helm
from tests.support.kustomize import build

if TYPE_CHECKING:
    from tests.rendering.helm_trees import Image

Images = list[tuple[str, "Image"]]


def helm(chart: Path, *arguments: str) -> str:
    argv = [require_helm(), "template", "release", str(chart), "--kube-version=1.35.0", *arguments]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def alone(folder: str) -> Rendering:
    """The chart as it is, which anybody may install."""
    return Rendering(folder, lambda root: helm(root / folder))


def layer(tree: Tree, images: Images) -> dict[str, Any]:
    """Values for some of the images."""
    from tests.rendering.helm_trees import put

    values: dict[str, Any] = {}
    for path, image in tree.some(images)[:3]:
        put(values, path, image.override())
    return values


def conventional(tree: Tree, folder: str, images: Images) -> None:
    """Files beside `values.yaml` that nothing in the tree names."""
    for name in ("values-prod.yaml", "values.test.yaml", "env/stage/values.yaml"):
        if tree.chance(0.6):
            path = f"{folder}/{name}"
            tree.files[path] = tree.dump(layer(tree, images))
            tree.renderings.append(_with_file(folder, path))


def _with_file(folder: str, path: str) -> Rendering:
    return Rendering(path, lambda root: helm(root / folder, "--values", str(root / path)))


def argocd(tree: Tree, folder: str, images: Images) -> None:
    _application(tree, folder, images, "api")


def argocd_many(tree: Tree, folder: str, images: Images) -> None:
    for name in ("one", "two", "three"):
        _application(tree, folder, images, name)


def _application(tree: Tree, folder: str, images: Images, name: str) -> None:
    files = []
    for each in tree.some([f"values-{name}.yaml", f"/config/{name}.yaml", "$values/v/all.yaml"]):
        files.append(each)
        path = each.removeprefix("$values/") if each[0] == "$" else each.lstrip("/")
        path = f"{folder}/{path}" if each[0] == "v" else path
        if path not in tree.files:
            tree.files[path] = tree.dump(layer(tree, images))
    settings: dict[str, Any] = {"valueFiles": files} if files else {}
    if tree.chance(0.4):
        if tree.chance(0.5):
            settings["valuesObject"] = layer(tree, images)
        else:
            settings["values"] = _literal(tree, layer(tree, images))
    if tree.chance(0.4):
        settings["parameters"] = _parameters(tree, images)
    source: dict[str, Any] = {"repoURL": REPOSITORY, "path": folder, "helm": settings}
    spec: dict[str, Any] = {"source": source}
    if any(each[0] == "$" for each in files):
        spec = {"sources": [source, {"repoURL": REPOSITORY, "ref": "values"}]}
    path = f"apps/{name}.yaml"
    application = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": name},
        "spec": spec,
    }
    tree.files[path] = tree.dump(application, plain=True)
    tree.renderings.append(Rendering(path, lambda root: render_argocd(root, path)))


def _literal(tree: Tree, values: dict[str, Any]) -> Any:
    from ruamel.yaml.scalarstring import LiteralScalarString

    return LiteralScalarString(tree.dump(values, plain=True))


def _parameters(tree: Tree, images: Images) -> list[dict[str, Any]]:
    found = []
    # Which image parameters with names of their own belong to is not read.
    for path, image in [each for each in tree.some(images) if each[1].shape != "odd"][:2]:
        values = image.override()
        for key, value in values.items() if isinstance(values, dict) else [("", values)]:
            one = {"name": f"{path}.{key}".rstrip("."), "value": value}
            found.append({**one, "forceString": True})
    return found


def render_argocd(root: Path, path: str) -> str:
    """Argo CD gives helm the value files in their order, then the values, then the parameters."""
    spec = load_object(root / path, "Application")["spec"]
    source = spec.get("source") or spec["sources"][0]
    settings = source["helm"]
    arguments = []
    for file in settings.get("valueFiles", []):
        if file.startswith("$values/"):
            at = root / file.removeprefix("$values/")
        else:
            at = root / (file[1:] if file[0] == "/" else posixpath.join(source["path"], file))
        arguments += ["--values", str(at)]
    given = settings.get("valuesObject")
    if given is None and "values" in settings:
        given = YAML(typ="safe", pure=True).load(settings["values"])
    if given is not None:
        arguments += _values_file(root, path, given)
    for each in settings.get("parameters", []):
        option = "--set-string" if each.get("forceString") else "--set"
        arguments += [option, f"{each['name']}={each['value']}"]
    return helm(root / source["path"], *arguments)


def _values_file(root: Path, path: str, values: Any) -> list[str]:
    file = root.parent / f"{root.name}-{path.replace('/', '-')}.json"
    file.write_text(json.dumps(values))
    return ["--values", str(file)]


def flux(tree: Tree, folder: str, images: Images) -> None:
    """A HelmRelease of a chart in the same repository."""
    chart: dict[str, Any] = {
        "chart": f"./{folder}",
        "sourceRef": {"kind": "GitRepository", "name": "shop"},
    }
    if tree.chance(0.4):
        more = f"{folder}/values-flux.yaml"
        tree.files[more] = tree.dump(layer(tree, images))
        chart["valuesFiles"] = [f"{folder}/values.yaml", more]
    spec: dict[str, Any] = {"chart": {"spec": chart}}
    objects: list[dict[str, Any]] = []
    if tree.chance(0.5):
        spec["valuesFrom"] = [{"kind": "ConfigMap", "name": "more"}]
        data = {"values.yaml": _literal(tree, layer(tree, images))}
        objects.append(
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "more"}, "data": data}
        )
    if tree.chance(0.7):
        spec["values"] = layer(tree, images)
    repository = {
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "GitRepository",
        "metadata": {"name": "shop"},
        "spec": {"url": REPOSITORY},
    }
    release = {
        "apiVersion": "helm.toolkit.fluxcd.io/v2",
        "kind": "HelmRelease",
        "metadata": {"name": "shop"},
        "spec": spec,
    }
    path = "flux/release.yaml"
    texts = [tree.dump(each, plain=True) for each in (*objects, repository, release)]
    tree.files[path] = "---\n".join(texts)
    tree.renderings.append(Rendering(path, lambda root: render_flux(root, path)))


def render_flux(root: Path, path: str) -> str:
    """Flux packs the chart with its `valuesFiles` merged instead of its `values.yaml`, and gives
    it what `valuesFrom` and then `values` say."""
    spec = load_object(root / path, "HelmRelease")["spec"]
    chart = spec["chart"]["spec"]
    packed = root.parent / f"{root.name}-packed"
    shutil.copytree(root / chart["chart"], packed)
    yaml = YAML(typ="safe", pure=True)
    if files := chart.get("valuesFiles"):
        merged: dict[str, Any] = {}
        for file in files:
            merged = merge(merged, yaml.load((root / file).read_text()) or {})
        (packed / "values.yaml").write_text(json.dumps(merged))
    arguments = []
    if spec.get("valuesFrom"):
        text = load_object(root / path, "ConfigMap")["data"]["values.yaml"]
        arguments += _values_file(root, "from", yaml.load(text))
    if "values" in spec:
        arguments += _values_file(root, "own", spec["values"])
    return helm(packed, *arguments)


def merge(below: Any, above: Any) -> Any:
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return above
    return {**below, **{key: merge(below.get(key), value) for key, value in above.items()}}


def kustomize(tree: Tree, folder: str, images: Images) -> None:
    """`helmCharts` of a kustomization."""
    home, name = posixpath.split(folder)
    tree.files[f"{folder}/Chart.yaml"] = tree.files[f"{folder}/Chart.yaml"].replace(
        "name: shop", f"name: {name}"
    )
    chart: dict[str, Any] = {"name": name, "releaseName": "shop"}
    if tree.chance(0.4):
        tree.files["k8s/values-k.yaml"] = tree.dump(layer(tree, images))
        chart["additionalValuesFiles"] = ["values-k.yaml"]
    if tree.chance(0.5):
        chart["valuesInline"] = layer(tree, images)
        if tree.chance(0.5):
            chart["valuesMerge"] = tree.random.choice(["override", "merge"])
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "helmGlobals": {"chartHome": posixpath.relpath(home or ".", "k8s")},
        "helmCharts": [chart],
    }
    tree.files["k8s/kustomization.yaml"] = tree.dump(kustomization, plain=True)

    def render(root: Path) -> str | None:
        # Kustomize writes beside the chart.
        copied = root.parent / f"{root.name}-kustomize"
        shutil.copytree(root, copied)
        return build(copied / "k8s")

    tree.renderings.append(Rendering("k8s", render))
