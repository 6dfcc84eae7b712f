"""Take network addresses apart. Pure."""

from __future__ import annotations

import functools
import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from imagebot.reference import DOCKER_HUB

_LABEL_RE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_LONGEST_NAME = 253
_HUB_ALIASES = frozenset({"index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"})


def normalise_host(host: str) -> str:
    """A registry's host in lower case; all names of Docker Hub are `docker.io`."""
    lower = host.lower()
    return DOCKER_HUB if lower in _HUB_ALIASES else lower


def normalise_place(place: str) -> str:
    """A registry's host, or its host and a path, with the host in normal form."""
    host, slash, path = place.partition("/")
    return normalise_host(host) + slash + path


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port, in a form to compare. Raises ValueError when one is missing."""
    parts = urlsplit(url)
    return _origin(parts.scheme, parts.netloc)


# Asked several times for every request, of a few hosts.
@functools.lru_cache(maxsize=512)
def _origin(scheme: str, place: str) -> tuple[str, str, int]:
    parts = SplitResult(scheme, place, "", "", "")
    port = parts.port or {"http": 80, "https": 443}.get(scheme)
    if not parts.hostname or port is None:
        raise ValueError("not an http(s) address")
    return scheme, parts.hostname.lower(), port


def netloc(url: str) -> str:
    """Host and port as `url` has them, without a user; "" when `url` is not valid."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2]
    except ValueError:
        return ""


# Asked for every request, of a few hosts.
@functools.lru_cache(maxsize=512)
def is_loopback(host: str) -> bool:
    """Whether a host, with or without a port, is this machine, judged by its name alone."""
    name = hostname(host).removesuffix(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def hostname(host: str) -> str:
    """A host without its port, and without the brackets of an IPv6 address."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()


def is_host_name(text: str) -> bool:
    """Whether a text is a host's name and nothing else: no address, port or dot at its end."""
    labels = text.split(".")
    whole = len(text) <= _LONGEST_NAME and all(map(_LABEL_RE.fullmatch, labels))
    return whole and not labels[-1].isdigit()
