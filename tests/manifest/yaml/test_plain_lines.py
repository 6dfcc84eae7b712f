from __future__ import annotations

import pytest

from imagebot.manifest.yaml.plain_lines import (
    TELLING_LINE,
    below,
    end_of_block,
    is_telling,
    lines,
    telling_lines,
)

NOT_PLAIN_LINES = (
    "a: [\n",
    "a: b: c\n",
    'a: "b\n',
    "a: 'b' c\n",
    "a: !b c\n",
    "? a\n",
    "{a: b}: c\n",
    "a: @b\n",
    "a: {b: [c, 'd}]}\n",
    "<<: *a\n",
    "'a': b\n",
    # What would be plain if a part of it were given back.
    "a: &b#c\n",
    "a: *b#c\n",
    "- &bc\n",
    'a: "b\\"\n',
    "a: 'b''\n",
    "a: b #c\nd: e: f\n",
    "a: {b}#c\n",
    "a: {{b}\n",
)


@pytest.mark.parametrize(
    ("text", "telling"),
    [
        ("a: b\n", []),
        ("a: b\nimage: c:1\n", [2]),
        ("image: c:1\nimage: c:1", [1, 2]),
        ("image: tag\n", [1]),
        ("imagePullPolicy: Always\n", []),
        ("- {imagePullPolicy: Always, image: c:1}\n", [1]),
        ("imagePullPolicy: Always # of the image\n", [1]),
        ("a: &imagePullPolicy\n  newTag: 1\n  url: oci://a/b\n", [2, 3]),
    ],
)
def test_lines_that_tell(text: str, telling: list[int]) -> None:
    starts = [0, *(at + 1 for at, letter in enumerate(text) if letter == "\n")]
    assert telling_lines(text) == [starts[line - 1] for line in telling]


@pytest.mark.parametrize("key", ["image", "initImage", "tag", "imageTag", "repository", "digest"])
def test_keys_that_tell(key: str) -> None:
    assert is_telling(key)


@pytest.mark.parametrize("key", ["name", "replicas", "ports"])
def test_keys_that_do_not(key: str) -> None:
    assert not is_telling(key)


@pytest.mark.parametrize(
    "line",
    [
        "a: b\n",
        "  - a: b # c\n",
        "a: 'it''s' # c\n",
        'a: "\\"" # c\n',
        "a: {b: [c, 'd}']}\n",
        "a: &b c\n",
        "a: *b\n",
        "a:\n",
        "# a: [\n",
        "\n",
        "  a: http://b#c\n",
        "a: &b\n",
        "a: &b #c\n",
        "- &b c\n",
        "a: {b} 'c' }\n",
        'a: "\\\\" \n',
        "a: [b] # c]\n",
    ],
)
def test_lines_that_are_plain(line: str) -> None:
    match = lines(last=True, simple=False).match(line)
    assert match is not None
    assert match.end() == len(line)


@pytest.mark.parametrize("line", NOT_PLAIN_LINES)
def test_lines_that_are_not(line: str) -> None:
    match = lines(last=True, simple=False).match(line)
    assert match is None or match.end() < len(line)


@pytest.mark.parametrize(
    ("line", "key", "value"),
    [
        ("image: a:1\n", "image", "a:1"),
        ("  - image: 'a:1' # b\n", "image", "'a:1' "),
        ("- a:1", None, None),
        ("image:\n", "image", None),
        ("imagePullSecrets: [{name: a}]\n", "imagePullSecrets", "[{name: a}]"),
    ],
)
def test_a_line_that_tells_has_parts(line: str, key: str | None, value: str | None) -> None:
    match = TELLING_LINE.fullmatch(line)
    assert match is not None
    assert (match["key"], match["value"]) == (key, value)


@pytest.mark.parametrize(
    "line",
    [
        "image: {a: b}\n",
        "imagePullSecrets: [{image: a}]\n",
        "image: |\n",
        "image: &a b\n",
        'image: "a\\"b"\n',
        "image: *a\n",
    ],
)
def test_a_line_that_tells_too_much_is_parsed(line: str) -> None:
    assert TELLING_LINE.fullmatch(line) is None


@pytest.mark.parametrize(
    ("text", "column", "rest"),
    [
        ("a: |\n  b\n\n  c\nd: e\n", 0, "d: e\n"),
        ("  a: |\n    b\n  d: e\n", 2, "  d: e\n"),
        ("- |\n  b\n- c\n", 0, "- c\n"),
    ],
)
def test_a_block_ends_where_less_is_indented(text: str, column: int, rest: str) -> None:
    match = end_of_block(column).search(text)
    assert match is not None
    assert text[match.end() :] == rest


@pytest.mark.parametrize(
    ("text", "indent", "dash"),
    [
        ("a: b\n", "", None),
        ("\n  # x\n\n  - a\n", "  ", "- "),
        ("  -\n    a\n", "  ", None),
        ("  -a\n", "  ", None),
        ("# x\n" * 3_000 + " a", " ", None),
        # A comment is not looked at again where nothing comes after it.
        ("  # x\n", None, None),
        ("\n\n   ", None, None),
    ],
)
def test_what_is_below(text: str, indent: str | None, dash: str | None) -> None:
    match = below(text, 0)
    assert (match and match["indent"], match and match["dash"]) == (indent, dash)


@pytest.mark.parametrize(
    ("text", "stepped_over"),
    [
        ("  a:\n    b: c\n\n    d: e\n", 4),
        ("  a:\n    b: c\n\n    d: 'e\n", 0),
        ("  a:\n    b: c\n\n  - d: 'e\n", 0),
        ("  a:\n    b: c\n\n  d: 'e\n", 3),
        ("  a:\n  - b\n  c: d\n", 3),
    ],
)
def test_what_is_nested_is_stepped_over_as_a_whole(text: str, stepped_over: int) -> None:
    """No line of it is given back, nor a blank one before a line that is not plain."""
    match = lines(last=True, simple=False).match(text)
    assert match is not None
    end = match.end() if match["lead"] is None else match.start("lead")
    assert text.count("\n", 0, end) == stepped_over


def test_what_is_nested_may_end_a_document_only_where_no_telling_line_follows() -> None:
    for text in ("  a:\n    b: c\n", "  a:\n    b: c\n # x\n\n"):
        match = lines(last=False, simple=False).match(text)
        assert match is not None
        assert match["key"] == "a"
