"""Image fields: what `scan` finds in a manifest and `edit` changes."""

from __future__ import annotations

import hashlib
from dataclasses import field
from typing import Literal

from imagebot.manifest.images.generated import ApplicationSet, TemplateImage
from imagebot.manifest.images.layers import Chart, ChartImage, Holder, Release, SectionValues
from imagebot.manifest.images.overlay import Operation, Overlay
from imagebot.manifest.yaml.quoting import is_misread
from imagebot.reference import Reference
from imagebot.values import dataclass

Style = Literal["block", "flow", "json"]
FluxKind = Literal[
    "ImageRepository", "ImagePolicy", "HelmRepository", "GitRepository", "NameMarker"
]
PendingKind = Literal["ImagePolicy", "HelmRepository", "GlobalRegistry", "RegistryAbove", "Decided"]

TEXT = "text"
"""The format of fields in files that are not YAML."""


@dataclass(frozen=True, slots=True)
class Resource:
    """The Kubernetes object (or its equivalent) that a field belongs to; "" means unknown."""

    api_version: str
    kind: str
    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a part of a reference is written: bytes `start` to `end` of the file.

    `text` is the current text. An empty slot is a position to insert at; `prefix` and `suffix` are
    then written around the new value (`:` or `@` inside a reference, a whole line for a new key).
    `quoted` is false if this part is a whole plain scalar: a value that YAML would not read as text
    then gets the quotes in `quote`. `style` is the style of the mapping: in flow style a value with
    a `:` needs quotes too, in JSON every value does.
    """

    start: int
    end: int
    text: str
    prefix: str = ""
    suffix: str = ""
    quoted: bool = True
    quote: str = '"'
    style: Style = "block"


@dataclass(frozen=True, slots=True)
class Marker:
    """A comment that applies to a field: the name of a policy, policy keys, or `ignore`.

    `image` is the repository that it names for a tag or digest alone; a marker of kind "image" says
    nothing else, and leaves the policy to the route. `syntax` says whose marker it is: imagebot's
    own or Flux's. `text` is a policy name, or for kind "keys" the flow mapping as written.

    For Flux's markers: `part` is the only part that may be written, "" for all. `problem` says why
    the marker cannot be obeyed. `policy` is the key of its policy among those of the tree, "" if
    that is `text`; it is known once the files of the tree are joined.
    """

    kind: Literal["policy", "keys", "ignore", "image"]
    text: str
    line: int
    syntax: Literal["imagebot", "flux"] = "imagebot"
    part: Literal["", "tag", "digest"] = ""
    problem: str = ""
    policy: str = ""
    image: str = ""


def fingerprint(data: bytes) -> bytes:
    """Tells the contents of a file apart, in 8 bytes."""
    return hashlib.blake2b(data, digest_size=8).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageField:
    """One image location in a manifest.

    `line` and `column` count from 1 and point at the text that holds the tag (or the name, when
    there is none). `keys` is the path within the document, `document` its number from 0.
    `reference` has the repository that will be pulled (after Kustomize's `newName`). A slot is
    None where that part cannot be written at all; `refusal` says why this field cannot be edited
    exactly, "" if it can. `shared` counts the fields of the file that read the same
    text through an anchor: they change together or not at all.

    `entry` is the number of the configured entry that found it, None for a format or a marker: one
    of `ScanOptions.fields`, or in a text one of the patterns that its file is searched with.
    `replaced` is the place (`file:line`) that replaces the image wherever it is deployed: "" until
    the files of a tree are joined. `in_container` says that Kustomize's `images` would do that: the
    image of a container, but not of one in a text (`data` of a ConfigMap). `overridden` are the
    places of equal values that override it in every release that merges its file: it must not be
    edited without one of them.

    `scanned` identifies the content of a file that was read as YAML and found valid as a whole
    (`fingerprint`); it is empty where that is not known.
    """

    path: str
    line: int
    column: int
    format: str
    document: int
    keys: tuple[str | int, ...]
    resource: Resource | None
    container: str | None
    reference: Reference
    tag: Slot | None
    digest: Slot | None
    marker: Marker | None = None
    refusal: str = ""
    shared: int = 1
    entry: int | None = None
    repository_from: str = ""
    replaced: str = ""
    in_container: bool = False
    overridden: tuple[str, ...] = ()
    scanned: bytes = field(default=b"", compare=False)

    @property
    def place(self) -> tuple[str, ...]:
        """The file, the object and the key path: equal wherever in the file the field is now.

        An object is known by its group, kind, namespace and name, an item of a list by the name of
        its container where it has one. Fields that nothing but their order tells apart (copies of
        an object, matches of a pattern) are in one place.
        """
        owner = self.resource
        known: tuple[str, ...] = ()
        keys = self.keys
        if owner is not None:
            known = (owner.api_version.rpartition("/")[0], owner.kind, owner.namespace, owner.name)
            if len(keys) > 2 and keys[0] == "items" and isinstance(keys[1], int):
                keys = keys[2:]  # an object of a `List`
        numbers = [at for at, key in enumerate(keys) if isinstance(key, int)]
        names = [str(key) for key in keys]
        if self.format == TEXT:
            names = [key for key in keys if isinstance(key, str)]
        elif numbers and self.container is not None:
            names[numbers[-1]] = self.container
        return (self.path, *known, "", *names)

    @property
    def is_misread(self) -> bool:
        """Whether its tag is written so that some readers take it for another value."""
        if self.tag is None or self.reference.tag is None:
            return False
        return not self.tag.quoted and is_misread(self.reference.tag)

    @property
    def keeps_tag(self) -> bool:
        """Whether a marker allows only the digest to be written."""
        return self.marker is not None and self.marker.part == "digest"

    @property
    def takes_no_digest(self) -> bool:
        """Whether a marker allows only the tag to be written and there is no digest."""
        alone = self.marker is not None and self.marker.part == "tag"
        return alone and self.reference.digest is None


@dataclass(frozen=True, slots=True)
class FieldEdit:
    """The new tag and digest of a field; None leaves that part as it is."""

    field: ImageField
    tag: str | None
    digest: str | None


@dataclass(frozen=True, slots=True)
class Unread:
    """A file or part of a file that was not read, and why. `expected` if no one has to act.

    `entry` is the entry of `fields` that would govern it, "" if `imagebot init` proposes none.
    `line` is 0 for a whole file. An unexpected one becomes a problem when a route covers the file.
    `hint` says what to write so that it becomes a field, "" if that is not known. A value that an
    alias repeats has one entry, though each place could have a hint of its own.
    """

    path: str
    line: int
    code: str
    reason: str
    expected: bool = False
    entry: str = ""
    hint: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FluxObject:
    """A Flux object that other files refer to; `namespace` is "" when it is not written.

    `url` is the image of an ImageRepository, or the URL of another repository. An ImageRepository
    has `exclude`, the selectors of excluded tags. An ImagePolicy has
    `repository` (`namespace:name` of its ImageRepository) and `keys`: imagebot policy keys.
    `problem` says what imagebot cannot follow; `suspended` means that Flux does not act on it.

    A NameMarker is not an object but a comment that names an ImagePolicy and changes nothing;
    `governs` has the lines of the fields it is attached to.
    """

    kind: FluxKind
    namespace: str
    name: str
    path: str
    line: int
    url: str = ""
    repository: str = ""
    keys: tuple[tuple[str, str | bool], ...] = ()
    problem: str = ""
    exclude: tuple[str, ...] = ()
    suspended: bool = False
    governs: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class PendingField:
    """A field whose repository is written in an object that may be in another file.

    `kind` and `name` (`namespace:name`) say which object; `chart` is the name of the chart in a
    HelmRepository. `field` is complete except for `reference.repository` and `reference.name`.
    A GlobalRegistry is not an object but the registry `name`, which may count instead of the one
    that the image has, with `chart` as the name of the image below it: see global_registry.py. So
    is a RegistryAbove, with `chart` as its place: see registry_above.py. The `name` of a Decided is
    why the field is not what is deployed: see decided.py.
    """

    field: ImageField
    kind: PendingKind
    name: str
    chart: str = ""


@dataclass(frozen=True, slots=True)
class Scan:
    """The findings of one file: fields in the order of their bytes, unread parts in that of their
    lines (0, the whole file, first).

    `objects` and `pending` depend on the other files of the tree: `flux.join` turns them into
    policies and further fields; `overlays` are for `overlays.join_overlays`. `chart`, `releases`
    and `holders` say which files are layers of Helm values; `env_files` are the paths of files with
    lines `KEY=VALUE` that a kustomization makes ConfigMaps of; `operations` are those of
    JSON patches on containers; `values` are what
    `ScanOptions.sections` asked for, `images` those of the templates of a chart. `template_images`
    are what `ScanOptions.as_words` asked for: the images of ApplicationSets.
    """

    fields: tuple[ImageField, ...] = ()
    unread: tuple[Unread, ...] = ()
    objects: tuple[FluxObject, ...] = ()
    pending: tuple[PendingField, ...] = ()
    overlays: tuple[Overlay, ...] = ()
    chart: Chart | None = None
    releases: tuple[Release, ...] = ()
    holders: tuple[Holder, ...] = ()
    values: tuple[SectionValues, ...] = ()
    images: tuple[ChartImage, ...] = ()
    env_files: tuple[str, ...] = ()
    operations: tuple[Operation, ...] = ()
    application_sets: tuple[ApplicationSet, ...] = ()
    template_images: tuple[TemplateImage, ...] = ()
