from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from imagebot.errors import GitError
from imagebot.git.checkout import open_checkout
from imagebot.git.credentials import Access
from tests.cli.conftest import Cli, deployment

GOOD = """\
policies: {stable: {semver: ^1}}
routes: [{name: all, files: ["**"], publish: commit, images: [{match: "**", policy: stable}]}]
tests:
  - {policy: stable, tags: [1.0.0, 1.2.0, 2.0.0], current: 1.0.0, expect: 1.2.0}
"""


def test_check_of_the_file_that_governs(cli: Cli, folder: Path) -> None:
    folder.joinpath("imagebot.yaml").write_text(GOOD)
    result = cli("config", "check")
    assert result.code == 0
    assert "all right" in result.out


def test_check_names_every_fault_with_its_place(cli: Cli, folder: Path) -> None:
    folder.joinpath("one.yaml").write_text("polices: {}\nroutes: 7\n")
    folder.joinpath("two.yaml").write_text("policies: {a: {semver: '>>1'}}\n")
    result = cli("config", "check", "one.yaml", "two.yaml")
    assert result.code == 2
    lines = result.err.splitlines()
    assert lines[0].startswith("one.yaml:1:1: polices")
    assert lines[1] == "hint: did you mean policies?"
    assert any(line.startswith("one.yaml:2:9: routes") for line in lines)
    assert any(line.startswith("two.yaml:1:") and "semver" in line for line in lines)


def test_check_of_the_bots_own_file(cli: Cli, folder: Path) -> None:
    folder.joinpath("bot.yaml").write_text("targets: [{url: 'https://u:p@host/x.git'}]\n")
    result = cli("config", "check", "-c", "bot.yaml")
    assert result.code == 2
    assert "bot.yaml:1:" in result.err
    assert "u:p" not in result.err


BAD_URLS = {
    "https://github.com/": "the URL has no path to a repository",
    "https://github.com": "the URL has no path to a repository",
    "https://github.com/a/b#x": "the URL of a Git repository must not contain `?` or `#`",
    "https://github.com/a/b?": "the URL of a Git repository must not contain `?` or `#`",
    "ssh://git@h/a?x=1": "the URL of a Git repository must not contain `?` or `#`",
    "ssh://-x@h/a": "the URL has no valid user name",
    "ssh://git@-oProxyCommand=x/a": "the URL has no valid host",
    "git@h:-x": "the URL has no valid host or path",
    "git@h:/": "the URL has no valid host or path",
    "-x@h:a": "a URL must not begin with a hyphen",
    "file://host/a": "a file URL needs three slashes and an absolute path",
    "http://github.com/a/b": "plain http can be read and changed on its way",
    "https://u:p@github.com/a/b": "the URL contains a user name or password",
    "ext::sh": "remote helpers (`name::`) run commands and are not allowed",
    "relative/path": "not a URL and not an absolute path",
    "https://git hub.com/a": "a URL must not contain spaces or control characters",
    "https://[::1/a": "not a valid URL",
}
CHECKS = (
    ("config", "check", "--bot", "bot.yaml"),
    ("run", "--bot", "bot.yaml"),
    ("doctor", "--bot", "bot.yaml"),
    ("plan", "--bot", "bot.yaml"),
)


@pytest.mark.parametrize("url", BAD_URLS)
def test_check_and_run_refuse_the_same_urls(cli: Cli, folder: Path, url: str) -> None:
    target = {"url": url, "branch": "main"}
    folder.joinpath("bot.yaml").write_text(f"targets:\n- {json.dumps(target)}\n")
    for arguments in CHECKS:
        result = cli(*arguments)
        assert result.code == 2
        assert f"bot.yaml:2:12: targets[0].url: {BAD_URLS[url]}" in result.err
    with pytest.raises(GitError), open_checkout(folder / "cache", url, "main", Access()):
        pass


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/a/b.git",
        "https://git.example:8443/a",
        "http://[::1]:3000/a",
        "http://127.8.9.1/a",
        "http://git.localhost/a",
        "ssh://git@h:22/a",
        "git@h:a/b",
        "h:a",
        "file:///a",
        "/a",
    ],
)
@pytest.mark.parametrize("branch", ["main", "größe", "_x", "a,b", "a(b)'c"])
def test_check_and_run_accept_the_same_urls_and_branches(
    cli: Cli, folder: Path, url: str, branch: str
) -> None:
    target = {"url": url, "branch": branch}
    folder.joinpath("bot.yaml").write_text(f"targets: [{json.dumps(target)}]\n")
    assert cli("config", "check", "--bot", "bot.yaml").code == 0
    with open_checkout(folder / "cache", url, branch, Access()) as checkout:
        assert checkout.branch == branch


@pytest.mark.parametrize(
    "branch", ["-x", "a..b", "a.lock", "@", "a b", "/a", "a\u202eb", "b" * 241]
)
def test_check_and_run_refuse_the_same_branches(cli: Cli, folder: Path, branch: str) -> None:
    target = {"branch": branch, "url": "/a"}
    folder.joinpath("bot.yaml").write_text(f"targets: [{json.dumps(target)}]\n")
    for arguments in CHECKS:
        result = cli(*arguments)
        assert result.code == 2
        assert ": targets[0].branch: " in result.err
        assert "not a valid name for a branch" in result.err
    with pytest.raises(GitError), open_checkout(folder / "cache", "/a", branch, Access()):
        pass


def test_check_without_a_file(cli: Cli) -> None:
    result = cli("config", "check")
    assert result.code == 2
    assert "imagebot init" in result.err


@pytest.mark.parametrize("arguments", [("schema",), ("schema", "--bot")])
def test_schema_is_a_json_schema(cli: Cli, arguments: tuple[str, ...]) -> None:
    schema = cli("config", *arguments).json
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["properties"]


def test_policy_tests(cli: Cli, folder: Path) -> None:
    folder.joinpath("imagebot.yaml").write_text(GOOD)
    result = cli("config", "test")
    assert result.code == 0
    assert "1 passed, 0 failed" in result.err


def test_policy_tests_that_fail(cli: Cli, folder: Path) -> None:
    folder.joinpath("imagebot.yaml").write_text(GOOD.replace("expect: 1.2.0", "expect: 2.0.0"))
    result = cli("config", "test")
    assert result.code == 1
    assert "imagebot.yaml:4" in result.out
    assert "1.2.0" in result.out
    assert "0 passed, 1 failed" in result.err


def test_a_file_without_tests(cli: Cli, folder: Path) -> None:
    folder.joinpath("imagebot.yaml").write_text("policies: {}\n")
    result = cli("config", "test")
    assert result.code == 2
    assert "no tests" in result.err


def test_init_writes_what_check_accepts(cli: Cli, folder: Path) -> None:
    folder.joinpath("clusters", "test").mkdir(parents=True)
    folder.joinpath("clusters/test/app.yaml").write_text(deployment("app:main-1-abcdef1"))
    assert cli("init").code == 0
    assert cli("config", "check").code == 0
    assert cli("scan", "--format", "json").json["fields"][0]["policy"]


def test_init_replaces_nothing_unasked(cli: Cli, folder: Path) -> None:
    folder.joinpath("imagebot.yaml").write_text("# mine\n")
    assert cli("init").code == 2
    assert folder.joinpath("imagebot.yaml").read_text() == "# mine\n"
    printed = cli("init", "--print")
    assert printed.code == 0
    assert folder.joinpath("imagebot.yaml").read_text() == "# mine\n"
    assert cli("init", "--force").code == 0
    assert folder.joinpath("imagebot.yaml").read_text() == printed.out


def test_init_of_an_empty_folder_still_gives_a_start(cli: Cli) -> None:
    assert cli("init").code == 0
    assert cli("config", "check").code == 0


@pytest.mark.parametrize(
    "command",
    [
        ["scan"],
        ["plan"],
        ["update"],
        ["set", "app:2"],
        ["config", "check"],
        ["config", "test"],
        ["pick", "--policy", "mine", "-"],
    ],
    ids=" ".join,
)
def test_a_configuration_that_is_a_link_out_of_the_tree_is_refused_and_not_shown(
    cli: Cli, folder: Path, command: list[str]
) -> None:
    folder.parent.joinpath("secret").write_text("hunter2:x:0:0\n")
    folder.joinpath("imagebot.yaml").symlink_to("../secret")
    folder.joinpath("a.yaml").write_text(deployment("app:1"))
    result = cli(*command)
    assert result.code == 2
    line, hint = result.err.splitlines()
    assert hint == "hint: put the file itself there"
    assert line.startswith(f"{folder / 'imagebot.yaml'}: is a link that leads out of {folder}")
    assert "hunter2" not in result.out + result.err
    assert folder.joinpath("a.yaml").read_text() == deployment("app:1")


def test_a_configuration_that_is_named_may_be_a_link_out_of_the_tree(
    cli: Cli, folder: Path
) -> None:
    folder.parent.joinpath("shared.yaml").write_text(GOOD)
    folder.joinpath("linked.yaml").symlink_to("../shared.yaml")
    assert cli("config", "check", "linked.yaml").code == 0


WARNED = GOOD.replace("semver: ^1", "pattern: ^v1/").partition("tests:")[0]


def test_a_warning_has_its_place_and_changes_no_exit_code(cli: Cli, folder: Path) -> None:
    folder.joinpath("imagebot.yaml").write_text(WARNED)
    result = cli("config", "check")
    assert result.code == 0
    warning, hint = result.err.splitlines()
    assert warning == (
        "warning: imagebot.yaml:1:30: policies.stable.pattern: no tag matches '^v1/'"
    )
    assert hint.startswith("hint: no tag has '/'")
    assert result.out == "imagebot.yaml: all right, with 1 warning\n"
    assert cli("scan").code == 0


def test_a_file_that_is_not_there_keeps_no_other_from_being_checked(cli: Cli, folder: Path) -> None:
    for name in ("a.yaml", "c.yaml"):
        folder.joinpath(name).write_text(GOOD)
    result = cli("config", "check", "a.yaml", "b.yaml", "c.yaml")
    assert result.code == 2
    assert result.out == "a.yaml: all right\nc.yaml: all right\n"
    assert result.err == "b.yaml: cannot be read: No such file or directory\n"


def test_check_reads_the_tests_too(cli: Cli, folder: Path) -> None:
    folder.joinpath("imagebot.yaml").write_text(GOOD.replace("current: 1.0.0", "current: a b"))
    result = cli("config", "check")
    assert result.code == 2
    assert "imagebot.yaml:4:" in result.err
    assert "tests[0].current: not a tag: 'a b'" in result.err


def test_a_bot_without_targets_is_refused_as_run_refuses_it(cli: Cli, folder: Path) -> None:
    folder.joinpath("bot.yaml").write_text("cache-dir: cache\n")
    assert cli("run", "-c", "bot.yaml").code == 2
    result = cli("config", "check", "-c", "bot.yaml")
    assert result.code == 2
    assert "there are no targets" in result.err


PROPOSING = GOOD.replace("publish: commit", "publish: pull-request").partition("tests:")[0]
TOKEN = "credentials: {git: {t: {token: {env: TOKEN}}}}\n"
GITLAB = "  - {url: 'https://gitlab.com/a/b', branch: main}\n"
GITHUB = "  - {url: 'https://github.com/a/b', branch: main, credential: t}\n"
OTHER_FORGES = {
    GITLAB: "imagebot knows no forge on gitlab.com",
    "  - {url: 'https://github.com/a/b', branch: main}\n": "pull requests need a token",
    "  - {url: 'https://github.com/a', branch: main, credential: t}\n": "not a GitHub project",
    GITHUB.replace("branch", "forge: {kind: none}, branch"): "its forge is `none`",
}


@pytest.mark.parametrize("target", OTHER_FORGES)
def test_pull_requests_that_no_target_can_have(cli: Cli, folder: Path, target: str) -> None:
    folder.joinpath("imagebot.yaml").write_text(PROPOSING)
    folder.joinpath("bot.yaml").write_text(f"targets:\n{target}{TOKEN}")
    result = cli("config", "check", "imagebot.yaml", "-c", "bot.yaml")
    assert result.code == 2
    assert result.err.startswith("imagebot.yaml:2:37: routes[0].publish: route 'all' opens pull ")
    assert OTHER_FORGES[target] in result.err
    assert "hint: " in result.err
    # A route of the bot's own file has the same targets.
    folder.joinpath("bot.yaml").write_text(f"targets:\n{target}{TOKEN}{PROPOSING}")
    result = cli("config", "check", "-c", "bot.yaml")
    assert result.code == 2
    assert OTHER_FORGES[target] in result.err


def test_pull_requests_that_some_targets_can_have(cli: Cli, folder: Path) -> None:
    folder.joinpath("imagebot.yaml").write_text(PROPOSING)
    folder.joinpath("bot.yaml").write_text(
        f"targets:\n{GITHUB}{GITLAB.replace('a/b', 'c/d')}{TOKEN}"
    )
    result = cli("config", "check", "imagebot.yaml", "-c", "bot.yaml")
    assert result.code == 0
    assert "warning: imagebot.yaml:2:37: routes[0].publish: " in result.err
    assert "gitlab.com" in result.err


@pytest.mark.parametrize(
    ("text", "target"),
    [
        (PROPOSING, GITHUB),
        (GOOD, GITLAB),
        (PROPOSING, GITLAB.replace("branch", "configuration: deploy/bot.yaml, branch")),
    ],
)
def test_pull_requests_that_are_in_order(cli: Cli, folder: Path, text: str, target: str) -> None:
    folder.joinpath("imagebot.yaml").write_text(text)
    folder.joinpath("bot.yaml").write_text(f"targets:\n{target}{TOKEN}")
    result = cli("config", "check", "imagebot.yaml", "-c", "bot.yaml")
    assert (result.code, result.err) == (0, "")


LIMITS = {
    "nothing that the route commits to": (
        "commit: [other/**]",
        2,
        "routes[0].files: route 'all' commits, but limits.commit of target 'b' allows none",
    ),
    "a part of it": (
        "commit: [clusters/test/**]",
        0,
        "target 'b' allows a part only",
    ),
    "no image of an entry": (
        "images: [quay.io/**]",
        0,
        "routes[0].images[0].match: 'ghcr.io/**' takes no image: limits.images of target 'b'",
    ),
    "all of it": ("commit: [clusters/**], images: ['**']", 0, ""),
}
LIMITED = """\
policies: {p: {semver: ^1}}
routes:
  - {name: all, files: [clusters/**], publish: commit, images: [{match: ghcr.io/**, policy: p}]}
"""


@pytest.mark.parametrize("name", LIMITS)
def test_limits_that_stand_against_routes(cli: Cli, folder: Path, name: str) -> None:
    limits, code, said = LIMITS[name]
    target = GITHUB.replace("credential: t", f"credential: t, name: b, limits: {{{limits}}}")
    folder.joinpath("imagebot.yaml").write_text(LIMITED)
    folder.joinpath("bot.yaml").write_text(f"targets:\n{target}{TOKEN}")
    result = cli("config", "check", "imagebot.yaml", "-c", "bot.yaml")
    assert result.code == code
    assert said in result.err
    assert bool(result.err) == bool(said)


def test_what_is_taken_before_is_within_no_limit(cli: Cli, folder: Path) -> None:
    before = "  - {name: first, files: ['**'], publish: pull-request, images: []}\n"
    folder.joinpath("imagebot.yaml").write_text(LIMITED.replace("routes:\n", f"routes:\n{before}"))
    target = GITHUB.replace("credential: t", "credential: t, limits: {commit: [other/**]}")
    folder.joinpath("bot.yaml").write_text(f"targets:\n{target}{TOKEN}")
    result = cli("config", "check", "imagebot.yaml", "-c", "bot.yaml")
    assert "limits.commit" not in result.err


def test_a_pause_is_told(cli: Cli, folder: Path) -> None:
    folder.joinpath("imagebot.yaml").write_text(f"{LIMITED}paused: we move\n")
    target = GITHUB.replace("credential: t", "credential: t, name: b, paused: true")
    folder.joinpath("bot.yaml").write_text(f"targets:\n{target}{TOKEN}")
    result = cli("config", "check", "imagebot.yaml", "-c", "bot.yaml")
    assert result.code == 0
    assert "warning: paused, nothing is published: we move" in result.err
    assert "warning: target 'b' is paused, nothing is published: paused in bot.yaml" in result.err


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        ("https://ghe.example", "https://ghe.example/api/v3?"),
        ("https://ghe.example/acme/gitops", "https://ghe.example/api/v3?"),
        ("https://github.com", "https://api.github.com?"),
        ("https://ghe.example/api/v3/", ""),
        ("https://api.acme.ghe.com", ""),
    ],
)
def test_an_address_that_is_not_the_api_s(cli: Cli, folder: Path, url: str, meant: str) -> None:
    forge = f"forge: {{kind: github, url: '{url}'}}, credential: t"
    target = GITHUB.replace("credential: t", forge)
    folder.joinpath("bot.yaml").write_text(f"targets:\n{target}{TOKEN}")
    result = cli("config", "check", "-c", "bot.yaml")
    assert result.code == 0
    assert bool(result.err) == bool(meant)
    assert meant in result.err
    assert not meant or result.err.startswith("warning: bot.yaml:2:")
