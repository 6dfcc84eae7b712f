"""What a hint says to write makes a field of the image that it is about."""

from __future__ import annotations

import pytest
from ruamel.yaml import YAML

from imagebot.manifest.images.options import ExtraField, ExtraFile, ScanOptions
from imagebot.manifest.scan import scan
from imagebot.manifest.sweep.sweep import CODE, sweep

DIGEST = "sha256:" + "5e" * 32
PATTERNS = [
    ("x.yaml", "kind: A\nvalue: acme/web:1.0\n", "acme/web:1.0"),
    ("x.yaml", f"kind: A\nvalue: acme/web:1.0@{DIGEST}\n", f"acme/web:1.0@{DIGEST}"),
    ("x.json", '{"a": "localhost:5000/a.b/web:1.0"}', "localhost:5000/a.b/web:1.0"),
    ("images/it's [a]", f"acme/web@{DIGEST}", f"acme/web@{DIGEST}"),
    # A marker above it would make it a comment.
    ("Dockerfile", "# syntax=docker/dockerfile:1.6\n", "docker/dockerfile:1.6"),
    ("cloudbuild.yaml", "steps:\n- name: golang:1.22\n", "golang:1.22"),
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
    "text",
    [
        "kind: A\nargs: ['--image=redis:7', '--proxy=ghcr.io/acme/redis:7', 'http://redis:6379']\n",
        "kind: A\nargs: ['--image=redis:7', 'my-redis:7', 'x.redis:7', 'a@redis:7']\n",
        "kind: A\nuri: docker://redis:7\nother: docker://ghcr.io/acme/redis:7\n",
        f"kind: A\nargs: ['--image=redis:7', 'ghcr.io/acme/redis:7@{DIGEST}']\n",
    ],
)
def test_a_pattern_to_paste_does_not_find_the_end_of_another_image(text: str) -> None:
    entry = sweep("x.yaml", text.encode())[0]
    (found,) = YAML(typ="safe").load(entry.hint.split("`")[1])["files"]["patterns"]
    options = ScanOptions(files=(ExtraFile(match=tuple(found["match"]), pattern=found["pattern"]),))
    fields = scan("x.yaml", text.encode(), options).fields
    assert [(str(field.reference), field.line) for field in fields] == [("redis:7", 2)]


@pytest.mark.parametrize(
    ("path", "text", "sign"),
    [
        ("Dockerfile", "FROM acme/web:1.0\n", "#"),
        ("x.env", "WEB=acme/web:1.0\n", "#"),
        ("Dockerfile", "ARG BASE=acme/web:1.0\nFROM $BASE\n", "#"),
        ("x.tf", 'image = "acme/web:1.0"\n', "#"),
        ("x.jsonnet", "{image: 'acme/web:1.0'}\n", "//"),
        (".env.prod", "WEB=acme/web:1.0\n", "#"),
        ("job.nomad", 'image = "acme/web:1.0"\n', "#"),
        ("Jenkinsfile", "agent { docker { image 'acme/web:1.0' } }\n", "//"),
        # In the text of a pipeline, which is YAML.
        ("Jenkinsfile", "  - image: acme/web:1.0\n", "#"),
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
    (
        "Dockerfile",
        "ARG PY=3.12\nFROM acme/python:$PY\n",
        "# imagebot: {image: acme/python, policy: POLICY}",
    ),
    (
        "x.tf",
        'resource "helm_release" "x" {\n  chart = "oci://r.example/a"\n  version = "1.2.0"\n}\n',
        "# imagebot: {image: r.example/a, policy: POLICY}",
    ),
    ("x.env", "A_IMAGE=acme/api\nA_TAG=1.2\n", "# imagebot: {image: acme/api, policy: POLICY}"),
    ("x.yaml", "image_version: 1.4.2\n", "# imagebot: {image: REPOSITORY, policy: POLICY}"),
    ("x.libsonnet", "image_tag: '1.4.2',\n", "// imagebot: {image: REPOSITORY, policy: POLICY}"),
    (
        "x.json",
        '{\n  "b": {"x": 1},\n  "a": {\n    "image": "acme/api",\n    "imageTag": "1.4"\n  }\n}\n',
        "fields: [{files: [x.json], tag: a.imageTag, image: acme/api}]",
    ),
    (
        "x.json",
        '{"x": [{"a:": "}"}], "c.d": [{"image": "acme/api", "imageTag": "1.4"}]}',
        "fields: [{files: [x.json], tag: 'c\\.d.*.imageTag', image: acme/api}]",
    ),
    (
        "x.json",
        '[\n  {"name": "r.acme.example/api", "tag": "1.4"}\n]\n',
        "fields: [{files: [x.json], tag: '*.tag', image: r.acme.example/api}]",
    ),
    ("x.json", "imageTag: 1.4", "fields: [{files: [x.json], tag: PATH, image: REPOSITORY}]"),
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


@pytest.mark.parametrize("path", ["env.txt", "versions", "etc/images.list", "a.service"])
@pytest.mark.parametrize(
    "text",
    [
        "API_IMAGE=acme/api\nAPI_TAG=1.4.2\n",
        "export API_IMAGE=acme/api\nexport API_TAG='1.4.2'\n",
        'api_image = "acme/api"\napi_tag = "1.4.2"\n',
    ],
)
def test_what_is_not_yaml_needs_a_name_with_markers(path: str, text: str) -> None:
    (entry,) = sweep(path, text.encode())
    marker = "# imagebot: {image: acme/api, policy: POLICY}"
    name = path.rpartition("/")[2] + ".env"
    written = f"write `{marker}` on the line above, and name the file like `{name}`: its name"
    assert entry.hint == f"{written} decides whether markers are read"
    marked = text.replace("\n", f"\n{marker}\n".replace("POLICY", "careful"), 1)
    assert scan(path, marked.encode()).fields == ()
    (field,) = scan(f"{path}.env", marked.encode()).fields
    assert str(field.reference) == "acme/api:1.4.2"


def test_a_marker_cannot_be_for_one_of_several_versions_on_a_line() -> None:
    (entry,) = sweep("x.yaml", b"a: {version: 2.0, imageVersion: 1.4}\n")
    marker = "# imagebot: {image: REPOSITORY, policy: POLICY}"
    assert entry.hint == f"write it on a line of its own, with `{marker}` above it"


@pytest.mark.parametrize("text", [text for path, text, _ in TAGS if path == "x.json"][:3])
def test_an_entry_for_json_finds_the_tag(text: str) -> None:
    (entry,) = sweep("x.json", text.encode())
    (found,) = YAML(typ="safe").load(entry.hint.split("`")[1])["fields"]
    options = ScanOptions(fields=(ExtraField(**{**found, "files": tuple(found["files"])}),))
    (field,) = scan("x.json", text.encode(), options).fields
    assert str(field.reference) == f"{found['image']}:1.4"


@pytest.mark.parametrize("part", ['"', '\\"', '"\\"', "[", "{", '{"a":', " "])
def test_hostile_json_gives_a_hint(part: str) -> None:
    text = part * (200_000 // len(part)) + '\n"imageTag": "1.4"'
    assert [entry.code for entry in sweep("x.json", text.encode())] == [CODE]


@pytest.mark.parametrize(
    ("path", "text"),
    [("x.sh", 'IMAGE="${REGISTRY}/acme/api:1.4.2"\n'), ("x.tf", 'a = "${var.r}/acme/api:1.4.2"\n')],
)
def test_the_tag_of_a_name_that_is_filled_in_needs_a_value_of_its_own(path: str, text: str) -> None:
    (entry,) = sweep(path, text.encode())
    marker = "# imagebot: {image: REPOSITORY, policy: POLICY}"
    assert entry.hint == f"write it as a value of its own, with `{marker}` above it"
