"""What every change of a pass is published with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from imagebot.forge.connect import ForgeAccess
from imagebot.forge.model import Forge, PullRequest
from imagebot.git.checkout import Checkout
from imagebot.manifest.images.options import ScanOptions
from imagebot.plan.model import Published
from imagebot.publish.changes import Change


@dataclass(frozen=True, slots=True)
class PublishContext:
    """A target's checkout, whose committer makes the commits, and its forge, opened once.

    `options` say how the target's files are scanned. `requests` are the open pull requests that
    were looked up already, by branch.
    """

    checkout: Checkout
    forge: ForgeAccess
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
