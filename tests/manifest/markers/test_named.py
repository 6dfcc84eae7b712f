"""Markers that name the image of a tag or digest, and Renovate's comments that do."""

from __future__ import annotations

import pytest

from imagebot.manifest.images.options import ScanOptions
from imagebot.manifest.scan import scan

DIGEST = "sha256:" + "a" * 64
API = "{image: ghcr.io/acme/api, policy: careful}"
REF = "ghcr.io/acme/api"

FOUND = {
    "on a tag": (f"tag: 1.2.3 # imagebot: {API}\n", f"{REF}:1.2.3", "careful"),
    "above a tag": (f"a:\n  # imagebot: {API}\n  tag: 1.2.3\n", f"{REF}:1.2.3", "careful"),
    "any key": (f"apiVersion: 'v1' # imagebot: {API}\n", f"{REF}:v1", "careful"),
    "an item": (f"- a\n- v2 # imagebot: {API}\n", f"{REF}:v2", "careful"),
    "a digest": (f"x: {DIGEST} # imagebot: {API}\n", f"{REF}@{DIGEST}", "careful"),
    "both": (f"x: v1@{DIGEST} # imagebot: {API}\n", f"{REF}:v1@{DIGEST}", "careful"),
    "in flow style": (f"a: {{tag: v1, x: y}} # imagebot: {API}\n", f"{REF}:v1", "careful"),
    "a name and a value": (
        f"p: [{{name: a.b, value: v1}}] # imagebot: {API}\n",
        *(f"{REF}:v1", "careful"),
    ),
    "above a name": (f"# imagebot: {API}\n- name: X\n  value: v1\n", f"{REF}:v1", "careful"),
    "on a name": (f"- name: X # imagebot: {API}\n  value: v1\n", f"{REF}:v1", "careful"),
    "above a key": (f"# imagebot: {API}\n- key: X\n  default: v1\n", f"{REF}:v1", "careful"),
    "above a name and a version": (
        f"# imagebot: {API}\n- name: x\n  version: v1\n  repository: https://acme.example\n",
        *(f"{REF}:v1", "careful"),
    ),
    "an anchor": (f"a: &v v1 # imagebot: {API}\nb: *v\n", f"{REF}:v1", "careful"),
    "in a block": (f"a: |\n  tag: v1 # imagebot: {API}\n", f"{REF}:v1", "careful"),
    "policy keys": (
        "tag: v1 # imagebot: {image: ghcr.io/acme/api, semver: ^1}\n",
        *(f"{REF}:v1", "{image: ghcr.io/acme/api, semver: ^1}"),
    ),
    "no policy": ("tag: v1 # imagebot: {image: ghcr.io/acme/api}\n", f"{REF}:v1", None),
    "two comments": (
        "# imagebot: {image: ghcr.io/acme/api}\ntag: v1 # imagebot: careful\n",
        *(f"{REF}:v1", "careful"),
    ),
    "a number": (f"tag: 7 # imagebot: {API}\n", f"{REF}:7", "careful"),
    "a number of an image": (f"images: {{api: 7}} # imagebot: {API}\n", f"{REF}:7", "careful"),
    "a number of a pair": (
        f"- name: image.tag\n  value: 7 # imagebot: {API}\n",
        f"{REF}:7",
        "careful",
    ),
    "a quoted number": (f"port: '8080' # imagebot: {API}\n", f"{REF}:8080", "careful"),
    "a quoted word": (f"a: 'true' # imagebot: {API}\n", f"{REF}:true", "careful"),
    "Windows": (f"tag: v1 # imagebot: {API}\r\n", f"{REF}:v1", "careful"),
    "over what charts mean": (
        f"image: {{repository: other/x, tag: v1}} # imagebot: {API}\n",
        *(f"{REF}:v1", "careful"),
    ),
}


@pytest.mark.parametrize(("text", "reference", "policy"), FOUND.values(), ids=FOUND.keys())
def test_the_value_on_its_line_is_the_tag(text: str, reference: str, policy: str | None) -> None:
    found = scan("values.yaml", text.encode())
    assert found.unread == ()
    (field,) = found.fields
    assert (str(field.reference), field.refusal) == (reference, "")
    assert (field.marker and field.marker.text) == policy
    line = text[: text.index("imagebot")].count("\n") + 1
    assert field.repository_from == f"values.yaml:{line}"


WRONG = {
    "a whole reference": (f"a: x:1 # imagebot: {API}\n", "'x:1' is not a tag or digest"),
    "no value": (f"a: # imagebot: {API}\n  b: v1\n", "no value on its line"),
    "only a name": (f"# imagebot: {API}\n- name: x\n  port: 80\n", "no value on its line"),
    "a name of a list": (
        f"# imagebot: {API}\n- name: x\n  value: [v1]\n",
        "no value on its line",
    ),
    "a boolean": (f"enabled: true # imagebot: {API}\n", "`true` is no tag"),
    "off": (f"a: {{tag: Off}} # imagebot: {API}\n", "`Off` is no tag"),
    "null": (f"tag: null # imagebot: {API}\n", "`null` is no tag"),
    "a port": (f"a:\n  port: 8080 # imagebot: {API}\n", "`port` is not the key of a tag"),
    "a port below": (f"# imagebot: {API}\nport: 8080\n", "`port` is not the key of a tag"),
    "an alias": (f"a: &v v1\nb: *v # imagebot: {API}\n", "no value on its line"),
    "the end": (f"a: b\n# imagebot: {API}\n", "no value on its line"),
    "several": (f"a: {{b: v1, c: v2}} # imagebot: {API}\n", "several values are on its line"),
    "a tag in the name": (
        "a: v1 # imagebot: {image: acme/api:1}\n",
        "'acme/api:1': write the repository without a tag",
    ),
    "not a repository": (
        "a: v1 # imagebot: {image: acme/API}\n",
        "'acme/API', which is not a repository",
    ),
    "nothing": ("a: v1 # imagebot: {image: }\n", "names no image: write {image: NAME}"),
    "another image": (
        f"# imagebot: {API}\na: v1 # imagebot: {{image: acme/web}}\n",
        "names another image than the one on line 1",
    ),
    "a part of another image": (
        f"image:\n  registry: quay.io # imagebot: {API}\n  repository: a/b\n  tag: v1\n",
        "is on a line that is part of quay.io/a/b:v1 already",
    ),
}


@pytest.mark.parametrize(("text", "reason"), WRONG.values(), ids=WRONG.keys())
def test_a_marker_that_names_nothing_is_a_problem(text: str, reason: str) -> None:
    found = scan("values.yaml", text.encode())
    (entry,) = [each for each in found.unread if not each.expected]
    assert entry.code == "marker"
    assert entry.reason.startswith("this marker ")
    assert reason in entry.reason
    assert all(field.refusal for field in found.fields)


def test_a_value_that_is_filled_in_is_listed() -> None:
    found = scan("values.yaml", f"tag: ${{TAG}} # imagebot: {API}\n".encode())
    assert found.fields == ()
    assert [(each.code, each.expected) for each in found.unread] == [("variable", True)]


def test_a_marker_that_ignores_says_so_of_what_another_names() -> None:
    text = "# imagebot: {image: acme/api}\ntag: v1 # imagebot: ignore\n"
    (field,) = scan("values.yaml", text.encode()).fields
    assert field.marker is not None
    assert field.marker.kind == "ignore"


RENOVATE = {
    "a name": ("datasource=docker depName=acme/api", "acme/api"),
    "the name to look up": ("datasource=docker depName=API packageName=acme/api", "acme/api"),
    "in any order": ("depName=acme/api datasource=docker", "acme/api"),
    "a registry": (
        "datasource=docker depName=acme/api registryUrl=https://reg.acme.example/",
        "reg.acme.example/acme/api",
    ),
    "a registry beside one": (
        "datasource=docker depName=quay.io/acme/api registryUrl=https://reg.acme.example",
        "quay.io/acme/api",
    ),
    "Docker Hub": (
        "datasource=docker depName=nginx registryUrl=https://index.docker.io",
        "docker.io/nginx",
    ),
}


@pytest.mark.parametrize(("said", "name"), RENOVATE.values(), ids=RENOVATE.keys())
@pytest.mark.parametrize("path", ["values.yaml", "run.sh", "values.yaml.j2"])
def test_renovate_names_the_image_of_the_value_below(said: str, name: str, path: str) -> None:
    found = scan(path, f"# renovate: {said}\nversion: 1.2.3\n".encode())
    assert found.unread == ()
    (field,) = found.fields
    assert (str(field.reference), field.marker) == (f"{name}:1.2.3", None)
    assert field.repository_from == f"{path}:1"


@pytest.mark.parametrize("path", ["values.yaml", "run.sh"])
def test_what_else_renovate_says_is_listed(path: str) -> None:
    text = "# renovate: datasource=docker depName=a/b versioning=loose extractVersion=^v(.*)$\n"
    found = scan(path, (text + "version: 1.2.3\n").encode())
    assert [str(field.reference) for field in found.fields] == ["a/b:1.2.3"]
    (entry,) = found.unread
    assert (entry.line, entry.code, entry.expected) == (1, "renovate", True)
    assert "versioning=loose extractVersion=^v(.*)$" in entry.reason


QUIET = {
    "another source": "# renovate: datasource=github-releases depName=a/b\nversion: 1.2.3\n",
    "a source that begins alike": "# renovate: datasource=dockerx depName=a/b\nversion: 1.2.3\n",
    "within a value": 'version: "# renovate: datasource=docker depName=a/b"\nx: 1\n',
}


@pytest.mark.parametrize("text", QUIET.values(), ids=QUIET.keys())
def test_other_comments_are_ignored_quietly(text: str) -> None:
    found = scan("values.yaml", text.encode())
    assert (found.fields, found.unread) == ((), ())


LISTED = {
    "no name": ("# renovate: datasource=docker versioning=docker\nversion: 1.2.3\n", 2),
    "no value": ("# renovate: datasource=docker depName=a/b\n\nversion: 1.2.3\n", 1),
    "not a version": ("# renovate: datasource=docker depName=a/b\nversion: a/b\n", 1),
    "commented out below": (
        "# renovate: datasource=docker depName=a/b\n# version: 1.2\nother: 1.3\n",
        1,
    ),
    "not a repository": ("# renovate: datasource=docker depName=a/B\nversion: 1.2.3\n", 1),
}


@pytest.mark.parametrize(("text", "count"), LISTED.values(), ids=LISTED.keys())
@pytest.mark.parametrize("path", ["values.yaml", "run.sh"])
def test_what_renovate_cannot_mean_is_listed_and_no_problem(
    text: str, count: int, path: str
) -> None:
    found = scan(path, text.encode())
    assert found.fields == ()
    assert [(each.code, each.expected) for each in found.unread] == [("renovate", True)] * count


def test_the_file_itself_says_which_image_it_is() -> None:
    text = "# renovate: datasource=docker depName=a/b\nimage: mirror.example/a/b:1.2.3\n"
    found = scan("values.yaml", text.encode())
    assert [str(field.reference) for field in found.fields] == ["mirror.example/a/b:1.2.3"]
    assert found.unread == ()


def test_renovate_means_the_value_and_not_its_name() -> None:
    text = b"# renovate: datasource=docker depName=a/b\n- name: API\n  value: 1.2.3\n"
    found = scan("values.yaml", text)
    assert [(str(field.reference), field.line) for field in found.fields] == [("a/b:1.2.3", 3)]
    assert [(each.line, each.code) for each in scan("a.yaml.j2", text).unread] == [(1, "renovate")]


def test_two_markers_of_one_value_must_name_one_image() -> None:
    text = "# imagebot: {image: a/b}\n- name: API\n  value: v1 # imagebot: {image: a/c}\n"
    found = scan("values.yaml", text.encode())
    assert [str(field.reference) for field in found.fields] == ["a/b:v1"]
    (entry,) = found.unread
    assert (entry.line, entry.code) == (3, "marker")
    assert "names another image than the one on line 1" in entry.reason
    same = scan("values.yaml", text.replace("a/c", "a/b").encode())
    assert ([str(field.reference) for field in same.fields], same.unread) == (["a/b:v1"], ())


def test_an_own_marker_gives_the_policy_to_what_renovate_names() -> None:
    text = "# renovate: datasource=docker depName=a/b\n# imagebot: careful\nversion: 1.2.3\n"
    for path in ("values.yaml", "run.sh"):
        (field,) = scan(path, text.encode()).fields
        assert field.marker is not None
        assert field.marker.text == "careful"


def test_no_digest_is_added_to_what_renovate_names() -> None:
    text = b"# renovate: datasource=docker depName=a/b\nversion: 1.2.3\n"
    for path in ("values.yaml", "run.sh"):
        (field,) = scan(path, text).fields
        assert field.digest is None


TEXT = {
    "a shell": ("run.sh", "VERSION=1.2.3", "1.2.3"),
    "an export": ("run.sh", 'export API="v1"', "v1"),
    "an argument": ("Dockerfile", "ARG API_VERSION=1.2.3", "1.2.3"),
    "an old variable": ("Dockerfile", "ENV API_VERSION 1.2.3", "1.2.3"),
    "HCL": ("main.tf", '  default = "1.2.3"', "1.2.3"),
    "Make": ("Makefile", "API ?= 1.2.3", "1.2.3"),
    "Jinja": ("a.j2", "{% set api = '1.2.3' %}", "1.2.3"),
    "a template of YAML": ("a.yaml.j2", "  - tag: '1.2.3'", "1.2.3"),
    "an item": ("a.yaml.j2", "  - 1.2.3", "1.2.3"),
    "a property": (".env", "api.tag=1.2.3", "1.2.3"),
    "JSON": ("a.libsonnet", '"tag": "1.2.3",', "1.2.3"),
    "a tag among others": ("run.sh", "NAME=api TAG=1.2.3", "1.2.3"),
    "a digest": ("run.sh", f"API={DIGEST}", DIGEST),
    "both": ("run.sh", f"API=v1@{DIGEST}", f"v1@{DIGEST}"),
}


@pytest.mark.parametrize(("path", "line", "version"), TEXT.values(), ids=TEXT.keys())
def test_the_value_on_a_line_of_another_file(path: str, line: str, version: str) -> None:
    found = scan(path, f"# imagebot: {API}\n{line}\n".encode())
    assert found.unread == ()
    (field,) = found.fields
    sign = "@" if version.startswith("sha256") else ":"
    assert str(field.reference) == f"{REF}{sign}{version}"
    assert field.marker is not None
    assert field.marker.text == "careful"


NO_TEXT = {
    "several": ("A=1.2 B=1.3", "no value on its line"),
    "an image": ("FROM acme/api:1", "its line has one already"),
    "nothing": ("make install", "no value on its line"),
    "a path": ("A=x/y", "no value on its line"),
    "only a name": ('name = "image.tag"', "no value on its line"),
}


@pytest.mark.parametrize(("line", "reason"), NO_TEXT.values(), ids=NO_TEXT.keys())
def test_a_line_without_one_value_is_a_problem(line: str, reason: str) -> None:
    found = scan("run.sh", f"{line} # imagebot: {API}\n".encode())
    assert found.fields == ()
    (entry,) = found.unread
    assert (entry.line, entry.code, entry.expected) == (1, "marker", False)
    assert reason in entry.reason


def test_a_document_that_is_not_yaml_is_read_as_text() -> None:
    text = f"a: {{{{ .b }}}}\n{{{{- if c }}}}\ntag: 1.2.3 # imagebot: {API}\n{{{{- end }}}}\n"
    for options in (ScanOptions(), ScanOptions(chart=True)):
        (field,) = scan("chart/templates/a.yaml", text.encode(), options).fields
        assert str(field.reference) == f"{REF}:1.2.3"


@pytest.mark.parametrize("line", ["ENABLED=true", "ENABLED=null", "ENABLED=off"])
def test_a_word_of_another_type_in_text_is_a_problem(line: str) -> None:
    found = scan(".env", f"# imagebot: {API}\n{line}\n".encode())
    assert [(each.code, each.line, each.expected) for each in found.unread] == [
        ("marker", 1, False)
    ]
    assert not found.fields
