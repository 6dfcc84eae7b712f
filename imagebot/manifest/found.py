"""Collects what the format modules find in one document: fields, and what could not be read."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from imagebot.errors import InvalidReferenceError
from imagebot.manifest.events import Scalar
from imagebot.manifest.field import (
    FluxObject,
    ImageField,
    PendingField,
    Resource,
    Slot,
    Unread,
)
from imagebot.manifest.options import ScanOptions
from imagebot.manifest.slots import NULLS, Place, missing_value_slot, new_key_slot, place
from imagebot.manifest.source import Source
from imagebot.manifest.tree import Mapping, Sequence
from imagebot.reference import Reference, is_digest, is_tag, parse_reference, parse_repository

Keys = tuple[str | int, ...]
# What a value looks like that another tool fills in before anybody reads it as a reference.
_VARIABLES = ("${", "$(", "{{", "<<", "%{", "$[[", "{%")
_NO_KEYS: Keys = ()


@dataclass(frozen=True, slots=True)
class Embedded:
    """A literal block scalar that may hold YAML of its own."""

    source: Source
    scalar: Scalar
    document: int
    format: str
    keys: Keys
    depth: int


@dataclass(slots=True)
class Sheet:
    """Everything found in one file, in the order found. `lines` are, for each field, the lines
    that a marker can stand on."""

    path: str
    options: ScanOptions
    fields: list[ImageField] = field(default_factory=list)
    lines: list[tuple[int, ...]] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    objects: list[FluxObject] = field(default_factory=list)
    pending: list[PendingField] = field(default_factory=list)
    embedded: list[Embedded] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Split:
    """A reference in parts, each a key of `owner`; "" where a part has no key.

    `registry` is a host given elsewhere. `insert` says how a digest is added where there is no
    key for it: behind the tag, or as a key of its own.
    """

    owner: Mapping
    repository: str = "repository"
    tag: str = "tag"
    digest: str = "digest"
    registry_key: str = "registry"
    registry: str = ""
    insert: str = "tag"


@dataclass(slots=True)
class Found:
    """Where a format module reports to while it walks one document."""

    sheet: Sheet
    source: Source
    document: int
    format: str
    prefix: Keys = _NO_KEYS
    resource: Resource | None = None
    depth: int = 0
    visited: set[int] = field(default_factory=set)

    def within(
        self,
        *,
        source: Source | None = None,
        prefix: Keys | None = None,
        form: str = "",
        resource: Resource | None = None,
    ) -> Found:
        """The same sheet seen from a part of the document."""
        return Found(
            self.sheet,
            source or self.source,
            self.document,
            form or self.format,
            self.prefix if prefix is None else prefix,
            resource or self.resource,
            self.depth,
        )

    def enter(self, node: Mapping | Sequence) -> bool:
        """True the first time that a node is met: aliases can lead to it again, or in circles."""
        if id(node) in self.visited:
            return False
        self.visited.add(id(node))
        return True

    def embed(self, scalar: Scalar, keys: Keys, form: str = "") -> None:
        """Put a literal block scalar aside, to be read when the document has been."""
        full = (*self.prefix, *keys)
        self.sheet.embedded.append(
            Embedded(self.source, scalar, self.document, form, full, self.depth + 1)
        )

    def inline(
        self,
        scalar: Scalar,
        keys: Keys,
        *,
        container: str | None = None,
        loose: bool = False,
        skip: int = 0,
        lines: tuple[Scalar, ...] = (),
    ) -> bool:
        """A whole reference in one scalar, `skip` characters after its start.

        `loose` is for places where other things stand too: there only what has a tag or a digest
        counts. True when the scalar was a reference.
        """
        written = place(self.source, scalar)
        text = written.value[skip:]
        if text in NULLS or self._variable(scalar, text):
            return False
        try:
            reference = parse_reference(text)
        except InvalidReferenceError as error:
            self._no_reference(scalar, error, expected=loose)
            return False
        if loose and reference.tag is None and reference.digest is None:
            return False
        tag, digest = inline_slots(written, reference, skip)
        whole = written.offset is not None or bool(tag and tag.text) or bool(digest and digest.text)
        self._add(
            written,
            keys,
            reference,
            tag,
            digest,
            container=container,
            lines=(scalar, *lines),
            refusal="" if whole else "the reference is not written in one piece",
        )
        return True

    def split(
        self, shape: Split, keys: Keys, *, container: str | None = None, loose: bool = False
    ) -> bool:
        """A reference in parts. True when there was one (or one that could not be read)."""
        owner = shape.owner
        name = owner.scalar(shape.repository)
        if name is None or name.value.strip() in NULLS:
            return False
        tag = owner.scalar(shape.tag) if shape.tag else None
        digest = owner.scalar(shape.digest) if shape.digest else None
        registry = shape.registry or owner.text(shape.registry_key)
        for part in (owner.scalar(shape.registry_key), name, tag, digest):
            if part is not None and self._variable(part, part.value):
                return True
        if tag is None and digest is None and _has_tag(name.value.strip()):
            return self.inline(name, (*keys, shape.repository), container=container, loose=loose)
        try:
            reference = _split_reference(registry, name.value, tag, digest)
        except InvalidReferenceError as error:
            self._no_reference(tag or name, error, expected=loose)
            return True
        self._add_split(shape, keys, reference, name, tag, digest, container)
        return True

    def unread(self, scalar: Scalar | None, code: str, reason: str, *, expected: bool) -> None:
        line = 0 if scalar is None else self.line(scalar)
        self.sheet.unread.append(Unread(self.sheet.path, line, code, reason, expected))

    def line(self, scalar: Scalar) -> int:
        return self.source.file.line(self.source.index(scalar.start_mark.index))

    def _add_split(
        self,
        shape: Split,
        keys: Keys,
        reference: Reference,
        name: Scalar,
        tag: Scalar | None,
        digest: Scalar | None,
        container: str | None,
    ) -> None:
        owner = shape.owner
        tag_slot, inner_digest = self._tag_slots(shape, tag)
        digest_slot = self._value_slot(owner, shape.digest, digest)
        if inner_digest is not None and (inner_digest.text or digest_slot is None):
            digest_slot = inner_digest
        if tag is None and digest is not None and shape.insert == "key":
            tag_slot = new_key_slot(self.source, owner, shape.digest, shape.tag)
        if tag_slot is None and (digest_slot is None or not digest_slot.text):
            reason = f"{reference.name} has no tag here: it is chosen elsewhere"
            self.unread(name, "no-tag", reason, expected=True)
            return
        main = tag if tag is not None else digest
        assert main is not None
        key = shape.tag if tag is not None else shape.digest
        parts = tuple(p for p in (owner.scalar(shape.registry_key), name, tag, digest) if p)
        self._add(
            place(self.source, main),
            (*keys, key),
            reference,
            tag_slot,
            digest_slot,
            container=container,
            lines=parts,
        )

    def _tag_slots(self, shape: Split, tag: Scalar | None) -> tuple[Slot | None, Slot | None]:
        """The slots of the tag and of a digest that stands behind it in the same scalar."""
        slot = self._value_slot(shape.owner, shape.tag, tag)
        if slot is None or tag is None or slot.prefix:
            return slot, None
        value = "" if slot.text in NULLS else slot.text
        text, at, digest = value.partition("@")
        if at:
            start = slot.start + len(text.encode()) + 1
            inner = Slot(start, slot.end, digest)
            return (Slot(slot.start, start - 1, text) if text else None), inner
        if shape.insert == "key":
            return slot, new_key_slot(self.source, shape.owner, shape.tag, shape.digest)
        behind = Slot(slot.end, slot.end, "", prefix="@") if value else None
        return slot, behind

    def _value_slot(self, owner: Mapping, key: str, scalar: Scalar | None) -> Slot | None:
        """The slot of a scalar that is nothing but a tag or a digest."""
        if scalar is None:
            return None
        written = place(self.source, scalar)
        if written.plain and written.start == written.end:
            return missing_value_slot(self.source, owner, key)
        return written.slot(0, written.value, quoted=not written.plain)

    def _add(
        self,
        written: Place,
        keys: Keys,
        reference: Reference,
        tag: Slot | None,
        digest: Slot | None,
        *,
        container: str | None,
        lines: tuple[Scalar, ...],
        refusal: str = "",
    ) -> None:
        source = self.source
        at = source.index(self._shown(written, reference, tag, digest))
        line = source.file.line(at)
        if tag is None and digest is None and not refusal:
            refusal = "its tag is not written in one piece"
        self.sheet.fields.append(
            ImageField(
                path=self.sheet.path,
                line=line,
                column=source.file.column(at),
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
        )
        self.sheet.lines.append((line, *(self.line(part) for part in lines)))

    def _shown(
        self, written: Place, reference: Reference, tag: Slot | None, digest: Slot | None
    ) -> int:
        """Where a reader should look: the tag, else the digest, else the name."""
        if written.offset is None:
            return written.start
        for slot, text in ((tag, reference.tag), (digest, reference.digest)):
            if slot is not None and slot.text and text:
                start = written.value.rfind(text)
                return written.offset + max(start, 0)
        start = written.value.rfind(reference.name)
        return written.offset + max(start, 0)

    def _variable(self, scalar: Scalar, text: str) -> bool:
        if "$" not in text and "{" not in text and "<" not in text and "%" not in text:
            return False
        if not (text.startswith(("$", "<")) or any(sign in text for sign in _VARIABLES)):
            return False
        shown = text if len(text) <= 80 else text[:79] + "…"
        self.unread(scalar, "variable", f"{shown!r} is filled in by another tool", expected=True)
        return True

    def _no_reference(
        self, scalar: Scalar, error: InvalidReferenceError, *, expected: bool
    ) -> None:
        self.unread(scalar, "not-a-reference", error.message[:300], expected=expected)


def inline_slots(
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


def _has_tag(text: str) -> bool:
    return "@" in text or ":" in text.rpartition("/")[2]


def _split_reference(
    registry: str, name: str, tag: Scalar | None, digest: Scalar | None
) -> Reference:
    """Raises InvalidReferenceError."""
    registry, name = registry.strip().strip("/"), name.strip()
    spelt = name if registry in NULLS else f"{registry}/{name}"
    base = parse_reference(spelt)
    text = tag.value.strip() if tag is not None else ""
    text, at, inner = ("" if text in NULLS else text).partition("@")
    full = inner if at else digest.value.strip() if digest is not None else ""
    full = "" if full in NULLS else full
    if text and not is_tag(text):
        raise InvalidReferenceError(text, "it is no tag")
    if full and not is_digest(full):
        raise InvalidReferenceError(full, "it is no digest (sha256: and 64 hex digits)")
    if not text and base.tag:
        text = base.tag
    return replace(
        base,
        repository=parse_repository(base.name),
        tag=text or None,
        digest=full or base.digest or None,
    )
