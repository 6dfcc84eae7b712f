"""Images that OpenShift imports or builds from: `from: {kind: DockerImage, name: REFERENCE}`."""

from __future__ import annotations

from imagebot.manifest.images.context import DocumentContext
from imagebot.manifest.images.findings import Keys
from imagebot.manifest.yaml.tree import Mapping

DOCKER_IMAGE = "DockerImage"


def find_sources(context: DocumentContext, mapping: Mapping, keys: Keys) -> None:
    """The source of a tag of an ImageStream, of an ImageStreamTag or of a build.

    Other kinds (`ImageStreamTag`) name objects of the cluster.
    """
    if keys[-1:] == ("from",) and mapping.text("kind") == DOCKER_IMAGE:
        name = mapping.scalar("name")
        if name is not None:
            context.inline(name, (*keys, "name"), loose=True)
