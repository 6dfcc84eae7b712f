"""A registry in Helm values that is above an image, or beside it under a key of its own.

`images: {registry: ghcr.io, api: {name: acme/api, tag: "1.0"}}`: only the templates of the chart
say whether a name without a registry is one of Docker Hub or of that registry. Where no template in
the tree says it, neither is taken for granted: the field is pending, and then listed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from imagebot.manifest.images.context import DocumentContext
from imagebot.manifest.images.findings import FieldCandidate, Keys, RepositoryLink
from imagebot.manifest.images.layers import Below, Doubt, ValuePath
from imagebot.manifest.images.merged import is_given
from imagebot.manifest.images.naming import has_host, is_folder, said
from imagebot.manifest.yaml.events import Scalar
from imagebot.manifest.yaml.tree import Mapping, Node, Sequence

_SIGNS = re.compile(r"[-_.]")
# A registry for more than one image by its name: `webRegistry` is that of one.
_REGISTRY = re.compile(
    r"(?:global|default|common|shared|images?|docker|containers?|oci|private|base|main)*"
    r"registry(?:host|hostname|url|uri|server|domain|address|prefix|path|base|name)?"
    r"|(?:images?|docker|containers?)(?:hub|host|prefix|base|repoprefix|repositoryprefix)"
    r"|(?:repository|repo)prefix|hub"
)
# Mappings beside an image that speak for others, and what they call a registry.
_FOR_ALL = frozenset({"global", "docker", "image", "images", "imageDefaults", "defaults"})
_HOSTS = ("host", "hostname", "url", "server", "address", "domain", "name", "prefix")
_OF_ONE = ("repository", "name", "image", "imageName", "imageRepository")
_LONGEST_KEY = 40
_DOCKER_HUB = re.compile(r"(?:https?://)?(?:[a-z0-9-]+\.)?docker\.io(?:/v[12])?/*")
_NOT_TEXT = frozenset({"true", "false", "yes", "no", "on", "off", "null", "none", "~"})


def is_registry_key(key: str) -> bool:
    """Whether a key names a registry for several images."""
    if len(key) > _LONGEST_KEY:
        return False
    return _REGISTRY.fullmatch(_SIGNS.sub("", key).lower()) is not None


def settle_registries(
    context: DocumentContext, root: Mapping, depth: int, start: int, below: Below | None
) -> None:
    """Make the candidates from `start` on pending that may be of a registry above them, or of one
    in a template that is not understood.

    `depth` counts the keys that lead to `root`, those of the context included.
    """
    candidates = context.findings.candidates
    registries = _Registries()
    doubts = {each.path: each for each in below.doubts} if below is not None else {}
    beside = {path[:-1]: each for path, each in doubts.items() if len(path) > 1}
    for number in range(start, len(candidates)):
        each = candidates[number]
        if each.link is None and not has_host(each.field.reference.name):
            found = registries.above(root, each.field.keys[depth:], each.field.reference.name)
            doubt = _doubt(doubts, beside, each.field.keys[depth:]) if doubts else None
            if found is not None:
                candidates[number] = _pending(context, each, found)
            elif doubt is not None:
                link = RepositoryLink("RegistryAbove", doubt.registry, doubt.where)
                candidates[number] = replace(each, link=link)


def _doubt(
    doubts: dict[ValuePath, Doubt], beside: dict[ValuePath, Doubt], keys: Keys
) -> Doubt | None:
    """The doubt about a value, a mapping above it, or a value beside it."""
    path = tuple(str(key) for key in keys)
    for length in range(1, len(path) + 1):
        if path[:length] in doubts:
            return doubts[path[:length]]
    return beside.get(path[:-1])


def _pending(context: DocumentContext, candidate: FieldCandidate, found: Scalar) -> FieldCandidate:
    line = found.given.where if is_given(found) else f"line {context.line(found)}"
    link = RepositoryLink("RegistryAbove", found.value.strip(), line)
    return replace(candidate, link=link)


class _Registries:
    """The registries of mappings; each mapping is searched once, whatever images it has."""

    def __init__(self) -> None:
        self.found: dict[int, list[tuple[str, Scalar]]] = {}

    def above(self, root: Mapping, keys: Keys, name: str) -> Scalar | None:
        """The registry that the image at `keys` may have: the nearest one that the name lacks."""
        owners = _owners(root, keys)
        for owner in reversed(owners):
            for key, scalar in self.of(owner):
                if key == "hub" and owner is owners[-1]:
                    # What it adds to the name beside it is known.
                    continue
                text = scalar.value.strip().strip("/")
                if not name.startswith(f"{text}/") and not _DOCKER_HUB.fullmatch(text):
                    return scalar
        return None

    def of(self, owner: Mapping) -> list[tuple[str, Scalar]]:
        found = self.found.get(id(owner))
        if found is None:
            found = self.found[id(owner)] = list(_registries(owner))
        return found


def _owners(root: Mapping, keys: Keys) -> list[Mapping]:
    """The mappings that lead to a value, the outermost first."""
    owners: list[Mapping] = [root]
    here: Node = root
    for key in keys[:-1]:
        if isinstance(here, Mapping):
            here = here.node(str(key))
        elif isinstance(here, Sequence) and isinstance(key, int) and key < len(here):
            here = here[key]
        else:
            break
        if isinstance(here, Mapping):
            owners.append(here)
    return owners


def _registries(owner: Mapping) -> Iterator[tuple[str, Scalar]]:
    """The registries that a mapping has for several images, with their keys."""
    for key in owner:
        if not is_registry_key(key) and key not in _FOR_ALL:
            continue
        inner = owner.mapping(key)
        scalar = owner.scalar(key)
        if inner is not None:
            yield from ((key, each) for each in _of_all(inner, key))
        elif scalar is not None and key not in _FOR_ALL and _is_name(said(owner, key)):
            yield key, scalar


def _of_all(inner: Mapping, owner: str) -> Iterator[Scalar]:
    if owner in _FOR_ALL:
        keys = [key for key in inner if is_registry_key(key) and _is_name(said(inner, key))]
        # A chart elsewhere may have the name of the image whose tag is beside it.
        beside = (*_OF_ONE, "tag") if owner == "image" else _OF_ONE
        if "registry" in keys and any(said(inner, key) for key in beside):
            # It is that of the image which is named beside it.
            keys = []
    else:
        keys = [key for key in (*_HOSTS, "registry") if is_folder(said(inner, key))]
    for key in keys[:1]:
        scalar = inner.scalar(key)
        if scalar is not None:
            yield scalar


def _is_name(text: str) -> bool:
    return bool(text) and text.lower() not in _NOT_TEXT and not text.isdecimal()
