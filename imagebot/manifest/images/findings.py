"""Collects everything found in one file: field candidates, and YAML that is still to be read."""

from __future__ import annotations

from dataclasses import field
from typing import TypeAlias

from imagebot.manifest.images.field import (
    FluxObject,
    ImageField,
    PendingField,
    PendingKind,
    Resource,
    Unread,
    fingerprint,
)
from imagebot.manifest.images.generated import ApplicationSet
from imagebot.manifest.images.layers import Below, Chart, Holder, Release, Section
from imagebot.manifest.images.options import ExtraField, ScanOptions
from imagebot.manifest.images.overlay import Operation, Overlay
from imagebot.manifest.yaml.document_text import DocumentText
from imagebot.manifest.yaml.events import MAX_DEPTH, Scalar
from imagebot.manifest.yaml.tree import Node
from imagebot.values import dataclass

# A field costs a few KiB while its file is read.
MAX_FIELDS = 50_000
# How many texts of a file a slower parser may read.
MAX_SLOW = 2_000
# Codes of references of which a format knows only one part.
HALF_FOUND = frozenset({"no-tag", "no-repository", "not-a-reference", "ambiguous"})
Keys: TypeAlias = tuple[str | int, ...]
# A chain of aliases can lead deeper than the document is nested.
MAX_PATH = 2 * MAX_DEPTH


@dataclass(frozen=True, slots=True)
class NestedYaml:
    """A literal block scalar that may hold YAML; `resource` is the object it is part of."""

    document_text: DocumentText
    scalar: Scalar
    document: int
    keys: Keys
    resource: Resource | None
    depth: int


@dataclass(frozen=True, slots=True)
class RepositoryLink:
    """An object, by kind and `namespace:name`, that says which repository a field is about."""

    kind: PendingKind
    name: str
    chart: str = ""


@dataclass(frozen=True, slots=True)
class FieldCandidate:
    """A field before its marker is known; `lines` are the lines whose markers apply to it, if the
    file has any markers."""

    field: ImageField
    lines: tuple[int, ...]
    link: RepositoryLink | None = None

    def pending(self, field: ImageField) -> PendingField:
        assert self.link is not None
        return PendingField(field, self.link.kind, self.link.name, self.link.chart)


@dataclass(frozen=True, slots=True)
class MarkedDocument:
    """A document whose text holds a marker, with the properties shared by its fields."""

    root: Node
    document_text: DocumentText
    document: int
    format: str
    prefix: Keys
    resource: Resource | None

    def line(self, at: int) -> int:
        """The line in the file of a position in the text."""
        return self.document_text.file.line(self.document_text.index(at))


@dataclass(frozen=True, slots=True)
class FieldEntry:
    """One of `ScanOptions.fields` that is about a file; `number` is its place among them.

    `image` is its literal repository, "" if it has none or `problem` says what is wrong with it.
    """

    number: int
    extra: ExtraField
    image: str = ""
    problem: str = ""


@dataclass(slots=True)
class FileFindings:
    """Everything found in one file, in the order found.

    `patterns` are the configured patterns for the file, `entries` the configured fields. `nested`
    are scalars still to be read, `marked` the documents whose text holds a marker, `broken` those
    that could not be parsed. `below` has what other layers of Helm values give to this file.
    `repositories` are the OCI registries that a helmfile names for its charts. `data` is the
    content of the file, empty for a text within it and once something in it needs the slow parser.
    """

    path: str
    options: ScanOptions
    has_markers: bool = False
    patterns: tuple[str, ...] = ()
    candidates: list[FieldCandidate] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    objects: list[FluxObject] = field(default_factory=list)
    overlays: list[Overlay] = field(default_factory=list)
    nested: list[NestedYaml] = field(default_factory=list)
    marked: list[MarkedDocument] = field(default_factory=list)
    broken: list[DocumentText] = field(default_factory=list)
    charts: list[Chart] = field(default_factory=list)
    releases: list[Release] = field(default_factory=list)
    holders: list[Holder] = field(default_factory=list)
    below: dict[Section, Below] = field(default_factory=dict)
    entries: tuple[FieldEntry, ...] = ()
    repositories: dict[str, str] = field(default_factory=dict)
    env_files: list[str] = field(default_factory=list)
    operations: list[Operation] = field(default_factory=list)
    application_sets: list[ApplicationSet] = field(default_factory=list)
    data: bytes = b""
    _fingerprint: bytes = b""

    def fingerprint(self) -> bytes:
        """That of the file, empty where `data` is."""
        if self.data and not self._fingerprint:
            self._fingerprint = fingerprint(self.data)
        return self._fingerprint if self.data else b""

    @property
    def is_full(self) -> bool:
        """Whether there are more findings than any manifest has; the file is then not read."""
        return len(self.candidates) > MAX_FIELDS or len(self.marked) > MAX_FIELDS
