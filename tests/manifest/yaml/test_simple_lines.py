from __future__ import annotations

import random

import pytest

from imagebot.manifest.yaml.plain_lines import lines
from imagebot.manifest.yaml.simple_lines import are_simple
from tests.manifest.yaml.test_plain_lines import NOT_PLAIN_LINES

PIECES = (
    *(" ", "  ", "- ", "-", "a", "b:", "key: ", "key:", ": ", ":", "#", " #", " # c", "# c"),
    *("'", '"', "''", "\\", '\\"', '"a"', "'b'", "{", "}", "[", "]", "{{", "[a]", "{a: b}"),
    *("&a", "&a ", "*a", "*", "|", ">", "!", "%", "@", "`", ",", "?", "? ", "~", "<<: ", "$", "="),
    *("x/y", ".", "...", "---", "\t", "\x0b", "\x1f", "\xa0", "é"),
)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a: b\n",
        "a:\n  - b: 'it''s' # c\n\n    # d\n  - - e\n",
        'a: "\\"" # c\n',
        "a: {b: [c, 'd}']}\n",
        "- &b c\na: &b\nb: *b\n",
        "a: http://b#c:d :e\n",
        "a: -1\nb: ?c\n",
    ],
)
def test_simple_lines(text: str) -> None:
    assert are_simple(text)


@pytest.mark.parametrize("line", [*NOT_PLAIN_LINES, "a: |\n", "- >-\n", "a: é\n", "a: b"])
def test_lines_that_are_not(line: str) -> None:
    assert not are_simple(line)
    assert not are_simple(f"a: b\n{line}c: d\n") or not line.endswith("\n")


def test_what_is_simple_is_plain() -> None:
    plain = lines(last=True, simple=False)
    chance = random.Random(1)
    simple = 0
    for _ in range(30_000):
        line = "".join(chance.choices(PIECES, k=chance.randrange(9))) + "\n"
        if not are_simple(line):
            continue
        simple += 1
        match = plain.match(line)
        assert match is not None, line
        assert match.end() == len(line), line
        assert match["block"] is match["text"] is None, line
    assert simple > 5_000
