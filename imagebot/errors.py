"""Everything that imagebot raises on purpose.

ImagebotError
├─ UsageError                          a wrong call; exit 2
├─ ConfigurationError                  one or more configuration errors; exit 2
├─ InvalidReferenceError               text is not an image reference
├─ InvalidRangeError                   a version range, with the position of the character
├─ InvalidPolicyError                  a policy key has an invalid value
├─ ManifestError                       a manifest, with path and line
│  ├─ UnreadableManifestError          it cannot be read at all
│  └─ RefusedEditError                 it cannot be edited exactly
├─ FolderError                         a file or folder cannot be read or written
├─ ProcessLostError                    a process that did part of the work was killed
├─ RegistryError                       a registry answered with an error, or not at all
│  ├─ RegistryAuthError                credentials missing, wrong or not enough
│  ├─ RepositoryNotFoundError          the repository or the image does not exist
│  ├─ RegistryRateLimitError           the registry asks for a pause
│  ├─ RegistryRefusedError             an address that nobody but a manifest named
│  ├─ RegistryUnreachableError         no answer: name, connection, TLS, time-out
│  │  └─ RegistryDeadlineError         the time that a pass has for registries is over
│  └─ RegistryProtocolError            an answer that must not be used (truncated, too big, …)
├─ CredentialError                     a credential cannot be had: file, variable, helper, cloud
├─ GitError                            git failed
│  ├─ GitAuthError                     the remote refused the credential
│  ├─ GitUnreachableError              the remote cannot be reached
│  ├─ DamagedCacheError                the bot's own copy of a repository cannot be read
│  └─ PushRejectedError                the remote refused the push, with the kind of refusal
├─ NudgeError                          nobody who syncs could be told of a commit
└─ ForgeError                          an answer of a forge
   ├─ ForgeAuthError                   token missing, wrong or not enough
   ├─ ForgeRateLimitError              the forge asks for a pause
   └─ ForgeUnreachableError            no answer

Third-party exceptions stop at the adapter that can raise them. "Nothing to do" is never an
exception. The command line turns these into lines and exit codes in one place. What fails without
ending a pass is a `Problem`.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import ClassVar, Literal

from imagebot.values import dataclass


class ImagebotError(Exception):
    """Base of the tree: `message` says what and where, `hint` what to do, `code` is stable."""

    code: ClassVar[str] = "error"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def hide(self, hide: Callable[[str], str]) -> None:
        """Change all texts of the error by `hide`, which takes secrets out of what others said."""
        for name in ("message", "reason", "hint", "subject"):
            if isinstance(text := getattr(self, name, None), str):
                setattr(self, name, hide(text))
        self.args = (self.message,)


class UsageError(ImagebotError):
    code = "usage"


@dataclass(frozen=True, slots=True)
class ConfigIssue:
    """One mistake in a configuration file. Lines and columns count from 1; 0 is unknown.

    As text it is `file:line:column: key: message`, without the hint; a message about the file as a
    whole may begin with its name.
    """

    path: str
    line: int
    column: int
    key: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        if not self.line and self.message.startswith(f"{self.path} "):
            return self.message
        place = f"{self.path}:{self.line}:{self.column}" if self.line else self.path
        key = f" {self.key}:" if self.key else ""
        return f"{place}:{key} {self.message}"


class ConfigurationError(ImagebotError):
    """All the errors of one load, in the order of the file."""

    code = "configuration"

    def __init__(self, issues: tuple[ConfigIssue, ...]) -> None:
        super().__init__("\n".join(str(issue) for issue in issues))
        self.issues = issues


class InvalidReferenceError(ImagebotError):
    code = "invalid-reference"

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(f"{text!r} is not an image reference: {reason}")
        self.text = text
        self.reason = reason


class InvalidRangeError(ImagebotError):
    """`position` counts characters of `text` from 0."""

    code = "invalid-range"

    def __init__(self, text: str, position: int, reason: str, *, hint: str = "") -> None:
        super().__init__(f"{reason} at character {position + 1} of {text!r}", hint=hint)
        self.text = text
        self.position = position
        self.reason = reason


class InvalidPolicyError(ImagebotError):
    """`key` is the policy key at fault; `position` a character of its value, where known."""

    code = "invalid-policy"

    def __init__(
        self, key: str, reason: str, *, position: int | None = None, hint: str = ""
    ) -> None:
        super().__init__(f"{key}: {reason}", hint=hint)
        self.key = key
        self.reason = reason
        self.position = position


class ManifestError(ImagebotError):
    """`line` counts from 1; 0 means the file as a whole."""

    code = "manifest"

    def __init__(self, path: str, line: int, reason: str, *, hint: str = "") -> None:
        super().__init__(f"{path}:{line}: {reason}" if line else f"{path}: {reason}", hint=hint)
        self.path = path
        self.line = line
        self.reason = reason


class UnreadableManifestError(ManifestError):
    code = "unreadable"


class RefusedEditError(ManifestError):
    code = "edit-refused"


class FolderError(ImagebotError):
    """`expected` means that nobody needs to act."""

    code = "folder"

    def __init__(self, path: str, reason: str, *, hint: str = "", expected: bool = False) -> None:
        super().__init__(f"{path}: {reason}", hint=hint)
        self.path = path
        self.reason = reason
        self.expected = expected


class NudgeError(ImagebotError):
    code = "nudge"


class ProcessLostError(ImagebotError):
    """`exit_code` is negative for the signal that ended the process."""

    code = "process-lost"

    def __init__(self, exit_code: int | None) -> None:
        message = f"a process that reads manifests was killed: exit code {exit_code}"
        super().__init__(message, hint="check whether the memory limit is too low")
        self.exit_code = exit_code


class RegistryError(ImagebotError):
    """`subject` is the repository or registry asked; `codes` are the registry's own error codes."""

    code = "registry"

    def __init__(
        self,
        subject: str,
        reason: str,
        *,
        hint: str = "",
        status: int | None = None,
        codes: tuple[str, ...] = (),
        temporary: bool = False,
    ) -> None:
        super().__init__(f"{subject}: {reason}", hint=hint)
        self.subject = subject
        self.reason = reason
        self.status = status
        self.codes = codes
        self.temporary = temporary


class RegistryAuthError(RegistryError):
    code = "registry-auth"


class RepositoryNotFoundError(RegistryError):
    code = "repository-not-found"


class RegistryRateLimitError(RegistryError):
    """`retry_after` is in seconds, None when the registry did not say."""

    code = "registry-rate-limit"

    def __init__(
        self,
        subject: str,
        reason: str,
        *,
        hint: str = "",
        status: int | None = None,
        codes: tuple[str, ...] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(subject, reason, hint=hint, status=status, codes=codes, temporary=True)
        self.retry_after = retry_after


class RegistryRefusedError(RegistryError):
    """The registry is at an address that imagebot does not connect to for what asks for it."""

    code = "registry-refused"


class RegistryUnreachableError(RegistryError):
    code = "registry-unreachable"


class RegistryDeadlineError(RegistryUnreachableError):
    code = "registry-deadline"


class RegistryProtocolError(RegistryError):
    code = "registry-protocol"


class CredentialError(ImagebotError):
    """`temporary`: a later try may succeed."""

    code = "credential"

    def __init__(self, message: str, *, hint: str = "", temporary: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.temporary = temporary


class GitError(ImagebotError):
    """`subject` is a URL without credentials, or a path."""

    code = "git"

    def __init__(self, subject: str, reason: str, *, hint: str = "") -> None:
        super().__init__(f"{subject}: {reason}", hint=hint)
        self.subject = subject
        self.reason = reason


class NoWorkTreeError(GitError):
    """A folder that is not in a Git work tree."""


class GitAuthError(GitError):
    code = "git-auth"


class GitUnreachableError(GitError):
    code = "git-unreachable"


class DamagedCacheError(GitError):
    """The bot's own copy of a repository, at `subject`, cannot be read; it can be made anew."""

    code = "git-cache"


PushRefusal = Literal["behind", "race", "lease", "protected", "clash", "other"]


class PushRejectedError(GitError):
    """`kind`: behind and race are worth planning again; lease means somebody else pushed."""

    code = "push-rejected"

    def __init__(self, subject: str, reason: str, *, kind: PushRefusal, hint: str = "") -> None:
        super().__init__(subject, reason, hint=hint)
        self.kind: PushRefusal = kind


class ForgeError(ImagebotError):
    """`subject` is the project on the forge; `status` its HTTP status, where there was one."""

    code = "forge"

    def __init__(
        self, subject: str, reason: str, *, hint: str = "", status: int | None = None
    ) -> None:
        super().__init__(f"{subject}: {reason}", hint=hint)
        self.subject = subject
        self.reason = reason
        self.status = status


class ForgeAuthError(ForgeError):
    code = "forge-auth"


class ForgeRateLimitError(ForgeError):
    """`retry_after` is in seconds, None when the forge did not say."""

    code = "forge-rate-limit"

    def __init__(
        self,
        subject: str,
        reason: str,
        *,
        hint: str = "",
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(subject, reason, hint=hint, status=status)
        self.retry_after = retry_after


class ForgeUnreachableError(ForgeError):
    code = "forge-unreachable"


OUT_OF_SPACE = frozenset({errno.ENOSPC, errno.EIO, errno.EDQUOT})
"""Errors of the system that are not bugs, wherever they come up."""
