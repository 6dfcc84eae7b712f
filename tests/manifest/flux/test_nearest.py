"""Which of several Flux objects of one name is meant: that of the file, or the nearest one."""

from __future__ import annotations

import pytest

from imagebot.manifest.flux.join import Joined, join
from imagebot.manifest.images.field import ImageField
from imagebot.manifest.scan import scan

RELEASE = """\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: a, namespace: apps}
spec:
  chart:
    spec:
      chart: podinfo
      version: 6.5.0
      sourceRef: {kind: HelmRepository, name: charts, namespace: flux-system}
"""
BARE = 'a: 1.0.0 # {"$imagepolicy": "flux-system:web:tag"}\n'
FULL = 'image: ghcr.io/acme/one:1.0.0 # {"$imagepolicy": "flux-system:web"}\n'


def charts(url: str, namespace: str = "flux-system") -> str:
    where = f", namespace: {namespace}" if namespace else ""
    return (
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\n"
        f"metadata: {{name: charts{where}}}\nspec: {{url: '{url}'}}\n---\n"
    )


def repository(image: str, spec: str = "", namespace: str = "flux-system") -> str:
    return (
        "apiVersion: image.toolkit.fluxcd.io/v1\nkind: ImageRepository\n"
        f"metadata: {{name: web, namespace: {namespace}}}\n"
        f"spec: {{image: ghcr.io/acme/{image}{spec}}}\n---\n"
    )


def policy(allowed: str = "1.x", spec: str = "", namespace: str = "flux-system") -> str:
    where = f", namespace: {namespace}" if namespace else ""
    return (
        "apiVersion: image.toolkit.fluxcd.io/v1\nkind: ImagePolicy\n"
        f"metadata: {{name: web{where}}}\n"
        f"spec: {{imageRepositoryRef: {{name: web}}, policy: {{semver: {{range: {allowed}}}}}"
        f"{spec}}}\n---\n"
    )


def joined(files: dict[str, str]) -> Joined:
    return join({path: scan(path, text.encode()) for path, text in files.items()})


def only_field(files: dict[str, str], path: str) -> ImageField:
    (field,) = joined(files).scans[path].fields
    return field


ONE, TWO = charts("oci://ghcr.io/one"), charts("oci://ghcr.io/two")
# The file of the release, the objects in files, the repository of its chart.
NEAREST = {
    "of its folder": ("a/r.yaml", {"a/h.yaml": ONE, "b/h.yaml": TWO}, "ghcr.io/one"),
    "of its folder, the last one": ("b/r.yaml", {"a/h.yaml": ONE, "b/h.yaml": TWO}, "ghcr.io/two"),
    "most leading folders": (
        "c/prod/apps/x/r.yaml",
        {"c/prod/sources/h.yaml": ONE, "c/test/sources/h.yaml": TWO, "h.yaml": TWO},
        "ghcr.io/one",
    ),
    "a deeper one is no nearer": ("a/r.yaml", {"a/b/h.yaml": ONE, "c/h.yaml": TWO}, "ghcr.io/one"),
    "all the same": ("r.yaml", {"a/h.yaml": TWO, "b/h.yaml": TWO}, "ghcr.io/two"),
    "but for a slash": (
        "r.yaml",
        {"a/h.yaml": charts("oci://ghcr.io/two/"), "b/h.yaml": TWO},
        "ghcr.io/two",
    ),
    "a namespace that is set elsewhere": (
        "b/r.yaml",
        {"a/h.yaml": ONE, "b/h.yaml": charts("oci://ghcr.io/two", "")},
        "",
    ),
    "of another namespace": (
        "b/r.yaml",
        {"a/h.yaml": ONE, "b/h.yaml": charts("oci://ghcr.io/two", "other")},
        "ghcr.io/one",
    ),
}


@pytest.mark.parametrize(("path", "objects", "wanted"), NEAREST.values(), ids=NEAREST.keys())
def test_the_nearest_helm_repository(path: str, objects: dict[str, str], wanted: str) -> None:
    for order in (objects, dict(reversed(objects.items()))):
        scanned = joined({**order, path: RELEASE}).scans[path]
        names = [field.reference.name for field in scanned.fields]
        assert names == ([f"{wanted}/podinfo"] if wanted else [])
        assert [each.code for each in scanned.unread] == ([] if wanted else ["ambiguous"])


def test_an_object_in_the_same_file_is_meant() -> None:
    files = {"a/h.yaml": ONE, "a/r.yaml": TWO + RELEASE}
    assert only_field(files, "a/r.yaml").reference.name == "ghcr.io/two/podinfo"


def test_an_undecidable_helm_repository_is_said_with_both_places() -> None:
    files = {"a/h.yaml": ONE, "b/h.yaml": TWO, "c/r.yaml": RELEASE}
    scanned = joined(files).scans["c/r.yaml"]
    assert scanned.fields == ()
    (unread,) = scanned.unread
    assert (unread.path, unread.line, unread.code, unread.expected) == (
        "c/r.yaml",
        8,
        "ambiguous",
        False,
    )
    assert "a/h.yaml:2" in unread.reason
    assert "b/h.yaml:2" in unread.reason


def test_repositories_that_hold_no_oci_charts_do_not_contradict_each_other() -> None:
    files = {"a/h.yaml": charts("https://one"), "b/h.yaml": charts("https://two"), "r": RELEASE}
    files["c/r.yaml"] = files.pop("r")
    scanned = joined(files).scans["c/r.yaml"]
    assert (scanned.fields, scanned.unread) == ((), ())


def clusters(one: str, two: str) -> dict[str, str]:
    return {
        "c/a/flux.yaml": one,
        "c/b/flux.yaml": two,
        "c/a/x.yaml": BARE,
        "c/b/x.yaml": BARE,
        "x.yaml": BARE,
    }


BOTH = clusters(repository("one") + policy(), repository("two") + policy())


def test_identical_policies_share_the_repositories_beside_them() -> None:
    assert only_field(BOTH, "c/a/x.yaml").reference.name == "ghcr.io/acme/one"
    assert only_field(BOTH, "c/b/x.yaml").reference.name == "ghcr.io/acme/two"
    scanned = joined(BOTH).scans["x.yaml"]
    assert scanned.fields == ()
    (unread,) = scanned.unread
    assert (unread.line, unread.code, unread.expected) == (1, "ambiguous", False)
    assert "c/a/flux.yaml:7" in unread.reason
    assert "c/b/flux.yaml:7" in unread.reason


def test_one_policy_for_repositories_in_several_folders() -> None:
    files = {**clusters(repository("one"), repository("two")), "flux/p.yaml": policy()}
    assert only_field(files, "c/a/x.yaml").reference.name == "ghcr.io/acme/one"
    assert only_field(files, "c/b/x.yaml").reference.name == "ghcr.io/acme/two"
    (unread,) = joined(files).scans["x.yaml"].unread
    assert unread.code == "ambiguous"
    assert "c/a/flux.yaml:2" in unread.reason
    assert "c/b/flux.yaml:2" in unread.reason


def semver_of(files: dict[str, str], path: str) -> object:
    result = joined(files)
    (field,) = result.scans[path].fields
    assert field.marker is not None
    found = result.policies[field.marker.policy or field.marker.text]
    return found.problem or found.keys["semver"]


@pytest.mark.parametrize("marked", [BARE, FULL], ids=["bare", "full"])
def test_a_marker_means_the_policy_that_is_nearest_to_its_file(marked: str) -> None:
    files = clusters(repository("one") + policy("1.x"), repository("one") + policy("2.x"))
    files = {path: marked if text == BARE else text for path, text in files.items()}
    assert semver_of(files, "c/a/x.yaml") == "1.x"
    assert semver_of(files, "c/b/x.yaml") == "2.x"


def test_an_undecidable_policy_of_a_full_reference_is_a_problem_of_the_policy() -> None:
    files = clusters(policy("1.x"), policy("2.x")) | {"x.yaml": FULL}
    problem = semver_of(files, "x.yaml")
    assert isinstance(problem, str)
    assert "of the same name" in problem
    assert "c/b/flux.yaml:2" in problem
    named = {each.problem for each in joined(files).policies.values()}
    assert named == {"", problem}


def test_policies_that_differ_are_not_a_problem_where_each_marker_has_its_own() -> None:
    files = clusters(policy("1.x"), policy("2.x")) | {"x.yaml": "image: app:1.0\n"}
    assert {each.problem for each in joined(files).policies.values()} == {""}


def test_an_undecidable_repository_of_a_full_reference_is_a_problem_of_the_policy() -> None:
    files = {**clusters(repository("one"), repository("two")), "p.yaml": policy(), "x.yaml": FULL}
    problem = semver_of(files, "x.yaml")
    assert isinstance(problem, str)
    assert "c/a/flux.yaml:2" in problem
    assert "c/b/flux.yaml:2" in problem


def test_a_policy_without_a_namespace_is_not_preferred_to_one_that_has_it() -> None:
    files = {
        "c/a/flux.yaml": repository("one") + policy("1.x"),
        "c/a/other.yaml": policy("2.x", namespace=""),
        "c/a/x.yaml": FULL,
    }
    assert semver_of(files, "c/a/x.yaml") == "1.x"


EXCLUSIONS = {
    "as Flux does by itself": ("", ["*.sig"]),
    "an empty list": (", exclusionList: []", ["*.sig"]),
    "given": (r", exclusionList: ['^1[.]4', 'rc']", ["/^1[.]4/", "/rc/"]),
    "one that takes everything": (", exclusionList: ['']", ["/(?:)/"]),
}


@pytest.mark.parametrize(("spec", "wanted"), EXCLUSIONS.values(), ids=EXCLUSIONS.keys())
def test_what_a_repository_excludes_its_policies_exclude(spec: str, wanted: list[str]) -> None:
    files = {"flux.yaml": repository("one", spec) + policy(), "x.yaml": FULL}
    result = joined(files)
    assert [each.keys["exclude"] for each in result.policies.values()] == [wanted]


def test_an_exclusion_list_that_is_none_is_a_problem() -> None:
    files = {"flux.yaml": repository("one", ", exclusionList: '^x'") + policy(), "x.yaml": FULL}
    assert "exclusionList" in str(semver_of(files, "x.yaml"))


@pytest.mark.parametrize("other", [", suspend: true", ", exclusionList: [x]"])
def test_repositories_that_differ_in_anything_that_counts_differ(other: str) -> None:
    files = clusters(repository("one") + policy(), repository("one", other) + policy())
    (unread,) = joined(files).scans["x.yaml"].unread
    assert unread.code == "ambiguous"
