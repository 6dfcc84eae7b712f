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
    check("found.yaml", data)


def test_a_short_run() -> None:
    assert run(2.0, seed=20261123) > 10
