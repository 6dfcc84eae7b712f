"""What packages of Crossplane depend on."""

from __future__ import annotations

import pytest

from imagebot.manifest.edit import edit
from imagebot.manifest.images.field import FieldEdit
from imagebot.manifest.scan import scan

HEAD = "apiVersion: meta.pkg.crossplane.io/v1\nkind: Configuration\nspec:\n  dependsOn:\n"


@pytest.mark.parametrize("kind", ["provider", "configuration", "function", "package"])
def test_an_exact_version_is_a_tag(kind: str) -> None:
    text = f"{HEAD}    - {kind}: xpkg.acme.example/acme/aws\n      version: v0.1.0 # why\n"
    (field,) = scan("crossplane.yaml", text.encode()).fields
    assert str(field.reference) == "xpkg.acme.example/acme/aws:v0.1.0"
    made = edit("crossplane.yaml", text.encode(), [FieldEdit(field, "v0.2.0", None)])
    assert made.decode() == text.replace("v0.1.0", "v0.2.0")


@pytest.mark.parametrize(
    ("version", "name", "code"),
    [
        ('">=v0.1.0"', "xpkg.acme.example/acme/aws", "range"),
        ("v0.1.0", "acme/aws", "no-repository"),
        ("v0.1.0", "${REGISTRY}/aws", "variable"),
    ],
)
def test_others_are_listed(version: str, name: str, code: str) -> None:
    text = f"{HEAD}    - {{provider: '{name}', version: {version}}}\n"
    found = scan("crossplane.yaml", text.encode())
    assert not found.fields
    assert [(each.code, each.line, each.expected) for each in found.unread] == [(code, 5, True)]
