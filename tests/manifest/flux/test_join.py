from __future__ import annotations

from typing import Any

import pytest

from imagebot.manifest.flux.join import join
from imagebot.manifest.images.field import Marker
from imagebot.manifest.scan import scan
from imagebot.policy.build import build_policy

REPOSITORY = """\
apiVersion: image.toolkit.fluxcd.io/v1beta2
kind: ImageRepository
metadata:
  name: {name}
  namespace: {namespace}
spec:
  image: ghcr.io/acme/{name}
---
"""
POLICY = """\
apiVersion: image.toolkit.fluxcd.io/v1beta2
kind: ImagePolicy
metadata:
  name: web
  namespace: flux-system
spec:
  imageRepositoryRef:
    name: web
{rule}
"""

RULES: dict[str, tuple[str, dict[str, Any]]] = {
    "semver": (
        "  policy: {semver: {range: '>=1.0.0-0'}}",
        {"semver": ">=1.0.0-0"},
    ),
    "semver of what is extracted": (
        "  policy: {semver: {range: 1.x}}\n  filterTags: {pattern: '^rel-(?P<v>.*)$', extract: $v}",
        {"semver": "1.x", "pattern": "^rel-(?P<v>.*)$", "extract": "$v"},
    ),
    "numerical, as it is by default": (
        "  policy: {numerical: {}}\n  filterTags: {pattern: '^main-(?P<n>[0-9]+)', extract: '$n'}",
        {"order": "numerical", "pattern": "^main-(?P<n>[0-9]+)", "extract": "$n"},
    ),
    "numerical, the lowest": (
        "  policy: {numerical: {order: desc}}",
        {"order": "numerical", "descending": True},
    ),
    "alphabetical": (
        "  policy: {alphabetical: {order: asc}}",
        {"order": "alphabetical"},
    ),
    "digests where there is none": (
        "  policy: {alphabetical: {order: asc}}\n  digestReflectionPolicy: IfNotPresent",
        {"order": "alphabetical", "pin": {"digest": "with-tag"}},
    ),
    "digests followed": (
        "  policy: {alphabetical: {order: asc}}\n  digestReflectionPolicy: Always",
        {"order": "alphabetical", "pin": {"digest": "always"}},
    ),
    "no digests": (
        "  policy: {alphabetical: {order: asc}}\n  digestReflectionPolicy: Never",
        {"order": "alphabetical"},
    ),
}


@pytest.mark.parametrize(("rule", "wanted"), RULES.values(), ids=RULES.keys())
def test_policies_become_keys(rule: str, wanted: dict[str, Any]) -> None:
    found = scan("policy.yaml", POLICY.format(rule=rule).encode())
    strict = {"version-syntax": "strict"} if "semver" in wanted else {}
    policies = join({"policy.yaml": found}).policies
    assert {name: policy.keys for name, policy in policies.items()} == {
        "flux-system:web": {**strict, **wanted}
    }
    build_policy("flux-system:web", policies["flux-system:web"].keys)


def test_a_policy_without_a_rule_is_reported() -> None:
    found = scan("policy.yaml", POLICY.format(rule="  policy: {}").encode())
    assert "none of semver" in join({"policy.yaml": found}).policies["flux-system:web"].problem
    assert [(each.line, each.code, each.expected) for each in found.unread] == [
        (2, "flux-policy", False)
    ]


def test_the_image_of_an_image_repository_is_not_a_field() -> None:
    text = REPOSITORY.format(name="web:1.0", namespace="apps")
    assert scan("repository.yaml", text.encode()).fields == ()


def joined(**files: str) -> Any:
    return join({f"{name}.yaml": scan(f"{name}.yaml", t.encode()) for name, t in files.items()})


def test_a_bare_tag_gets_its_image_from_objects_in_other_files() -> None:
    marked = 'a: 1.0.0 # {"$imagepolicy": "flux-system:web:tag"}\nimages: []\n'
    result = joined(
        marked=marked,
        objects=REPOSITORY.format(name="web", namespace="flux-system")
        + POLICY.format(rule="  policy: {semver: {range: 1.x}}"),
    )
    (field,) = result.scans["marked.yaml"].fields
    assert str(field.reference) == "ghcr.io/acme/web:1.0.0"
    assert field.marker == Marker("policy", "flux-system:web", 1, "flux", "tag")
    assert field.keys == ("a",)
    assert "flux-system:web" in result.policies


def test_a_policy_may_use_a_repository_of_another_namespace() -> None:
    policy = POLICY.format(rule="  policy: {semver: {range: 1.x}}").replace(
        "    name: web\n", "    name: web\n    namespace: other\n"
    )
    marked = 'a: 1.0.0 # {"$imagepolicy": "flux-system:web:tag"}\n'
    objects = REPOSITORY.format(name="web", namespace="other") + policy
    (field,) = joined(m=marked, o=objects).scans["m.yaml"].fields
    assert field.reference.name == "ghcr.io/acme/web"


def test_a_namespace_that_is_set_elsewhere_is_not_an_obstacle() -> None:
    objects = (
        REPOSITORY.format(name="web", namespace="x").replace("  namespace: x\n", "")
        + POLICY.format(rule="  policy: {semver: {range: 1.x}}")
    ).replace("  namespace: flux-system\n", "")
    marked = 'a: 1.0.0 # {"$imagepolicy": "flux-system:web:tag"}\n'
    result = joined(m=marked, o=objects)
    (field,) = result.scans["m.yaml"].fields
    assert field.reference.name == "ghcr.io/acme/web"
    assert result.policies["flux-system:web"].keys["semver"] == "1.x"


def test_a_marker_on_a_bare_tag_that_names_nothing_is_reported() -> None:
    result = joined(m='a: 1.0.0 # {"$imagepolicy": "flux-system:web:tag"}\n')
    (unread,) = result.scans["m.yaml"].unread
    assert (unread.line, unread.code, unread.expected) == (1, "marker", False)
    assert "flux-system:web" in unread.reason


def test_a_chart_of_a_helm_repository_in_another_file() -> None:
    release = """\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: a, namespace: apps}
spec:
  chart:
    spec:
      chart: podinfo
      version: 6.5.0 # imagebot: charts
      sourceRef: {kind: HelmRepository, name: podinfo, namespace: flux-system}
"""
    repository = """\
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: podinfo, namespace: flux-system}
spec: {type: oci, url: "oci://ghcr.io/acme/charts/"}
"""
    (field,) = joined(a=release, b=repository).scans["a.yaml"].fields
    assert str(field.reference) == "ghcr.io/acme/charts/podinfo:6.5.0"
    assert (field.container, field.digest) == ("podinfo", None)
    assert field.marker == Marker("policy", "charts", 8)
    http = repository.replace("oci://", "https://")
    assert joined(a=release, b=http).scans["a.yaml"].fields == ()


PLACES = {
    "behind a plain value": 'image: app:1.0 # {"$imagepolicy": "a:b"}\n',
    "behind quotes": 'image: "app:1.0" # {"$imagepolicy": "a:b"}\n',
    "without a blank after the sign": 'image: app:1.0 #{"$imagepolicy": "a:b"}\n',
    "two signs": 'image: app:1.0 ## {"$imagepolicy": "a:b"}\n',
    "on an item": 'x:\n- app:1.0 # {"$imagepolicy": "a:b"}\n',
    "above an item": 'x:\n# {"$imagepolicy": "a:b"}\n- app:1.0\n',
    "a value on a line of its own": 'image:\n  app:1.0 # {"$imagepolicy": "a:b"}\n',
    "with an anchor": 'x: &x app:1.0 # {"$imagepolicy": "a:b"}\n',
    "windows lines": 'image: app:1.0 # {"$imagepolicy": "a:b"}\r\n',
    "inside a block": 'x: |\n  image: app:1.0 # {"$imagepolicy": "a:b"}\n',
}


@pytest.mark.parametrize("text", PLACES.values(), ids=PLACES.keys())
def test_places_that_flux_accepts(text: str) -> None:
    found = scan("a.yaml", text.encode())
    assert [field.marker.text for field in found.fields if field.marker] == ["a:b"]
    assert found.unread == ()


NOT_ACCEPTED = {
    "above a key": '# {"$imagepolicy": "a:b"}\nimage: app:1.0\n',
    "behind a flow mapping": 'x: {image: "app:1.0"} # {"$imagepolicy": "a:b"}\n',
    "no JSON": "image: app:1.0 # {$imagepolicy: a:b}\n",
    "no namespace": 'image: app:1.0 # {"$imagepolicy": "b"}\n',
    "another part": 'image: app:1.0 # {"$imagepolicy": "a:b:version"}\n',
    "text behind it": 'image: app:1.0 # {"$imagepolicy": "a:b"} x\n',
}


def test_a_marker_without_a_part_on_a_repository_is_reported() -> None:
    """Followed to the letter it would put a tag into a name that has one beside it."""
    text = 'image:\n  repository: a/b # {"$imagepolicy": "x:y"}\n  tag: v1\n'
    found = scan("values.yaml", text.encode())
    assert [str(field.reference) for field in found.fields] == ["a/b:v1"]
    assert [(each.line, each.code) for each in found.unread] == [(2, "marker")]


@pytest.mark.parametrize("text", NOT_ACCEPTED.values(), ids=NOT_ACCEPTED.keys())
def test_what_flux_does_not_accept_is_reported(text: str) -> None:
    found = scan("a.yaml", text.encode())
    assert [field.marker for field in found.fields] == [None]
    assert [(each.code, each.expected) for each in found.unread] == [("marker", False)]
