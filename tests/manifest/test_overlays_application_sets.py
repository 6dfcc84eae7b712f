"""The images that ApplicationSets give to kustomizations whose folder has placeholders."""

from __future__ import annotations

import pytest

from imagebot.manifest.images.field import Scan
from imagebot.manifest.overlays import join_overlays
from imagebot.manifest.scan import scan

POD = (
    "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n"
    "spec: {containers: [{name: a, image: controller:latest}]}\n"
)
TREE = {
    "base/pod.yaml": POD,
    "base/kustomization.yaml": "resources: [pod.yaml]\n",
    "over/prod/kustomization.yaml": "resources: [../../base]\n",
    "over/test/kustomization.yaml": "resources: [../../base]\n",
}
URL = "https://git.example/acme/gitops"
BOTH = "list: {elements: [{env: prod, tag: '1'}, {env: test, tag: '2'}]}"
ONE = "list: {elements: [{env: prod, tag: '1'}]}"
FOLDERS = f"git: {{repoURL: '{URL}', directories: [{{path: over/*}}]}}"
FILES = f"git: {{repoURL: '{URL}', files: [{{path: 'over/*/kustomization.yaml'}}]}}"
CLUSTERS = "clusters: {}"
MATRIX = (
    "matrix: {generators: [{list: {elements: [{a: over}]}}, "
    "{list: {elements: [{b: prod}, {b: test}]}}]}"
)
TAGGED = "controller=ghcr.io/acme/ctl:{{tag}}"
RENAMED = "controller=ghcr.io/acme/ctl"
PLACE = "set.yaml:11"


def application_set(generator: str, path: str, image: str = TAGGED, url: str = URL) -> str:
    return (
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: set}\n"
        f"spec:\n  generators:\n  - {generator}\n  template:\n    spec:\n      source:\n"
        f"        {{repoURL: '{url}', path: '{path}', kustomize: {{images:\n"
        f"        ['{image}']}}}}\n"
    )


def fate(set_: str, url: str | None = None, more: dict[str, str] | None = None) -> tuple[str, str]:
    """The image of the base, and the place that replaces it."""
    files = {**TREE, "set.yaml": set_, **(more or {})}
    scans: dict[str, Scan] = {path: scan(path, text.encode()) for path, text in files.items()}
    joined = join_overlays(scans, url).scans["base/pod.yaml"]
    (field,) = joined.fields
    return str(field.reference), field.replaced


@pytest.mark.parametrize(
    ("generator", "path"),
    [
        (BOTH, "over/{{env}}"),
        (BOTH, "./over/{{ .env }}/"),
        (FOLDERS, "{{path}}"),
        (FOLDERS, "{{ .path.path }}"),
        (FOLDERS, "over/{{ .path.basename }}"),
        (FILES, "{{ .path.path }}"),
        (MATRIX, "{{a}}/{{b}}"),
        # What only the cluster knows is what fits the folders.
        (CLUSTERS, "over/{{name}}"),
        (CLUSTERS, "over/{{ .metadata.labels.env }}"),
        ("clusters: {values: {folder: over}}", "{{values.folder}}/{{name}}"),
    ],
)
@pytest.mark.parametrize("url", [None, URL, f"{URL}.git"])
def test_every_folder_of_a_template_gets_its_images(
    generator: str, path: str, url: str | None
) -> None:
    assert fate(application_set(generator, path), url) == ("controller:latest", PLACE)


def test_several_sources() -> None:
    text = application_set(BOTH, "over/{{env}}").replace(
        "source:\n        {", "sources:\n      - {"
    )
    assert fate(text) == ("controller:latest", PLACE)


@pytest.mark.parametrize(
    "image",
    ["{{name}}=ghcr.io/acme/ctl:1", "{{ .name }}:{{ .tag }}", "{{name}}@sha256:" + "5e" * 32],
)
def test_the_name_is_filled_in(image: str) -> None:
    generator = BOTH.replace("{env", "{name: controller, env")
    assert fate(application_set(generator, "over/{{env}}", image)) == ("controller:latest", PLACE)
    other = BOTH.replace("{env", "{name: other, env")
    assert fate(application_set(other, "over/{{env}}", image)) == ("controller:latest", "")


@pytest.mark.parametrize(
    ("set_", "url"),
    [
        # Something else may deploy the other folder as it is.
        (application_set(ONE, "over/{{env}}"), None),
        (application_set(BOTH, "other/{{env}}"), None),
        (application_set(BOTH, "over/{{env}}", "other:1"), None),
        (application_set(BOTH, "over/{{env}}", url="https://git.example/acme/other"), URL),
        (application_set(FOLDERS.replace("acme", "other"), "{{path}}"), URL),
        (application_set(CLUSTERS, "over/x{{name}}"), None),
        # Any folder would fit.
        (application_set(CLUSTERS, "{{path}}"), None),
        (application_set(CLUSTERS, "{{ .values.folder }}/{{name}}"), None),
        (application_set(CLUSTERS, "../over/{{name}}"), None),
    ],
)
def test_what_is_not_deployed_so_is_not_replaced(set_: str, url: str | None) -> None:
    assert fate(set_, url) == ("controller:latest", "")


def test_a_new_name_keeps_the_tag() -> None:
    set_ = application_set(BOTH, "over/{{env}}", RENAMED)
    assert fate(set_) == ("ghcr.io/acme/ctl:latest", "")
    generator = BOTH.replace("{env", "{n: ctl, env")
    named = application_set(generator, "over/{{env}}", "controller=ghcr.io/acme/{{n}}")
    assert fate(named) == ("ghcr.io/acme/ctl:latest", "")


def test_files_beside_the_kustomizations_count() -> None:
    """The images of an `.argocd-source` file take the place of those in the template."""
    for image, place in (("controller:3", "over/prod/.argocd-source.yaml:1"), ("other:3", "")):
        source = {"over/prod/.argocd-source.yaml": f"kustomize: {{images: ['{image}']}}\n"}
        assert fate(application_set(BOTH, "over/{{env}}"), None, source)[1] == place


@pytest.mark.parametrize(
    "path", ["{{", "{{}}", "{{a}}" * 50, "{{a}}/" * 50, "over/{{env}}" + "/x" * 999]
)
def test_hostile_paths_replace_nothing(path: str) -> None:
    assert fate(application_set(CLUSTERS, path)) == ("controller:latest", "")
