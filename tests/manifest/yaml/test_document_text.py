from __future__ import annotations

import random

import pytest

from imagebot.manifest.yaml.document_text import split_documents
from imagebot.manifest.yaml.file_text import FileText


@pytest.mark.parametrize("text", ["abc\ndef", "é🚀\r\n\tx", "\ufeffa\n€", "a\rb\rc", ""])
def test_code_points_become_bytes_lines_and_columns(text: str) -> None:
    data = text.encode()
    file = FileText(data)
    own = text.removeprefix("\ufeff")
    newline = "\n" if "\n" in own or "\r" not in own else "\r"
    for index in [*range(len(own) + 1), *reversed(range(len(own) + 1))]:
        before = own[:index]
        assert file.byte(index) == len(data) - len(own[index:].encode())
        assert file.line(index) == before.count(newline) + 1
        assert file.column(index) == len(before.rpartition(newline)[2]) + 1


@pytest.mark.parametrize("length", [4_095, 4_096, 4_097, 8_192, 20_000])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_places_in_a_long_text_may_be_asked_in_any_order(length: int, bom: bytes) -> None:
    text = ("aé€🚀\n" + "x" * 700 + "\n") * (length // 500)
    text = text[:length]
    file = FileText(bom + text.encode())
    chance = random.Random(length)
    for index in [0, length, length - 1, *(chance.randrange(length + 1) for _ in range(300))]:
        before = text[:index]
        assert file.byte(index) == len(bom + before.encode())
        assert file.line(index) == before.count("\n") + 1
        assert file.column(index) == len(before.rpartition("\n")[2]) + 1


DOCUMENTS = {
    "one": ("a: 1\n", 1),
    "two": ("a: 1\n---\nb: 2\n", 2),
    "a leading marker": ("---\na: 1\n---\nb: 2\n", 2),
    "a comment before": ("# x\n---\na: 1\n", 2),
    "not a marker": ("a: 1\n---x: 2\n", 1),
    "indented": ("a: |\n  ---\n  b\n", 1),
    "directives keep them together": ("%YAML 1.2\n---\na: 1\n---\nb: 2\n", 1),
    "windows lines": ("a: 1\r\n---\r\nb: 2\r\n", 2),
    "a marker at the end": ("a: 1\n---", 2),
    "markers alone": ("---\n---\n---", 3),
    "a marker before a tab": ("a: 1\n---\tb: 2\n", 2),
    "more dashes": ("a: 1\n----\n---- \n", 1),
}


@pytest.mark.parametrize(("text", "count"), DOCUMENTS.values(), ids=DOCUMENTS.keys())
def test_documents_are_cut_before_their_markers(text: str, count: int) -> None:
    parts = list(split_documents(FileText(text.encode())))
    assert len(parts) == count
    assert "".join(part.text for part in parts) == text
    assert [text[part.base : part.base + len(part.text)] for part in parts] == [
        part.text for part in parts
    ]


@pytest.mark.parametrize("text", ["a\nbc\n\nd", "a\r\nbc\r\n", "a\rbc\rd", ""])
def test_lines_start_where_they_start(text: str) -> None:
    file = FileText(text.encode())
    lines = file.lines()
    newline = "\n" if "\n" in text or "\r" not in text else "\r"
    assert newline.join(lines) == text
    for number in [*range(1, len(lines) + 1), *range(len(lines), 0, -1)]:
        before = "".join(line + newline for line in lines[: number - 1])
        assert file.line_start(number) == len(before)
    assert file.line_start(len(lines) + 1) == len(text)
    assert file.line_start(1) == 0


def test_lines_of_a_big_file_may_be_asked_in_any_order() -> None:
    file = FileText(b"abc\n" * 50_000)
    for line in (50_000, 3, 49_999, 40_000, 1, 30_000, 20_001):
        assert file.line((line - 1) * 4) == line
        assert file.line((line - 1) * 4 + 3) == line
