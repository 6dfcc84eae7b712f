"""The images that `.argocd-source` files give to what a kustomization makes."""

from __future__ import annotations

import pytest

from imagebot.manifest.images.field import Scan
from imagebot.manifest.overlays import join_overlays
from imagebot.manifest.scan import scan

POD = (
    "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n"
    "spec: {containers: [{name: a, image: app:1.0}]}\n"
)
BASE = {"base/kustomization.yaml": "resources: [pod.yaml]\n", "base/pod.yaml": POD}
TAGGED = "kustomize: {images: ['app=ghcr.io/acme/app:1.1']}\n"
RENAMED = "kustomize: {images: ['app=mirror.acme.example/app']}\n"


def application(name: str, images: str = "") -> str:
    return (
        f"apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}}}\n"
        "spec: {source: {repoURL: 'https://github.com/acme/gitops', path: base, "
        f"kustomize: {{images: [{images}]}}}}}}\n"
    )


def fate(files: dict[str, str], path: str = "base/pod.yaml") -> list[tuple[str, str]]:
    """The references of a file, and what replaces them; the codes of what is unread."""
    scans: dict[str, Scan] = {at: scan(at, text.encode()) for at, text in {**BASE, **files}.items()}
    joined = join_overlays(scans).scans[path]
    fields = [(str(each.reference), each.replaced) for each in joined.fields]
    return [*fields, *((each.code, "") for each in joined.unread)]


ONE, ALL = "base/.argocd-source-one.yaml", "base/.argocd-source.yaml"
OWN = ("app:1.0", "")


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({ALL: TAGGED}, ("app:1.0", f"{ALL}:1")),
        ({ONE: TAGGED}, ("app:1.0", f"{ONE}:1")),
        ({"a.yaml": application("one"), ALL: TAGGED}, ("app:1.0", f"{ALL}:1")),
        ({"a.yaml": application("one"), ONE: TAGGED}, ("app:1.0", f"{ONE}:1")),
        ({"a.yaml": application("one"), ONE: TAGGED, ALL: RENAMED}, ("app:1.0", f"{ONE}:1")),
        ({"a.yaml": application("two"), ONE: TAGGED}, OWN),
        ({"a.yaml": application("one"), "b.yaml": application("two"), ONE: TAGGED}, OWN),
        (
            {"a.yaml": application("one"), "b.yaml": application("two"), ALL: TAGGED},
            ("app:1.0", f"{ALL}:1"),
        ),
        # Its list is used instead of that in the Application.
        (
            {"a.yaml": application("one", "app=quay.io/acme/app"), ALL: TAGGED},
            ("app:1.0", f"{ALL}:1"),
        ),
        ({ALL: RENAMED}, ("mirror.acme.example/app:1.0", "")),
        ({"a.yaml": application("one"), ONE: RENAMED}, ("mirror.acme.example/app:1.0", "")),
        (
            {"a.yaml": application("one"), "b.yaml": application("two"), ONE: RENAMED},
            ("ambiguous", ""),
        ),
        ({ALL: "kustomize: {namePrefix: a-}\n", "a.yaml": application("one")}, OWN),
    ],
)
def test_source_files(files: dict[str, str], expected: tuple[str, str]) -> None:
    assert fate(files) == [expected]


def test_the_tag_of_a_kustomization_is_that_of_the_new_name() -> None:
    kustomization = "resources: [pod.yaml]\nimages: [{name: app, newTag: '1.5'}]\n"
    files = {"base/kustomization.yaml": kustomization, ONE: RENAMED, "a.yaml": application("one")}
    found = fate(files, "base/kustomization.yaml")
    assert found == [("mirror.acme.example/app:1.5", "")]
