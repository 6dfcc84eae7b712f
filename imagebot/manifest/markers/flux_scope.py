"""The lines that a Flux marker, which Flux does not obey, may be meant for."""

from __future__ import annotations

from collections.abc import Sequence

from imagebot.manifest.markers.flux_comment import FluxComment
from imagebot.manifest.markers.scopes import blocks, ends_in_key
from imagebot.manifest.yaml.file_text import FileText


def meant_lines(file: FileText, comments: Sequence[FluxComment]) -> dict[int, int]:
    """The lines that each marker may be meant for, with the line of the (last) marker.

    These are its own line; the block that begins there if only a key is before it; and the block
    below if nothing is before it.
    """
    following = _following(file)
    starts: dict[int, int] = {}
    meant: dict[int, int] = {}
    for comment in comments:
        meant[comment.line] = comment.line
        if comment.alone and comment.line < len(following):
            starts[following[comment.line]] = comment.line
        elif _opens_block(file, comment):
            starts[comment.line] = comment.line
    for first, lines in blocks(file, starts).items():
        for line in lines:
            meant[line] = starts[first]
    return meant


def _opens_block(file: FileText, comment: FluxComment) -> bool:
    before = file.text[file.start_of_line(comment.at) : comment.at]
    return ends_in_key(before) or not before.strip(" -")


def _following(file: FileText) -> list[int]:
    """For each line (index 0 is line 1) the number of the next line with content, which may be the
    line itself."""
    lines = file.lines()
    following = [0] * len(lines)
    number = 0
    for at in range(len(lines) - 1, -1, -1):
        content = lines[at].strip()
        if content and not content.startswith("#"):
            number = at + 1
        following[at] = number
    return following
