"""Addresses in the bot's own file: Git remotes, forges, registries, who is nudged.

No message repeats an address that may hold a password.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from imagebot.config.node import show_text
from imagebot.config.text import refuse
from imagebot.errors import GitError, InvalidReferenceError
from imagebot.git.url import parse_url
from imagebot.http.address import is_loopback, netloc
from imagebot.http.zone import NetworkZone, zone_of
from imagebot.reference import parse_repository

# With underscores, for token servers and storage: in a reference, a host has none.
_HOST_RE = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\])(?::[0-9]{1,5})?"
)
_HOST_GLOB_RE = re.compile(r"[A-Za-z0-9._*?-]+(?::[0-9]{1,5})?")
# A namespace of Kubernetes, and a name.
_APPLICATION_RE = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?/)?[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?"
)
_PRIVATE_HOSTS = "*.corp.example, 10.0.0.0/8"


def check_git_url(value: str) -> str:
    """A URL that git may be given, by the same parser that a pass uses."""
    try:
        parse_url(value)
    except GitError as error:
        raise refuse(error.reason, error.hint) from error
    return value


def check_forge_url(value: str) -> str:
    parts = _split(value)
    if parts.username is not None or parts.password is not None:
        raise refuse("must not hold a credential", "the target's credential is used")
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise refuse("not a URL of an API", "https://github.example.com/api/v3")
    if parts.scheme == "http" and not is_loopback(netloc(value)):
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
    port = value.rpartition("]")[2].partition(":")[2]
    if port and not 0 < int(port) < 65536:
        raise refuse(f"{port} is not a port", "ghcr.io, localhost:5000")
    return value


def check_listen(value: str) -> str:
    """An address of this machine, and a port."""
    host, colon, port = value.rpartition(":")
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        known = host == "localhost"
    else:
        known = ":" not in host or host.startswith("[")
    if not colon or not known:
        raise refuse("not an address and a port", "127.0.0.1:8080, or 0.0.0.0:8080 for all")
    if not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise refuse(f"{show_text(port)!r} is not a port", "127.0.0.1:8080")
    return value


def check_issuer(value: str) -> str:
    """An issuer of tokens: where its keys are asked for."""
    parts = _split(value)
    if parts.username is not None or parts.query or parts.fragment or not parts.hostname:
        raise refuse("not an issuer of tokens", "https://token.actions.githubusercontent.com")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(netloc(value))):
        raise refuse("anybody on the way could answer for it", "use https")
    return value


def check_nudge_url(value: str) -> str:
    """Where a nudge is sent; it may be inside a cluster, and over plain http."""
    parts = _split(value)
    if parts.username is not None or parts.password is not None:
        raise refuse("must not hold a credential", "put it into `secret`")
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise refuse("not a URL to call", "https://flux.example.com/hook/…")
    return value


def check_application(value: str) -> str:
    """An Application of Argo CD, spelt as on its command line: `[NAMESPACE/]NAME`."""
    if _APPLICATION_RE.fullmatch(value) is None:
        shown = show_text(value)
        raise refuse(
            f"not the name of an Application: {shown!r}",
            "web; or NAMESPACE/NAME where it is in another namespace than Argo CD",
        )
    return value


def check_private_host(value: str) -> str:
    """A glob of hosts, with or without a port, or a network. Not for addresses never asked.

    A glob must say how the host ends: anybody can have one that begins like this (`10.*`).
    """
    try:
        network = ipaddress.ip_network(value)
    except ValueError as error:
        if "/" in value:
            why = "has bits set behind its prefix" if "host bits" in str(error) else "not a network"
            raise refuse(why, _PRIVATE_HOSTS) from error
        if _HOST_GLOB_RE.fullmatch(value) is None:
            raise refuse("not a host, a glob of hosts or a network", _PRIVATE_HOSTS) from error
        last_label = value.partition(":")[0].rpartition(".")[2]
        if "*" in last_label or "?" in last_label:
            raise refuse("would name hosts of anybody", _PRIVATE_HOSTS) from error
        return value
    if network.prefixlen == 0:
        raise refuse("would name every address", _PRIVATE_HOSTS)
    ends = (str(network[0]), str(network[-1]))
    if all(zone_of(end) is NetworkZone.LINK_LOCAL for end in ends):
        raise refuse("no registry is asked at a link-local, unspecified or metadata address")
    return value


def _split(value: str) -> SplitResult:
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError as error:
        raise refuse("not a URL") from error
    return parts
