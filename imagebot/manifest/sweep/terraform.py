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
# A literal value of a block itself; what is deeper in it is indented further, or is not read.
_VALUE = re.compile(
    r"^[ \t]+(name|repository|chart|version)[ \t]*=[ \t]*\"([^\"$\n]+)\"", re.MULTILINE
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
        end = swept.text.find("\n}", start, start + _LONGEST)
        found = _VALUE.finditer(swept.text, start, end if end >= 0 else start + _LONGEST)
        values = {each[1]: each for each in reversed(list(found))}
        key, find = ("version", _chart) if match.group(1) == b"helm_release" else ("name", _image)
        if key in values and (one := find(values)) is not None:
            yield one


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
