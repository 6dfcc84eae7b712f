"""imagebot's own configuration, whose `fields` look like images written in parts."""

from __future__ import annotations

import re

from imagebot.manifest.images.context import DocumentContext
from imagebot.manifest.yaml.tree import Mapping

_SECTION = re.compile(r"^(?:policies|routes|targets):", re.MULTILINE)


def is_configuration(context: DocumentContext, root: Mapping) -> bool:
    """Whether a document has the sections of a configuration, whatever its file name."""
    fields = root.sequence("fields")
    if not fields or _SECTION.search(context.document_text.text) is None:
        return False
    return all(isinstance(field, Mapping) and "kind" in field for field in fields)
