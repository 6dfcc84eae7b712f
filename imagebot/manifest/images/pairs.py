"""A name and a version under sibling keys: `image: acme/web` beside `version`, `image_name` beside
`image_tag`.

Who writes a version apart from its image often writes the registry elsewhere too. So a name without
a host counts as one of Docker Hub nowhere here: it is listed, with the entry that would govern it.
"""

from __future__ import annotations

import re

from imagebot.manifest.images.context import DocumentContext
from imagebot.manifest.images.findings import Keys
from imagebot.manifest.images.merged import is_given
from imagebot.manifest.images.naming import has_host, has_tag, is_address, is_folder, said
from imagebot.manifest.images.not_reference import is_filled_in
from imagebot.manifest.images.split import Split, find_split
from imagebot.manifest.yaml.tree import Mapping
from imagebot.reference import is_tag

_NAME_ENDINGS = ("Name", "_name", "-name")
_DIGIT = re.compile(r"[0-9]")
# `1.x` is a tag by its letters, and meant as a range.
_RANGE = re.compile(r"v?(?:[0-9]+\.)*[xX](?:\.[xX0-9]+)*")


def is_name_key(key: str) -> bool:
    """Whether this names an image whose tag is always beside it: `image_name`, `api-image-name`."""
    return key.endswith(("image_name", "image-name"))


def find_pair(
    context: DocumentContext, owner: Mapping, key: str, keys: Keys, *, registry: str = ""
) -> bool:
    """Report the name in `key` with the version beside it; False if these are not a pair.

    `registry` is one for all images.
    """
    name = said(owner, key)
    stem = next((key.removesuffix(each) for each in _NAME_ENDINGS if key.endswith(each)), key)
    version = _version_key(context, owner, key, stem)
    if not version or not name or has_tag(name) or is_address(name):
        return False
    if is_filled_in(name):
        scalar = owner.scalar(key)
        return scalar is not None and is_name_key(key) and context.is_variable(scalar, name)
    beside = next((each for each in _registries(stem) if is_folder(said(owner, each))), "")
    if beside or registry or has_host(name):
        shape = Split(
            owner=owner,
            repository=key,
            tag=version,
            digest=_beside(owner, stem, "Digest") or ("digest" if stem == "image" else ""),
            registry=beside or "registry",
            registry_host=registry,
        )
        find_split(context, shape, keys, loose=True)
        return True
    if version == "version" and "/" not in name:
        # Machines and systems have images and versions too.
        return False
    scalar = owner.scalar(version)
    if scalar is not None and not is_given(scalar):
        context.registry_unknown(scalar, (*keys, version), name)
    return True


def _version_key(context: DocumentContext, owner: Mapping, key: str, stem: str) -> str:
    """The sibling with the version of the image in `key`, "" if there is none.

    In resources of any kind a `version` is rarely that of an image without a tag.
    """
    found = _beside(owner, stem, "Version")
    if not found and is_name_key(key):
        found = _beside(owner, stem, "Tag") or ("tag" if stem == "image" else "")
    if not found and key == "image" and context.format != "kubernetes":
        found = "" if said(owner, "repository") else "version"
    text = said(owner, found) if found else ""
    is_version = is_tag(text) and _DIGIT.search(text) and not _RANGE.fullmatch(text)
    return found if is_version else ""


def _beside(owner: Mapping, stem: str, part: str) -> str:
    """The key `imageVersion`, `image_version` or `image-version` of `owner`, "" if it has none."""
    keys = (f"{stem}{part}", f"{stem}_{part.lower()}", f"{stem}-{part.lower()}")
    return next((each for each in keys if said(owner, each)), "")


def _registries(stem: str) -> tuple[str, ...]:
    own = (f"{stem}Registry", f"{stem}_registry", f"{stem}-registry")
    return (*own, "registry") if stem == "image" else own
