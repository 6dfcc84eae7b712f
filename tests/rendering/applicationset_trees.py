"""Generated ApplicationSets: tags are in elements of lists and in files that generators read."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import LiteralScalarString

from tests.rendering.check import Rendering
from tests.rendering.deployers import REPOSITORY, load_object
from tests.rendering.installers import alone, helm
from tests.rendering.making import Tree
from tests.support.kustomize import build, set_images

_TEMPLATE = """apiVersion: v1
kind: Pod
metadata:
  name: {{ .Release.Name }}
spec:
  containers:
    - name: main
      image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"
    - name: side
      image: "{{ .Values.side.image.repository }}:{{ .Values.side.image.tag }}"
"""
_PATH = "argocd/set.yaml"


def make(random: Random) -> Tree:
    tree = Tree(random)
    with_chart = tree.chance(0.6)
    generators = [_generator(tree) for _ in range(random.randint(1, 2))]
    if with_chart:
        source = _of_chart(tree)
    else:
        source = _of_kustomization(tree)
        if tree.chance(0.5):
            source["path"] = _overlays(tree, generators)
    template: dict[str, Any] = {"metadata": {"name": "app-{{env}}"}}
    several = tree.chance(0.3)
    template["spec"] = {"sources": [source]} if several else {"source": source}
    made = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "ApplicationSet",
        "metadata": {"name": "set"},
        "spec": {"generators": generators, "template": template},
    }
    tree.files[_PATH] = tree.dump(made, plain="values" in source.get("helm", {}))
    tree.renderings.append(Rendering(_PATH, _render))
    return tree


def _values(tree: Tree) -> dict[str, Any]:
    """A set of values, of which both tags are used."""
    return {"env": f"env{tree.number()}", "tag": tree.tag(), "side": {"tag": tree.tag()}}


def _generator(tree: Tree) -> dict[str, Any]:
    chance = tree.random.random()
    if chance < 0.4:
        return _list([_values(tree) for _ in range(tree.random.randint(1, 3))])
    if chance < 0.6:
        return _files(tree)
    if chance < 0.8:
        zones = _list([{"zone": "a"}, {"zone": "b"}])
        return {"matrix": {"generators": [zones, _files(tree)]}}
    base = [_values(tree) for _ in range(3)]
    # What another generator overrides is not deployed.
    over = [{"env": each["env"], "tag": tree.tag()} for each in base[:1]]
    return {"merge": {"mergeKeys": ["env"], "generators": [_list(base), _list(over)]}}


def _list(elements: list[dict[str, Any]]) -> dict[str, Any]:
    return {"list": {"elements": elements}}


def _files(tree: Tree) -> dict[str, Any]:
    folder = f"envs{tree.number()}"
    suffix = tree.random.choice(["yaml", "json"])
    for number in range(tree.random.randint(1, 2)):
        values = _values(tree)
        text = json.dumps(values) if suffix == "json" else tree.dump(values)
        tree.files[f"{folder}/{number}/app.{suffix}"] = text
    return {"git": {"repoURL": REPOSITORY, "files": [{"path": f"{folder}/*/app.{suffix}"}]}}


def _name(tree: Tree, value: str) -> str:
    return tree.random.choice(["{{%s}}", "{{ .%s }}", "{{.%s}}"]) % value


def _of_chart(tree: Tree) -> dict[str, Any]:
    values = {
        "image": {"repository": tree.name("ghcr.io/acme"), "tag": tree.tag()},
        "side": {"image": {"repository": tree.name("quay.io/team"), "tag": tree.tag()}},
    }
    tree.files["chart/Chart.yaml"] = "apiVersion: v2\nname: chart\nversion: 1.0.0\n"
    tree.files["chart/values.yaml"] = tree.dump(values)
    tree.files["chart/templates/pod.yaml"] = _TEMPLATE
    tree.renderings.append(alone("chart"))
    tag, side = _name(tree, "tag"), _name(tree, "side.tag")
    given: dict[str, Any] = {"image": {"tag": tag}, "side": {"image": {"tag": side}}}
    chance = tree.random.random()
    if chance < 0.4:
        both = {"image.tag": tag, "side.image.tag": side}
        named = [{"name": k, "value": v, "forceString": True} for k, v in both.items()]
        settings: dict[str, Any] = {"parameters": named}
    elif chance < 0.7:
        settings = {"valuesObject": given}
    else:
        text = f'image: {{tag: "{tag}"}}\nside:\n  image:\n    tag: "{side}"\n'
        settings = {"values": LiteralScalarString(text)}
    return {"repoURL": REPOSITORY, "path": "chart", "helm": settings}


def _of_kustomization(tree: Tree) -> dict[str, Any]:
    names = [tree.name("ghcr.io/acme"), tree.name("quay.io/team")]
    containers = [{"name": f"c{at}", "image": f"{name}:0"} for at, name in enumerate(names)]
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "pod"},
        "spec": {"containers": containers},
    }
    tree.files["k8s/pod.yaml"] = tree.dump(pod)
    tree.files["k8s/kustomization.yaml"] = "resources: [pod.yaml]\n"
    images = [f"{names[0]}:{_name(tree, 'tag')}", f"{names[1]}:{_name(tree, 'side.tag')}"]
    return {"repoURL": REPOSITORY, "path": "k8s", "kustomize": {"images": images}}


def _overlays(tree: Tree, generators: list[dict[str, Any]]) -> str:
    """A folder over that of the kustomization for each set of values: the path of all of them."""
    written = json.dumps(generators) + "".join(tree.files.values())
    for env in dict.fromkeys(re.findall(r"\benv[0-9]+\b", written)):
        tree.files[f"overlays/{env}/kustomization.yaml"] = "resources: [../../k8s]\n"
    return "overlays/" + _name(tree, "env")


def _render(root: Path) -> str:
    """Argo CD makes an Application of each set of values, and renders that."""
    spec = load_object(root / _PATH, "ApplicationSet")["spec"]
    texts = []
    for number, values in enumerate(_sets(root, spec["generators"])):
        made = _filled(spec["template"]["spec"], values)
        source = made.get("source") or made["sources"][0]
        texts.append(_render_source(root, source, number))
    return "---\n".join(texts)


def _sets(root: Path, generators: list[Any]) -> Iterator[dict[str, Any]]:
    for each in generators:
        if "list" in each:
            yield from each["list"]["elements"]
        elif "git" in each:
            for path in sorted(root.glob(each["git"]["files"][0]["path"])):
                yield YAML(typ="safe", pure=True).load(path.read_text())
        elif "matrix" in each:
            parts = [list(_sets(root, [one])) for one in each["matrix"]["generators"]]
            yield from ({**first, **second} for first, second in product(*parts))
        else:
            first, second = (list(_sets(root, [one])) for one in each["merge"]["generators"])
            over = {one["env"]: one for one in second}
            yield from ({**one, **over.get(one["env"], {})} for one in first)


def _filled(node: Any, values: dict[str, Any]) -> Any:
    if isinstance(node, dict):
        return {key: _filled(value, values) for key, value in node.items()}
    if isinstance(node, list):
        return [_filled(value, values) for value in node]
    if not isinstance(node, str):
        return node

    def text(match: re.Match[str]) -> str:
        here: Any = values
        for key in match[1].split("."):
            here = here[key]
        return str(here)

    return re.sub(r"\{\{ *\.?([\w.]+) *\}\}", text, node)


def _render_source(root: Path, source: dict[str, Any], number: int) -> str:
    if "kustomize" in source:
        copied = root.parent / f"{root.name}-{number}"
        shutil.copytree(root, copied)
        set_images(copied / source["path"], source["kustomize"]["images"])
        return build(copied / source["path"]) or ""
    settings = source["helm"]
    arguments = []
    given = settings.get("valuesObject")
    if "values" in settings:
        given = YAML(typ="safe", pure=True).load(settings["values"])
    if given is not None:
        file = root.parent / f"{root.name}-{number}.json"
        file.write_text(json.dumps(given))
        arguments += ["--values", str(file)]
    for each in settings.get("parameters", []):
        arguments += ["--set-string", f"{each['name']}={each['value']}"]
    return helm(root / source["path"], *arguments)
