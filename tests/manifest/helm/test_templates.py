"""How templates put images together, one table row for each way in which charts do that."""

from __future__ import annotations

import pytest

from imagebot.manifest.helm.templates import read_templates
from tests.manifest.helm.shown import shown


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("image: nginx:1.2", "nginx:1.2"),
        ("image: nginx:{{ .Values.imageVersion }}", "nginx:{imageVersion}"),
        (
            'image: "{{ .Values.docker.registry }}/{{ .Values.main_app.image }}'
            + ':{{ .Values.main_app.version }}"',
            "{docker.registry}/{main_app.image}:{main_app.version}",
        ),
        ("- image: '{{ .Values.a }}:{{ $.Values.b }}'", "{a}:{b}"),
        ('image: {{ .Values.image | quote }} # "x"', "{image}"),
        ('image: {{- print " " }}x', None),
        ('image: "{{- .Values.a -}} : {{- .Values.b -}} "', "{a}:{b}"),
        ("image: a:{{ .Values.b | default .Chart.AppVersion }}", "a:{b or AppVersion}"),
        ('image: a:{{ .Values.b | default "1" | toString | trim }}', "a:{trim {b or 1}}"),
    ],
)
def test_one_line(template: str, expected: str | None) -> None:
    found = read_templates({"a.yaml": f"spec:\n  {template}\n"})
    assert [(path, image.line, shown(image.parts)) for path, image in found.images] == (
        [("a.yaml", 2, expected)] if expected else []
    )
    assert found.unknown == (() if expected else (("a.yaml", 2, template),))
