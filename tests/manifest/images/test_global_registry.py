"""Which registry an image has that stands beside one for all images."""

from __future__ import annotations

import pytest

from imagebot.manifest.flux.join import join
from imagebot.manifest.images.field import Scan
from imagebot.manifest.scan import scan

WEB = "web: {image: {registry: quay.io, repository: acme/web, tag: '1'}}\n"
BARE = "web: {image: {repository: acme/web, tag: '1'}}\n"


def joined(text: str) -> Scan:
    return join({"values.yaml": scan("values.yaml", text.encode())}).scans["values.yaml"]


def found(text: str) -> list[str]:
    """The references, and the codes of what is unread."""
    scanned = joined(text)
    assert all(each.expected for each in scanned.unread)
    references = [f"{each.reference.repository}:{each.reference.tag}" for each in scanned.fields]
    return references + [each.code for each in scanned.unread]


NONE = [
    "null",
    "~",
    "Null",
    "NULL",
    '""',
    "''",
    "",
    "{}",
    "[]",
    "!!null ''",
    "false",
    "False",
    "FALSE",
]


@pytest.mark.parametrize("nothing", NONE)
@pytest.mark.parametrize(
    "around", ["global:\n  imageRegistry: {}\n", "global:\n  image:\n    registry: {}\n"]
)
def test_no_registry_is_not_a_registry(around: str, nothing: str) -> None:
    assert found(around.replace("{}", nothing) + BARE) == ["docker.io/acme/web:1"]
    assert found(around.replace("{}", nothing) + WEB) == ["quay.io/acme/web:1"]


@pytest.mark.parametrize("nothing", NONE)
def test_an_image_without_a_registry_has_none(nothing: str) -> None:
    text = f"image:\n  registry: {nothing}\n  repository: acme/web\n  tag: '1'\n"
    assert found(text) == ["docker.io/acme/web:1"]
    assert found(f"global: {{imageRegistry: ghcr.io}}\n{text}") == ["ghcr.io/acme/web:1"]


REGISTRIES = {
    # A host and another one: only the chart knows.
    ("registry.example", "registry: quay.io, repository: acme/web"): ["ambiguous"],
    ("registry.example/", "registry: quay.io, repository: acme/web"): ["ambiguous"],
    ("registry.example:5000", "registry: quay.io, repository: acme/web"): ["ambiguous"],
    ("localhost", "registry: quay.io, repository: acme/web"): ["ambiguous"],
    ("registry.example", "registry: quay.io/acme, repository: web"): ["ambiguous"],
    ("registry.example", "defaultRegistry: quay.io, repository: acme/web"): ["ambiguous"],
    ("quay.io", "registry: quay.io, repository: acme/web"): ["quay.io/acme/web:1"],
    ("quay.io/", "registry: quay.io, repository: acme/web"): ["quay.io/acme/web:1"],
    # A path is for images without a registry.
    ("ghcr.io/acme/suite", "registry: quay.io, repository: acme/web"): ["quay.io/acme/web:1"],
    ("ghcr.io/acme/suite", "repository: web"): ["ghcr.io/acme/suite/web:1"],
    ("ghcr.io/acme/suite/", "registry: '', repository: web"): ["ghcr.io/acme/suite/web:1"],
    ("ghcr.io/acme/suite", "registry: ~, repository: web"): ["ghcr.io/acme/suite/web:1"],
    ("ghcr.io", "repository: acme/web"): ["ghcr.io/acme/web:1"],
    # A name with a host says it all.
    ("ghcr.io", "repository: quay.io/acme/web"): ["quay.io/acme/web:1"],
    ("ghcr.io/acme", "repository: quay.io/acme/web"): ["quay.io/acme/web:1"],
    # Another tool fills it in.
    ("${REGISTRY}", "repository: acme/web"): ["variable"],
    ("${REGISTRY}", "registry: quay.io, repository: acme/web"): ["ambiguous"],
}


@pytest.mark.parametrize(("given", "wanted"), REGISTRIES.items())
def test_which_registry_counts(given: tuple[str, str], wanted: list[str]) -> None:
    everywhere, image = given
    for text in (
        f"global: {{imageRegistry: '{everywhere}'}}\nweb: {{image: {{{image}, tag: '1'}}}}\n",
        f"global: {{image: {{registry: '{everywhere}'}}}}\nimage: {{{image}, tag: '1'}}\n",
        f"global:\n  imageRegistry: '{everywhere}'\nimage:\n"
        + "".join(f"  {part}\n" for part in image.split(", "))
        + "  tag: '1'\n",
    ):
        assert found(text) == wanted


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("registry: quay.io, repository: acme/web", "acme/web"),
        ("registry: quay.io/acme, repository: web", "web"),
        ("registry: docker.io, repository: web", "web"),
        ("registry: quay.io, name: acme/web", "acme/web"),
        ("registry: quay.io, namespace: acme, name: web", "acme/web"),
    ],
)
def test_it_waits_for_the_templates_of_the_chart(image: str, name: str) -> None:
    text = f"global: {{imageRegistry: reg.example}}\nimage: {{{image}, tag: '1'}}\n"
    scanned = scan("values.yaml", text.encode())
    assert scanned.fields == ()
    (pending,) = scanned.pending
    assert (pending.name, pending.chart) == ("reg.example", name)


def test_a_marker_on_what_is_undecided_is_a_problem() -> None:
    text = "global: {imageRegistry: reg.example}\nimage:\n  registry: quay.io\n"
    text += "  repository: acme/web\n  tag: '1' # imagebot: "
    (entry,) = joined(f"{text}ignore\n").unread
    assert (entry.code, entry.line, entry.expected) == ("ambiguous", 5, True)
    (entry,) = joined(f"{text}every-push\n").unread
    assert (entry.code, entry.line, entry.expected) == ("ambiguous", 5, False)
    assert "whether this comes from quay.io or from the global registry reg.example" in entry.reason


@pytest.mark.parametrize(
    ("parameters", "wanted"),
    [
        ({"global.imageRegistry": "null"}, ["docker.io/acme/web:1"]),
        ({"global.imageRegistry": ""}, ["docker.io/acme/web:1"]),
        ({"global.imageRegistry": "reg.example"}, ["reg.example/acme/web:1"]),
        ({"global.imageRegistry": "reg.example/a"}, ["reg.example/a/acme/web:1"]),
        ({"global.imageRegistry": "reg.example", "image.registry": "quay.io"}, ["ambiguous"]),
        ({"global.image.registry": "reg.example", "image.registry": "quay.io"}, ["ambiguous"]),
        ({"global.imageRegistry": "reg.example", "image.registry": "null"},
         ["reg.example/acme/web:1"]),
        ({"global.imageRegistry": "a.example/b", "image.registry": "quay.io"},
         ["quay.io/acme/web:1"]),
    ],
)  # fmt: skip
def test_parameters_of_argo_cd(parameters: dict[str, str], wanted: list[str]) -> None:
    text = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec:\n  source:\n    helm:\n"
    text += "      parameters:\n"
    for name, value in {**parameters, "image.repository": "acme/web", "image.tag": "1"}.items():
        text += f"        - name: {name}\n          value: '{value}'\n"
    assert found(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("images: [{name: acme/web, newName: null, newTag: '1'}]", ["docker.io/acme/web:1"]),
        ("images: [{name: acme/web, newName: ~, newTag: '1'}]", ["docker.io/acme/web:1"]),
        ("images: [{name: null, newTag: '1'}]", ["no-repository"]),
    ],
)
def test_null_is_no_name_in_a_kustomization(text: str, wanted: list[str]) -> None:
    data = f"apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n{text}\n"
    assert found(data) == wanted


def test_null_is_no_prefix_of_kubeadm() -> None:
    text = "apiVersion: kubeadm.k8s.io/v1beta3\nkind: ClusterConfiguration\n"
    assert found(f"{text}dns: {{imageRepository: null, imageTag: '1'}}\n") == ["no-repository"]
    assert found(f"{text}dns: {{imageRepository: reg.example/a, imageTag: '1'}}\n") == [
        "reg.example/a/coredns:1"
    ]


def test_null_is_no_chart() -> None:
    text = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec:\n  source:\n"
    text += "    {repoURL: 'oci://ghcr.io/acme/web', chart: null, targetRevision: '1.2'}\n"
    assert found(text) == ["ghcr.io/acme/web:1.2"]
