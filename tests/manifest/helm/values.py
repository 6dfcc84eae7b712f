"""Random values for the templates of `forms.txt` and of the generator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

from imagebot.manifest.images.layers import ValuePath

_DIGEST = "sha256:" + "a1" * 32
_NAMES = ("ghcr.io/acme/app", "app", "localhost:5000/x/y", "acme/web")
_TAGS = ("1.2", "v1.2.3", "main-4", "x", "latest", "1.2@" + _DIGEST, _DIGEST)
_REGISTRIES = ("ghcr.io", "localhost:5000", "registry.example/acme", "registry.example/")
_WHOLE = ("ghcr.io/acme/app:1.2", "app", f"app:1@{_DIGEST}", "{{ .Values.imageVersion }}")
KINDS: Mapping[str, tuple[str, ...]] = {
    "imageVersion": _TAGS,
    "docker.registry": _REGISTRIES,
    "main_app.image": _NAMES,
    "main_app.version": _TAGS,
    "full": _WHOLE,
    "none": ("5", "9.9"),
    "image.registry": _REGISTRIES,
    "image.repository": _NAMES,
    "image.tag": _TAGS,
    "image.digest": (_DIGEST,),
    "image.pullPolicy": ("Always",),
    "global.imageRegistry": _REGISTRIES,
    "sidecar.repository": _NAMES,
    "sidecar.tag": _TAGS,
    "other.repository": _NAMES,
    "other.tag": _TAGS,
    "list.0.repository": _NAMES,
    "list.0.tag": _TAGS,
    "list.1.repository": _NAMES,
    "list.1.tag": _TAGS,
    "map.web.tag": _TAGS,
    "map.api.tag": _TAGS,
    "texts.0": _WHOLE,
    "texts.1": _WHOLE,
    "deep.0.prefix": _NAMES,
    "deep.0.tags.0": _TAGS,
    "deep.0.tags.1": _TAGS,
    "deep.1.prefix": _NAMES,
    "deep.1.tags.0": _TAGS,
}
# What functions get that refuse anything but a text.
_TEXTS_ONLY = ("docker.registry", "full", "imageVersion", "image.tag")


def random_texts(random: Random) -> dict[ValuePath, str]:
    """Values by path; some are empty, some are not there."""
    found = {}
    for path, texts in KINDS.items():
        chance = random.random()
        if chance < 0.7 or path == "full" or path[-1].isdigit():
            found[tuple(path.split("."))] = random.choice(texts)
        elif chance < 0.85 or path in _TEXTS_ONLY:
            found[tuple(path.split("."))] = ""
    return found


def nested(texts: Mapping[ValuePath, str]) -> Any:
    """The same as YAML has them; mappings that have lost all their keys are there, empty."""
    root: dict[str, Any] = {}
    for name in KINDS:
        _below(root, tuple(name.split("."))[:-1])
    for path, text in texts.items():
        _below(root, path[:-1])[path[-1]] = text
    return _listed(root)


def _below(root: dict[str, Any], path: ValuePath) -> dict[str, Any]:
    for key in path:
        root = root.setdefault(key, {})
    return root


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(key.isdigit() for key in value):
        return [_listed(item) for item in value.values()]
    return {key: _listed(item) for key, item in value.items()}


def images_in(value: Any) -> Iterator[str]:
    """Every text under a key `image`."""
    if isinstance(value, list):
        for item in value:
            yield from images_in(item)
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "image" and isinstance(item, str):
                yield item
            yield from images_in(item)
