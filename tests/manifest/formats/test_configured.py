"""What entries of `fields` find in files: tags alone, parts at other paths, captured names."""

from __future__ import annotations

from typing import Any

import pytest

from imagebot.manifest.images.options import ExtraField, ScanOptions
from imagebot.manifest.scan import scan

DIGEST = "sha256:" + "a" * 64
API = {"files": ("**/*.yaml",), "image": "ghcr.io/acme/api"}
CONFIGMAP = "apiVersion: v1\nkind: ConfigMap\ndata:\n  a.yaml: |\n    image:\n      tag: '1.2'\n"
APPLICATION = (
    "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec:\n  source:\n"
    "    repoURL: https://x.example/y\n    helm:\n      values: |\n        web: {tag: '1.2'}\n"
)

FOUND: dict[str, tuple[dict[str, Any], str, str, list[str]]] = {
    "a tag": ({**API, "tag": "image.tag"}, "v.yaml", "image: {tag: v1}", ["ghcr.io/acme/api:v1"]),
    "a digest": (
        {**API, "digest": "image.digest"},
        "v.yaml",
        f"image: {{digest: '{DIGEST}'}}",
        [f"ghcr.io/acme/api@{DIGEST}"],
    ),
    "both": (
        {**API, "tag": "t", "digest": "d"},
        "v.yaml",
        f"t: v1\nd: {DIGEST}",
        [f"ghcr.io/acme/api:v1@{DIGEST}"],
    ),
    "both in one value": (
        {**API, "tag": "t"},
        "v.yaml",
        f"t: v1@{DIGEST}",
        [f"ghcr.io/acme/api:v1@{DIGEST}"],
    ),
    "a whole reference": ({"files": ("*",), "path": "a.b"}, "v.yaml", "a: {b: x:1}", ["x:1"]),
    "parts": (
        {"files": ("*",), "registry": "r", "repository": "a.name", "tag": "a.version"},
        "v.yaml",
        "r: ghcr.io\na: {name: acme/api, version: v1}",
        ["ghcr.io/acme/api:v1"],
    ),
    "every key": ({**API, "tag": "t.*"}, "v.yaml", "t: {a: v1, b: v2}", [":v1", ":v2"]),
    "every item": ({**API, "tag": "*.tag"}, "v.yaml", "- tag: v1\n- tag: v2", [":v1", ":v2"]),
    "a list's item": ({**API, "tag": "l.1.tag"}, "v.yaml", "l: [{tag: v1}, {tag: v2}]", [":v2"]),
    "a merge key": ({**API, "tag": "b.t"}, "v.yaml", "a: &a {t: v1}\nb: {<<: *a}", [":v1"]),
    "over what charts mean": (
        {**API, "tag": "image.tag"},
        "v.yaml",
        "image: {repository: other/x, tag: v1}",
        ["ghcr.io/acme/api:v1"],
    ),
    "several documents": ({**API, "tag": "t"}, "v.yaml", "t: v1\n---\nt: v2", [":v1", ":v2"]),
    "a resource": (
        {**API, "tag": "spec.version"},
        "v.yaml",
        "apiVersion: a/v1\nkind: Widget\nspec: {version: v1}",
        [":v1"],
    ),
    "a kind in a file": (
        {**API, "kind": "Widget", "tag": "spec.version"},
        "v.yaml",
        ("apiVersion: a/v1\nkind: Widget\nspec: {version: v1}\n"
        "---\napiVersion: a/v1\nkind: Gadget\nspec: {version: v2}"),
        [":v1"],
    ),
    "any kind, not values": ({**API, "kind": "*", "tag": "t"}, "v.yaml", "t: v1", []),
    "nested, from its own top": ({**API, "tag": "image.tag"}, "v.yaml", CONFIGMAP, [":1.2"]),
    "nested, through its text": (
        {**API, "tag": "data.a\\.yaml.image.tag"},
        "v.yaml",
        CONFIGMAP,
        [":1.2"],
    ),
    "nested, another text": ({**API, "tag": "data.b\\.yaml.image.tag"}, "v.yaml", CONFIGMAP, []),
    "values of an Application": (
        {**API, "tag": "spec.source.helm.values.web.tag"},
        "v.yaml",
        APPLICATION,
        [":1.2"],
    ),
    "another file": ({**API, "files": ("x/*.yaml",), "tag": "t"}, "v.yaml", "t: v1", []),
    "captured": (
        {"files": ("tags/{env}/{app}",), "tag": "t", "image": "r.io/{env}/{app}"},
        "tags/prod/web",
        "t: v1",
        ["r.io/prod/web:v1"],
    ),
    "the first glob that matches": (
        {"files": ("x/{a}.yaml", "*/{a}.yaml"), "tag": "t", "image": "r.io/{a}"},
        "y/web.yaml",
        "t: v1",
        ["r.io/web:v1"],
    ),
    "an extension that the glob has": (
        {**API, "files": ("*.tags",), "tag": "t"},
        *("a.tags", "t: v1", [":v1"]),
    ),
    "another extension": ({**API, "files": ("*",), "tag": "t"}, "a.md", "t: v1", []),
    "a hidden file": ({**API, "files": ("*",), "tag": "t"}, ".env", "t: v1", []),
    "its own configuration": (
        {**API, "files": ("**",), "tag": "commit.subject"},
        "imagebot.yaml",
        "routes: []\ncommit: {subject: v1}",
        [],
    ),
    "an empty tag": ({**API, "tag": "t"}, "v.yaml", "t: ''", ["ghcr.io/acme/api"]),
    "a value that is a mapping": ({**API, "tag": "t"}, "v.yaml", "t: {a: v1}", []),
}  # fmt: skip


@pytest.mark.parametrize(("entry", "path", "text", "expected"), FOUND.values(), ids=FOUND.keys())
def test_what_is_found(entry: dict[str, Any], path: str, text: str, expected: list[str]) -> None:
    found = scan(path, text.encode(), ScanOptions(fields=(ExtraField(**entry),)))
    shown = [str(field.reference) for field in found.fields]
    assert shown == [f"ghcr.io/acme/api{e}" if e[0] == ":" else e for e in expected]
    assert [field.entry for field in found.fields] == [0] * len(shown)
    assert not [each for each in found.unread if not each.expected]


UNREAD = {
    "a name in capitals": ("tags/prod/API", "t: v1", ("not-a-reference", False)),
    "a name with a tag": ("tags/prod/web:1", "t: v1", ("not-a-reference", False)),
    "a variable": ("tags/prod/web", "t: ${TAG}", ("variable", True)),
    "a whole reference": ("tags/prod/web", "t: acme/web:1", ("not-a-reference", False)),
    "no YAML": ("tags/prod/README", "t: [", ("not-yaml", True)),
    "no text": ("tags/prod/logo", "\xff", ("not-utf8", True)),
}


@pytest.mark.parametrize(("path", "text", "expected"), UNREAD.values(), ids=UNREAD.keys())
def test_what_is_listed(path: str, text: str, expected: tuple[str, bool]) -> None:
    entry = ExtraField(files=("tags/{env}/{app}",), tag="t", image="r.io/{app}")
    found = scan(path, text.encode("latin-1"), ScanOptions(fields=(entry,)))
    assert found.fields == ()
    assert [(each.code, each.expected) for each in found.unread] == [expected]


def test_a_tag_that_charts_only_half_find_is_not_listed_as_well() -> None:
    text = b"image: {tag: v1}"
    assert [each.code for each in scan("v.yaml", text).unread] == ["no-repository"]
    entry = ExtraField(files=("*.yaml",), tag="image.tag", image="ghcr.io/acme/api")
    assert scan("v.yaml", text, ScanOptions(fields=(entry,))).unread == ()


def test_a_file_without_the_name_is_read_for_it() -> None:
    entry = ExtraField(files=("*",), tag="t", image="ghcr.io/acme/api")
    options = ScanOptions(fields=(entry,), mentions=("api",))
    assert len(scan("v.yaml", b"t: v1", options).fields) == 1
