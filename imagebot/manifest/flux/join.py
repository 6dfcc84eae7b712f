"""Joins Flux objects and markers: a Flux user's repository works unchanged, without a cluster.

An `ImagePolicy` becomes imagebot policy keys (strict syntax, as in Flux). Its `ImageRepository`
says which image a marker on a bare tag belongs to and which tags are excluded. The objects may be
in any file of the tree, so `scan` only collects them and `join` connects them.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import replace
from operator import attrgetter

from imagebot.errors import InvalidReferenceError
from imagebot.manifest.flux.nearest import Contradiction, Index
from imagebot.manifest.flux.policy import FluxPolicy, PolicyKeys
from imagebot.manifest.images.field import (
    FluxObject,
    ImageField,
    Marker,
    PendingField,
    Scan,
    Unread,
)
from imagebot.manifest.images.global_registry import undecided
from imagebot.reference import Repository, parse_repository
from imagebot.values import dataclass


@dataclass(frozen=True, slots=True)
class Joined:
    """Scans by path with their pending fields filled in, and policies.

    The key of a policy starts with `namespace:name`, the namespace being "" where the object does
    not write it (Kustomize or Flux set it later); a location follows if the name is not unique.
    """

    scans: dict[str, Scan]
    policies: dict[str, FluxPolicy]


def join(scans: Mapping[str, Scan]) -> Joined:
    """Connect what the files of one tree say about each other. Other scans stay as they are."""
    tree = _Tree(scans.values())
    joined = {
        path: tree.put_together(scan) if _refers(scan) else scan for path, scan in scans.items()
    }
    return Joined(joined, tree.policies)


def _refers(scan: Scan) -> bool:
    """Whether the meaning of something in this file depends on other files."""
    if scan.pending:
        return True
    for field in scan.fields:
        if field.marker is not None and field.marker.syntax == "flux":
            return True
    return any(each.kind == "NameMarker" for each in scan.objects)


class _Tree:
    """The objects of a tree, and its policies as far as they have been looked at."""

    def __init__(self, scans: Iterable[Scan]) -> None:
        self.index = Index(scans)
        self.policies: dict[str, FluxPolicy] = {}
        self._seen: dict[tuple[int, str], FluxPolicy] = {}
        for each in self.index.every("ImagePolicy"):
            self.key(f"{each.namespace}:{each.name}", self.seen(each, each.path))

    def put_together(self, scan: Scan) -> Scan:
        fields = list(scan.fields)
        unread = list(scan.unread)
        for pending in scan.pending:
            filled = self.filled(pending)
            fields.append(filled) if isinstance(filled, ImageField) else unread.extend(filled)
        fields = [self.obeying(field) for field in fields]
        refused: dict[int, str] = {}
        for each in scan.objects:
            name = f"{each.namespace}:{each.name}"
            if each.kind == "NameMarker" and self.policy(name, each.path) is None:
                unread.append(Unread(each.path, each.line, "marker", _no_policy(name)))
                refused |= dict.fromkeys(each.governs, _no_policy(name))
        fields = [_refused(field, refused) for field in fields]
        fields.sort(key=attrgetter("line", "column"))
        return Scan(tuple(fields), tuple(unread), scan.objects, overlays=scan.overlays)

    def filled(self, pending: PendingField) -> ImageField | list[Unread]:
        field = pending.field
        if pending.kind == "ImagePolicy":
            return self.filled_by_policy(field, pending.name)
        if pending.kind in ("GlobalRegistry", "RegistryAbove", "Decided"):
            return [undecided(pending)]
        found = self.index.choose(pending.kind, pending.name, field.path, _oci_url)
        if isinstance(found, Contradiction):
            return [Unread(field.path, field.line, "ambiguous", f"its {found}")]
        if found is None:
            reason = f"the HelmRepository {pending.name} of this chart is not in these files"
            return [Unread(field.path, field.line, "no-repository", reason, True)]
        if not _oci_url(found):
            return []
        return _named(field, f"{_oci_url(found)}/{pending.chart}")

    def filled_by_policy(self, field: ImageField, name: str) -> ImageField | list[Unread]:
        policy = self.policy(name, field.path)
        code, reason = "marker", ""
        if policy is None:
            reason = _no_policy(name)
        elif isinstance(policy, Contradiction):
            code, reason = "ambiguous", f"the marker names {name}, and {policy}"
        elif policy.contradiction:
            where = f"{policy.path}:{policy.line}"
            code, reason = "ambiguous", f"the marker names {name} ({where}), {policy.contradiction}"
        elif not policy.url:
            where = f"{policy.path}:{policy.line}"
            reason = (
                f"the marker names {name} ({where}), whose ImageRepository is not in these files"
            )
        else:
            return _named(field, policy.url)
        return [Unread(field.path, field.line, code, reason)]

    def obeying(self, field: ImageField) -> ImageField:
        """The field with the meaning of its marker in this tree."""
        marker = field.marker
        if marker is None or marker.syntax != "flux":
            return field
        policy = self.policy(marker.text, field.path)
        if policy is None:
            return field
        if isinstance(policy, Contradiction):
            policy = _undecided(policy)
        key = self.key(marker.text, policy)
        other = key if key != marker.text else ""
        problem = marker.problem or _mismatch(marker, policy, field.reference.repository)
        if (other, problem) == (marker.policy, marker.problem):
            return field
        return replace(field, marker=replace(marker, policy=other, problem=problem))

    def policy(self, name: str, path: str) -> FluxPolicy | Contradiction | None:
        """The policy that a marker means in the file at `path`."""
        found = self.index.choose("ImagePolicy", name, path, lambda each: self.said(each, path))
        return self.seen(found, path) if isinstance(found, FluxObject) else found

    def seen(self, each: FluxObject, path: str) -> FluxPolicy:
        """A policy with its ImageRepository: the nearest to it, or else to the file at `path`."""
        own = self._seen.get((id(each), ""))
        if own is None:
            own = self._seen[id(each), ""] = _policy(each, self.repository(each, each.path))
        if not own.contradiction:
            return own
        key = (id(each), self.index.scope(path))
        if key not in self._seen:
            repository = self.repository(each, path)
            contradicted = isinstance(repository, Contradiction)
            self._seen[key] = own if contradicted else _policy(each, repository)
        return self._seen[key]

    def repository(self, policy: FluxObject, path: str) -> FluxObject | Contradiction | None:
        return self.index.choose("ImageRepository", policy.repository, path, _repository_says)

    def said(self, each: FluxObject, path: str) -> Hashable:
        seen = self.seen(each, path)
        exclude = seen.keys.get("exclude")
        excluded = tuple(exclude) if isinstance(exclude, list) else None
        suspended = bool(seen.suspended)
        return each.keys, each.problem, suspended, seen.url, seen.contradiction, excluded

    def key(self, name: str, policy: FluxPolicy) -> str:
        """Where a policy is in `policies`; it is put there."""
        if self.policies.setdefault(name, policy) == policy:
            return name
        exclude = policy.keys.get("exclude")
        rest = (policy.url, policy.problem, policy.suspended, exclude)
        name = f"{name} {policy.path}:{policy.line} {rest}"
        self.policies.setdefault(name, policy)
        return name


def _policy(each: FluxObject, repository: FluxObject | Contradiction | None) -> FluxPolicy:
    keys: PolicyKeys = {key: value for key, value in each.keys if value is not False}
    if "pin" in keys:
        keys["pin"] = {"digest": keys["pin"]}
    problem, suspended = each.problem, _suspended(each)
    url = contradiction = ""
    if isinstance(repository, Contradiction):
        contradiction = f"and its {repository}"
        problem = problem or f"its {repository}"
    elif repository is not None:
        url = repository.url
        keys["exclude"] = list(repository.exclude)
        suspended = suspended or _suspended(repository)
        if repository.problem:
            where = f"{repository.path}:{repository.line}"
            problem = problem or f"its ImageRepository ({where}): {repository.problem}"
    problem = f"ImagePolicy {each.name}: {problem}" if problem else ""
    return FluxPolicy(each.path, each.line, keys, problem, url, contradiction, suspended)


def _suspended(each: FluxObject) -> str:
    if not each.suspended:
        return ""
    return f"{each.kind} {each.name} ({each.path}:{each.line}) is suspended"


def _undecided(found: Contradiction) -> FluxPolicy:
    one, other = found.one, found.other
    where = f"{other.path}:{other.line}"
    problem = f"{where} has a different one of the same name, and neither is nearer to the marker"
    return FluxPolicy(one.path, one.line, {}, f"ImagePolicy {one.name}: {problem}")


def _mismatch(marker: Marker, policy: FluxPolicy, repository: Repository) -> str:
    """Why the marker does not fit: its policy is for another repository than this reference."""
    try:
        meant = parse_repository(policy.url)
    except InvalidReferenceError:
        return ""
    if meant == repository:
        return ""
    return f"the marker names {marker.text}, which is for {meant}, but this is {repository}"


def _no_policy(name: str) -> str:
    return f"the marker names {name[:200]}, but there is no such ImagePolicy in these files"


def _refused(field: ImageField, reasons: Mapping[int, str]) -> ImageField:
    if field.line not in reasons:
        return field
    return replace(field, refusal=field.refusal or reasons[field.line])


def _oci_url(each: FluxObject) -> str:
    """The registry and path of an OCI repository; "" for other URLs, which have no images."""
    return each.url.removeprefix("oci://").rstrip("/") if each.url.startswith("oci://") else ""


def _repository_says(each: FluxObject) -> Hashable:
    return each.url, each.exclude, each.suspended, each.problem


def _named(field: ImageField, name: str) -> ImageField | list[Unread]:
    name = name.removeprefix("oci://")
    try:
        repository = parse_repository(name)
    except InvalidReferenceError as error:
        return [Unread(field.path, field.line, "not-a-reference", error.message[:300])]
    return replace(field, reference=replace(field.reference, repository=repository, name=name))
