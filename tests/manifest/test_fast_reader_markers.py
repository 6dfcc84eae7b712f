"""The fast reader finds for markers what the whole reader finds: see `markers/outlined.py`."""

from __future__ import annotations

import random
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagebot.manifest import scan as scan_module
from imagebot.manifest.markers.outlined import are_in_outline
from imagebot.manifest.scan import scan
from imagebot.manifest.yaml.outline import outline
from tests.fuzz.manifests import inputs, mutate, repeats_keys
from tests.manifest.anchored import files
from tests.manifest.corpus import corpus
from tests.manifest.test_fast_reader import by_whole_reader
from tests.support.require import MISSING

MARKER = '# {"$imagepolicy": "flux-system:web"}'
MARKERS = (
    *(MARKER, MARKER, '# {"$imagepolicy": "flux-system:web:tag"}'),
    '# {"$imagepolicy": "flux-system:web:name"}',
    '# {"$imagepolicy": "flux-system:api:digest"}',
    '# {"$imagepolicy": "flux-system:api"',
    '# see {"$imagepolicy": "flux-system:api"}',
    "# $imagepolicy",
)
OWN = (
    *("# imagebot: newest", "# imagebot: {semver: ^1, adopt: true}", "# imagebot: ignore"),
    *("# ImageBot: ignore", "# imagebot ignore", "## imagebot: newest", "# see imagebot: newest"),
)
OTHERS = (
    *("# IMAGEBOT: ignore", "# iMaGeBoT: ignore", "# imagebot: {image: ghcr.io/acme/api}"),
    "# imagebot: {image: ghcr.io/acme/api, policy: newest}",
    "# renovate: datasource=docker depName=ghcr.io/acme/api",
)
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
spec:
  template:
    spec:
      containers:
        - name: web
          image: ghcr.io/acme/web:1.0.0 # {"$imagepolicy": "flux-system:web"}
          args: [serve]
"""
# A document each, to be read as `a.yaml`.
IN_OUTLINE = {
    "a reference": DEPLOYMENT,
    "two of them": DEPLOYMENT + DEPLOYMENT[DEPLOYMENT.index("        - name") :],
    "a tag": f"image:\n  repository: a/b\n  tag: 1.0.0 {MARKERS[2]}\n",
    "a lone tag": f"web:\n  imageTag: '1.0.0'   {MARKERS[2]}\n",
    "an item": f"x:\n  - a\n  - image-a/b:1.0 {MARKER}\n",
    "a name": f"image:\n  repository: a/b {MARKERS[3]}\n  tag: 1.0.0 {MARKERS[2]}\n",
    "a key without a value": f"images:  {MARKER}\n  - image: a/b:1.0\n",
    "words in quotes": f"image: 'a/b:1.0 {MARKER}' {MARKER}\n",
    **{marker: f"image:  {marker}\n  repository: a/b\n  tag: 1.0 {marker}\n" for marker in OWN},
    "alone above a block": f"{OWN[0]}\nimage:\n  {OWN[0]}\n  repository: a/b\n  tag: 1.0\n",
    "above nothing": f"image: a/b:1.0\n\n{OWN[0]}\n",
    "a marker of which only the words are there": f"image: a/b:1.0\nversion: 'x {MARKER}'\n",
}
NOT_IN_OUTLINE = {
    "on a key that may be repeated": f"a:\n  foo: a/b:1.0 {MARKER}\n  foo: c\n",
    "on another": f"a:\n  imagePullPolicy: a/b:1.0 {MARKER}\n  imagePullPolicy: Always\n",
    **{
        f"words of a value, {other}": f"a:\n  b: 'c {other}'\nimage: a/b:1.0 {OWN[0]}\n"
        for other in OTHERS[:2]
    },
    **{f"above a value, {other}": f"a:\n  {other}\n  foo: 1.0\n" for other in OTHERS[2:]},
}


def same(path: str, data: bytes) -> None:
    assert scan(path, data) == by_whole_reader(path, data), (path, data.decode("utf-8", "replace"))


@pytest.mark.parametrize("text", IN_OUTLINE.values(), ids=IN_OUTLINE.keys())
def test_an_outline_is_enough(text: str) -> None:
    assert are_in_outline(text)
    with mock.patch.object(scan_module, "outline", wraps=outline) as used:
        same("a.yaml", text.encode())
    assert used.called


@pytest.mark.parametrize("text", NOT_IN_OUTLINE.values(), ids=NOT_IN_OUTLINE.keys())
def test_others_are_left_to_the_parser(text: str) -> None:
    data = text.encode()
    assert not are_in_outline(text)
    same("a.yaml", data)
    with mock.patch.object(scan_module, "are_in_outline", return_value=True):
        assert scan("a.yaml", data) != by_whole_reader("a.yaml", data), "no reason not to"


@pytest.mark.parametrize(
    "text", [f"a: &a b/c:1.0\nimage: *a {MARKER}\n", f"a:\n  {MARKER}\n  - b/c:1.0\n"]
)
def test_what_is_in_doubt_is_left_to_the_parser(text: str) -> None:
    assert not are_in_outline(text)
    same("a.yaml", text.encode())


def test_a_marker_is_obeyed() -> None:
    with mock.patch.object(scan_module, "build") as parsed:
        (field,) = scan("a.yaml", DEPLOYMENT.encode()).fields
    assert not parsed.called
    assert field.marker is not None
    assert (field.marker.text, field.line) == ("flux-system:web", 8)


def marked(data: bytes, chance: random.Random) -> bytes:
    """With markers at the ends of some lines, on lines of their own, and between words."""
    markers = chance.choice((MARKERS, OWN, MARKERS + OWN, MARKERS + OWN + OTHERS))
    lines = data.splitlines(keepends=True)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(lines) + 1)
        marker = chance.choice(markers).encode()
        telling = [n for n, line in enumerate(lines) if b"mage" in line or b"tag" in line]
        if telling and chance.random() < 0.7:
            at = chance.choice(telling)
        if at == len(lines) or chance.random() < 0.1:
            lines.insert(at, b" " * chance.randint(0, 4) + marker + b"\n")
        else:
            body = lines[at].rstrip(b"\r\n")
            ending = lines[at][len(body) :]
            lines[at] = body + chance.choice((b" ", b" ", b"  ", b"")) + marker + ending
    return b"".join(lines)


@settings(max_examples=300, deadline=None)
@given(files(), st.integers(0, 2**32))
def test_generated_documents(data: bytes, seed: int) -> None:
    with_markers = marked(data, random.Random(seed))
    if not repeats_keys(with_markers):
        same("a.yaml", with_markers)


def test_golden_files_and_damaged_ones() -> None:
    chance = random.Random(20261129)
    seeds = inputs()
    in_outline = 0
    for number in range(1_000):
        path, data = chance.choice(seeds)
        data = marked(data, chance)
        data = mutate(chance, data, seeds) if number % 2 else data
        if not repeats_keys(data):
            same(path, data)
            in_outline += are_in_outline(data.decode("utf-8", "replace"))
    assert in_outline >= 100


@pytest.mark.skipif(not corpus(), reason=f"{MISSING}corpus (set IMAGEBOT_CORPUS)")
def test_the_corpus() -> None:
    chance = random.Random(20261129)
    for path in corpus():
        same(str(path).lstrip("/"), marked(path.read_bytes(), chance))
