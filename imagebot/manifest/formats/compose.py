"""Compose files: the images of services that are not built from source."""

from __future__ import annotations

import re

from imagebot.manifest.images.context import DocumentContext
from imagebot.manifest.images.findings import Keys
from imagebot.manifest.yaml.events import Scalar
from imagebot.manifest.yaml.tree import Mapping, is_scalar

_PARTS = ("services", "models", "networks", "volumes", "secrets", "configs")
_TOP = frozenset(("version", "name", "include", *_PARTS))
# Keys that the values of a chart have next to an `image`.
_VALUES = frozenset({"repository", "tag", "imageTag", "registry"})
# `values-compose.yaml` may be the values of a chart for Compose.
_OWN_NAME = re.compile(r"(?:^|/)(?:docker-)?compose[^/]*$")
_DEFAULT = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*:?-([^${}]+)\}")


def is_compose(root: Mapping, *, path: str = "") -> bool:
    """Whether a document is a Compose file; `path` is given if the file is named like one."""
    services = _services(root, path)
    if services is None:
        return False
    named = bool(path)
    for _, service in services.values():
        image = service.node("image") if isinstance(service, Mapping) else None
        if isinstance(image, Mapping) or (isinstance(service, Mapping) and _VALUES & set(service)):
            return False
        named = named or is_scalar(image)
    return named


def _services(root: Mapping, path: str) -> Mapping | None:
    if "services" in root:
        known = all(key in _TOP or key.startswith("x-") for key in root)
        return root.mapping("services") if known else None
    # The first version of the format has the services at the top.
    return root if _OWN_NAME.search(path) and "image" not in root else None


def find(context: DocumentContext, root: Mapping, keys: Keys) -> None:
    services = root.mapping("services") if "services" in root else root
    if services is None:
        return
    if services is not root:
        keys = (*keys, "services")
    for name, (_, service) in services.items():
        if isinstance(service, Mapping):
            _find_service(context, name, service, (*keys, name))


def _find_service(context: DocumentContext, name: str, service: Mapping, keys: Keys) -> None:
    for number, volume in enumerate(service.sequence("volumes") or ()):
        if isinstance(volume, Mapping) and volume.text("type") == "image":
            source = volume.scalar("source")
            if source is not None:
                _find_image(context, source, (*keys, "volumes", number, "source"), name)
    image = service.node("image")
    if not is_scalar(image):
        return
    if "build" in service or service.node("build") is not None:
        reason = f"service {name} is built here; `image` only names the result"
        context.unread(image, "built-here", reason, expected=True)
        return
    _find_image(context, image, (*keys, "image"), name)


def _find_image(context: DocumentContext, image: Scalar, keys: Keys, name: str) -> None:
    default = _DEFAULT.fullmatch(image.value.strip())
    if default is not None and context.findings.options.compose_defaults:
        context.inline(image, keys, container=name, span=default.span(1))
    else:
        context.inline(image, keys, container=name)
