from __future__ import annotations

import dataclasses
import subprocess
import sys

import pytest

from imagebot.manifest.images.field import Scan
from imagebot.manifest.images.options import ExtraField, ExtraFile, ScanOptions
from imagebot.manifest.scan import scan

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


@pytest.mark.parametrize("key", ["newTag", "digest"])
@pytest.mark.parametrize("value", ["[v1]", "{a: v1}"])
def test_a_part_of_an_entry_that_is_not_text_is_a_mistake(key: str, value: str) -> None:
    data = f"images:\n- name: app\n  {key}: {value}\n".encode()
    (entry,) = scan("kustomization.yaml", data).unread
    assert (entry.line, entry.code, entry.expected) == (3, "not-a-reference", False)
    assert f"`{key}` is not text" in entry.reason
    (entry,) = scan("kustomization.yaml", data.replace(value.encode(), b"{{ .tag }}")).unread
    assert (entry.line, entry.code, entry.expected) == (3, "variable", True)


def test_a_narrowed_scan_skips_files_that_mention_no_name() -> None:
    for names, count in ((("web",), 1), (("other", "web"), 1), (("other",), 0)):
        options = ScanOptions(mentions=names)
        assert len(scan("pod.yaml", POD, options).fields) == count


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
        "acme.azurecr.io/web:#{Build.BuildId}#",
        "web:<TAG>",
        "{image}",
        "ghcr.io/x/y:{tag}",
        "((image))",
        "web:((image.tag))",
        "web:%TAG%",
        "%IMAGE%",
        "web:@@T@@",
        "@@IMAGE@@",
        "web:<%= x %>",
        "ko://github.com/acme/x/cmd/x",
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


@pytest.mark.parametrize(
    "text", ["*:*", "!*:latest", "!*", "eu.foo.io/* | bar.io/*", "acme/web:1.?", "a/b:1 | a/c:1"]
)
def test_a_pattern_of_images_is_none_and_nobodys_mistake(text: str) -> None:
    found = scan("pod.yaml", POD.replace(b"acme/web:1.0", f"'{text}'".encode()))
    assert found.fields == ()
    (unread,) = found.unread
    assert (unread.line, unread.code, unread.expected) == (6, "not-a-reference", True)
    assert unread.reason == f"{text!r} is a pattern, not an image"


@pytest.mark.parametrize(
    "text", ["app:!bad", "web:{}", "web:()", "web:50%", "https://example.com/x?tag=1", "App!"]
)
def test_what_only_resembles_a_pattern_is_a_mistake(text: str) -> None:
    (unread,) = scan("pod.yaml", POD.replace(b"acme/web:1.0", f"'{text}'".encode())).unread
    assert (unread.line, unread.code, unread.expected) == (6, "not-a-reference", False)
    assert "library/" not in unread.reason


POLICY = """apiVersion: kyverno.io/v1
kind: ClusterPolicy
spec:
  rules:
  - validate:
      pattern: {spec: {containers: [{image: "*:*"}, {image: "acme/web:1.0"}, {image: NOT one}]}}
  - mutate:
      patchStrategicMerge: {spec: {containers: [{name: log, image: "acme/log:1.0"}]}}
"""


@pytest.mark.parametrize("kind", ["ClusterPolicy", "Policy"])
def test_what_a_policy_validates_is_not_an_image(kind: str) -> None:
    found = scan("policy.yaml", POLICY.replace("ClusterPolicy", kind).encode())
    assert [str(field.reference) for field in found.fields] == ["acme/log:1.0"]
    assert found.unread == ()
    other = scan("policy.yaml", POLICY.replace("kyverno.io", "example.com").encode())
    assert len(other.fields) == 2


WITH_COMMENTS = {
    "before": '// c\n{"image": "acme/web:1.0"}\n',
    "at the beginning": '{ // c\n"image": "acme/web:1.0"}\n',
    "behind a pair": '{\n\t"image": "acme/web:1.0", // c\n\t"b": 1,\n}\n',
    "about a kind": '{\n"image": "acme/web:1.0",\n// apiVersion, kind: none\n"kind": "a"}\n',
}


@pytest.mark.parametrize("text", WITH_COMMENTS.values(), ids=WITH_COMMENTS.keys())
def test_json_with_comments_is_nobodys_mistake(text: str) -> None:
    (unread,) = scan(".devcontainer/devcontainer.json", text.encode()).unread
    assert (unread.code, unread.expected) == ("not-yaml", True)
    assert unread.reason == "not JSON: JSON with comments is not read"
    (unread,) = scan("a.yaml", text.encode()).unread
    assert (unread.code, unread.expected) == ("not-yaml", False)
    assert unread.reason.startswith("not YAML: ")


def test_a_broken_object_in_json_is_a_mistake() -> None:
    text = '{"apiVersion": "v1", "kind" : "Pod",\n// c\n"image": "acme/web:1.0"}'
    (unread,) = scan("a.json", text.encode()).unread
    assert (unread.line, unread.code, unread.expected) == (3, "not-yaml", False)
    assert unread.reason.startswith("not JSON: ")


@pytest.mark.parametrize("text", ['{\n\t"image": "a:1.0",\n}', '{"image":\t"a:1.0"}\n'])
def test_json_with_tabs_or_a_last_comma_is_read(text: str) -> None:
    found = scan(".vscode/settings.json", text.encode())
    assert [str(field.reference) for field in found.fields] == ["a:1.0"]
    assert found.unread == ()


OWN = """policies: {careful: {max: minor}}
routes:
  - {name: a, files: [a/**], images: [{match: "**", policy: careful}]}
fields:
  - {kind: Widget, registry: spec.host, repository: spec.name, tag: spec.tag}
  - {kind: Other, path: spec.image, digest: spec.digest}
"""


@pytest.mark.parametrize("path", ["imagebot.yaml", "bots/main.yaml"])
def test_a_configuration_of_imagebot_is_not_a_manifest(path: str) -> None:
    assert scan(path, OWN.encode()) == Scan()
    assert scan(path, b"# imagebot: nothing\n" + OWN.encode()).fields == ()


def test_a_configuration_in_a_config_map_is_not_a_manifest() -> None:
    lines = "".join(f"    {line}\n" for line in OWN.splitlines())
    data = f"apiVersion: v1\nkind: ConfigMap\ndata:\n  bot.yaml: |\n{lines}"
    found = scan("map.yaml", data.encode())
    assert (found.fields, found.unread) == ((), ())


def test_values_with_fields_are_still_values() -> None:
    text = "policies: {}\nfields:\n  - {name: a}\nweb: {repository: acme/web, tag: v1}\n"
    assert len(scan("values.yaml", text.encode()).fields) == 1


INDENTED = POD.replace(b"\n", b"\n  ").rstrip(b" ")
NOT_AT_THE_MARGIN = {
    "every line indented": ("a.yaml", b"  " + INDENTED, [6]),
    "JSON behind blanks": ("b.json", b'  {"image": "acme/web:1.0"}', [1]),
    "blanks and comments first": ("a.yaml", b"\n # c\n  image: acme/web:1.0\n", [3]),
    "then another document": (
        "a.yaml",
        b"\n # c\n  image: acme/web:1.0\n---\n  image: acme/web:1.0\n",
        [3, 5],
    ),
    "carriage returns": ("a.yaml", b"# c\r# d\rimage: acme/web:1.0\r", [3]),
    "carriage returns, indented": ("a.yaml", b"# c\r  image: acme/web:1.0\r", [2]),
    "carriage returns in the comment only": (
        "a.yaml",
        b"# c\r# d\rx: y\n---\nimage: acme/web:1.0\n",
        [3],
    ),
    "a line separator": ("a.yaml", "# c\u2028image: acme/web:1.0".encode(), [1]),
}


@pytest.mark.parametrize(
    ("path", "data", "lines"), NOT_AT_THE_MARGIN.values(), ids=NOT_AT_THE_MARGIN.keys()
)
def test_a_document_need_not_begin_at_the_margin(path: str, data: bytes, lines: list[int]) -> None:
    found = scan(path, data.replace(b"kind: Pod", b"kind: Pod #"))
    assert [(field.line, str(field.reference)) for field in found.fields] == [
        (line, "acme/web:1.0") for line in lines
    ]
    assert found.unread == ()


def test_a_comment_before_the_first_document_is_none_whatever_ends_its_lines() -> None:
    for data in (b"# a\n # b\n---\n" + POD, b"# a\r\n\t# b\r\n---\r\n" + POD):
        assert [field.document for field in scan("a.yaml", data).fields] == [0]


@pytest.mark.parametrize("text", ["image: a:1.0\n", '{"image": "a:1.0"}', "# é\nimage: a:1.0"])
@pytest.mark.parametrize("order", ["", "-le", "-be"])
@pytest.mark.parametrize("name", ["UTF-16", "UTF-32"])
def test_other_encodings_are_recognised_by_their_start(name: str, order: str, text: str) -> None:
    data = text.encode(name.lower() + order)
    for options in (ScanOptions(), ScanOptions(mentions=("b",))):
        assert (scan("a.yaml", data, options) != Scan()) == (options == ScanOptions())
    (unread,) = scan("a.yaml", data).unread
    assert (unread.code, unread.line, unread.expected) == ("not-utf8", 0, False)
    assert unread.reason.startswith(f"{name} is not edited")
    assert scan("a.yaml", text.replace("image", "other").encode(name.lower() + order)) == Scan()
    pattern = r"image: (?P<name>[a-z]+):(?P<tag>[0-9.]+)"
    files = (ExtraFile(match=("**",), pattern=pattern),)
    assert scan("Dockerfile", data, ScanOptions(files=files)).unread == (
        dataclasses.replace(unread, path="Dockerfile"),
    )


def test_a_template_is_listed_once_and_what_is_broken_each_time() -> None:
    template = b"image: {{ .x }}\n{{ end }}\n---\n"
    broken = b"image: [\n---\n"

    def listed(data: bytes, options: ScanOptions = ScanOptions()) -> list[tuple[int, str]]:  # noqa: B008
        return [(each.line, each.code) for each in scan("a.yaml", data, options).unread]

    assert listed(template * 3) == [(3, "template")]
    assert listed(broken * 3) == [(2, "not-yaml"), (4, "not-yaml"), (6, "not-yaml")]
    assert listed(POD + b"---\n" + template + broken * 2) == [(10, "template"), (12, "not-yaml")]
    marked = b"# imagebot: ignore\nimage: a:1\n---\n" + template * 2
    assert listed(marked, ScanOptions(chart=True)) == [(6, "helm-template")]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("# x\u2028#\x85\na: 1\nimage: [\n---\nb: 2\n", 4),
        ("a: 1\n---\n# x\r\r\r\nimage: {\nb\n", 6),
        ("# a\r# b\rimage: x:1\r]\r", 4),
        ("# \u2028# é\nimage: x:1\n---\n# é\nimage: x:\0\n", 5),
        ("kind: X\nvalues: |\n  # é\n  image: x:1\x07\n", 4),
        ("kind: X\nvalues: |\n  # \u2028\n  image: x:1\n  b: ]\n", 5),
    ],
)
def test_broken_lines_are_counted_as_all_others(text: str, line: int) -> None:
    (unread,) = scan("a.yaml", text.encode()).unread
    assert (unread.code, unread.line) == ("not-yaml", line)


def test_what_is_unread_is_in_the_order_of_its_lines() -> None:
    text = """\
image: ${A}
---
kind: ConfigMap
data: {}
# imagebot: ignore

more: |
  image: [
other: {image: "not a reference:x:y"}
---
image: [
# imagebot: {
---
last: {image: "${B}"}
# imagebot: ignore

"""
    found = scan("a.yaml", text.encode()).unread
    lines = [each.line for each in found]
    assert len(set(lines)) >= 5
    assert lines == sorted(lines)


def test_a_line_with_a_wrong_byte_is_counted_as_all_others() -> None:
    for newline in (b"\n", b"\r", b"\r\n"):
        (unread,) = scan("a.yaml", newline.join((b"a: b", b"image: x:1", b"# \xff", b""))).unread
        assert (unread.code, unread.line) == ("not-utf8", 3)
