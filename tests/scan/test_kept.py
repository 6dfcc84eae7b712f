"""A head that was scanned before is read from one file, and means the same."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from imagebot.config.load import load_configuration
from imagebot.config.model import Configuration
from imagebot.git.checkout import Checkout, open_checkout
from imagebot.git.credentials import access_for
from imagebot.scan import inventory as scanning
from imagebot.scan.cache import KeptScans
from imagebot.scan.checkout import CheckoutSource
from imagebot.scan.inventory import Inventory, take_inventory
from imagebot.scan.kept import kept_inventory
from tests.manifest.test_golden import CASES, load
from tests.support.git_repository import BareRepository, Entry, Symlink

ROUTE = (
    'routes: [{name: r, files: ["**"], publish: commit, images: [{match: "**", policy: shape}]}]\n'
)
POD = b"apiVersion: v1\nkind: Pod\nspec: {containers: [{name: c, image: 'app:1'}]}\n"
FLUX = b"""\
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImageRepository
metadata: {name: app, namespace: flux}
spec: {image: app, exclusionList: [^x]}
---
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImagePolicy
metadata: {name: app, namespace: flux}
spec:
  imageRepositoryRef: {name: app}
  digestReflectionPolicy: Always
  policy: {semver: {range: ^1}}
---
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImagePolicy
metadata: {name: broken, namespace: flux}
spec: {imageRepositoryRef: {name: app}, policy: {semver: {range: what}}}
"""
MARKED = b"""\
apiVersion: v1
kind: Pod
spec:
  containers:
    - {name: a, image: app:1.0}
    - name: b
      image: app:1.0 # {"$imagepolicy": "flux:app"}
    - name: c
      image: app:1.0 # {"$imagepolicy": "flux:missing"}
"""
FILES: dict[str, Entry] = {
    "pod.yaml": POD,
    "flux.yaml": FLUX,
    "marked.yaml": MARKED,
    "broken.yaml": b"image: [\n",
    "out.yaml": Symlink("/etc/passwd"),
    "Chart.yaml": b"name: c\nversion: 1.0.0\n",
    "a.txt": b"app:1\n",
    "compose.yaml": b"services: {web: {image: '${IMAGE:-app:1}'}}\n",
    "mine.yaml": b"apiVersion: v1\nkind: Mine\nspec: {extra: 'app:1'}\n",
    "templates/pod.yaml": b"image: {{ .Values.image }}\n",
}


def configuration(text: str = ROUTE) -> Configuration:
    return load_configuration(text, "imagebot.yaml", trusted=False)


@dataclass
class Kept:
    """A target in a folder, with the two files that are kept of it."""

    folder: Path
    files: dict[str, Entry]

    def __post_init__(self) -> None:
        self.bare = BareRepository.create(self.folder / "remote.git", self.files)
        self.tree, self.scans = self.folder / "kept" / "tree", self.folder / "kept" / "scans"

    @contextmanager
    def opened(self) -> Iterator[Checkout]:
        url, access = self.bare.folder.as_uri(), access_for(None, os.environ)
        with open_checkout(self.folder / "cache", url, "main", access) as checkout:
            checkout.refresh()
            yield checkout

    def take(self, settings: Configuration | None = None) -> Inventory:
        settings = settings or configuration()
        with self.opened() as checkout:
            source = CheckoutSource(checkout, settings.files)
            url = checkout.url
            return kept_inventory(
                source, settings, tree=self.tree, scans=KeptScans(self.scans), url=url
            )

    def take_without(self, settings: Configuration | None = None) -> Inventory:
        settings = settings or configuration()
        with self.opened() as checkout:
            source = CheckoutSource(checkout, settings.files)
            return take_inventory(source, settings, url=checkout.url)


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path, FILES)


def test_what_is_kept_is_what_a_scan_finds(kept: Kept) -> None:
    found = kept.take_without()
    assert set(found.flux) >= {"flux:app", "flux:broken"}
    assert {each.path for each in found.unread} >= {"broken.yaml", "out.yaml", "flux.yaml"}
    assert kept.take() == found
    assert kept.take() == found


def test_every_kind_of_manifest_is_kept_as_it_is(tmp_path: Path) -> None:
    cases = {case.name: load(case) for case in CASES}
    kept = Kept(tmp_path, {f"{name}/{meta['path']}": data for name, (meta, data) in cases.items()})
    found = kept.take_without()
    assert len(found.fields) > len(CASES)
    assert [kept.take(), kept.take()] == [found, found]


def test_layers_of_helm_values_are_kept(tmp_path: Path) -> None:
    files: dict[str, Entry] = {
        "chart/Chart.yaml": b"apiVersion: v2\nname: api\nversion: 1.0.0\n",
        "chart/values.yaml": b"image: {repository: ghcr.io/acme/api, tag: 1.4.2}\n",
        "chart/values-prod.yaml": b"image: {tag: 1.4.1}\n",
    }
    kept = Kept(tmp_path, files)
    found = kept.take_without()
    assert set(found.layers) == {"chart/values-prod.yaml"}
    assert [kept.take(), kept.take()] == [found, found]


def test_an_unchanged_head_is_not_scanned(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    found = kept.take()
    kept.scans.unlink()
    monkeypatch.setattr(scanning, "scan_tree", None)
    with kept.opened() as checkout:
        monkeypatch.setattr(checkout, "files", None)
        source = CheckoutSource(checkout, configuration().files)
        settings, url = configuration(), checkout.url
        again = kept_inventory(
            source, settings, tree=kept.tree, scans=KeptScans(kept.scans), url=url
        )
    assert again == found
    assert not kept.scans.exists()


@pytest.mark.parametrize(
    "more",
    [
        "files: {exclude: [pod.yaml]}\n",
        "files: {compose-defaults: true}\n",
        "files: {patterns: [{match: [a.txt], pattern: '(?P<name>[a-z]+):(?P<tag>[0-9]+)'}]}\n",
        "fields: [{kind: Mine, path: spec.extra}]\n",
    ],
)
def test_what_is_scanned_otherwise_is_scanned_anew(kept: Kept, more: str) -> None:
    before = kept.take()
    other = configuration(ROUTE + more)
    assert kept.take(other) == kept.take_without(other) != before
    assert kept.take() == before


def test_another_head_is_scanned_anew(kept: Kept) -> None:
    before = kept.take()
    kept.bare.commit({"pod.yaml": POD.replace(b"app:1", b"app:2")})
    after = kept.take()
    assert after == kept.take_without() != before


def test_a_file_with_any_damage_is_made_anew(kept: Kept) -> None:
    found = kept.take()
    whole = kept.tree.read_bytes()
    flipped = [bytearray(whole) for _ in range(0, len(whole), 97)]
    for number, each in enumerate(flipped):
        each[number * 97] ^= 1 << number % 8
    for damage in (b"", whole[:40], whole[:-1], whole + b"\0", *map(bytes, flipped)):
        kept.tree.write_bytes(damage)
        assert kept.take() == found
        assert kept.tree.read_bytes() == whole


def test_a_file_made_by_other_code_is_made_anew(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.take()
    whole = kept.tree.read_bytes()
    monkeypatch.setattr("imagebot.scan.kept.reader_version", lambda *_: "other")
    kept.take()
    assert kept.tree.read_bytes() != whole


def test_a_file_that_cannot_be_written_costs_only_time(kept: Kept) -> None:
    kept.tree.mkdir(parents=True)
    assert kept.take() == kept.take_without()


def test_only_we_can_read_what_is_kept(kept: Kept) -> None:
    kept.take()
    assert kept.tree.stat().st_mode & 0o777 == 0o600
    assert kept.tree.parent.stat().st_mode & 0o777 == 0o700
