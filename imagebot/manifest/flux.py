"""Flux objects and markers, so that a Flux user's repository works unchanged and without a cluster.

An `ImagePolicy` becomes imagebot policy keys (strict reading, as in Flux); its `ImageRepository`
says which image a marker on a bare tag is about. The objects may be in any file of the tree, so
`scan` only carries them and `join` puts them together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from imagebot.errors import InvalidReferenceError
from imagebot.manifest.field import FluxObject, ImageField, PendingField, Scan, Unread
from imagebot.manifest.found import Found
from imagebot.manifest.tree import Mapping as Node
from imagebot.reference import parse_repository

PolicyKeys = dict[str, object]


@dataclass(frozen=True, slots=True)
class Joined:
    """Scans by path with their pending fields filled in, and policy keys by `namespace:name`."""

    scans: dict[str, Scan]
    policies: dict[str, PolicyKeys]


def is_flux_object(root: Node) -> bool:
    return root.text("apiVersion").startswith("image.toolkit.fluxcd.io/")


def find(found: Found, root: Node) -> None:
    """Carry an ImageRepository or an ImagePolicy; neither has an image field of its own."""
    metadata = root.mapping("metadata") or Node()
    spec = root.mapping("spec") or Node()
    namespace, name = metadata.text("namespace"), metadata.text("name")
    kind_key = root.scalar("kind")
    line = found.line(kind_key) if kind_key is not None else 0
    path = found.sheet.path
    if root.text("kind") == "ImageRepository":
        found.sheet.objects.append(
            FluxObject(
                kind="ImageRepository",
                namespace=namespace,
                name=name,
                path=path,
                line=line,
                url=spec.text("image"),
            )
        )
    elif root.text("kind") == "ImagePolicy":
        reference = spec.mapping("imageRepositoryRef") or Node()
        owner = reference.text("namespace") or namespace
        keys, problem = _policy_keys(spec)
        found.sheet.objects.append(
            FluxObject(
                kind="ImagePolicy",
                namespace=namespace,
                name=name,
                path=path,
                line=line,
                repository=f"{owner}:{reference.text('name')}",
                keys=tuple(keys.items()),
                problem=problem,
            )
        )
        if problem:
            found.unread(kind_key, "flux-policy", f"ImagePolicy {name}: {problem}", expected=False)


def _policy_keys(spec: Node) -> tuple[dict[str, str | bool], str]:
    """The imagebot policy keys of an ImagePolicy, and what cannot be followed ("" when all can)."""
    keys: dict[str, str | bool] = {"reading": "strict", "variant": "any", "prerelease": "allow"}
    rule = spec.mapping("policy") or Node()
    if (semver := rule.mapping("semver")) is not None:
        keys["semver"] = semver.text("range")
    elif (numerical := rule.mapping("numerical")) is not None:
        keys["order"] = "numerical"
        keys["descending"] = numerical.text("order") == "desc"
    elif (alphabetical := rule.mapping("alphabetical")) is not None:
        keys["order"] = "alphabetical"
        keys["descending"] = alphabetical.text("order") == "desc"
    else:
        return keys, "its spec.policy has none of semver, numerical and alphabetical"
    filter_tags = spec.mapping("filterTags")
    if filter_tags is not None:
        for key in ("pattern", "extract"):
            if filter_tags.text(key):
                keys[key] = filter_tags.text(key)
    pin = {"IfNotPresent": "frozen", "Always": "refresh"}.get(spec.text("digestReflectionPolicy"))
    if pin:
        keys["pin"] = pin
    return keys, ""


def flux_policies(scans: Iterable[Scan]) -> dict[str, PolicyKeys]:
    """Policy keys, as in imagebot.yaml, of every ImagePolicy by `namespace:name`.

    The namespace is "" where the object does not write it (Kustomize or Flux set it later).
    """
    found: dict[str, PolicyKeys] = {}
    for each in _objects(scans, "ImagePolicy"):
        if not each.problem:
            keys: PolicyKeys = {key: value for key, value in each.keys if value is not False}
            if "pin" in keys:
                keys["pin"] = {"digest": keys["pin"]}
            found[f"{each.namespace}:{each.name}"] = keys
    return found


def join(scans: Mapping[str, Scan]) -> Joined:
    """Fill in what the files of one tree say about each other. Scans without such parts stay."""
    policies = flux_policies(scans.values())
    named = _by_name(policies)
    joined: dict[str, Scan] = {}
    urls = _urls(scans.values())
    for path, scan in scans.items():
        for field in scan.fields:
            _name_policy(field, named, policies)
        joined[path] = _fill(scan, urls) if scan.pending else scan
        for field in joined[path].fields:
            _name_policy(field, named, policies)
    return Joined(joined, policies)


def _objects(scans: Iterable[Scan], kind: str) -> list[FluxObject]:
    return [each for scan in scans for each in scan.objects if each.kind == kind]


def _by_name(policies: dict[str, PolicyKeys]) -> dict[str, PolicyKeys]:
    """Those without a written namespace, which a marker may name with one."""
    return {key[1:]: keys for key, keys in policies.items() if key.startswith(":")}


def _name_policy(
    field: ImageField, named: dict[str, PolicyKeys], policies: dict[str, PolicyKeys]
) -> None:
    if field.marker is None or field.marker.syntax != "flux":
        return
    name = field.marker.text.partition(":")[2]
    if field.marker.text not in policies and name in named:
        policies[field.marker.text] = named[name]


def _urls(scans: Iterable[Scan]) -> dict[tuple[str, str], str]:
    """The image or URL that an object stands for, by kind and `namespace:name`."""
    every = list(scans)
    found: dict[tuple[str, str], str] = {
        (each.kind, f"{each.namespace}:{each.name}"): each.url
        for kind in ("ImageRepository", "HelmRepository")
        for each in _objects(every, kind)
    }
    for each in _objects(every, "ImagePolicy"):
        url = _look_up(found, "ImageRepository", each.repository)
        if url:
            found["ImagePolicy", f"{each.namespace}:{each.name}"] = url
    return found


def _look_up(urls: dict[tuple[str, str], str], kind: str, name: str) -> str:
    """By full name, or by name alone where the object or the one who asks has no namespace."""
    namespace, _, short = name.partition(":")
    exact = urls.get((kind, name)) or urls.get((kind, f":{short}"))
    if exact or namespace:
        return exact or ""
    others = {url for (k, key), url in urls.items() if k == kind and key.endswith(f":{short}")}
    return others.pop() if len(others) == 1 else ""


def _fill(scan: Scan, urls: dict[tuple[str, str], str]) -> Scan:
    fields = list(scan.fields)
    unread = list(scan.unread)
    for pending in scan.pending:
        url = _look_up(urls, pending.kind, pending.name)
        if url:
            filled = _filled(pending, url)
            fields.append(filled) if isinstance(filled, ImageField) else unread.extend(filled)
        elif pending.kind == "ImagePolicy":
            reason = f"the marker names {pending.name}, and there is no such ImagePolicy here"
            unread.append(Unread(pending.field.path, pending.field.line, "marker", reason))
    fields.sort(key=field_place)
    return Scan(tuple(fields), tuple(unread), scan.objects)


def _filled(pending: PendingField, url: str) -> ImageField | list[Unread]:
    field = pending.field
    if pending.kind == "HelmRepository":
        if not url.startswith("oci://"):
            return []
        url = f"{url.rstrip('/')}/{pending.chart}"
    name = url.removeprefix("oci://")
    try:
        repository = parse_repository(name)
    except InvalidReferenceError as error:
        return [Unread(field.path, field.line, "not-a-reference", error.message[:300])]
    return replace(field, reference=replace(field.reference, repository=repository, name=name))


def field_place(field: ImageField) -> tuple[int, int]:
    """Orders fields as their bytes are."""
    slots = [slot.start for slot in (field.tag, field.digest) if slot is not None]
    return (min(slots, default=0), field.line)
