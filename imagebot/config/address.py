"""Addresses in the bot's own file: Git remotes, forges, registries.

No message repeats an address that may hold a password.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from imagebot.config.node import show_text
from imagebot.config.text import refuse
from imagebot.errors import InvalidReferenceError
from imagebot.reference import parse_repository

_SCP_RE = re.compile(r"(?:[A-Za-z0-9_.-]+@)?[A-Za-z0-9.-]+:[^:\s][^\s]*")
_HOST_RE = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\])(?::[0-9]{1,5})?"
)
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_GIT_SCHEMES = ("https", "ssh", "http", "file")


def check_git_url(value: str) -> str:
    """https, ssh, http and file URLs, `git@host:path`, and absolute paths; nothing that runs."""
    if value.startswith("-") or any(char.isspace() for char in value):
        raise refuse("not a Git URL")
    if value.startswith("/"):
        return value
    if "://" not in value:
        if "::" in value or _SCP_RE.fullmatch(value) is None:
            raise refuse("not a Git URL", "https://host/path.git, git@host:path or /a/path")
        return value
    parts = _split(value)
    if parts.scheme not in _GIT_SCHEMES:
        raise refuse(f"{show_text(parts.scheme)}:// is not supported", "use https, ssh or file")
    if parts.scheme != "file" and not parts.hostname:
        raise refuse("has no host")
    if parts.scheme == "http" and not is_loopback(value):
        raise refuse("is not encrypted, so anybody on the way could change it", "use https or ssh")
    if parts.password is not None or (parts.username is not None and parts.scheme != "ssh"):
        raise refuse("must not hold a credential", "name one of credentials.git instead")
    return value


def check_forge_url(value: str) -> str:
    parts = _split(value)
    if parts.username is not None or parts.password is not None:
        raise refuse("must not hold a credential", "the target's credential is used")
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise refuse("not a URL of an API", "https://github.example.com/api/v3")
    if parts.scheme == "http" and not is_loopback(value):
        raise refuse("would send the token in clear text", "use https")
    return value.rstrip("/")


def check_registry_key(value: str) -> str:
    """A host, or a host and a path, in normal form."""
    host, slash, path = value.partition("/")
    check_host(value if "://" in value else host)
    if slash:
        try:
            parse_repository(f"{host}/{path}")
        except InvalidReferenceError as error:
            raise refuse(f"not a registry host and path: {error.reason}") from error
    return value


def check_host(value: str) -> str:
    if "://" in value:
        raise refuse("must be a host without a scheme", "ghcr.io, not https://ghcr.io")
    if "@" in value or _HOST_RE.fullmatch(value) is None:
        raise refuse("not a registry host", "ghcr.io, localhost:5000")
    return value


def is_loopback(url: str) -> bool:
    return urlsplit(url).hostname in _LOOPBACK


def _split(value: str) -> SplitResult:
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError as error:
        raise refuse("not a URL") from error
    return parts


def name_of(url: str) -> str:
    """What a target is called by default: the last two parts of its URL's path."""
    path = urlsplit(url).path if "://" in url else url.rpartition(":")[2]
    parts = [part for part in path.removesuffix(".git").split("/") if part]
    return "/".join(parts[-2:]) or "target"
