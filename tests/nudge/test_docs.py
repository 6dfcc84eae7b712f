"""docs/nudges.md: its document is as the schema says, and its example verifies what is sent."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from imagebot.config.load import load_bot_configuration
from imagebot.config.model_serve import Nudge
from imagebot.nudge.build import build_calls
from imagebot.nudge.document import commit_document
from tests.nudge.commits import COMMIT

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "nudges.md").read_text("utf-8")
SECRET = f"whsec_{base64.b64encode(bytes(range(24))).decode()}"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def test_the_document_is_one() -> None:
    (text,) = blocks("json")
    shown = json.loads(text)
    jsonschema.validate(shown, json.loads((DOCS / "schema/nudge.schema.json").read_text("utf-8")))
    assert shown.keys() == json.loads(commit_document(COMMIT)).keys()


@pytest.fixture
def is_genuine() -> Callable[..., bool]:
    """The function of the example."""
    (source,) = blocks("python")
    names: dict[str, Any] = {}
    exec(compile(source, "nudges.md", "exec"), names)
    found: Callable[..., bool] = names["is_genuine"]
    return found


def test_the_example_verifies_what_is_sent(is_genuine: Callable[..., bool]) -> None:
    nudge, now = Nudge(type="webhook", url="https://a.example"), int(time.time())
    (call,) = build_calls(nudge, COMMIT, SECRET, now)
    body, headers = call.request.content, call.request.headers
    assert body is not None
    assert is_genuine(SECRET, headers, body)
    assert not is_genuine(SECRET, headers, body + b" ")
    assert not is_genuine("whsec_AAAA", headers, body)
    (old,) = build_calls(nudge, COMMIT, SECRET, now - 3600)
    assert not is_genuine(SECRET, old.request.headers, body)


def test_every_type_is_told_of() -> None:
    files = [block for block in blocks("yaml") if block.startswith("# bot.yaml")]
    shown = {each.type for text in files for each in load_bot_configuration(text, "b").nudges}
    assert shown == {"flux", "argocd-webhook", "argocd-refresh"}
    assert "**`webhook`**" in TEXT
