from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.config.later import LATER
from imagebot.config.load import load_configuration
from imagebot.config.model import Configuration, Position
from imagebot.errors import ConfigurationError
from imagebot.manifest.images.options import ExtraField, ExtraFile
from imagebot.text import printable
from tests.config.shown import show

DESIGN = """\
policies:                          # which tag; the order of names means nothing
  every-push:
    pattern: '^main-(?P<build>[0-9]+)-[0-9a-f]{7}$'
    extract: $build
    order: numerical
  careful: {max: minor, min-age: 3d, pin: digest}
  api: {extends: careful, semver: ^1.4}
routes:                            # by file; the first that matches takes it
  - name: test
    files: [clusters/test/**]
    publish: commit
    images:                        # by image; the first that matches
      - {match: ghcr.io/acme/**, policy: every-push}
  - name: production
    files: [clusters/production/**]
    publish: pull-request
    pull-request: {group: all, labels: [images], reviewers: [acme/sre]}
    images:
      - {match: ghcr.io/acme/api, policy: api}
      - {match: "**/postgres", policy: ignore}
      - {match: "**", policy: careful}
"""

ROUTE = """\
  - name: {name}
    files: ["**"]
    publish: pull-request
    images: [{{match: "**", policy: {policy}}}]
"""


def load(text: str, *, trusted: bool = False) -> Configuration:
    return load_configuration(text, "imagebot.yaml", trusted=trusted)


def issues(text: str, *, trusted: bool = False) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load(text, trusted=trusted)
    return [show(issue).removeprefix("imagebot.yaml:") for issue in caught.value.issues]


def test_the_example_of_the_design() -> None:
    configuration = load(DESIGN)
    assert configuration.warnings == ()
    test, production = configuration.routes
    assert (test.name, test.files, test.publish) == ("test", ("clusters/test/**",), "commit")
    assert [(rule.match, rule.policy) for rule in production.images] == [
        ("ghcr.io/acme/api", "api"),
        ("**/postgres", "ignore"),
        ("**", "careful"),
    ]
    assert production.place == Position("imagebot.yaml", 14, 5)
    assert production.images[1].place == Position("imagebot.yaml", 20, 9)
    assert production.pull_request.labels == ("images",)
    assert production.pull_request.reviewers == ("acme/sre",)
    api = configuration.policies["api"]
    assert (api.order, api.max, api.min_age) == ("semver", "minor", timedelta(days=3))
    every_push = configuration.policies["every-push"]
    assert every_push.order == "numerical"
    assert every_push.pattern is not None
    assert every_push.pattern.search("main-42-0a1b2c3") == "42"
    assert configuration.policies["ignore"].ignored
    assert configuration.policies["shape"].max == "minor"


def test_the_other_sections() -> None:
    configuration = load("""\
files:
  exclude: [vendor/**]
  patterns:
    - {match: ["**/Dockerfile"], pattern: '^FROM (?P<name>\\S+):(?P<tag>\\S+)'}
fields:
  - {kind: Prometheus, path: spec.image}
  - {kind: Thing, repository: spec.name, tag: spec.image.version, registry: spec.host}
  - {kind: "*", path: spec.image, tag: spec.version}
commit:
  author: {name: Acme Bot, email: bot@acme.example}
paused: the release is frozen
""")
    assert configuration.files.exclude == ("vendor/**",)
    assert configuration.files.patterns == (
        ExtraFile(match=("**/Dockerfile",), pattern="^FROM (?P<name>\\S+):(?P<tag>\\S+)"),
    )
    assert configuration.fields == (
        ExtraField(kind="Prometheus", path="spec.image"),
        ExtraField(
            kind="Thing", repository="spec.name", tag="spec.image.version", registry="spec.host"
        ),
        ExtraField(kind="*", path="spec.image", tag="spec.version"),
    )  # fmt: skip
    assert configuration.commit.author_name == "Acme Bot"
    assert configuration.commit.author_email == "bot@acme.example"
    assert configuration.paused == "the release is frozen"


@pytest.mark.parametrize(
    ("value", "reason"), [("true", "paused in imagebot.yaml"), ("false", ""), ("why", "why")]
)
def test_paused(value: str, reason: str) -> None:
    assert load(f"paused: {value}\n").paused == reason


@pytest.mark.parametrize("text", ["", "---\n", "{}\n", "# nothing yet\n"])
def test_an_empty_file_manages_nothing_and_says_so(text: str) -> None:
    configuration = load(text)
    assert configuration.routes == ()
    assert configuration.warnings == ("imagebot.yaml: there are no routes, so nothing is managed",)


class TestExtends:
    def test_replaces_key_by_key_and_null_unsets(self) -> None:
        policies = load("""\
policies:
  a: {semver: ^1, max: minor, platforms: [linux/amd64], pin: {digest: with-tag}}
  b: {extends: a, semver: ^2, platforms: [linux/arm64], pin: digest}
  c: {extends: b, semver: null, order: numerical, max: null}
""").policies
        assert policies["b"].max == "minor"
        assert policies["b"].platforms == ("linux/arm64",)
        assert policies["b"].pin == "always"
        assert (policies["c"].order, policies["c"].range, policies["c"].max) == (
            "numerical", None, None,
        )  # fmt: skip

    def test_the_order_of_names_means_nothing(self) -> None:
        one = load("policies:\n  a: {max: patch}\n  b: {extends: a}\n").policies
        other = load("policies:\n  b: {extends: a}\n  a: {max: patch}\n").policies
        assert one == other
        assert other["b"].max == "patch"

    @pytest.mark.parametrize("base", ["production", "shape"])
    def test_presets_and_shape(self, base: str) -> None:
        assert load(f"policies:\n  a: {{extends: {base}}}\n").policies["a"].max == "minor"

    def test_a_long_chain(self) -> None:
        links = "".join(f"  p{n}: {{extends: p{n + 1}}}\n" for n in range(2000))
        policies = load(f"policies:\n{links}  p2000: {{max: patch}}\n").policies
        assert policies["p0"].max == "patch"

    @pytest.mark.parametrize(
        ("policies", "expected"),
        [
            ("  a: {extends: a}\n", ["2:16: policies.a.extends: extends itself: a -> a"]),
            (
                "  a: {extends: b}\n  b: {extends: c}\n  c: {extends: b}\n  d: {extends: a}\n",
                ["3:16: policies.b.extends: extends itself: b -> c -> b"],
            ),
            (
                "  a: {extends: produktion}\n",
                ["2:16: policies.a.extends: there is no policy or preset 'produktion' (did"],
            ),
            (
                "  a: {extends: ignore}\n",
                ["2:16: policies.a.extends: ignore cannot be extended"],
            ),
            ("  a: {semver: }\n", ["2:7: policies.a.semver: has no value, and there is nothing"]),
            (
                "  a: {max: minor}\n  b: {extends: a, max: null, semver: null}\n",
                ["3:30: policies.b.semver: has no value, and there is nothing to unset"],
            ),
            ("  a: {extends: null}\n", ["2:16: policies.a.extends: must be text, not nothing"]),
            # What extends something broken is not told of again.
            (
                "  a: {max: big}\n  b: {extends: a}\n",
                ["2:12: policies.a.max: must be one of patch, minor, major, not 'big'"],
            ),
            (
                "  a: {semver: '>>1'}\n  b: {extends: a, max: minor}\n",
                ["2:17: policies.a.semver: '>' does not start a version at character 2 of '>>1'"],
            ),
            (
                "  a: {semver: ^1}\n  b: {extends: a, order: numerical}\n",
                ["3:26: policies.b.order: cannot be combined with semver, which i"],
            ),
            (
                "  a: {pattern: (x), extract: $1}\n  b: {extends: a, pattern: null}\n",
                ["3:16: policies.b.extends: extract, inherited: needs a pattern to extract from"],
            ),
        ],
    )  # fmt: skip
    def test_issues(self, policies: str, expected: list[str]) -> None:
        found = issues("policies:\n" + policies)
        assert [
            issue[: len(start)] for issue, start in zip(found, expected, strict=True)
        ] == expected


class TestDuplicates:
    def test_names_of_policies(self) -> None:
        assert issues("policies:\n  a: {}\n  b: {}\n  a: {}\n") == [
            "4:3: policies.a: given twice, first on line 2"
        ]

    def test_names_of_routes(self) -> None:
        text = "routes:\n" + ROUTE.format(name="a", policy="shape") * 2
        assert issues(text) == ["6:11: routes[1].name: 'a' is defined twice, first on line 2"]

    def test_names_of_presets_and_what_is_built_in(self) -> None:
        advice = "give the policy another name, and write extends: production"
        assert issues("policies:\n  production: {}\n  shape: {}\n  ignore: {}\n") == [
            f"2:3: policies.production: defined twice: a preset has this name ({advice})",
            "3:3: policies.shape: this name is built in (give the policy another name)",
            "4:3: policies.ignore: this name is built in (give the policy another name)",
        ]


POLICY_ISSUES = [
    ("{semver: '^1.2 <<3'}", "2:22: policies.p.semver: '<' does not start a version"),
    ("{semver: ^1.2 <<3}", "2:21: policies.p.semver: '<' does not start a version"),
    ("{pattern: 'a('}", "2:17: policies.p.pattern: missing ): a( in 'a('"),
    ("{pattern: a, extract: $x}", "2:28: policies.p.extract: the pattern has no group 'x'"),
    ("{extract: $1}", "2:16: policies.p.extract: needs a pattern to extract from"),
    ("{order: numeric}",
     "2:14: policies.p.order: must be one of numerical, alphabetical, natural, calver, pushed, "),
    ("{order: semver}", "2:14: policies.p.order: must be one of "),
    ("{min-age: 3}", "2:16: policies.p.min-age: not a valid duration: '3'"),
    ("{min-age: 3 days}", "2:"),
    ("{min_age: 3d}", "2:7: policies.p.min_age: unknown key (did you mean min-age?)"),
    ("{maxx: minor}", "2:7: policies.p.maxx: unknown key (did you mean max?)"),
    ("{zzz: 1}", "2:7: policies.p.zzz: unknown key (known are adopt, allow-downgrade, "),
    ("{adopt: no}", "2:14: policies.p.adopt: must be true or false, not text"),
    ("{descending: 1}", "2:19: policies.p.descending: must be true or false, not a number"),
    ("{pin: tag}", "2:12: policies.p.pin: must be digest, not 'tag'"),
    ("{pin: {digest: with-tags}}",
     "2:21: policies.p.pin.digest: must be one of with-tag, always, not 'with-tags' (did you mean"),
    ("{pin: {}}", "2:7: policies.p.pin: digest is missing"),
    ("{pin: {digest: with-tag, tag: x}}", "2:31: policies.p.pin.tag: unknown key"),
    ("{platforms: [linux]}",
     "2:19: policies.p.platforms[0]: not a platform: 'linux'"),
    ("{platforms: linux/amd64}", "2:18: policies.p.platforms: must be a list, not text"),
    ("{include: ['*', '/(/']}", "2:23: policies.p.include[1]: missing ): ("),
    ("{exclude: {a: 1}}", "2:16: policies.p.exclude: must be a list, not a mapping"),
    ("{ignore: [{versions: 1.2}]}", "2:16: policies.p.ignore[0]: reason is missing"),
    ("{ignore: [1.2]}", "2:16: policies.p.ignore[0]: must be a mapping, not a number"),
    ("{ignore: [{versions: 1, reason: a}, {versions: '>>1', reason: b}]}",
     "2:55: policies.p.ignore[1].versions: neither a tag nor a range"),
    ("{ignore: [{versions: 1, reason: a, until: 2024-13-01}]}",
     "2:48: policies.p.ignore[0].until: not a date: '2024-13-01'"),
    ("{follow: a/b}", "2:15: policies.p.follow: not a tag: 'a/b'"),
    ("{follow: a, semver: ^1}", "2:15: policies.p.follow: semver chooses among tags"),
    ("{signatures: {}}", "2:7: policies.p.signatures: not yet: verifying signatures"),
    ("~", "2:6: policies.p: must be a mapping, not nothing"),
    ("[]", "2:6: policies.p: must be a mapping, not a list"),
    ("{semver: [1]}", "2:15: policies.p.semver: must be text, not a list"),
    ("{pattern: ''}", "2:16: policies.p.pattern: must not be empty"),
    ('{pattern: "a\\nb"}', "2:16: policies.p.pattern: must be one line without control characters"),
]  # fmt: skip


@pytest.mark.parametrize(("policy", "expected"), POLICY_ISSUES)
def test_policy_issues(policy: str, expected: str) -> None:
    (issue,) = issues(f"policies:\n  p: {policy}\n")
    assert issue.startswith(expected)


def test_every_fault_of_a_policy_is_told() -> None:
    found = issues("policies:\n  p: {semver: '>>1', pattern: 'a(', min-age: x, include: '/(/'}\n")
    assert [issue.split(": ")[1] for issue in found] == [
        "policies.p.semver", "policies.p.pattern", "policies.p.min-age", "policies.p.include",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "text"), [("1.10", "1.10"), ("'1.10'", "1.10"), ("2", "2"), ("0x10", None)]
)
def test_a_range_is_taken_as_it_is_spelt(written: str, text: str | None) -> None:
    policy = f"policies:\n  p: {{semver: {written}}}\n"
    if text is None:
        assert "policies.p.semver" in issues(policy)[0]
    else:
        versions = load(policy).policies["p"].range
        assert versions is not None
        assert versions.text == text


ROUTE_ISSUES = [
    ("name: r\nname: s", "3:5: routes[0].name: given twice, first on line 2"),
    ("files: []", "3:12: routes[0].files: must not be empty"),
    ("files: a", "3:12: routes[0].files: must be a list, not text"),
    ("files: [/a]", "3:13: routes[0].files[0]: '/a' cannot match any file (paths begin at"),
    ("files: [a/]", "3:13: routes[0].files[0]: 'a/' cannot match any file (write a/**)"),
    ("files: [a/../b]", "3:13: routes[0].files[0]: 'a/../b' cannot match any file"),
    ("files: ['a[']", "3:14: routes[0].files[0]: the glob 'a[' has an open bracket"),
    ("files: ['[z-a]']", "3:14: routes[0].files[0]: the glob '[z-a]' has an invalid set"),
    ("publish: push", "3:14: routes[0].publish: must be one of commit, pull-request, not 'push'"),
    ("publish: pull_request",
     "3:14: routes[0].publish: must be one of commit, pull-request, not 'pull_request' (did you"),
    ("images: []", "3:13: routes[0].images: must not be empty"),
    ("images: [{match: nginx, policy: shape}]",
     "3:22: routes[0].images[0].match: 'nginx' cannot match anything (write docker.io/library/"),
    ("images: [{match: ghcr.io/a/b:1, policy: shape}]",
     "3:22: routes[0].images[0].match: 'ghcr.io/a/b:1' has a tag or digest"),
    ("images: [{match: 'ghcr.io/A/b', policy: shape}]",
     "3:23: routes[0].images[0].match: not a repository: 'ghcr.io/A/b': a repository must be"),
    ("images: [{match: '**', policy: shap}]",
     "3:36: routes[0].images[0].policy: there is no policy 'shap' (did you mean shape?)"),
    ("images: [{match: '**'}]", "3:14: routes[0].images[0]: policy is missing"),
    ("pull-request: {group: file}",
     "3:27: routes[0].pull-request.group: must be one of all, repository, not 'file'"),
    ("pull-request: {label: [a]}",
     "3:20: routes[0].pull-request.label: unknown key (did you mean labels?)"),
    ("token: x",
     "3:5: routes[0].token: unknown key (secrets, hosts and commands belong in "),
]  # fmt: skip


@pytest.mark.parametrize(("key", "expected"), ROUTE_ISSUES)
def test_route_issues(key: str, expected: str) -> None:
    name = key.partition(":")[0]
    rest = {
        "files": "['**']",
        "publish": "pull-request",
        "images": "[{match: '**', policy: shape}]",
    }
    rest.pop(name, None)
    lines = [*key.split("\n"), *(f"{other}: {value}" for other, value in rest.items())]
    lead = [] if name == "name" else ["name: r"]
    body = "\n    ".join([*lead, *lines])
    found = issues(f"routes:\n  - {body}\n")
    assert len(found) == 1
    assert found[0].startswith(expected)


@pytest.mark.parametrize(
    ("keys", "wrong"),
    [
        ("{semver: '^^1', min-age: 3x}", ["semver", "min-age"]),
        (
            "{semver: '^^1', min-age: 3, platforms: [linux], follow: 'a b', pattern: '('}",
            ["semver", "min-age", "platforms[0]", "follow", "pattern"],
        ),
        ("{max: huge, order: foo, semver: '^^1'}", ["max", "order", "semver"]),
        ("{include: ['/(/', a, '['], max: 1, extract: $1}", ["include[0]", "include[2]", "max"]),
        ("{maks: 1, pattern: '('}", ["maks", "pattern"]),
    ],
)
def test_every_wrong_value_of_a_policy_is_reported(keys: str, wrong: list[str]) -> None:
    found = issues(f"policies:\n  p: {keys}\n")
    assert [issue.split(": ")[1] for issue in found] == [f"policies.p.{key}" for key in wrong]


def test_an_order_may_be_reversed_further_down() -> None:
    text = "policies:\n  a: {order: alphabetical}\n  b: {extends: a, descending: true}\n"
    assert load_configuration(text, "i.yaml", trusted=False).policies["b"].descending


OTHER_ISSUES = [
    ("[]", "1:1: must be a mapping, not a list"),
    ("text", "1:1: must be a mapping, not text"),
    ("polices: {}", "1:1: polices: unknown key (did you mean policies?)"),
    ("policies: []", "1:11: policies: must be a mapping, not a list"),
    ("policies:", "1:"),
    ("policies: {a b: {}}", "1:12: policies.a b: not a name: 'a b'"),
    ("routes: {}", "1:9: routes: must be a list, not a mapping"),
    ("paused: 3", "1:9: paused: must be text, not a number"),
    ("commit: {author: {name: 'a <b>'}}",
     "1:26: commit.author.name: must be a name without < and >"),
    ("commit: {author: {email: nobody}}", "1:26: commit.author.email: must be an address"),
    ("fields: [{kind: A}]", "1:10: fields[0]: needs one of path, repository and image"),
    ("fields: [{kind: A, path: a, repository: b}]",
     "1:10: fields[0]: needs one of path, repository and image"),
    ("fields: [{kind: A, repository: b}]", "1:10: fields[0]: needs tag or digest too"),
    ("fields: [{kind: A, path: a..b}]",
     "1:26: fields[0].path: not a path like spec.image: 'a..b'"),
    ("files: {patterns: [{match: [a], pattern: x}]}",
     "1:42: files.patterns[0].pattern: needs the groups name and tag (or digest)"),
    ("files: {patterns: [{match: [a], pattern: '(?P<name>a)(?P<tag>b)(?P<x>c)'}]}",
     "1:43: files.patterns[0].pattern: has the unknown group x"),
    ("files: {patterns: [{match: [a], pattern: '(?P<name>a)(?P<tag>'}]}",
     "1:43: files.patterns[0].pattern: not an RE2 expression: missing ): (?P<name>a)(?P<tag>"),
    ("files: {patterns: [{match: [a], pattern: '(?P<name>a'}]}",
     "1:43: files.patterns[0].pattern: not an RE2 expression: missing )"),
    ("tests: [{policy: nope, tags: [], expect: null}]",
     "1:18: tests[0].policy: there is no policy 'nope'"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), OTHER_ISSUES)
def test_other_issues(text: str, expected: str) -> None:
    (issue,) = issues(text)
    assert issue.startswith(expected)


def test_all_issues_come_at_once_in_the_order_of_their_places() -> None:
    found = issues("""\
paused: 3
policies:
  a: {maks: minor}
  b: {semver: '>>1'}
  c: {extends: nobody}
routes:
  - {name: r, files: ["**"], publish: commit, images: [{match: "**", policy: d}]}
polices: {}
""")
    assert [":".join(issue.split(":")[:2]) for issue in found] == [
        "1:9", "3:7", "4:17", "5:16", "7:78", "8:1",
    ]  # fmt: skip


def test_a_policy_with_a_fault_is_still_a_known_name() -> None:
    text = "policies:\n  a: {maks: 1}\nroutes:\n" + ROUTE.format(name="r", policy="a")
    assert len(issues(text)) == 1


BOT_ONLY = [
    *("targets", "credentials", "registries", "notify", "limits", "serve"),
    *("cache-dir", "registry-deadline"),
]


@pytest.mark.parametrize("key", BOT_ONLY)
def test_a_file_of_a_target_cannot_say_where_or_with_which_secrets(key: str) -> None:
    (issue,) = issues(f"routes: []\n{key}: {{a: [b]}}\n")
    assert issue.startswith(f"2:1: {key}: a file in a target cannot set this (it belongs in ")
    assert "the bot's own file" in issue


def test_a_trusted_file_may_but_is_told_that_it_has_no_effect() -> None:
    text = "credentials: {git: {a: {token: {env: A}}}}\n"
    assert any("credentials" in warning for warning in load(text, trusted=True).warnings)
    assert issues("credentials: {git: {a: {}}}\n", trusted=True) == [
        "1:24: credentials.git.a: needs a token or an ssh-key (both, for ssh and a forge's API)"
    ]


@pytest.mark.parametrize("path", list(LATER))
def test_what_has_no_stage_yet_is_refused_in_so_many_words(path: str) -> None:
    keys = path.replace("*", "p").split(".")
    text = "".join(f"{'  ' * depth}{key}:\n" for depth, key in enumerate(keys))
    assert any("not yet: " in issue for issue in issues(text, trusted=True))


def test_policy_keys_have_what_they_inherit() -> None:
    text = "policies:\n  a: {max: patch}\n  b: {extends: a, exists: true}\n"
    keys = load_configuration(text, "x", trusted=False).policy_keys
    assert keys["b"] == {"max": "patch", "exists": True}
    assert keys["production"]["max"] == "minor"


WORDS = st.sampled_from(
    ["policies", "routes", "files", "fields", "commit", "paused", "tests", "targets", "extends",
     "semver", "order", "pattern", "pin", "digest", "min-age", "ignore", "versions", "reason",
     "include", "name", "publish", "images", "match", "policy", "pull-request", "group", "a", "b",
     "patterns", "kind", "path", "author", "notify", "signatures", "shape", "production"]
)  # fmt: skip
SCALARS = st.one_of(
    WORDS,
    st.sampled_from(
        ["^1", ">>", "**", "*", "/(/", "numerical", "with-tag", "3d", "commit", "$1", "(x)", "",
         "[", "https://u:secret@h", "1.2", "\x1b[31m", "é"]
    ),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.none(),
    st.text(max_size=20),
)  # fmt: skip
TREES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.one_of(WORDS, st.text(max_size=5)), inner)
    ),
    max_leaves=30,
)


def flow(value: object) -> str:
    """A value as flow YAML; only texts need care."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{flow(key)}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    if isinstance(value, str):
        return '"' + "".join(f"\\U{ord(char):08x}" for char in value) + '"'
    return "null" if value is None else str(value).lower()


@given(st.dictionaries(WORDS, TREES, max_size=5))
def test_any_tree_is_a_configuration_or_issues(tree: object) -> None:
    for trusted in (False, True):
        for issue in errors_of(flow(tree), trusted=trusted):
            assert printable(issue) == issue
            assert "secret" not in issue.replace("secrets, hosts", "")


def errors_of(text: str, *, trusted: bool) -> list[str]:
    try:
        load(text, trusted=trusted)
    except ConfigurationError as error:
        return [show(issue) for issue in error.issues]
    return []


def test_how_it_commits() -> None:
    commit = load("""
commit:
  author: {name: Deploy Team, email: deploy@acme.example}
  committer: {name: imagebot, email: bot@acme.example}
  prefix: "chore({folder}): "
  subject: "{images} {from} -> {to} {{now}}"
  suffix: "[skip ci]"
  sign-off: true
""").commit
    assert commit.committer == ("imagebot", "bot@acme.example")
    assert (commit.author_name, commit.author_email) == ("Deploy Team", "deploy@acme.example")
    assert (commit.prefix, commit.subject) == (
        "chore({folder}): ",
        "{images} {from} -> {to} {{now}}",
    )
    assert (commit.suffix, commit.sign_off) == ("[skip ci]", True)


def test_the_committer_is_the_author_unless_named() -> None:
    assert load("{}").commit.committer == ("imagebot", "imagebot@users.noreply.github.com")
    commit = load("commit: {author: {name: A, email: a@b.example}}").commit
    assert commit.committer == ("A", "a@b.example")


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("subject: '{imags}'", "unknown placeholder {imags}", "did you mean {images}?"),
        ("subject: '{subject}'", "unknown placeholder {subject}", "known: {summary}, "),
        ("prefix: '{to.__class__}'", "unknown placeholder {to.__class__}", ""),
        ("subject: '{to!r}'", "unknown placeholder {to!r}", ""),
        ("subject: '{count:9999999999}'", "unknown placeholder {count:9999999999}", ""),
        ("subject: '{}'", "unknown placeholder {}", "known: "),
        ("subject: '{'", "a brace is not closed, or not opened", "write {{ and }} for braces"),
        ("subject: '}'", "a brace is not closed, or not opened", ""),
        ("subject: ''", "must not be empty", ""),
        (f"subject: {'x' * 201}", "longer than 200 characters", ""),
        (f"prefix: {'x' * 41}", "longer than 40 characters", ""),
        (f"suffix: {'x' * 25}", "longer than 24 characters", ""),
        ('suffix: "a\\nb"', "must be one line without control characters", ""),
        ('prefix: "a\\u202eb"', "must be one line without control characters", ""),
        ("committer: {name: A}", "", ""),
        ("committer: {name: 'A <b>', email: a@b}", "must be a name without < and >", ""),
        ('author: {name: "A\\nSigned-off-by: B", email: a@b}', "must be one line", ""),
    ],
)
def test_wrong_texts_of_commits(text: str, message: str, hint: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(f"commit:\n  {text}\n")
    (issue,) = caught.value.issues
    assert message in str(issue)
    assert hint in issue.hint


def test_titles_have_placeholders_too() -> None:
    route = "{name: a, files: ['**'], publish: pull-request, images: [{match: '**', policy: shape}]"
    options = load(f"routes: [{route}, pull-request: {{title: '{{subject}} now'}}}}]").routes[0]
    assert options.pull_request.title == "{subject} now"
    with pytest.raises(ConfigurationError) as caught:
        load(f"routes: [{route}, pull-request: {{title: '{{subjct}}'}}}}]")
    assert caught.value.issues[0].hint == "did you mean {subject}?"
