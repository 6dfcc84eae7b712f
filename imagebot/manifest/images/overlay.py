"""What a file says about replacing images: kustomizations, and what deploys them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from typing import Literal

from imagebot.manifest.images.bindings import Binding
from imagebot.values import dataclass


@dataclass(frozen=True, slots=True)
class Override:
    """An entry of `images:` that gives the image `name` another name, tag or digest.

    `renamed` is the new name of an image that keeps its tag: "" where the entry has a tag or a
    digest.
    """

    name: str
    line: int
    renamed: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """The objects that a patch is for: expressions for whole names, "" for any. `selected` means
    that labels or annotations decide too."""

    group: str = ""
    version: str = ""
    kind: str = ""
    name: str = ""
    namespace: str = ""
    selected: bool = False


@dataclass(frozen=True, slots=True)
class Patch:
    """A patch of a kustomization: in the file at `path` (from the top), at `keys` of its first
    document. Without a target it is for the object that it names itself. One that is `unread` may
    do anything."""

    path: str
    keys: tuple[str | int, ...] = ()
    target: Target | None = None
    unread: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of a JSON patch, at `keys` of a document; `pointer` are the keys in its path."""

    keys: tuple[str | int, ...]
    op: str
    pointer: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Replacement:
    """A target of `replacements:` that writes the image of a container, or its tag.

    `kind` and `name` select objects, "" for any. `keys` lead to the image as Kustomize writes them:
    `[name=app]` or `*` for an item of a list.
    """

    line: int
    kind: str
    name: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Overlay:
    """A kustomization, or what a deployer adds to the one in `folder` ("" is the top). Of objects
    and replacements in files of their own, which kustomizations name, `folder` is that file.

    `includes` are the files and folders whose objects it changes, with those of its `patches`,
    `components` the folders that change them too, `transformers` and `replacing` the files of
    transformers and replacements; all relative to the top of the tree. `url` is that of the Git
    repository which a deployer takes the folder from, "" where it is not said. `changes` are the
    patches themselves. `name` is that of an Application, and of the one whose images an
    `.argocd-source` file replaces: "" for all of the folder.

    Of the template of an ApplicationSet, `folder`, `url` and the names of `images` may hold
    placeholders (`{{env}}`); each item of `bindings` has values for some of them.
    """

    by: Literal["kustomization", "Flux", "Argo CD", "argocd-source", "transformer", "replacements"]
    path: str
    folder: str
    includes: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    patches: tuple[str, ...] = ()
    images: tuple[Override, ...] = ()
    url: str = ""
    changes: tuple[Patch, ...] = ()
    transformers: tuple[str, ...] = ()
    replacing: tuple[str, ...] = ()
    replacements: tuple[Replacement, ...] = ()
    name: str = ""
    bindings: tuple[Binding, ...] = ()


def folder_of(path: str) -> str:
    return path.rpartition("/")[0]


def in_tree(folder: str, entries: Iterable[str]) -> tuple[str, ...]:
    """The paths that entries of a kustomization in `folder` name, without those elsewhere."""
    found = []
    for entry in entries:
        if "://" in entry or "?" in entry or "{{" in entry or not entry:
            continue
        path = posixpath.normpath(posixpath.join(folder, entry.lstrip("/")))
        if path != ".." and not path.startswith("../"):
            found.append("" if path == "." else path)
    return tuple(found)


def override_of(text: str, line: int) -> Override | None:
    """The override in Argo CD's `name=new:tag`, `name=new`, `name:tag` or `name@digest`."""
    text = text.strip()
    name, equals, new = text.partition("=")
    if not equals:
        name = _without_version(text)
        return Override(name, line) if name != text else None
    return Override(name, line, new if new == _without_version(new) else "")


def _without_version(text: str) -> str:
    head, slash, last = text.partition("@")[0].rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}"
