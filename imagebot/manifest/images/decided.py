"""Values that look like an image but are not what the templates of their chart deploy.

A template may cut a tag, change a name or take the tag from another value. An edit of such a value
would then do something else, or nothing: the field is pending, and then listed with the reason.
"""

from __future__ import annotations

from dataclasses import replace

from imagebot.manifest.images.context import DocumentContext
from imagebot.manifest.images.findings import RepositoryLink
from imagebot.manifest.images.layers import Below, Decided, ValuePath


def settle_decided(context: DocumentContext, depth: int, start: int, below: Below | None) -> None:
    """Make the candidates from `start` on pending that the templates decide about. Those that the
    templates explain are before them.

    `depth` counts the keys that lead to the values, those of the context included.
    """
    if below is None or not below.decided:
        return
    at: dict[ValuePath, Decided] = {}
    beside: dict[ValuePath, Decided] = {}
    known: set[tuple[ValuePath, str]] = set()
    for each in below.decided:
        at.setdefault(each.path, each)
        if each.unless:
            # The tag of several images is that of the one beside it.
            known.add((each.path, each.unless))
        if each.beside and len(each.path) > 1:
            beside.setdefault(each.path[:-1], each)
    candidates = context.findings.candidates
    for number in range(start, len(candidates)):
        candidate = candidates[number]
        path = tuple(str(key) for key in candidate.field.keys[depth:])
        found = _decided(at, beside, path)
        is_known = (path, str(candidate.field.reference.repository)) in known
        if found is not None and candidate.link is None and not is_known:
            link = RepositoryLink("Decided", found.reason)
            candidates[number] = replace(candidate, link=link)


def _decided(
    at: dict[ValuePath, Decided], beside: dict[ValuePath, Decided], path: ValuePath
) -> Decided | None:
    """What is said of a value, of a mapping above it, or of a value beside it."""
    for length in range(len(path), 0, -1):
        if path[:length] in at:
            return at[path[:length]]
    return beside.get(path[:-1])
