"""What looks like an image and what does not, in files of every kind."""

from __future__ import annotations

import pytest

from imagebot.manifest.images.field import Unread
from imagebot.manifest.scan import scan
from imagebot.manifest.sweep.known import known_of
from imagebot.manifest.sweep.sweep import CODE, MOST, sweep
from imagebot.manifest.yaml.events import MAX_BYTES
from tests.support.work import count_steps

DIGEST = "sha256:" + "5e" * 32


def listed(text: str, path: str = "file") -> list[tuple[int, str]]:
    """The line of each entry, and what it shows."""
    return [(each.line, each.reason.split("'")[1]) for each in sweep(path, text.encode())]


REFERENCES = [
    ("x.env", "API=ghcr.io/acme/api:1.4.2", "ghcr.io/acme/api:1.4.2"),
    ("x.yaml", "- --agent=docker.io/acme/agent:v1", "docker.io/acme/agent:v1"),
    ("x.yaml", "value: quay.io/acme/web:main", "quay.io/acme/web:main"),
    ("x.yaml", "value: acme/web:main-4f2a9c1", "acme/web:main-4f2a9c1"),
    ("x.yaml", f"value: redis@{DIGEST}", f"redis@{DIGEST}"),
    ("x.yaml", f"value: redis:7@{DIGEST}", f"redis:7@{DIGEST}"),
    ("x.json", '{"a": "localhost:5000/web:1.2"}', "localhost:5000/web:1.2"),
    ("x.json", r'{"a": "{\"image\":\"acme/web:1.2\"}"}', "acme/web:1.2"),
    ("Dockerfile", "FROM debian:bookworm AS base", "debian:bookworm"),
    ("Dockerfile", "FROM --platform=$BUILDPLATFORM golang:1.22", "golang:1.22"),
    ("run.sh", "docker run --rm -v $PWD:/src alpine:3.19 true", "alpine:3.19"),
    ("x.tf", '  image = "nginx:1.25"', "nginx:1.25"),
    ("main.go", 'const sidecarImage = "envoy:v1.30"', "envoy:v1.30"),
    ("x.yml", "uses: docker://alpine:3", "alpine:3"),
    ("x.yaml", "text: see r.acme.example:8443/team/app:1.2.", "r.acme.example:8443/team/app:1.2"),
    ("x.txt", "acme/one:1.0,acme/two:2.0", "acme/one:1.0"),
    ("x.yaml", "image: [$A, redis:7]", "redis:7"),
    ("x.json", '{"images": ["a", "redis:7"]}', "redis:7"),
    ("x.sh", 'IMAGE="${REGISTRY}/acme/api:1.4.2"', "1.4.2"),
    ("x.sh", "run $REGISTRY/api:1.4.2", "1.4.2"),
    ("Dockerfile", 'FROM "golang:1.22"', "golang:1.22"),
    ("Dockerfile", "COPY --from=nginx:1.25 /a /b", "nginx:1.25"),
    ("Dockerfile", "RUN --mount=type=bind,from=alpine:3.19,target=/x true", "alpine:3.19"),
    ("cloudbuild.yaml", "- name: golang:1.22", "golang:1.22"),
    ("ci/cloudbuild-test.yml", "steps: [{id: a, name: 'node:20'}]", "node:20"),
    ("ci/jobs.yml", "services: ['mysql:8.0']", "mysql:8.0"),
    ("ci/jobs.yml", "services: [{name: docker:24-dind}]", "docker:24-dind"),
    ("azure-pipelines.yml", "services: {db: 'postgres:16'}", "postgres:16"),
    ("Jenkinsfile", "docker { image 'maven:3.9.6' }", "maven:3.9.6"),
    ("ci/Jenkinsfile.prod", '    image "maven:3-openjdk-17"', "maven:3-openjdk-17"),
    ("vars/build.groovy", "agent { docker 'node:20' }", "node:20"),
    ("vars/build.groovy", "docker.image('node:20').inside {", "node:20"),
    ("x.sh", "crane copy redis:7.5 mirror", "redis:7.5"),
    ("x.sh", "skopeo inspect redis:7.5", "redis:7.5"),
    ("x.sh", "kubectl set image deployment/x x=nginx:1.26", "nginx:1.26"),
    ("x.yaml", "- {name: WORKER_IMAGE, value: 'busybox:1.36'}", "busybox:1.36"),
    ("x.json", '{"name": "workerImage", "type": "x", "default": "busybox:1.36"}', "busybox:1.36"),
    ("main.tf", '{ name = "WORKER_IMAGE", value = "busybox:1.36" }', "busybox:1.36"),
    ("main.tf", 'resource "docker_image" "a" { name = "nginx:1.25" }', "nginx:1.25"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "line", "shown"), REFERENCES)
def test_references_are_listed(path: str, line: str, shown: str) -> None:
    assert listed(f"first\n{line}\n", path)[0] == (2, shown)


PAIRS = [
    ("- name: WORKER_IMAGE\n  value: busybox:1.36\n", True),
    ("- name: 'image'  # of tests\n  type: string\n  default: 'busybox:1.36'\n", True),
    ("  - description: x\n    name: IMG\n    value: busybox:1.36\n", True),
    ('{\n  "name": "IMAGE",\n  "value": "busybox:1.36"\n}\n', True),
    ("- name: WORKER_IMAGE\r\n  value: busybox:1.36\r\n", True),
    ("- name: HOST\n  value: busybox:1\n", False),
    ("- name: WORKER_IMAGE\n  value: a\n- name: HOST\n  value: busybox:80\n", False),
    ("- name: WORKER_IMAGE\n- value: busybox:80\n", False),
    ("name: image\nspec:\n  value: busybox:80\n", False),
    ("- name: IMAGE_HOST\n  value: db.acme.example:5432\n", False),
]


@pytest.mark.parametrize(("text", "found"), PAIRS)
def test_values_beside_the_name_of_an_image(text: str, found: bool) -> None:
    assert [shown for _, shown in listed(text, "x.yaml")] == (["busybox:1.36"] if found else [])


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("x.md2", "an image 'maven:3.9.6' of it"),
        ("main.tf", 'resource "docker_network" "a" { name = "nginx:1.25" }'),
        ("x.sh", "kubectl set env deployment/x a=b:80"),
        ("x.sh", "crane push redis:7.5"),
    ],
)
def test_what_only_looks_so(path: str, text: str) -> None:
    assert listed(text, path) == []


TAGS_OF_FILES = [
    ("main.tf", 'set {\n  name  = "image.tag"\n  value = "1.2.3"\n}', [(3, "1.2.3")]),
    ("main.tf", 'set = [{ name = "api.image.tag", value = "1.2.3" }]', [(1, "1.2.3")]),
    ("main.tf", 'set {\n  name  = "service.port"\n  value = "80"\n}', []),
    ("main.tf", 'variable "a_image_tag" {\n  type = string\n  default = "1.2"\n}', [(3, "1.2")]),
    ("main.tf", 'variable "region" {\n  default = "eu-1"\n}', []),
    (".env", "TAG=1.2.3", [(1, "1.2.3")]),
    (".env.prod", "API_TAG=1.2.3\nPORT=80\nGIT_TAG=v1", [(1, "1.2.3")]),
    ("envs/prod.env", "API_TAG=1.2.3", [(1, "1.2.3")]),
    ("run.sh", "API_TAG=1.2.3", []),
    ("env/prod.yaml", "apiTag: 1.2.3", [(1, "1.2.3")]),
    ("environments/prod/api.yaml", "apiTag: 1.2.3", [(1, "1.2.3")]),
    ("other/prod.yaml", "apiTag: 1.2.3", []),
]  # fmt: skip


@pytest.mark.parametrize(("path", "text", "entries"), TAGS_OF_FILES)
def test_tags_of_files_of_a_kind_are_listed(
    path: str, text: str, entries: list[tuple[int, str]]
) -> None:
    assert listed(text, path) == entries


NAMED = [
    ("a: {repository: x/a, imageTag: 1.1}\nb: {repository: x/b, imageTag: 1.2}", ["x/a", "x/b"]),
    ("- repository: x/a\n  imageTag: 1.1\n- repository: x/b\n  imageTag: 1.2", ["x/a", "x/b"]),
    ("- imageTag: 1.1\n  repository: x/a\n- imageTag: 1.2\n  repository: x/b", ["x/a", "x/b"]),
    ("image: x/a\nimageTag: 1.1\nreplicas: 1\nimage: x/b\nimageTag: 1.2", ["x/a", "x/b"]),
    ("a: {image: x/a}\nb: {imageTag: 1.2}", ["an image"]),
]


@pytest.mark.parametrize(("text", "names"), NAMED)
def test_a_tag_is_that_of_the_nearest_name(text: str, names: list[str]) -> None:
    found = [each.reason.rpartition("tag of ")[2] for each in sweep("file", text.encode())]
    assert found == names


TAGS = [
    ("API_IMAGE=acme/api\nAPI_TAG=1.4.2", (2, "1.4.2")),
    ("API_VERSION=1.4.2\nAPI_IMAGE=acme/api", (1, "1.4.2")),
    ("image: acme/citoid\nversion: 2026-08-17-0945-main", (2, "2026-08-17-0945-main")),
    ("image_version: 2026-08-17-094555-production", (1, "2026-08-17-094555-production")),
    ("image_tag: latest", (1, "latest")),
    ("{imageTag: '1.4.2'}", (1, "1.4.2")),
    ('"imageTag": "v3"', (1, "v3")),
    ("helm upgrade --set image.tag=1.4.2,replicas=2", (1, "1.4.2")),
    ("- name: API_TAG\n  value: 1.4.2\n- name: API_IMAGE\n  value: acme/api", (2, "1.4.2")),
    (f"image_digest: {DIGEST}", (1, DIGEST)),
    ("- {name: API_TAG, value: 1.4.2}\n- {name: API_IMAGE, value: acme/api}", (1, "1.4.2")),
    ('{"name": "A_IMAGE", "value": "acme/api"},\n{"name": "A_TAG", "value": "1.4"}', (2, "1.4")),
    ("- {name: 'API_IMAGE_TAG', default: '1.4.2'}", (1, "1.4.2")),
    ("IMAGE := acme/api\nTAG := 1.4.2", (2, "1.4.2")),
    ("IMAGE ?= acme/api\nTAG ?= 1.4.2", (2, "1.4.2")),
    ("imageTag: &tag 1.4.2", (1, "1.4.2")),
    ("image: &name acme/api\ntag: &tag 1.4.2", (2, "1.4.2")),
    ("- {name: web, newTag: 1.4.2}", (1, "1.4.2")),
    ("- name: web\n  newTag: 1.4.2", (2, "1.4.2")),
    ('{"name": "ghcr.io/acme/api", "tag": "1.4.2"}', (1, "1.4.2")),
    ("name: r.acme.example:5000/acme/api\nversion: 1.4.2", (2, "1.4.2")),
]  # fmt: skip


@pytest.mark.parametrize(("text", "entry"), TAGS)
def test_tags_beside_the_name_of_an_image_are_listed(text: str, entry: tuple[int, str]) -> None:
    assert listed(text) == [entry]


SERVICES = """\
job:
  services:
  - mysql:8.0
  - name: redis:7
    alias: r

  # more
  - alias: d
    name: 'docker:24-dind'
b:
  services:
    db: mysql:9.1
"""
ARGUMENTS = """\
ARG BASE=debian:12.4
ARG PY=3.12
ARG OTHER=1.2
ARG BARE
ARG URL=web:80
FROM ${BASE} AS a
FROM --platform=linux/amd64 acme/python:$PY
"""
TERRAFORM = """\
resource "docker_image" "web" {
  name = "nginx:1.25"
}
resource "helm_release" "web" {
  name       = "web"
  repository = "oci://ghcr.io/acme/charts"
  chart      = "web"
  version    = "1.4.1"
  set {
    name = "acme:1.2"
  }
}
resource "helm_release" "api" {
  version = "1.4.2"
  chart   = "oci://ghcr.io/acme/charts/api"
}
resource "helm_release" "http" {
  repository = "https://charts.example.com"
  chart      = "web"
  version    = "1.4.1"
}
resource "helm_release" "newest" {
  chart = "oci://ghcr.io/acme/charts/api"
}
data "docker_registry_image" "filled" {
  name = "nginx:${var.tag}"
}
"""
IN_FILES = {
    "services of CI jobs": (
        "ci/jobs.yml",
        SERVICES,
        [(3, "mysql:8.0"), (4, "redis:7"), (9, "docker:24-dind"), (12, "mysql:9.1")],
    ),
    "other lists": ("ci/jobs.yml", "services:\n  - a\nlinks:\n  - mysql:8.0\n", []),
    "ports of services": ("x.yml", "services:\n  - web:8080\n  - api:443\n  - a: web:80\n", []),
    "names elsewhere": ("x.yaml", "- name: golang:1.22\n", []),
    "arguments that name an image": (
        "Dockerfile",
        ARGUMENTS,
        [(1, "debian:12.4"), (2, "3.12")],
    ),
    "lines of FROM that go on": (
        "Dockerfile",
        "FROM --platform=x \\\n  debian:12\nfrom busybox:1\nFROM \\\n  scratch\n",
        [(2, "debian:12"), (3, "busybox:1")],
    ),
    "quoted arguments": (
        "web.Dockerfile",
        f"ARG A='debian:12'\nARG D=\"{DIGEST}\"\nFROM $A\nFROM nginx@${{D}}\n",
        [(1, "debian:12"), (2, DIGEST)],
    ),
    "arguments with a default in FROM": (
        "Containerfile",
        "ARG TAG=3.19\nFROM alpine:${TAG:-latest}\n",
        [(1, "3.19")],
    ),
    "arguments that are a part of a tag or behind a variable": (
        "Dockerfile",
        "ARG A=9\nARG B=1.2\nARG REG=acme.example\nFROM acme/ubi:$A-1\nFROM ${REG:-x}/app:${B}\n",
        [(1, "9"), (2, "1.2")],
    ),
    "images of Terraform": ("main.tf", TERRAFORM, [(2, "nginx:1.25"), (8, "1.4.1"), (14, "1.4.2")]),
    "such keys elsewhere": ("x.hcl", TERRAFORM, []),
    "arguments of other files": ("x.txt", "ARG PY=3.12\nFROM python:$PY\n", []),
    "the syntax of a Dockerfile": (
        "Dockerfile",
        "# escape=x\n# syntax=docker/dockerfile:1\nFROM scratch\n",
        [(2, "docker/dockerfile:1")],
    ),
    "a comment that looks like it": ("Dockerfile", "FROM x\n# syntax=docker/dockerfile:1.6\n", []),
}  # fmt: skip


@pytest.mark.parametrize(("path", "text", "entries"), IN_FILES.values(), ids=IN_FILES.keys())
def test_what_other_lines_say_counts(path: str, text: str, entries: list[tuple[int, str]]) -> None:
    assert listed(text, path) == entries


OTHER_TEXTS = [
    "http://localhost:8080/path", "localhost:8080", "db.acme.io:5432", "0.0.0.0:80", "[::1]:80",
    "12:30", "2026-01-01T12:30:00Z", "C:\\data\\x:1", "/var/run/x:ro", "./data:/data:ro",
    "data/cache:rw", "key:value", "a:1", "job:http_errors:rate5m", "com.acme:lib:1.2.3",
    "github.com/acme/lib@v1.2.3", "github.com/acme/lib:v1", "git@github.com:acme/lib.git",
    "https://ghcr.io/acme/api:1.2", "application/json:1.0", "kubernetes.io/os:linux",
    "src/main.go:12", "system:serviceaccount:a:b", "arn:aws:iam::123456789012:role/x",
    "user:password1@host", "margin:0.5em", "a/b:{{ .tag }}", "a/b:${TAG}", "$base:latest",
    f"imageID: docker-pullable://acme/web@{DIGEST}", f"checksum: {DIGEST}", "apiVersion: v1",
    "docker build -t ghcr.io/acme/api:1.4.2 .", "docker push ghcr.io/acme/api:1.4.2",
    "tags: ghcr.io/acme/api:1.4.2", "cache-from: type=registry,ref=ghcr.io/acme/api:1.0",
    "# image: acme/api:1.0", "x: y # acme/api:1.0", "// acme/api:1.0", " * acme/api:1.0",
    "<!-- acme/api:1.0 -->", "{{- /* acme/api:1.0 */ -}}", "{{/*\nacme/api:1.0\n*/}}",
    "<!--\nacme/api:1.0\n-->", "imageLayoutVersion: 1.0.0", "version: 1.2.3", "tag: 1.2.3",
    "version: '3.7'\nservices:\n  web:\n    image: acme/web", "imageTag: string",
    "imageTag: {{ .Values.tag }}", "argocd-image-updater.argoproj.io/image-list: a=acme/a:1.x",
    "lastTriggeredImage: ghcr.io/acme/web:1.2", "name: web\nversion: 1.4.2", "name: a/b\ntag: 1.4",
    "name: acme.example/x\nfooVersion: 1.4", "- {name: A_TAG, value: 1}", "TAG := 1.4.2",
    "image: [x]\ny: [a:1.0]",
]  # fmt: skip


@pytest.mark.parametrize("text", OTHER_TEXTS)
def test_other_texts_are_not_listed(text: str) -> None:
    assert listed(f"first\n{text}\n") == []


OBJECTS = [
    "apiVersion: image.toolkit.fluxcd.io/v1\nkind: ImagePolicy\nspec: {a: ghcr.io/acme/api:1.0}\n",
    "apiVersion: kargo.akuity.io/v1alpha1\nkind: Stage\nspec:\n  a: ghcr.io/acme/api:1.0\n",
    "kind: CustomResourceDefinition\nspec:\n  default: ghcr.io/acme/api:1.0\n",
    "kind: Pod\nstatus:\n  a:\n    - ghcr.io/acme/api:1.0\n\n  b: ghcr.io/acme/b:1.0\n",
    "policies: {a: {semver: ^1}}\nroutes:\n  - {images: [{match: ghcr.io/acme/api:1.0}]}\n",
]


@pytest.mark.parametrize("text", OBJECTS)
def test_what_others_own_is_not_listed_and_what_is_beside_it_is(text: str) -> None:
    assert listed(text, "x.yaml") == []
    if "policies" not in text:
        both = f"{text}---\nkind: Pod\nspec:\n  a: ghcr.io/acme/web:1.0\n"
        assert listed(both, "x.yaml") == [(both.count("\n"), "ghcr.io/acme/web:1.0")]


OTHER_FILES = [
    "README.md", "docs/a.rst", "docs/notes.txt", "CHANGELOG", "changelog.txt", "LICENSE", "OWNERS",
    "Chart.lock", "package-lock.json", "go.sum", "go.mod", ".terraform.lock.hcl", "pnpm-lock.yaml",
    "renovate.json", ".github/renovate.json5", ".renovaterc", "dependabot.yml", "imagebot.yaml",
    "updatecli.d/a.yaml", "a.css", "a.html", "pkg/testdata/a.yaml", "pkg/a_test.go", "test_a.py",
    "a.spec.ts", "pom.xml", "requirements.txt", ".pre-commit-config.yaml", "guide.md.tmpl",
]  # fmt: skip


@pytest.mark.parametrize("path", OTHER_FILES)
def test_files_of_people_and_of_other_tools_are_left_alone(path: str) -> None:
    assert sweep(path, b"image: ghcr.io/acme/api:1.4.2\n") == ()
    assert sweep(f"apps/{path}", b"image: ghcr.io/acme/api:1.4.2\n") == ()


@pytest.mark.parametrize(
    "path", ["api", "image-tags/prod/api", "versions.txt", "notes.yaml", "security.yaml", "a.md5"]
)
def test_other_files_are_swept_whatever_their_names(path: str) -> None:
    assert listed("image: ghcr.io/acme/api:1.4.2\n", path) == [(1, "ghcr.io/acme/api:1.4.2")]


def test_what_is_a_field_or_listed_is_not_listed_again() -> None:
    text = (
        "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n"
        "    - {name: a, image: ghcr.io/acme/a:1.0, args: [ghcr.io/acme/b:2.0]}\n"
        "    - {name: b, image: '${REGISTRY}/acme/c:3.0'}\n"
    )
    found = scan("x.yaml", text.encode())
    assert len(found.fields) == len(found.unread) == 1
    known = known_of(found.fields, found.unread)["x.yaml"]
    (entry,) = sweep("x.yaml", text.encode(), known)
    assert (entry.line, entry.code, entry.expected) == (5, CODE, True)
    assert "ghcr.io/acme/b:2.0" in entry.reason


@pytest.mark.parametrize("code", ["too-big", "sops", "not-utf8", "folder"])
def test_a_file_that_is_listed_as_a_whole_is_not_swept(code: str) -> None:
    known = known_of((), (Unread("x.yaml", 0, code, "why"),))["x.yaml"]
    assert sweep("x.yaml", b"a: ghcr.io/acme/a:1.0\n", known) == ()


@pytest.mark.parametrize("code", ["helm-template", "template", "not-yaml"])
def test_a_literal_image_in_a_file_that_is_not_yaml_is_listed(code: str) -> None:
    known = known_of((), (Unread("x.yaml", 1, code, "why"),))["x.yaml"]
    assert len(sweep("x.yaml", b"a: ghcr.io/acme/a:1.0\n", known)) == 1


def test_the_first_of_a_file_and_a_count_of_the_others_are_listed() -> None:
    data = b"".join(b"- ghcr.io/acme/a%d:1.0\n" % number for number in range(1_500))
    entries = sweep("x", data)
    assert [entry.line for entry in entries] == [*range(1, MOST + 1), 0]
    assert entries[-1].reason == "1,480 more places in this file look like images"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_texts_in_other_encodings_are_swept(encoding: str) -> None:
    data = "x: 1\na: ghcr.io/acme/a:1.0\n".encode(encoding)
    assert [entry.line for entry in sweep("x.conf", data)] == [2]


def test_lines_end_as_they_do_for_fields() -> None:
    text = "a\ré\ra: ghcr.io/acme/a:1.0\r"
    assert [entry.line for entry in sweep("x", text.encode())] == [3]
    assert [entry.line for entry in sweep("x", text.replace("\r", "\r\n").encode())] == [3]


HOSTILE = [
    b"a:1 ", b"a/b:1.0 ", b"image: a:1\n", b"version:1 ", b"tag: 1, image ", b"----tag:1", b"a/",
    b"-", b"x:1:", b"a@sha256:", b"'image: a/b:1.0' # ", b"status:\n", b"{{/* ", b"<!-- a/b:1.0 ",
    b"\r",
    b"---\nkind: ImageScan\nimage: a/b:1.0\n", b"\xff\xc3image: a:1\n", b"docker a/b:1.0 build ",
    b"name: a_tag\nvalue: 1\n", b'{"imageTag":"1","image":"a/b"},',
]  # fmt: skip


@pytest.mark.parametrize("part", HOSTILE)
@pytest.mark.parametrize("path", ["x.yaml", "x.go"])
def test_big_and_hostile_files_give_few_entries(part: bytes, path: str) -> None:
    entries = sweep(path, (part * (MAX_BYTES // len(part) + 1))[: MAX_BYTES + 1])
    assert entries[-1].code == "too-big"
    assert len(entries) <= MOST + 3


def test_a_long_line_takes_no_more_work_than_many_short_ones() -> None:
    """Whatever is on one line with a tag is beside it; the first name is enough."""
    pairs = ['{"imageTag":"1","image":"a/b"}'] * 200
    long, short = (between.join(pairs).encode() for between in (",", "\n"))
    assert len(sweep("x.go", long)) == len(sweep("x.go", short))
    steps = count_steps(lambda: sweep("x.go", long))
    assert steps < 2 * count_steps(lambda: sweep("x.go", short))


def test_binary_files_are_not_swept_and_invalid_text_is() -> None:
    assert sweep("x", b"image: ghcr.io/acme/a:1.0\n\0") == ()
    assert len(sweep("x", b"image: ghcr.io/acme/a:1.0\n" + b"x" * 9_000 + b"\0")) == 1
    assert len(sweep("x", b"\xff image: ghcr.io/acme/a:1.0\n")) == 1
    assert sweep("x", b"") == ()


VALUES = [
    ("apiTag: 1.0", [(1, "1.0")]),
    ("api_tag: '1.0'", [(1, "1.0")]),
    ("dockerTag: 1.0", [(1, "1.0")]),
    ("docker_tag: v2", [(1, "v2")]),
    ("web:\n  tag: 1.0", [(2, "1.0")]),
    ("imageTags: {api: 1.0, 'web': \"2\"}", [(1, "1.0"), (1, "2")]),
    ("imageTags:\n  api: 1.0 # x\n\n  # web\n  web: '2'\nport: 8080", [(2, "1.0"), (5, "2")]),
    ("images: {api: 1.0, web: {tag: 1.1}}", [(1, "1.0"), (1, "1.1")]),
    ("images:\n  api: 1.0\n  web:\n    tag: 1.1\n  pullPolicy: Always", [(2, "1.0"), (4, "1.1")]),
    ("a:\n  images:\n    api: main-4\n  replicas: 3", [(3, "main-4")]),
    ("images:\n  replicas: 3\n  pullPolicy: v1", []),
    ("gitTag: 1.0\nnodeReleaseTag: 2.0", []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "entries"), VALUES)
def test_lone_tags_in_values_are_listed(text: str, entries: list[tuple[int, str]]) -> None:
    assert listed(text, "chart/values-prod.yaml") == entries


def test_maps_of_tags_are_listed_in_any_file() -> None:
    assert listed("dockerTags:\n  api: 1.0\n", "x.yaml") == [(2, "1.0")]
    assert listed("images:\n  api: 1.0\n", "x.yaml") == []


def test_tags_of_the_environments_of_a_helmfile_are_listed() -> None:
    text = "environments:\n  prod:\n    values:\n      - apiTag: 1.4.1\n        web: {tag: v2}\n"
    assert listed(text, "helmfile.yaml") == [(4, "1.4.1"), (5, "v2")]
    assert listed("apiTag: 1.4.1\n", "environments/prod.yaml") == [(1, "1.4.1")]


def test_what_to_write_for_one_of_a_map() -> None:
    text = b"imageTags:\n  api: 1.0\n"
    (entry,) = sweep("values.yaml", text)
    assert entry.hint == (
        "write `# imagebot: {image: REPOSITORY, policy: POLICY}` on the line above"
    )
    marked = b"imageTags:\n  # imagebot: {image: acme/api, policy: careful}\n  api: 1.0\n"
    assert [str(each.reference) for each in scan("values.yaml", marked).fields] == ["acme/api:1.0"]
    (first, _) = sweep("values.yaml", b"imageTags: {api: 1.0, web: 2.0}\n")
    assert first.hint.startswith("write it on a line of its own")
