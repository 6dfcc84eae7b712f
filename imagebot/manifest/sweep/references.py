"""Finds whole references in a text: `ghcr.io/acme/api:1.4.2`, `app@sha256:…`, `image: web:1`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from imagebot.errors import InvalidReferenceError
from imagebot.manifest.sweep.pairs import is_value_of_image
from imagebot.manifest.sweep.services import is_of_service, is_of_step
from imagebot.manifest.sweep.text import SweptText, compiled
from imagebot.reference import Reference, parse_reference
from imagebot.values import dataclass

_WORD = (
    r"(?:[A-Za-z0-9][A-Za-z0-9.-]*:[0-9]{1,5}/)?[A-Za-z0-9_][A-Za-z0-9_./-]*"
    r"(?::[A-Za-z0-9_][A-Za-z0-9_.-]*(?:@sha(?:256|512):[0-9a-f]+)?|@sha(?:256|512):[0-9a-f]+)"
)
_SCHEMES = ("docker://", "oci://", "docker-image://", "containerd://")
_SCHEME_BYTES = tuple(each.encode() for each in _SCHEMES)
# Before a whole word; after another character it is part of something else.
_STARTS = frozenset(" \t\r\n\"'`=,;([{|<")
_ENDS = frozenset(" \t\r\n\"'`,;)]}|>\\&!?")
# A tag of any image, as opposed to the value of a key: `1.4`, `v2`, `17-alpine`, `main-4f2a9c1`.
_VERSION = re.compile(
    r"v?[0-9]+(?:$|[._-])|(?:.*[._-])?v?[0-9]+\.[0-9]|.*(?<![0-9a-z])[0-9a-f]{7,40}$"
    r"|(?:latest|stable|edge|nightly|main|master|develop)(?:-.*)?$"
)
_NUMBER = re.compile(r"[0-9]+")
# Of a major version, as opposed to a port.
_LONGEST_NUMBER = 2
_ADDRESS = re.compile(r"[0-9.]+|localhost")
_HOST = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?::[0-9]+)?|localhost(?::[0-9]+)?")
_CODE_HOSTS = frozenset({"github.com", "gitlab.com", "bitbucket.org", "codeberg.org"})
# Labels and annotations have such a prefix, and no registry has such a name.
_LABELS = ("kubernetes.io",)
_MIME = frozenset(
    {"application", "audio", "font", "image", "message", "multipart", "text", "video"}
)
# What may follow the path of a volume.
_MODES = frozenset({"ro", "rw", "z", "Z", "cached", "delegated", "consistent", "exec", "noexec"})
_ALGORITHMS = frozenset({"sha256", "sha512", "sha1", "md5"})
_FOR_IMAGE = (
    r"(?:(?i:image|img|container)[\w.\[\]/-]*[\"']?[ \t]*(?::=|=>|[:=(,])[ \t]*"
    r"(?:\[(?:[^\[\]{}]*,)?[ \t]*)?[\"'\[{]*$)"
    r"|(?:--[\w-]*(?i:image)[ =][\"']?$)"
    r"|(?:^[ \t]*(?i:FROM)[ \t]+(?:--[\w=/.$-]+[ \t]+)*[\"']?$)"
    r"|(?:[ \t]--(?:mount=(?:[\w=/.$-]+,)*)?from=[\"']?$)"
    r"|(?:^#[ \t]*syntax[ \t]*=[ \t]*$)"
    r"|(?:\b(?:docker|podman|nerdctl|crictl)[ \t]+(?:image[ \t]+)?(?:run|pull|create)\b)"
    r"|(?:\b(?:crane|skopeo|regctl|oras)[ \t]+(?:image[ \t]+)?(?:copy|cp|pull|inspect|digest)\b)"
    r"|(?:\bset[ \t]+image[ \t][^|;&]*=[\"']?$)"
)
# Of a pipeline of Jenkins: `image 'maven:3.9'`, `agent { docker 'node:20' }`.
_FOR_PIPELINE = r"(?:^|[ \t{;])(?:image|docker)[ \t]*\(?[\"']$"
_PIPELINES = ("jenkinsfile", ".groovy", ".jenkins")
_BUILD = (
    r"\b(?:docker|podman|buildah|nerdctl|kaniko|crane|skopeo|kind|k3d|minikube)[ \t]+"
    r"(?:(?:image|images|buildx|compose)[ \t]+)?"
    r"(?:build|bake|push|tag|save|load|import|rmi|manifest)\b"
    r"|(?:^|[ \t\"'])(?:-t|--tag|--destination|--cache-from|--cache-to|cache-from|cache-to"
    r"|destination|tags|ref|image_templates)[ \t:=\"']"
)


@dataclass(frozen=True, slots=True)
class Found:
    """A reference or a tag in a text, from `start` to `end`; `name` is "" if that is not known."""

    start: int
    end: int
    text: str
    name: str
    tag: str | None
    digest: str | None = None
    whole: bool = True


def references(swept: SweptText) -> Iterator[Found]:
    """The references of a text, in their order, those in comments included."""
    for match in swept.words(_WORD):
        start, end = match.span()
        if end < len(swept.text) and swept.text[end] not in _ENDS:
            continue
        # A full stop may end a sentence.
        word = swept.text[start:end].rstrip(".-_/")
        found = _reference(word)
        if found is None:
            continue
        end = start + len(word)
        if _is_start(swept.text, start):
            if _is_image(swept, start, found):
                yield Found(start, end, word, found.name, found.tag, found.digest)
        elif _is_behind_variable(swept.text, start, found.name) and _is_release(found):
            tag = found.digest or found.tag or ""
            at = end - len(tag)
            yield Found(at, end, tag, "", found.tag, found.digest, whole=False)


def _is_start(text: str, at: int) -> bool:
    if at == 0 or text[at - 1] in _STARTS:
        return True
    return text[max(0, at - 20) : at].endswith(_SCHEMES)


def _is_behind_variable(text: str, at: int, name: str) -> bool:
    """Whether the registry of a name is filled in: `${REGISTRY}/app:1.4`, `$registry/app:1.4`."""
    before = text[max(0, at - 2) : at]
    return (before[-1:] == "$" and "/" in name) or before in ("}/", ")/", ">/", "%/")


def _is_release(found: Reference) -> bool:
    if found.digest is not None:
        return True
    return not _NUMBER.fullmatch(found.tag or "") and _VERSION.match(found.tag or "") is not None


def _reference(word: str) -> Reference | None:
    try:
        reference = parse_reference(word)
    except InvalidReferenceError:
        return None
    return None if reference.tag is None and reference.digest is None else reference


def _is_image(swept: SweptText, start: int, found: Reference) -> bool:
    """Whether a reference is about an image, and not a port, a time, a volume or a key."""
    first, slash, _ = found.name.partition("/")
    if found.name in _ALGORITHMS or _ADDRESS.fullmatch(found.name) or first in _CODE_HOSTS:
        return False
    before = swept.before(start)
    if first.endswith(_LABELS) or compiled(_BUILD).search(before):
        return False
    if found.digest is not None or before.endswith(_SCHEME_BYTES):
        return True
    tag = found.tag or ""
    if compiled(_FOR_IMAGE).search(before):
        return slash != "" or not (_HOST.fullmatch(found.name) and _NUMBER.fullmatch(tag))
    if is_of_step(swept, before) or _is_of_pipeline(swept.path, before):
        return True
    if is_value_of_image(swept, before, start):
        return slash != "" or not (_HOST.fullmatch(found.name) and _NUMBER.fullmatch(tag))
    if not slash and is_of_service(swept, before, start):
        # Longer numbers are ports.
        return _is_release(found) or len(tag) <= _LONGEST_NUMBER
    if not slash or first in _MIME or tag in _MODES:
        return False
    return _HOST.fullmatch(first) is not None or _is_release(found)


def _is_of_pipeline(path: str, before: bytes) -> bool:
    name = path.rpartition("/")[2].lower()
    is_one = name.startswith(_PIPELINES[0]) or name.endswith(_PIPELINES)
    return is_one and compiled(_FOR_PIPELINE).search(before) is not None
