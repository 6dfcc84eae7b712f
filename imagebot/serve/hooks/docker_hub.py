"""Docker Hub's webhook. https://docs.docker.com/docker-hub/repos/manage/webhooks/"""

from __future__ import annotations

from imagebot.reference import DOCKER_HUB
from imagebot.serve.hooks.announce import Named, Said, malformed
from imagebot.serve.hooks.document import text
from imagebot.serve.hooks.model import Delivery, Refused


def read(_delivery: Delivery, document: object) -> Said | Refused:
    """Each push of a tag is one delivery. They have no id."""
    namespace, name = (
        text(document, "repository", "namespace"),
        text(document, "repository", "name"),
    )
    joined = f"{namespace}/{name}" if namespace and name else name
    path = text(document, "repository", "repo_name") or joined
    if not path:
        return malformed("has no repository.repo_name")
    return Said(images=(Named(DOCKER_HUB, path, text(document, "push_data", "tag")),))
