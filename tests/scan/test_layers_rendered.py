"""Images in the values of a chart that `images:` replace behind its templates."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from imagebot.errors import ImagebotError
from imagebot.scan.inventory import Inventory, take_inventory
from tests.scan.test_inventory import Blobs, configuration

Files = dict[str, bytes | ImagebotError]
API = "ghcr.io/acme/api"
VALUES = f"image: {{repository: {API}, tag: 1.4.2}}"
RENAMED = f"{{name: {API}, newName: mirror.acme.example/api}}"
TAGGED = f"{{name: {API}, newTag: 1.5.0}}"


def release(images: str, values: str = VALUES, name: str = "api") -> bytes:
    return f"""\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {{name: {name}}}
spec:
  chart: {{spec: {{chart: api, sourceRef: {{kind: GitRepository, name: charts}}}}}}
  valuesFrom: [{{kind: ConfigMap, name: base}}]
  values: {{{values}}}
  postRenderers: [{{kustomize: {{images: [{images}]}}}}]
""".encode()


def kustomization(images: str) -> bytes:
    return f"""\
helmCharts:
  - {{name: api, repo: https://charts.acme.example, valuesInline: {{{VALUES}}}}}
images: [{images}]
""".encode()


def inventory(files: Files) -> Inventory:
    return take_inventory(Blobs(files), configuration())


def at(found: Inventory, path: str) -> list[tuple[str, str]]:
    """The references of the values of a file, and what replaces them; the codes of the rest."""
    fields = [
        (str(each.reference), each.replaced)
        for each in found.fields
        if each.path == path and "images" not in each.keys
    ]
    return [*fields, *((each.code, "") for each in found.unread if each.path == path)]


CASES = [
    (RENAMED, [("ambiguous", "")]),
    (TAGGED, [(f"{API}:1.4.2", "FILE:LINE")]),
    (
        f"{RENAMED}, {{name: mirror.acme.example/api, newTag: 1.5.0}}",
        [(f"{API}:1.4.2", "FILE:LINE")],
    ),
    ("{name: ghcr.io/acme/web, newTag: 1.5.0}", [(f"{API}:1.4.2", "")]),
    (f"{{name: {API}, newName: {API}}}", [(f"{API}:1.4.2", "")]),
]


@pytest.mark.parametrize(("images", "expected"), CASES)
@pytest.mark.parametrize(
    ("path", "line", "make"),
    [("release.yaml", 8, release), ("kustomization.yaml", 3, kustomization)],
)
def test_what_is_behind_the_templates(
    images: str, expected: list[tuple[str, str]], path: str, line: int, make: Callable[[str], bytes]
) -> None:
    found = at(inventory({path: make(images)}), path)
    wanted = [(text, place and f"{path}:{line}") for text, place in expected]
    # An entry without a tag is listed, too.
    assert [each for each in found if each[0] != "no-tag"] == wanted


def test_both_names_are_said() -> None:
    files: Files = {
        "base.yaml": f"""\
apiVersion: v1
kind: ConfigMap
metadata: {{name: base}}
data:
  values.yaml: |
    {VALUES}
""".encode(),
        "one.yaml": release(RENAMED, "x: 1"),
        "other.yaml": release("", "x: 1", name="other"),
    }
    found = inventory(files)
    (entry,) = (each for each in found.unread if each.path == "base.yaml")
    assert (entry.code, entry.line, entry.expected) == ("ambiguous", 6, True)
    assert entry.reason == (
        f"its tag is deployed as mirror.acme.example/api (one.yaml:8) and as {API}: "
        "write a newTag there"
    )
    # Another release uses the tag that one replaces.
    files["one.yaml"] = release(TAGGED, "x: 1")
    assert at(inventory(files), "base.yaml") == [(f"{API}:1.4.2", "")]
    # A tag above it is the one that is replaced.
    files["other.yaml"] = release(RENAMED, "image: {tag: 1.4.1}", name="other")
    assert at(inventory(files), "base.yaml") == [(f"{API}:1.4.2", "one.yaml:8")]


INLINE = kustomization("")
OVERLAY = "resources: [../base]\nimages: [{}]\n"


@pytest.mark.parametrize(
    ("overlays", "expected"),
    [
        ([TAGGED], [(f"{API}:1.4.2", "o0/kustomization.yaml:2")]),
        ([TAGGED, TAGGED], [(f"{API}:1.4.2", "o0/kustomization.yaml:2")]),
        ([TAGGED, ""], [(f"{API}:1.4.2", "")]),
        ([RENAMED], [("mirror.acme.example/api:1.4.2", "")]),
        ([RENAMED, ""], [("ambiguous", "")]),
        (["{name: ghcr.io/acme/web, newTag: 1.5.0}"], [(f"{API}:1.4.2", "")]),
    ],
)
def test_overlays_of_a_kustomization_with_a_chart(
    overlays: list[str], expected: list[tuple[str, str]]
) -> None:
    files: Files = {"base/kustomization.yaml": INLINE}
    for number, images in enumerate(overlays):
        files[f"o{number}/kustomization.yaml"] = OVERLAY.replace("{}", images).encode()
    assert at(inventory(files), "base/kustomization.yaml") == expected
