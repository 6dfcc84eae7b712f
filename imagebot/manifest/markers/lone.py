"""Fields of lone tags and digests, whose image is named by a comment."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from dataclasses import replace

from imagebot.manifest.images.field import Unread
from imagebot.manifest.images.findings import HALF_FOUND, FieldCandidate, FileFindings
from imagebot.manifest.images.not_reference import is_filled_in
from imagebot.manifest.images.split import Split, find_split
from imagebot.manifest.markers.named import (
    NAME_KEYS,
    NO_VALUE,
    SEVERAL,
    VALUE_KEYS,
    VERSION_KEY,
    Named,
    repository_of,
    why_no_text,
    why_not_version,
)
from imagebot.manifest.markers.targets import Target, targets_of
from imagebot.manifest.yaml.file_text import FileText
from imagebot.manifest.yaml.tree import Mapping, Node, Sequence
from imagebot.reference import is_digest

_BLOCK = ("|", ">")


def add_named(
    findings: FileFindings, file: FileText, names: list[Named], candidates: list[FieldCandidate]
) -> tuple[list[FieldCandidate], dict[int, str]]:
    """The candidates with those that comments name, and why a comment names none, by its start.

    A reason of "" means that the value is filled in by another tool, which is listed.
    """
    if not names:
        return candidates, {}
    adding = _Adding(findings, file, candidates)
    for each in sorted(names, key=lambda each: each.at):
        adding.add(each)
    return adding.finished(), adding.reasons


class _Adding:
    def __init__(
        self, findings: FileFindings, file: FileText, candidates: list[FieldCandidate]
    ) -> None:
        self.findings = findings
        self.file = file
        self.candidates = candidates
        self.added: list[FieldCandidate] = []
        self.removed: set[int] = set()
        self.lines: set[int] = set()
        self.unread: list[Unread] = []
        self.by_line: defaultdict[int, list[int]] = defaultdict(list)
        for number, candidate in enumerate(candidates):
            for line in candidate.lines:
                self.by_line[line].append(number)
        self.targets = [t for t in targets_of(findings) if t.scalar.style not in _BLOCK]
        self.starts = [each.start for each in self.targets]
        self.reasons: dict[int, str] = {}
        self.named: dict[int, Named] = {}

    def add(self, named: Named) -> None:
        other = self.named.setdefault(named.governs, named)
        if other is not named and named.renovate:
            return
        reason = self.try_to_add(named) if other is named else named.differs(other)
        if not reason:
            return
        failed = named.failed(self.findings.path, reason)
        if named.renovate:
            self.findings.unread.append(failed)
        else:
            self.reasons[named.at] = failed.reason

    def try_to_add(self, named: Named) -> str:
        """Add the field of a comment; returns why not, "" if it is done or listed."""
        found = repository_of(named.image)
        if isinstance(found, str):
            return found
        on_line = self.by_line.get(named.governs, [])
        if named.renovate and on_line:
            # The file itself says which image it is.
            return ""
        target = self.target(named)
        if isinstance(target, str):
            return target
        line = target.context.line(target.scalar)
        other_named = self.named.setdefault(line, named)
        if other_named is not named:
            return "" if named.renovate else named.differs(other_named)
        on_line = self.by_line.get(line, [])
        value = target.scalar.value.strip()
        reason = "" if is_filled_in(value) else (why_not_version(value) or _why_no_text(target))
        if reason:
            return reason
        made, unread = _read(self.findings, target, found.name, named)
        taken = {slot for each in made for slot in _slots(each)}
        same = [at for at in on_line if not taken.isdisjoint(_slots(self.candidates[at]))]
        other = next((at for at in on_line if at not in same), None)
        if other is not None and made:
            reference = self.candidates[other].field.reference
            return f"is on a line that is part of {reference} already"
        self.added += made
        self.removed.update(same)
        self.lines.add(line)
        self.unread += unread
        if not made and not named.renovate:
            self.reasons[named.at] = ""
        return ""

    def finished(self) -> list[FieldCandidate]:
        """All candidates; what was half found on their lines is no longer listed."""
        self.findings.unread[:] = [
            each
            for each in self.findings.unread
            if each.line not in self.lines or each.code not in HALF_FOUND
        ]
        self.findings.unread += self.unread
        rest = [each for at, each in enumerate(self.candidates) if at not in self.removed]
        return rest + self.added

    def target(self, named: Named) -> Target | str:
        """The value on the line that a comment is about."""
        first = self.file.line_start(named.governs)
        last = self.file.line_end(first)
        if first <= named.at < last:
            last = named.at
        on_line = self.targets[bisect_left(self.starts, first) : bisect_left(self.starts, last)]
        on_line = [each for each in on_line if each.end > each.start]
        if len(on_line) > 1:
            return _meant(on_line) or SEVERAL
        return self.value_of(on_line[0]) if on_line else NO_VALUE

    def value_of(self, target: Target) -> Target | str:
        """A value, or where it is only a name, the one beside it: of `- name: TAG` the `value`."""
        if not target.keys or target.keys[-1] not in NAME_KEYS:
            return target
        owner = _owner(target.root, target)
        if not isinstance(owner, Mapping):
            return target
        given = [key for key in VALUE_KEYS if key in owner]
        keys = given or [key for key in owner if VERSION_KEY.search(key)]
        scalar = owner.scalar(keys[0]) if len(keys) == 1 else None
        if scalar is None:
            return NO_VALUE
        start = target.context.document_text.index(scalar.start_mark.index)
        at = bisect_left(self.starts, start)
        found = self.targets[at] if at < len(self.targets) else None
        return found if found is not None and found.start == start else NO_VALUE


def _why_no_text(target: Target) -> str:
    """The same for a value without quotes, which YAML may read as something else than text."""
    if target.scalar.style or target.scalar.tag is not None or target.scalar.value == "":
        return ""
    *about, key = (str(each) for each in target.keys) if target.keys else ("",)
    return why_no_text(key, target.scalar.value.strip(), ".".join(about))


def _meant(several: list[Target]) -> Target | None:
    """The value that is a version by its key: `{tag: 1.2, pullPolicy: Always}`, or
    `{name: image.tag, value: 1.2}`."""
    versions = [each for each in several if VERSION_KEY.search(str(each.keys[-1]))]
    found = versions or [each for each in several if each.keys[-1] == "value"]
    return found[0] if len(found) == 1 else None


def _slots(candidate: FieldCandidate) -> set[tuple[int, int]]:
    """Where the text of a field is written."""
    slots = (candidate.field.tag, candidate.field.digest)
    return {(slot.start, slot.end) for slot in slots if slot is not None and slot.text}


def _read(
    findings: FileFindings, target: Target, name: str, named: Named
) -> tuple[list[FieldCandidate], list[Unread]]:
    """The field of a value, or the entry that lists it."""
    inside = replace(findings, candidates=[], unread=[])
    context = replace(target.context, findings=inside)
    key = str(target.keys[-1]) if target.keys else ""
    owner = _owner(target.root, target)
    if isinstance(owner, Mapping):
        flat = Mapping.like(owner)
        flat[key] = owner[key]
    else:
        flat = Mapping()
        flat.start, flat.end, flat.repeated = 0, 0, frozenset()
        flat.flow = isinstance(owner, Sequence) and owner.flow
        flat[key] = (target.scalar, target.scalar)
    part = "digest" if is_digest(target.scalar.value.strip()) else "tag"
    shape = Split(
        owner=flat,
        repository="",
        registry="",
        name=name,
        tag=key if part == "tag" else "",
        digest=key if part == "digest" else "",
        new_digest="never" if named.renovate else "after",
    )
    find_split(context, shape, target.keys[:-1])
    place = f"{findings.path}:{named.line}"
    keys = (*target.context.prefix, *target.keys)
    made = [
        replace(
            each,
            field=replace(each.field, keys=keys, repository_from=place),
            # A policy that the comment has is for its line.
            lines=tuple(dict.fromkeys((*each.lines, named.governs))),
        )
        for each in inside.candidates
    ]
    return made, inside.unread


def _owner(root: Node, target: Target) -> Node:
    """The mapping or list that a value is in."""
    node = root
    for key in target.keys[:-1]:
        if isinstance(node, Mapping):
            node = node[str(key)][1]
        elif isinstance(node, Sequence) and isinstance(key, int):
            node = node[key]
    return node
