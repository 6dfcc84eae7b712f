from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any
from unittest import mock

import pytest

from imagebot.manifest import scan as scan_module
from imagebot.manifest.scan import scan
from imagebot.manifest.yaml import events as events_module
from imagebot.manifest.yaml.events import (
    MAX_PURE_BYTES,
    YamlFaultError,
    events,
    has_c_parser,
    is_accepted,
    with_events,
)
from tests.manifest.test_golden import CASES, load, options_of


def values(stream: Any, engine: str) -> tuple[str, list[str]]:
    return engine, [event.value for event in stream if hasattr(event, "value")]


@contextmanager
def without_libyaml() -> Iterator[None]:
    with (
        mock.patch.object(events_module, "has_c_parser", return_value=False),
        mock.patch.object(scan_module, "has_c_parser", return_value=False),
    ):
        yield


def test_the_c_parser_comes_first() -> None:
    assert has_c_parser()
    assert with_events("a: b\n", values) == ("c", ["a", "b"])


@pytest.mark.parametrize(
    "value", ["nginx:1.25", "http://x", "a?b", "http://x?y=1", "a?b:c", "80:80", ":80", "::1"]
)
@pytest.mark.parametrize("brackets", ["[%s]", "{image: x, %s}", "[x, %s]"])
def test_what_libyaml_wrongly_refuses_is_read_by_the_other_parser(
    value: str, brackets: str
) -> None:
    if value.startswith(":") and "{" in brackets:
        brackets = "{image: x, y: [%s]}"
    text = f"a:\n  {brackets % value}\n"
    assert not is_accepted(text)
    engine, found = with_events(text, values)
    assert engine == "pure"
    assert value in found


@pytest.mark.parametrize(
    "text", ["a: {{ b ? c : d }}\n", "a: [b\n", "a: \0\n", "a: [@b]\n", "a: {b: - c}\n"]
)
def test_what_is_broken_for_all_is_not_read_twice(text: str) -> None:
    with (
        mock.patch.object(events_module, "_consume_pure", side_effect=AssertionError),
        pytest.raises(YamlFaultError),
    ):
        with_events(text, values)


def test_without_libyaml_the_other_parser_does_it_all() -> None:
    with without_libyaml():
        assert with_events("a: b\n", values) == ("pure", ["a", "b"])
        with pytest.raises(YamlFaultError, match="too large without the C parser"):
            with_events("a: b\n" * (MAX_PURE_BYTES // 4), values)


def test_both_parsers_place_every_golden_scalar_alike() -> None:
    """But for empty ones, which ruamel.yaml's own parser puts elsewhere."""

    def spans(engine: Any, text: str) -> list[tuple[str, int, int]]:
        found = [event for event in events(text, engine) if getattr(event, "value", "")]
        return [(e.value, e.start_mark.index, e.end_mark.index) for e in found]

    compared = 0
    for case in CASES:
        _, data = load(case)
        text = data.decode("utf-8-sig", "replace")
        if is_accepted(text) and "\t" not in text:
            assert spans("c", text) == spans("pure", text), case.name
            compared += 1
    assert compared > 40


def test_a_scan_without_libyaml_finds_the_same() -> None:
    """But for tabs before the end of a line, which only libyaml takes."""
    for case in CASES:
        meta, data = load(case)
        if b"\t" in data:
            continue
        with_c = scan(meta["path"], data, options_of(meta))
        with without_libyaml():
            without = scan(meta["path"], data, options_of(meta))
        assert without.fields == with_c.fields, case.name


# As docs/manifests.md says it.
ONLY_WITH_LIBYAML = {
    "a tab before a comment": (b"image: a:1\t# c\n", "not-yaml"),
    "a tab at the end of a line": (b"image: 'a:1'\t\n", "not-yaml"),
    "a tab behind a colon": (b"image:\ta:1\n", "not-yaml"),
    "a document of more than 1 MiB": (b"image: a:1\n" + b"#" * MAX_PURE_BYTES, "too-big"),
}


@pytest.mark.parametrize(("data", "code"), ONLY_WITH_LIBYAML.values(), ids=ONLY_WITH_LIBYAML.keys())
def test_what_only_libyaml_reads_is_said_without_it(data: bytes, code: str) -> None:
    assert len(scan("a.yaml", data).fields) == 1
    rest = b"\n---\nimage: b:2 # \tc\n" + b"# much text\n" * 50_000
    with without_libyaml():
        found = scan("a.yaml", data + rest)
    assert [(each.code, each.expected) for each in found.unread] == [(code, False)]
    # Each document is read by itself, however large the file is.
    assert [str(field.reference) for field in found.fields] == ["b:2"]


@pytest.mark.parametrize(
    "text", ["a: [", "a: 'b", "\ta: b", "a: b: c", "- a\nb: c", "%YAML x\n---"]
)
def test_a_fault_has_a_code_and_a_line(text: str) -> None:
    with pytest.raises(YamlFaultError) as fault:
        with_events(text, values)
    assert fault.value.code == "not-yaml"
    assert fault.value.line >= 1


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("\0", 1),
        ("a: b\n\0", 2),
        ("a: é😀\nb: c\r\nx: \x07\n", 3),
        ("a: \x85\n\u2028 x\r\rb\x1b", 6),
        ("# é\n" * 5_000 + "x: \x7f", 5_001),
        ('{"a": "\\ud83d\\ude80",\n"b": "\x01"}', 2),
        ("a: \ufffe\n", 1),
    ],
)
@pytest.mark.parametrize("has_c", [True, False])
def test_a_character_that_is_not_allowed_has_a_line(text: str, line: int, has_c: bool) -> None:
    """As parsers count them, who know more line breaks."""
    parsers = nullcontext() if has_c else without_libyaml()
    with parsers, pytest.raises(YamlFaultError) as fault:
        with_events(text, values)
    assert (fault.value.code, fault.value.line) == ("not-yaml", line)
    assert fault.value.reason.endswith("characters are not allowed")


def test_pairs_of_json_escapes_are_read() -> None:
    text = '{"title": "a \\ud83d\\ude80 \\uD83D\\uDE80", "image": "app:1.0"}\n'
    engine, found = with_events(text, values)
    assert (engine, found[2:]) == ("c", ["image", "app:1.0"])
    assert is_accepted(text)
    assert not is_accepted('{"title": "\\ud83d"}\n')
