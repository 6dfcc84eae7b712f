from __future__ import annotations

import io

import click
import pytest

from imagebot.cli.policy_options import keys_of, policy_options
from imagebot.policy.keys import POLICY_KEYS
from tests.cli.conftest import Cli
from tests.support.registry import Registry

TAGS = "1.4.2\n1.4.10\n1.5.0-rc.1\n\nlatest\n2.0.0\n"


@pytest.fixture
def tags(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(TAGS))


@pytest.mark.usefixtures("tags")
def test_the_tag_alone_on_stdout_and_why_on_stderr(cli: Cli) -> None:
    result = cli("pick", "-", "--semver", "~1.4")
    assert result.code == 0
    assert result.out == "1.4.10\n"
    for tag in ("1.5.0-rc.1", "latest", "2.0.0"):
        assert f"\n{tag}: refused by " in result.err
    assert "\n1.4.10: chosen\n1.4.2: candidate\n" in result.err


@pytest.mark.usefixtures("tags")
def test_why_one_tag_and_not_another(cli: Cli) -> None:
    result = cli("pick", "-", "--semver", "~1.4", "--why", "2.0.0", "--why", "3.0.0")
    _, first, second = result.err.splitlines()
    assert first.startswith("2.0.0: refused by semver: ")
    assert second == "3.0.0: refused by missing: the registry does not list it"


@pytest.mark.usefixtures("tags")
def test_json_has_every_tag(cli: Cli) -> None:
    document = cli("pick", "-", "--semver", "~1.4", "--format", "json").json
    assert document["chosen"] == {"tag": "1.4.10", "version": "1.4.10", "digest": None}
    assert document["candidates"] == [
        {"tag": "1.4.10", "version": "1.4.10"},
        {"tag": "1.4.2", "version": "1.4.2"},
    ]
    assert {entry["tag"]: entry["version"] for entry in document["rejected"]} == {
        "1.5.0-rc.1": "1.5.0-rc.1",
        "latest": None,
        "2.0.0": "2.0.0",
    }
    assert {rejection["tag"] for rejection in document["rejected"]} == {
        "1.5.0-rc.1",
        "latest",
        "2.0.0",
    }


@pytest.mark.usefixtures("tags")
def test_the_current_tag_is_chosen_when_it_is_best(cli: Cli) -> None:
    result = cli("pick", "-", "--semver", "^1", "--current", "1.4.10")
    assert (result.code, result.out) == (0, "1.4.10\n")


@pytest.mark.usefixtures("tags")
def test_nothing_chosen(cli: Cli) -> None:
    result = cli("pick", "-", "--semver", "^7")
    assert (result.code, result.out) == (5, "")
    assert "no-candidate" in result.err


@pytest.mark.usefixtures("tags")
def test_a_policy_that_needs_a_registry(cli: Cli) -> None:
    result = cli("pick", "-", "--min-age", "3d")
    assert result.code == 2
    assert "min-age needs a registry" in result.err


@pytest.mark.usefixtures("tags")
def test_a_range_that_is_wrong_points_at_the_character(cli: Cli) -> None:
    result = cli("pick", "-", "--semver", "^1 <>2")
    assert result.code == 2
    assert "--semver" in result.err
    assert "character" in result.err


def test_stdin_that_holds_no_tags(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("not a tag\x1b[2J\n"))
    result = cli("pick", "-")
    assert result.code == 2
    assert "\x1b" not in result.err


def test_a_preset_by_name(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("1\n"))
    result = cli("pick", "-", "--policy", "nowhere")
    assert result.code == 2
    assert "production" in result.err


def test_asks_a_registry(cli: Cli, registry: Registry, repository: str) -> None:
    for tag in ("1.0.0", "1.1.0", "2.0.0"):
        registry.push_image(repository, tag)
    result = cli("pick", f"{registry.host}/{repository}:1.0.0")
    assert (result.code, result.out) == (0, "1.1.0\n")


def test_pins_to_the_digest_of_the_index(cli: Cli, registry: Registry, repository: str) -> None:
    digest = registry.push_index(repository, "1.0.0")
    result = cli("pick", f"{registry.host}/{repository}", "--semver", "*", "--pin", "digest")
    assert result.out == f"1.0.0@{digest}\n"


def test_a_tag_in_use_is_only_pinned(cli: Cli, registry: Registry, repository: str) -> None:
    digests = {tag: registry.push_image(repository, tag) for tag in ("1.0.0", "1.1.0")}
    name = f"{registry.host}/{repository}"
    assert cli("pick", f"{name}:1.0.0", "--pin", "digest").out == f"1.0.0@{digests['1.0.0']}\n"
    # Without one there is none to keep, unless the policy says so itself.
    assert cli("pick", name, "--pin", "digest").out == f"1.1.0@{digests['1.1.0']}\n"
    assert cli("pick", name, "--exists").out == "1.1.0\n"
    nothing = cli("pick", name, "--policy", "pin-digests")
    assert (nothing.code, nothing.out) == (5, "")
    assert "there is no tag, which means latest" in nothing.err


def test_the_version_of_latest(cli: Cli, registry: Registry, repository: str) -> None:
    for tag, content in (("1.29.1", "a"), ("1.30.0", "b"), ("latest", "a"), ("1.28.0", "c")):
        registry.push_image(repository, tag, content=content)
    name = f"{registry.host}/{repository}"
    result = cli("pick", f"{name}:1.28.0", "--version-of", "latest")
    assert (result.code, result.out) == (0, "1.29.1\n")
    assert "newer: 1.29.1 is what latest is now" in result.err
    assert "1.30.0: refused by version-of: not the image that latest is now" in result.err
    assert cli("pick", f"{name}:1.29.1", "--version-of", "latest").out == "1.29.1\n"
    kept = cli("pick", f"{name}:1.30.0", "--version-of", "latest")
    assert kept.out == "1.30.0\n"
    assert "no-candidate: latest is not 1.30.0, the only tag that the policy allows" in kept.err
    registry.push_image(repository, "latest", content="b")
    assert cli("pick", f"{name}:1.28.0", "--version-of", "latest").out == "1.30.0\n"
    assert cli("pick", name, "--version-of", "gone").code == 5


@pytest.mark.usefixtures("tags")
def test_the_version_of_a_tag_needs_a_registry(cli: Cli) -> None:
    result = cli("pick", "-", "--version-of", "latest")
    assert result.code == 2
    assert "version-of needs a registry" in result.err


def test_a_repository_that_does_not_exist(cli: Cli, registry: Registry, repository: str) -> None:
    result = cli("pick", f"{registry.host}/{repository}")
    assert result.code == 1
    assert repository in result.err


EVERY_OPTION = {
    "--semver": ("^1", "^1"),
    "--order": ("natural", "natural"),
    "--descending": (None, True),
    "--pattern": ("a", "a"),
    "--extract": ("$1", "$1"),
    "--strict": (None, "strict"),
    "--include": ("a", ["a"]),
    "--exclude": ("a", ["a"]),
    "--prerelease": ("never", "never"),
    "--variant": ("any", "any"),
    "--max": ("minor", "minor"),
    "--allow-downgrade": (None, True),
    "--ignore": ("1.x", [{"versions": "1.x"}]),
    "--follow": ("main", "main"),
    "--version-of": ("latest", "latest"),
    "--pin": ("with-tag", {"digest": "with-tag"}),
    "--min-age": ("3d", "3d"),
    "--min-age-unknown": ("accept", "accept"),
    "--platform": ("linux/arm64/v8.1", ["linux/arm64/v8.1"]),
    "--exists": (None, True),
    "--no-adopt": (None, False),
}


def test_every_key_is_an_option() -> None:
    """Each key of the table has its option, which says what YAML would."""
    given = [word for flag, (value, _) in EVERY_OPTION.items() for word in (flag, value) if word]
    seen: dict[str, object] = {}

    @click.command()
    @policy_options
    def command(**options: object) -> None:
        seen.update(keys_of(options))

    command.main(given, standalone_mode=False)
    assert seen == dict(
        zip(POLICY_KEYS, (value for _, value in EVERY_OPTION.values()), strict=True)
    )


def test_no_option_is_no_key() -> None:
    seen: list[object] = []

    @click.command()
    @policy_options
    def command(**options: object) -> None:
        seen.append(keys_of(options))

    command.main([], standalone_mode=False)
    command.main(["--prerelease", "--policy", "shape"], standalone_mode=False)
    command.main(["--adopt"], standalone_mode=False)
    assert seen == [{}, {"prerelease": "allow"}, {"adopt": True}]


@pytest.mark.usefixtures("tags")
def test_a_mistake_names_the_option(cli: Cli) -> None:
    result = cli("pick", "-", "--platform", "arm64")
    assert result.code == 2
    assert "--platform: not a platform: 'arm64'" in result.err
