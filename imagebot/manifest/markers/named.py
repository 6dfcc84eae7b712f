"""Markers that name an image: `# imagebot: {image: ghcr.io/acme/api, policy: every-push}`.

The value on their line is its tag, or its digest. No format has to know the value.
"""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

from imagebot.errors import InvalidReferenceError
from imagebot.manifest.images.field import Unread
from imagebot.manifest.images.not_reference import SHOWN
from imagebot.manifest.yaml.events import YamlFaultError
from imagebot.manifest.yaml.tree import Mapping, build, is_null, is_scalar
from imagebot.reference import Reference, is_digest, is_tag, parse_reference
from imagebot.values import dataclass

Kind: TypeAlias = Literal["policy", "keys", "image"]
RENOVATE = "renovate"
# What is wrong with a comment; `Named.failed` says whose it is.
NO_VALUE = "names an image, but no value on its line can be its tag or digest"
SEVERAL = "names an image, but several values are on its line: write its tag on a line of its own"
# The key of a version, among several keys on a line.
VERSION_KEY = re.compile(r"(?:tag|version|revision|digest|sha|sha256|hash)\Z", re.IGNORECASE)
# Keys of what a value is called, and of the value that is beside it.
NAME_KEYS = frozenset({"name", "key"})
VALUE_KEYS = ("value", "default")
# Values of YAML that are not text, and keys of numbers that are tags.
_NO_TEXT = frozenset({"true", "false", "yes", "no", "on", "off", "null", "~"})
_MAY_BE_TAG = re.compile(
    r"tag|version|image|img|container|digest|sha|hash|revision|release|build|\.(?:value|default)\Z",
    re.IGNORECASE,
)
# No marker is longer.
_LONGEST = 1000
_NOTHING = "(nothing)"


@dataclass(frozen=True, slots=True)
class Named:
    """A comment on `line` that names an image for the value on the line `governs`.

    `at` is where it starts. That of Renovate, another tool, is never a problem.
    """

    image: str
    line: int
    at: int
    governs: int
    renovate: bool = False

    def failed(self, path: str, reason: str) -> Unread:
        """The entry for a comment that names no image of a file."""
        if self.renovate:
            return Unread(path, self.line, RENOVATE, f"this Renovate comment {reason}", True)
        return Unread(path, self.line, "marker", f"this marker {reason}")

    def differs(self, other: Named) -> str:
        """Why a second comment on a value is not obeyed, "" if it says the same."""
        if self.image == other.image:
            return ""
        return f"names another image than the one on line {other.line}: keep one of them"


@dataclass(frozen=True, slots=True)
class ImageKeys:
    """What a marker with the key `image` says besides: a policy, policy keys or nothing."""

    image: str
    kind: Kind
    policy: str = ""


def read_image_keys(text: str) -> ImageKeys | None:
    """What a marker's keys say, None if they do not name an image."""
    if "image" not in text or len(text) > _LONGEST:
        return None
    try:
        roots = build(text)
    except YamlFaultError:
        return None
    root = roots[0] if len(roots) == 1 else None
    if not isinstance(root, Mapping) or "image" not in root:
        return None
    scalar = root["image"][1]
    image = scalar.value.strip() if is_scalar(scalar) and not is_null(scalar) else _NOTHING
    policy = root.text("policy")
    if set(root) == {"image", "policy"} and policy:
        return ImageKeys(image, "policy", policy)
    return ImageKeys(image, "image" if len(root) == 1 else "keys")


def repository_of(image: str) -> Reference | str:
    """The repository that a marker names, or why it names none."""
    shown = image[:SHOWN]
    if image == _NOTHING:
        return "names no image: write {image: NAME}, such as {image: ghcr.io/acme/api}"
    try:
        reference = parse_reference(image)
    except InvalidReferenceError as error:
        return f"names {shown!r}, which is not a repository: {error.reason}"
    if reference.tag is not None or reference.digest is not None:
        return f"names {shown!r}: write the repository without a tag"
    return reference


def why_no_text(key: str, value: str, about: str = "") -> str:
    """Why a value without quotes at `key` is surely no tag, "" if it may be one.

    Booleans and `null` are none. A number such as 7 is a tag of many images, but not at a key that
    says something else (`port: 8080`); `about` are the keys above.
    """
    if value.lower() in _NO_TEXT:
        return f"names an image, but `{value}` is no tag: write a tag in quotes if it is one"
    if not value.isdecimal() or not key or _MAY_BE_TAG.search(f"{about}.{key}"[-_LONGEST:]):
        return ""
    return (
        f"names an image, but `{key[:SHOWN]}` is not the key of a tag: write `{value}` in quotes "
        "if it is one"
    )


def why_not_version(value: str) -> str:
    """Why a value is not a tag, a digest or both; "" if it is."""
    tag, at, digest = value.partition("@")
    if is_digest(value) or (is_tag(tag) and (not at or is_digest(digest))):
        return ""
    return f"names an image, but {value[:SHOWN]!r} is not a tag or digest"
