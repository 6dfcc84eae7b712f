"""What `config check` says of a file: nothing of one that is in order, and each warning's place."""

from __future__ import annotations

from pathlib import Path

import pytest

from imagebot.config.static.check import check_bot_file, check_file
from tests.config import test_load

PRESETS = Path(__file__).parents[3] / "policies"
ROUTE = "routes: [{name: r, files: ['**'], publish: commit, images: [{match: '**', policy: p}]}]\n"


def warnings(text: str) -> list[str]:
    checked = check_file(text, "i.yaml")
    assert checked.issues == ()
    assert all(warning.hint for warning in checked.warnings)
    return [str(warning).removeprefix("i.yaml:") for warning in checked.warnings]


def routes(*given: tuple[str, str], before: str = "") -> str:
    lines = [
        f"  - {{name: {name}, files: {files}, publish: commit, "
        "images: [{match: '**', policy: shape}]}\n"
        for name, files in given
    ]
    return before + "routes:\n" + "".join(lines)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            routes(("all", "['**']"), ("prod", "[clusters/prod/**]")),
            "3:18: routes[1].files: route 'prod' takes no file: route 'all' on line 2 takes it all",
        ),
        (
            routes(("a", "[clusters/**]"), ("prod", "[clusters/prod/**, 'clusters/*/x.yaml']")),
            "3:18: routes[1].files: route 'prod' takes no file: route 'a' on line 2 takes it all",
        ),
        (
            routes(("a", "[x/**]"), ("b", "[y/**]"), ("c", "['{x,y}/*.yaml']")),
            "4:15: routes[2].files: route 'c' takes no file: the routes before it take it all",
        ),
        (
            routes(("a", "['**']"), ("b", "['**']")),
            "3:15: routes[1].files: route 'b' takes no file: route 'a' on line 2 takes it all",
        ),
        (
            routes(("a", "[x/**]"), ("b", "[y/**, x/y/**]")),
            "3:29: routes[1].files[1]: 'x/y/**' takes no file: route 'a' on line 2 takes it all",
        ),
        (
            routes(("a", "[vendor/**]"), before="files: {exclude: [vendor/**]}\n"),
            "3:15: routes[0].files: route 'a' takes no file: files.exclude has it all",
        ),
        (
            routes(("a", "[clusters]")),
            "2:15: routes[0].files: route 'a' takes no file: imagebot reads no file of such a name",
        ),
    ],
)
def test_routes(text: str, expected: str) -> None:
    assert warnings(text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        routes(("a", "[clusters/prod/**]"), ("b", "[clusters/**]"), ("c", "['**']")),
        routes(("a", "['*.yaml']"), ("b", "['**/*.yaml']")),
        routes(("a", "[x/app.yaml, Dockerfile, 'clusters/*']")),
        routes(("a", "[versions.txt]")).replace(
            "routes",
            "files: {patterns: [{match: [versions.txt], pattern: '(?P<name>a):(?P<tag>b)'}]}"
            "\nroutes",
            1,
        ),
        routes(("a", "['[ab]/**']"), ("b", "['[a-c]/**']")),
    ],
)
def test_routes_that_may_take_something(text: str) -> None:
    assert warnings(text) == []


def images(*globs: str) -> str:
    entries = "".join(f"      - {{match: '{glob}', policy: shape}}\n" for glob in globs)
    return "routes:\n  - name: r\n    files: ['**']\n    publish: commit\n    images:\n" + entries


@pytest.mark.parametrize(
    ("globs", "expected"),
    [
        (("ghcr.io/**", "ghcr.io/acme/api"), "'ghcr.io/acme/api' takes no image: 'ghcr.io/**'"),
        (("**", "**"), "'**' takes no image: '**'"),
        (("**/api", "ghcr.io/*/api"), "'ghcr.io/*/api' takes no image: '**/api'"),
    ],
)
def test_images(globs: tuple[str, ...], expected: str) -> None:
    assert warnings(images(*globs)) == [
        f"7:10: routes[0].images[1].match: {expected} on line 6 takes it all"
    ]


def test_images_that_several_entries_take() -> None:
    (warning,) = warnings(images("a.io/**", "b.io/**", "{a,b}.io/x"))
    assert warning.endswith("'{a,b}.io/x' takes no image: the entries before it take it all")
    assert warnings(images("a.io/x", "a.io/**", "**")) == []


@pytest.mark.parametrize(
    "glob",
    [
        "nginx*",
        "library/*",
        "{nginx,redis}",
        "acme/**",
        "docker.io/nginx*",
        "docker.io/*",
        "index.docker.io/**",
        "ghcr.io/acme/*:1.2",
        "**/nginx:*",
        "**@sha256:*",
        "ghcr.io/ACME/*",
        "https://ghcr.io/**",
        "oci://ghcr.io/*",
        "ghcr.io/**/",
        "ghcr.io/a..*",
        "*",
    ],
)
def test_images_that_no_repository_is_called(glob: str) -> None:
    expected = f"6:10: routes[0].images[0].match: {glob!r} takes no image: no repository has such a"
    assert warnings(images(glob, "**")) == [f"{expected} name"]


@pytest.mark.parametrize(
    "glob",
    [
        "**",
        "**/*",
        "*/*",
        "*/nginx",
        "**nginx**",
        "?.io/**",
        "{docker.io,quay.io}/**",
        "{nginx,ghcr.io/acme/api}*",
        "docker.io/*/*",
        "docker.io/**",
        "localhost*/**",
        "*:5000/**",
        "[[]*/app",
        "*.dkr.ecr.*.amazonaws.com/**",
        "ghcr.io/[!a]*/**",
        "REGISTRY/*",
    ],
)
def test_images_that_a_repository_may_be_called(glob: str) -> None:
    assert warnings(images(glob)) == []


def policy(keys: str) -> str:
    return f"policies:\n  p: {{{keys}}}\n" + ROUTE


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("pattern: ^v1/", "pattern: no tag matches '^v1/'"),
        ("pattern: ':latest'", "pattern: no tag matches ':latest'"),
        ("pattern: 'release 1'", "pattern: no tag matches 'release 1'"),
        ("pattern: 'a{200}'", "pattern: no tag matches 'a{200}'"),
        ("pattern: ^$", "pattern: no tag matches '^$'"),
        ("include: v1/*", "include: no tag matches 'v1/*'"),
        ("include: [v1.*, '/^v1 /']", "include[1]: no tag matches '/^v1 /'"),
        ("exclude: ['*:debug']", "exclude[0]: no tag matches '*:debug'"),
        ("exclude: ['/^-/']", "exclude[0]: no tag matches '/^-/'"),
        ("variant: 'alpine/*'", "variant: no tag has the variant 'alpine/*'"),
        ("variant: '-alpine*'", "variant: no tag has the variant '-alpine*'"),
        (
            "pattern: '^([a-z]+)-([0-9]+)$', extract: $1, order: numerical",
            "extract: what '$1' extracts is never a number, and order: numerical needs one",
        ),
        (
            "pattern: ^v, order: numerical",
            "pattern: such a tag is never a number, and order: numerical needs one",
        ),
        (
            "pattern: '^([a-z]+)-', extract: $1, order: calver",
            "extract: what '$1' extracts is never a date, and order: calver needs one",
        ),
        (
            "pattern: '^([a-z]+)-', extract: $1, semver: '*'",
            "extract: what '$1' extracts is never a version, and semver needs one",
        ),
        (
            "pattern: ^main$, order: natural",
            "pattern: such a tag is never a version, and order: natural needs one",
        ),
        (
            "pattern: '^([0-9]+)', extract: $1, semver: '*', version-syntax: strict",
            "extract: what '$1' extracts is never a version of three numbers, and semver needs one",
        ),
        ("exclude: '*'", "exclude: excludes every tag"),
        ("exclude: '/./'", "exclude: excludes every tag"),
        ("exclude: ['[0-9]*', '[!0-9]*']", "exclude: excludes every tag"),
        ("pattern: ^1, exclude: '1*'", "pattern: exclude has all of '^1'"),
        ("include: /^1/, exclude: '1*'", "include: exclude has all of '/^1/'"),
        (
            "pattern: ^v, include: [v*, '[0-9]*']",
            "include[1]: no tag matches both '[0-9]*' and the pattern '^v'",
        ),
        ("semver: '>2 <1'", "semver: no version is in the range '>2 <1'"),
        ("semver: '^1, ^2'", "semver: no version is in the range '^1, ^2'"),
        ("semver: '^1 ^2 || ~3.1 ~3.2'", "semver: no version is in the range '^1 ^2 || ~3.1 ~3.2'"),
        ("semver: '1.2.3 !=1.2.3'", "semver: no version is in the range '1.2.3 !=1.2.3'"),
        ("semver: '>=2-0 <1'", "semver: no version is in the range '>=2-0 <1'"),
        (
            "max: minor, ignore: [{versions: ^1, reason: a}, {versions: '<1 >2', reason: b}]",
            "ignore[1]: no version is in the range '<1 >2'",
        ),
        ("include: [a*, b], exclude: ['[ab]*']", "include[0]: exclude has all of 'a*'"),
    ],
)
def test_policies(keys: str, expected: str) -> None:
    place, _, said = warnings(policy(keys))[0].partition(": policies.p.")
    assert said == expected
    assert place.startswith("2:")


@pytest.mark.parametrize(
    "keys",
    [
        "pattern: '^main-([0-9]+)-[0-9a-f]{7}$', extract: $1, order: numerical",
        "pattern: '^v(.*)', extract: $1, semver: '*'",
        "pattern: '^(?P<y>[0-9]{4})(?P<m>[0-9]{2})', extract: $y.$m, order: numerical",
        "include: [v*, '/^[0-9]/'], exclude: ['*-debug']",
        "include: [v*, '/^[0-9]/'], pattern: '[0-9]$', exclude: ['/^[a-u]/']",
        "pattern: '^[0-9.]+$', order: natural",
        "pattern: '^[0-9.]+$', semver: '*', version-syntax: strict",
        "variant: 'alpine*'",
        "variant: same",
        "pattern: '\\pN'",
    ],
)
def test_policies_that_may_choose_something(keys: str) -> None:
    assert warnings(policy(keys)) == []


@pytest.mark.parametrize(
    "keys", ["pattern: ^v1/", "exclude: '*'", "include: a, exclude: a", "include: a, pattern: b"]
)
def test_what_is_inherited_is_said_once(keys: str) -> None:
    text = f"policies:\n  a: {{{keys}}}\n  p: {{extends: a, max: minor}}\n" + ROUTE
    (warning,) = warnings(text)
    assert warning.startswith("2:")


def test_the_hint_says_what_is_foreign() -> None:
    (warning,) = check_file(policy("pattern: ^v1/"), "i.yaml").warnings
    assert warning.hint.startswith("no tag has '/'")


FROM = "pattern: '(?P<name>a):(?P<tag>b)'"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            f"files: {{exclude: [a/**], patterns: [{{match: [a/b/*], {FROM}}}]}}",
            "files.patterns[0].match: takes no file: files.exclude has it all",
        ),
        (
            f"files: {{exclude: [a/**], patterns: [{{match: [b, a/b], {FROM}}}]}}",
            "files.patterns[0].match[1]: 'a/b' takes no file: it is excluded",
        ),
        (
            f"files: {{patterns: [{{match: ['*'], {FROM}}}, {{match: [b], {FROM}}}]}}",
            "files.patterns[1]: finds nothing: an earlier entry has its pattern and files",
        ),
        (
            "files: {patterns: [{match: [b], pattern: '(?P<name>a)(?P<tag>:[0-9]+)'}]}",
            "files.patterns[0].pattern: finds nothing: no tag fits into the group tag",
        ),
        (
            "fields: [{kind: apps/v1/Widget, path: spec.image}]",
            "fields[0].kind: finds nothing: no resource has the kind 'apps/v1/Widget'",
        ),
        (
            "fields: [{kind: 'Widget[s]', path: spec.image}]",
            "fields[0].kind: finds nothing: no resource has the kind 'Widget[s]'",
        ),
        (
            "fields: [{kind: 'Prom*', path: spec.image}]",
            "fields[0].kind: finds nothing: no resource has the kind 'Prom*'",
        ),
        (
            "fields: [{kind: Widget, path: kind.image}]",
            "fields[0].path: finds nothing: kind is text, so nothing is below it",
        ),
        (
            "fields: [{kind: Widget, repository: spec.a.*.image, tag: spec.b.*.tag}]",
            "fields[0].repository: finds nothing: a * stands for a key only where all paths agree",
        ),
        (
            "fields: [{kind: '*', path: spec.*}, {kind: Widget, path: spec.image}]",
            "fields[1]: finds nothing: an earlier entry finds the same",
        ),
        (
            "fields: [{kind: A, path: a.b, tag: a.c}, {kind: A, path: a.b, tag: a.c}]",
            "fields[1]: finds nothing: an earlier entry finds the same",
        ),
    ],
)
def test_places(text: str, expected: str) -> None:
    found = warnings(text + "\n" + ROUTE.replace("policy: p", "policy: shape"))
    assert found[0].partition(": ")[2] == expected


def test_places_that_may_find_something() -> None:
    text = (
        "fields:\n"
        "  - {kind: Prometheus, path: spec.image}\n"
        "  - {kind: '*', path: spec.*.image}\n"
        "  - {kind: Widget, repository: spec.*.name, tag: spec.*.tag}\n"
        "  - {kind: Widget, repository: spec.name, tag: spec.tag}\n"
        "  - {kind: my_kind, path: spec.image}\n"
        "  - {kind: My kind.v2, path: spec.image}\n"
        f"files: {{exclude: [a/b/**], patterns: [{{match: [a/**], {FROM}}}]}}\n"
    )
    assert warnings(text + ROUTE.replace("policy: p", "policy: shape")) == []


def test_a_bad_value_of_a_test_is_an_issue() -> None:
    text = policy("semver: ^1") + "tests: [{policy: p, tags: ['a b'], expect: null}]\n"
    (issue,) = check_file(text, "i.yaml").issues
    assert str(issue) == "i.yaml:4:27: tests[0].tags: not a tag: 'a b'"


def test_issues_of_policies_and_of_tests_are_said_together_and_once() -> None:
    text = policy("semver: ^^1") + "tests: [{policy: p, tags: ['a b'], expect: null}, {x: 1}]\n"
    issues = [str(issue) for issue in check_file(text, "i.yaml").issues]
    assert len(issues) == len(set(issues))
    assert [issue.partition(": ")[2].partition(":")[0] for issue in issues][:2] == [
        "policies.p.semver",
        "tests[0].tags",
    ]


def test_a_bot_without_targets() -> None:
    for text in ("", "targets: []\n", "cache-dir: x\n"):
        (issue,) = check_bot_file(text, "bot.yaml").issues
        assert issue.message == "there are no targets"


def test_the_configurations_of_other_tests_and_presets_are_in_order() -> None:
    assert warnings(test_load.DESIGN) == []
    for preset in sorted(PRESETS.glob("*.yaml")):
        checked = check_file(preset.read_text("utf-8"), preset.name)
        assert (checked.issues, checked.warnings) == ((), ())
