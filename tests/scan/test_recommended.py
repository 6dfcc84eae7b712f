"""What the entries of unread tags recommend works when it is copied: `fields`, or a marker."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from imagebot.config.static.check import check_file
from imagebot.scan.inventory import take_inventory
from tests.scan.test_inventory import Blobs, configuration
from tests.scan.test_layers import CASES, tree

ROUTE = "routes: [{name: r, files: ['**'], publish: commit, images: [{match: '**', policy: %s}]}]\n"
_FIELDS = re.compile(r"write `(fields: \[.*\])` in imagebot\.yaml")
_MARKER = re.compile(r"write `(# imagebot: \{.*\})` on this line")


def recommended() -> Iterator[Any]:
    for case in CASES:
        meta = json.loads((case / "case.json").read_text("utf-8"))
        found = take_inventory(Blobs(tree(case / "before")), configuration(), url=meta.get("url"))
        for each in found.unread:
            said, place = f"{each.reason}: {each.hint}", f"{each.path}:{each.line}"
            if each.code == "no-repository" and "write `" in said:
                yield pytest.param(case, place, said, id=f"{case.name}-{place}")


RECOMMENDED = list(recommended())


def test_there_are_some_of_each_kind() -> None:
    reasons = [each.values[2] for each in RECOMMENDED]
    assert any(_FIELDS.search(str(reason)) for reason in reasons)
    assert any(_MARKER.search(str(reason)) for reason in reasons)


@pytest.mark.parametrize(("case", "place", "reason"), RECOMMENDED)
def test_it_works(case: Path, place: str, reason: str) -> None:
    meta = json.loads((case / "case.json").read_text("utf-8"))
    files = tree(case / "before")
    path, _, line = place.partition(":")
    text = ROUTE % "shape"
    if entry := _FIELDS.search(reason):
        text += entry[1].replace("REPOSITORY", "ghcr.io/acme/it")
    else:
        marker = _MARKER.search(reason)
        assert marker is not None
        said = marker[1].replace("REPOSITORY", "ghcr.io/acme/it").replace("NAME", "shape")
        data = files[path]
        assert isinstance(data, bytes)
        lines = data.decode().splitlines()
        lines[int(line) - 1] += f" {said}"
        files[path] = ("\n".join(lines) + "\n").encode()
    checked = check_file(text, "imagebot.yaml")
    assert (checked.issues, checked.warnings) == ((), ())
    assert checked.configuration is not None
    found = take_inventory(Blobs(files), checked.configuration, url=meta.get("url"))
    named = [
        f"{each.path}:{each.line}" for each in found.fields if "acme/it" in str(each.reference)
    ]
    assert named == [place]
    assert place not in [f"{each.path}:{each.line}" for each in found.unread]
