"""Which project of which forge a Git URL belongs to. Pure."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class ProjectLocation:
    """`host` in lower case, "" for a file; `path` without slashes around it and `.git`."""

    host: str
    path: str


def place_of(url: str) -> ProjectLocation:
    """The place of a URL that git takes: with a scheme, `user@host:path`, or a path."""
    if "://" in url:
        parts = urlsplit(url)
        host, path = (parts.hostname or "").lower(), parts.path
    elif url.startswith("/"):
        host, path = "", url
    else:
        before, _, path = url.partition(":")
        host = before.rpartition("@")[2].lower()
    return ProjectLocation(host, path.strip("/").removesuffix(".git").rstrip("/"))


def is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
