"""On generated trees: every edit reaches what is deployed, and nothing else in it changes.

Kustomize and Helm render each tree before and after all its managed images are edited, as they do
for whoever deploys them. There are no exceptions. `--soak` renders many more trees, other ones each
time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from tests.rendering import applicationset_trees, helm_trees, kustomize_trees
from tests.rendering.check import Outcome, Rendering, check
from tests.rendering.making import Tree
from tests.support.helm import require_helm
from tests.support.kustomize import require_kustomize

_TREES = 40
_MANY = 1_500


def outcomes(
    make: Callable[[Random], Tree], folder: Path, request: pytest.FixtureRequest
) -> Outcome:
    """All trees in one: the sums of the numbers, and whatever is wrong with its seed."""
    # The option is only known where the folder of the long tests is named too.
    full = bool(request.config.getoption("--soak", default=False))
    first = time.time_ns() % 10**9 if full else 0
    total = Outcome()
    for seed in range(first, first + (_MANY if full else _TREES)):
        tree = make(Random(seed))
        files = {path: text.encode() for path, text in tree.files.items()}
        one = check(folder / str(seed), files, tree.renderings, pin=bool(seed % 2))
        total.edits += one.edits
        total.images += one.images
        total.refused += [f"{seed}: {each}" for each in one.refused]
        total.faults += [f"{seed}: {each}" for each in one.faults]
        total.idle += [f"{seed}: {each}" for each in one.idle]
        total.unmoved += [f"{seed}: {each}" for each in one.unmoved]
    print(f"{total.edits} edits changed {total.images} rendered images")
    return total


def test_kustomizations(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    require_kustomize()
    total = outcomes(kustomize_trees.make, tmp_path, request)
    assert (total.faults, total.idle, total.unmoved, total.refused) == ([], [], [], [])
    assert total.images >= total.edits >= 200


def test_charts(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    require_helm()
    require_kustomize()
    total = outcomes(helm_trees.make, tmp_path, request)
    assert (total.faults, total.idle, total.unmoved, total.refused) == ([], [], [], [])
    assert total.images >= total.edits >= 200


def test_tags_in_generators(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    require_helm()
    require_kustomize()
    total = outcomes(applicationset_trees.make, tmp_path, request)
    assert (total.faults, total.idle, total.unmoved, total.refused) == ([], [], [], [])
    assert total.images >= total.edits >= 200


def test_the_comparison_itself(tmp_path: Path) -> None:
    pod = b"kind: Pod\napiVersion: v1\nspec: {containers: [{name: a, image: 'acme/web:1.4.1'}]}\n"

    def compared(name: str, render: Callable[[Path], str | None]) -> Outcome:
        return check(tmp_path / name, {"a.yaml": pod}, [Rendering(name, render)], pin=False)

    def whole(root: Path) -> str:
        return (root / "a.yaml").read_text()

    right = compared("right", whole)
    assert (right.faults, right.idle, right.unmoved) == ([], [], [])
    assert (right.edits, right.images) == (1, 1)
    idle = compared("idle", lambda _root: pod.decode())
    assert (idle.faults, idle.idle) == ([], ["a.yaml:3 acme/web:1.4.1"])
    assert idle.unmoved == ["idle: 0.spec.containers.0.image: acme/web:1.4.1"]
    more = compared("more", lambda root: f"{whole(root)}---\nversion: {root.name}\n")
    assert more.faults == ["more: ('1', 'version'): 'before' became 'after'"]
    other = compared("other", lambda root: whole(root).replace("acme/web", "acme/other"))
    assert (len(other.faults), len(other.idle)) == (1, 1)
    assert compared("none", lambda _root: None).refused == ["none"]
