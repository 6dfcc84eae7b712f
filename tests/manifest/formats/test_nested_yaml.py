"""YAML inside the scalars of other documents: found where it can be edited, else listed."""

from __future__ import annotations

import json

import pytest

from imagebot.manifest.edit import edit
from imagebot.manifest.images.field import FieldEdit, Scan
from imagebot.manifest.scan import scan

MAP = "apiVersion: v1\nkind: ConfigMap\ndata:\n"
KUSTOMIZATION = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"


def references(found: Scan) -> list[str]:
    return [str(field.reference) for field in found.fields]


def unread(found: Scan) -> list[tuple[int, str, bool]]:
    return [(each.line, each.code, each.expected) for each in found.unread]


FOUND = {
    "a list of containers": (
        "extraContainers: |\n  - name: x\n    image: acme/a:1.0\n  - image: acme/b:1.0\n",
        ["acme/a:1.0", "acme/b:1.0"],
    ),
    "a file that is a list": (
        "- name: x\n  image: acme/a:1.0\n- image: {repository: acme/b, tag: v1}\n",
        ["acme/a:1.0", "acme/b:v1"],
    ),
    "JSON on one line": (
        f'{MAP}  a.json: |\n    {{"containers": [{{"image": "acme/a:1.0"}}]}}\n',
        ["acme/a:1.0"],
    ),
    "JSON without blanks": (
        f'{MAP}  a.json: |\n    [{{"name":"x","image":"acme/a:1.0"}}]\n',
        ["acme/a:1.0"],
    ),
    "flow style in a list": (
        f"{MAP}  a.yaml: |\n    - {{name: x, image: 'acme/a:1.0'}}\n",
        ["acme/a:1.0"],
    ),
    "operations in flow style": (
        (
            f"{KUSTOMIZATION}patches:\n- patch: |\n    - {{op: replace, "
            'path: /spec/containers/0/image, value: "acme/a:1.0"}\n'
        ),
        ["acme/a:1.0"],
    ),
    "operations as JSON": (
        (
            f'{KUSTOMIZATION}patches:\n- patch: |\n    [{{"op": "replace", '
            '"path": "/spec/containers/0/image", "value": "acme/a:1.0"}]\n'
        ),
        ["acme/a:1.0"],
    ),
    "an operation that adds a container": (
        (
            f"{KUSTOMIZATION}patches:\n- patch: |-\n    - op: add\n"
            "      path: /spec/template/spec/containers/-\n"
            "      value:\n        name: x\n        image: acme/a:1.0\n"
        ),
        ["acme/a:1.0"],
    ),
    "an operation that adds several": (
        (
            "- op: add\n  path: /spec/initContainers\n  value:\n  - image: acme/a:1.0\n"
            "  - image: acme/b:1.0\n"
        ),
        ["acme/a:1.0", "acme/b:1.0"],
    ),
    "an operation on an image in parts": (
        "- op: add\n  path: /spec/values/image\n  value: {repository: acme/a, tag: v1}\n",
        ["acme/a:v1"],
    ),
    "an operation on another image": (
        "- {op: add, path: /spec/workerImage, value: 'acme/a:1.0'}\n",
        ["acme/a:1.0"],
    ),
}


@pytest.mark.parametrize(("text", "wanted"), FOUND.values(), ids=FOUND.keys())
def test_what_is_written_inside_is_found_and_edited(text: str, wanted: list[str]) -> None:
    found = scan("a.yaml", text.encode())
    assert found.unread == ()
    assert references(found) == wanted
    edits = [FieldEdit(field, "v2", None) for field in found.fields]
    made = edit("a.yaml", text.encode(), edits).decode()
    assert made == text.replace(":1.0", ":v2").replace("tag: v1", "tag: v2")


PATCH = "- op: replace\n  path: /spec/containers/0/image\n  value: acme/a:1.0\n"
POD = '{"kind": "Pod", "apiVersion": "v1", "spec": {"containers": [{"image": "acme/a:1.0"}]}}'
LISTED = {
    "a folded patch": (
        (
            f"{KUSTOMIZATION}patches:\n- patch: >-\n    - op: replace\n"
            "      path: /spec/containers/0/image\n      value: acme/a:1.0\n"
        ),
        4,
    ),
    "a quoted patch": (f"{KUSTOMIZATION}patches:\n- patch: {json.dumps(PATCH)}\n", 4),
    "quoted JSON": (f"{MAP}  a.json: '{POD}'\n", 4),
    "JSON with escapes": (f"{MAP}  other: x\n  a.json: {json.dumps(POD)}\n", 5),
    "folded YAML": (f"{MAP}  a.yaml: >\n    image: acme/a:1.0\n", 4),
    "an item of a list": (f"env:\n- '{POD}'\n", 2),
    "JSON in quotes in a block": (f"{MAP}  a.yaml: |\n    b: '{POD}'\n", 5),
    "JSON in JSON": (json.dumps({"a": json.dumps({"b": POD})}), 1),
}


@pytest.mark.parametrize(("text", "line"), LISTED.values(), ids=LISTED.keys())
def test_what_cannot_be_edited_is_listed(text: str, line: int) -> None:
    found = scan("a.yaml", text.encode())
    assert unread(found) == [(line, "embedded", True)]
    assert "acme/a:1.0" in found.unread[0].reason
    assert "`|`" in found.unread[0].reason
    assert found.fields == ()


@pytest.mark.parametrize(
    "text",
    [
        f"{MAP}  a: 'set the image: then push'\n",
        f"{MAP}  a: 'image: {{{{ .x }}}}'\n",
        f"{MAP}  a: >\n    Tells which image: it names\n    is meant. image: x\n",
        f"{MAP}  a: 'https://example.com/image: 1'\n",
        "image: 'acme/image:1.0'\n",
        f"{MAP}  a: |\n    echo image: x [\n    exit\n",
        "image: 'acme/a:1.0'\ndescription: \"the image: of a pod\"\n",
    ],
)
def test_prose_is_not_listed(text: str) -> None:
    assert scan("a.yaml", text.encode()).unread == ()


BROKEN = {
    "a template": (
        f"{MAP}  a.yaml: |\n    b: 1\n    image: {{{{ .x }}}}:1\n    {{{{ end }}}}\n",
        [(6, "template", True)],
    ),
    "no YAML": (f"{MAP}  a.yaml: |\n    image: acme/a:1.0\n    b: [\n", [(6, "not-yaml", True)]),
    "values of Argo CD": (
        (
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec:\n  source:\n    helm:\n"
            "      values: |\n        image: acme/a:1.0\n        b: [\n"
        ),
        [(8, "not-yaml", False)],
    ),
    "templates of values of Argo CD": (
        (
            "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nspec:\n  source:\n    helm:\n"
            "      values: |\n        image: acme/a:1.0\n        {{ x }} {{ y }}\n"
        ),
        [(8, "template", True)],
    ),
}


@pytest.mark.parametrize(("text", "wanted"), BROKEN.values(), ids=BROKEN.keys())
def test_what_is_broken_inside_is_listed(text: str, wanted: list[tuple[int, str, bool]]) -> None:
    found = scan("a.yaml", text.encode())
    assert found.fields == ()
    (entry,) = unread(found)
    # The parser says where it gave up, which is on the broken line or on the one after it.
    assert entry[1:] == wanted[0][1:]
    assert entry[0] in (wanted[0][0], wanted[0][0] + 1)


def test_quoted_values_of_argo_cd_are_listed_once() -> None:
    text = (
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec:\n  source:\n    helm:\n"
        '      values: "image: acme/a:1.0"\n'
    )
    assert unread(scan("a.yaml", text.encode())) == [(6, "embedded", False)]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\nimage: {{ .Values.image }}\n", 2),
        (f"{MAP}  a.yaml: |\n    image: {{{{ .Values.image }}}}\n", 5),
        ("- workerImage: {{ x }}\n", 1),
    ],
)
def test_an_image_that_a_template_fills_in_is_listed(text: str, line: int) -> None:
    assert unread(scan("a.yaml", text.encode())) == [(line, "variable", True)]


def test_a_tag_that_an_operation_sets_is_listed() -> None:
    text = "- {op: replace, path: /spec/values/image/tag, value: v1}\n"
    assert unread(scan("a.yaml", text.encode())) == [(1, "no-repository", True)]


POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{image: 'acme/a:1'}]}\n"
APPLICATION = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: app}\n"
RELEASE = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: rel}\n"
NAMED_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: map}\ndata:\n"
VALUES = "image: {repository: acme/a, tag: v1}\n"
CONTEXTS = {
    "a pod in a ConfigMap": (NAMED_MAP + "  a: |\n", 4, POD, "kubernetes", "Pod/p"),
    "a pod in values": ("extra: |\n", 2, POD, "kubernetes", "Pod/p"),
    "an application in a ConfigMap": (
        NAMED_MAP + "  a: |\n",
        4,
        APPLICATION + "spec: {source: {helm: {valuesObject: {image: 'acme/a:1'}}}}\n",
        "argocd",
        "Application/app",
    ),
    "values in a ConfigMap": (NAMED_MAP + "  values.yaml: |\n", 4, VALUES, "helm", "ConfigMap/map"),
    "values of an application": (
        APPLICATION + "spec:\n  source:\n    helm:\n      values: |\n",
        8,
        VALUES,
        "helm",
        "Application/app",
    ),
    "a block in the values of a release": (
        RELEASE + "spec:\n  values:\n    extra: |\n",
        6,
        VALUES,
        "helm",
        "HelmRelease/rel",
    ),
    "a block in a block": (
        NAMED_MAP + "  a: |\n    b: |\n",
        6,
        VALUES,
        "helm",
        "ConfigMap/map",
    ),
    "a block in values": ("extra: |\n", 2, VALUES, "helm", ""),
    "a kustomization in a ConfigMap": (
        NAMED_MAP + "  a: |\n",
        4,
        KUSTOMIZATION + "images: [{name: acme/a, newTag: v1}]\n",
        "kustomize",
        "ConfigMap/map",
    ),
}


@pytest.mark.parametrize(
    ("head", "indent", "text", "form", "resource"), CONTEXTS.values(), ids=CONTEXTS.keys()
)
def test_format_and_resource_are_those_of_the_innermost_document(
    head: str, indent: int, text: str, form: str, resource: str
) -> None:
    block = "".join(f"{' ' * indent}{line}\n" for line in text.splitlines())
    (field,) = scan("a.yaml", (head + block).encode()).fields
    name = f"{field.resource.kind}/{field.resource.name}" if field.resource else ""
    assert (field.format, name) == (form, resource)
