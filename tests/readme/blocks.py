"""The fenced blocks of a Markdown text, each with the place and the words that lead to it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

PROMPT = "$ "


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: `text` without the indentation of the list that it stands in.

    `line` is the number of its first line; `heading` the nearest above it; `before` the prose
    between it and whatever block or heading comes before.
    """

    language: str
    text: str
    line: int
    heading: str
    before: str


@dataclass(frozen=True, slots=True)
class Call:
    """A command of a `console` block, and the output shown beneath it ("" when none is)."""

    heading: str
    command: str
    shown: str
    line: int


def blocks(markdown: str) -> Iterator[Block]:
    """In their order. Raises ValueError for one that does not end."""
    heading = ""
    prose: list[str] = []
    lines = iter(enumerate(markdown.splitlines(), 1))
    for number, line in lines:
        opened = re.fullmatch(r"( *)```(\w*)", line)
        if opened:
            text = _until(lines, f"{opened[1]}```", number).removesuffix("\n")
            text = re.sub(rf"(?m)^{opened[1]}", "", text) + "\n"
            yield Block(opened[2], text, number + 1, heading, "\n".join(prose).strip())
            prose = []
        elif line.startswith("#"):
            heading, prose = line.lstrip("# "), []
        else:
            prose.append(line)


def _until(lines: Iterator[tuple[int, str]], end: str, start: int) -> str:
    text = ""
    for _, line in lines:
        if line == end:
            return text
        text += f"{line}\n"
    raise ValueError(f"the block of line {start} does not end")


def calls(block: Block) -> Iterator[Call]:
    """The commands of a `console` block; one goes on after a line that ends in a backslash."""
    parts = re.split(rf"(?m)^{re.escape(PROMPT)}", block.text)
    if parts[0]:
        raise ValueError(f"line {block.line}: output without a command")
    line = block.line
    for part in parts[1:]:
        command = re.match(r"(?:.*\\\n)*.*", part)
        assert command is not None
        yield Call(block.heading, command[0], part[command.end() + 1 :], line)
        line += part.count("\n")


def prose(markdown: str) -> str:
    """The text without its fenced blocks."""
    return re.sub(r"(?ms)^( *)```\w*\n.*?^\1```$", "", markdown)


def code_spans(text: str) -> list[str]:
    """What stands between backticks, with line ends as spaces."""
    return [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", text)]


def rows(markdown: str, head: str) -> list[tuple[str, ...]]:
    """The cells of the table with this first cell in its head; `\\|` is a bar within a cell."""
    table = re.search(rf"(?m)^\| {re.escape(head)} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", markdown)
    if table is None:
        raise ValueError(f"there is no table {head!r}")
    return [
        tuple(cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1])
        for line in table[1].splitlines()
    ]
