"""What a source holds, and that files scanned before are not read again."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from imagebot.config.load import load_configuration
from imagebot.config.model import Configuration
from imagebot.errors import FolderError, ImagebotError
from imagebot.reference import parse_repository
from imagebot.scan.cache import load_scan_cache
from imagebot.scan.inventory import Inventory, find_named, sort_unread, take_inventory
from tests.manifest.test_golden import CASES, load

POD = b"apiVersion: v1\nkind: Pod\nspec: {containers: [{name: c, image: 'app:1'}]}\n"
ROUTE = """\
routes: [{name: r, files: [%s], publish: commit, images: [{match: "**", policy: shape}]}]
"""


@dataclass
class Blobs:
    """Files known by their blobs; `reads` notes what was really read."""

    files: Mapping[str, bytes | ImagebotError]
    whole: bool = True
    reads: list[str] = field(default_factory=list)

    def paths(self) -> Sequence[str]:
        return sorted(self.files)

    def fetch(self, paths: Sequence[str]) -> None:
        pass

    def read(self, paths: Sequence[str]) -> Iterator[tuple[str, bytes | ImagebotError]]:
        for path in paths:
            self.reads.append(path)
            yield path, self.files[path]

    def has(self, path: str) -> bool:
        return path in self.files

    def blobs(self) -> Mapping[str, str]:
        known = {path: data for path, data in self.files.items() if isinstance(data, bytes)}
        return {path: hashlib.sha1(data).hexdigest() for path, data in known.items()}


def configuration(text: str = ROUTE % '"**"') -> Configuration:
    return load_configuration(text, "imagebot.yaml", trusted=False)


def test_what_was_scanned_before_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "scans.json"
    files: dict[str, bytes | ImagebotError] = {"a.yaml": POD, "b.yaml": b"x: 1\n"}
    first, second = Blobs(files), Blobs(files)
    cache = load_scan_cache(path)
    found = take_inventory(first, configuration(), cache)
    cache.save()
    again = take_inventory(second, configuration(), load_scan_cache(path))
    assert again == found
    assert len(found.fields) == 1
    assert (first.reads, second.reads) == (["a.yaml", "b.yaml"], [])


def test_the_same_bytes_elsewhere_or_by_another_configuration_are_read(tmp_path: Path) -> None:
    path = tmp_path / "scans.json"
    cache = load_scan_cache(path)
    take_inventory(Blobs({"a.yaml": POD}), configuration(), cache)
    cache.save()
    moved = Blobs({"chart/Chart.yaml": b"name: x\n", "chart/templates/a.yaml": POD})
    take_inventory(moved, configuration(), load_scan_cache(path))
    assert "chart/templates/a.yaml" in moved.reads
    other = Blobs({"a.yaml": POD})
    text = "fields: [{kind: Mine, path: spec.image}]\n" + ROUTE % '"**"'
    take_inventory(other, configuration(text), load_scan_cache(path))
    assert other.reads == ["a.yaml"]


def test_a_file_that_cannot_be_read_is_asked_for_again(tmp_path: Path) -> None:
    cache = load_scan_cache(tmp_path / "scans.json")
    for _ in range(2):
        source = Blobs({"a.yaml": FolderError("a.yaml", "is away"), "b.yaml": POD})
        found = take_inventory(source, configuration(), cache)
        assert "a.yaml" in source.reads
        assert [(entry.path, entry.code) for entry in found.unread] == [("a.yaml", "folder")]


def test_only_what_a_route_covers_is_a_problem() -> None:
    files: dict[str, bytes | ImagebotError] = {
        "in/broken.yaml": b"image: {\n",
        "out/broken.yaml": b"image: {\n",
        "in/chart/Chart.yaml": b"name: x\n",
        "in/chart/templates/t.yaml": b"image: {{ .Values.image }}\n{{ end }}\n",
    }
    settings = configuration(ROUTE % "in/**")
    unread, problems = sort_unread(take_inventory(Blobs(files), settings), settings)
    assert [problem.path for problem in problems] == ["in/broken.yaml"]
    assert problems[0].hint
    assert {entry.path for entry in unread} == {"out/broken.yaml", "in/chart/templates/t.yaml"}


def test_compose_defaults_are_read_when_asked_for() -> None:
    files: dict[str, bytes | ImagebotError] = {
        "compose.yaml": b"services: {web: {image: '${IMAGE:-app:1}'}}\n"
    }
    assert take_inventory(Blobs(files), configuration()).fields == ()
    asked = configuration("files: {compose-defaults: true}\n" + ROUTE % '"**"')
    (found,) = take_inventory(Blobs(files), asked).fields
    assert str(found.reference) == "app:1"


FLUX_TREE: dict[str, bytes | ImagebotError] = {
    "values.yaml": b'version: 1.0.0 # {"$imagepolicy": "flux-system:web:tag"}\n',
    "policy.yaml": b"""\
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImagePolicy
metadata: {name: web, namespace: flux-system}
spec: {imageRepositoryRef: {name: front}, policy: {semver: {range: 1.x}}}
""",
    "repository.yaml": b"""\
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImageRepository
metadata: {name: front, namespace: flux-system}
spec: {image: ghcr.io/acme/frontend}
""",
}
HELM_TREE: dict[str, bytes | ImagebotError] = {
    "release.yaml": b"""\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: cache, namespace: apps}
spec:
  chart:
    spec: {chart: redis, version: 1.2.3, sourceRef: {kind: HelmRepository, name: charts}}
""",
    "source.yaml": b"""\
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: charts, namespace: apps}
spec: {type: oci, url: oci://ghcr.io/acme/charts}
""",
}

KUBEADM_TREE: dict[str, bytes | ImagebotError] = {
    "cluster.yaml": b"""\
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
dns: {imageRepository: ghcr.io/acme, imageTag: v1.11.1}
"""
}


def named(files: Mapping[str, bytes | ImagebotError], *names: str) -> tuple[Inventory, Blobs]:
    source = Blobs(files)
    found = find_named(source, configuration(), [parse_repository(name) for name in names])
    return found, source


def test_what_names_an_image_is_found_in_the_files_that_mention_it() -> None:
    files = {"a.yaml": POD, "b.yaml": POD.replace(b"app:1", b"web:1"), "c.yaml": b"image: {\n"}
    found, _ = named(files, "docker.io/library/app")
    assert [str(field.reference) for field in found.fields] == ["app:1"]
    assert found.unread == ()
    assert found.paths == ("a.yaml", "b.yaml", "c.yaml")


@pytest.mark.parametrize(
    ("files", "name", "path"),
    [
        (FLUX_TREE, "ghcr.io/acme/frontend", "values.yaml"),
        (HELM_TREE, "ghcr.io/acme/charts/redis", "release.yaml"),
        (KUBEADM_TREE, "ghcr.io/acme/coredns", "cluster.yaml"),
    ],
)
def test_an_image_that_another_file_names_is_found(
    files: dict[str, bytes | ImagebotError], name: str, path: str
) -> None:
    whole = take_inventory(Blobs(files), configuration())
    found, _ = named(files, name)
    assert [(field.path, str(field.reference.repository)) for field in found.fields] == [
        (path, name)
    ]
    assert found.fields == whole.fields


def test_what_is_unread_is_in_the_order_of_files_and_lines() -> None:
    policy = b"""\
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImagePolicy
metadata: {name: %b, namespace: x}
spec: {imageRepositoryRef: {name: none}, policy: {}}
"""
    marked = b'image: ${A} # {"$imagepolicy": "x:gone:name"}\nimage2: {image: "${B}"}\n'
    files: dict[str, bytes | ImagebotError] = {
        "a.yaml": policy % b"one" + b"---\nimage: ${A}\n---\n" + policy % b"two",
        "b.yaml": b"image: ${A}\n---\n" + marked,
        "c.yaml": FolderError("c.yaml", "is away"),
    }
    found = take_inventory(Blobs(files), configuration()).unread
    places = [(entry.path, entry.line) for entry in found]
    assert {path for path, _ in places} == set(files)
    assert len(places) >= 7
    assert places == sorted(places)


def test_what_cannot_be_read_counts_where_the_image_is_mentioned() -> None:
    files: dict[str, bytes | ImagebotError] = {
        "away.yaml": FolderError("away.yaml", "is away"),
        "broken.yaml": b"image: {app\n",
        "other.yaml": b"image: {web\n",
    }
    found, _ = named(files, "app")
    assert [entry.path for entry in found.unread] == ["away.yaml", "broken.yaml"]


def test_the_same_fields_are_found_by_name_as_in_everything(corpus_like: Blobs) -> None:
    whole = take_inventory(corpus_like, configuration())
    repositories = sorted({field.reference.repository for field in whole.fields}, key=str)
    assert len(repositories) > 20
    for repository in random.Random(8).sample(repositories, 20):
        found = find_named(corpus_like, configuration(), [repository])
        wanted = [f for f in whole.fields if f.reference.repository == repository]
        assert [f for f in found.fields if f.reference.repository == repository] == wanted


@pytest.fixture
def corpus_like() -> Blobs:
    """All golden cases as one tree, each in its own folder."""
    files: dict[str, bytes | ImagebotError] = {}
    for case in CASES:
        meta, data = load(case)
        files[f"{case.name}/{meta['path']}"] = data
    return Blobs(files)
