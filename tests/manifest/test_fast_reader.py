"""The fast reader finds exactly what the whole reader finds: see `yaml/outline.py`."""

from __future__ import annotations

import random
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagebot.manifest import scan as scan_module
from imagebot.manifest.images.field import Scan
from imagebot.manifest.scan import scan
from tests.fuzz.manifests import inputs, mutate, repeats_keys
from tests.manifest.anchored import files
from tests.manifest.corpus import corpus
from tests.support.require import MISSING

BEHIND_ALIASES = {
    "a mapping in block style": """\
x: &a
  repository: acme/web
  tag: 1.4.1
image:
  main: *a
""",
    "a mapping in flow style": """\
x: &a {repository: acme/web, tag: 1.4.1}
image:
  main: *a
""",
    "a mapping whose keys alone tell nothing": """\
x:
  y: &a
    name: acme/web
    version: 1.4.1
web:
  image: *a
""",
    "a list": """\
x: &a
  - name: web
    image: acme/web:1.4.1
spec:
  containers: *a
""",
    "an item of a list": """\
x: &a
  repository: acme/web
  tag: 1.4.1
image:
  - *a
""",
    "a mapping with an anchor behind a comment": """\
x: &a   # shared
  repository: acme/web
  tag: 1.4.1
image:
  main: *a
""",
    "within a mapping in flow style": """\
x: &a {name: acme/web, version: 1.4.1}
web: {main: {image: *a}}
image:
  other: 1
""",
    "a version": """\
v: &v 1.4.1
image:
  repository: acme/web
  version: *v
""",
    "a version that is not the first one": """\
v: &v 1.3.0
other:
  skipped: &v 1.4.1
image:
  repository: acme/web
  version: *v
""",
}


# What decides about a format, or is for other files, and has no image in it.
AROUND_IMAGES = {
    ("compose.yaml", "services without an image"): """\
x-base:
  image: acme/web:1.4.1
services:
  web:
    restart: always
""",
    ("release.yaml", "a source without a reference"): """\
apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata:
  name: web
spec:
  url: oci://ghcr.io/acme/web
  ref:
    other: 1
""",
    ("app.yaml", "a source that is only a folder"): """\
apiVersion: argoproj.io/v1alpha1
kind: Application
spec:
  source:
    targetRevision: main
    path: web
""",
    ("helmfile.yaml", "templates of a helmfile in a document of their own"): """\
repositories:
  - name: acme
    url: ghcr.io/acme/charts
    oci: true
---
image: acme/web:1.4.1
templates:
  web:
    chart: acme/web
    version: 1.4.1
""",
    ("helmfile.yaml", "a document that begins with templates of a helmfile"): """\
repositories:
  - name: acme
    url: ghcr.io/acme/charts
    oci: true
---
templates:
  web:
    chart: acme/web
    version: 1.4.1
image: acme/web:1.4.1
""",
    ("fleet.yaml", "a version for some clusters, whose chart is elsewhere"): """\
helm:
  repo: oci://ghcr.io/acme/charts
  chart: web
targetCustomizations:
  - name: production
    helm:
      version: 1.4.1
""",
    ("profile.yaml", "a chart of Sveltos in a resource without other images"): """\
apiVersion: config.projectsveltos.io/v1beta1
kind: ClusterProfile
spec:
  helmCharts:
    - chartVersion: 1.4.1
      chartName: web
      repositoryURL: oci://ghcr.io/acme/charts
""",
    ("vendir.yml", "a chart of vendir"): """\
apiVersion: vendir.k14s.io/v1alpha1
kind: Config
directories:
  - contents:
      - helmChart:
          version: 1.4.1
          name: web
          repository:
            url: oci://ghcr.io/acme/charts
""",
    ("values.yaml", "the values of a release in a text"): """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: image
data:
  values.yaml: |
    web:
      version: 1.4.1
""",
}


def by_whole_reader(path: str, data: bytes) -> Scan:
    with mock.patch.object(scan_module, "outline", return_value=None):
        return scan(path, data)


@pytest.mark.parametrize("text", BEHIND_ALIASES.values(), ids=BEHIND_ALIASES.keys())
@pytest.mark.parametrize("head", ["", "apiVersion: acme.io/v1\nkind: Web\n"])
def test_what_is_behind_an_alias_is_found(head: str, text: str) -> None:
    data = (head + text).encode()
    assert scan("a.yaml", data) == by_whole_reader("a.yaml", data)


@pytest.mark.parametrize(("case", "text"), AROUND_IMAGES.items(), ids=lambda each: each[1][:40])
def test_what_has_no_image_is_seen(case: tuple[str, str], text: str) -> None:
    data = text.encode()
    assert scan(case[0], data) == by_whole_reader(case[0], data)


def test_an_image_behind_an_alias() -> None:
    found = scan("a.yaml", BEHIND_ALIASES["a mapping in block style"].encode())
    assert {str(each.reference) for each in found.fields} == {"acme/web:1.4.1"}


@settings(max_examples=300, deadline=None)
@given(files())
def test_generated_documents(data: bytes) -> None:
    assert scan("a.yaml", data) == by_whole_reader("a.yaml", data)


@settings(max_examples=100, deadline=None)
@given(files(), st.integers(0, 2**32))
def test_damaged_documents(data: bytes, seed: int) -> None:
    broken = mutate(random.Random(seed), data, [("a.yaml", data)])
    if repeats_keys(broken):
        return
    assert scan("a.yaml", broken) == by_whole_reader("a.yaml", broken)


def test_damaged_golden_files() -> None:
    chance = random.Random(20261129)
    seeds = inputs()
    for _ in range(500):
        path, data = chance.choice(seeds)
        broken = mutate(chance, data, seeds)
        if repeats_keys(broken):
            continue
        assert scan(path, broken) == by_whole_reader(path, broken), (path, broken)


@pytest.mark.skipif(not corpus(), reason=f"{MISSING}corpus (set IMAGEBOT_CORPUS)")
def test_the_corpus() -> None:
    for path in corpus():
        data = path.read_bytes()
        name = str(path).lstrip("/")
        assert scan(name, data) == by_whole_reader(name, data), path
