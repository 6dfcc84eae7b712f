from __future__ import annotations

from pathlib import Path

import pytest

from imagebot.config.model import ForgeOptions, GitCredential, Target
from imagebot.config.secret_source import SecretSource
from imagebot.errors import CredentialError, ForgeAuthError, ForgeError
from imagebot.forge.connect import open_forge
from imagebot.forge.github import GitHubForge
from imagebot.forge.sandbox import SandboxForge

TOKEN = GitCredential(name="c", token=SecretSource("env", "TOKEN"))
KEY = GitCredential(name="c", ssh_key="/key")
GITHUB = "https://github.com/acme/gitops.git"
ENVIRONMENT = {"TOKEN": "s3cret"}


def target(
    url: str = GITHUB,
    *,
    credential: GitCredential | None = TOKEN,
    options: ForgeOptions | None = None,
) -> Target:
    return Target(
        name="gitops",
        url=url,
        branch="main",
        credential=credential,
        forge=options or ForgeOptions(),
    )


@pytest.mark.parametrize("url", [GITHUB, "git@github.com:acme/gitops.git"])
def test_github_is_known_by_its_host(url: str) -> None:
    forge = open_forge(target(url), ENVIRONMENT)
    assert isinstance(forge, GitHubForge)
    assert forge.project == "acme/gitops"
    assert forge.api_url == "https://api.github.com"


def test_github_elsewhere() -> None:
    options = ForgeOptions(kind="github", url="https://github.example.com/api/v3/")
    forge = open_forge(target("https://github.example.com/a/b", options=options), ENVIRONMENT)
    assert isinstance(forge, GitHubForge)
    assert (forge.project, forge.api_url) == ("a/b", "https://github.example.com/api/v3")


@pytest.mark.parametrize("url", ["https://gitlab.com/a/b", "file:///srv/a.git"])
def test_no_forge(url: str) -> None:
    assert open_forge(target(url), ENVIRONMENT) is None
    assert open_forge(target(options=ForgeOptions(kind="none")), ENVIRONMENT) is None


def test_sandbox(tmp_path: Path) -> None:
    for url in (str(tmp_path), tmp_path.as_uri()):
        options = ForgeOptions(kind="sandbox", url=url)
        forge = open_forge(target("file:///srv/a.git", options=options), {})
        assert isinstance(forge, SandboxForge)
        assert (forge.folder, forge.project, forge.base) == (tmp_path, "srv/a", "main")


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (target(options=ForgeOptions(kind="sandbox")), "needs a folder"),
        (
            target("https://g.example.com/a/b", options=ForgeOptions(kind="github")),
            "unknown address",
        ),
        (target("https://github.com/a"), "is not a GitHub project"),
        (target("https://github.com/a/b/c"), "is not a GitHub project"),
        (target(options=ForgeOptions(url="http://api.example.com")), "https://"),
        (target(options=ForgeOptions(url="ftp://127.0.0.1")), "https://"),
    ],
)
def test_options_that_are_wrong(wrong: Target, reason: str) -> None:
    with pytest.raises(ForgeError, match=reason):
        open_forge(wrong, ENVIRONMENT)


@pytest.mark.parametrize("credential", [None, KEY])
def test_no_token(credential: GitCredential | None) -> None:
    with pytest.raises(ForgeAuthError, match="need a token") as caught:
        open_forge(target(credential=credential), ENVIRONMENT)
    assert caught.value.hint


def test_a_token_that_is_not_set() -> None:
    with pytest.raises(CredentialError):
        open_forge(target(), {})
