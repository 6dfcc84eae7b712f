"""Scans as plain values, to keep them or to send them to another process.

The same bytes mean different things in different places, so that a scan is kept by its blob, its
path and what the configuration adds; who keeps it also notes which reader it is of.
"""

from __future__ import annotations

import hashlib
from typing import Any

from imagebot.manifest.images.field import (
    FluxObject,
    ImageField,
    Marker,
    PendingField,
    Resource,
    Scan,
    Slot,
    Unread,
)
from imagebot.manifest.images.options import ScanOptions
from imagebot.reference import Reference, Repository

Plain = list[Any]
_NOTHING = Scan()


class StaleScanError(Exception):
    """What was kept is no scan."""


def options_key(options: ScanOptions) -> str:
    """Stands for everything besides bytes and path that a scan depends on."""
    return hashlib.sha256(repr(options).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def scan_key(blob: str, path: str, options: str) -> str:
    """The key of a scan; `options` is an `options_key`, `blob` a Git blob id or another hash."""
    return f"{blob} {options} {path}"


def encode(scan: Scan) -> Plain:
    """A scan as lists, strings and numbers, without its path; [] when there is nothing in it."""
    if scan == _NOTHING:
        return []
    return [
        [_encode_field(field) for field in scan.fields],
        [[each.line, each.code, each.reason, each.expected] for each in scan.unread],
        [_encode_object(each) for each in scan.objects],
        [[_encode_field(each.field), each.kind, each.name, each.chart] for each in scan.pending],
    ]


def decode(plain: Plain, path: str) -> Scan:
    """The scan that was encoded, of the file at `path`. Raises StaleScanError."""
    if not plain:
        return _NOTHING
    try:
        fields, unread, objects, pending = plain
        return Scan(
            tuple([_decode_field(field, path) for field in fields]),
            tuple([Unread(path, *each) for each in unread]),
            tuple([_decode_object(each, path) for each in objects]),
            tuple([PendingField(_decode_field(each[0], path), *each[1:]) for each in pending]),
        )
    except (TypeError, ValueError, IndexError) as error:
        raise StaleScanError from error


def _encode_field(field: ImageField) -> Plain:
    reference, resource = field.reference, field.resource
    return [
        field.line,
        field.column,
        field.format,
        field.document,
        list(field.keys),
        [resource.api_version, resource.kind, resource.namespace, resource.name]
        if resource is not None
        else None,
        field.container,
        [reference.repository.registry, reference.repository.path],
        [reference.tag, reference.digest, reference.name],
        _encode_slot(field.tag),
        _encode_slot(field.digest),
        None if field.marker is None else _encode_marker(field.marker),
        field.refusal,
        field.shared,
    ]


def _decode_field(plain: Plain, path: str) -> ImageField:
    line, column, form, document, keys, resource, container = plain[:7]
    repository, reference, tag, digest, marker, refusal, shared = plain[7:]
    return ImageField(
        path=path,
        line=line,
        column=column,
        format=form,
        document=document,
        keys=tuple(keys),
        resource=None if resource is None else Resource(*resource),
        container=container,
        reference=Reference(Repository(*repository), *reference),
        tag=None if tag is None else Slot(*tag),
        digest=None if digest is None else Slot(*digest),
        marker=None if marker is None else Marker(*marker),
        refusal=refusal,
        shared=shared,
    )


def _encode_slot(slot: Slot | None) -> Plain | None:
    if slot is None:
        return None
    plain = [slot.start, slot.end, slot.text]
    rest = [slot.prefix, slot.suffix, slot.quoted, slot.quote, slot.style]
    return plain if rest == ["", "", True, '"', "block"] else plain + rest


def _encode_marker(marker: Marker) -> Plain:
    plain = [marker.kind, marker.text, marker.line, marker.syntax]
    rest = [marker.part, marker.problem, marker.policy]
    return plain + rest if any(rest) else plain


def _encode_object(each: FluxObject) -> Plain:
    keys = [list(pair) for pair in each.keys]
    plain = [each.kind, each.namespace, each.name, each.line, each.url, each.repository]
    rest = [list(each.exclude), each.suspended, list(each.governs)]
    return [*plain, keys, each.problem, *rest]


def _decode_object(plain: Plain, path: str) -> FluxObject:
    kind, namespace, name, line, url, repository, keys, problem = plain[:8]
    exclude, suspended, governs = plain[8:]
    return FluxObject(
        kind=kind,
        namespace=namespace,
        name=name,
        path=path,
        line=line,
        url=url,
        repository=repository,
        keys=tuple((key, value) for key, value in keys),
        problem=problem,
        exclude=tuple(exclude),
        suspended=suspended,
        governs=tuple(governs),
    )
