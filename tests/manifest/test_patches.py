"""Images of resources that patches of kustomizations replace, and those that they may not."""

from __future__ import annotations

import pytest

from tests.manifest.test_overlays import COMPONENT, ROOT, K, replaced

BASE = {
    "base/app.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: api}\nspec:\n"
    "  template:\n    spec:\n      containers:\n        - {name: a, image: 'acme/api:1.0'}\n"
    "        - {name: b, image: 'acme/web:1.0'}\n",
    "base/kustomization.yaml": f"{K}resources: [app.yaml]\n",
}
PROD = "overlays/prod/kustomization.yaml"
FILE = "overlays/prod/p.yaml"
OPERATION = "- op: replace\n  path: /spec/template/spec/containers/0/image\n  value: acme/api:2.0\n"
MERGE = (
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: api}\nspec:\n  template:\n"
    "    spec: {containers: [{name: a, image: 'acme/api:2.0'}]}\n"
)
TARGET = "target: {kind: Deployment, name: api}"


def block(text: str, indent: str = "      ") -> str:
    return "|\n" + "".join(f"{indent}{line}\n" for line in text.splitlines())


def patch(text: str, target: str = TARGET) -> str:
    return f"  - {target}\n    patch: {block(text)}" if target else f"  - patch: {block(text)}"


REPLACED = [
    ({PROD: f"{ROOT}patches:\n{patch(OPERATION)}"}, f"{PROD}:8"),
    ({PROD: f"{ROOT}patchesJson6902:\n{patch(OPERATION)}"}, f"{PROD}:8"),
    ({PROD: f"{ROOT}patches:\n{patch(OPERATION, 'target: {kind: Dep.*, group: apps}')}"},
     f"{PROD}:8"),
    ({PROD: f"{ROOT}patches:\n{patch(MERGE, '')}"}, f"{PROD}:11"),
    ({PROD: f"{ROOT}patchesStrategicMerge:\n  - {block(MERGE)}"}, f"{PROD}:11"),
    ({PROD: f"{ROOT}patches: [{{path: p.yaml}}]\n", FILE: MERGE}, f"{FILE}:6"),
    ({PROD: f"{ROOT}patchesStrategicMerge: [p.yaml]\n", FILE: MERGE}, f"{FILE}:6"),
    ({PROD: f"{ROOT}patches: [{{path: p.yaml, {TARGET}}}]\n", FILE: OPERATION}, f"{FILE}:2"),
    # The target decides, not the name in the patch.
    ({PROD: f"{ROOT}patches: [{{path: p.yaml, {TARGET}}}]\n",
      FILE: MERGE.replace("name: api}", "name: any}")}, f"{FILE}:6"),
    # A whole container, or all of them.
    ({PROD: f"{ROOT}patches: [{{path: p.yaml, {TARGET}}}]\n",
      FILE: "- {op: replace, path: /spec/template/spec/containers/0, value: {image: 'a/b:2'}}\n"},
     f"{FILE}:1"),
    ({PROD: f"{ROOT}patches: [{{path: p.yaml, {TARGET}}}]\n",
      FILE: "- {op: replace, path: /spec/template/spec/containers, value: [{image: 'a/b:2'}]}\n"},
     f"{FILE}:1"),
    # What is appended comes after the others.
    ({PROD: f"{ROOT}patches:\n{patch(OPERATION)}"
      + patch("- {op: add, path: /spec/template/spec/containers/-, value: {image: 'a/b:1'}}")},
     f"{PROD}:8"),
    # By a component, and by one of several kustomizations on the only way.
    ({PROD: f"{ROOT}components: [../../c]\n",
      "c/kustomization.yaml": f"{COMPONENT}patches:\n{patch(MERGE, '')}"},
     "c/kustomization.yaml:10"),
    ({"mid/kustomization.yaml": f"{K}resources: [../base]\npatches:\n{patch(MERGE, '')}",
      PROD: f"{K}resources: [../../mid]\n"}, "mid/kustomization.yaml:11"),
]  # fmt: skip

KEPT = [
    # Of another object, container, list or number.
    {PROD: f"{ROOT}patches:\n{patch(OPERATION, 'target: {kind: Deployment, name: ap}')}"},
    {PROD: f"{ROOT}patches:\n{patch(OPERATION, 'target: {kind: StatefulSet, name: api}')}"},
    {PROD: f"{ROOT}patches:\n{patch(OPERATION, 'target: {name: api, namespace: x}')}"},
    {PROD: f"{ROOT}patches:\n{patch(OPERATION.replace('/0/', '/1/'))}"},
    {PROD: f"{ROOT}patches:\n{patch(MERGE.replace('name: a,', 'name: c,'), '')}"},
    {PROD: f"{ROOT}patches:\n{patch(MERGE.replace('containers', 'initContainers'), '')}"},
    {PROD: f"{ROOT}patches:\n{patch(MERGE.replace('apps/v1', 'apps/v2'), '')}"},
    # Labels are not compared, and an expression that is not valid fits nothing.
    {PROD: f"{ROOT}patches:\n{patch(OPERATION, 'target: {kind: Deployment, labelSelector: a=b}')}"},
    {PROD: f"{ROOT}patches:\n" + patch(OPERATION, "target: {name: '('}")},
    # A strategic merge may put a container before the first one; so may what is not read.
    {PROD: f"{ROOT}patches:\n{patch(OPERATION)}"
     + patch(MERGE.replace("name: a,", "name: c,"), "")},
    {PROD: f"{ROOT}patches:\n{patch(OPERATION)}  - {{{TARGET}, patch: '[{{}}]'}}\n"},
    {PROD: f"{ROOT}patches:\n{patch(OPERATION)}"
     + patch("- {op: add, path: /spec/template/spec/containers/0, value: {image: 'a/b:1'}}")},
    # Another way leaves it.
    {PROD: f"{ROOT}patches:\n{patch(MERGE, '')}", "overlays/dev/kustomization.yaml": ROOT},
]  # fmt: skip


@pytest.mark.parametrize(("files", "place"), REPLACED)
def test_replaced(files: dict[str, str], place: str) -> None:
    assert replaced({**BASE, **files}, "base/app.yaml") == place


@pytest.mark.parametrize("files", KEPT)
def test_kept(files: dict[str, str]) -> None:
    assert replaced({**BASE, **files}, "base/app.yaml") == ""


def test_a_container_may_be_patched_in_one_overlay_and_replaced_in_another() -> None:
    other = f"{ROOT}images: [{{name: acme/api, newTag: '3.0'}}]\n"
    files = {PROD: f"{ROOT}patches:\n{patch(MERGE, '')}", "overlays/dev/kustomization.yaml": other}
    assert replaced({**BASE, **files}, "base/app.yaml") == f"{PROD}:11"
