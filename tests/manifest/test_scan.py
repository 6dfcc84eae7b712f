from __future__ import annotations

import subprocess
import sys

import pytest

from imagebot.manifest.field import Scan
from imagebot.manifest.options import ExtraField, ScanOptions
from imagebot.manifest.scan import may_hold_images, scan

POD = b"apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: web\n    image: acme/web:1.0\n"


def test_a_file_without_images_costs_no_parser() -> None:
    """The parser is only imported for a file that may hold an image."""
    program = (
        "import sys\n"
        "from imagebot.manifest.scan import scan\n"
        "scan('a.yaml', b'kind: Service\\nspec: {ports: []}\\n')\n"
        "scan('image.png', b'image: app:1.0')\n"
        "scan('Dockerfile', b'FROM image:1.0')\n"
        "assert not any('ruamel' in name for name in sys.modules), 'parsed'\n"
        "scan('a.yaml', b'image: [app:1.0]\\n')\n"
        "assert any('ruamel' in name for name in sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize(
    "data", [b"", b"\n", b"# image\n", b"image\n", b"- image: []\n", b"image:\n"]
)
def test_nothing_gives_an_empty_scan(data: bytes) -> None:
    assert scan("a.yaml", data) == Scan()


def test_a_field_says_whose_it_is() -> None:
    (field,) = scan(
        "pod.yaml", POD.replace(b"Pod\n", b"Pod\nmetadata: {name: a, namespace: b}\n")
    ).fields
    assert field.resource is not None
    assert (field.resource.kind, field.resource.namespace, field.resource.name) == ("Pod", "b", "a")
    assert (field.container, field.format, field.document) == ("web", "kubernetes", 0)
    assert field.keys == ("spec", "containers", 0, "image")
    assert (field.line, field.column) == (7, 21)


def test_documents_are_numbered_from_zero() -> None:
    data = b"# none\n---\n" + POD + b"---\nkind: Other\n---\n" + POD
    assert [field.document for field in scan("a.yaml", data).fields] == [0, 2]


@pytest.mark.parametrize(
    ("broken", "code", "expected"),
    [
        ("foo: [\n", "not-yaml", False),
        ("foo: {{ .x }}\n{{ end }}\n", "template", True),
        ("foo: " + "[" * 3000 + "]" * 3000 + "\n", "too-deep", False),
    ],
)
def test_a_broken_document_without_images_is_reported(
    broken: str, code: str, expected: bool
) -> None:
    data = POD + b"---\na: 1\n---\n" + broken.encode() + b"---\n" + POD
    found = scan("a.yaml", data)
    assert [(each.code, each.expected) for each in found.unread] == [(code, expected)]
    assert found.unread[0].line >= 10
    assert [field.document for field in found.fields] == [0, 3]


def test_a_sound_document_without_images_is_not() -> None:
    data = POD + b"---\na: {b: c:d}\nlist: [" + b"[], " * 3000 + b"]\n"
    assert scan("a.yaml", data).unread == ()


def test_a_configured_field_of_any_kind_is_read_whole() -> None:
    fields = (ExtraField(kind="*", path="spec.runner"),)
    data = POD + b"---\napiVersion: v1\nkind: Other\nspec:\n  runner: acme/run:1.0\n"
    for text in (data, data.replace(b"image: ", b"x: ")):
        found = scan("a.yaml", text, ScanOptions(fields=fields))
        assert "acme/run:1.0" in [str(field.reference) for field in found.fields]


def test_a_narrowed_scan_skips_files_that_mention_no_name() -> None:
    for names, count in ((("web",), 1), (("other", "web"), 1), (("other",), 0)):
        options = ScanOptions(mentions=names)
        assert len(scan("pod.yaml", POD, options).fields) == count
        assert may_hold_images("pod.yaml", POD, options) == bool(count)


def test_broken_yaml_beside_a_chart_is_expected() -> None:
    data = b"image: {{ .Values.image }}\n  {{- end }}\n"
    for chart, code in ((True, "helm-template"), (False, "template")):
        found = scan("a/templates/x.yaml", data, ScanOptions(chart=chart))
        assert [(each.code, each.expected) for each in found.unread] == [(code, True)]
    (unread,) = scan("a/templates/x.yaml", b"image: [\n", ScanOptions(chart=True)).unread
    assert unread.expected


@pytest.mark.parametrize(
    "text",
    [
        "${IMAGE}",
        "$IMAGE",
        "gcr.io/$PROJECT/app:1.0",
        "{{ .Values.image }}",
        "<your image>",
        "REGISTRY_HOST/app:1.0",
        "__IMAGE__",
        "$(image)",
    ],
)
def test_what_another_tool_fills_in_is_expected(text: str) -> None:
    data = POD.replace(b"acme/web:1.0", f"'{text}'".encode())
    found = scan("pod.yaml", data)
    assert found.fields == ()
    assert [(each.line, each.code, each.expected) for each in found.unread] == [
        (6, "variable", True)
    ]


def test_a_reference_must_be_one_where_a_container_has_it() -> None:
    bad = POD.replace(b"acme/web:1.0", b"Not A Reference")
    (unread,) = scan("pod.yaml", bad).unread
    assert (unread.line, unread.code, unread.expected) == (6, "not-a-reference", False)
    (unread,) = scan("values.yaml", b"image: https://example.com/logo.png\n").unread
    assert unread.expected


OWN = """policies: {careful: {max: minor}}
routes:
  - {name: a, files: [a/**], images: [{match: "**", policy: careful}]}
fields:
  - {kind: Widget, registry: spec.host, repository: spec.name, tag: spec.tag}
  - {kind: Other, path: spec.image, digest: spec.digest}
"""


@pytest.mark.parametrize("path", ["imagebot.yaml", "bots/main.yaml"])
def test_a_configuration_of_imagebot_is_no_manifest(path: str) -> None:
    assert scan(path, OWN.encode()) == Scan()
    assert scan(path, b"# imagebot: nothing\n" + OWN.encode()).fields == ()


def test_a_configuration_in_a_config_map_is_no_manifest() -> None:
    lines = "".join(f"    {line}\n" for line in OWN.splitlines())
    data = f"apiVersion: v1\nkind: ConfigMap\ndata:\n  bot.yaml: |\n{lines}"
    assert scan("map.yaml", data.encode()) == Scan()


def test_values_with_fields_are_still_values() -> None:
    text = "policies: {}\nfields:\n  - {name: a}\nweb: {repository: acme/web, tag: v1}\n"
    assert len(scan("values.yaml", text.encode()).fields) == 1
