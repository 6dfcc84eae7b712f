"""Files whose message authentication code covers clear values are never edited."""

from __future__ import annotations

import pytest

from imagebot.errors import RefusedEditError
from imagebot.manifest.edit import edit
from imagebot.manifest.images.field import FieldEdit
from imagebot.manifest.images.options import ExtraFile, ScanOptions
from imagebot.manifest.scan import scan
from imagebot.manifest.sops import line_of_mac

VALUES = "image:\n  repository: ghcr.io/acme/web\n  tag: 1.0.0\n"
MAC = "sops:\n  age: []\n  mac: ENC[AES256_GCM,data:x,type:str]\n  version: 3.9.0\n"
ONLY = "  mac_only_encrypted: true\n"
JSON = '{"image": {"repository": "ghcr.io/acme/web", "tag": "1.0.0"}, "sops": {"mac": "ENC[x]"}}'
LINES = ScanOptions(
    files=(ExtraFile(match=("**",), pattern=r"(?m)^IMAGE ?= ?(?P<name>[^:]+):(?P<tag>\S+)$"),)
)

COVERED = {
    "values.yaml": [
        VALUES + MAC,
        MAC + VALUES,
        VALUES + MAC.replace("sops:", '"sops":'),
        VALUES + MAC + "  mac_only_encrypted: false\n",
        VALUES + MAC + "  # mac_only_encrypted: true\n",
        VALUES + MAC + "  mac_only_encrypted: 'true'\n",
        VALUES + "sops: {mac: 'ENC[x]', version: 3.9.0}\n",
        f"a: 1\n{MAC}---\n{VALUES}",
        f"{VALUES}---\na: 1\n{MAC}",
        f"{VALUES}{MAC}{ONLY}---\na: 1\n{MAC}",
        f"{VALUES}{MAC}".replace("\n", "\r\n"),
    ],
    "values.json": [JSON, JSON.replace(", ", ",\n  "), JSON.replace(" ", "")],
    ".env": ["IMAGE=acme/web:1.0\nsops_mac=ENC[x]\nsops_version=3.9.0\n"],
    "app.ini": ["[web]\nIMAGE = acme/web:1.0\n\n[sops]\nmac = ENC[x]\nversion = 3.9.0\n"],
}
CLEAR = {
    "values.yaml": [
        VALUES,
        VALUES + MAC + ONLY,
        VALUES + MAC + "  mac_only_encrypted: True # as of 3.9\n",
        VALUES + "sops: {mac: 'ENC[x]', mac_only_encrypted: true}\n",
        VALUES + "sops:\n  enabled: true\nmacvlan: true\n",
        VALUES + "sops:\n  mac: null\n",
        VALUES + "# sops: {mac: x}\n",
    ],
    "values.json": [JSON.replace('"ENC[x]"', '"ENC[x]", "mac_only_encrypted": true')],
    ".env": ["IMAGE=acme/web:1.0\nsops_mac=ENC[x]\nsops_mac_only_encrypted=true\n"],
    "app.ini": ["IMAGE = acme/web:1.0\n[sops]\nmac = ENC[x]\nmac_only_encrypted = true\n"],
}


def every(cases: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(path, text) for path, texts in cases.items() for text in texts]


@pytest.mark.parametrize(("path", "text"), every(COVERED))
def test_a_covered_file_is_unread(path: str, text: str) -> None:
    found = scan(path, text.encode(), LINES)
    (entry,) = found.unread
    assert (found.fields, found.pending) == ((), ())
    assert (entry.code, entry.expected) == ("sops", False)
    assert "sops" in text.splitlines()[entry.line - 1].lower()


@pytest.mark.parametrize(("path", "text"), every(COVERED))
def test_and_its_edits_are_refused(path: str, text: str) -> None:
    clear = text.replace("sops", "spos")
    (field,) = scan(path, clear.encode(), LINES).fields
    with pytest.raises(RefusedEditError, match="SOPS protects this file as a whole"):
        edit(path, text.encode(), [FieldEdit(field, "2.0.0", None)])


@pytest.mark.parametrize(("path", "text"), every(CLEAR))
def test_clear_values_of_other_files_are_edited(path: str, text: str) -> None:
    (field,) = scan(path, text.encode(), LINES).fields
    tag = str(field.reference.tag)
    made = edit(path, text.encode(), [FieldEdit(field, "2.0.0", None)])
    assert made == text.replace(f":{tag}" if f":{tag}" in text else tag, (
        ":2.0.0" if f":{tag}" in text else "2.0.0"
    )).encode()  # fmt: skip


def test_a_secret_without_images_is_not_listed() -> None:
    text = f"apiVersion: v1\nkind: Secret\ndata: {{a: 'ENC[x]'}}\n{MAC}"
    assert scan("a.yaml", text.encode()).unread == ()


def test_encrypted_images_are_expected() -> None:
    text = "image:\n  repository: ENC[AES256_GCM,data:x]\n  tag: ENC[AES256_GCM,data:x]\n"
    (entry,) = scan("a.yaml", (text + MAC).encode()).unread
    assert (entry.code, entry.expected) == ("sops", True)
    entries = scan("a.yaml", (text + MAC + ONLY).encode()).unread
    assert {(each.code, each.expected) for each in entries} == {("sops", True)}


def test_hostile_metadata_takes_linear_time() -> None:
    data = b'{"sops": {' * 20_000 + b"mac"
    assert line_of_mac(data) == 0
