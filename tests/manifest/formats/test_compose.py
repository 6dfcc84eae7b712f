"""What is a Compose file, by its name and by what is in it."""

from __future__ import annotations

import pytest

from imagebot.manifest import scan as scan_module
from imagebot.manifest.scan import scan

BUILT = "services:\n  web:\n    build: .\n    image: acme/web:1.0\n"


@pytest.fixture(params=["outline", "parser"])
def reader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "parser":
        monkeypatch.setattr(scan_module, "outline", lambda _text, _found: None)


@pytest.mark.parametrize(
    "more",
    [
        "models:\n  llm:\n    model: ai/smollm2\n",
        "version: '3'\nname: x\nnetworks: {}\nvolumes: {}\nsecrets: {}\nconfigs: {}\ninclude: []\n",
        "x-own: {a: b}\n",
        "  llm:\n    provider:\n      type: model\n",
        "  cron:\n    extends: web\n",
    ],
)
@pytest.mark.usefixtures("reader")
def test_what_is_built_is_not_edited(more: str) -> None:
    text = more + BUILT if more[0] != " " else BUILT + more
    found = scan("stack.yaml", text.encode())
    assert [each.code for each in found.unread] == ["built-here"]
    assert not found.fields


@pytest.mark.parametrize(
    "text",
    [
        "other: 1\nservices:\n  web:\n    build: .\n    image: acme/web:1.0\n",
        "services:\n  web:\n    image:\n      repository: acme/web\n      tag: '1.0'\n",
        "services:\n  web:\n    image: acme/web\n    tag: '1.0'\n",
        "services:\n  web:\n    build: .\n  b:\n    sidecar:\n      image: acme/web:1.0\n",
    ],
)
@pytest.mark.usefixtures("reader")
def test_values_may_have_services_too(text: str) -> None:
    (field,) = scan("stack.yaml", text.encode()).fields
    assert (field.format, str(field.reference)) == ("helm", "acme/web:1.0")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("values-compose.yaml", "image:\n  repository: acme/web\n  tag: '1.0'\n"),
        ("values-compose.yaml", "web:\n  image: acme/web:1.0\n"),
        ("values-compose.yaml", "web:\n  sidecar:\n    image: acme/web:1.0\n  build: x\n"),
        ("values-compose.yaml", "services: []\nimage: acme/web:1.0\n"),
        ("values-compose.yaml", "replicas: 1\nservices:\n  a:\n    image: acme/web:1.0\n"),
        ("values.compose.yaml", "services:\n  a:\n    image: acme/web\n    tag: '1.0'\n"),
        ("docker-compose.values.yml", "web:\n  repository: acme/web\n  tag: '1.0'\n"),
        ("compose.values.yml", "image: acme/web:1.0\n"),
    ],
)
@pytest.mark.usefixtures("reader")
def test_what_is_only_named_like_one_is_read_by_its_shape(path: str, text: str) -> None:
    (field,) = scan(path, text.encode()).fields
    assert (field.format, str(field.reference)) == ("helm", "acme/web:1.0")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("compose.yaml", "services:\n  a:\n    image: acme/web\n"),
        ("values-compose.yaml", "services:\n  a:\n    image: acme/web\n"),
        ("docker-compose.yml", "a:\n  image: acme/web\n"),
        ("sub/compose.prod.yml", "a:\n  image: acme/web\nb:\n  build: .\n"),
    ],
)
@pytest.mark.usefixtures("reader")
def test_what_is_named_like_one_is_one(path: str, text: str) -> None:
    (field,) = scan(path, text.encode()).fields
    assert (field.format, str(field.reference)) == ("compose", "acme/web")


def test_volumes_of_images() -> None:
    text = """\
services:
  web:
    build: .
    volumes:
      - {type: image, source: "ghcr.io/acme/x:1", target: /x}
      - type: bind
        source: ./a:1
"""
    found = scan("compose.yaml", text.encode())
    assert [(str(each.reference), each.container) for each in found.fields] == [
        ("ghcr.io/acme/x:1", "web")
    ]
