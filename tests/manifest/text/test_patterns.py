"""What configured patterns find, and what they only list."""

from __future__ import annotations

import pytest

from imagebot.errors import RefusedEditError
from imagebot.manifest.edit import edit
from imagebot.manifest.images.field import FieldEdit, Scan
from imagebot.manifest.images.options import ExtraFile, ScanOptions
from imagebot.manifest.scan import scan

DIGEST = "sha256:" + "a" * 64
PINNED = r"^FROM (?P<name>[^\s:@]+):(?P<tag>[\w.-]+)(?:@(?P<digest>sha256:[0-9a-f]{64}))?"


def found(text: str, pattern: str, path: str = "Dockerfile") -> Scan:
    return scan(
        path, text.encode(), ScanOptions(files=(ExtraFile(match=("**",), pattern=pattern),))
    )


KEPT = {
    "FROM --platform=${BUILDPLATFORM} acme/web:1.0 AS ${NAME}": (
        r"FROM .* (?P<name>[\w./]+):(?P<tag>\S+) AS .*"
    ),
    "run $(date) {{ x }} acme/web:1.0": r"run .* (?P<name>[\w./]+):(?P<tag>\S+)",
    "image: {{ .x }}/acme/web:1.0": r"image: .*?/(?P<name>[\w./]+):(?P<tag>\S+)",
}


@pytest.mark.parametrize(("text", "pattern"), KEPT.items())
@pytest.mark.parametrize("path", ["Dockerfile", "a.yaml.j2", "image.yaml"])
def test_variables_beside_a_reference_do_not_matter(text: str, pattern: str, path: str) -> None:
    scanned = found(text, pattern, path)
    assert [str(each.reference) for each in scanned.fields] == ["acme/web:1.0"]
    made = edit(path, text.encode(), [FieldEdit(scanned.fields[0], "1.1", None)])
    assert made == text.replace("1.0", "1.1").encode()


LISTED = {
    "FROM ${REG}/web:1.0": "variable",
    "FROM acme/web:${TAG}": "variable",
    "FROM {{ reg }}/web:1.0": "variable",
    "FROM $(reg)/web:1.0": "variable",
    "FROM :1.0": "not-a-reference",
}


@pytest.mark.parametrize(("text", "code"), LISTED.items())
def test_a_match_is_never_dropped_in_silence(text: str, code: str) -> None:
    scanned = found(f"\n{text}\n", r"FROM (?P<name>[^:]*):(?P<tag>\S+)")
    assert scanned.fields == ()
    assert [(each.line, each.code, each.expected) for each in scanned.unread] == [(2, code, True)]


def test_what_a_pattern_with_a_digest_finds_can_be_pinned() -> None:
    text = "FROM acme/web:1.0 AS a\nFROM acme/api:1.0"
    scanned = found(text, PINNED)
    assert [each.digest is not None for each in scanned.fields] == [True, True]
    edits = [FieldEdit(each, "1.1", DIGEST) for each in scanned.fields]
    assert edit("Dockerfile", text.encode(), edits) == (
        f"FROM acme/web:1.1@{DIGEST} AS a\nFROM acme/api:1.1@{DIGEST}".encode()
    )
    alone = [FieldEdit(scanned.fields[0], None, DIGEST)]
    assert edit("Dockerfile", text.encode(), alone) == (
        f"FROM acme/web:1.0@{DIGEST} AS a\nFROM acme/api:1.0".encode()
    )


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("web:1.0", r"(?P<name>\w+):(?P<tag>[\w.]+)"),
        # The digest is somewhere else.
        ("web:1.0 digest=", rf"(?P<name>\w+):(?P<tag>[\w.]+) digest=(?P<digest>{DIGEST})?"),
        ("web:1.0;", r"(?P<name>\w+):(?P<tag>[\w.]+);(?P<digest>sha256:\w+)?"),
    ],
)
def test_others_take_no_digest(text: str, pattern: str) -> None:
    (field,) = found(text, pattern).fields
    assert field.digest is None
    with pytest.raises(RefusedEditError, match="a digest cannot be written here"):
        edit("Dockerfile", text.encode(), [FieldEdit(field, None, DIGEST)])
