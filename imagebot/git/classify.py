"""Turns what git says on stderr into errors with a hint. Pure.

git exits with 128 for nearly everything, so the text decides; `LC_ALL=C` keeps it in English.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from imagebot.errors import (
    DamagedCacheError,
    GitAuthError,
    GitError,
    GitUnreachableError,
    PushRefusal,
    PushRejectedError,
)
from imagebot.redaction import NOTHING, Redaction
from imagebot.text import excerpt, nearest
from imagebot.values import dataclass

NOT_FOUND = 127
_MAX_SHOWN = 600
_MAX_READ = 20_000
_MOST_NAMED = 10
_USUAL = ("main", "master", "trunk", "develop")


@dataclass(frozen=True, slots=True)
class _Rule:
    pattern: re.Pattern[str]
    kind: type[GitError]
    reason: str
    hint: str


def _rule(pattern: str, kind: type[GitError], reason: str, hint: str) -> _Rule:
    return _Rule(re.compile(pattern, re.IGNORECASE), kind, reason, hint)


_NO_LOGIN = (
    "name a credential for the target (credentials.git) that may read and write it; "
    "without -c, set IMAGEBOT_GIT_TOKEN"
)
_KEY = "check ssh-key of the target's credential, and that its public half may write there"

_NO_SPACE = _rule(
    r"no space left on device|disk quota",
    GitError,
    "there is no space left for the cache",
    "free space in the cache directory, or set cache-dir to another disk",
)

# The first rule that matches decides, so special rules come before general ones.
_RULES = (
    _rule(
        r"host key verification failed|no .* host key is known",
        GitAuthError,
        "the host's SSH key is unknown, or not the expected one",
        "put the host's key (from the host's documentation, or ssh-keyscan) in known-hosts",
    ),
    _rule(
        r"unprotected private key|bad permissions|load key .*(permission|invalid format|libcrypto)",
        GitAuthError,
        "ssh refuses the private key",
        "the key file must be an unencrypted private key that only the bot's user can read",
    ),
    _rule(
        r"no user exists for uid",
        GitAuthError,
        "ssh needs an entry in /etc/passwd for the user that the bot runs as",
        "run the container as the user of its image",
    ),
    _rule(
        r"permission denied \((publickey|keyboard|password)",
        GitAuthError,
        "the SSH key was refused",
        _KEY,
    ),
    _rule(
        r"could not read (username|password)|terminal prompts disabled",
        GitAuthError,
        "the remote asks for a login",
        _NO_LOGIN,
    ),
    _rule(
        r"authentication failed|access denied|returned error: 401",
        GitAuthError,
        "the credential was refused",
        "check that the target's token is right and has not expired",
    ),
    _rule(
        r"returned error: 403|permission to .* denied|write access .* not granted|not authorized",
        GitAuthError,
        "the credential may not do this",
        "give the token write access to the repository's contents",
    ),
    _rule(
        r"returned error: 3\d\d|update url base from redirection",
        GitError,
        "the remote answers with a redirect, which is never followed with a token",
        "set the target's url to the address that it redirects to",
    ),
    _rule(
        r"could not resolve host|name or service not known|failure in name resolution",
        GitUnreachableError,
        "the host's name cannot be resolved",
        "check the target's URL and the machine's DNS",
    ),
    _rule(
        r"ssl certificate|certificate verif|server verification failed|ssl: certificate"
        r"|ssl_error|gnutls|tls connect",
        GitUnreachableError,
        "the remote's certificate cannot be verified",
        "set SSL_CERT_FILE to a bundle that contains the authority of the host",
    ),
    _rule(
        r"repository .*not found|does not appear to be a git repository|returned error: 404"
        r"|not a git repository|project you were looking for could not be found",
        GitError,
        "there is no such repository, or the credential may not see it",
        "check the target's URL and that its credential may read the repository",
    ),
    _rule(
        r"dubious ownership",
        GitError,
        "the repository belongs to another user, so git refuses it",
        "run the bot as the owner of the repository, or change its owner",
    ),
    _rule(
        r"failed to connect|connection (refused|reset|timed out|closed)|couldn't connect"
        r"|timed? ?out|no route to host|network is unreachable|returned error: (429|5\d\d)"
        r"|hung up unexpectedly"
        r"|early eof|operation too slow|recv failure|empty reply",
        GitUnreachableError,
        "the remote cannot be reached",
        "the next pass tries again; if this repeats, check the URL and the network",
    ),
    _rule(
        r"fsck error|hasdot|fullpathname|broken object",
        GitError,
        "the repository contains an object that git's check refuses",
        "run `git fsck` in a clone to see which; imagebot does not work on such a repository",
    ),
    _NO_SPACE,
)


def quote_git(text: str, redaction: Redaction = NOTHING) -> str:
    """What git says, on one printable line without secrets, at most 600 characters of it."""
    hidden = redaction.hide(text[:_MAX_READ])
    lines = (line.strip() for line in re.split(r"[\r\n]+", hidden))
    return excerpt("; ".join(line for line in lines if line), _MAX_SHOWN)


def failure(
    subject: str,
    status: int,
    stderr: str,
    redaction: Redaction = NOTHING,
    *,
    origin: str = "",
) -> GitError:
    """The error for a command that ended with `status` other than 0.

    `origin` names the credential, for the error of a remote that refuses it.
    """
    said = quote_git(stderr, redaction)
    if status == NOT_FOUND:
        return GitError("git", "not installed, or not on PATH", hint="install git 2.30 or newer")
    for rule in _RULES:
        if rule.pattern.search(stderr):
            used = f" ({origin})" if origin and rule.kind is GitAuthError else ""
            return rule.kind(subject, f"{rule.reason}{used}: {said}", hint=rule.hint)
    return GitError(
        subject,
        said or f"git ended with status {status}",
        hint="run `imagebot doctor` to check the target; the cache may be deleted at any time",
    )


def cache_failure(path: str, status: int, stderr: str) -> GitError:
    """The error for a command that only read and wrote the cache at `path`.

    It is the cache's fault and not the remote's, whatever words git uses.
    """
    if status == NOT_FOUND or _NO_SPACE.pattern.search(stderr):
        return failure(path, status, stderr)
    return damaged_cache(path, quote_git(stderr) or f"git ended with status {status}")


def missing_branch(url: str, branch: str, found: Collection[str]) -> GitError:
    """The error for a remote without the branch; `found` are those that it has."""
    first = {nearest(branch, found), *_USUAL}
    names = sorted(found, key=lambda name: (name not in first, name))
    shown = ", ".join(excerpt(name) for name in names[:_MOST_NAMED])
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    there = f"it has {shown}{more}" if names else "it has none"
    return GitError(
        url,
        f"the remote has no branch {branch!r}: {there}",
        hint="correct the target's branch, or push a first commit to it",
    )


def damaged_cache(path: str, reason: str) -> DamagedCacheError:
    """The error of a cache whose `reason` says what was found."""
    return DamagedCacheError(
        path,
        f"the cache is damaged: {reason}",
        hint="check the disk; the folder may be deleted at any time",
    )


_PORCELAIN_RE = re.compile(r"^([ +*=!-])\t([^\t]*)\t(.*)$", re.MULTILINE)
_FAILED_RE = re.compile(r"^error: failed to push some refs to .*$", re.MULTILINE)
_AGAIN = "the next pass plans again; if this repeats, two bots work against each other"
_OWN_BRANCHES = "let the bot's account create, rebuild and delete the branches below imagebot/"
_REFUSALS: dict[PushRefusal, tuple[str, str]] = {
    "behind": ("somebody else has pushed in the meantime", _AGAIN),
    "race": ("somebody else is pushing at the same time", _AGAIN),
    "lease": ("the branch has moved since imagebot read it", _AGAIN),
    "protected": (
        "the remote does not accept pushes to this branch",
        "set `publish: pull-request` on the route, or let the bot's account push to this branch",
    ),
    "clash": (
        "another branch has a name that conflicts with this one",
        "delete the other branch",
    ),
    "other": ("the remote refused the push", "the message of the remote says why"),
}


def push_failure(
    subject: str,
    stdout: str,
    stderr: str,
    redaction: Redaction = NOTHING,
    *,
    proposes: bool = False,
) -> PushRejectedError | None:
    """The refusal in the output of `git push --porcelain`; None without one.

    `proposes` when the branch is one of a pull request already.

    Porcelain lines are `flag TAB from:to TAB summary (reason)`, see git-push(1).
    """
    refused = [m for m in _PORCELAIN_RE.finditer(stdout) if m[1] == "!"]
    if not refused:
        return None
    summary = refused[0][3]
    # The last line names the URL, which may have any words.
    kind = _kind_of(summary, _FAILED_RE.sub("", stderr))
    said = quote_git(
        f"{summary}\n{stderr}" if kind in ("protected", "other", "clash") else summary, redaction
    )
    reason, hint = _REFUSALS[kind]
    if proposes and kind == "protected":
        hint = _OWN_BRANCHES
    return PushRejectedError(subject, f"{reason}: {said}", kind=kind, hint=hint)


def _kind_of(summary: str, stderr: str) -> PushRefusal:
    if "stale info" in summary:
        return "lease"
    if re.search(r"fetch first|non-fast-forward|needs force", summary):
        return "behind"
    if "shallow update" in summary:
        # Nothing here is shallow, unless it is damaged.
        return "other"
    if re.search(r"exists; cannot create|directory/file conflict", stderr):
        return "clash"
    if re.search(r"hook declined|protected|GH006|GH013|not allowed", f"{summary}\n{stderr}"):
        return "protected"
    if re.search(
        r"failed to update ref|incorrect old value|cannot lock ref|reference already exists",
        summary,
    ):
        return "race"
    return "other"
