"""Golden cases: what becomes of a chart's file and its lock file, to the byte.

A case is a folder of tests/data/locks: `case.json` says where the file is and which version each
dependency gets; one that is refused has the message and the hint instead of an `after`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.errors import RefusedEditError
from imagebot.manifest.companion import Content, companion_of, edit_content
from imagebot.manifest.images.field import FieldEdit
from imagebot.manifest.scan import scan

DATA = Path(__file__).parent.parent / "data" / "locks"
CASES = sorted(path.parent for path in DATA.glob("*/case.json"))


def content(folder: Path, name: str) -> Content:
    companion = folder / companion_of(name)
    return Content(
        (folder / name).read_bytes(), companion.read_bytes() if companion.exists() else None
    )


def edits_of(path: str, data: bytes, wanted: dict[str, str]) -> list[FieldEdit]:
    fields = {field.container or "": field for field in scan(path, data).fields}
    return [FieldEdit(fields[name], version, None) for name, version in wanted.items()]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Path) -> None:
    meta: dict[str, Any] = json.loads((case / "case.json").read_text("utf-8"))
    path: str = meta["path"]
    name = path.rpartition("/")[2]
    before = content(case / "before", name)
    edits = edits_of(path, before.data, meta["edits"])
    if "refused" in meta:
        with pytest.raises(RefusedEditError) as refusal:
            edit_content(path, before, edits)
        assert [refusal.value.message, refusal.value.hint] == meta["refused"]
        return
    made = edit_content(path, before, edits)
    assert made == content(case / "after", name)
    back = {each.field.container or "": each.field.reference.tag or "" for each in edits}
    assert edit_content(path, made, edits_of(path, made.data, back)) == before


def test_a_file_of_another_tool_stays_as_it_is() -> None:
    """No dependency of a chart changes: the file beside it is not Helm's."""
    path, data = "requirements.yaml", b"image: app:1.0\nroles: [{name: web}]\n"
    (field,) = scan(path, data).fields
    made = edit_content(path, Content(data, b"numpy==2.0\n["), [FieldEdit(field, "1.1", None)])
    assert made == Content(data.replace(b"1.0", b"1.1"), b"numpy==2.0\n[")


@pytest.mark.parametrize(
    ("path", "companion"),
    [
        ("Chart.yaml", "Chart.lock"),
        ("a/b/Chart.yaml", "a/b/Chart.lock"),
        ("a/requirements.yaml", "a/requirements.lock"),
        ("Chart.yml", ""),
        ("a/MyChart.yaml", ""),
        ("values.yaml", ""),
    ],
)
def test_which_files_have_a_companion(path: str, companion: str) -> None:
    assert companion_of(path) == companion


@given(st.binary(max_size=300))
def test_any_bytes_are_edited_or_refused(lock: bytes) -> None:
    before = content(DATA / "chart" / "before", "Chart.yaml")
    edits = edits_of("Chart.yaml", before.data, {"cache": "1.1.0"})
    with pytest.raises(RefusedEditError):
        edit_content("Chart.yaml", Content(before.data, lock), edits)
