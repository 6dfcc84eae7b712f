"""What is found in a file that says nothing else of images: no search by text may leave it out."""

from __future__ import annotations

import pytest

from imagebot.manifest.scan import ScanOptions, scan

WORKFLOW = ".github/workflows/a.yaml"
ALONE = [
    (WORKFLOW, "jobs: {t: {services: {db: postgres:10}}}\n", "postgres:10"),
    (WORKFLOW, "jobs:\n  t:\n    services:\n      db: postgres:10\n", "postgres:10"),
    (WORKFLOW, "jobs:\n  t:\n    container: node:18\n", "node:18"),
    (WORKFLOW, "jobs:\n  t:\n    steps:\n      - uses: docker://node:18\n", "node:18"),
    (".gitlab-ci.yml", "t:\n  services:\n    - postgres:10\n", "postgres:10"),
    (".gitlab-ci.yml", "t:\n  services:\n    - name: postgres:10\n", "postgres:10"),
    (
        "helmfile.yaml",
        (
            "repositories:\n  - {name: x, url: ghcr.io/acme/charts, oci: true}\n"
            "releases:\n  - {name: a, chart: x/app, version: 1.2.3}\n"
        ),
        "ghcr.io/acme/charts/app:1.2.3",
    ),
    (
        "provider.yaml",
        (
            "apiVersion: pkg.crossplane.io/v1\nkind: Provider\nmetadata: {name: p}\n"
            "spec: {package: 'xpkg.upbound.io/acme/p:v1.2.3'}\n"
        ),
        "xpkg.upbound.io/acme/p:v1.2.3",
    ),
    (
        "stream.yaml",
        (
            "apiVersion: v1\nkind: List\nitems:\n"
            "  - apiVersion: image.openshift.io/v1\n    kind: ImageStreamTag\n"
            "    tag: {from: {kind: DockerImage, name: 'quay.io/acme/y:1.0'}}\n"
        ),
        "quay.io/acme/y:1.0",
    ),
    (
        "application.yaml",
        (
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a}\n"
            "spec: {source: {repoURL: ghcr.io/acme/charts, chart: app, targetRevision: 1.2.3}}\n"
        ),
        "ghcr.io/acme/charts/app:1.2.3",
    ),
    (
        "crossplane.yaml",
        (
            "apiVersion: meta.pkg.crossplane.io/v1\nkind: Configuration\nmetadata:\n  name: a\n"
            "spec:\n  dependsOn:\n    - provider: xpkg.acme.example/acme/p\n"
            "      version: v1.2.3\n"
        ),
        "xpkg.acme.example/acme/p:v1.2.3",
    ),
    ("kustomization.yaml", "images: [{name: app, newTag: '1.0'}]\n", "app:1.0"),
    (
        "Chart.yaml",
        (
            "apiVersion: v2\nname: a\nversion: 1.0.0\n"
            "dependencies: [{name: b, version: 1.2.3, repository: 'oci://ghcr.io/acme'}]\n"
        ),
        "ghcr.io/acme/b:1.2.3",
    ),
    (".argocd-source.yaml", "kustomize: {images: ['a=acme/b:1.0']}\n", "acme/b:1.0"),
    ("tool.yaml", "# renovate: datasource=docker depName=acme/b\nversion: 1.0\n", "acme/b:1.0"),
    ("tool.yaml", "version: 1.0 # imagebot: {image: acme/b}\n", "acme/b:1.0"),
]


@pytest.mark.parametrize(("path", "text", "reference"), ALONE)
def test_an_image_alone_is_found(path: str, text: str, reference: str) -> None:
    found = scan(path, text.encode())
    assert [str(field.reference) for field in found.fields] == [reference]


@pytest.mark.parametrize("kind", ["ConfigMap", "Secret"])
@pytest.mark.parametrize("key", ["values.yaml", "prod.yaml", "prod", '"prod"'])
@pytest.mark.parametrize("value", ["api: {tag: 1.0}", "api:\n      appVersion: 1.0", "digest: a"])
@pytest.mark.parametrize("before", ["", "kind: Service\napiVersion: v1\n---\n"])
def test_values_that_a_release_may_name_are_collected(
    kind: str, key: str, value: str, before: str
) -> None:
    part = "data" if kind == "ConfigMap" else "stringData"
    text = (
        f"{before}apiVersion: v1\nkind: {kind}\nmetadata:\n  name: a\n{part}:\n"
        f"  {key}: |\n    {value}\n"
    )
    (holder,) = scan("a.yaml", text.encode()).holders
    name = key.strip('"')
    assert (holder.name, holder.keys) == (f"{kind}::a:{name}", (part, name))


HOLDER = (
    "kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\ndata:\n  x.yaml: |\n    a: {tag: 1.0}\n"
)


@pytest.mark.parametrize("more", ["---\na: b: c\n", "---\nx: [\n", "  y: %\n"])
def test_what_may_only_hold_values_is_no_problem_where_it_is_broken(more: str) -> None:
    found = scan("a.yaml", (HOLDER + more).encode())
    assert [(each.code, each.expected) for each in found.unread] == [("not-yaml", True)]
    named = scan("a.yaml", f"{HOLDER}---\nimage: acme/b:1.0\n{more}".encode())
    assert [(each.code, each.expected) for each in named.unread] == [("not-yaml", False)]


def test_a_template_of_a_chart_with_values_in_a_text_is_not_about_images() -> None:
    text = HOLDER + "    b: {{ .Values.b }}\n"
    assert scan("templates/a.yaml", text.encode(), ScanOptions(chart=True)).unread == ()


def test_what_decides_is_read_in_block_style_too() -> None:
    helmfile = (
        "templates:\n  a:\n    chart: ./x\n    values:\n      - image:\n          tag: v1\n"
        "releases:\n  - name: b\n    inherit:\n      - template: a\n"
    )
    (release,) = scan("helmfile.yaml", helmfile.encode()).releases
    assert (release.chart, len(release.layers)) == ("x", 1)
    target = (
        "- source:\n    kind: ConfigMap\n    name: c\n  targets:\n    - select:\n"
        "        kind: Pod\n      fieldPaths:\n        - spec.containers.0.image\n"
        "      options:\n        delimiter: ':'\n        index: {}\n"
    )
    (overlay,) = scan("r.yaml", target.format(1).encode()).overlays
    assert len(overlay.replacements) == 1
    assert scan("r.yaml", target.format(0).encode()).overlays == ()
    fleet = "helm:\n  chart: x\n  valuesFiles:\n    - prod.yaml\n"
    (release,) = scan("fleet.yaml", fleet.encode()).releases
    assert [each.file for each in release.layers] == ["/prod.yaml"]
