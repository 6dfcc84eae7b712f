"""Collects what the format modules find in one document: fields, and what could not be read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from imagebot.errors import InvalidReferenceError
from imagebot.manifest.events import MAX_DEPTH, Scalar
from imagebot.manifest.field import (
    FluxObject,
    ImageField,
    PendingField,
    PendingKind,
    Resource,
    Slot,
    Unread,
)
from imagebot.manifest.naming import has_host
from imagebot.manifest.options import ScanOptions
from imagebot.manifest.slots import Place, is_null, place
from imagebot.manifest.source import Source
from imagebot.manifest.tree import Mapping, Node, Sequence
from imagebot.reference import Reference, parse_reference

# A field costs a few KiB while its file is read.
MAX_FIELDS = 50_000
# How many texts of a file a slower parser may read.
MAX_SLOW = 2_000
Keys: TypeAlias = tuple[str | int, ...]
# What a value looks like that another tool fills in before anybody reads it as a reference.
_VARIABLE = re.compile(r"^[$<]|\$[A-Za-z_({]|\{[{%]|<<|%\{|\$\[\[|__[A-Z]")
# What is no reference for the sake of such a part: `REGISTRY_HOST/app` is replaced with sed,
# `#{TAG}#`, `<TAG>`, `{tag}`, `((tag))`, `%TAG%` and `@@TAG@@` by other tools, `ko://…` by ko.
_PLACEHOLDER = re.compile(
    r"(?<![A-Za-z0-9])[A-Z][A-Z0-9]*_[A-Z0-9_]*[A-Z0-9](?![A-Za-z0-9])"
    r"|#\{|<[^<>]++>|\{[A-Za-z_][\w.-]*+\}|\(\([^()]++\)\)|%[A-Za-z_]\w*+%|@@[\w.-]++@@|^ko://"
)
# What policies write where an image stands elsewhere; addresses have a `?` too.
_PATTERN = re.compile(r"(?!.*://)(?:!|.*(?:[*?]| \| ))", re.DOTALL)
# No reference is longer, and the searches above take their time.
_MAX_TEXT = 1024
_IMAGE_ID = re.compile(r"sha256:[0-9a-f]{64}")
_SHOWN = 80
# A chain of aliases can lead deeper than the document is nested.
MAX_PATH = 2 * MAX_DEPTH


@dataclass(frozen=True, slots=True)
class Embedded:
    """A literal block scalar that may hold YAML of its own; `resource` is what it is a part of."""

    source: Source
    scalar: Scalar
    document: int
    keys: Keys
    resource: Resource | None
    depth: int


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """An object, by kind and `namespace:name`, that says which repository a field is about."""

    kind: PendingKind
    name: str
    chart: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """A field before its marker is known; `lines` are those that a marker can stand on, where
    the file has markers at all."""

    field: ImageField
    lines: tuple[int, ...]
    elsewhere: Elsewhere | None = None

    def pending(self, field: ImageField) -> PendingField:
        assert self.elsewhere is not None
        return PendingField(field, self.elsewhere.kind, self.elsewhere.name, self.elsewhere.chart)


@dataclass(slots=True)
class Sheet:
    """Everything found in one file, in the order found.

    `patterns` are what a configuration has for the file, whatever it is.

    `marked` are the documents whose text holds a marker, to be searched for what it governs;
    `broken` the documents that could not be parsed.
    """

    path: str
    options: ScanOptions
    has_markers: bool = False
    patterns: tuple[str, ...] = ()
    drafts: list[Draft] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    objects: list[FluxObject] = field(default_factory=list)
    embedded: list[Embedded] = field(default_factory=list)
    marked: list[tuple[Found, Node]] = field(default_factory=list)
    broken: list[Source] = field(default_factory=list)

    @property
    def is_full(self) -> bool:
        """Whether there is more than a manifest ever has; the file is then not read."""
        return len(self.drafts) > MAX_FIELDS or len(self.marked) > MAX_FIELDS


@dataclass(slots=True)
class Found:
    """Where a format module reports to while it walks one document.

    `prefix` is what goes before the keys of a document that is embedded in another one.
    """

    sheet: Sheet
    source: Source
    document: int
    format: str
    prefix: Keys = ()
    resource: Resource | None = None
    depth: int = 0
    visited: set[int] = field(default_factory=set)

    def within(self, *, form: str = "", resource: Resource | None = None) -> Found:
        """The same place, seen as another format or within a resource."""
        return replace(self, format=form or self.format, resource=resource or self.resource)

    def enter(self, node: Mapping | Sequence) -> bool:
        """True the first time that a node is met: aliases can lead to it again, or in circles."""
        if id(node) in self.visited:
            return False
        self.visited.add(id(node))
        return True

    def embed(self, scalar: Scalar, keys: Keys) -> None:
        """Put a literal block scalar aside, to be read when the document has been."""
        full = (*self.prefix, *keys)
        part = Embedded(self.source, scalar, self.document, full, self.resource, self.depth + 1)
        self.sheet.embedded.append(part)

    def inline(
        self,
        scalar: Scalar,
        keys: Keys,
        *,
        container: str | None = None,
        loose: bool = False,
        span: tuple[int, int | None] = (0, None),
        lines: tuple[Scalar, ...] = (),
        refusal: str = "",
    ) -> bool:
        """A whole reference in one scalar; `span` is the part of the value that it is in.

        `loose` is for places where other things stand too: there only what has a tag or a digest
        counts, and what names a registry but has neither is listed. `lines` are other scalars that
        a marker may stand beside. True when the scalar was a reference.
        """
        written = place(self.source, scalar)
        text = written.value[slice(*span)]
        if not text or is_null(scalar) or self.is_variable(scalar, text):
            return False
        if _IMAGE_ID.fullmatch(text):
            reason = "the id of an image on some machine, which no registry can be asked for"
            self.unread(scalar, "not-a-reference", reason, expected=True)
            return False
        try:
            reference = parse_reference(text)
        except InvalidReferenceError as error:
            self.no_reference(scalar, error, expected=loose)
            return False
        if loose and reference.tag is None and reference.digest is None:
            if has_host(reference.name):
                reason = f"{reference.name} has no tag here: it is chosen elsewhere"
                self.unread(scalar, "no-tag", reason, expected=True)
            return False
        tag, digest = _inline_slots(written, reference, span[0])
        self.add(
            written,
            keys,
            reference,
            tag,
            digest,
            container=container,
            lines=(scalar, *lines),
            refusal=refusal,
        )
        return True

    def add(
        self,
        written: Place,
        keys: Keys,
        reference: Reference,
        tag: Slot | None,
        digest: Slot | None,
        *,
        container: str | None = None,
        lines: tuple[Scalar, ...] = (),
        elsewhere: Elsewhere | None = None,
        refusal: str = "",
    ) -> None:
        """Report a field. `written` is the scalar that holds the tag, or what stands for it."""
        file = self.source.file
        at = self.source.index(_shown_at(written, reference))
        line = file.line(at)
        if tag is None and digest is None and not refusal:
            refusal = "the reference is not written in one piece"
        found = ImageField(
            path=self.sheet.path,
            line=line,
            column=file.column(at),
            format=self.format,
            document=self.document,
            keys=(*self.prefix, *keys),
            resource=self.resource,
            container=container,
            reference=reference,
            tag=tag,
            digest=digest,
            refusal=refusal,
        )
        on: tuple[int, ...] = ()
        if self.sheet.has_markers:
            on = tuple(dict.fromkeys((line, *(self.line(part) for part in lines))))
        self.sheet.drafts.append(Draft(found, on, elsewhere))

    def unread(
        self, scalar: Scalar | None, code: str, reason: str, *, expected: bool = False
    ) -> None:
        line = 0 if scalar is None else self.line(scalar)
        self.sheet.unread.append(Unread(self.sheet.path, line, code, reason, expected))

    def line(self, scalar: Scalar) -> int:
        return self.source.file.line(self.source.index(scalar.start_mark.index))

    def is_variable(self, scalar: Scalar, text: str) -> bool:
        """Whether another tool fills this in; it is then listed as unread."""
        if _VARIABLE.search(text) is None:
            return False
        self.unread(scalar, "variable", filled_in(text), expected=True)
        return True

    def filled_in(self, mapping: Mapping) -> None:
        """List what YAML takes for a mapping and another tool fills in (`{{ .x }}`)."""
        source = self.source
        line = source.file.line(source.index(mapping.start))
        shown = source.text[mapping.start : min(mapping.end, mapping.start + _SHOWN)]
        entry = Unread(self.sheet.path, line, "variable", filled_in(shown), True)
        self.sheet.unread.append(entry)

    def no_reference(self, scalar: Scalar, error: InvalidReferenceError, *, expected: bool) -> None:
        text = scalar.value.strip() if error.text in scalar.value else error.text
        if _PLACEHOLDER.search(text, 0, _MAX_TEXT):
            reason = f"{_cut(text)!r} has a placeholder for another tool"
            self.unread(scalar, "variable", reason, expected=True)
        elif _PATTERN.match(text, 0, _MAX_TEXT):
            reason = f"{_cut(text)!r} is a pattern, which no registry can be asked for"
            self.unread(scalar, "not-a-reference", reason, expected=True)
        else:
            self.unread(scalar, "not-a-reference", error.message[:300], expected=expected)


def filled_in(text: str) -> str:
    """Why a text is not read as a reference."""
    return f"{_cut(text)!r} is filled in by another tool"


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _inline_slots(
    written: Place, reference: Reference, skip: int
) -> tuple[Slot | None, Slot | None]:
    """The slots of tag and digest within `name:tag@digest`."""
    at = skip + len(reference.name)
    if reference.tag is not None:
        tag = written.slot(at + 1, reference.tag)
        at += 1 + len(reference.tag)
    else:
        tag = written.slot(at, "", prefix=":")
    if reference.digest is not None:
        return tag, written.slot(at + 1, reference.digest)
    return tag, written.slot(at, "", prefix="@")


def _shown_at(written: Place, reference: Reference) -> int:
    """Where a reader should look: the tag, else the digest, else the name."""
    for text in (reference.tag, reference.digest, reference.name):
        if text and (start := written.value.rfind(text)) >= 0:
            found = written.find(start, text)
            return written.start if found is None else found
    return written.start if written.offset is None else written.offset
