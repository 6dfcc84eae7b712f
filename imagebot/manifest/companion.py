"""A file that has to change together with a manifest: its companion.

`Chart.lock` says which dependencies `Chart.yaml` has, `requirements.lock` those of
`requirements.yaml`. Helm refuses a lock file that does not match (`helm dependency build`), and
with it Argo CD and Flux. So both change, or neither does.

`generated` stays as it is: Helm never reads it, and the same updates must give the same bytes in
every pass.
"""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Sequence
from dataclasses import replace

from imagebot.errors import RefusedEditError
from imagebot.manifest.edit import edit
from imagebot.manifest.helm.dependencies import (
    Dependency,
    Digest,
    digest_of_both,
    digest_of_required,
    read_dependencies,
)
from imagebot.manifest.images.field import FieldEdit
from imagebot.manifest.splice import applied, ordered, prove_file
from imagebot.manifest.yaml.document_text import written_at
from imagebot.manifest.yaml.edits import Edit
from imagebot.manifest.yaml.events import MAX_BYTES, YamlFaultError
from imagebot.manifest.yaml.file_text import FileText
from imagebot.manifest.yaml.quoting import needs_quotes
from imagebot.manifest.yaml.tree import Mapping, build
from imagebot.values import dataclass

_COMPANIONS = {"Chart.yaml": "Chart.lock", "requirements.yaml": "requirements.lock"}


@dataclass(frozen=True, slots=True)
class Content:
    """The bytes of a manifest, and those of its companion: None where there is no such file."""

    data: bytes
    companion: bytes | None = None


def companion_of(path: str) -> str:
    """The path of the companion that a manifest would have, "" for most."""
    folder, name = posixpath.split(path)
    companion = _COMPANIONS.get(name, "")
    return posixpath.join(folder, companion) if companion else ""


def edit_content(path: str, content: Content, field_edits: Sequence[FieldEdit]) -> Content:
    """As `edit`, of a manifest and its companion.

    Raises RefusedEditError: then nothing of both may be written.
    """
    new = edit(path, content.data, field_edits)
    if content.companion is None or new == content.data:
        return Content(new, content.companion)
    try:
        return Content(new, _edit_lock(path, content.data, new, content.companion))
    except _LockError as error:
        folder = shlex.quote(posixpath.dirname(path) or ".")
        raise RefusedEditError(
            path,
            field_edits[0].field.line,
            f"{posixpath.basename(companion_of(path))} cannot be kept up to date: {error}",
            hint=f"run `helm dependency update {folder}` and commit what it writes",
        ) from error


class _LockError(Exception):
    """Why a lock file cannot be edited exactly."""


def _edit_lock(path: str, old: bytes, new: bytes, data: bytes) -> bytes:
    required, wanted = _Document(old).dependencies, _Document(new).dependencies
    if required == wanted:
        return data
    lock = _Document(data)
    digest = _rule(lock, required, companion_of(path))
    edits, locked = [], list(lock.dependencies)
    for number, (before, after) in enumerate(zip(required, wanted, strict=True)):
        if before.version == after.version:
            continue
        entry = locked[number]
        if (entry.name, entry.version) != (before.name, before.version):
            found = f"{entry.name} {entry.version}"
            raise _LockError(f"it has {found} for {before.name} {before.version}")
        locked[number] = replace(entry, version=after.version)
        edits.append(lock.edit(lock.entries[number], "version", after.version))
    edits.append(lock.edit(lock.root, "digest", digest(wanted, locked)))
    try:
        byte_edits = ordered(companion_of(path), edits)
        made = applied(data, byte_edits)
        prove_file(companion_of(path), data, made, byte_edits)
    except RefusedEditError as error:
        raise _LockError(error.reason) from error
    return made


def _rule(lock: _Document, required: Sequence[Dependency], path: str) -> Digest:
    """The rule by which the digest of a lock file was made."""
    rules: list[Digest] = [digest_of_both]
    if path.endswith("requirements.lock"):
        rules.append(digest_of_required)
    if len(lock.entries) != len(required):
        raise _LockError("it does not have the dependencies that the chart has")
    written = lock.root.text("digest")
    for rule in rules:
        if rule(required, lock.dependencies) == written:
            return rule
    raise _LockError("its digest is not that of the dependencies as they are, so Helm refuses it")


class _Document:
    """A chart's file or a lock file: its first document, which is the one that Helm reads."""

    def __init__(self, data: bytes) -> None:
        if len(data) > MAX_BYTES:
            raise _LockError(f"larger than {MAX_BYTES // (1024 * 1024)} MiB")
        try:
            self.file = FileText(data)
            root = next(iter(build(self.file.text)), None)
        except UnicodeDecodeError as error:
            raise _LockError("not UTF-8") from error
        except YamlFaultError as error:
            raise _LockError(f"not YAML: {error}") from error
        if not isinstance(root, Mapping) or root.repeated:
            raise _LockError("not a file of Helm")
        self.root = root
        self.entries = [
            each for each in root.sequence("dependencies") or () if isinstance(each, Mapping)
        ]
        self.dependencies = read_dependencies(root)

    def edit(self, owner: Mapping, key: str, value: str) -> Edit:
        """The edit that makes the value of a key another one."""
        scalar = owner.scalar(key)
        if scalar is None or owner.repeated:
            raise _LockError(f"it has no single `{key}` there")
        text = self.file.text
        line = self.file.line(scalar.start_mark.index)
        start, end, at = written_at(text, scalar)
        plain = scalar.style in ("", None)
        if at is None or (plain and needs_quotes(value)) or scalar.style in ("|", ">"):
            raise _LockError(f"its `{key}` on line {line} is not written in one piece")
        return Edit(self.file.byte(start), self.file.byte(end), value, value, line=line)
