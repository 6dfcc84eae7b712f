"""KRM functions, whose containers Kustomize and kpt read from annotations of a resource."""

from __future__ import annotations

from imagebot.manifest.images.context import DocumentContext
from imagebot.manifest.images.findings import Keys
from imagebot.manifest.yaml.tree import Mapping

SIGN = "/function"
_ANNOTATIONS = ("config.kubernetes.io/function", "config.k8s.io/function")


def find(context: DocumentContext, root: Mapping, keys: Keys) -> None:
    """Queue the blocks that name the image of a resource's function."""
    if not context.document_text.holds(SIGN):
        return
    metadata = root.mapping("metadata")
    annotations = metadata.mapping("annotations") if metadata is not None else None
    if annotations is None:
        return
    for name in _ANNOTATIONS:
        text = annotations.scalar(name)
        if text is not None and text.style == "|":
            context.add_nested(text, (*keys, "metadata", "annotations", name))
