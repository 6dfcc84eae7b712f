"""The target that is made from a checkout, and which token of the environment its remote gets."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from imagebot.cli.bot import open_bot
from imagebot.config.model import BotConfiguration, ForgeOptions, GitCredential
from imagebot.config.secret_source import SecretSource
from imagebot.errors import GitError, UsageError
from tests.support.git_repository import git

OURS, ACTIONS = "IMAGEBOT_GIT_TOKEN", "GITHUB_TOKEN"
ENTERPRISE = "https://github.example.com"
API = f"{ENTERPRISE}/api/v3"

Open = Callable[..., BotConfiguration]


@pytest.fixture
def open_here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Opens the bot in a checkout whose remote is `url`, with these variables set."""

    def start(url: str, **environment: str) -> BotConfiguration:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        git(folder, "init", "--quiet", "--initial-branch=trunk")
        git(folder, "remote", "add", "origin", url)
        return open_bot(None, os.environ)

    return start


def token_of(bot: BotConfiguration) -> str | None:
    """The name of the variable whose token the one target gets."""
    (target,) = bot.targets
    if target.credential is None:
        return None
    name = target.credential.name
    assert target.credential == GitCredential(name=name, token=SecretSource("env", name))
    return name


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("https://github.com/acme/gitops.git", None),
        ("https://github.com/acme/gitops", "https://github.com"),
        ("https://github.com/acme/gitops.git", "https://github.com/"),
        (f"{ENTERPRISE}/acme/gitops.git", ENTERPRISE),
        (f"{ENTERPRISE}:8443/acme/gitops.git", f"{ENTERPRISE}:8443"),
        # What a remote says about a login is left out before anything else.
        ("https://someone@github.com/acme/gitops.git", None),
        ("https://x-access-token:s3cret@github.com/acme/gitops.git", None),
    ],
)
def test_a_jobs_token_goes_to_its_own_github(url: str, server: str | None, open_here: Open) -> None:
    servers = {} if server is None else {"GITHUB_SERVER_URL": server}
    assert token_of(open_here(url, **{ACTIONS: "t"}, **servers)) == ACTIONS


OTHERS = [
    "https://gitlab.com/acme/gitops.git",
    "https://github.com.evil.example/acme/gitops.git",
    "https://evilgithub.com/acme/gitops.git",
    "https://evil.example/github.com/acme/gitops.git",
    "https://evil.example/https://github.com/acme/gitops.git",
    "https://api.github.com/acme/gitops.git",
    "https://www.github.com/acme/gitops.git",
    "https://github.com@evil.example/acme/gitops.git",
    "https://github.com:pass@evil.example/acme/gitops.git",
    "https://github.co/acme/gitops.git",
    "https://github-com.example/acme/gitops.git",
    # The same host in another spelling, or another server on it: only the very origin gets it.
    "https://GitHub.com/acme/gitops.git",
    "https://github.com:443/acme/gitops.git",
    "https://github.com:8443/acme/gitops.git",
    "git@github.com:acme/gitops.git",
    "ssh://git@github.com/acme/gitops.git",
    "file:///github.com/acme/gitops.git",
]


@pytest.mark.parametrize("url", OTHERS)
@pytest.mark.parametrize("server", [None, "https://github.com"])
def test_a_jobs_token_goes_nowhere_else(url: str, server: str | None, open_here: Open) -> None:
    servers = {} if server is None else {"GITHUB_SERVER_URL": server}
    assert token_of(open_here(url, **{ACTIONS: "t"}, **servers)) is None


@pytest.mark.parametrize(
    ("url", "server"),
    [
        # A job of an Enterprise server has a token of that server, which github.com must not see.
        ("https://github.com/acme/gitops.git", ENTERPRISE),
        (f"{ENTERPRISE}:8443/acme/gitops.git", ENTERPRISE),
        (f"{ENTERPRISE}/acme/gitops.git", f"{ENTERPRISE}:8443"),
        (f"{ENTERPRISE}.evil.example/acme/gitops.git", ENTERPRISE),
        (f"{ENTERPRISE}/acme/gitops.git", "https://example.com"),
        # The same host and port without TLS; git refuses http to any other host than this one.
        ("http://127.0.0.1:8443/acme/gitops.git", "https://127.0.0.1:8443"),
        ("https://127.0.0.1:8443/acme/gitops.git", "http://127.0.0.1:8443"),
        ("https://github.com/acme/gitops.git", ""),
    ],
)
def test_a_token_of_another_server_stays_here(url: str, server: str, open_here: Open) -> None:
    assert token_of(open_here(url, **{ACTIONS: "t", "GITHUB_SERVER_URL": server})) is None


def test_plain_http_to_github_is_refused(open_here: Open) -> None:
    with pytest.raises(GitError, match="plain http"):
        open_here("http://github.com/acme/gitops.git", **{ACTIONS: "t"})


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://github.com/acme/gitops.git", OURS),
        ("https://gitlab.com/acme/gitops.git", OURS),
        ("http://127.0.0.1:8080/acme/gitops.git", OURS),
        ("git@github.com:acme/gitops.git", None),
        ("ssh://git@gitlab.com/acme/gitops.git", None),
        ("file:///srv/gitops.git", None),
    ],
)
def test_our_own_token_goes_to_the_remote_over_http(
    url: str, found: str | None, open_here: Open
) -> None:
    """Whoever sets it has set it for this checkout; it wins over the job's."""
    assert token_of(open_here(url, **{OURS: "t", ACTIONS: "other"})) == found


@pytest.mark.parametrize(
    ("environment", "found"),
    [({}, None), ({OURS: ""}, None), ({OURS: "", ACTIONS: "t"}, ACTIONS), ({ACTIONS: ""}, None)],
)
def test_an_empty_variable_is_not_a_token(
    environment: dict[str, str], found: str | None, open_here: Open
) -> None:
    assert token_of(open_here("https://github.com/acme/gitops.git", **environment)) == found


@pytest.mark.parametrize(
    ("url", "server", "api", "options"),
    [
        (f"{ENTERPRISE}/a/b", ENTERPRISE, API, ForgeOptions(kind="github", url=API)),
        ("https://github.com/a/b", ENTERPRISE, API, ForgeOptions()),
        (f"{ENTERPRISE}:8443/a/b", ENTERPRISE, API, ForgeOptions()),
        (f"{ENTERPRISE}.evil.example/a/b", ENTERPRISE, API, ForgeOptions()),
        (f"{ENTERPRISE}/a/b", ENTERPRISE, "", ForgeOptions()),
    ],
)
def test_the_api_of_an_enterprise_server(
    url: str, server: str, api: str, options: ForgeOptions, open_here: Open
) -> None:
    bot = open_here(url, GITHUB_SERVER_URL=server, GITHUB_API_URL=api)
    assert bot.targets[0].forge == options


def test_the_target_of_a_checkout(open_here: Open, folder: Path) -> None:
    bot = open_here("https://github.com/acme/gitops.git")
    (target,) = bot.targets
    assert (bot.path, target.name, target.branch) == ("", folder.name, "trunk")
    assert target.url == "https://github.com/acme/gitops.git"


def test_a_file_without_targets_is_a_usage_error(folder: Path) -> None:
    folder.joinpath("bot.yaml").write_text("cache-dir: cache\n")
    with pytest.raises(UsageError, match=r"bot\.yaml has no targets") as caught:
        open_bot("bot.yaml", {})
    assert "targets:" in caught.value.hint
