"""Which names of parameters mean the name, the tag or the digest of an image, however spelt.

The parameters of a chart have the names that the chart gives them: `imagename` beside `devtag`,
`img.repo` beside `img.version`. Values decide as well: a name of an image looks like one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from imagebot.errors import InvalidReferenceError
from imagebot.manifest.images.naming import has_host, has_tag, is_address, is_registry
from imagebot.reference import is_digest, is_tag, parse_reference
from imagebot.values import dataclass

_ABOUT_IMAGES = re.compile(r"image|img|container(?!s?$)|docker", re.IGNORECASE)
_OF_IMAGE = r"(?:docker)?(?:image|img|container)?"
_NAME = re.compile(rf"(.*?)(?:{_OF_IMAGE}(?:repository|repo|name)|image|img|container)")
_TAG = re.compile(rf"(.*?){_OF_IMAGE}tag")
_VERSION = re.compile(rf"(.*?){_OF_IMAGE}version")
_DIGEST = re.compile(rf"(.*?){_OF_IMAGE}(?:digest|sha256|sha)")
_REGISTRY = re.compile(rf"(.*?){_OF_IMAGE}(?:registry|host)")
# Longer names are of something else, and would take time.
_MAX_NAME = 100


@dataclass(frozen=True, slots=True)
class Pair:
    """The keys of the parts of one image; "" for a part that has none."""

    name: str
    tag: str
    digest: str = ""
    registry: str = ""


def is_about_images(name: str) -> bool:
    """Whether a name, with all that is before it, says that it is about an image."""
    return _ABOUT_IMAGES.search(name[-_MAX_NAME:]) is not None


def is_tag_name(key: str, *, about: str = "") -> bool:
    """Whether a key is that of a tag; `version` is one where `about` is about images."""
    return _stem(_TAG, key) is not None or (
        _stem(_VERSION, key) is not None and is_about_images(f"{about}.{key}")
    )


def is_version_name(key: str, *, about: str = "") -> bool:
    """Whether a key is that of a tag or a digest."""
    return is_tag_name(key, about=about) or _stem(_DIGEST, key) is not None


def is_part_name(key: str, *, about: str = "") -> bool:
    """Whether a key may be that of any part of an image."""
    if is_version_name(key, about=about):
        return True
    return is_about_images(f"{about}.{key}") or _stem(_NAME, key) is not None


def pairs(values: dict[str, str], about: str) -> list[Pair]:
    """The images that values beside each other name; `about` is the name of what they are in.

    A name and a tag belong together if they are spelt alike (`webimage`, `webtag`), or if there
    is no other of them; a `version` only if it is spelt alike.
    """
    names = _by_stem(_NAME, (key for key, text in values.items() if _is_name(key, text, about)))
    tags = _by_stem(_TAG, (key for key, text in values.items() if _is_tag(text)))
    versions = _by_stem(_VERSION, (key for key, text in values.items() if _is_tag(text)))
    digests = _by_stem(_DIGEST, (key for key, text in values.items() if is_digest(text)))
    found: list[Pair] = []
    for stem, (name, *more) in list(names.items()):
        same = tags.get(stem) or versions.get(stem) or []
        if not more and len(same) == 1:
            found.append(_pair(name, same[0], stem, digests, values))
            del names[stem]
            tags.pop(stem, None)
    left = [key for keys in names.values() for key in keys]
    others = [key for keys in tags.values() for key in keys]
    if len(left) == 1 and len(others) == 1:
        stem = _stem(_NAME, left[0]) or ""
        found.append(_pair(left[0], others[0], stem, digests, values))
    return found


def _pair(
    name: str, tag: str, stem: str, digests: dict[str, list[str]], values: dict[str, str]
) -> Pair:
    digest = digests.get(stem) or []
    registries = [
        key
        for key, text in values.items()
        if _stem(_REGISTRY, key) == stem and (is_registry(text) or ":" in text)
    ]
    own = registries[0] if len(registries) == 1 and not has_host(values[name]) else ""
    return Pair(name, tag, digest[0] if len(digest) == 1 else "", own)


def _by_stem(pattern: re.Pattern[str], keys: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key in keys:
        stem = _stem(pattern, key)
        if stem is not None:
            found.setdefault(stem, []).append(key)
    return found


def _stem(pattern: re.Pattern[str], key: str) -> str | None:
    """What is before the word that a pattern looks for at the end of a key, None without one."""
    if len(key) > _MAX_NAME:
        return None
    match = pattern.fullmatch(key.lower().replace("-", "").replace("_", ""))
    return None if match is None else match[1]


def _is_name(key: str, text: str, about: str) -> bool:
    """Whether a value may be the name of an image without a tag."""
    if has_tag(text) or is_address(text) or is_registry(text):
        return False
    try:
        parse_reference(text)
    except InvalidReferenceError:
        return False
    return has_host(text) or is_about_images(f"{about}.{key}")


def _is_tag(text: str) -> bool:
    return is_tag(text.partition("@")[0])
