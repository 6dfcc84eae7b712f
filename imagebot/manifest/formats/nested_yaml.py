"""YAML inside the scalars of a document: ConfigMaps, `values: |`, patches; to any depth.

YAML in a literal block (`|`) is found and edited in place. YAML and JSON in quotes or folded
text are only listed: the position of a value in the file is unknown there.
"""

from __future__ import annotations

import re

from imagebot.manifest.formats.document import find_document
from imagebot.manifest.images.context import DocumentContext
from imagebot.manifest.images.field import Unread
from imagebot.manifest.images.findings import MAX_SLOW, FileFindings, NestedYaml
from imagebot.manifest.images.layers import Section
from imagebot.manifest.markers.written import may_have_markers
from imagebot.manifest.yaml.document_text import DocumentText, nested_text
from imagebot.manifest.yaml.events import YamlFaultError
from imagebot.manifest.yaml.file_text import FileText
from imagebot.manifest.yaml.tree import Mapping, Node, Sequence, build

# A line that could be a mapping's: scripts and configuration of other kinds rarely have a first
# line like it, and parsing them would only cost time.
_KEY_LINE = re.compile(
    r"""^[ \t]*(?:-[ ]+|[\[{][ \t]*)*(?:["'][^"'\n]+["'][ \t]*:|[\w./-]+[ ]*:(?:[ \r]|$))""",
    re.MULTILINE,
)
# A key that names an image, or the path of one in a JSON patch.
_MENTION = re.compile(
    r"""[iI]mage(?:Name)?\\*["']?[ \t]*:(?=[\s\\"'{\[]|$)|/[\w-]*[iI]mage(?![\w.:/])"""
)
_IMAGE_KEY = re.compile(
    r"""(?:^|[{,\[-])[ \t]*["']?[\w.]*[iI]mage(?:Name)?["']?[ \t]*:(?=[\s"'{\[]|$)""", re.MULTILINE
)
_MAX_DEPTH = 16
# Codes that a format has already listed a scalar with.
_LISTED = frozenset({"embedded", "template"})


def read(findings: FileFindings, hints: tuple[str, ...]) -> None:
    """Read the queued scalars, and those they queue in turn; each scalar once."""
    seen: set[tuple[int, int]] = set()
    listed = {each.line for each in findings.unread if each.code in _LISTED}
    too_deep: list[int] = []
    while findings.nested and not findings.is_full:
        part = findings.nested.pop()
        at = part.document_text.index(part.scalar.start_mark.index)
        if (at, part.depth) in seen or _line(part) in listed:
            continue
        seen.add((at, part.depth))
        is_layer = Section(part.document, part.keys) in findings.below
        if not is_layer and not _is_promising(part, hints, named=bool(findings.entries)):
            continue
        if part.depth > _MAX_DEPTH:
            too_deep.append(_line(part))
            continue
        document_text = (
            nested_text(part.document_text, part.scalar) if part.scalar.style == "|" else None
        )
        if document_text is not None:
            _read(findings, part, document_text, patient=len(seen) <= MAX_SLOW)
        elif _MENTION.search(part.scalar.value) is not None:
            _list(findings, part, hints, patient=len(seen) <= MAX_SLOW)
    if too_deep:
        reason = f"blocks within blocks are only read to a depth of {_MAX_DEPTH}"
        findings.unread.append(Unread(findings.path, min(too_deep), "too-deep", reason))


def _is_promising(part: NestedYaml, hints: tuple[str, ...], *, named: bool) -> bool:
    """Whether a scalar may name images, judged without parsing it; `named` says that configured
    fields may be in it."""
    value = part.scalar.value
    if part.scalar.style != "|":
        return _MENTION.search(value) is not None
    return (named or any(hint in value for hint in hints)) and _KEY_LINE.search(value) is not None


def _line(part: NestedYaml) -> int:
    return part.document_text.file.line(part.document_text.index(part.scalar.start_mark.index))


def _read(
    findings: FileFindings, part: NestedYaml, document_text: DocumentText, *, patient: bool
) -> None:
    try:
        roots: list[Node] = build(document_text.text, patient=patient)
    except YamlFaultError as fault:
        if _IMAGE_KEY.search(document_text.text) is not None:
            findings.unread.append(_broken(findings, part, document_text, fault))
        return
    for number, root in enumerate(roots):
        if isinstance(root, Mapping | Sequence):
            prefix = part.keys if len(roots) == 1 else (*part.keys, number)
            context = DocumentContext(
                findings, document_text, part.document, "helm", prefix, part.resource, part.depth
            )
            if findings.has_markers and may_have_markers(document_text.text):
                context.mark(root)
            find_document(context, root, "yaml")


def _broken(
    findings: FileFindings, part: NestedYaml, document_text: DocumentText, fault: YamlFaultError
) -> Unread:
    """The entry for a text that is not YAML; only values of a chart were surely meant as YAML."""
    line = document_text.line(fault.line)
    if "{{" in document_text.text:
        reason = "this block mentions an image and is a template, not YAML"
        return Unread(findings.path, line, "template", reason, True)
    is_values = part.keys[-2:] == ("helm", "values")
    reason = f"this block mentions an image and is not YAML: {fault.reason}"
    return Unread(findings.path, line, fault.code, reason, not is_values)


def _list(
    findings: FileFindings, part: NestedYaml, hints: tuple[str, ...], *, patient: bool
) -> None:
    """List a scalar that can be read but not edited, if there is an image in it."""
    file = FileText(part.scalar.value.encode("utf-8", "replace"))
    try:
        roots = build(file.text, patient=patient)
    except YamlFaultError:
        return
    inside = FileFindings(findings.path, findings.options, entries=findings.entries)
    for root in roots:
        if isinstance(root, Mapping | Sequence):
            context = DocumentContext(
                inside, DocumentText(file, file.text), 0, "helm", depth=part.depth
            )
            find_document(context, root, "yaml")
    read(inside, hints)
    deeper = [each.reason for each in inside.unread if each.code == "embedded"]
    if inside.candidates:
        shown = inside.candidates[0].field.reference
        reason = f"{shown} is in quotes or in folded text: only a literal block (`|`) is edited"
    elif deeper:
        reason = deeper[0]
    else:
        return
    findings.unread.append(Unread(findings.path, _line(part), "embedded", reason, True))
