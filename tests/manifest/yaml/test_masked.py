from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.manifest.edit import edit
from imagebot.manifest.images.field import FieldEdit
from imagebot.manifest.scan import scan
from imagebot.manifest.yaml.masked import mask, only_fills_in

MASKED = {
    "a: {{ b }}\n": "a: $xxxxxx\n",
    "{{ if b }}\n": "#xxxxxxxxx\n",
    "  {{- end -}}\r\n": "  #xxxxxxxxxx\r\n",
    "{{ a }}{{ b }}\n": "#xxxxxx$xxxxxx\n",
    "{{/* a\n  b: c */}}\n": "#xxxxx\n#xxxxxxxxxx\n",
    "{{ a }}: b\n": "$xxxxxx: b\n",
    "a: {{ b\n": "a: {{ b\n",
    "xx: $x\nxx\n": "xx: $x\nxx\n",
}


@pytest.mark.parametrize(("text", "expected"), MASKED.items())
def test_actions_are_hidden(text: str, expected: str) -> None:
    assert mask(text.encode()) == expected.encode()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: b\n", True),
        ("a: {{ b }}\n", True),
        ("a: x-{{ b }}-{{ c | quote }}\n", True),
        ("{{/* if\nnot */}}\n{{- $x := 1 }}\na: {{ $x }}\n", True),
        ("a: {{ $x }}{{ $y = 2 }}\n", True),
        ("a: {{ if b }}c{{ end }}\n", False),
        ("{{ if b }}\na: c\n{{ end }}\n", False),
        ("{{- range .x }}\n", False),
        # What it prints may be more keys, or an item of a list.
        ("a:\n  {{ b }}\n", False),
        ("{{ b }}: c\n", False),
        ("a: {{ b | toYaml | nindent 2 }}\n", False),
        ('a: {{ include "x" . }}\n', False),
        ("a: {{ toJson .x }}\n", False),
        ("a: {{ b\n", True),
    ],
)
def test_actions_that_only_fill_in_values(text: str, expected: bool) -> None:
    assert only_fills_in(text) is expected


@pytest.mark.parametrize("part", ["{{", "{{ a }}", "x: {{ a }} ", "{{ $a := ", "{{/*", "}}{{"])
def test_hostile_actions_install_nothing(part: str) -> None:
    text = "releases:\n- chart: ./c\n  values: [" + part * (400_000 // len(part))
    assert scan("helmfile.yaml.gotmpl", text.encode()).releases == ()


TEMPLATES = st.lists(
    st.sampled_from(
        [
            *("{{", "}}", "{", "}", " ", "\n", "\r\n", "\r", "é", "x", "$", "#", "- ", "a: "),
            *("image: acme/web:v1\n", "{{ .x }}", "  tag: v1\n", "repository: acme/web\n"),
            *("{{ if x }}\n", "{{ end }}\n", "# imagebot: ignore\n"),
        ]
    ),
    max_size=20,
).map(lambda parts: "".join(parts).encode())


@given(TEMPLATES)
def test_everything_else_stays_where_it_is(data: bytes) -> None:
    masked = mask(data)
    assert len(masked) == len(data)
    for old, new in zip(data, masked, strict=True):
        assert old == new or new in b"$x#"
        assert (old in b"\r\n") == (new in b"\r\n")
    assert mask(masked) == masked or b"{{" in masked


@given(TEMPLATES)
def test_an_edit_of_a_template_changes_its_literals_only(data: bytes) -> None:
    found = scan("env/values.yaml.gotmpl", data)
    for field in found.fields:
        if field.refusal or field.tag is None or not field.tag.text:
            continue
        made = edit(field.path, data, [FieldEdit(field, "v2", None)])
        assert made == data[: field.tag.start] + b"v2" + data[field.tag.end :]
