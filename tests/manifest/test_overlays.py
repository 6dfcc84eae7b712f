"""Images that every deployment replaces, over all files of a tree."""

from __future__ import annotations

import pytest

from imagebot.manifest.flux.join import join
from imagebot.manifest.images.field import Scan
from imagebot.manifest.overlays import join_overlays
from imagebot.manifest.scan import ScanOptions, scan

K = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
COMPONENT = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
NEW = "images: [{name: controller, newName: ghcr.io/acme/ctl, newTag: 1.0.0}]\n"
TAG = "images: [{name: controller, newTag: 1.0.0}]\n"
OTHER = "images: [{name: web, newTag: 1.0.0}]\n"
TRANSFORMER = (
    "apiVersion: builtin\nkind: ImageTagTransformer\nmetadata: {name: x}\n"
    "imageTag:\n  name: controller\n  newTag: 1.0.0\n"
)
SOURCE = "source: {kind: ConfigMap, name: c, fieldPath: data.image}"


def replacement(path: str, select: str = "kind: Pod", options: str = "") -> str:
    """A list of replacements with one target."""
    target = f"{{select: {{{select}}}, fieldPaths: ['{path}']{options}}}"
    return f"- {SOURCE}\n  targets:\n  - {target}\n"


def pod(image: str = "controller:latest") -> str:
    return f"apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - name: a\n      image: {image}\n"


def flux(path: str, images: str = "") -> str:
    return (
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n"
        f"spec:\n  path: {path}\n  sourceRef: {{kind: GitRepository, name: a}}\n  {images}"
    )


def application(path: str, *images: str) -> str:
    given = f"    kustomize: {{images: {list(images)}}}\n" if images else ""
    return (
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec:\n  source:\n"
        f"    repoURL: https://example.com/a.git\n    path: {path}\n{given}"
    )


def replaced(tree: dict[str, str], path: str = "base/pod.yaml") -> str:
    """The place that replaces the first field of `path`, "" if none does."""
    scans = {each: scan(each, text.encode()) for each, text in tree.items()}
    return join(join_overlays(scans).scans).scans[path].fields[0].replaced


BASE = {"base/pod.yaml": pod(), "base/kustomization.yaml": f"{K}resources: [pod.yaml]\n"}
PROD = "overlays/prod/kustomization.yaml"
ROOT = f"{K}resources: [../../base]\n"

REPLACED = [
    ({**BASE, PROD: ROOT + NEW}, f"{PROD}:4"),
    ({**BASE, PROD: ROOT + TAG}, f"{PROD}:4"),
    ({**BASE, PROD: f"{ROOT}images:\n- name: controller\n  digest: sha256:{'a' * 64}\n"},
     f"{PROD}:5"),
    ({**BASE, PROD: f"{K}bases: [../../base/]\n{NEW}"}, f"{PROD}:4"),
    # By the kustomization beside it, in another spelling.
    ({"base/pod.yaml": pod(), "base/kustomization.yml": f"resources:\n- ./pod.yaml\n{NEW}"},
     "base/kustomization.yml:3"),
    ({"base/pod.yaml": pod("controller"), "base/Kustomization": f"{K}resources: [pod.yaml]\n{NEW}"},
     "base/Kustomization:4"),
    # Through another kustomization, which names no image.
    ({**BASE, "mid/kustomization.yaml": f"{K}resources: [../base]\n",
      PROD: f"{K}resources: [../../mid]\n{NEW}"}, f"{PROD}:4"),
    # By a component.
    ({**BASE, PROD: f"{ROOT}components: [../../c]\n", "c/kustomization.yaml": COMPONENT + NEW},
     "c/kustomization.yaml:3"),
    ({"base/pod.yaml": pod(), "c/kustomization.yaml": f"{COMPONENT}resources: [../base/pod.yaml]\n",
      PROD: f"{K}components: [../../c]\n{NEW}"}, f"{PROD}:4"),
    # As a patch.
    ({"base/pod.yaml": pod(),
      "base/kustomization.yaml": f"{K}patches: [{{path: pod.yaml}}]\n{NEW}"},
     "base/kustomization.yaml:4"),
    ({"base/pod.yaml": pod(),
      "base/kustomization.yaml": f"{K}patchesStrategicMerge: [pod.yaml]\n{NEW}"},
     "base/kustomization.yaml:4"),
    # By every one of several.
    ({**BASE, PROD: ROOT + NEW, "overlays/test/kustomization.yaml": ROOT + TAG}, f"{PROD}:4"),
    # By Argo CD.
    ({**BASE, "a.yaml": application("base", "controller=ghcr.io/acme/ctl:1.0")}, "a.yaml:7"),
    ({**BASE, "a.yaml": application("./base/", "controller:1.0")}, "a.yaml:7"),
    ({**BASE, PROD: ROOT, "a.yaml": application("overlays/prod", "controller:1.0")}, "a.yaml:7"),
    # By Flux, with and without a kustomization.
    ({**BASE, "a.yaml": flux("./base", NEW)}, "a.yaml:6"),
    ({"base/pod.yaml": pod(), "a.yaml": flux("./base", NEW)}, "a.yaml:6"),
    ({"base/pod.yaml": pod(), "a.yaml": flux("./", NEW)}, "a.yaml:6"),
    ({**BASE, "a.yaml": flux("./", NEW)}, "a.yaml:6"),
    # By a component behind the one that it is from.
    ({"base/pod.yaml": pod(), "b/kustomization.yaml": f"{COMPONENT}resources: [../base/pod.yaml]\n",
      "c/kustomization.yaml": COMPONENT + NEW, PROD: f"{K}components: [../../b, ../../c]\n"},
     "c/kustomization.yaml:3"),
    # By a transformer: in a file, in a folder, written in the kustomization.
    ({**BASE, PROD: f"{ROOT}transformers: [t.yaml]\n", "overlays/prod/t.yaml": TRANSFORMER},
     "overlays/prod/t.yaml:5"),
    ({**BASE, PROD: f"{ROOT}transformers: [../../t]\n", "t/t.yaml": TRANSFORMER,
      "t/kustomization.yaml": f"{K}resources: [t.yaml]\n"}, "t/t.yaml:5"),
    ({**BASE, PROD: f"{ROOT}transformers:\n- |-\n  "
      + TRANSFORMER.replace("\n", "\n  ").rstrip() + "\n"}, f"{PROD}:10"),
    # By a replacement: of the kustomization, in a file, of the tag alone.
    ({**BASE, PROD: f"{ROOT}replacements:\n" + replacement("spec.containers.[name=a].image")},
     f"{PROD}:7"),
    ({**BASE, PROD: f"{ROOT}replacements: [{{path: r.yaml}}]\n",
      "overlays/prod/r.yaml": replacement("spec.containers.*.image")}, "overlays/prod/r.yaml:3"),
    ({**BASE, PROD: f"{ROOT}replacements:\n" + replacement(
        "spec.containers.0.image", options=", options: {delimiter: ':', index: 1}")}, f"{PROD}:7"),
    ({**BASE, "mid/kustomization.yaml": f"{K}resources: [../base]\n",
      PROD: f"{K}resources: [../../mid]\nreplacements:\n"
      + replacement("spec.containers.*.image")}, f"{PROD}:7"),
]  # fmt: skip


@pytest.mark.parametrize(("tree", "place"), REPLACED)
def test_what_every_deployment_replaces(tree: dict[str, str], place: str) -> None:
    assert replaced(tree) == place
    assert replaced(dict(reversed(tree.items()))) in (place, "overlays/test/kustomization.yaml:4")


KEPT = [
    BASE,
    {**BASE, PROD: ROOT},
    {**BASE, PROD: ROOT + OTHER},
    {**BASE, PROD: f"{ROOT}images: [{{name: controller}}]\n"},
    {**BASE, PROD: f"{K}resources: [../elsewhere]\n{NEW}"},
    {**BASE, PROD: f"{K}resources: ['https://example.com/base', '../../../base']\n{NEW}"},
    # One of several leaves it.
    {**BASE, PROD: ROOT + NEW, "overlays/test/kustomization.yaml": ROOT},
    {**BASE, PROD: ROOT + NEW, "a.yaml": application("base")},
    {**BASE, PROD: ROOT + NEW, "a.yaml": flux("./base")},
    {**BASE, PROD: ROOT, "a.yaml": application("overlays/prod", "controller:1.0"),
     "b.yaml": application("overlays/prod")},
    {**BASE, "a.yaml": application("base", "web=ghcr.io/acme/ctl:1.0")},
    {**BASE, "a.yaml": application("base", "controller")},
    {**BASE, "a.yaml": application("other", "controller:1.0")},
    # Argo CD only takes images for a kustomization.
    {"base/pod.yaml": pod(), "a.yaml": application("base", "controller:1.0")},
    # It includes itself.
    {**BASE, "base/kustomization.yaml": f"{K}resources: [pod.yaml, ../a]\n",
     "a/kustomization.yaml": f"{K}resources: [../base]\n"},
    # Kustomize only looks at containers.
    {"base/pod.yaml": "apiVersion: a.example/v1\nkind: A\nspec: {image: 'controller:latest'}\n",
     "base/kustomization.yaml": f"{K}resources: [pod.yaml]\n{NEW}"},
    {"base/pod.yaml": pod(), "base/x/kustomization.yaml": K + NEW, "a.yaml": flux("./base/x", NEW)},
    # By a component before the one that it is from.
    {"base/pod.yaml": pod(), "b/kustomization.yaml": f"{COMPONENT}resources: [../base/pod.yaml]\n",
     "c/kustomization.yaml": COMPONENT + NEW, PROD: f"{K}components: [../../c, ../../b]\n"},
    # Components come before patches.
    {"base/pod.yaml": pod(), "c/kustomization.yaml": COMPONENT + NEW,
     PROD: f"{K}components: [../../c]\npatches: [{{path: ../../base/pod.yaml}}]\n"},
    # Kustomize does not look into texts.
    {"base/pod.yaml": "apiVersion: v1\nkind: ConfigMap\ndata:\n  pod: |\n"
     + "".join(f"    {line}\n" for line in pod().splitlines()),
     "base/kustomization.yaml": f"{K}resources: [pod.yaml]\n{NEW}"},
    # A transformer that no kustomization names, or of another image.
    {**BASE, PROD: ROOT, "overlays/prod/t.yaml": TRANSFORMER},
    {**BASE, PROD: f"{ROOT}transformers: [t.yaml]\n",
     "overlays/prod/t.yaml": TRANSFORMER.replace("controller", "web")},
    # A replacement of another container, object or part; one of several ways.
    {**BASE, PROD: f"{ROOT}replacements:\n" + replacement("spec.containers.[name=b].image")},
    {**BASE, PROD: f"{ROOT}replacements:\n" + replacement("spec.containers.*.image", "kind: Job")},
    {**BASE, PROD: f"{ROOT}replacements:\n" + replacement(
        "spec.containers.*.image", options=", options: {delimiter: ':', index: 0}")},
    {**BASE, PROD: f"{ROOT}replacements:\n" + replacement("spec.containers.*.image"),
     "overlays/test/kustomization.yaml": ROOT},
    {**BASE, "base/kustomization.yaml": f"{K}resources: [pod.yaml]\n", "a.yaml": flux("./base"),
     PROD: f"{ROOT}replacements:\n" + replacement("spec.containers.*.image")},
]  # fmt: skip


@pytest.mark.parametrize("tree", KEPT)
def test_what_some_deployment_leaves(tree: dict[str, str]) -> None:
    assert replaced(tree) == ""


def test_entries_of_a_kustomization_are_replaced_too() -> None:
    base = {"base/kustomization.yaml": f"{K}resources: [pod.yaml]\n{NEW}", "base/pod.yaml": pod()}
    outer = f"{ROOT}images: [{{name: ghcr.io/acme/ctl, newTag: 2.0.0}}]\n"
    assert replaced({**base, PROD: outer}, "base/kustomization.yaml") == f"{PROD}:4"
    assert replaced({**base, PROD: ROOT + NEW}, "base/kustomization.yaml") == ""
    # A deployer replaces the entry of the same name.
    deployed = {**base, "a.yaml": application("base", "controller=ghcr.io/acme/other:2")}
    assert replaced(deployed, "base/kustomization.yaml") == "a.yaml:7"
    assert replaced(base, "base/kustomization.yaml") == ""


def test_a_patch_in_the_kustomization() -> None:
    patch = "patches:\n- patch: |-\n" + "".join(f"    {line}\n" for line in pod().splitlines())
    tree = {"base/kustomization.yaml": f"{K}{patch}images:\n- name: controller\n  newTag: '1'\n"}
    assert replaced(tree, "base/kustomization.yaml") == "base/kustomization.yaml:12"


OPERATIONS = [
    ("/spec/containers/-", "{name: a, image: controller:1.0}", True),
    ("/spec/containers/0/image", "controller:1.0", True),
    ("/spec/template/spec/initContainers", "[{name: a, image: controller:1.0}]", True),
    ("/spec/template/spec", "{containers: [{name: a, image: controller:1.0}]}", True),
    ("/spec/widget/image", "controller:1.0", False),
    ("/spec/widget", "{image: controller:1.0}", False),
]


@pytest.mark.parametrize(("pointer", "value", "is_replaced"), OPERATIONS)
def test_a_json_patch(pointer: str, value: str, *, is_replaced: bool) -> None:
    operation = f"- op: add\n  path: {pointer}\n  value: {value}\n"
    inside = "".join(f"    {line}\n" for line in operation.splitlines())
    tree = {"base/kustomization.yaml": f"{K}patches:\n- patch: |\n{inside}{NEW}"}
    assert replaced(tree, "base/kustomization.yaml") == (
        "base/kustomization.yaml:8" if is_replaced else ""
    )
    beside = {"base/patch.yaml": operation}
    beside["base/kustomization.yaml"] = f"{K}{NEW}patches: [{{path: patch.yaml}}]\n"
    assert replaced(beside, "base/patch.yaml") == (
        "base/kustomization.yaml:3" if is_replaced else ""
    )


def test_a_component_does_not_replace_itself() -> None:
    tree = {**BASE, "c/kustomization.yaml": COMPONENT + TAG, PROD: f"{ROOT}components: [../../c]\n"}
    assert replaced(tree, "c/kustomization.yaml") == ""
    behind = {**tree, "d/kustomization.yaml": COMPONENT + TAG}
    behind[PROD] = f"{ROOT}components: [../../c, ../../d]\n"
    assert replaced(behind, "c/kustomization.yaml") == "d/kustomization.yaml:3"
    behind[PROD] = f"{ROOT}components: [../../d, ../../c]\n"
    assert replaced(behind, "c/kustomization.yaml") == ""
    assert replaced({**tree, PROD: tree[PROD] + TAG}, "c/kustomization.yaml") == f"{PROD}:5"


def test_argocd_sorts_images_by_name() -> None:
    """What an entry renames is not there yet when Argo CD's entry of the new name is applied."""
    tree = {**BASE, "base/kustomization.yaml": f"{K}resources: [pod.yaml]\n{NEW}"}
    later = {**tree, "a.yaml": application("base", "ghcr.io/acme/ctl:2")}
    assert replaced(later, "base/kustomization.yaml") == "a.yaml:7"
    text = f"{K}resources: [pod.yaml]\n{NEW.replace('ghcr.io', 'a.example')}"
    earlier = {**later, "base/kustomization.yaml": text}
    earlier["a.yaml"] = application("base", "a.example/acme/ctl:2")
    assert replaced(earlier, "base/kustomization.yaml") == ""


RENAME = "images: [{name: controller, newName: ghcr.io/acme/ctl}]\n"
TEST = "overlays/test/kustomization.yaml"


def joined(tree: dict[str, str], url: str | None = None, path: str = "base/pod.yaml") -> Scan:
    scans = {each: scan(each, text.encode()) for each, text in tree.items()}
    overlaid = join_overlays(scans, url)
    # A scan of the one file gives the same, with what the others give to it.
    options = ScanOptions(layers=overlaid.names)
    if all(not each.replaced for each in overlaid.scans[path].fields):
        alone = scan(path, tree[path].encode(), options).fields
        assert alone[: len(overlaid.scans[path].fields)] == overlaid.scans[path].fields
    return overlaid.scans[path]


RENAMED = [
    ({**BASE, PROD: ROOT + RENAME}, "ghcr.io/acme/ctl:latest", f"{PROD}:4"),
    ({**BASE, PROD: ROOT + RENAME, TEST: ROOT + RENAME}, "ghcr.io/acme/ctl:latest", f"{PROD}:4"),
    # One way replaces it, the other has its tag.
    ({**BASE, PROD: ROOT + RENAME, TEST: ROOT + NEW}, "ghcr.io/acme/ctl:latest", f"{PROD}:4"),
    # Two new names, one after the other.
    ({**BASE, "base/kustomization.yaml": f"{K}resources: [pod.yaml]\n{RENAME}",
      PROD: f"{ROOT}images: [{{name: ghcr.io/acme/ctl, newName: mirror.example/ctl}}]\n"},
     "mirror.example/ctl:latest", f"{PROD}:4"),
    ({**BASE, PROD: f"{ROOT}images: [{{name: controller, newName: a}}, {{name: a, newName: b}}]\n"},
     "b:latest", f"{PROD}:4"),
    ({**BASE, PROD: f"{ROOT}components: [../../c]\n", "c/kustomization.yaml": COMPONENT + RENAME},
     "ghcr.io/acme/ctl:latest", "c/kustomization.yaml:3"),
    ({**BASE, "a.yaml": application("base", "controller=ghcr.io/acme/ctl")},
     "ghcr.io/acme/ctl:latest", "a.yaml:7"),
    ({**BASE, "a.yaml": flux("./base", RENAME)}, "ghcr.io/acme/ctl:latest", "a.yaml:6"),
]  # fmt: skip


@pytest.mark.parametrize(("tree", "reference", "where"), RENAMED)
def test_an_image_with_a_new_name_keeps_its_tag(
    tree: dict[str, str], reference: str, where: str
) -> None:
    (field,) = joined(tree).fields
    assert (str(field.reference), field.replaced) == (reference, "")
    assert field.repository_from == where


def test_the_new_name_is_replaced_further_up() -> None:
    tree = {**BASE, "base/kustomization.yaml": f"{K}resources: [pod.yaml]\n{RENAME}"}
    full = f"{ROOT}images: [{{name: ghcr.io/acme/ctl, newTag: '2'}}]\n"
    (field,) = joined({**tree, PROD: full}).fields
    assert field.replaced == f"{PROD}:4"
    # Its first name is not there any more.
    (field,) = joined({**tree, PROD: ROOT + NEW}).fields
    assert (field.replaced, field.reference.name) == ("", "ghcr.io/acme/ctl")


def test_a_tag_under_two_names_is_listed() -> None:
    tree = {**BASE, PROD: ROOT + RENAME, TEST: ROOT}
    found = joined(tree)
    assert found.fields == ()
    (entry,) = found.unread
    assert (entry.line, entry.code, entry.expected) == (6, "ambiguous", True)
    assert f"ghcr.io/acme/ctl ({PROD}:4) and as controller" in entry.reason


@pytest.mark.parametrize(
    ("url", "place"),
    [
        (None, "a.yaml:7"),
        ("https://example.com/a.git", "a.yaml:7"),
        ("git@example.com:a", "a.yaml:7"),
        ("https://example.com/b.git", ""),
    ],
)
def test_an_application_of_another_repository_replaces_nothing(url: str | None, place: str) -> None:
    tree = {**BASE, "a.yaml": application("base", "controller:1.0")}
    assert joined(tree, url).fields[0].replaced == place


def test_many_kustomizations_in_a_chain_end() -> None:
    tree = {"base/pod.yaml": pod(), "k0/kustomization.yaml": f"{K}resources: [../base/pod.yaml]\n"}
    for number in range(1, 300):
        resources = f"resources: [../k{number - 1}, ../k{max(number - 2, 0)}]\n"
        tree[f"k{number}/kustomization.yaml"] = K + resources + (NEW if number == 299 else "")
    assert replaced(tree) == ""
