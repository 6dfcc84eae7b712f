from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import imagebot.manifest

PACKAGE = Path(imagebot.manifest.__file__).parent
DOCUMENT = Path(__file__).parents[3] / "docs" / "manifests.md"
# The position of the code among the arguments.
CALLS = {"Unread": 2, "unread": 1, "YamlFaultError": 0}


def codes() -> Iterator[str]:
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in CALLS and len(node.args) > CALLS[name]:
                code = node.args[CALLS[name]]
                if isinstance(code, ast.Constant):
                    yield str(code.value)


def test_the_documents_name_every_code_of_what_is_not_read() -> None:
    _, _, table = DOCUMENT.read_text("utf-8").partition("## What is unread")
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    named = {code for row in rows for code in row.replace("`", "").replace(",", " ").split()}
    found = set(codes())
    assert len(found) > 15
    assert found <= named
