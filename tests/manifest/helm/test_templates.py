"""How templates put images together."""

from __future__ import annotations

import pytest

from imagebot.manifest.helm.templates import read_templates
from tests.manifest.helm.forms import FORMS
from tests.manifest.helm.shown import shown


@pytest.mark.parametrize(("text", "expected"), FORMS.values(), ids=FORMS.keys())
def test_forms(text: str, expected: tuple[str, ...]) -> None:
    found = read_templates({"a.yaml": text + "\n"})
    known = [shown(image.parts) for _, image in found.images]
    assert known == [each for each in expected if each != "?"]
    assert len({line for _, line, _ in found.unknown}) == expected.count("?")


def test_the_line_is_that_of_the_key() -> None:
    text = "a: 1\nspec:\n{{- if .x }}\n\n\n    - image: {{ .Values.a }}\n{{ end }}\n"
    assert [(path, each.line) for path, each in read_templates({"b/c.yaml": text}).images] == [
        ("b/c.yaml", 6)
    ]


def test_what_is_not_understood_is_quoted() -> None:
    found = read_templates({"a.yaml": '\n  - image: {{ include "absent" . }} \n'})
    assert found.unknown == (("a.yaml", 2, '- image: {{ include "absent" . }}'),)


def test_a_plain_text_in_flow_style_ends_where_the_mapping_goes_on() -> None:
    text = "- {name: a, image: {{ .Values.a }}:{{ .Values.b }}, x: y}\n"
    (found,) = read_templates({"a.yaml": text}).images
    assert shown(found[1].parts) == "{a}:{b}"
