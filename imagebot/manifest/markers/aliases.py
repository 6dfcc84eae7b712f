"""The lines of aliases (`image: *web`) through which a field is used elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from imagebot.manifest.images.findings import FieldCandidate, FileFindings, Keys, MarkedDocument
from imagebot.manifest.yaml.tree import Mapping, Node, Sequence, aliases_of, is_scalar

# Aliases of more lines are skipped: a marker there has no effect and is reported.
_MANY = 100


def with_alias_lines(
    findings: FileFindings, candidates: list[FieldCandidate]
) -> list[FieldCandidate]:
    """The candidates; their lines then include those of the aliases that lead to them."""
    search = _Search(findings, candidates)
    return (
        [search.with_lines(candidate) for candidate in candidates] if search.roots else candidates
    )


def unlisted_aliases(
    findings: FileFindings, candidates: Iterable[FieldCandidate]
) -> Iterator[tuple[int, range]]:
    """The lines of aliases of whole mappings and lists through which no field is read, because each
    is read only once, with the lines of what they name."""
    listed = {line for candidate in candidates for line in candidate.lines}
    for marked in findings.marked:
        if "*" in marked.document_text.text:
            for at, node in _occurrences(marked.root):
                line = marked.line(at)
                if line not in listed and not is_scalar(node):
                    yield line, _extent(marked, node)


class _Search:
    """Indexes of one file: documents by number and prefix, the keys of fields, and per mapping the
    positions of aliases by the line of what they name."""

    def __init__(self, findings: FileFindings, candidates: list[FieldCandidate]) -> None:
        self.roots = {
            (marked.document, marked.prefix): marked
            for marked in findings.marked
            if "*" in marked.document_text.text
        }
        self.fields = {(candidate.field.document, candidate.field.keys) for candidate in candidates}
        self.parts: dict[int, dict[int, list[int]]] = {}

    def with_lines(self, candidate: FieldCandidate) -> FieldCandidate:
        keys = candidate.field.keys
        for length in range(len(keys), -1, -1):
            marked = self.roots.get((candidate.field.document, keys[:length]))
            if marked is not None:
                positions = self.positions(marked, candidate, length)
                lines = (*candidate.lines, *(marked.line(at) for at in positions))
                return replace(candidate, lines=tuple(dict.fromkeys(lines)))
        return candidate

    def positions(
        self, marked: MarkedDocument, candidate: FieldCandidate, skip: int
    ) -> Iterator[int]:
        """The positions of aliases on the path to a field and at other parts of its reference."""
        node = owner = marked.root
        keys = candidate.field.keys
        depth = skip
        for key in keys[skip:]:
            if isinstance(node, Mapping) and isinstance(key, str):
                yield from _own(node, key) if key in node else _merged(node, key)
                owner, node = node, node.node(key)
            elif isinstance(node, Sequence) and isinstance(key, int) and key < len(node):
                yield from _own(node, key)
                owner, node = node, node[key]
            else:
                owner = node
                break
            depth += 1
        if isinstance(owner, Mapping) and aliases_of(owner):
            above = keys[: min(depth, len(keys) - 1)]
            parts = self.parts_of(marked, owner, above)
            for line in candidate.lines:
                yield from parts.get(line, ())

    def parts_of(self, marked: MarkedDocument, owner: Mapping, keys: Keys) -> dict[int, list[int]]:
        """The positions of aliases in a mapping that are not fields themselves, by the lines of
        what they name."""
        if id(owner) not in self.parts:
            parts = self.parts[id(owner)] = {}
            for key, at in aliases_of(owner).items():
                if (marked.document, (*keys, key)) not in self.fields:
                    for line in _extent(marked, owner[str(key)][1])[:_MANY]:
                        positions = parts.setdefault(line, [])
                        if len(positions) < _MANY:
                            positions.append(at)
        return self.parts[id(owner)]


def _own(node: Mapping | Sequence, key: str | int) -> Iterator[int]:
    at = aliases_of(node).get(key)
    if at is not None:
        yield at


def _merged(mapping: Mapping, key: str) -> Iterator[int]:
    """The position of the alias after `<<` that a key comes from."""
    merge = mapping["<<"][1] if "<<" in mapping else None
    if isinstance(merge, Sequence):
        for number, source in enumerate(merge):
            if isinstance(source, Mapping) and source.node(key) is not None:
                yield from _own(merge, number)
                return
    elif merge is not None:
        yield from _own(mapping, "<<")


def _occurrences(root: Node) -> Iterator[tuple[int, Node]]:
    """Every alias of a document, with what it names."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if not isinstance(node, Mapping | Sequence) or id(node) in seen:
            continue
        seen.add(id(node))
        children: list[Node]
        if isinstance(node, Mapping):
            yield from ((at, node[str(key)][1]) for key, at in aliases_of(node).items())
            children = [child for _, child in node.values()]
        else:
            yield from ((at, node[int(key)]) for key, at in aliases_of(node).items())
            children = list(node)
        waiting.extend(children)


def _extent(marked: MarkedDocument, node: Node) -> range:
    """The lines on which a node is written."""
    if isinstance(node, Mapping | Sequence):
        # Block collections end where the next thing begins.
        end = marked.line(max(node.end - 1, node.start))
        return range(marked.line(node.start), end + 1)
    if node is None:
        return range(0)
    line = marked.line(node.start_mark.index)
    return range(line, line + 1)
