"""What an update is called by: its target, its object and its key path, and nothing else."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import pytest

from imagebot.manifest.images.field import ImageField
from imagebot.manifest.images.options import ExtraFile, ScanOptions
from imagebot.manifest.scan import scan
from imagebot.plan.model import PlanTarget, Update
from imagebot.policy.model import Decision

POD = """\
apiVersion: v1
kind: Pod
metadata: {name: shop}
spec:
  containers:
    - {name: a, image: 'app:1.0'}
    - {name: b, image: 'web:1.0'}
"""
LIST = """\
apiVersion: v1
kind: List
items:
  - {apiVersion: v1, kind: Pod, metadata: {name: x}, spec: {containers: [{name: a, image: 'y:1'}]}}
"""
NEW_TAG = "images:\n- {name: app, newTag: '1'}\n"
PATTERN = ExtraFile(match=("*.txt",), pattern=r"use (?P<name>\S+):(?P<tag>\S+)")


def ids(text: str, path: str = "a.yaml", name: str = "app", **more: str) -> Sequence[str]:
    fields = scan(path, text.encode(), ScanOptions(files=(PATTERN,))).fields
    found = [each for each in fields if each.reference.name.rpartition("/")[2] == name]
    return [update_of(field, **more).id for field in found]


def update_of(
    field: ImageField,
    *,
    target: str = "shop",
    identity: str = "example.com/shop",
    route: str = "r",
    tag: str | None = "2.0",
    digest: str | None = None,
) -> Update:
    decision = Decision(code="newer", reason="", tag=tag, digest=digest, update_type="major")
    return Update(target=PlanTarget(target, identity), field=field, route=route, decision=decision)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (POD, "# a line\n" + POD),
        (POD, "kind: Other\n---\n" + POD),
        (POD, POD.replace("    - {name: a", "    - {name: c, image: 'x:1'}\n    - {name: a")),
        (POD, POD.replace("app:1.0", "app:1.7")),
        (POD, POD.replace("app:1.0", "docker.io/library/app:1.0")),
        ("image: app:1.0\n", "# a line\nother: 1\nimage: app:1.0\n"),
        (NEW_TAG, NEW_TAG.replace("images:\n", "images:\n- {name: b, newTag: '1'}\n")),
    ],
)  # fmt: skip
def test_what_makes_no_difference(before: str, after: str) -> None:
    path = "kustomization.yaml" if before.startswith("images") else "values.yaml"
    path = "a.yaml" if before.startswith("api") else path
    (one,), (other,) = ids(before, path), ids(after, path)
    assert one == other


@pytest.mark.parametrize(
    "after",
    [
        POD.replace("name: shop", "name: other"),
        POD.replace("name: shop", "name: shop, namespace: x"),
        POD.replace("kind: Pod", "kind: PodTemplate"),
        POD.replace("apiVersion: v1", "apiVersion: example.com/v1"),
        POD.replace("{name: a,", "{name: z,"),
        POD.replace("containers:", "initContainers:"),
    ],
)
def test_what_makes_another_update(after: str) -> None:
    (one,), (other,) = ids(POD), ids(after)
    assert one != other


def test_the_version_of_an_api_is_not_its_group() -> None:
    one, other = (POD.replace("v1", f"example.com/{version}") for version in ("v1beta1", "v1"))
    assert ids(one) == ids(other)


def test_of_the_update_itself() -> None:
    (same,) = ids(POD)
    assert ids(POD, target="other", route="other") == [same]
    others = [
        ids(POD, identity="example.com/other"),
        ids(POD, path="b.yaml"),
        ids(POD, tag="2.1"),
        ids(POD, digest="sha256:" + "a" * 64),
        ids(POD, name="web"),
    ]
    assert len({same, *(id_ for found in others for id_ in found)}) == 6


def test_objects_of_a_list() -> None:
    more = LIST.replace("items:\n", "items:\n  - {apiVersion: v1, kind: Service}\n")
    assert ids(LIST, name="y") == ids(more, name="y") != []


def test_matches_of_a_pattern() -> None:
    """They have no key path, only an order."""
    (one,) = ids("use app:1.0\n", "a.txt")
    assert set(ids("use web:1.0\nuse app:1.0\nuse app:1.1\n", "a.txt")) == {one}


def test_the_same_key_below_another() -> None:
    first, second = "a: {image: app:1.0}\nb: {image: app:1.0}\n", "b: {image: app:1.0}\n"
    found = ids(first, "values.yaml")
    assert len(set(found)) == 2
    assert ids(second, "values.yaml") == found[1:]


def test_an_update_that_is_wanted_again_is_the_same() -> None:
    (field,) = [each for each in scan("a.yaml", POD.encode()).fields if each.container == "a"]
    update = update_of(field)
    assert dataclasses.replace(update, again=True).id == update.id
