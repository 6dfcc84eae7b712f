"""The forge of a target."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from imagebot.config.model import Target
from imagebot.config.secret import read_secret
from imagebot.errors import CredentialError, ForgeAuthError, ForgeError
from imagebot.forge.model import Forge
from imagebot.forge.project import ProjectLocation, is_loopback, place_of

Environment = Mapping[str, str]


def open_forge(target: Target, environment: Environment) -> Forge | None:
    """The forge that the target's options name, or that its URL tells; None without one.

    Nothing is asked of it yet. Raises ForgeError and CredentialError.
    """
    place = place_of(target.url)
    kind = target.forge.kind or ("github" if place.host == "github.com" else "none")
    return FORGES[kind](target, place, environment)


@dataclass(frozen=True, slots=True)
class ForgeAccess:
    """A target's forge, opened once for a pass; `error` is why it cannot be used."""

    forge: Forge | None = None
    error: ForgeError | CredentialError | None = None

    def use(self) -> Forge | None:
        """The forge, None where the target has none. Raises `error`."""
        if self.error is not None:
            raise self.error
        return self.forge


def try_forge(target: Target, environment: Environment) -> ForgeAccess:
    """As `open_forge`; an error is kept for those who need the forge."""
    try:
        return ForgeAccess(open_forge(target, environment))
    except (ForgeError, CredentialError) as error:
        return ForgeAccess(error=error)


def _no_forge(_target: Target, _place: ProjectLocation, _environment: Environment) -> None:
    return None


def _open_github(target: Target, place: ProjectLocation, environment: Environment) -> Forge:
    from imagebot.forge.github import API_URL, WRITE_PAUSE, GitHubForge

    api_url = target.forge.url.rstrip("/")
    if not api_url and place.host != "github.com":
        raise ForgeError(
            target.name,
            f"where GitHub's API is cannot be told from the host {place.host or 'of a file URL'}",
            hint="set the forge's url, such as https://HOST/api/v3 for GitHub Enterprise",
        )
    if place.path.count("/") != 1:
        raise ForgeError(target.name, f"{place.path!r} is no GitHub project (owner/name)")
    if target.credential is None or target.credential.token is None:
        raise ForgeAuthError(
            place.path,
            "pull requests need a token, and the target has none",
            hint="name a credential with a token for the target (it may have a key as well); "
            "without -c, set IMAGEBOT_GIT_TOKEN",
        )
    api_url = api_url or API_URL
    parts = urlsplit(api_url)
    local = is_loopback(parts.hostname or "")
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        raise ForgeError(target.name, "the forge's url must begin with https://")
    token = read_secret(target.credential.token, environment)
    # GitHub asks for a pause between writes; a GitHub on this machine is a test's.
    pause = 0.0 if local else WRITE_PAUSE
    return GitHubForge(
        place.path,
        target.branch,
        token,
        api_url=api_url,
        write_pause=pause,
        ca_file=environment.get("SSL_CERT_FILE", ""),
    )


def _open_sandbox(target: Target, place: ProjectLocation, _environment: Environment) -> Forge:
    from imagebot.forge.sandbox import SandboxForge

    folder = target.forge.url
    if folder.startswith("file://"):
        folder = unquote(urlsplit(folder).path)
    if not folder:
        raise ForgeError(target.name, "a sandbox forge needs a folder", hint="set the forge's url")
    return SandboxForge(Path(folder), place.path, target.branch)


FORGES: Mapping[str, Callable[[Target, ProjectLocation, Environment], Forge | None]] = {
    "github": _open_github,
    "sandbox": _open_sandbox,
    "none": _no_forge,
}
