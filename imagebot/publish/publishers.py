"""How each way to publish is done."""

from __future__ import annotations

from collections.abc import Mapping

from imagebot.config.model import PublishMode
from imagebot.publish.commit import publish_commit
from imagebot.publish.context import Publisher
from imagebot.publish.pull_request import publish_pull_request

PUBLISHERS: Mapping[PublishMode, Publisher] = {
    "commit": publish_commit,
    "pull-request": publish_pull_request,
}
