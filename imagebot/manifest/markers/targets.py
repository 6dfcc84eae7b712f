"""The values of documents with markers, and where they are in the file."""

from __future__ import annotations

from imagebot.manifest.images.context import DocumentContext
from imagebot.manifest.images.findings import FileFindings, Keys
from imagebot.manifest.yaml.events import Scalar
from imagebot.manifest.yaml.scalars import scalars_with_keys
from imagebot.manifest.yaml.tree import Node
from imagebot.values import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """A value at `keys` below `root`; `start` and `end` count code points of the file."""

    context: DocumentContext
    root: Node
    scalar: Scalar
    keys: Keys
    start: int
    end: int


def targets_of(findings: FileFindings) -> list[Target]:
    """The values of the marked documents, by where they start."""
    targets = []
    for each in findings.marked:
        document_text = each.document_text
        context = DocumentContext(
            findings, document_text, each.document, each.format, each.prefix, each.resource
        )
        for scalar, keys in scalars_with_keys(each.root):
            start = document_text.index(scalar.start_mark.index)
            end = document_text.index(scalar.end_mark.index)
            targets.append(Target(context, each.root, scalar, keys, start, end))
    return sorted(targets, key=lambda each: each.start)
