"""Compose files that are not named like one."""

from __future__ import annotations

import pytest

from imagebot.manifest import scan as scan_module
from imagebot.manifest.scan import scan

BUILT = "services:\n  web:\n    build: .\n    image: acme/web:1.0\n"


@pytest.fixture(params=["outline", "parser"])
def reader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "parser":
        monkeypatch.setattr(scan_module, "outline", lambda _text: None)


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
