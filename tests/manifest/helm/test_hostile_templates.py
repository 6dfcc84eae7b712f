"""Templates that are made to be slow, deep or large: bounded work, and never an exception."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.manifest.helm.templates import read_templates
from tests.support.work import count_steps, is_linear

WORDS = (
    "{{", "}}", "{{-", "-}}", " ", "\n", "image: ", "image:", '- image: "', '"', "'", "`", ".",
    ".Values", ".a", "$", "$x", ":=", "=", "|", "(", ")", "if ", "else", "else if ", "end", "with ",
    "range ", "define ", "template ", "block ", "include ", '"h"', "dict ", "default ", "printf ",
    '"%s:%s" ', "/*", "*/", "set ", "1", "true", ",", "\\", "#", "{", "é", "\0",
)  # fmt: skip


@given(st.text(max_size=300) | st.lists(st.sampled_from(WORDS), max_size=80).map("".join))
def test_any_text(text: str) -> None:
    found = read_templates({"a.yaml": text, "_b.tpl": text[::-1], "NOTES.txt": text})
    lines = text.count("\n") + 1
    assert all(1 <= image.line <= lines for path, image in found.images if path == "a.yaml")
    assert all(1 <= line <= lines for path, line, _ in found.unknown if path == "a.yaml")


@given(st.lists(st.binary(max_size=200), max_size=3))
def test_any_bytes(files: list[bytes]) -> None:
    read_templates({f"{n}.yaml": data.decode("utf-8", "replace") for n, data in enumerate(files)})


HOSTILE: dict[str, Callable[[int], str]] = {
    "braces": lambda n: "{{" * n,
    "actions": lambda n: "image: {{ .Values.a }}\n" * n,
    "parentheses": lambda n: "image: {{ " + "(" * n + ".a" + ")" * n + " }}",
    "blocks": lambda n: "{{ if .a }}" * n + "image: a" + "{{ end }}" * n,
    "blocks beside": lambda n: "image: a{{ if .Values.a }}b{{ end }}\n" * n,
    "branches": lambda n: "{{ if .Values.a }}\nimage: {{ .Values.a }}\n{{ else }}x\n{{ end }}" * n,
    "on one line": lambda n: "image: " + "{{ .Values.a }}" * n,
    "if on one line": lambda n: "image: " + "{{ if .Values.a }}a{{ end }}" * n,
    "variables": lambda n: "".join(f"{{{{ $v{i} := .Values.a }}}}" for i in range(n)) + "image: b",
    "doubling": lambda n: '{{ $a := "x" }}' + "{{ $a = print $a $a }}" * n + "image: {{ $a }}",
    "nesting": lambda n: "{{ $a := .Values }}" + '{{ $a = dict "a" $a }}' * n + "image: {{ $a }}",
    "choices": lambda n: "{{ $a := .Values.b }}" + "{{ $a = default $a .Values.c }}" * n
    + "image: {{ $a }}",
    "assignments": lambda n: "{{ $a := 1 }}" + "{{ if .Values.b }}{{ $a = .Values.c }}{{ end }}" * n
    + "image: {{ $a }}",
    "fields": lambda n: "image: {{ .Values" + ".a" * n + " }}",
    "long path": lambda n: "{{ $a := .Values }}" + "{{ $a = $a.b }}" * n + "image: {{ $a }}",
    "itself": lambda n: '{{ define "h" }}{{ include "h" . }}image: x\n{{ end }}'
    + '{{ include "h" . }}\n' * n,
    "each other": lambda n: "".join(
        f'{{{{ define "h{i}" }}}}{{{{ include "h{(i + 1) % n}" . }}}}\nimage: a{i}\n{{{{ end }}}}'
        for i in range(n)
    ) + '{{ include "h0" . }}',
    "tree of helpers": lambda n: "".join(
        f'{{{{ define "h{i}" }}}}{{{{ include "h{i + 1}" . }}}}{{{{ include "h{i + 1}" . }}}}'
        "{{ end }}"
        for i in range(30)
    ) + 'image: {{ include "h0" . }}\n' * n,
    "tree of printing helpers": lambda n: "".join(
        f'{{{{ define "h{i}" }}}}{{{{ include "h{i + 1}" . }}}}\n{{{{ include "h{i + 1}" . }}}}\n'
        "image: {{ .Values.a }}\n{{ end }}"
        for i in range(30)
    ) + '{{ include "h0" . }}\n' * n,
    "unfinished strings": lambda n: '{{ "' + "\\" * n,
    "unfinished comment": lambda n: "{{/* " + "* " * n,
    "comments": lambda n: "{{/* a */}}" * n,
    "keys": lambda n: "- " * n + "image: a",
    "spaces": lambda n: "image:" + " " * n + '\nimage: "' + " " * n,
    "branches that end a line": lambda n: "{{ if .a }}image: b{{ end }}" * n,
    "changes": lambda n: '{{ $_ := set .Values.a "b" 1 }}' * n + "image: {{ .Values.a.b }}",
}  # fmt: skip


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE.keys())
def test_work_is_linear(make: Callable[[int], str]) -> None:
    def read(size: int) -> Callable[[], object]:
        files = {"a.yaml": make(size)}
        return lambda: read_templates(files)

    read_templates({"a.yaml": make(60)})
    assert is_linear(count_steps(read(60)), count_steps(read(480)))


def test_a_tree_of_helpers_makes_everything_unknown() -> None:
    found = read_templates({"a.yaml": HOSTILE["tree of helpers"](3)})
    assert found.images == ()
    assert len(found.unknown) == 3
