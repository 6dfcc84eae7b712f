"""Flux's ImagePolicy objects from end to end: objects in one file, the marked image in another."""

from __future__ import annotations

import pytest

from imagebot.config.load import load_configuration
from imagebot.plan.build import build
from imagebot.plan.edits import PlanWithEdits, edit_plan
from tests.plan.test_build import NOW, POD, ROUTE, Files
from tests.support.fake_registry import FakeRegistry, digest_of

APP = "ghcr.io/acme/app"
OBJECTS = """\
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImageRepository
metadata: {{name: app{namespace}}}
spec: {{image: ghcr.io/acme/app}}
---
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImagePolicy
metadata: {{name: app{namespace}}}
spec:
  imageRepositoryRef: {{name: app}}
{rule}
"""
NAMESPACES = {"written": ", namespace: flux-system", "set elsewhere": ""}
SEMVER = "  policy: {semver: {range: 1.x}}"

# The rule, the image before, the tags that there are, the image after.
RULES = {
    "semver": (SEMVER, "1.2.0", "1.2.0 1.4.0 1.5.0-rc.1 2.0.0 1.9 20240101", "1.4.0"),
    "semver with pre-releases": (
        "  policy: {semver: {range: '>=1.0.0-0'}}",
        "1.2.0",
        "1.2.0 1.5.0-rc.1",
        "1.5.0-rc.1",
    ),
    "semver of what is extracted": (
        f"{SEMVER}\n  filterTags: {{pattern: '^rel-(?P<v>.*)$', extract: $v}}",
        "rel-1.2.0",
        "rel-1.2.0 rel-1.3.0 1.4.0",
        "rel-1.3.0",
    ),
    "filtered": (
        f"{SEMVER}\n  filterTags: {{pattern: '^1[.][23]'}}",
        "1.2.0",
        "1.2.0 1.3.0 1.4.0",
        "1.3.0",
    ),
    "numerical": ("  policy: {numerical: {}}", "9", "9 10 x", "10"),
    "numerical asc": ("  policy: {numerical: {order: asc}}", "9", "9 10 x", "10"),
    "numerical desc": ("  policy: {numerical: {order: desc}}", "9", "9 10 3", "3"),
    "alphabetical": ("  policy: {alphabetical: {}}", "b", "a b c", "c"),
    "alphabetical asc": ("  policy: {alphabetical: {order: asc}}", "b", "a b c", "c"),
    "alphabetical desc": ("  policy: {alphabetical: {order: desc}}", "b", "a b c", "a"),
    "builds": (
        (
            "  policy: {numerical: {order: asc}}\n"
            "  filterTags: {pattern: '^main-(?P<n>[0-9]+)-[0-9a-f]+$', extract: $n}"
        ),
        "main-9-4f2a9c1",
        "main-9-4f2a9c1 main-10-9e107d9 dev-11-9e107d9",
        "main-10-9e107d9",
    ),
    "digest never": (
        f"{SEMVER}\n  digestReflectionPolicy: Never",
        "1.2.0",
        "1.2.0 1.3.0",
        "1.3.0",
    ),
    "digest if not present": (
        f"{SEMVER}\n  digestReflectionPolicy: IfNotPresent",
        "1.2.0",
        "1.2.0 1.3.0",
        f"1.3.0@{digest_of(f'{APP}:1.3.0')}",
    ),
    "digest already present": (
        f"{SEMVER}\n  digestReflectionPolicy: IfNotPresent",
        f"1.2.0@{digest_of('old')}",
        "1.2.0",
        f"1.2.0@{digest_of('old')}",
    ),
    "digest always": (
        f"{SEMVER}\n  digestReflectionPolicy: Always",
        f"1.2.0@{digest_of('old')}",
        "1.2.0",
        f"1.2.0@{digest_of(f'{APP}:1.2.0')}",
    ),
}


def pod(version: str, marker: str = "flux-system:app") -> bytes:
    image = f"{APP}:{version}"
    return f'{POD}    - name: c\n      image: {image} # {{"$imagepolicy": "{marker}"}}\n'.encode()


def drafting(objects: str, marked: bytes, tags: str = "1.2.0 1.4.0") -> PlanWithEdits:
    text = ROUTE.replace("P", "ignore")
    configuration = load_configuration(text, "imagebot.yaml", trusted=False)
    files = {"flux/objects.yaml": objects.encode(), "pod.yaml": marked}
    source, registry = Files(files), FakeRegistry({APP: tuple(tags.split())})
    return edit_plan(source, build(source, configuration, registry, now=NOW).plan)


@pytest.mark.parametrize("namespace", NAMESPACES.values(), ids=NAMESPACES.keys())
@pytest.mark.parametrize(("rule", "old", "tags", "new"), RULES.values(), ids=RULES.keys())
def test_policies_of_every_kind(rule: str, old: str, tags: str, new: str, namespace: str) -> None:
    drafted = drafting(OBJECTS.format(namespace=namespace, rule=rule), pod(old), tags)
    assert drafted.plan.problems == ()
    wanted = [("pod.yaml", pod(new))] if new != old else []
    assert [(change.path, change.new) for change in drafted.changes] == wanted


@pytest.mark.parametrize("namespace", NAMESPACES.values(), ids=NAMESPACES.keys())
def test_a_bare_tag_follows_its_policy(namespace: str) -> None:
    marked = b'tag: 1.2.0 # {"$imagepolicy": "flux-system:app:tag"}\n'
    drafted = drafting(OBJECTS.format(namespace=namespace, rule=SEMVER), marked)
    assert drafted.changes[0].new == marked.replace(b"1.2.0", b"1.4.0")


BROKEN = {
    "no range": ("  policy: {semver: {range: 'no range'}}", "semver"),
    "no rule": ("  policy: {}", "none of semver"),
    "no RE2": (f"{SEMVER}\n  filterTags: {{pattern: '(?=x)'}}", "pattern"),
    "no such order": ("  policy: {numerical: {order: up}}", "'up'"),
    "no such reflection": (f"{SEMVER}\n  digestReflectionPolicy: Often", "'Often'"),
}


@pytest.mark.parametrize("namespace", NAMESPACES.values(), ids=NAMESPACES.keys())
@pytest.mark.parametrize(("rule", "said"), BROKEN.values(), ids=BROKEN.keys())
def test_a_policy_that_cannot_be_built_is_a_problem(rule: str, said: str, namespace: str) -> None:
    drafted = drafting(OBJECTS.format(namespace=namespace, rule=rule), pod("1.2.0"))
    of_object, of_marker = drafted.plan.problems
    place = "flux/objects.yaml:7"
    assert (of_object.path, of_object.line, of_object.code) == (
        "flux/objects.yaml",
        7,
        "flux-policy",
    )
    assert (of_marker.path, of_marker.code) == ("pod.yaml", "unknown-policy")
    for problem in (of_object, of_marker):
        assert place in problem.message
        assert said in problem.message
    assert drafted.changes == ()


def test_two_policies_of_one_name_that_differ_are_a_problem() -> None:
    one = OBJECTS.format(namespace="", rule=SEMVER)
    other = OBJECTS.format(namespace="", rule=SEMVER.replace("1.x", "2.x"))
    drafted = drafting(f"{one}---\n{other}", pod("1.2.0"))
    assert drafted.changes == ()
    assert all("of the same name" in problem.message for problem in drafted.plan.problems)
    assert len(drafted.plan.problems) == 2
    assert len(drafting(f"{one}---\n{one}", pod("1.2.0")).changes) == 1


def test_a_chart_that_follows_a_policy_gets_a_version() -> None:
    """Flux writes the tag itself, with its `_`, which its own Helm then refuses."""
    release = (
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: {name: all}\n"
        "spec: {url: 'oci://ghcr.io/acme'}\n---\n"
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: app}\n"
        "spec:\n  chart:\n    spec:\n      chart: app\n"
        '      version: %s # {"$imagepolicy": "flux-system:app:tag"}\n'
        "      sourceRef: {kind: HelmRepository, name: all}\n"
    )
    rule = f"{SEMVER}\n  filterTags: {{pattern: '_ref[.]'}}"
    objects = OBJECTS.format(namespace="", rule=rule)
    marked = (release % "1.2.0+ref.2dec694").encode()
    drafted = drafting(objects, marked, "1.2.0_ref.2dec694 1.4.0_ref.0a1b2c3 1.5.0 1.6_ref.1")
    assert drafted.plan.problems == ()
    assert [change.new.decode() for change in drafted.changes] == [release % "1.4.0+ref.0a1b2c3"]
