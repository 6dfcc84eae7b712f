"""Registries in values that may be those of images below them or beside them."""

from __future__ import annotations

import pytest

from imagebot.manifest.scan import ScanOptions, scan
from imagebot.scan.inventory import take_inventory
from tests.scan.test_inventory import Blobs, configuration

API = "{name: acme/api, tag: '1.0'}"
FULL = "{repository: acme/api, tag: '1.0'}"

HELPER = """\
{{ define "a" }}{{ .i.registry | default "ghcr.io" | unknown }}/{{ .i }}{{ end }}
image: {{ include "a" (dict "i" .Values.image) }}
"""


def found(values: str, more: dict[str, str] | None = None) -> list[str]:
    files = {"values.yaml": values, **(more or {})}
    inventory = take_inventory(
        Blobs({path: text.encode() for path, text in files.items()}), configuration()
    )
    codes = [each.code for each in inventory.unread if each.path == "values.yaml"]
    return [*(str(each.reference) for each in inventory.fields), *codes]


@pytest.mark.parametrize(
    "values",
    [
        f"images:\n  registry: ghcr.io\n  api: {API}\n",
        f"registry: ghcr.io\nimages:\n  api: {API}\n",
        f"dockerRegistry: ghcr.io\napi:\n  image: {FULL}\n",
        f"image_registry: ghcr.io\napi:\n  image: {FULL}\n",
        "images:\n  registry: ghcr.io\n  api:\n    image: acme/api:1.0\n",
        "registry: ghcr.io\napiImage: acme/api:1.0\n",
        f"global:\n  registry: ghcr.io\napi:\n  image: {FULL}\n",
        f"global:\n  hub: ghcr.io/acme\napi:\n  image: {FULL}\n",
        f"docker:\n  registry: ghcr.io\napi:\n  image: {FULL}\n",
        f"registry:\n  host: ghcr.io\n  user: me\napi:\n  image: {FULL}\n",
        f"image:\n  registry: ghcr.io\n  pullPolicy: Always\napi:\n  image: {FULL}\n",
        f"registry: acme-mirror\napi:\n  image: {FULL}\n",
        # A tag beside it is one for all as well.
        f"global: {{registry: ghcr.io, tag: '1.1'}}\napi:\n  image: {FULL}\n",
        f"docker: {{registry: ghcr.io, tag: '1.1'}}\napi:\n  image: {FULL}\n",
        f"images:\n  registry: ghcr.io\n  tag: '1.1'\n  api: {API}\n",
        f"defaults: {{registry: ghcr.io, tag: '1.1', pullPolicy: Always}}\napi:\n  image: {FULL}\n",
        f"registry: ${{REGISTRY}}\napi:\n  image: {FULL}\n",
    ],
)
def test_a_registry_above_may_be_meant(values: str) -> None:
    assert found(values) == ["ambiguous"]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ("image: {registry: quay.io, repository: acme/api, tag: '1.0'}\n", "quay.io/acme/api:1.0"),
        (f"registry: docker.io\nimage: {FULL}\n", "acme/api:1.0"),
        (f"registry: ''\nimage: {FULL}\n", "acme/api:1.0"),
        (f"registry: null\nimage: {FULL}\n", "acme/api:1.0"),
        (f"registry: true\nimage: {FULL}\n", "acme/api:1.0"),
        (f"registry: {{enabled: true, replicas: 1}}\nimage: {FULL}\n", "acme/api:1.0"),
        (f"other:\n  registry: ghcr.io\nimage: {FULL}\n", "acme/api:1.0"),
        (
            "registry: ghcr.io\nimage: {repository: quay.io/acme/api, tag: '1.0'}\n",
            "quay.io/acme/api:1.0",
        ),
        (f"webRegistry: ghcr.io\napi:\n  image: {FULL}\n", "acme/api:1.0"),
        (f"image: {FULL}\nsidecar: {{registry: ghcr.io, repository: a/b}}\n", "acme/api:1.0"),
        (f"global:\n  imageRegistry: ghcr.io\nimage: {FULL}\n", "ghcr.io/acme/api:1.0"),
        (f"docker: {{registry: ghcr.io, image: a/b}}\nimage: {FULL}\n", "acme/api:1.0"),
        (f"docker: {{registry: ghcr.io, imageName: a/b}}\nimage: {FULL}\n", "acme/api:1.0"),
    ],
)
def test_no_registry_that_could_be_meant(values: str, expected: str) -> None:
    assert found(values) == [expected]


def test_a_tag_beside_a_registry_of_one_image() -> None:
    """The name of that image is in a chart elsewhere."""
    values = f"image: {{registry: ghcr.io, tag: '1.1'}}\nmetrics:\n  image: {FULL}\n"
    assert found(values) == ["acme/api:1.0", "no-repository"]


def test_the_templates_decide() -> None:
    values = f"images:\n  registry: ghcr.io\n  api: {API}\n"
    name = "{{ .name }}:{{ .tag }}"
    line = f"{{{{ with .Values.images.api }}}}\nimage: {{{{ $.Values.images.registry }}}}/{name}\n"
    line += "{{ end }}\n"
    chart = {"Chart.yaml": "name: x\n", "templates/a.yaml": line}
    assert found(values, chart) == ["ghcr.io/acme/api:1.0"]
    alone = {**chart, "templates/a.yaml": line.replace("{{ $.Values.images.registry }}/", "")}
    assert found(values, alone) == ["acme/api:1.0"]


@pytest.mark.parametrize(
    ("template", "codes"),
    [
        ("image: ghcr.io/{{ unknown .Values.image }}", ["ambiguous"]),
        ('image: {{ unknown "ghcr.io" .Values.image.repository }}', ["ambiguous"]),
        (HELPER, ["ambiguous"]),
        ("image: {{ unknown .Values.image }}", ["ambiguous"]),
        ("image: docker.io/{{ unknown .Values.image }}", ["ambiguous"]),
        ('image: {{ include "absent" .Values.image }}', ["acme/api:1.0"]),
        ('image: docker.io/{{ include "absent" .Values.image }}', ["acme/api:1.0"]),
        ('image: ghcr.io/{{ include "absent" .Values.image }}', ["ambiguous"]),
        ("image: {{ toYaml .Values.image | nindent 2 }}", ["acme/api:1.0"]),
        ("image: ghcr.io/{{ unknown .Values.other }}", ["acme/api:1.0"]),
    ],
)
def test_a_registry_in_a_template_that_is_not_understood(template: str, codes: list[str]) -> None:
    chart = {"Chart.yaml": "name: x\n", "templates/a.yaml": f"a: b\n{template}\n"}
    assert found(f"image: {FULL}\n", chart) == codes


def test_a_registry_of_a_lower_layer() -> None:
    base = f"images:\n  registry: ghcr.io\n  api: {FULL}\n"
    values = f"images:\n  api: {FULL}\n"
    files = {"values.yaml": base, "values-prod.yaml": values}
    inventory = take_inventory(
        Blobs({path: text.encode() for path, text in files.items()}), configuration()
    )
    assert not inventory.fields
    assert [(each.path, each.line, each.code) for each in inventory.unread] == [
        ("values-prod.yaml", 2, "ambiguous"),
        ("values.yaml", 3, "ambiguous"),
    ]
    assert "ghcr.io (values.yaml:2)" in inventory.unread[0].reason


def test_a_marker_settles_it_and_another_one_is_a_problem() -> None:
    values = (
        "images:\n  registry: ghcr.io\n  api:\n    name: acme/api\n    tag: '1.0' # imagebot: {}\n"
    )
    named = values.format("{image: ghcr.io/acme/api}")
    assert found(named) == ["ghcr.io/acme/api:1.0"]
    with_policy = scan("values.yaml", values.format("x").encode(), ScanOptions())
    assert [each.kind for each in with_policy.pending] == ["RegistryAbove"]
    assert with_policy.pending[0].field.marker is not None


def test_parameters_of_an_application() -> None:
    text = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: shop}
spec:
  source:
    repoURL: https://charts.example/
    chart: shop
    helm:
      parameters:
        - {name: images.registry, value: ghcr.io}
        - {name: images.api.repository, value: acme/api}
        - {name: images.api.tag, value: "1.0"}
"""
    inventory = take_inventory(Blobs({"a.yaml": text.encode()}), configuration())
    assert [each.code for each in inventory.unread] == ["ambiguous"]
    assert not inventory.fields
