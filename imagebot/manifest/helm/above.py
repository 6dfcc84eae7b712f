"""What layers above a layer of Helm values make of its images without a tag of their own. Pure.

`image: {repository: mirror.acme.example/api}` over `{repository: ghcr.io/acme/api, tag: 1.4.2}`
deploys the tag of the lower layer under another name. It must not be chosen from the tags of the
name beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from imagebot.manifest.helm.merged_values import Found, Values
from imagebot.manifest.images.layers import Decided, GivenImage, ValuePath
from imagebot.manifest.images.naming import has_host
from imagebot.manifest.images.registry_above import is_registry_key

# Keys that may hold a version of an image, and keys that name one.
_VERSIONS = ("tag", "Tag", "igest", "ersion", "mage", "sha")
_NAMES = frozenset({"repository", "image", "name", "imageName", "reference"})
_NAME_ENDINGS = ("Repository", "Image", "_image", "-image")
# The last part of a name in some charts, and a label in others.
_LABEL = "name"
_ENDS = re.compile(
    r"(?:image|img)?[-_.]?(?:repository|repo|registry|name|image|img|tag|digest|version|sha256|sha)$",
    re.IGNORECASE,
)


def may_be_version(key: str) -> bool:
    """Whether a key may be that of a tag, a digest or a whole image."""
    return any(sign in key for sign in _VERSIONS)


def is_name(key: str) -> bool:
    """Whether a key may name an image."""
    return key in _NAMES or key.endswith(_NAME_ENDINGS)


def renamed(
    path: ValuePath, own: Values, below: Mapping[str, Found], above: Mapping[str, Found]
) -> Iterator[Decided]:
    """The versions of a mapping at `path` that a layer `above` deploys under another name.

    `own` are its values in the layer itself, `below` those of the layers below it.
    """
    names = {key: each.text or "" for key, each in below.items()}
    names.update({key: each.text or "" for key, each in own.items()})
    if not any(names[key] for key in names if is_name(key)):
        return
    for key, other in above.items():
        if not _is_other(key, other, names):
            continue
        for version, value in own.items():
            if value.text and version not in above and _belong(version, key):
                reason = f"{other.where} deploys it with `{key}: {other.text}`"
                yield Decided((*path, version), reason)


def below_registry(
    path: ValuePath,
    own: Values,
    below: Mapping[str, Found],
    above: Mapping[str, Found],
    name: str,
    other: Found,
) -> Iterator[Decided]:
    """The versions of a mapping at `path` that a layer above deploys from the registry `other` of
    all images, which has the name `name`."""
    texts = {key: each.text or "" for key, each in below.items()}
    texts.update({key: each.text or "" for key, each in own.items()})
    named = [text for key, text in texts.items() if text and is_name(key)]
    if not named or any(map(has_host, named)):
        return
    if any(text and is_registry_key(key) for key, text in texts.items()):
        return
    for version, value in own.items():
        is_version = may_be_version(version) and not is_name(version)
        if is_version and value.text and version not in above:
            reason = f"{other.where} deploys it with `{name}: {other.text}`"
            yield Decided((*path, version), reason)


def _is_other(key: str, other: Found, names: Mapping[str, str]) -> bool:
    """Whether a value of a layer above is a name, and not the same as below it."""
    if not other.text or other.text == names.get(key, ""):
        return False
    if key == _LABEL and names.get("repository"):
        return False
    return is_name(key) or is_registry_key(key) or key.lower().endswith("registry")


def _belong(version: str, name: str) -> bool:
    """Whether the keys of a version and of a name are about the same image."""
    if not may_be_version(version) or version == name or is_name(version):
        return False
    stem, own = _ENDS.sub("", version), _ENDS.sub("", name)
    if is_registry_key(name):
        return True
    return stem == own or (not stem and own in ("image", "main")) or (not own and stem == "image")


def other_names(
    images: Iterable[GivenImage | Decided], whole: Iterable[GivenImage | Decided], file: str
) -> Iterator[tuple[ValuePath, str]]:
    """Where the images of a layer in `file` have another name once the layers above it count, and
    that name with its place. `whole` are those of all layers."""
    names = {each.path: each.name for each in images if isinstance(each, GivenImage)}
    for each in whole:
        if isinstance(each, Decided) or each.made:
            continue
        if names.get(each.path, each.name) != each.name:
            yield each.path, f"{each.name} ({each.where or file})"
