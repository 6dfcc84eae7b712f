"""Whole trees whose values are merged by Helm: what is found, and that the edits are exact.

A case is a folder of tests/data/layers: the tree is in `before`, and `after` has the files that
change when every field with the tag 1.4.1 gets 1.5.0. `case.json` has the expected fields (place,
reference, place of the repository), the unread entries, and the URL of the tree if it is known.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from imagebot.errors import ImagebotError
from imagebot.manifest.edit import edit
from imagebot.manifest.images.field import FieldEdit
from imagebot.scan.inventory import take_inventory
from tests.scan.test_inventory import Blobs, configuration

ROOT = Path(__file__).parent.parent.parent
DATA = ROOT / "tests" / "data" / "layers"
CASES = sorted(path.parent for path in DATA.glob("*/case.json"))


def tree(folder: Path) -> dict[str, bytes | ImagebotError]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Path) -> None:
    meta: dict[str, Any] = json.loads((case / "case.json").read_text("utf-8"))
    before = tree(case / "before")
    found = take_inventory(Blobs(before), configuration(), url=meta.get("url"))
    shown = [
        [f"{each.path}:{each.line}", str(each.reference), each.repository_from]
        for each in found.fields
    ]
    assert shown == meta["fields"]
    unread = [[f"{each.path}:{each.line}", each.code, each.reason] for each in found.unread]
    assert unread == meta.get("unread", [])
    after = dict(before)
    for path, data in before.items():
        edits = [
            FieldEdit(each, "1.5.0", None)
            for each in found.fields
            if each.path == path and each.reference.tag == "1.4.1" and not each.refusal
        ]
        if edits:
            assert isinstance(data, bytes)
            after[path] = edit(path, data, edits)
    assert {path: data for path, data in after.items() if data != before[path]} == tree(
        case / "after"
    )


def test_a_digest_is_added_under_the_key_that_only_a_lower_layer_has() -> None:
    (folder,) = (case for case in CASES if case.name == "digest-key-below")
    before = tree(folder / "before")
    found = take_inventory(Blobs(before), configuration())
    (field,) = (each for each in found.fields if each.path == "values-prod.yaml")
    data, digest = before[field.path], "sha256:" + "c" * 64
    assert isinstance(data, bytes)
    made = edit(field.path, data, [FieldEdit(field, "1.5.0", digest)])
    assert made == f"image:\n  tag: 1.5.0 # deployed\n  digest: {digest}\n".encode()
    again = take_inventory(Blobs({**before, field.path: made}), configuration())
    assert f"ghcr.io/acme/api:1.5.0@{digest}" in [str(each.reference) for each in again.fields]


def test_the_example_of_the_documentation() -> None:
    text = (ROOT / "docs" / "manifests.md").read_text("utf-8")
    blocks = re.findall(r"```yaml\n# (chart/values\S*)\n(.*?)```", text, re.DOTALL)
    files = {path: data.encode() for path, data in blocks}
    found = take_inventory(Blobs(files), configuration())
    assert [(str(each.reference), each.repository_from) for each in found.fields] == [
        ("ghcr.io/acme/api:1.4.1", "chart/values.yaml:2"),
        ("ghcr.io/acme/api:1.4.2", ""),
    ]


def test_a_chart_called_base_is_not_the_base_of_what_is_beside_it() -> None:
    image = b"image: {repository: ghcr.io/acme/api, tag: 1.0.0}\n"
    files = {"base/values.yaml": image, "prod/values.yaml": b"image: {tag: 1.4.1}\n"}
    for chart in ("base/Chart.yaml", "prod/Chart.yaml"):
        found = take_inventory(Blobs({**files, chart: b"name: x\n"}), configuration())
        assert [each.path for each in found.fields] == ["base/values.yaml"]
