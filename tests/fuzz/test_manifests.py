"""A short run of the fuzz target, and what longer ones have found."""

from __future__ import annotations

import time

import pytest

from tests.fuzz.manifests import check, run

FOUND = {
    "a flow mapping that an outline must not leave out": b"""\
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: web, namespace: flux-system}
spec: {url: "https://charts.example.com"}
""",
    "line ends of several kinds around a digest that is added": (
        b"images:\r\n- name: web\r\n  newTag: v1 # x\r- name: api\r\n  newTag: v1"
    ),
    "a folded reference in a document that is otherwise plain": b"""\
apiVersion: v1
kind: Pod
spec:
  containers:
  - name: >-
      folded
    image: >-
      ghcr.io/acme/folded:1.0
""",
    "an image behind the policy to pull it, in flow style": b"""\
apiVersion: v1
kind: Pod
spec:
  containers:
    - {imagePullPolicy: Always, image: "ghcr.io/acme/app:1.0"}
""",
    "an image in a list of secrets": b"""\
imagePullSecrets: ['image: acme/app:1.0', {image: "acme/app:1.0"}]
name: app
""",
}


@pytest.mark.parametrize("data", FOUND.values(), ids=FOUND.keys())
def test_found(data: bytes) -> None:
    for path in ("found.yaml", "kustomization.yaml"):
        check(path, data)


def test_mutated_manifests(fuzz_seconds: float) -> None:
    """A short run is the same every time; a longer one goes elsewhere each time."""
    if fuzz_seconds:
        run(int(time.time()), seconds=fuzz_seconds)
    else:
        run(20261123, most=300)
