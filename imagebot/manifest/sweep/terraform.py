"""Images and charts in Terraform, under keys that name none: `name = "nginx:1.25"`, `version`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from imagebot.errors import InvalidReferenceError
from imagebot.manifest.sweep.references import Found
from imagebot.manifest.sweep.text import SweptText
from imagebot.reference import is_tag, parse_reference

_ENDINGS = (".tf", ".tofu")
_BLOCK = (
    r"(?m)^(?:resource|data)[ \t]+\"(docker_image|docker_registry_image|helm_release)\""
    r"[ \t]+\"[^\"\n]*\"[ \t]*\{"
)
# A literal value of a block itself, perhaps all on one line; what is deeper in it is not read.
_VALUE = re.compile(
    r"(?:^[ \t]+|(?<=\{)[ \t]*)(name|repository|chart|version)[ \t]*=[ \t]*\"([^\"$\n]+)\"",
    re.MULTILINE,
)
# A value of a chart: `set { name = "image.tag"  value = "1.2.3" }`, and the default of a variable.
_SET = (
    r"\bname[ \t]*=[ \t]*\"[A-Za-z0-9_.\\-]*(?:[.][tT]ag|[iI]mage_?-?[tT]ag)\"[ \t]*,?\s*"
    r"value[ \t]*=[ \t]*\"([A-Za-z0-9_][A-Za-z0-9_.-]*)\""
    r"|(?m:^)variable[ \t]+\"(?:[a-z0-9_]*_)?(?:image_tag|image_version|docker_tag)\"[ \t]*\{"
    r"[^{}]*?"
    r"\bdefault[ \t]*=[ \t]*\"([A-Za-z0-9_][A-Za-z0-9_.-]*)\""
)
_SCHEME = "oci://"
# How much of a block is looked at.
_LONGEST = 4_096


def resources(swept: SweptText) -> Iterator[Found]:
    """The images of `docker_image` and `docker_registry_image`, and the versions of the OCI charts
    of `helm_release`, in their order."""
    if not swept.path.endswith(_ENDINGS):
        return
    for match in swept.words(_BLOCK):
        start = match.end()
        line = swept.text.find(swept.newline, start, start + _LONGEST)
        end = swept.text.find("}", start, max(line, start))
        if end < 0:
            end = swept.text.find("\n}", start, start + _LONGEST)
        found = _VALUE.finditer(swept.text, start, end if end >= 0 else start + _LONGEST)
        values = {each[1]: each for each in reversed(list(found))}
        key, find = ("version", _chart) if match.group(1) == b"helm_release" else ("name", _image)
        if key in values and (one := find(values)) is not None:
            yield one


def settings(swept: SweptText) -> Iterator[Found]:
    """The tags in the `set` of `helm_release`, and in the defaults of variables, in their order."""
    if not swept.path.endswith(_ENDINGS):
        return
    for match in swept.words(_SET):
        start, end = match.span(1) if match.start(1) >= 0 else match.span(2)
        value = swept.text[start:end]
        if is_tag(value):
            yield Found(start, end, value, "", value, whole=False)


def _image(values: dict[str, re.Match[str]]) -> Found | None:
    text = values["name"][2]
    try:
        reference = parse_reference(text)
    except InvalidReferenceError:
        return None
    if reference.tag is None and reference.digest is None:
        return None
    start, end = values["name"].span(2)
    return Found(start, end, text, reference.name, reference.tag, reference.digest)


def _chart(values: dict[str, re.Match[str]]) -> Found | None:
    said = {key: match[2] for key, match in values.items()}
    name, version = said.get("chart", ""), said["version"]
    if not name.startswith(_SCHEME):
        name = f"{said.get('repository', '').rstrip('/')}/{name}"
    if not name.startswith(_SCHEME) or name.endswith("/") or not is_tag(version):
        return None
    start, end = values["version"].span(2)
    return Found(start, end, version, name.removeprefix(_SCHEME), version, whole=False)
