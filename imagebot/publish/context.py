"""What every change of a pass is published with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import field
from typing import TYPE_CHECKING, Protocol

from imagebot.config.model import CommitOptions
from imagebot.manifest.images.options import ScanOptions
from imagebot.values import dataclass

if TYPE_CHECKING:
    from imagebot.forge.connect import ForgeAccess
    from imagebot.forge.model import Forge, PullRequest
    from imagebot.git.checkout import Checkout
    from imagebot.plan.model import Published
    from imagebot.publish.changes import Change
    from imagebot.publish.marker import PullRequestMarker
    from imagebot.publish.refusals import BotRequests
    from imagebot.registry.api import Registry


@dataclass(slots=True)
class HeadFiles:
    """The files of a checkout's head, kept until the head moves."""

    head: str = ""
    blobs: Mapping[str, str] = field(default_factory=dict)

    def of(self, checkout: Checkout) -> Mapping[str, str]:
        if self.head != checkout.head:
            files = checkout.files()
            self.blobs = {file.path: f"{file.mode} {file.blob}" for file in files}
            self.head = checkout.head
        return self.blobs


@dataclass(frozen=True, slots=True)
class PublishContext:
    """A target's checkout, whose committer makes the commits, and its forge, opened once.

    `commit` says what the messages are like. `registry` is asked for the digests that they name;
    without one they name only those that are written into the files. A publisher is in a context
    of `waiting` while it waits for registries. `options` say how the target's files are scanned.
    `requests` are the bot's pull requests, where they were listed already.
    """

    checkout: Checkout
    forge: ForgeAccess
    commit: CommitOptions = field(default_factory=CommitOptions)
    registry: Registry | None = None
    waiting: Callable[[], AbstractContextManager[None]] = nullcontext
    options: ScanOptions = field(default_factory=ScanOptions)
    requests: BotRequests | None = None
    files: HeadFiles = field(default_factory=HeadFiles)

    def find(self, forge: Forge, branch: str) -> PullRequest | None:
        """The open pull request of a branch."""
        return forge.find(branch) if self.requests is None else self.requests.find(branch)

    def blobs(self) -> Mapping[str, str]:
        """The mode and blob of every file of the head, by path; listed once for a head."""
        return self.files.of(self.checkout)

    def recovered(self, request: PullRequest | None) -> PullRequestMarker | None:
        """The state of a pull request whose text does not have the whole."""
        if request is None or self.requests is None:
            return None
        return self.requests.recovered.get(request.number)

    def state(self, request: PullRequest) -> PullRequestMarker | None:
        """What the bot keeps in a pull request; None where that is lost."""
        from imagebot.publish.refusals import BotRequests

        return (self.requests or BotRequests()).state(request)


class Publisher(Protocol):
    """Publishes one change.

    `edits` has the new bytes of the files that the change touches, by path, made from the
    checkout's head. Raises GitError, ForgeError and CredentialError.
    """

    def __call__(
        self, change: Change, edits: Mapping[str, bytes], context: PublishContext
    ) -> Published: ...
