"""Git URLs and branch names, checked before git sees them. Pure; the only parser of either.

A URL or a branch may come from a file that somebody else wrote. git would take one that begins
with `-` as an option (CVE-2017-1000117, CVE-2018-17456) and `ext::` as a command to run.
"""

from __future__ import annotations

import re
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from imagebot.errors import GitError
from imagebot.http.address import is_loopback
from imagebot.text import excerpt, printable, redact
from imagebot.values import dataclass

Scheme = Literal["https", "http", "ssh", "file"]

_PORTS: dict[Scheme, int] = {"https": 443, "http": 80, "ssh": 22}
_MAX_URL = 2048
_MAX_BRANCH = 240
_HOST_RE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]")
_USER_RE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_SCP_RE = re.compile(r"(?:(?P<user>[^@/:]+)@)?(?P<host>\[[^\]]+\]|[^/:\[\]@]+):(?P<path>.+)")
# git check-ref-format, rules 1 to 10; what is left is printable ASCII and Unicode.
_BAD_BRANCH_RE = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|^[-/.]|[/.]$|/\.|\.lock(?:/|$)")
_USE = "write https://host/path, ssh://git@host/path, git@host:path or file:///path"


@dataclass(frozen=True, slots=True)
class GitUrl:
    """A URL that git may be given.

    `text` is the URL as written; `host` is in lower case, "" for a file; `port` is None where the
    URL has none; `path` begins with `/`; `origin` is `https://host[:port]` as written, "" for
    ssh and files.
    """

    text: str
    scheme: Scheme
    host: str
    path: str
    port: int | None = None
    origin: str = ""

    @property
    def project(self) -> str:
        """The path without slashes around it and without `.git`: `acme/gitops`."""
        return self.path.strip("/").removesuffix(".git").rstrip("/")

    @property
    def name(self) -> str:
        """What a target with this URL is called by default: the last two parts of its path."""
        parts = [part for part in self.project.split("/") if part]
        return "/".join(parts[-2:]) or "target"


def parse_url(url: str) -> GitUrl:
    """Reads https, ssh (as a URL or `user@host:path`), file and absolute paths, and http to this
    machine.

    Raises GitError for anything else, with what to write instead. Its `reason` never repeats a
    password.
    """
    if not url or len(url) > _MAX_URL:
        raise GitError(
            "the URL of a target", f"the URL is empty or longer than {_MAX_URL} characters"
        )
    shown = printable(redact(url))
    if url.startswith("-"):
        raise GitError(shown, "a URL must not begin with a hyphen", hint=_USE)
    if not url.isprintable() or any(map(str.isspace, url)):
        raise GitError(shown, "a URL must not contain spaces or control characters", hint=_USE)
    if "::" in url and not url.split("::")[0].endswith(("[", ":")) and "[" not in url:
        raise GitError(
            shown, "remote helpers (`name::`) run commands and are not allowed", hint=_USE
        )
    if url.startswith("/"):
        return GitUrl(f"file://{url}", "file", "", url)
    if "://" in url:
        return _parse_with_scheme(url, shown)
    return _parse_scp(url, shown)


def _parse_with_scheme(url: str, shown: str) -> GitUrl:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise GitError(shown, "not a valid URL", hint=_USE) from error
    if "?" in url or "#" in url:
        raise GitError(shown, "the URL of a Git repository must not contain `?` or `#`", hint=_USE)
    scheme = parts.scheme
    if scheme == "file":
        if parts.netloc or not parts.path.startswith("/"):
            raise GitError(shown, "a file URL needs three slashes and an absolute path", hint=_USE)
        return GitUrl(url, "file", "", parts.path)
    if scheme not in ("https", "http", "ssh"):
        raise GitError(shown, f"the protocol {excerpt(scheme)!r} is not allowed", hint=_USE)
    host = _check_host(parts, shown)
    if scheme == "ssh":
        _check_user(parts, shown)
        return GitUrl(url, "ssh", host.lower(), parts.path, port)
    if "@" in parts.netloc:
        raise GitError(
            shown,
            "the URL contains a user name or password",
            hint="remove it from the URL and name one of credentials.git instead",
        )
    origin = f"{scheme}://{host}" + ("" if port is None else f":{port}")
    if scheme == "https":
        return GitUrl(url, "https", host.lower(), parts.path, port, origin)
    if not is_loopback(host):
        raise GitError(shown, "plain http can be read and changed on its way", hint="use https")
    return GitUrl(url, "http", host.lower(), parts.path, port, origin)


def _check_host(parts: SplitResult, shown: str) -> str:
    host = parts.netloc.rpartition("@")[2]
    host = host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]
    if _HOST_RE.fullmatch(host) is None:
        raise GitError(shown, "the URL has no valid host", hint=_USE)
    if not parts.path.strip("/"):
        raise GitError(shown, "the URL has no path to a repository", hint=_USE)
    return host


def _check_user(parts: SplitResult, shown: str) -> None:
    if parts.password is not None:
        raise GitError(
            shown,
            "the URL contains a password",
            hint="remove it and use a key: credentials.git.*.ssh-key",
        )
    if parts.username is not None and _USER_RE.fullmatch(parts.username) is None:
        raise GitError(shown, "the URL has no valid user name", hint=_USE)


def _parse_scp(url: str, shown: str) -> GitUrl:
    match = _SCP_RE.fullmatch(url)
    if match is None:
        raise GitError(shown, "not a URL and not an absolute path", hint=_USE)
    user, host, path = match["user"], match["host"], match["path"]
    if _HOST_RE.fullmatch(host) is None or path.startswith("-") or not path.strip("/"):
        raise GitError(shown, "the URL has no valid host or path", hint=_USE)
    if user is not None and _USER_RE.fullmatch(user) is None:
        raise GitError(shown, "the URL has no valid user name", hint=_USE)
    return GitUrl(url, "ssh", host.lower(), f"/{path.lstrip('/')}")


def identity_of(url: str, branch: str) -> str:
    """Equal for every spelling of the same branch of the same repository, and for nothing else.

    Leaves out the protocol, the user, the protocol's default port, slashes around the path and
    `.git` after it; the host is in lower case. Raises GitError.
    """
    parsed = parse_url(url)
    port = parsed.port
    suffix = "" if port in (None, _PORTS.get(parsed.scheme)) else f":{port}"
    return f"{parsed.host}{suffix}/{parsed.project}\0{branch}"


def check_branch(name: str) -> str:
    """The name itself, when it is one that a branch can have (git-check-ref-format).

    Raises GitError.
    """
    bad = name == "@" or not name.isprintable() or _BAD_BRANCH_RE.search(name)
    if not name or len(name) > _MAX_BRANCH or bad:
        raise GitError(f"the branch '{excerpt(name)}'", "not a valid name for a branch")
    return name


def same_repository(one: str, other: str) -> bool:
    """Whether two URLs are spellings of one; what is not a URL is like nothing but itself."""
    return one == other or _identity(one) == _identity(other)


def _identity(url: str) -> str:
    try:
        return identity_of(url, "")
    except GitError:
        return f"?{url}"
