"""Who deploys a folder of a generated tree: the object in the tree, and what it does to render.

What Argo CD and Flux do is done here with kustomize and helm as their controllers do it, from the
objects in the tree, so that an edit of them has its effect.
"""

from __future__ import annotations

import posixpath
import shutil
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.rendering.check import Rendering
from tests.rendering.making import Tree
from tests.support.kustomize import build, set_images

REPOSITORY = "https://git.example/acme/gitops.git"
_KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")


def load_object(path: Path, kind: str) -> Any:
    every = YAML(typ="safe", pure=True).load_all(path.read_text())
    return next(each for each in every if each["kind"] == kind)


def argocd_kustomize(tree: Tree, folder: str, names: list[str]) -> None:
    """An Application that sets images, as `kustomize edit set image` takes them.

    That sorts all images by name, so what the kustomization renames is not there yet for an entry
    that sorts before it: such entries do nothing, and are not made.
    """
    images = []
    known = [name for name in dict.fromkeys(names) if not name.startswith("mirror.example/")]
    for name in tree.some(known)[:2]:
        chance = tree.random.random()
        if chance < 0.5:
            images.append(f"{name}:{tree.tag()}")
        elif chance < 0.8:
            images.append(f"{name}=mirror.example/new/{name.rpartition('/')[2]}:{tree.tag()}")
        else:
            images.append(f"{name}@{tree.digest()}")
    source: dict[str, Any] = {"repoURL": REPOSITORY, "path": folder, "targetRevision": "HEAD"}
    if images:
        source["kustomize"] = {"images": images}
    path = f"argocd/{posixpath.basename(folder)}.yaml"
    spec: dict[str, Any] = {"project": "default", "destination": {"namespace": "x"}}
    spec |= {"sources": [source]} if tree.chance(0.3) else {"source": source}
    application = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": posixpath.basename(folder)},
        "spec": spec,
    }
    tree.files[path] = tree.dump(application)

    def render(root: Path) -> str | None:
        spec = load_object(root / path, "Application")["spec"]
        source = spec.get("source") or spec["sources"][0]
        copied = _copy(root, f"argocd-{posixpath.basename(folder)}")
        given = source.get("kustomize", {}).get("images", [])
        if given:
            set_images(copied / folder, given)
        return build(copied / folder)

    tree.renderings.append(Rendering(path, render))


def flux_kustomize(tree: Tree, folder: str, images: list[dict[str, str]]) -> None:
    """A Kustomization of Flux: each of its images goes before one of the same name."""
    path = f"clusters/main/{posixpath.basename(folder)}.yaml"
    spec: dict[str, Any] = {
        "interval": "5m",
        "path": f"./{folder}",
        "sourceRef": {"kind": "GitRepository", "name": "flux-system"},
    }
    if images:
        spec["images"] = images
    kustomization = {
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
        "kind": "Kustomization",
        "metadata": {"name": posixpath.basename(folder), "namespace": "flux-system"},
        "spec": spec,
    }
    tree.files[path] = tree.dump(kustomization)

    def render(root: Path) -> str | None:
        given = load_object(root / path, "Kustomization")["spec"].get("images", [])
        copied = _copy(root, f"flux-{posixpath.basename(folder)}")
        file = next(f for name in _KUSTOMIZATIONS if (f := copied / folder / name).exists())
        yaml = YAML(typ="safe", pure=True)
        own = yaml.load(file.read_text())
        names = {each["name"]: each for each in given}
        kept = [names.pop(each["name"], each) for each in own.get("images", [])]
        own["images"] = [*kept, *names.values()]
        with file.open("w") as out:
            yaml.dump(own, out)
        return build(copied / folder)

    tree.renderings.append(Rendering(path, render))


def _copy(root: Path, name: str) -> Path:
    """A copy to work in beside the tree."""
    copied = root.parent / f"{root.name}-{name}"
    shutil.copytree(root, copied)
    return copied
