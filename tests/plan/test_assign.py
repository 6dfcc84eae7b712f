from __future__ import annotations

from dataclasses import replace

import pytest

from imagebot.config.builtin import default_configuration
from imagebot.config.load import load_configuration
from imagebot.config.model import Configuration
from imagebot.manifest.images.field import ImageField, Marker
from imagebot.manifest.scan import scan
from imagebot.plan.assign import Assigned, assign
from imagebot.policy.build import build_policy
from imagebot.reference import parse_reference

CONFIGURATION = load_configuration(
    """\
policies:
  every-push: {pattern: '^main-[0-9]+$', order: natural}
  careful: {max: minor, prerelease: never}
routes:
  - name: test
    files: [test/**]
    publish: commit
    images:
      - {match: ghcr.io/acme/**, policy: every-push}
      - {match: docker.io/library/postgres, policy: ignore}
  - name: all
    files: ["**/*.yaml"]
    publish: pull-request
    images:
      - {match: "**/api", policy: production}
      - {match: "docker.io/**", policy: careful}
""",
    "imagebot.yaml",
    trusted=False,
)


def field(path: str, reference: str, marker: Marker | None = None) -> ImageField:
    return ImageField(
        path=path,
        line=7,
        column=12,
        format="kubernetes",
        document=0,
        keys=("spec", "image"),
        resource=None,
        container="app",
        reference=parse_reference(reference),
        tag=None,
        digest=None,
        marker=marker,
    )


def one(image: ImageField, configuration: Configuration = CONFIGURATION) -> Assigned:
    (assigned,) = assign([image], configuration, "acme/gitops")
    assert assigned.field is image
    assert assigned.target == "acme/gitops"
    return assigned


def summary(assigned: Assigned) -> tuple[str, str, str]:
    policy = assigned.policy.name if assigned.policy else ""
    route = assigned.route.name if assigned.route else ""
    assert assigned.managed == (not assigned.code)
    assert bool(assigned.code) == bool(assigned.reason)
    return policy, route, assigned.code


@pytest.mark.parametrize(
    ("path", "reference", "expected"),
    [
        ("test/a/x.yaml", "ghcr.io/acme/api:main-1", ("every-push", "test", "")),
        ("live/x.yaml", "ghcr.io/acme/api:1.0.0", ("production", "all", "")),
        ("x.yaml", "nginx:1.25", ("careful", "all", "")),
        # The first route that matches takes the file, whatever its entries say.
        ("test/x.yaml", "nginx:1.25", ("", "test", "no-policy")),
        ("test/x.yaml", "postgres:16", ("ignore", "test", "ignored")),
        ("live/x.yaml", "quay.io/acme/web:1", ("", "all", "no-policy")),
        ("live/x.json", "nginx:1.25", ("", "", "no-policy")),
    ],
)
def test_by_configuration(path: str, reference: str, expected: tuple[str, str, str]) -> None:
    assert summary(one(field(path, reference))) == expected


def test_the_first_matching_entry_wins() -> None:
    assert summary(one(field("x.yaml", "docker.io/acme/api:1"))) == ("production", "all", "")


def test_the_reason_says_what_does_not_cover_it() -> None:
    assert one(field("x.txt", "nginx")).reason == "no route covers this file"
    assert one(field("test/x.yaml", "nginx:1")).reason == (
        "no image entry of route 'test' covers docker.io/library/nginx"
    )


def test_without_a_configuration_everything_is_covered() -> None:
    configuration = default_configuration()
    expected = ("shape", "default", "")
    assert summary(one(field("any/where.txt", "a.example/b:1"), configuration)) == expected


class TestMarkers:
    def mark(self, text: str, kind: str = "policy") -> Marker:
        assert kind in ("policy", "keys", "ignore")
        return Marker(kind=kind, text=text, line=6)  # type: ignore[arg-type]  # asserted above

    @pytest.mark.parametrize("name", ["careful", "shape", "test-cluster"])
    def test_replace_the_policy_never_the_route(self, name: str) -> None:
        marked = field("test/x.yaml", "ghcr.io/acme/api:main-1", self.mark(name))
        assert summary(one(marked)) == (name, "test", "")

    def test_stand_in_where_no_entry_covers_the_image(self) -> None:
        assert summary(one(field("test/x.yaml", "nginx:1", self.mark("careful")))) == (
            "careful", "test", "",
        )  # fmt: skip

    def test_do_nothing_where_no_route_covers_the_file(self) -> None:
        assert summary(one(field("x.txt", "nginx:1", self.mark("careful")))) == (
            "",
            "",
            "no-policy",
        )

    @pytest.mark.parametrize(
        "marker", [Marker("ignore", "ignore", 6), Marker("policy", "ignore", 6)]
    )
    def test_ignore(self, marker: Marker) -> None:
        assert one(field("test/x.yaml", "ghcr.io/acme/api:1", marker)).code == "ignored"

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("ignore", "ignored by the marker on line 6"),
            (
                "ignore until 2027, see ticket 12",
                "ignored by the marker on line 6: until 2027, see ticket 12",
            ),
            ("ignore: broken", "ignored by the marker on line 6: broken"),
            ("ignore (OPS-1)", "ignored by the marker on line 6: (OPS-1)"),
            ("ignore " + "x" * 500, "ignored by the marker on line 6: " + "x" * 199 + "…"),
        ],
    )
    def test_words_behind_ignore_are_its_reason(self, text: str, reason: str) -> None:
        marker = Marker("ignore", text, 6)
        assert one(field("test/x.yaml", "ghcr.io/acme/api:1", marker)).reason == reason

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "the marker says nothing"),
            ("two words", "the marker says 'two words', which is not a policy"),
            ("semver: ^1", "the marker says 'semver: ^1', which is not a policy"),
        ],
    )
    def test_what_can_be_no_name_is_no_marker(self, text: str, message: str) -> None:
        assigned = one(field("x.yaml", "nginx:1.25", self.mark(text)))
        assert summary(assigned) == ("", "all", "invalid-marker")
        assert assigned.problem is not None
        assert assigned.problem.message == message
        assert "`# imagebot: ignore`" in assigned.problem.hint

    def test_keys(self) -> None:
        keys = self.mark("{extends: careful, semver: ^1.2}", "keys")
        assigned = one(field("x.yaml", "nginx:1.25", keys))
        assert assigned.managed
        assert assigned.policy is not None
        assert (assigned.policy.order, assigned.policy.max) == ("semver", "minor")
        assert assigned.policy.name == "{extends: careful, semver: ^1.2}"

    @pytest.mark.parametrize(
        "marker",
        [
            Marker("policy", "production", 1),
            Marker("keys", "{extends: production}", 1),
            Marker("keys", "{extends: shape, prerelease: never}", 1),
        ],
    )
    def test_presets_are_there_without_a_configuration(self, marker: Marker) -> None:
        assigned = one(field("x.yaml", "nginx:1.25", marker), default_configuration())
        assert assigned.policy is not None
        assert (assigned.policy.max, assigned.policy.prerelease) == ("minor", "never")

    def test_the_same_keys_make_one_policy(self) -> None:
        keys = self.mark("{semver: ^1}", "keys")
        fields = [field("a.yaml", "nginx:1", keys), field("b.yaml", "nginx:1", keys)]
        first, second = assign(fields, CONFIGURATION)
        assert first.policy is second.policy

    def test_a_name_that_no_policy_has_is_a_problem(self) -> None:
        assigned = one(field("x.yaml", "nginx:1.25", self.mark("carefull")))
        assert summary(assigned) == ("", "all", "unknown-policy")
        problem = assigned.problem
        assert problem is not None
        assert (problem.path, problem.line, problem.scope) == ("x.yaml", 6, "field")
        assert problem.message == "the marker names 'carefull', and there is no such policy"
        assert problem.hint == "did you mean careful?"

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("{semver: '>>1'}", "semver: '>' does not start a version at character 2 of '>>1'"),
            ("{maxx: minor}", "maxx: unknown key"),
            ("{extends: nobody}", "extends: there is no policy or preset 'nobody'"),
            ("{token: {env: A}}", "token: unknown key"),
            ("{semver: ^1", "broken YAML: "),
            ("{}x", "broken YAML: "),
            ("{a: " * 100, "nested deeper than 64 levels"),
            ("{" + " " * 2000 + "}", "a marker of more than 1000 characters"),
            ("{max: minor, max: major}", "max: given twice"),
        ],
    )
    def test_keys_that_make_no_policy_are_a_problem(self, text: str, message: str) -> None:
        assigned = one(field("x.yaml", "nginx:1.25", self.mark(text, "keys")))
        assert summary(assigned) == ("", "all", "invalid-marker")
        assert assigned.problem is not None
        assert assigned.problem.message.startswith(message)
        assert assigned.problem.line == 6


class TestFlux:
    POLICY = build_policy("flux-system:podinfo", {"semver": "5.x", "version-syntax": "strict"})

    def test_names_are_found_among_fluxs_own(self) -> None:
        marker = Marker("policy", "flux-system:podinfo", 6, "flux")
        marked = field("x.yaml", "ghcr.io/a/podinfo:5.0.0", marker)
        flux = {"flux-system:podinfo": self.POLICY}
        (assigned,) = assign([marked], CONFIGURATION, flux=flux)
        assert assigned.policy is self.POLICY
        assert assigned.managed

    @pytest.mark.parametrize("text", ["flux-system:other", "careful"])
    def test_what_flux_does_not_define_is_a_problem(self, text: str) -> None:
        marked = field("x.yaml", "ghcr.io/a/podinfo:5.0.0", Marker("policy", text, 6, "flux"))
        (assigned,) = assign([marked], CONFIGURATION, flux={"flux-system:podinfo": self.POLICY})
        assert assigned.code == "unknown-policy"
        assert assigned.problem is not None
        assert "no such ImagePolicy" in assigned.problem.message


BASE = b"kind: Pod\napiVersion: v1\nspec: {containers: [{image: %s}]}\n"


@pytest.mark.parametrize(
    ("place", "code"), [("overlay/kustomization.yaml:3", "replaced"), ("", "")]
)
def test_what_every_deployment_replaces_is_kept(place: str, code: str) -> None:
    (found,) = scan("base/web.yaml", BASE % b"web").fields
    (assigned,) = assign([replace(found, replaced=place)], default_configuration())
    assert assigned.code == code
    if code:
        assert assigned.reason == f"replaced by the images of {place}"


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ('tag: ""', "no-tag"),
        ("tag:", "no-tag"),
        ("tag: ~", "no-tag"),
        ("tag: null", "no-tag"),
        ("tag: latest", ""),
        ('tag: "" # imagebot: shape', ""),
    ],
)
def test_an_empty_tag_of_a_chart_is_chosen_by_the_chart(tag: str, code: str) -> None:
    text = f"image:\n  repository: acme/app\n  {tag}\n"
    (field,) = scan("values.yaml", text.encode()).fields
    assert one(field, default_configuration()).code == code


def test_an_image_without_a_tag_is_not_an_empty_tag() -> None:
    (field,) = scan("values.yaml", b"image: acme/app\nimageTag: 1\n").fields
    assert one(field, default_configuration()).managed
