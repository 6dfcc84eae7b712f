"""Collects the findings of the format modules in one document: fields and unread values."""

from __future__ import annotations

import re
from dataclasses import field

from imagebot.errors import InvalidReferenceError
from imagebot.manifest.images.field import (
    ImageField,
    Resource,
    Slot,
    Unread,
)
from imagebot.manifest.images.findings import (
    FieldCandidate,
    FileFindings,
    Keys,
    MarkedDocument,
    NestedYaml,
    RepositoryLink,
)
from imagebot.manifest.images.layers import Below, Given, Section
from imagebot.manifest.images.merged import is_given
from imagebot.manifest.images.naming import has_host
from imagebot.manifest.images.not_reference import SHOWN, filled_in, is_filled_in, why_not_reference
from imagebot.manifest.images.slots import EditableScalar, editable_scalar
from imagebot.manifest.yaml.document_text import DocumentText
from imagebot.manifest.yaml.events import Scalar
from imagebot.manifest.yaml.quoting import in_flow
from imagebot.manifest.yaml.tree import Mapping, Node, Sequence, is_null
from imagebot.reference import Reference, parse_reference
from imagebot.values import dataclass

CONTAINERS = frozenset({"containers", "initContainers"})
"""The keys of lists in which Kustomize's `images` look for images."""

_PATCHES = frozenset({"patches", "patchesJson6902", "patchesStrategicMerge"})
# Keys of which a marker needs exactly one on its line.
_VERSION_KEY = re.compile(
    r"(?:tag|version|revision|digest|sha|sha256|hash)[\"']?[ \t]*:", re.IGNORECASE
)
_IMAGE_ID = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(slots=True)
class DocumentContext:
    """A format module reports its findings here while it walks one document.

    `prefix` are the keys that lead to a document nested in another one. Of Helm values that have
    other layers, `below` is what these give, with a registry for all images in `registry_from`.
    `in_container` says that it is the value of a JSON patch, for containers.
    """

    findings: FileFindings
    document_text: DocumentText
    document: int
    format: str
    prefix: Keys = ()
    resource: Resource | None = None
    depth: int = 0
    visited: set[int] = field(default_factory=set)
    below: Below | None = None
    registry_from: Given | None = None
    in_container: bool = False

    def within(self, *, form: str = "", resource: Resource | None = None) -> DocumentContext:
        """The same document, read as another format or within a resource."""
        # As `replace` would, in a fifth of the time: every document is read within something.
        return DocumentContext(
            self.findings,
            self.document_text,
            self.document,
            form or self.format,
            self.prefix,
            resource or self.resource,
            self.depth,
            self.visited,
            self.below,
            self.registry_from,
            self.in_container,
        )

    def below_at(self, keys: Keys, *, parameters: bool = False) -> Below | None:
        """What other layers give to the Helm values at `keys`, None if nothing."""
        below = self.findings.below
        if not below:
            return None
        return below.get(Section(self.document, (*self.prefix, *keys), parameters))

    def enter(self, node: Mapping | Sequence) -> bool:
        """True the first time that a node is met: aliases can lead to it again, or in circles."""
        if id(node) in self.visited:
            return False
        self.visited.add(id(node))
        return True

    def mark(self, root: Node) -> None:
        """Remember the document: its markers are applied after all documents are read."""
        marked = MarkedDocument(
            root, self.document_text, self.document, self.format, self.prefix, self.resource
        )
        self.findings.marked.append(marked)

    def add_nested(self, scalar: Scalar, keys: Keys) -> None:
        """Queue a literal block scalar, to be read after the document."""
        full = (*self.prefix, *keys)
        part = NestedYaml(
            self.document_text, scalar, self.document, full, self.resource, self.depth + 1
        )
        self.findings.nested.append(part)

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
        """Report a whole reference in one scalar; `span` is the part of the value that holds it.

        `loose` is for keys that may also hold something else: then only references with a tag or a
        digest count, and those with a registry but neither are listed. `lines` are other scalars
        whose lines may have the marker. Returns True if the scalar was a reference. Values of other
        layers are left to these.
        """
        if is_given(scalar):
            return False
        written = editable_scalar(self.document_text, scalar)
        text = written.value[slice(*span)]
        if not text or is_null(scalar) or self.is_variable(scalar, text):
            return False
        if _IMAGE_ID.fullmatch(text):
            reason = "this is the id of a local image, which no registry knows"
            self.unread(scalar, "not-a-reference", reason, expected=True)
            return False
        try:
            reference = parse_reference(text)
        except InvalidReferenceError as error:
            self.not_a_reference(scalar, error, expected=loose)
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
        written: EditableScalar,
        keys: Keys,
        reference: Reference,
        tag: Slot | None,
        digest: Slot | None,
        *,
        container: str | None = None,
        lines: tuple[Scalar, ...] = (),
        link: RepositoryLink | None = None,
        refusal: str = "",
        repository_from: str = "",
    ) -> None:
        """Report a field. `written` is the scalar that holds the tag, or its substitute."""
        file = self.document_text.file
        at = self.document_text.index(_shown_at(written, reference))
        line = file.line(at)
        if tag is None and digest is None and not refusal:
            refusal = "the reference is not written in one piece"
        found = ImageField(
            path=self.findings.path,
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
            repository_from=repository_from,
            in_container=self.in_container or self._is_of_container(keys),
            scanned=self.findings.fingerprint(),
        )
        on: tuple[int, ...] = ()
        if self.findings.has_markers:
            on = tuple(dict.fromkeys((line, *(self.line(part) for part in lines))))
        self.findings.candidates.append(FieldCandidate(found, on, link))

    def _is_of_container(self, keys: Keys) -> bool:
        """Whether Kustomize looks for images at these keys: nested, only in its own patches."""
        full = (*self.prefix, *keys)
        if len(full) < 3 or full[-1] != "image" or full[-3] not in CONTAINERS:
            return False
        return not self.prefix or full[0] in _PATCHES

    def unread(
        self,
        scalar: Scalar | None,
        code: str,
        reason: str,
        *,
        expected: bool = False,
        hint: str = "",
    ) -> None:
        if is_given(scalar):
            return
        line = 0 if scalar is None else self.line(scalar)
        entry = Unread(self.findings.path, line, code, reason, expected, hint=hint)
        self.findings.unread.append(entry)

    def nameless(self, scalar: Scalar | None, keys: Keys, reason: str, beside: str = "") -> None:
        """List a tag or digest at `keys` whose repository is not known, with what would help. The
        key `beside` it may have the name."""
        crowded = scalar is not None and self.is_crowded(scalar)
        advice = _advice(self._entry(keys, beside=beside, in_lists=crowded))
        if self.below is not None and self.below.absent:
            reason, advice = f"{self.below.absent} is not in these files: {advice}", ""
        self.unread(scalar, "no-repository", reason, expected=True, hint=advice)

    def registry_unknown(self, version: Scalar, keys: Keys, name: str) -> None:
        """List a version at `keys` whose image has a `name` without its registry."""
        entry = self._entry(keys, f"REGISTRY/{name}")
        reason = f"the registry of {name} is not known here: {_advice(entry)}"
        line = self.line(version)
        self.findings.unread.append(
            Unread(self.findings.path, line, "no-repository", reason, True, entry)
        )

    def is_crowded(self, scalar: Scalar) -> bool:
        """Whether a marker could not say which value of its line it is for."""
        file, at = self.document_text.file, self.document_text.index(scalar.start_mark.index)
        return len(_VERSION_KEY.findall(file.line_text(file.line(at)))) > 1

    def _entry(
        self, keys: Keys, image: str = "REPOSITORY", *, beside: str = "", in_lists: bool = False
    ) -> str:
        """The entry of `fields` for a value whose repository no file says; "" if there is none. A
        number of an item says less than a marker beside it: only `in_lists` has some."""
        part = "digest" if str(keys[-1]).endswith("igest") else "tag"
        path = _dotted(keys)
        where = f"files: [{in_flow(self.findings.path)}]"
        if self.prefix or not (in_lists or all(isinstance(key, str) for key in keys)):
            return ""
        if self.resource is not None:
            where += f", kind: {in_flow(self.resource.kind)}"
        name = f"image: {in_flow(image)}"
        if beside:
            name = f"repository: {in_flow(_dotted((*keys[:-1], beside)))}"
        return f"{{{where}, {part}: {in_flow(path)}, {name}}}"

    def line(self, scalar: Scalar) -> int:
        return self.document_text.file.line(self.document_text.index(scalar.start_mark.index))

    def is_variable(self, scalar: Scalar, text: str) -> bool:
        """Whether another tool fills this in; it is then listed as unread."""
        if not is_filled_in(text):
            return False
        self.unread(scalar, "variable", filled_in(text), expected=True)
        return True

    def filled_in(self, mapping: Mapping) -> None:
        """List a placeholder that YAML parses as a mapping (`{{ .x }}`)."""
        document_text = self.document_text
        line = document_text.file.line(document_text.index(mapping.start))
        shown = document_text.text[mapping.start : min(mapping.end, mapping.start + SHOWN)]
        entry = Unread(self.findings.path, line, "variable", filled_in(shown), True)
        self.findings.unread.append(entry)

    def not_a_reference(
        self, scalar: Scalar, error: InvalidReferenceError, *, expected: bool
    ) -> None:
        text = scalar.value.strip() if error.text in scalar.value else error.text
        code, reason, nobodys = why_not_reference(text, error)
        self.unread(scalar, code, reason, expected=expected or nobodys)


def _dotted(keys: Keys) -> str:
    return ".".join(str(key).replace(".", "\\.") for key in keys)[:SHOWN]


def _advice(entry: str) -> str:
    """What to write where no file says which repository a value belongs to."""
    if not entry:
        return "write `# imagebot: {image: REPOSITORY, policy: NAME}` on this line"
    return f"write `fields: [{entry}]` in imagebot.yaml"


def _inline_slots(
    written: EditableScalar, reference: Reference, skip: int
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


def _shown_at(written: EditableScalar, reference: Reference) -> int:
    """Where a reader should look: the tag, else the digest, else the name."""
    for text in (reference.tag, reference.digest, reference.name):
        if text and (start := written.value.rfind(text)) >= 0:
            found = written.find(start, text)
            return written.start if found is None else found
    return written.start if written.offset is None else written.offset
