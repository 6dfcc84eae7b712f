"""Opens the forge of a target."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import unquote, urlsplit

from imagebot.config.model import GitCredential, Target
from imagebot.config.secret import read_token
from imagebot.errors import CredentialError, ForgeAuthError, ForgeError
from imagebot.git.url import GitUrl, parse_url
from imagebot.http.address import is_loopback, netloc
from imagebot.parallel.stop import Stop
from imagebot.values import dataclass

if TYPE_CHECKING:
    from imagebot.forge.model import Forge

Environment = Mapping[str, str]


def open_forge(target: Target, environment: Environment, stop: Stop | None = None) -> Forge | None:
    """The forge that the target's options name, else the one of its URL's host; None without one.

    Makes no request, and the forge makes none once `stop` was asked. Raises ForgeError,
    CredentialError, and GitError for an invalid URL.
    """
    return FORGES[forge_kind(target)](target, parse_url(target.url), environment, stop or Stop())


def check_forge(target: Target) -> None:
    """Whether the options of a target let imagebot open pull requests; its secrets are not read.

    Raises ForgeError, and GitError for an invalid URL.
    """
    url = parse_url(target.url)
    kind = forge_kind(target)
    if kind == "none":
        unknown = f"imagebot knows no forge on {url.host or 'a file URL'}"
        raise ForgeError(
            target.name,
            "its forge is `none`" if target.forge.kind else unknown,
            hint="set the target's forge, or `publish: commit` on the route",
        )
    _CHECKS[kind](target, url)


def forge_kind(target: Target) -> str:
    """One of FORGES: what the options say, else what the URL's host is known for."""
    known = parse_url(target.url).host == "github.com"
    return target.forge.kind or ("github" if known else "none")


@dataclass(frozen=True, slots=True)
class ForgeAccess:
    """A target's forge, opened once for a pass; `error` is why it cannot be used."""

    forge: Forge | None = None
    error: ForgeError | CredentialError | None = None

    @property
    def is_none(self) -> bool:
        """Whether the target has no forge."""
        return self.forge is None and self.error is None

    def use(self) -> Forge | None:
        """The forge, None where the target has none. Raises `error`."""
        if self.error is not None:
            raise self.error
        return self.forge

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Close the forge's connections, at the end of the pass."""
        if self.forge is not None:
            self.forge.disconnect()


def try_forge(target: Target, environment: Environment, stop: Stop | None = None) -> ForgeAccess:
    """As `open_forge`, but keeps an error until somebody needs the forge."""
    try:
        return ForgeAccess(open_forge(target, environment, stop))
    except (ForgeError, CredentialError) as error:
        return ForgeAccess(error=error)


def _no_forge(_target: Target, _url: GitUrl, _environment: Environment, _stop: Stop) -> None:
    return None


def _check_github(target: Target, url: GitUrl) -> GitCredential:
    """The credential of a target on GitHub. Raises ForgeError."""
    api_url = target.forge.url.rstrip("/")
    if not api_url and url.host != "github.com":
        raise ForgeError(
            target.name,
            f"unknown address of GitHub's API on {url.host or 'a file URL'}",
            hint="set the forge's url, such as https://HOST/api/v3 for GitHub Enterprise",
        )
    if url.project.count("/") != 1:
        raise ForgeError(
            target.name,
            f"{url.project!r} is not a GitHub project: it needs owner/name",
            hint="give the target the URL of the repository, as https://github.com/owner/name",
        )
    if target.credential is None or target.credential.token is None:
        raise ForgeAuthError(
            url.project,
            "pull requests need a token, but the target has none",
            hint="name a credential with a token for the target; it may have a key as well. "
            "Without -c, set IMAGEBOT_GIT_TOKEN",
        )
    local = is_loopback(netloc(api_url)) and api_url.startswith("http://")
    if api_url and not api_url.startswith("https://") and not local:
        raise ForgeError(target.name, "the forge's url must begin with https://")
    return target.credential


def _open_github(target: Target, url: GitUrl, environment: Environment, stop: Stop) -> Forge:
    from imagebot.forge.github import API_URL, WRITE_PAUSE, GitHubForge

    credential = _check_github(target, url)
    api_url = target.forge.url.rstrip("/") or API_URL
    local = is_loopback(netloc(api_url))
    # GitHub asks for a pause between writes; a GitHub on this machine is a test's.
    pause = 0.0 if local else WRITE_PAUSE
    return GitHubForge(
        url.project,
        target.branch,
        read_token(credential, environment),
        origin=credential.origin,
        api_url=api_url,
        write_pause=pause,
        ca_file=environment.get("SSL_CERT_FILE", ""),
        stop=stop,
    )


def _check_sandbox(target: Target, _url: GitUrl) -> str:
    """The folder of a sandbox. Raises ForgeError."""
    folder = target.forge.url
    if folder.startswith("file://"):
        folder = unquote(urlsplit(folder).path)
    if not folder:
        raise ForgeError(target.name, "a sandbox forge needs a folder", hint="set the forge's url")
    return folder


def _open_sandbox(target: Target, url: GitUrl, _environment: Environment, _stop: Stop) -> Forge:
    from imagebot.forge.sandbox import SandboxForge

    return SandboxForge(Path(_check_sandbox(target, url)), url.project, target.branch)


_CHECKS: Mapping[str, Callable[[Target, GitUrl], object]] = {
    "github": _check_github,
    "sandbox": _check_sandbox,
}
FORGES: Mapping[str, Callable[[Target, GitUrl, Environment, Stop], Forge | None]] = {
    "github": _open_github,
    "sandbox": _open_sandbox,
    "none": _no_forge,
}
