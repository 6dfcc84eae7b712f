"""Applies edits to the bytes of a file, and proves them document by document."""

from __future__ import annotations

import itertools
from dataclasses import replace

from imagebot.errors import RefusedEditError
from imagebot.manifest.formats.select import path_kind
from imagebot.manifest.yaml.document_text import split_documents
from imagebot.manifest.yaml.edits import Edit
from imagebot.manifest.yaml.events import YamlFaultError
from imagebot.manifest.yaml.file_text import BOM, FileText
from imagebot.manifest.yaml.proof import ProofError, prove


def ordered(path: str, byte_edits: list[Edit]) -> list[Edit]:
    """In order of position, without duplicates; a tag before a digest at the same position.

    Raises RefusedEditError for two that change the same text.
    """
    unique = list(dict.fromkeys(byte_edits))
    unique.sort(key=lambda edit: (edit.start, edit.end))
    for before, after in itertools.pairwise(unique):
        same_place = before.start == after.start and before.end == after.end
        if after.start < before.end or (same_place and before.new[:1] == after.new[:1]):
            raise RefusedEditError(
                path,
                after.line,
                "two edits change the same text",
                hint="give all fields that share a text the same value",
            )
    return unique


def applied(data: bytes, byte_edits: list[Edit]) -> bytes:
    """The file with the edits made; they are in order and do not overlap."""
    parts: list[bytes] = []
    at = 0
    for edit in byte_edits:
        parts += [data[at : edit.start], edit.new.encode()]
        at = edit.end
    parts.append(data[at:])
    return b"".join(parts)


def prove_file(
    path: str, data: bytes, new: bytes, byte_edits: list[Edit], *, valid: bool = False
) -> None:
    """Prove that `new` is `data` with these edits and otherwise says the same.

    `valid` says that the documents of `data` that are edited are known to be YAML to their ends.
    Raises RefusedEditError.
    """
    try:
        old_file, new_file = FileText(data), FileText(new)
    except UnicodeDecodeError as error:
        raise RefusedEditError(path, 0, "not UTF-8") from error
    in_text = _in_code_points(data, byte_edits)
    old_parts = list(split_documents(old_file))
    shift = position = 0
    for part in old_parts:
        end = part.base + len(part.text)
        own = []
        while position < len(in_text) and (in_text[position].end < end or part is old_parts[-1]):
            own.append(in_text[position])
            position += 1
        if not own:
            continue
        as_text = all(edit.as_text for edit in byte_edits[position - len(own) : position])
        grown = sum(edit.growth for edit in own)
        new_text = new_file.text[part.base + shift : end + shift + grown]
        shift += grown
        local = [edit.moved(-part.base) for edit in own]
        try:
            if not (as_text and _is_proven_as_text(path, part.text, new_text)):
                prove(part.text, new_text, local, valid=valid)
        except (ProofError, YamlFaultError) as error:
            line = byte_edits[position - len(own)].line
            raise RefusedEditError(
                path,
                line,
                f"cannot be edited exactly: {error}",
                hint="write the reference as a plain or quoted scalar on one line",
            ) from error


def _is_proven_as_text(path: str, old: str, new: str) -> bool:
    """Whether an edit of something read as text leaves all YAML values alone: the document is not
    YAML but a template (even if it can be parsed), or only its comments change."""
    if path_kind(path) in ("", "text") or "{{" in old:
        return True
    try:
        prove(old, old, [])
    except (ProofError, YamlFaultError):
        return True
    try:
        prove(old, new, [])
    except (ProofError, YamlFaultError):
        return False
    return True


def _in_code_points(data: bytes, byte_edits: list[Edit]) -> list[Edit]:
    """The edits in code points of the text without its byte order mark."""
    bom = len(BOM) if data.startswith(BOM) else 0
    ascii_only = data.isascii()
    in_text: list[Edit] = []
    at, index = bom, 0
    for edit in byte_edits:
        if ascii_only:
            start, end = edit.start, edit.end
        else:
            start = index + len(data[at : edit.start].decode())
            end = start + len(data[edit.start : edit.end].decode())
            at, index = edit.end, end
        in_text.append(replace(edit, start=start, end=end))
    return in_text
