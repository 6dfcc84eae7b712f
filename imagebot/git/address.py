"""Where a target is: URLs and branch names, checked before git sees them.

A URL or a branch may come from a file that somebody else wrote. git would take one that begins
with `-` as an option (CVE-2017-1000117, CVE-2018-17456) and `ext::` as a command to run.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from imagebot.errors import GitError
from imagebot.text import printable

Scheme = Literal["https", "http", "ssh", "file"]

_PORTS: dict[Scheme, int] = {"https": 443, "http": 80, "ssh": 22}
_MAX_URL = 2048
_MAX_BRANCH = 240
_HOST_RE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]")
_USER_RE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_SCP_RE = re.compile(r"(?:(?P<user>[^@/:]+)@)?(?P<host>\[[^\]]+\]|[^/:\[\]@]+):(?P<path>.+)")
_USERINFO_RE = re.compile(r"(?<=://)[^/@\s]*@")
# git check-ref-format, rules 1 to 10; printable ASCII is left of what they forbid, and Unicode.
_BAD_BRANCH_RE = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|^[-/.]|[/.]$|/\.|\.lock(?:/|$)")


@dataclass(frozen=True, slots=True)
class Address:
    """A URL that git may be given; `origin` is `https://host[:port]`, "" without HTTP."""

    url: str
    scheme: Scheme
    host: str
    path: str
    origin: str = ""


def redact_url(url: str) -> str:
    """The URL without user name and password."""
    return _USERINFO_RE.sub("", url)


def parse_address(url: str) -> Address:
    """Accepts https, ssh (as a URL or `user@host:path`), file and absolute paths, and http on
    loopback.

    Raises GitError for anything else, with what to write instead.
    """
    if not url or len(url) > _MAX_URL:
        raise GitError("the URL of a target", "it is empty or longer than 2048 characters")
    shown = printable(redact_url(url))
    if url.startswith("-") or shown != redact_url(url) or any(map(str.isspace, url)):
        raise GitError(shown, "a URL begins with no hyphen and holds no space or control character")
    if "::" in url and not url.split("::")[0].endswith(("[", ":")) and "[" not in url:
        raise GitError(
            shown, "remote helpers (`name::`) run commands and are not allowed", hint=_USE
        )
    if url.startswith("/"):
        return Address(f"file://{url}", "file", "", url)
    if "://" in url:
        return _parse_url(url, shown)
    return _parse_scp(url, shown)


_USE = "write https://host/path, ssh://git@host/path, git@host:path or file:///path"


def _parse_url(url: str, shown: str) -> Address:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise GitError(shown, "it is no URL", hint=_USE) from error
    if parts.query or parts.fragment:
        raise GitError(shown, "a URL of a Git repository has no `?` and no `#`")
    scheme = parts.scheme
    if scheme == "file":
        if parts.netloc or not parts.path.startswith("/"):
            raise GitError(shown, "a file URL has three slashes and an absolute path")
        return Address(url, "file", "", parts.path)
    host = _check_host(parts, shown)
    suffix = f":{port}" if port is not None else ""
    if scheme == "ssh":
        _check_user(parts, shown)
        return Address(url, "ssh", host, parts.path)
    if scheme not in ("https", "http"):
        raise GitError(shown, f"the protocol {scheme!r} is not allowed", hint=_USE)
    if "@" in parts.netloc:
        raise GitError(
            shown,
            "the URL holds a user name or password",
            hint="take it out of the URL and name a credential for the target instead",
        )
    if scheme == "http" and not is_loopback(host):
        raise GitError(shown, "plain http can be read and changed on its way", hint="use https")
    return Address(
        url,
        "https" if scheme == "https" else "http",
        host,
        parts.path,
        f"{scheme}://{host}{suffix}",
    )


def _check_host(parts: SplitResult, shown: str) -> str:
    host = parts.netloc.rpartition("@")[2]
    host = host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]
    if _HOST_RE.fullmatch(host) is None:
        raise GitError(shown, "it has no valid host", hint=_USE)
    if not parts.path.strip("/"):
        raise GitError(shown, "it has no path to a repository", hint=_USE)
    return host


def _check_user(parts: SplitResult, shown: str) -> None:
    if parts.password is not None:
        raise GitError(
            shown, "the URL holds a password", hint="use a key: credentials.git.*.ssh-key"
        )
    if parts.username is not None and _USER_RE.fullmatch(parts.username) is None:
        raise GitError(shown, "it has no valid user name", hint=_USE)


def _parse_scp(url: str, shown: str) -> Address:
    match = _SCP_RE.fullmatch(url)
    if match is None:
        raise GitError(shown, "it is neither a URL nor an absolute path", hint=_USE)
    user, host, path = match["user"], match["host"], match["path"]
    if _HOST_RE.fullmatch(host) is None or path.startswith("-"):
        raise GitError(shown, "it has no valid host or path", hint=_USE)
    if user is not None and _USER_RE.fullmatch(user) is None:
        raise GitError(shown, "it has no valid user name", hint=_USE)
    return Address(url, "ssh", host, f"/{path.lstrip('/')}")


def identity_of(url: str, branch: str) -> str:
    """Equal for every spelling of the same branch of the same repository, and for nothing else.

    Without the protocol, the user, a port that the protocol has by default, slashes around the
    path and `.git` behind it; the host in lower case. Raises GitError.
    """
    address = parse_address(url)
    port = urlsplit(address.url).port if "://" in address.url else None
    suffix = "" if port in (None, _PORTS.get(address.scheme)) else f":{port}"
    path = address.path.strip("/").removesuffix(".git").rstrip("/")
    return f"{address.host.lower()}{suffix}/{path}\0{branch}"


def is_loopback(host: str) -> bool:
    """Whether a host of a URL can only be this machine (names are not looked up)."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_branch(name: str) -> str:
    """The name itself, when it is one that a branch can have (git-check-ref-format).

    Raises GitError.
    """
    if not name or len(name) > _MAX_BRANCH or name == "@" or _BAD_BRANCH_RE.search(name):
        raise GitError(f"the branch {name[:80]!r}", "no branch can have this name")
    return name
