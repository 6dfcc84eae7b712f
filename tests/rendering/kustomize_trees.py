"""Generated trees of Kustomize: bases, components, overlays over overlays, and who deploys them."""

from __future__ import annotations

import json
import posixpath
from pathlib import Path
from random import Random
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import LiteralScalarString

from imagebot.reference import parse_reference
from tests.rendering import deployers
from tests.rendering.check import Rendering
from tests.rendering.making import Tree
from tests.support.kustomize import build

_FILES = ("kustomization.yaml", "kustomization.yaml", "kustomization.yml", "Kustomization")


def make(random: Random) -> Tree:
    tree = Tree(random)
    tree.numbered = tree.chance(0.5)
    names: dict[str, list[str]] = {}
    for number in range(random.randint(1, 2)):
        folder = f"apps/app{number}"
        names[folder] = _base(tree, folder)
    bases = list(names)
    component = _component(tree, names[bases[0]]) if tree.chance(0.6) else None
    used: set[str] = set()
    for number, name in enumerate(tree.some(["staging", "production", "canary"], 1)):
        folder = f"envs/{name}"
        # The first has what the component is about.
        below = [bases[0], *bases[1:]] if number == 0 else tree.some(bases, 1)
        if number and tree.chance(0.3):
            below = [max(each for each in names if each.startswith("envs"))]
        alive = [name for each in below for name in names[each]]
        with_it = component if number == 0 or tree.chance(0.5) else None
        if below[0].startswith("envs"):
            with_it = None
        names[folder] = _overlay(tree, folder, below, alive, with_it)
        used.update(below)
    for folder in names:
        if folder not in used:
            _deploy(tree, folder, names[folder])
    return tree


def _base(tree: Tree, folder: str) -> list[str]:
    """The names of the images that it deploys, as they are spelt; so do all that return names."""
    resources, names = [], []
    for number in range(tree.random.randint(1, 3)):
        file = f"workload{number}.yaml"
        name = f"{posixpath.basename(folder)}-w{number}"
        job = number > 0 and tree.chance(0.4)
        text, own = workload(tree, name, job=job)
        tree.files[f"{folder}/{file}"] = text
        resources.append(file)
        names += own
    kustomization: dict[str, Any] = {"resources": resources}
    if tree.chance(0.3):
        kustomization["images"], names = images(tree, names)
    _write(tree, folder, kustomization)
    return names


def workload(tree: Tree, name: str, *, job: bool = False) -> tuple[str, list[str]]:
    names = [tree.name() for _ in range(tree.random.randint(1, 3))]
    containers = [
        {"name": f"c{at}", "image": each + ("" if tree.chance(0.1) else tree.suffix())}
        for at, each in enumerate(names)
    ]
    spec: dict[str, Any] = {"containers": containers[:2]}
    if containers[2:]:
        spec["initContainers"] = containers[2:]
    template = {"metadata": {"labels": {"app": name}}, "spec": spec}
    if job:
        made = {
            "apiVersion": "batch/v1",
            "kind": "CronJob",
            "metadata": {"name": name},
            "spec": {"schedule": "0 1 * * *", "jobTemplate": {"spec": {"template": template}}},
        }
    else:
        made = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name},
            "spec": {"selector": {"matchLabels": {"app": name}}, "template": template},
        }
    return tree.dump(made), names


def images(tree: Tree, alive: list[str]) -> tuple[list[dict[str, str]], list[str]]:
    """Entries of `images` for some of the names, and the names afterwards."""
    entries = []
    new = list(dict.fromkeys(alive))
    for name in tree.some(list(new), 1)[:3]:
        entry = {"name": name}
        if tree.chance(0.4):
            entry["newName"] = tree.name("mirror.example")
            new[new.index(name)] = entry["newName"]
        chance = tree.random.random()
        if chance < 0.75:
            entry["newTag"] = tree.tag()
        if chance > 0.6:
            entry["digest"] = tree.digest()
        entries.append(entry)
    return entries, new


def _component(tree: Tree, alive: list[str]) -> tuple[str, list[dict[str, str]]]:
    """Its folder and its entries of `images`."""
    folder = "components/extra"
    kustomization: dict[str, Any] = {
        "apiVersion": "kustomize.config.k8s.io/v1alpha1",
        "kind": "Component",
    }
    entries: list[dict[str, str]] = []
    if tree.chance(0.7):
        kustomization["images"] = entries = images(tree, alive)[0]
    if tree.chance(0.5) or not entries:
        kustomization["patches"] = [_sidecar(tree)[0]]
    _write(tree, folder, kustomization)
    return folder, entries


def _sidecar(tree: Tree) -> tuple[dict[str, Any], str]:
    """A JSON patch that adds a container to every Deployment."""
    name = tree.name()
    container = {"name": f"sidecar{tree.number()}", "image": name + tree.suffix()}
    operation = {"op": "add", "path": "/spec/template/spec/containers/-", "value": container}
    return {"target": {"kind": "Deployment"}, "patch": _block(tree, [operation])}, name


def _merged(tree: Tree, folder: str) -> tuple[dict[str, Any], str]:
    """The same as a strategic merge, in a file or not."""
    name = tree.name()
    container = {"name": f"added{tree.number()}", "image": name + tree.suffix()}
    patch = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "any"},
        "spec": {"template": {"spec": {"containers": [container]}}},
    }
    entry: dict[str, Any] = {"target": {"kind": "Deployment"}}
    if tree.chance(0.5):
        tree.files[f"{folder}/patch.yaml"] = tree.dump(patch)
        return {**entry, "path": "patch.yaml"}, name
    return {**entry, "patch": _block(tree, patch)}, name


def _replacing(
    tree: Tree, folder: str, below: list[str], *, by_number: bool
) -> list[tuple[dict[str, Any], str]]:
    """A patch that gives a container of a base another tag, which no other patch does."""
    files = [path for path in tree.files if path.rpartition("/")[0] in below and "work" in path]
    file = tree.random.choice(files)
    base = file.rpartition("/")[0]
    kustomization = next(
        tree.files[at] for name in _FILES if (at := f"{base}/{name}") in tree.files
    )
    made = YAML(typ="safe", pure=True).load(tree.files[file])
    # An entry of `images` in the base would do nothing any more.
    if "images" in kustomization or made["kind"] != "Deployment" or file in tree.patched:
        return []
    tree.patched.add(file)
    containers = made["spec"]["template"]["spec"]["containers"]
    number = tree.random.randrange(len(containers))
    container = containers[number]
    name = parse_reference(container["image"]).name
    image = name + tree.suffix()
    target = {"kind": "Deployment", "name": made["metadata"]["name"]}
    if by_number:
        at = f"/spec/template/spec/containers/{number}/image"
        patch: Any = [{"op": "replace", "path": at, "value": image}]
        target |= {"group": "apps", "version": "v1"}
    else:
        patch = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": target["name"]},
            "spec": {
                "template": {"spec": {"containers": [{"name": container["name"], "image": image}]}}
            },
        }
        if tree.chance(0.4):
            target["name"] = f"{target['name'][:-1]}[{target['name'][-1]}]"
    if tree.chance(0.4):
        tree.files[f"{folder}/replace.yaml"] = tree.dump(patch, plain=True)
        return [({"target": target, "path": "replace.yaml"}, name)]
    return [({"target": target, "patch": _block(tree, patch)}, name)]


def _block(tree: Tree, value: Any) -> Any:
    """A patch as Kustomize can read it: not every YAML that begins with a `[` or a space."""
    text = json.dumps(value) if tree.chance(0.3) else tree.dump(value, plain=True)
    return LiteralScalarString(text if text.endswith("\n") else text + "\n")


def _overlay(
    tree: Tree,
    folder: str,
    below: list[str],
    alive: list[str],
    component: tuple[str, list[dict[str, str]]] | None,
) -> list[str]:
    kustomization: dict[str, Any] = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [posixpath.relpath(each, folder) for each in below],
    }
    if len(below) == 1 and tree.chance(0.5):
        kustomization["namePrefix"] = f"{posixpath.basename(folder)}-"
    if tree.chance(0.3):
        tree.files[f"{folder}/own.yaml"], more = workload(tree, f"own-{posixpath.basename(folder)}")
        kustomization["resources"].append("own.yaml")
        alive = [*alive, *more]
    if component is not None:
        kustomization["components"] = [posixpath.relpath(component[0], folder)]
        renamed = {each["name"]: each.get("newName", each["name"]) for each in component[1]}
        alive = [renamed.get(name, name) for name in alive]
    patches = [_sidecar(tree)] if tree.chance(0.3) else []
    # A merged container goes before the others, so a patch of one by its number may be of another.
    by_number = tree.numbered
    patches += [_merged(tree, folder)] if not by_number and tree.chance(0.4) else []
    if component is None and all(each.startswith("apps/") for each in below):
        patches += _replacing(tree, folder, below, by_number=by_number)
    if patches:
        kustomization["patches"] = [patch for patch, _ in patches]
        alive = [*alive, *(name for _, name in patches)]
    if tree.chance(0.75):
        kustomization["images"], alive = images(tree, alive)
    _write(tree, folder, kustomization)
    return alive


def _write(tree: Tree, folder: str, kustomization: dict[str, Any]) -> None:
    # A patch in quotes is listed and not read.
    text = tree.dump(kustomization, plain="patches" in kustomization)
    tree.files[f"{folder}/{tree.random.choice(_FILES)}"] = text


def _deploy(tree: Tree, folder: str, alive: list[str]) -> None:
    chance = tree.random.random()
    if chance < 0.25:
        deployers.argocd_kustomize(tree, folder, alive)
    elif chance < 0.5:
        given = images(tree, alive)[0] if tree.chance(0.7) else []
        deployers.flux_kustomize(tree, folder, given)
    else:

        def plain(root: Path) -> str | None:
            return build(root / folder)

        tree.renderings.append(Rendering(folder, plain))
