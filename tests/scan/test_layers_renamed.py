"""A tag that a layer above deploys under another name is not one of the name beside it."""

from __future__ import annotations

import pytest

from imagebot.errors import ImagebotError
from imagebot.scan.inventory import Inventory, take_inventory
from tests.scan.test_inventory import ROUTE, Blobs, configuration
from tests.scan.test_layers_limits import HERE, application, chart

Files = dict[str, bytes | ImagebotError]
EVERYTHING = ROUTE % '"**"'
BASE = "image: {repository: ghcr.io/acme/api, tag: 1.4.2}"
BLOCK = "image:\n  repository: ghcr.io/acme/api\n  tag: 1.4.2"
TEMPLATE = b'image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"\n'
DIGEST = "sha256:" + "1" * 64


def released(base: str, *above: str) -> Files:
    """An Application of a chart elsewhere, whose files are merged in this order."""
    names = [f"envs/{number}.yaml" for number in range(len(above) + 1)]
    files: Files = dict(zip(names, (text.encode() for text in (base, *above)), strict=True))
    return {**files, "app.yaml": application([f"/{name}" for name in names], path="elsewhere")}


def inventory(files: Files, text: str = EVERYTHING) -> Inventory:
    return take_inventory(Blobs(files), configuration(text), url=HERE)


def at(found: Inventory, path: str) -> list[str]:
    """What is said of a file: the references of fields, and the codes of unread entries."""
    fields = [str(each.reference) for each in found.fields if each.path == path]
    return [*fields, *(each.code for each in found.unread if each.path == path)]


@pytest.mark.parametrize(
    ("base", "above"),
    [
        (BASE, "image: {repository: mirror.acme.example/api}"),
        (BASE, "image:\n  repository: ghcr.io/acme/web"),
        (
            "image: {registry: ghcr.io, repository: acme/api, tag: 1.4.2}",
            "image: {registry: mirror.acme.example}",
        ),
        ("image: {repository: acme/api, tag: 1.4.2}", "image: {registry: mirror.acme.example}"),
        ("{image: ghcr.io/acme/api, imageTag: 1.4.2}", "image: mirror.acme.example/api"),
        ("{image: ghcr.io/acme/api, tag: 1.4.2}", "image: mirror.acme.example/api"),
        ("image: {name: ghcr.io/acme/api, tag: 1.4.2}", "image: {name: mirror.acme.example/api}"),
        (
            "{workerImageRepository: ghcr.io/acme/api, workerImageTag: 1.4.2}",
            "workerImageRepository: mirror.acme.example/api",
        ),
        (
            f"image: {{repository: ghcr.io/acme/api, digest: '{DIGEST}'}}",
            "image: {repository: mirror.acme.example/api}",
        ),
        ("api: {" + BASE + "}", "api: {image: {repository: mirror.acme.example/api}}"),
        ("{imageRegistry: ghcr.io, image: {name: acme/api, tag: 1.4.2}}", "imageRegistry: quay.io"),
        (
            "{global: {imageRegistry: ghcr.io}, image: {repository: acme/api, tag: 1.4.2}}",
            "global: {imageRegistry: quay.io}",
        ),
        (
            "{global: {image: {registry: ghcr.io}}, api: {image: {name: acme/api, tag: 1.4.2}}}",
            "global: {image: {registry: quay.io}}",
        ),
    ],
)
def test_another_name_above(base: str, above: str) -> None:
    assert at(inventory(released(base, above)), "envs/0.yaml") == ["ambiguous"]
    # Below or above other layers it is the same.
    assert at(inventory(released("x: 1", base, "y: 1", above)), "envs/1.yaml") == ["ambiguous"]


def test_both_places_are_said() -> None:
    found = inventory(released(BASE, "image: {repository: mirror.acme.example/api}"))
    (entry,) = (each for each in found.unread if each.path == "envs/0.yaml")
    assert entry.line == 1
    assert entry.expected
    said = "envs/1.yaml:1 deploys it with `repository: mirror.acme.example/api`"
    assert entry.reason == said


@pytest.mark.parametrize(
    ("base", "above", "expected"),
    [
        (BASE, "image: {repository: ghcr.io/acme/api}", ["ghcr.io/acme/api:1.4.2"]),
        (BASE, "image: {name: web}", ["ghcr.io/acme/api:1.4.2"]),
        (BASE, "image: {pullPolicy: Always}", ["ghcr.io/acme/api:1.4.2"]),
        (BASE, "other: {image: {repository: ghcr.io/acme/web}}", ["ghcr.io/acme/api:1.4.2"]),
        (BASE, "image: {repository: mirror.acme.example/api, tag: 1.4.1}", ["replaced"]),
        (
            "{workerImageRepository: ghcr.io/acme/api, workerImageTag: 1.4.2}",
            "webImageRepository: mirror.acme.example/web",
            ["ghcr.io/acme/api:1.4.2"],
        ),
        # The registry of all images is known from above as well as from below.
        (
            "image: {repository: acme/api, tag: 1.4.2}",
            "global: {imageRegistry: r.acme.example}",
            ["r.acme.example/acme/api:1.4.2"],
        ),
        (
            "image: {repository: acme/api, tag: 1.4.2}",
            "global: {image: {registry: r.acme.example}}",
            ["r.acme.example/acme/api:1.4.2"],
        ),
        (BASE, "global: {imageRegistry: ''}", ["ghcr.io/acme/api:1.4.2"]),
        (BASE, "global: {imageRegistry: r.acme.example}", ["ghcr.io/acme/api:1.4.2"]),
        # It says nothing about a name that has a registry, or that has the same one.
        (
            "{global: {imageRegistry: quay.io}, " + BASE + "}",
            "global: {imageRegistry: r.acme.example}",
            ["ghcr.io/acme/api:1.4.2"],
        ),
        (
            "{global: {imageRegistry: quay.io}, image: {repository: acme/api, tag: 1.4.2}}",
            "global: {imageRegistry: quay.io}",
            ["quay.io/acme/api:1.4.2"],
        ),
    ],
)
def test_the_same_name_above(base: str, above: str, expected: list[str]) -> None:
    assert at(inventory(released(base, above)), "envs/0.yaml") == expected


def test_a_registry_of_all_images_of_one_release_is_not_that_of_another() -> None:
    files = released(
        "image: {repository: acme/api, tag: 1.4.2}", "global: {imageRegistry: r.acme.example}"
    )
    files["other.yaml"] = application(["/envs/0.yaml"], path="elsewhere", name="other")
    assert at(inventory(files), "envs/0.yaml") == ["ambiguous"]


def test_a_release_that_merges_nothing_else_uses_the_tag() -> None:
    files = released(BASE, "image: {tag: 1.4.1}")
    assert at(inventory(files), "envs/0.yaml") == ["replaced"]
    files["other.yaml"] = application(["/envs/0.yaml"], path="elsewhere", name="other")
    assert at(inventory(files), "envs/0.yaml") == ["ghcr.io/acme/api:1.4.2"]


@pytest.mark.parametrize("templates", [True, False])
@pytest.mark.parametrize("named", [True, False])
def test_the_defaults_of_a_chart(templates: bool, named: bool) -> None:
    """Also where only their names say that the files belong together."""
    files: Files = {
        "chart/Chart.yaml": chart("api"),
        "chart/values.yaml": BASE.encode(),
        "chart/values-prod.yaml": b"image: {repository: mirror.acme.example/api}\n",
        "chart/values-test.yaml": b"image: {tag: 1.4.3}\n",
    }
    if templates:
        files["chart/templates/pod.yaml"] = TEMPLATE
    if named:
        files["app.yaml"] = application(["values-prod.yaml"])
    found = inventory(files)
    assert at(found, "chart/values.yaml") == ["ambiguous"]
    assert at(found, "chart/values-prod.yaml") == ["no-tag"]
    assert at(found, "chart/values-test.yaml") == ["ghcr.io/acme/api:1.4.3"]


def test_the_name_that_a_parent_chart_gives_its_subchart() -> None:
    files: Files = {
        "api/Chart.yaml": chart("api"),
        "api/values.yaml": BASE.encode(),
        "api/templates/pod.yaml": TEMPLATE,
        "shop/Chart.yaml": chart("shop", "api"),
        "shop/values.yaml": b"api: {image: {repository: mirror.acme.example/api}}\n",
    }
    assert at(inventory(files), "api/values.yaml") == ["ambiguous"]


@pytest.mark.parametrize("templates", [True, False])
@pytest.mark.parametrize(
    ("marker", "fields"),
    [
        (" # imagebot: {image: mirror.acme.example/api}", ""),
        (
            "",
            "fields: [{files: [chart/**], tag: image.tag, image: mirror.acme.example/api}]",
        ),
    ],
)
def test_who_says_the_image_decides(templates: bool, marker: str, fields: str) -> None:
    files: Files = {
        "chart/Chart.yaml": chart("api"),
        "chart/values.yaml": f"{BLOCK}{marker}\n".encode(),
        "chart/values-prod.yaml": b"image: {repository: mirror.acme.example/api}\n",
        "app.yaml": application(["values-prod.yaml"]),
    }
    if templates:
        files["chart/templates/pod.yaml"] = TEMPLATE
    found = inventory(files, f"{EVERYTHING}\n{fields}\n")
    assert "mirror.acme.example/api:1.4.2" in at(found, "chart/values.yaml")
    assert "ambiguous" not in at(found, "chart/values.yaml")
