"""Decides which keys of a mapping make up the name of a repository.

Charts only agree about `repository` and `tag`. `repository` next to `image` is its prefix; `hub`,
and within `image:` also `namespace` and `org`, are prefixes of any name. `name` next to
`repository` is the last part of the name in some charts and a label in others: the values decide.
"""

from __future__ import annotations

import re

from imagebot.manifest.yaml.events import Scalar
from imagebot.manifest.yaml.tree import Mapping, is_null, is_scalar
from imagebot.values import dataclass

# As YAML 1.1 and Helm read `false`.
_FALSE = frozenset({"false", "False", "FALSE"})
_HOST = re.compile(r"[^/]*[.:][^/]*|localhost")
_REGISTRY = re.compile(r"(?:[^/:]*\.[^/:]*|localhost)(?::[0-9]+)?/?")
_SCP = re.compile(r"[^/@]+@[^/]+:")
_CODE_HOSTS = frozenset({"github.com", "gitlab.com", "bitbucket.org", "codeberg.org"})
# Prefixes of a name; `namespace` and the others mean something else outside of `image:`.
_FOLDERS = ("hub",)
_FOLDERS_IN_IMAGE = ("hub", "namespace", "org", "organization")
# Within `image:`, these may be parts of the name too: only the chart knows. A fast reader of lines
# looks for the same keys (yaml/plain_lines.py).
_PARTS_IN_IMAGE = (
    *("host", "hostname", "server", "domain", "address", "endpoint", "url", "ecr", "base"),
    *("account", "project", "organisation", "owner", "group", "team", "folder", "path", "prefix"),
    *("source", "repo", "repoUrl", "repoURL", "repositoryUrl", "repositoryURL"),
)
# A mapping with more keys is not that of one image, and each of its tags would cost a look at all.
_MOST_BESIDE = 50
_ACCOUNT = re.compile(r"[0-9]{12}")
_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]*")
_TAG_ENDING = re.compile(r"[-_]?[tT]ag\Z")
_DIGEST_KEY = re.compile(r"(.*?)[-_]?(?:[dD]igest.*|(?:[sS]ha|SHA)(?:256)?|[hH]ash)\Z")
_OF_ANYTHING = frozenset({"sha", "sha256", "hash"})
_DIGEST_LENGTH = 64
_DIGEST = re.compile(r"(?:sha256:)?[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Naming:
    """The keys of a name: `key` has the name, `folder` its prefix before a slash, "" if none.

    `doubt` says why the name is uncertain, "" if it is certain.
    """

    key: str
    folder: str = ""
    doubt: str = ""


def said(mapping: Mapping, key: str) -> str:
    """The text of `key`; "" if it is not a scalar, null, empty or missing."""
    return text_of(mapping.scalar(key))


def text_of(scalar: Scalar | None) -> str:
    """The text of a scalar; "" if it is null or missing."""
    return "" if scalar is None or is_null(scalar) else scalar.value.strip()


def registry_at(mapping: Mapping, key: str) -> Scalar | None:
    """The registry at a key; None if there is none: null, or `false`, as templates ask for it."""
    scalar = mapping.scalar(key)
    if scalar is None or is_null(scalar):
        return None
    is_false = scalar.style in ("", None) and scalar.value.strip() in _FALSE
    return None if is_false else scalar


def has_host(name: str) -> bool:
    head, slash, _ = name.partition("/")
    return bool(slash) and _HOST.fullmatch(head) is not None


def has_tag(name: str) -> bool:
    return "@" in name or ":" in name.rpartition("/")[2]


def is_address(text: str) -> bool:
    """Whether this is where code or charts are, not images."""
    return (
        "://" in text
        or text.endswith(".git")
        or text.partition("/")[0] in _CODE_HOSTS
        or _SCP.match(text) is not None
    )


def name_beside(owner: Mapping) -> str:
    """The key beside a lone tag that may have the whole name of its image, "" if not just one."""
    if len(owner) > _MOST_BESIDE:
        return ""
    texts = ((key, said(owner, key)) for key in owner)
    found = [k for k, t in texts if has_host(t) and not has_tag(t) and not is_address(t)]
    return found[0] if len(found) == 1 else ""


def is_folder(text: str) -> bool:
    """Whether this is a registry, or the part of a name before its last component."""
    return ("/" in text or _HOST.fullmatch(text) is not None) and not is_address(text)


def is_registry(name: str) -> bool:
    """Whether a name is only a registry."""
    return _REGISTRY.fullmatch(name) is not None


def within_image(mapping: Mapping) -> Naming:
    """The name in `image: {registry, repository, name, image, tag}`; without a key if none."""
    if said(mapping, "repository"):
        last = next((key for key in ("image", "name") if said(mapping, key)), "")
        found = _pair(mapping, "repository", last) if last else Naming("repository")
    else:
        found = _unfolded(mapping, next((k for k in ("image", "name") if said(mapping, k)), ""))
        repo = said(mapping, "repo")
        if (
            not found.key
            and "repository" not in mapping
            and has_host(repo)
            and not is_address(repo)
        ):
            found = Naming("repo")
    found = _below_folder(mapping, found, _FOLDERS_IN_IMAGE) if found.key else found
    return _beside_parts(mapping, found) if found.key and not found.doubt else found


def _beside_parts(image: Mapping, found: Naming) -> Naming:
    """A name is in doubt if another key may have its registry or its first component."""
    name, registry = said(image, found.key), said(image, "registry")
    if found.folder or has_host(name):
        return found
    for key in _PARTS_IN_IMAGE:
        text = said(image, key).strip("/") if key in image or "<<" in image else ""
        if not _PART.fullmatch(text) or text == name or is_address(text):
            continue
        if text.isdecimal() and not _ACCOUNT.fullmatch(text):
            # The number of a user or a group.
            continue
        is_part = not registry if _is_host(text) else "/" not in name
        if is_part and not said(image, key).startswith("/"):
            return Naming(found.key, doubt=f"it is unclear what `{key}` adds to the repository")
    return found


def _is_host(text: str) -> bool:
    return _HOST.fullmatch(text.partition("/")[0]) is not None


def _unfolded(mapping: Mapping, key: str) -> Naming:
    """The name in `key` if `repository` is empty, which the chart may still fill in."""
    if key and mapping.scalar("repository") is not None and "/" not in said(mapping, key):
        return Naming(key, doubt=f"`repository` is empty: the part before `{key}` is set elsewhere")
    return Naming(key)


def beside(owner: Mapping, key: str) -> Naming:
    """The name of which `key` (`image`, `imageName`, `workerImage`) of `owner` is a part."""
    stem = key.removesuffix("Name")
    firsts = [f"{stem}Repository", "repository"] if stem == "image" else [f"{stem}Repository"]
    first = next((each for each in firsts if said(owner, each)), "")
    if first:
        return _pair(owner, first, key)
    return _below_folder(owner, Naming(key), _FOLDERS) if key == "image" else Naming(key)


def bare(owner: Mapping) -> Naming:
    """The name in `{repository, name, tag}` that no `image:` is above."""
    if said(owner, "repository") and said(owner, "name"):
        return _pair(owner, "repository", "name")
    return Naming("repository")


def has_version(image: Mapping, naming: Naming) -> bool:
    """Whether `version` has the tag in `image: {name: cr.l5d.io/linkerd/proxy, version}`.

    Images of machines have names and versions too (`{name: gardenlinux, version}`).
    """
    name = said(image, naming.key) if naming.key else ""
    if not name or has_tag(name) or is_address(name) or not said(image, "version"):
        return False
    return naming.key == "repository" or bool(naming.folder) or _is_path(image, name)


def _is_path(image: Mapping, name: str) -> bool:
    return "/" in name or is_folder(said(image, "registry"))


def has_version_beside(owner: Mapping) -> bool:
    """Whether `version` has the tag in `{repository: nvcr.io/nvidia, image: driver, version}`."""
    if not said(owner, "version"):
        return False
    return any(is_folder(said(owner, key)) for key in ("repository", "registry"))


def _pair(mapping: Mapping, first: str, last: str) -> Naming:
    folder, name = said(mapping, first).rstrip("/"), said(mapping, last)
    if is_address(folder):
        return Naming(last)
    doubt = Naming(first, doubt=f"it is unclear whether `{last}` is part of the repository")
    if folder == name or folder.endswith(f"/{name}"):
        return Naming(first) if _depth(folder) > 1 else doubt
    if has_host(name):
        return Naming(last) if name.startswith(f"{folder}/") else doubt
    above = is_folder(folder) or said(mapping, "registry")
    if _HOST.fullmatch(folder) or (above and not last.lower().endswith("name")):
        return Naming(last, folder=first)
    return doubt


def _depth(name: str) -> int:
    """How many components a name has after its registry."""
    return name.count("/") + (0 if has_host(name) else 1)


def _below_folder(mapping: Mapping, found: Naming, folders: tuple[str, ...]) -> Naming:
    folder = next((key for key in folders if mapping.scalar(key) is not None), "")
    if not folder or found.doubt:
        return found
    text, name = said(mapping, folder).rstrip("/"), said(mapping, found.key)
    if has_host(name) or (text and name.startswith(f"{text}/")):
        return found
    if folder == "hub" and "/" in name:
        return found
    if found.folder or (folder == "hub" and not text):
        return Naming(found.key, doubt=f"it is unclear what `{folder}` adds to the repository")
    return Naming(found.key, folder=folder) if text else found


def other_digest(owner: Mapping, tag: str, own: str = "") -> str:
    """Why an image with a digest under another key than `own` is not edited, "" if it has none: the
    digest would still be that of the old tag. `tag` is the key of the tag or of the image."""
    stem = _TAG_ENDING.sub("", tag)
    for key in _digest_keys(owner).get(_subject(stem), ()):
        # Next to a whole image these may belong to something else, such as a download.
        if key != own and not (stem == "image" and key in _OF_ANYTHING):
            return f"its digest is in `{key}`, which imagebot does not write"
    return ""


def _digest_keys(owner: Mapping) -> dict[str, list[str]]:
    """The keys of a mapping that have digests, by the image they belong to.

    Searched once per mapping, which may have many images.
    """
    found: dict[str, list[str]] | None = getattr(owner, "digest_keys", None)
    if found is None:
        found = owner.digest_keys = {}
        for key, (_, node) in owner.items():
            if not is_scalar(node) or len(node.value) < _DIGEST_LENGTH:
                continue
            match = _DIGEST_KEY.match(key)
            if match is not None and _DIGEST.fullmatch(node.value.strip()):
                found.setdefault(_subject(match[1]), []).append(key)
    return found


def _subject(stem: str) -> str:
    """Which image a key belongs to; `image` and "" mean the same one."""
    return "" if stem == "image" else stem
