"""What a kustomization writes over images besides its `images:`: transformers and replacements."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from imagebot.manifest.images.context import DocumentContext
from imagebot.manifest.images.overlay import Overlay, Replacement, folder_of, in_tree
from imagebot.manifest.yaml.tree import Mapping, Node, Sequence, is_scalar

# One key of a path of fields; one in brackets may have dots in it.
_KEY = re.compile(r"(\[[^\]]*\]|[^.\[]+)(?:\.|\Z)")
_MAX_TARGETS = 1_000


def transformers_of(path: str, root: Mapping) -> tuple[str, ...]:
    """The files of `transformers`; the kustomization itself where one is written in it."""
    items = [item.value for item in root.sequence("transformers") or () if is_scalar(item)]
    files = in_tree(folder_of(path), [each.strip() for each in items if "\n" not in each])
    return (*files, path) if any("\n" in each for each in items) else files


def files_of(path: str, root: Mapping) -> tuple[str, ...]:
    """The files of `replacements: [{path: …}]`."""
    items = root.sequence("replacements") or ()
    return in_tree(folder_of(path), [i.text("path") for i in items if isinstance(i, Mapping)])


def note_file(context: DocumentContext, root: Node) -> None:
    """Collect the replacements in a file of their own: one, or a list of them."""
    items = root if isinstance(root, Sequence) else [root]
    first = items[0] if items else None
    if isinstance(first, Mapping) and "source" in first and "targets" in first:
        found = targets_of(context, items)
        if found:
            path = context.findings.path
            overlay = Overlay("replacements", path, folder=path, replacements=found)
            context.findings.overlays.append(overlay)


def targets_of(context: DocumentContext, items: Iterable[Node]) -> tuple[Replacement, ...]:
    """The targets that are images: whole ones, or their tags (`delimiter: ":"`, `index: 1`)."""
    found = [
        each
        for item in items
        if isinstance(item, Mapping)
        for target in item.sequence("targets") or ()
        if isinstance(target, Mapping)
        for each in _of_target(context, target)
    ]
    return tuple(found[:_MAX_TARGETS])


def _of_target(context: DocumentContext, target: Mapping) -> Iterator[Replacement]:
    select, options = target.mapping("select") or Mapping(), target.mapping("options")
    others = set(select) - {"kind", "name", "group", "version"}
    if others or target.sequence("reject"):
        # Who else is left out is not read.
        return
    sign = options.text("delimiter") if options is not None else ""
    if options is not None and sign and (sign != ":" or options.text("index") != "1"):
        return
    for field in target.sequence("fieldPaths") or ():
        if is_scalar(field) and field.value.strip().endswith(".image"):
            keys = tuple(_KEY.findall(field.value.strip()))
            yield Replacement(context.line(field), select.text("kind"), select.text("name"), keys)
