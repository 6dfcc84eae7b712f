"""Images that a resource builds and pushes, rather than pulls."""

from __future__ import annotations

from collections.abc import Iterator

from imagebot.manifest.images.context import DocumentContext
from imagebot.manifest.images.findings import Keys
from imagebot.manifest.images.walk import Visitor
from imagebot.manifest.yaml.tree import Mapping, Node, Sequence, is_scalar

# By prefix of apiVersion, the paths of mappings with such an `image`; `*` is every item.
_OUTPUTS: tuple[tuple[str, str], ...] = (
    ("kafka.strimzi.io/", "spec.build.output"),
    ("shipwright.io/", "spec.output"),
    ("shipwright.io/", "spec.build.spec.output"),
    ("skaffold/", "build.artifacts.*"),
    ("skaffold/", "profiles.*.build.artifacts.*"),
)
_GROUPS = tuple(group for group, _ in _OUTPUTS)


def without_outputs(root: Mapping, visit: Visitor) -> Visitor:
    """A visitor like `visit` that only lists the outputs of builds in the resource `root`."""
    version = root.text("apiVersion")
    if not version.startswith(_GROUPS):
        return visit
    outputs = {
        id(output)
        for group, path in _OUTPUTS
        if version.startswith(group)
        for output in _follow(root, path.split("."))
    }

    def visit_others(context: DocumentContext, mapping: Mapping, keys: Keys) -> None:
        if id(mapping) in outputs:
            _list(context, mapping.node("image"))
        else:
            visit(context, mapping, keys)

    return visit_others


def _follow(node: Node, path: list[str]) -> Iterator[Mapping]:
    if not path:
        if isinstance(node, Mapping):
            yield node
    elif path[0] == "*" and isinstance(node, Sequence):
        for item in node:
            yield from _follow(item, path[1:])
    elif isinstance(node, Mapping):
        yield from _follow(node.node(path[0]), path[1:])


def _list(context: DocumentContext, image: Node) -> None:
    if is_scalar(image) and not context.is_variable(image, image.value):
        reason = "this is built here: `image` only names the result"
        context.unread(image, "built-here", reason, expected=True)
