"""An independent finder finds nothing that `scan --unread` does not list."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from imagebot.scan.inventory import take_inventory
from imagebot.scan.sweep import sweep_workspace
from imagebot.scan.workspace import open_workspace
from tests.manifest.corpus import corpus, root
from tests.scan.naive_finder import find, is_for_people
from tests.support.require import MISSING

# Files that are listed as a whole need no line.
WHOLE = {"too-big", "sops", "not-utf8"}


def missing(folder: Path) -> tuple[int, list[str]]:
    """How many images the finder sees, and those that are in nothing that is listed.

    An image that is cut from the list of its file is counted there.
    """
    workspace = open_workspace(str(folder))
    inventory = take_inventory(workspace, workspace.configuration)
    unread = (*inventory.unread, *sweep_workspace(workspace, inventory))
    lines = {(each.path, each.line) for each in inventory.fields}
    lines |= {(each.path, each.line) for each in unread}
    whole = {each.path for each in unread if each.code in WHOLE}
    whole |= {each.path for each in unread if "more places" in each.reason}
    seen, missed = 0, []
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        path = str(file.relative_to(folder))
        if is_for_people(path) or file.is_symlink():
            continue
        for line, text in find(file.read_bytes().decode("utf-8", "replace")):
            seen += 1
            if path not in whole and (path, line) not in lines:
                missed.append(f"{path}:{line}: {text}")
    return seen, missed


@pytest.mark.skipif(not corpus(), reason=f"{MISSING}corpus (set IMAGEBOT_CORPUS)")
def test_nothing_of_the_corpus_is_missing(tmp_path: Path) -> None:
    shutil.copytree(root(), tmp_path / "corpus", symlinks=True)
    seen, missed = missing(tmp_path / "corpus")
    assert missed == []
    assert seen > 200


NAMES = (
    "a.yaml",
    "values.yaml",
    "b.json",
    "Dockerfile",
    "x.env",
    "x.tf",
    "run.sh",
    "plain",
    "c.go",
)
LINES = (
    "image: {0}",
    "    value: {0}",
    "  - --sidecar={0}",
    'IMAGE="{0}"',
    'x = ["{0}"]',
    "FROM {0}",
    "text before {0} and after",
    '"agentImage": "{0}",',
    "{{{{ if .x }}}} {0} {{{{ end }}}}",
    "key: {{a: {0}, b: c}}",
    "# {0}",
    "http://{0}/",
    "plain: words",
)
REPOSITORIES = ("ghcr.io/acme/api", "registry.acme.example:5000/a/b_c", "quay.io/x/y-z/w")
ENDINGS = (":1.4.2", ":latest", ":main-4f2a9c1", "@sha256:" + "5e" * 32, ":v1@sha256:" + "0a" * 32)


@pytest.mark.parametrize("seed", range(20))
def test_nothing_of_generated_files_is_missing(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    for number in range(30):
        folder = tmp_path / chance.choice(("apps", "chart/templates", "prod/api")) / str(number)
        folder.mkdir(parents=True)
        text = "".join(
            chance.choice(LINES).format(chance.choice(REPOSITORIES) + chance.choice(ENDINGS))
            + chance.choice(("\n", "\n", "\r\n"))
            for _ in range(chance.randrange(1, 12))
        )
        (folder / chance.choice(NAMES)).write_bytes(text.encode())
    seen, missed = missing(tmp_path)
    assert missed == []
    assert seen > 20


def test_the_finder_finds_what_is_taken_away(tmp_path: Path) -> None:
    """The proof would notice: without the sweep, images in arguments are missing."""
    text = "kind: Pod\nspec:\n  args: [--sidecar=ghcr.io/acme/api:1.4.2]\n"
    assert [line for line, _ in find(text)] == [3]
    tmp_path.joinpath("a.yaml").write_text(text)
    workspace = open_workspace(str(tmp_path))
    inventory = take_inventory(workspace, workspace.configuration)
    assert (inventory.fields, inventory.unread) == ((), ())
    assert missing(tmp_path) == (1, [])
