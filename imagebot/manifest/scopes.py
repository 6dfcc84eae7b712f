"""What a marker that stands alone governs: the block that begins on the line below it."""

from __future__ import annotations

from collections.abc import Collection

from imagebot.manifest.source import FileText

_NO_BLOCK = ("#", "---", "...")


def blocks(file: FileText, starts: Collection[int]) -> dict[int, range]:
    """The lines of the blocks that begin on the lines `starts`, the first line being 1.

    A block goes on as long as lines are indented more than its first one; the items of a list may
    stand at the column of its key. Blank lines and comments never end a block and never begin one.
    """
    lines = file.lines()
    found: dict[int, range] = {}
    # Indentation, whether it is a list item, and first line of the blocks that are open.
    opened: list[tuple[int, bool, int]] = []
    last = 0
    for number in range(min(starts, default=1), len(lines) + 1):
        line = lines[number - 1]
        content = line.lstrip(" ")
        if not content.strip() or content.startswith("#"):
            continue
        indent = len(line) - len(content)
        is_item = content.startswith("-") and content[1:2].strip() == ""
        while opened and not _goes_on(opened[-1], indent, is_item=is_item):
            first = opened.pop()[2]
            found[first] = range(first, last + 1)
        if number in starts and not content.startswith(_NO_BLOCK):
            opened.append((indent, is_item, number))
        last = number
    found |= {first: range(first, last + 1) for _, _, first in opened}
    return found


def _goes_on(block: tuple[int, bool, int], indent: int, *, is_item: bool) -> bool:
    own, begins_with_item, _ = block
    return indent > own or (indent == own and is_item and not begins_with_item)
