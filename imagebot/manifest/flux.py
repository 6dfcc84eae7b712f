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

_PINS = {"Never": "", "IfNotPresent": "frozen", "Always": "refresh"}


@dataclass(frozen=True, slots=True)
class FluxPolicy:
    """The keys of an ImagePolicy, as in imagebot.yaml, or the `problem` that there is with it."""

    path: str
    line: int
    keys: PolicyKeys
    problem: str = ""

    def unread(self, problem: str = "") -> Unread:
        return Unread(self.path, self.line, "flux-policy", problem or self.problem)


@dataclass(frozen=True, slots=True)
class Joined:
    """Scans by path with their pending fields filled in, and policies by `namespace:name`."""

    scans: dict[str, Scan]
    policies: dict[str, FluxPolicy]


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
    """The imagebot policy keys of an ImagePolicy, and what cannot be followed ("" when all can).

    As in Flux a range alone decides about pre-releases, and what follows `-` is always one.
    """
    keys: dict[str, str | bool] = {}
    rule = spec.mapping("policy") or Node()
    if (semver := rule.mapping("semver")) is not None:
        keys["semver"] = semver.text("range")
        keys["reading"] = "strict"
    else:
        # Flux looks at alphabetical first where both are written.
        order = next(
            (name for name in ("alphabetical", "numerical") if rule.mapping(name) is not None), ""
        )
        if not order:
            return keys, "its spec.policy has none of semver, numerical and alphabetical"
        direction = (rule.mapping(order) or Node()).text("order") or "asc"
        if direction not in ("asc", "desc"):
            return keys, f"spec.policy.{order}.order is {direction[:80]!r}: write asc or desc"
        keys["order"] = order
        keys["descending"] = direction == "desc"
    filter_tags = spec.mapping("filterTags") or Node()
    for key in ("pattern", "extract"):
        if filter_tags.text(key):
            keys[key] = filter_tags.text(key)
    reflection = spec.text("digestReflectionPolicy") or "Never"
    if reflection not in _PINS:
        known = ", ".join(_PINS)
        return keys, f"spec.digestReflectionPolicy is {reflection[:80]!r}: write one of {known}"
    if pin := _PINS[reflection]:
        keys["pin"] = pin
    return keys, ""


def flux_policies(scans: Iterable[Scan]) -> dict[str, FluxPolicy]:
    """Every ImagePolicy by `namespace:name`, also those that cannot be followed.

    The namespace is "" where the object does not write it (Kustomize or Flux set it later). Two
    of one name that do not say the same are a problem: nothing tells which of them is meant.
    """
    found: dict[str, FluxPolicy] = {}
    seen: dict[str, FluxObject] = {}
    for each in _objects(scans, "ImagePolicy"):
        name = f"{each.namespace}:{each.name}"
        first = seen.setdefault(name, each)
        if first is each:
            problem = f"ImagePolicy {each.name}: {each.problem}" if each.problem else ""
            found[name] = FluxPolicy(each.path, each.line, _plain_keys(each), problem)
        elif (each.keys, each.repository) != (first.keys, first.repository):
            other = f"{each.path}:{each.line}"
            problem = f"ImagePolicy {each.name}: {other} has one of the same name that differs"
            found[name] = FluxPolicy(first.path, first.line, {}, problem)
    return found


def _plain_keys(policy: FluxObject) -> PolicyKeys:
    keys: PolicyKeys = {key: value for key, value in policy.keys if value is not False}
    if "pin" in keys:
        keys["pin"] = {"digest": keys["pin"]}
    return keys


def join(scans: Mapping[str, Scan]) -> Joined:
    """Fill in what the files of one tree say about each other. Scans without such parts stay."""
    policies = flux_policies(scans.values())
    named = _by_name(policies)
    joined: dict[str, Scan] = {}
    urls = _urls(scans.values())
    for path, scan in scans.items():
        for field in scan.fields:
            _name_policy(field, named, policies)
        joined[path] = _fill(scan, urls, policies) if scan.pending else scan
        for field in joined[path].fields:
            _name_policy(field, named, policies)
    return Joined(joined, policies)


def _objects(scans: Iterable[Scan], kind: str) -> list[FluxObject]:
    return [each for scan in scans for each in scan.objects if each.kind == kind]


def _by_name(policies: dict[str, FluxPolicy]) -> dict[str, FluxPolicy]:
    """Those without a written namespace, which a marker may name with one."""
    return {key[1:]: policy for key, policy in policies.items() if key.startswith(":")}


def _name_policy(
    field: ImageField, named: dict[str, FluxPolicy], policies: dict[str, FluxPolicy]
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


def _fill(scan: Scan, urls: dict[tuple[str, str], str], policies: dict[str, FluxPolicy]) -> Scan:
    fields = list(scan.fields)
    unread = list(scan.unread)
    for pending in scan.pending:
        url = _look_up(urls, pending.kind, pending.name)
        if url:
            filled = _filled(pending, url)
            fields.append(filled) if isinstance(filled, ImageField) else unread.extend(filled)
        elif pending.kind == "ImagePolicy":
            reason = _missing(pending.name, policies)
            unread.append(Unread(pending.field.path, pending.field.line, "marker", reason))
    fields.sort(key=field_place)
    return Scan(tuple(fields), tuple(unread), scan.objects)


def _missing(name: str, policies: dict[str, FluxPolicy]) -> str:
    policy = policies.get(name) or policies.get(f":{name.partition(':')[2]}")
    if policy is None:
        return f"the marker names {name}, and there is no such ImagePolicy here"
    place = f"{policy.path}:{policy.line}"
    return f"the marker names {name} ({place}), whose ImageRepository is not here"


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
