"""The `image` of entries of `fields`: its captures, and whether it can be a repository."""

from __future__ import annotations

from imagebot.config.issues import Issues
from imagebot.config.node import Document, KeyPath, show_text
from imagebot.errors import InvalidReferenceError, UsageError
from imagebot.glob import CAPTURE, capture_names
from imagebot.reference import parse_reference
from imagebot.text import did_you_mean


def check_fields(document: Document, issues: Issues) -> None:
    """Report every `image` that cannot name a repository, with its place in the file.

    Works on the document: other mistakes are reported elsewhere, and hide none of these.
    """
    at = document.node(("fields",))
    for index in at.children if at else ():
        node = document.node(("fields", index, "image"))
        if node is None or not isinstance(node.value, str):
            continue
        keys: KeyPath = ("fields", index, "image")
        if not _has_unknown_captures(document, issues, keys, node.value):
            _check_repository(issues, keys, node.value)


def _has_unknown_captures(document: Document, issues: Issues, keys: KeyPath, image: str) -> bool:
    """Whether some glob of the entry's `files` does not have a capture of its `image`."""
    globs = _globs(document, keys)
    bad = False
    for match in CAPTURE.finditer(image):
        name = match[1]
        without = next((glob for glob, names in globs.items() if name not in names), None)
        if globs and without is None:
            continue
        bad = True
        position = match.start()
        shown = show_text(name)
        known = sorted({each for names in globs.values() for each in names})
        if without is not None and name in known:
            message = f"{{{shown}}} is not captured by {show_text(without)!r}"
            hint = f"write {{{shown}}} in every glob of files"
        else:
            message = f"{{{shown}}} is not captured by files"
            listed = ", ".join(f"{{{each}}}" for each in known)
            hint = did_you_mean(name, known) or (
                f"files captures {listed}" if known else f"write {{{shown}}} in a glob of files"
            )
        issues.add(keys, message, hint, position=position)
    return bad


def _globs(document: Document, keys: KeyPath) -> dict[str, tuple[str, ...]]:
    """The captures of each valid glob of the entry's `files`."""
    files = document.node((*keys[:-1], "files"))
    globs: dict[str, tuple[str, ...]] = {}
    for each in files.children.values() if files else ():
        if isinstance(each.value, str):
            try:
                globs[each.value] = capture_names(each.value)
            except UsageError:
                continue
    return globs


def _check_repository(issues: Issues, keys: KeyPath, image: str) -> None:
    try:
        reference = parse_reference(CAPTURE.sub("x", image))
    except InvalidReferenceError as error:
        message = f"not a repository: {show_text(image)!r}: {error.reason}"
        issues.add(keys, message, "write its name, such as ghcr.io/acme/api", position=0)
        return
    if reference.tag is not None or reference.digest is not None:
        message = f"{show_text(image)!r} has a tag or digest"
        issues.add(keys, message, "image names a repository, without a tag", position=0)
