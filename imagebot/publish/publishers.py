"""How each way to publish is done."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from imagebot.config.model import CommitOptions, PublishMode
from imagebot.forge.model import Forge
from imagebot.git.checkout import Checkout
from imagebot.plan.model import Published
from imagebot.publish.changes import Change
from imagebot.publish.commit import publish_commit
from imagebot.publish.pull_request import publish_pull_request


class Publisher(Protocol):
    """`edits` are the new bytes of the files that the change touches, by path, made from the
    checkout's head. Raises GitError and ForgeError.
    """

    def __call__(
        self,
        change: Change,
        checkout: Checkout,
        forge: Forge | None,
        *,
        edits: Mapping[str, bytes],
        author: CommitOptions,
        when: datetime,
    ) -> Published: ...


PUBLISHERS: Mapping[PublishMode, Publisher] = {
    "commit": publish_commit,
    "pull-request": publish_pull_request,
}
