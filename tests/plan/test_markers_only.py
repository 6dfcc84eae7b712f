"""Where nothing but markers manages, files without markers are not read, and the plan is the same.

The trees are generated, or those of the corpus, with markers put on some of their lines.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import pytest

from imagebot.config.builtin import default_configuration, only_markers
from imagebot.config.load import load_configuration
from imagebot.manifest.images.options import MARKED_OR_NEEDED
from imagebot.plan.build import build
from imagebot.plan.model import Plan
from imagebot.scan.inventory import take_inventory
from tests.manifest.corpus import corpus
from tests.rendering import helm_trees, kustomize_trees
from tests.rendering.making import Tree
from tests.scan.test_inventory import POD, Blobs
from tests.support.fake_registry import ANY, FakeRegistry
from tests.support.require import MISSING

NOW = datetime(2026, 6, 1, tzinfo=UTC)
IGNORE = """\
policies: {newest: {semver: "*", adopt: true}}
routes:
  - {name: a, files: ["**"], publish: commit, images: [{match: "**", policy: ignore}]}
"""
OTHER = """\
  - name: none
    files: [x/**]
    publish: commit
    images: [{match: ghcr.io/a/x, policy: POLICY}]
"""
FLUX = b"""\
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImageRepository
metadata: {name: web, namespace: flux-system}
spec: {image: ghcr.io/acme/api-1}
---
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImagePolicy
metadata: {name: web, namespace: flux-system}
spec: {imageRepositoryRef: {name: web}, policy: {semver: {range: ">=1"}}}
"""
GOOD = ("# imagebot: newest", "# imagebot: {semver: '*', adopt: true}")
MARKERS = (
    *GOOD,
    "# imagebot: ignore",
    "# Imagebot: ignore",
    '# {"$imagepolicy": "flux-system:web"}',
    '# {"$imagepolicy": "flux-system:web:tag"}',
    '# {"$imagepolicy": "flux-system:none"}',
)
# Lines in block style that may name an image or its tag.
_LINE = re.compile(rb"(?m)^[ -]*(?:image|tag|newTag|release): [^\n#{\[|>]+$")
Files = Mapping[str, bytes]


def marked(files: Files, chance: random.Random, share: float) -> dict[str, bytes]:
    """The files with markers at the ends of some lines; in a few files, also such as are wrong."""
    found: dict[str, bytes] = {}
    for path, data in files.items():
        markers = chance.choice((GOOD, GOOD, MARKERS, ()))

        def mark(line: re.Match[bytes], markers: tuple[str, ...] = markers) -> bytes:
            more = bool(markers) and chance.random() < share
            return line[0] + b" " + chance.choice(markers).encode() if more else line[0]

        found[path] = _LINE.sub(mark, data)
    return found


def planned(files: Files, text: str = IGNORE, *, whole: bool) -> Plan:
    chosen = load_configuration(text, "imagebot.yaml", trusted=False)
    source = Blobs(files)
    inventory = take_inventory(source, chosen) if whole else None
    registry = FakeRegistry(repositories={ANY: ("1.0.0", "1.9.0", "3.0.0")})
    return build(source, chosen, registry, now=NOW, inventory=inventory).plan


def compare(files: Files) -> tuple[int, int]:
    """Checks that both plans are the same; the number of updates and of fields left out."""
    whole, narrow = planned(files, whole=True), planned(files, whole=False)
    assert narrow.updates == whole.updates
    with_marker = [each for each in whole.kept if each.field.marker is not None]
    assert [each for each in narrow.kept if each.field.marker is not None] == with_marker
    read = {
        path for path, data in files.items() if any(s.encode() in data for s in MARKED_OR_NEEDED)
    }
    # What is wrong with files that are not read is not known.
    known = [each for each in whole.problems if not each.path or each.path in read]
    assert [each for each in narrow.problems if not each.path or each.path in read] == known
    return len(whole.updates), len(whole.kept) - len(narrow.kept)


@pytest.mark.parametrize(
    # Whatever Helm may merge is read, with markers or without.
    ("make", "left_out"),
    [(kustomize_trees.make, 30), (helm_trees.make, 0)],
)
def test_generated_trees(make: Callable[[random.Random], Tree], left_out: int) -> None:
    counts = Counter[str]()
    for seed in range(60):
        tree = make(random.Random(seed))
        files = {path: text.encode() for path, text in tree.files.items()}
        files = marked({**files, "flux.yaml": FLUX}, random.Random(seed), 0.4)
        updates, fields = compare(files)
        counts += Counter(updates=updates, left_out=fields)
    assert counts["updates"] >= 20, counts
    assert counts["left_out"] >= left_out, counts


@pytest.mark.parametrize("name", [".argocd-source.yaml", ".argocd-source-shop.yaml"])
def test_images_that_a_source_file_replaces(name: str) -> None:
    pod = b"kind: Pod\nspec:\n  containers:\n  - image: app:1.0.0 # imagebot: newest\n"
    files = {
        "shop/kustomization.yaml": b"resources: [pod.yaml]\n",
        "shop/pod.yaml": pod,
        f"shop/{name}": b"kustomize: {images: ['app:1.1.0']}\n",
    }
    narrow = planned(files, whole=False)
    assert [each.field.replaced for each in narrow.updates] == [f"shop/{name}:1"]
    compare(files)


@pytest.mark.skipif(not corpus(), reason=f"{MISSING}corpus (set IMAGEBOT_CORPUS)")
def test_corpus() -> None:
    files = {str(path).lstrip("/"): path.read_bytes() for path in corpus()}
    updates, left_out = compare(marked({**files, "flux.yaml": FLUX}, random.Random(7), 0.5))
    assert min(updates, left_out) >= 30


ONLY = [
    (IGNORE, True),
    (IGNORE.replace("policy: ignore", "policy: shape"), False),
    (IGNORE.replace("[{match", "[{match: ghcr.io/x, policy: newest}, {match"), False),
    (IGNORE + OTHER.replace("POLICY", "shape"), False),
    (IGNORE + OTHER.replace("POLICY", "ignore"), True),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), ONLY)
def test_when_nothing_but_markers_manages(text: str, *, expected: bool) -> None:
    chosen = load_configuration(text, "imagebot.yaml", trusted=False)
    assert only_markers(chosen) is expected
    pod = {"pod.yaml": POD}
    assert len(take_inventory(Blobs(pod), chosen).fields) == 1, "a scan lists everything"
    assert (len(take_inventory(Blobs(pod), chosen, managed_only=True).fields) == 0) is expected


def test_the_configuration_of_no_file_manages_everything() -> None:
    assert not only_markers(default_configuration())


def test_nothing_is_called_unused_that_was_not_looked_for() -> None:
    text = IGNORE.replace('match: "**"', "match: docker.io/library/app")
    text += OTHER.replace("POLICY", "ignore")
    warnings = planned({"pod.yaml": POD}, text, whole=False).warnings
    assert len(warnings) == 1
    assert "route 'none' takes no file" in warnings[0]


def test_what_cannot_be_searched_is_still_listed() -> None:
    wide = POD.decode().encode("utf-16")
    (problem,) = planned({"pod.yaml": wide}, whole=False).problems
    assert problem.code == "not-utf8"
