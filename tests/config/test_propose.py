from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.config.load import load_configuration
from imagebot.config.model import Configuration
from imagebot.config.propose import propose
from imagebot.errors import InvalidReferenceError
from imagebot.manifest.images.field import ImageField
from imagebot.manifest.scan import scan
from imagebot.plan.assign import assign
from imagebot.plan.unused import unused_warnings
from imagebot.reference import parse_reference


def field(path: str, reference: str) -> ImageField:
    return ImageField(
        path=path,
        line=1,
        column=1,
        format="kubernetes",
        document=0,
        keys=(),
        resource=None,
        container=None,
        reference=parse_reference(reference),
        tag=None,
        digest=None,
    )


def proposed(*fields: ImageField) -> Configuration:
    return load_configuration(propose(fields), "imagebot.yaml", trusted=False)


def where(*fields: ImageField) -> list[tuple[str, str]]:
    """(policy, route) of each field under what is proposed for all of them."""
    configuration = proposed(*fields)
    assigned = assign(fields, configuration)
    assert unused_warnings(assigned, configuration, [field.path for field in fields]) == ()
    assert all(each.managed for each in assigned)
    return [(each.policy.name, each.route.name) for each in assigned if each.policy and each.route]


def test_a_whole_proposal() -> None:
    text = propose([
        field("clusters/test/api.yaml", "ghcr.io/acme/api:main-42-0a1b2c3"),
        field("clusters/production/api.yaml", "ghcr.io/acme/api:main-40-1b2c3d4"),
        field("clusters/production/db.yaml", "postgres:16.1"),
    ])  # fmt: skip
    assert (
        text
        == """\
# Proposed by `imagebot init` from the images in this repository: read it, change it, commit it.
# `imagebot config check` says whether it is right, `imagebot plan` what it would do.
policies:
  # Tags such as main-40-1b2c3d4: the highest build number is the newest.
  every-push:
    pattern: '^main-(?P<build>[0-9]+)-[0-9a-f]{7,40}$'
    extract: $build
    order: numerical
  # Newer releases of the same major version, in the same flavour (1.2.3-alpine stays alpine).
  careful:
    max: minor
    adopt: false      # images without a version (latest, a bare digest) are left as they are
    # min-age: 3d     # only what has been out for three days, where the registry can tell
    # pin: digest     # write the digest beside the tag
routes:
  # One pull request, kept current.
  - name: production
    files:
      - clusters/production/**
    publish: pull-request
    images:
      - {match: ghcr.io/acme/api, policy: every-push}
      - {match: '**', policy: careful}
  # Commits to the branch.
  - name: test
    files:
      - clusters/test/**
    publish: commit
    images:
      - {match: ghcr.io/acme/api, policy: every-push}
      - {match: '**', policy: careful}
  # One pull request, kept current.
  - name: everything-else
    files:
      - '**'
    publish: pull-request
    images:
      - {match: '**', policy: careful}
"""
    )
    assert load_configuration(text, "imagebot.yaml", trusted=False).warnings == ()


def test_nothing_found() -> None:
    (route,) = proposed().routes
    assert (route.name, route.files, route.publish) == ("everything", ("**",), "pull-request")


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("apps/api/overlays/prod/kustomization.yaml", "production"),
        ("apps/api/overlays/staging/kustomization.yaml", "test"),
        ("envs/eu-prod-1/x.yaml", "production"),
        ("Production/x.yaml", "production"),
        ("dev/x.yaml", "test"),
        # Where both words are, the careful one counts.
        ("production/test/x.yaml", "production"),
        ("test/production/x.yaml", "production"),
        ("products/x.yaml", "everything"),
        ("production.yaml", "everything"),
    ],
)
def test_routes_by_the_names_of_folders(path: str, route: str) -> None:
    ((_, name),) = where(field(path, "nginx:1.25"))
    assert name.startswith(route)


def test_many_folders_of_one_name_become_one_glob() -> None:
    fields = [field(f"apps/{n}/overlays/staging/x.yaml", "nginx:1") for n in range(5)]
    assert proposed(*fields).routes[0].files == ("**/staging/**",)
    assert {route for _, route in where(*fields)} == {"test"}


@pytest.mark.parametrize(
    ("tag", "newer", "policy"),
    [
        ("main-42-0a1b2c3", "main-43-fffffff", "every-push"),
        ("main-0a1b2c3-1700000000", "main-fffffff-1700000001", "every-push"),
        ("release-1.x-7-0a1b2c3", "release-1.x-8-fffffff", "every-push"),
        ("build-17", "build-18", "every-push"),
        ("b17", "b18", "every-push"),
        ("0a1b2c3", "fffffff", "every-push"),
        ("1.2.3", "1.2.4", "careful"),
        ("14", "15", "careful"),
        ("latest", "newest", "careful"),
        ("20240101", "20240102", "careful"),
        ("1.25-alpine3.18", "", "careful"),
        ("RELEASE.2023-01-25T00-19-54Z", "", "careful"),
    ],
)
def test_policies_by_the_style_of_tags(tag: str, newer: str, policy: str) -> None:
    image = field("x.yaml", f"ghcr.io/acme/api:{tag}")
    ((name, _),) = where(image)
    assert name == policy
    if policy == "every-push":
        pattern = proposed(image).policies[name].pattern
        assert pattern is not None
        assert pattern.search(tag)
        assert pattern.search(newer)
        assert pattern.search("1.2.3") is None


def test_each_style_has_a_policy() -> None:
    names = where(
        field("x.yaml", "a.example/x/a:main-1-0a1b2c3"),
        field("x.yaml", "a.example/x/b:develop-1-0a1b2c3"),
        field("x.yaml", "a.example/x/c:main-2-0a1b2c4"),
    )
    assert [name for name, _ in names] == ["every-push", "every-push-2", "every-push"]


def test_a_namespace_of_builds_is_one_entry_unless_it_holds_others() -> None:
    builds = [field("x.yaml", f"ghcr.io/acme/app{n}:main-{n}-0a1b2c3") for n in range(5)]
    assert [rule.match for rule in proposed(*builds).routes[0].images] == ["ghcr.io/acme/**", "**"]
    mixed = [*builds, field("x.yaml", "ghcr.io/acme/db:1.2")]
    assert len(proposed(*mixed).routes[0].images) == 6


ODD = st.sampled_from(
    ["test", "prod", "[a]", "{x", "*", "a b", "é", "'", '"', "#", ": ", "-", "~", "null", "1.10",
     "\n", "\x1b", "\ufeff", "..", ".", "", "😀", "&a", "!x", "\\"]
)  # fmt: skip
PATHS = st.one_of(st.lists(ODD, min_size=1, max_size=5).map("/".join), st.text(max_size=40))


@st.composite
def fields(draw: st.DrawFn) -> ImageField:
    names = st.sampled_from(
        ["nginx", "ghcr.io/acme/api", "[::1]:5000/a", "localhost:5000/b/c", "x/y"]
    )
    tags = st.one_of(
        st.sampled_from(["main-1-0a1b2c3", "0a1b2c3", "b7", "1.2", "latest"]),
        st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,40}", fullmatch=True),
    )
    try:
        return field(draw(PATHS), f"{draw(names)}:{draw(tags)}")
    except InvalidReferenceError:
        return field("x.yaml", "nginx")


@given(st.lists(fields(), max_size=12))
def test_it_always_loads_and_covers_every_field(images: list[ImageField]) -> None:
    assert len(where(*images)) == len(images)


def test_production_is_not_moved_to_the_builds_of_test() -> None:
    test = field("clusters/test/api.yaml", "ghcr.io/acme/api:main-41-3f2a9c1")
    production = field("clusters/production/api.yaml", "ghcr.io/acme/api:1.4.2")
    assert where(test, production) == [("every-push", "test"), ("careful", "production")]


def test_a_release_among_builds_is_no_build() -> None:
    fields = field("a.yaml", "app:main-41-3f2a9c1"), field("b.yaml", "app:1.4.2")
    assert where(*fields) == [("careful", "everything")] * 2


@given(st.lists(st.text(max_size=80), max_size=60))
def test_entries_for_unknown_registries_are_comments(entries: list[str]) -> None:
    text = propose([field("a.yaml", "acme/web:1.0")], entries)
    before = propose([field("a.yaml", "acme/web:1.0")])
    assert text.startswith(before)
    added = text.removeprefix(before)
    assert all(line.startswith("#") for line in added.splitlines())
    assert ("# fields:" in added) == bool(entries)
    load_configuration(text, "imagebot.yaml", trusted=False)


def test_what_would_govern_images_of_unknown_registries_is_proposed() -> None:
    scanned = scan("env/web.yaml", b"web:\n  image: acme/web\n  version: v1.4.1\n")
    text = propose(scanned.fields, [each.entry for each in scanned.unread])
    assert text.endswith(
        "# fields:\n#   - {files: [env/web.yaml], tag: web.version, image: REGISTRY/acme/web}\n"
    )
