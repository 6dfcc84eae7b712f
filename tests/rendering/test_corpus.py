"""On real trees: what Kustomize and Helm render of them, before and after edits.

Runs where the corpus is (see `tests/manifest/corpus.py`). There are no exceptions: every edit of
what can be rendered reaches it, and nothing else in it changes.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from tests.manifest.corpus import REPOSITORY, corpus
from tests.rendering.check import Rendering, check
from tests.rendering.installers import alone
from tests.support.helm import require_helm, template
from tests.support.kustomize import build, require_kustomize
from tests.support.require import MISSING

pytestmark = pytest.mark.skipif(not corpus(), reason=f"{MISSING}corpus (set IMAGEBOT_CORPUS)")

KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")


def trees() -> list[Path]:
    named = os.environ.get("IMAGEBOT_CORPUS")
    root = Path(named) if named else REPOSITORY.parent / "shared" / "corpus"
    return sorted(each for each in root.iterdir() if each.is_dir())


def load(path: Path) -> Any:
    try:
        return YAML(typ="safe", pure=True).load(path.read_text())
    except YAMLError:
        return None


class Kustomizations:
    """The kustomizations of a tree by their folder, and what each consists of."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        files = (path for name in KUSTOMIZATIONS for path in self.root.rglob(name))
        self.files = {path.parent: path for path in files}
        self.loaded = {folder: load(path) for folder, path in self.files.items()}

    def roots(self) -> list[Path]:
        """Those that no other one includes, without components, which nothing deploys alone."""
        included = {
            (folder / each).resolve()
            for folder, loaded in self.loaded.items()
            for each in entries(loaded)
        }
        return sorted(
            folder
            for folder, loaded in self.loaded.items()
            if folder not in included and (loaded or {}).get("kind") != "Component"
        )

    def consists_of(self, folder: Path) -> set[Path] | None:
        """The files below a kustomization, None if one of them is elsewhere."""
        loaded = self.loaded.get(folder)
        if not isinstance(loaded, dict) or "helmCharts" in loaded:
            return None
        found = {self.files[folder]}
        for each in entries(loaded):
            path = (folder / each).resolve()
            more = {path} if path.is_file() else self.consists_of(path)
            if more is None or not path.is_relative_to(self.root):
                return None
            found |= more
        return found


def entries(loaded: Any) -> Iterator[str]:
    if isinstance(loaded, dict):
        for key in ("resources", "bases", "components", "patchesStrategicMerge"):
            yield from (each for each in loaded.get(key) or () if "\n" not in str(each))
        for key in ("patches", "patchesJson6902"):
            yield from (each["path"] for each in loaded.get(key) or () if "path" in each)


@pytest.mark.parametrize("root", trees() if corpus() else [], ids=lambda path: path.name)
def test_tree(root: Path, tmp_path: Path) -> None:
    """Kustomizations that include what is not in the tree, and charts with dependencies that are
    not, are skipped and counted."""
    require_kustomize()
    require_helm()
    counts: Counter[str] = Counter()
    renderings: list[Rendering] = []
    rendered: dict[str, set[str]] = {}
    kustomizations = Kustomizations(root)
    for folder in kustomizations.roots():
        parts = kustomizations.consists_of(folder)
        if parts is None:
            counts["kustomizations with parts elsewhere"] += 1
            continue
        place = folder.relative_to(kustomizations.root).as_posix()
        renderings.append(
            Rendering(place, lambda tree, place=place: build(tree / place, refused=True))  # type: ignore[misc]
        )
        rendered[place] = {path.relative_to(kustomizations.root).as_posix() for path in parts}
    for path in sorted(root.rglob("Chart.yaml")):
        if (load(path) or {}).get("dependencies"):
            counts["charts with dependencies"] += 1
        elif template(path.parent, refused=True) is None:
            counts["charts that Helm refuses"] += 1
        else:
            place = path.parent.relative_to(root).as_posix()
            renderings.append(alone(place))
            rendered[place] = {f"{place}/values.yaml"}
    files = {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file()
    }
    outcome = check(tmp_path, files, renderings, pin=False)
    seen = {path for place in rendered.keys() - outcome.refused for path in rendered[place]}
    idle = [each for each in outcome.idle if each.partition(":")[0] in seen]
    print(root.name, len(renderings), "renderings", outcome.images, "images", dict(counts))
    print(*outcome.faults, *idle, *outcome.unmoved, *outcome.refused, sep="\n")
    assert (outcome.faults, idle) == ([], [])
