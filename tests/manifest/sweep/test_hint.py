"""What a hint says to write makes a field of the image that it is about."""

from __future__ import annotations

import pytest
from ruamel.yaml import YAML

from imagebot.manifest.images.options import ExtraFile, ScanOptions
from imagebot.manifest.scan import scan
from imagebot.manifest.sweep.sweep import sweep

DIGEST = "sha256:" + "5e" * 32
PATTERNS = [
    ("x.yaml", "kind: A\nvalue: acme/web:1.0\n", "acme/web:1.0"),
    ("x.yaml", f"kind: A\nvalue: acme/web:1.0@{DIGEST}\n", f"acme/web:1.0@{DIGEST}"),
    ("x.json", '{"a": "localhost:5000/a.b/web:1.0"}', "localhost:5000/a.b/web:1.0"),
    ("images/it's [a]", f"acme/web@{DIGEST}", f"acme/web@{DIGEST}"),
    ("chart/templates/x.yaml", "{{ if .a }}\nimage: redis:7-alpine\n{{ end }}", "redis:7-alpine"),
]


@pytest.mark.parametrize(("path", "text", "reference"), PATTERNS)
def test_a_pattern_to_paste_finds_the_image(path: str, text: str, reference: str) -> None:
    (entry,) = sweep(path, text.encode())
    section = YAML(typ="safe").load(entry.hint.split("`")[1])
    (found,) = section["files"]["patterns"]
    options = ScanOptions(files=(ExtraFile(match=tuple(found["match"]), pattern=found["pattern"]),))
    fields = scan(path, text.encode(), options).fields
    assert [str(field.reference) for field in fields] == [reference]


@pytest.mark.parametrize(
    ("path", "text", "sign"),
    [
        ("Dockerfile", "FROM acme/web:1.0\n", "#"),
        ("x.env", "WEB=acme/web:1.0\n", "#"),
        ("x.tf", 'image = "acme/web:1.0"\n', "#"),
        ("x.jsonnet", "{image: 'acme/web:1.0'}\n", "//"),
        ("Jenkinsfile", "agent { docker { image 'acme/web:1.0' } }\n", "//"),
    ],
)
def test_a_marker_above_the_line_makes_a_field(path: str, text: str, sign: str) -> None:
    (entry,) = sweep(path, text.encode())
    assert entry.hint == f"write `{sign} imagebot: POLICY` on the line above"
    marked = f"{sign} imagebot: careful\n{text}"
    (field,) = scan(path, marked.encode()).fields
    assert (str(field.reference), field.line) == ("acme/web:1.0", 2)
    assert field.marker is not None


TAGS = [
    ("x.env", "A_IMAGE=acme/api\nA_TAG=1.2\n", "# imagebot: {image: acme/api, policy: POLICY}"),
    ("x.yaml", "image_version: 1.4.2\n", "# imagebot: {image: REPOSITORY, policy: POLICY}"),
    ("x.libsonnet", "image_tag: '1.4.2',\n", "// imagebot: {image: REPOSITORY, policy: POLICY}"),
    (
        "x.json",
        '{\n  "b": {"x": 1},\n  "a": {\n    "image": "acme/api",\n    "imageTag": "1.4"\n  }\n}\n',
        "fields: [{files: [x.json], tag: a.imageTag, image: acme/api}]",
    ),
    (
        "image-tags/prod/api",
        "image_tag: 1.4.2\n",
        "fields: [{files: [image-tags/prod/api], tag: image_tag, image: REPOSITORY}]",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("path", "text", "written"), TAGS)
def test_what_governs_a_tag_names_its_image(path: str, text: str, written: str) -> None:
    (entry,) = sweep(path, text.encode())
    assert entry.hint.split("`")[1] == written
