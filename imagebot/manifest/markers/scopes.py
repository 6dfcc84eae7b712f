"""The blocks that a marker applies to if it is alone on its line or where a block begins."""

from __future__ import annotations

import re
from collections.abc import Collection

from imagebot.manifest.yaml.file_text import FileText

# Neither a space nor the dash of an item.
_CONTENT = re.compile(r"[^ -]|-(?! )")
_NO_BLOCK = ("#", "---", "...")


def begins_item(before: str) -> bool:
    """Whether a list item begins on a line; `before` is the part of it before a comment."""
    return before.lstrip(" ").startswith("- ")


def ends_in_key(before: str) -> bool:
    """Whether the value of a key is on the lines below; an anchor, a tag or the sign of a block
    scalar may follow the key."""
    if "{" in before or "[" in before:
        return False
    words = before.split()
    while words and words[-1].startswith(("&", "!", "|", ">")):
        words.pop()
    return bool(words) and words[-1].endswith(":")


def blocks(file: FileText, starts: Collection[int], *, of_keys: bool = False) -> dict[int, range]:
    """The lines of the blocks that begin on the lines `starts`, the first line being 1.

    A block goes on as long as lines are indented more than its first one; the items of a list may
    be at the column of its key. Blank lines and comments never end a block and never begin one.
    Where a line begins an item with a key, the block is the item's, or with `of_keys` the key's.
    """
    if not starts:
        return {}
    lines = file.lines()
    found: dict[int, range] = {}
    # Indentation, whether it is a list item, and first line of the blocks that are open.
    opened: list[tuple[int, bool, int]] = []
    last = 0
    for number in range(min(starts), len(lines) + 1):
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
            column = _dashes(line) if of_keys else indent
            opened.append((column, is_item and not of_keys, number))
        last = number
    found |= {first: range(first, last + 1) for _, _, first in opened}
    return found


def _goes_on(block: tuple[int, bool, int], indent: int, *, is_item: bool) -> bool:
    own, begins_with_item, _ = block
    return indent > own or (indent == own and is_item and not begins_with_item)


def _dashes(line: str) -> int:
    """The column (from 0) of the text after the dashes of items."""
    content = _CONTENT.search(line)
    return content.start() if content is not None else len(line)
