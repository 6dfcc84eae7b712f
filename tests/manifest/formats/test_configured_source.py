"""Where the repository of a configured field is from."""

from __future__ import annotations

from imagebot.manifest.images.options import ExtraField
from imagebot.manifest.scan import ScanOptions, scan


def test_an_entry_that_names_the_image_is_where_the_repository_is_from() -> None:
    fields = (
        ExtraField(files=("a.yaml",), repository="name", tag="version"),
        ExtraField(files=("a.yaml",), tag="app.tag", image="ghcr.io/acme/api"),
    )
    text = b"name: ghcr.io/acme/web\nversion: 1.0.0\napp: {tag: 1.4.1}\n"
    found = scan("a.yaml", text, ScanOptions(fields=fields)).fields
    assert [(str(each.reference), each.repository_from) for each in found] == [
        ("ghcr.io/acme/web:1.0.0", ""),
        ("ghcr.io/acme/api:1.4.1", "fields[1]"),
    ]
