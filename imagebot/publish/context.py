"""What every change of a pass is published with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from imagebot.config.model import CommitOptions
from imagebot.forge.connect import ForgeAccess
from imagebot.forge.model import Forge, PullRequest
from imagebot.git.checkout import Checkout
from imagebot.manifest.images.options import ScanOptions
from imagebot.plan.model import Published
from imagebot.registry.api import Registry

if TYPE_CHECKING:
    from imagebot.publish.changes import Change


@dataclass(frozen=True, slots=True)
class PublishContext:
    """A target's checkout, whose committer makes the commits, and its forge, opened once.

    `commit` says what the messages are like. `registry` is asked for the digests that they name;
    without one they name only those that are written into the files. A publisher is in a context
    of `waiting` while it waits for registries. `options` say how the target's files are scanned.
    `requests` are the open pull requests that were looked up already, by branch.
    """

    checkout: Checkout
    forge: ForgeAccess
    commit: CommitOptions = field(default_factory=CommitOptions)
    registry: Registry | None = None
    waiting: Callable[[], AbstractContextManager[None]] = nullcontext
    options: ScanOptions = field(default_factory=ScanOptions)
    requests: Mapping[str, PullRequest | None] = field(default_factory=dict)

    def find(self, forge: Forge, branch: str) -> PullRequest | None:
        """The open pull request of a branch."""
        return self.requests[branch] if branch in self.requests else forge.find(branch)


class Publisher(Protocol):
    """Publishes one change.

    `edits` has the new bytes of the files that the change touches, by path, made from the
    checkout's head. Raises GitError, ForgeError and CredentialError.
    """

    def __call__(
        self, change: Change, edits: Mapping[str, bytes], context: PublishContext
    ) -> Published: ...
