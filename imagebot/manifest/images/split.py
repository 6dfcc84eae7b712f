"""References written in parts: `repository` and `tag`, `newName` and `newTag`, `url` and `ref`."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from imagebot.errors import InvalidReferenceError
from imagebot.manifest.images.context import DocumentContext
from imagebot.manifest.images.field import Slot
from imagebot.manifest.images.findings import Keys, RepositoryLink
from imagebot.manifest.images.global_registry import Winner, winner
from imagebot.manifest.images.merged import is_given
from imagebot.manifest.images.naming import (
    Naming,
    has_host,
    has_tag,
    is_registry,
    name_beside,
    other_digest,
    registry_at,
    said,
    text_of,
)
from imagebot.manifest.images.slots import (
    editable_scalar,
    has_other_type,
    is_typed,
    missing_value_slot,
    new_key_slot,
    style_of,
)
from imagebot.manifest.images.versions import is_chart_version
from imagebot.manifest.yaml.events import Scalar
from imagebot.manifest.yaml.quoting import is_misread
from imagebot.manifest.yaml.tree import Mapping, is_null
from imagebot.reference import Reference, is_digest, is_tag, parse_reference
from imagebot.values import dataclass
from imagebot.version.chart import registry_tag


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A reference in parts, each a key of `owner`; "" where a part has no key.

    `registry_host` is a registry given for all images, which may override `registry`; `name` is the
    whole name if no key has it, `folder` a key with the prefix of the name. `doubt` says why it is
    uncertain which repository is named. `new_digest` says how a missing digest is added: after the
    tag, as a separate key, or never. `versions` is for charts: their versions have a `+`, and one
    that is not exact is a range, which is fine. `link` is the object that completes the name,
    `refusal` why it cannot be edited.
    """

    owner: Mapping
    repository: str = "repository"
    tag: str = "tag"
    digest: str = "digest"
    registry: str = "registry"
    registry_host: str = ""
    name: str = ""
    folder: str = ""
    doubt: str = ""
    new_digest: Literal["after", "key", "never"] = "after"
    versions: bool = False
    link: RepositoryLink | None = None
    refusal: str = ""

    @classmethod
    def named(
        cls, naming: Naming, *, owner: Mapping, tag: str = "tag", registry_host: str = ""
    ) -> Split:
        """A split reference whose name is in the keys of `naming`."""
        fallback = not said(owner, "registry") and said(owner, "defaultRegistry")
        return cls(
            owner=owner,
            registry="defaultRegistry" if fallback else "registry",
            repository=naming.key or "repository",
            folder=naming.folder,
            doubt=naming.doubt,
            tag=tag,
            registry_host=registry_host,
        )


def find_split(
    context: DocumentContext,
    shape: Split,
    keys: Keys,
    *,
    container: str | None = None,
    loose: bool = False,
) -> None:
    """Report the reference in the keys of `shape.owner`, if there is one."""
    parts = _parts(shape)
    if not parts.has_own_version:
        parts = parts.own
    name = shape.name or _joined(parts)
    if not name:
        _report_nameless(context, shape, parts, keys)
        return
    main = parts.written or parts.name
    for part in parts.every:
        if context.is_variable(part, part.value):
            if is_given(part):
                reason = f"its repository is filled in elsewhere ({part.given.where})"
                context.unread(main, "no-repository", reason, expected=True)
            return
    if _is_variable(context, shape, parts, name, main):
        return
    if doubt := _rivals(context, shape, parts) or _doubt(shape, parts, name):
        context.unread(main, "ambiguous", doubt, expected=True)
    elif main is None or (shape.versions and not is_chart_version(context, parts.tag)):
        return
    elif main is parts.name and parts.digest is None and has_tag(name):
        _find_whole(context, shape, (*keys, shape.repository), parts, container, loose)
    else:
        try:
            reference = _reference(shape, name, parts)
        except InvalidReferenceError as error:
            context.not_a_reference(main, error, expected=loose)
        else:
            _add(context, shape, keys, reference, parts, container)


def _is_variable(
    context: DocumentContext, shape: Split, parts: _Parts, name: str, main: Scalar | None
) -> bool:
    """Whether the registry of all images counts, and is filled in elsewhere."""
    if main is None or _winner(shape, parts, name) != "global":
        return False
    return context.is_variable(main, shape.registry_host)


def _find_whole(
    context: DocumentContext,
    shape: Split,
    keys: Keys,
    parts: _Parts,
    container: str | None,
    loose: bool,
) -> None:
    """A name with its tag in it: it must be the whole name."""
    assert parts.name is not None
    if parts.folder or (_registry(shape, parts) and not has_host(text_of(parts.name))):
        reason = "part of the repository may be under another key, but its tag is in the name"
        context.unread(parts.name, "ambiguous", reason, expected=True)
    else:
        context.inline(parts.name, keys, container=container, loose=loose)


@dataclass(frozen=True, slots=True)
class _Parts:
    registry: Scalar | None
    folder: Scalar | None
    name: Scalar | None
    tag: Scalar | None
    digest: Scalar | None

    @property
    def every(self) -> tuple[Scalar, ...]:
        parts = (self.registry, self.folder, self.name, self.tag, self.digest)
        return tuple(part for part in parts if part is not None)

    @property
    def own(self) -> _Parts:
        """Without the values of other layers."""
        parts = (self.registry, self.folder, self.name, self.tag, self.digest)
        return _Parts(*(None if is_given(part) else part for part in parts))

    @property
    def written(self) -> Scalar | None:
        """The tag of this file, else the digest of this file.

        An empty tag without a repository beside it says no more than that there is a default.
        """
        own = [part for part in (self.tag, self.digest) if part is not None and not is_given(part)]
        if is_given(self.name):
            own = [part for part in own if not is_null(part)]
        return own[0] if own else None

    @property
    def has_own_version(self) -> bool:
        return self.written is not None

    @property
    def repository(self) -> tuple[Scalar, ...]:
        """What the repository is made of, the most telling part first."""
        parts = (self.name, self.folder, self.registry)
        return tuple(part for part in parts if part is not None and not is_null(part))


def _parts(shape: Split) -> _Parts:
    owner = shape.owner
    registry = registry_at(owner, shape.registry) if shape.registry else None
    if is_given(registry) and has_host(said(owner, shape.repository)):
        registry = None
    return _Parts(
        registry,
        owner.scalar(shape.folder) if shape.folder else None,
        owner.scalar(shape.repository) if shape.repository and not shape.name else None,
        owner.scalar(shape.tag) if shape.tag else None,
        owner.scalar(shape.digest) if shape.digest else None,
    )


def _add(
    context: DocumentContext,
    shape: Split,
    keys: Keys,
    reference: Reference,
    parts: _Parts,
    container: str | None,
) -> None:
    tag, digest = _tag_slots(context, shape, parts.tag)
    own_digest = _digest_slot(context, shape, parts)
    if own_digest is not None and (digest is None or not digest.text):
        digest = own_digest
    if parts.tag is None and parts.digest is not None and shape.new_digest == "key":
        tag = new_key_slot(context.document_text, shape.owner, shape.digest, shape.tag)
    if reference.tag is None and reference.digest is None and tag is None:
        if parts.name is not None:
            reason = f"{reference.name} has no tag here: it is chosen elsewhere"
            context.unread(parts.name, "no-tag", reason, expected=True)
        return
    if reference.tag is not None and tag is not None and not tag.quoted:
        _note_misread(context, parts.tag, reference.tag)
    main = parts.written or parts.tag
    assert main is not None
    key = shape.tag if main is parts.tag else shape.digest
    lines = tuple(part for part in parts.every if not is_given(part))
    if not main.value and key in shape.owner:
        # Parsers disagree about the position of an empty value; they agree about that of its key.
        lines = (shape.owner[key][0], *(part for part in lines if part is not main))
        main = shape.owner[key][0]
    context.add(
        editable_scalar(context.document_text, main),
        (*keys, key),
        reference,
        tag,
        digest,
        container=container,
        lines=lines,
        link=shape.link or _undecided(shape, parts),
        refusal=_refusal(shape, key, parts, tag, digest),
        repository_from=_repository_from(context, shape, parts),
    )


def _repository_from(context: DocumentContext, shape: Split, parts: _Parts) -> str:
    """Where another layer says the repository or a part of it, "" if this file says all."""
    for part in parts.repository:
        if is_given(part):
            return part.given.where
    if context.registry_from is None or _winner(shape, parts, _joined(parts)) != "global":
        return ""
    return context.registry_from.where


def _rivals(context: DocumentContext, shape: Split, parts: _Parts) -> str:
    """Why releases disagree about the repository, "" if they agree."""
    given = [part.given for part in parts.repository if is_given(part)]
    if context.registry_from is not None and _winner(shape, parts, _joined(parts)) != "own":
        given.append(context.registry_from)
    torn = (each for each in given if each.rival)
    reason = "releases take its repository from {0.where} or {0.rival}, which differ"
    return next((reason.format(each) for each in torn), "")


def _digest_slot(context: DocumentContext, shape: Split, parts: _Parts) -> Slot | None:
    """The slot of a digest under its own key; a key that only another layer has is added."""
    if not is_given(parts.digest):
        return _value_slot(context, shape.owner, shape.digest, parts.digest)
    if text_of(parts.digest) or is_given(parts.tag):
        return None
    return new_key_slot(context.document_text, shape.owner, shape.tag, shape.digest)


def _note_misread(context: DocumentContext, scalar: Scalar | None, tag: str) -> None:
    if is_misread(tag):
        reason = f"`{tag}` has no quotes, so some YAML readers take it for another value"
        context.unread(scalar, "misread", reason, expected=True)


def _refusal(shape: Split, key: str, parts: _Parts, tag: Slot | None, digest: Slot | None) -> str:
    """Why a split reference cannot be edited even though its parts can be found."""
    if shape.refusal:
        return shape.refusal
    for each in (key, shape.repository, shape.folder, shape.registry):
        if each in shape.owner.repeated:
            return f"the key `{each}` appears twice"
    for part, other in ((parts.tag, "digest"), (parts.digest, "tag")):
        if is_given(part) and text_of(part):
            this = "tag" if other == "digest" else "digest"
            return f"its {this} is in {part.given.where}: write it beside the {other}"
    if tag is None and digest is None:
        return "its tag is not written in one piece"
    if text_of(parts.digest) and "@" in text_of(parts.tag):
        return f"it has a digest after its tag and another one in `{shape.digest}`"
    if tag is not None and tag == digest:
        return "its tag and its digest share one text through an anchor"
    if parts.tag is not None and has_other_type(parts.tag):
        return f"its tag is written as {parts.tag.tag}, which is not text"
    return other_digest(shape.owner, shape.tag, shape.digest)


def _tag_slots(
    context: DocumentContext, shape: Split, tag: Scalar | None
) -> tuple[Slot | None, Slot | None]:
    """The slots of the tag, and of a digest after it in the same scalar, there or to be added."""
    slot = None if is_given(tag) else _value_slot(context, shape.owner, shape.tag, tag)
    if slot is None or tag is None or (slot.prefix and shape.new_digest == "key"):
        return slot, None
    value = text_of(tag)
    text, at, digest = value.partition("@")
    if at:
        start = slot.start + len(text.encode()) + 1
        inner = Slot(start, slot.end, digest)
        return (Slot(slot.start, start - 1, text) if text else None), inner
    if shape.new_digest == "key":
        return slot, new_key_slot(context.document_text, shape.owner, shape.tag, shape.digest)
    if shape.new_digest == "never":
        return slot, None
    return slot, Slot(slot.end, slot.end, "", prefix="@")


def _value_slot(
    context: DocumentContext, owner: Mapping, key: str, scalar: Scalar | None
) -> Slot | None:
    """The slot of a scalar that is only a tag or a digest."""
    if scalar is None:
        return None
    written = editable_scalar(context.document_text, scalar)
    if written.plain and written.start == written.end:
        return missing_value_slot(context.document_text, owner, key)
    quoted = not written.plain or is_typed(scalar)
    slot = written.slot(0, written.value, quoted=quoted)
    return slot if slot is None or quoted else replace(slot, style=style_of(owner, key))


def _report_nameless(context: DocumentContext, shape: Split, parts: _Parts, keys: Keys) -> None:
    """List a tag without a repository; empty values are not listed."""
    key = shape.tag if text_of(parts.tag) else shape.digest
    main = parts.tag if text_of(parts.tag) else parts.digest
    if main is not None and text_of(main) and not context.is_variable(main, main.value):
        reason = "which repository this belongs to is decided elsewhere"
        context.nameless(main, (*keys, key), reason, name_beside(shape.owner))


def _joined(parts: _Parts) -> str:
    name, folder = text_of(parts.name), text_of(parts.folder).rstrip("/")
    return f"{folder}/{name}" if name and folder else name


def _doubt(shape: Split, parts: _Parts, name: str) -> str:
    """Why it is uncertain which repository is named; "" if it is certain.

    Where the registry has a separate key, as in charts, a registry in the name key lacks a name.
    """
    if shape.doubt or shape.name or not shape.registry or _registry(shape, parts):
        return shape.doubt
    if is_registry(name):
        return f"`{shape.repository}` is only a registry: the rest of the name is decided elsewhere"
    return ""


def _registry(shape: Split, parts: _Parts) -> str:
    """Any registry that is given, whichever counts."""
    return text_of(parts.registry).strip("/") or shape.registry_host.strip("/")


def _winner(shape: Split, parts: _Parts, name: str) -> Winner:
    return winner(name, text_of(parts.registry).strip("/"), shape.registry_host.strip("/"))


def _undecided(shape: Split, parts: _Parts) -> RepositoryLink | None:
    """The global registry, if only the chart says whether it counts."""
    if _winner(shape, parts, _joined(parts)) != "undecided":
        return None
    return RepositoryLink("GlobalRegistry", shape.registry_host.strip("/"), _joined(parts))


def _reference(shape: Split, name: str, parts: _Parts) -> Reference:
    """Raises InvalidReferenceError."""
    registry = text_of(parts.registry).strip("/")
    if shape.registry_host and has_host(name):
        registry = ""
    elif _winner(shape, parts, name) == "global":
        registry = shape.registry_host.strip("/")
    base = parse_reference(f"{registry}/{name}" if registry else name)
    tag, at, inner = text_of(parts.tag).partition("@")
    digest = inner if at else text_of(parts.digest)
    if tag and not is_tag(registry_tag(tag) if shape.versions else tag):
        raise InvalidReferenceError(tag, "it is not a valid tag")
    if digest and not is_digest(digest):
        raise InvalidReferenceError(digest, "it is not a valid digest (sha256: and 64 hex digits)")
    if base.tag is not None or base.digest is not None:
        raise InvalidReferenceError(name, "there is a tag in the name and another one beside it")
    return replace(base, tag=tag or None, digest=digest or None, chart=shape.versions)
