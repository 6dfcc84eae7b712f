"""What other updaters and clusters write is nobody's to change, wherever it is."""

from __future__ import annotations

import pytest

from imagebot.manifest.images.field import Scan
from imagebot.manifest.images.options import ExtraFile, ScanOptions
from imagebot.manifest.scan import scan

UPDATER = """\
apiVersion: argocd-image-updater.argoproj.io/v1alpha1
kind: ImageUpdater
metadata: {name: web}
spec:
  applicationRefs:
    - namePattern: web-*
      images:
        - alias: web
          imageName: web:1.x
          manifestTargets: {helm: {name: image.repository, tag: image.tag}}
        - {alias: api, imageName: "ghcr.io/acme/api:1.x"}
"""
WAREHOUSE = """\
apiVersion: kargo.akuity.io/v1alpha1
kind: Warehouse
metadata: {name: web}
spec:
  subscriptions:
    - image: {repoURL: ghcr.io/acme/web, constraint: ^1.0.0, tag: 1.0.0}
    - chart: {repoURL: "oci://ghcr.io/acme/charts/web", semverConstraint: ^1}
"""
STAGE = """\
apiVersion: kargo.akuity.io/v1alpha1
kind: Stage
spec:
  promotionTemplate:
    spec:
      steps:
        - uses: kustomize-set-image
          config: {images: [{image: ghcr.io/acme/web, tag: 1.0.0}, {image: "ghcr.io/acme/api:1.0"}]}
"""
FREIGHT = """\
apiVersion: kargo.akuity.io/v1alpha1
kind: Freight
images: [{repoURL: ghcr.io/acme/web, tag: 1.0.0}]
"""
AUTOMATION = """\
apiVersion: image.toolkit.fluxcd.io/v1beta2
kind: ImageUpdateAutomation
spec: {git: {commit: {messageTemplate: "image: web:1.0"}}, image: "web:1.0"}
"""
IMAGE_REPOSITORY = """\
apiVersion: image.toolkit.fluxcd.io/v1beta2
kind: ImageRepository
metadata: {name: web}
spec: {image: "ghcr.io/acme/web:1.0"}
status: {canonicalImageName: "ghcr.io/acme/web:1.0"}
"""
IMAGE_POLICY = """\
apiVersion: image.toolkit.fluxcd.io/v1beta2
kind: ImagePolicy
metadata: {name: web}
spec: {imageRepositoryRef: {name: web}, policy: {semver: {range: 1.x}}}
status: {latestImage: "ghcr.io/acme/web:1.0", latestRef: {name: ghcr.io/acme/web, tag: 1.0.0}}
"""
IMAGE_SCAN = (
    "apiVersion: fleet.cattle.io/v1alpha1\nkind: ImageScan\nspec: {image: 'acme/web:1.x'}\n"
)
OBJECTS = [
    *(UPDATER, WAREHOUSE, STAGE, FREIGHT, AUTOMATION, IMAGE_REPOSITORY, IMAGE_POLICY, IMAGE_SCAN),
]


def lines(found: Scan) -> list[str]:
    return [str(field.reference) for field in found.fields] + [each.code for each in found.unread]


def indented(text: str, by: int) -> str:
    return "".join(f"{' ' * by}{line}\n" for line in text.splitlines())


def as_item(text: str, by: int) -> str:
    return f"{' ' * by}- {indented(text, by + 2).lstrip()}"


@pytest.mark.parametrize("text", OBJECTS)
def test_objects_of_other_updaters_have_no_images(text: str) -> None:
    assert lines(scan("a.yaml", text.encode())) == []


@pytest.mark.parametrize("text", OBJECTS)
@pytest.mark.parametrize(
    "around",
    [
        "apiVersion: v1\nkind: List\nitems:\n",
        "apiVersion: fluxcd.controlplane.io/v1\nkind: ResourceSet\nspec:\n  resources:\n",
        "extraObjects:\n",
    ],
)
def test_they_have_none_inside_others_either(text: str, around: str) -> None:
    by = 4 if "  resources" in around else 2
    beside = as_item("apiVersion: v1\nkind: Pod\nspec: {containers: [{image: 'acme/web:1.0'}]}", by)
    found = scan("a.yaml", f"{around}{as_item(text, by)}{beside}".encode())
    assert lines(found) == ["acme/web:1.0"]


@pytest.mark.parametrize("text", OBJECTS)
def test_they_have_none_in_a_block(text: str) -> None:
    around = "apiVersion: v1\nkind: ConfigMap\ndata:\n  a.yaml: |\n"
    assert lines(scan("a.yaml", f"{around}{indented(text, 4)}".encode())) == []


WRITTEN = {
    "apiVersion: apps.openshift.io/v1\nkind: DeploymentConfig\nspec:\n  triggers:\n"
    "    - imageChangeParams:\n        lastTriggeredImage: ghcr.io/acme/web:1.0\n": [],
    "apiVersion: build.openshift.io/v1\nkind: BuildConfig\nspec:\n  triggers:\n"
    "    - imageChange:\n        lastTriggeredImageID: ghcr.io/acme/web:1.0\n": [],
    "apiVersion: kpack.io/v1alpha2\nkind: Build\nspec: {lastBuild: {image: 'acme/web:1.0'}}\n": [],
    "apiVersion: apps/v1\nkind: ControllerRevision\n"
    "data: {spec: {template: {spec: {containers: [{image: 'acme/web:1.0'}]}}}}\n": [],
    "apiVersion: v1\nkind: Pod\nmetadata:\n  managedFields:\n"
    "    - fieldsV1: {image: 'acme/web:1.0'}\nspec: {containers: [{image: 'acme/app:1.0'}]}\n"
    "status: {containerStatuses: [{image: 'acme/web:1.0'}]}\n": ["acme/app:1.0"],
    "apiVersion: argoproj.io/v1alpha1\nkind: Application\noperation:\n  sync:\n    source:\n"
    "      kustomize: {images: ['acme/web:1.0']}\nspec:\n  source:\n"
    "    kustomize: {images: ['acme/web:2.0']}\n": ["acme/web:2.0"],
    "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  annotations:\n"
    "    argocd-image-updater.argoproj.io/image-list: web=acme/web:1.x\n"
    "    argocd-image-updater.argoproj.io/web-image: acme/web:1.x\n"
    "    keel.sh/old-image: acme/web:1.0\nspec: {source: {path: web}}\n": [],
}  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), WRITTEN.items())
def test_what_clusters_write_is_no_field(text: str, wanted: list[str]) -> None:
    assert lines(scan("a.yaml", text.encode())) == wanted


KEEL = {
    "keel:\n  policy: all\n  images:\n  - {repository: image.repository, tag: image.tag}\n": [],
    "keel:\n  policy: all\n  images:\n  - repository: image.repository\n    tag: image.tag\n": [],
    "web:\n  keel: {images: [{repository: a.b/c, tag: a}, {image: 'a.b/c:d'}]}\n": [],
    # The chart of Keel itself, as a subchart.
    "keel:\n  image: {repository: keelhq/keel, tag: 0.20.1}\n": ["keelhq/keel:0.20.1"],
    "keel:\n  image: {repository: keelhq/keel, tag: '1'}\n  images: []\n": ["keelhq/keel:1"],
    "images:\n- {name: acme/keel, tag: '1'}\nkeel: {}\n": ["acme/keel:1"],
}  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), KEEL.items())
def test_settings_of_keel_in_helm_values(text: str, wanted: list[str]) -> None:
    assert lines(scan("values.yaml", text.encode())) == wanted
    release = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nspec:\n  values:\n"
    assert lines(scan("a.yaml", f"{release}{indented(text, 4)}".encode())) == wanted


def test_settings_of_keel_in_parameters() -> None:
    text = (
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec:\n  source:\n    helm:\n"
        "      parameters:\n"
        "        - {name: 'keel.images[0].repository', value: image.repository}\n"
        "        - {name: 'keel.images[0].tag', value: image.tag}\n"
        "        - {name: image.repository, value: acme/web}\n"
        "        - {name: image.tag, value: '1.0'}\n"
    )
    assert lines(scan("a.yaml", text.encode())) == ["acme/web:1.0"]


def test_the_settings_of_updatecli() -> None:
    text = (
        "name: web\nconditions:\n  there:\n    kind: dockerimage\n"
        "    spec: {image: ghcr.io/acme/web, tag: 1.0.0}\n"
        "targets:\n  file:\n    kind: yaml\n    spec: {file: values.yaml, key: image.tag}\n"
    )
    assert lines(scan("updatecli.d/web.yaml", text.encode())) == []


CONFIGURATIONS = [
    "# FROM acme/web:1.0\npolicies: {}\nroutes: []\n",
    "routes:\n  - name: a # acme/web:1.0\n    publish: commit\n",
    'targets: [{url: "https://example.com/a.git"}] # acme/web:1.0\n',
    "fields:\n  - {kind: Foo, repository: spec.image, tag: spec.tag} # acme/web:1.0\ntargets: []\n",
    "fields:\n  - {files: ['**'], tag: image.tag, image: acme/web:1.0}\nroutes: []\n",
]
ANYWHERE = ScanOptions(
    files=(ExtraFile(match=("**",), pattern=r"(?P<name>acme/web):(?P<tag>\S+)"),)
)


@pytest.mark.parametrize("text", CONFIGURATIONS)
@pytest.mark.parametrize("path", ["imagebot.yaml", "clusters/imagebot.yaml", "bots/prod.yaml"])
def test_its_own_configuration_is_left_alone_by_patterns_too(text: str, path: str) -> None:
    assert scan(path, text.encode(), ANYWHERE) == Scan()


@pytest.mark.parametrize(
    "text",
    [
        "routes:\n  - image: acme/web:1.0\n",
        "policies: {}\nroutes: []\nweb: {image: 'acme/web:1.0'}\n",
        "policies: {}\n---\nimage: acme/web:1.0\n",
    ],
)
def test_other_files_with_such_a_section_are_read(text: str) -> None:
    assert lines(scan("values.yaml", text.encode())) == ["acme/web:1.0"]
