"""A short run of the fuzz target, and what longer ones have found."""

from __future__ import annotations

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
}


@pytest.mark.parametrize("data", FOUND.values(), ids=FOUND.keys())
def test_found(data: bytes) -> None:
    for path in ("found.yaml", "kustomization.yaml"):
        check(path, data)


def test_a_short_run() -> None:
    assert run(2.0, seed=20261123) > 10
