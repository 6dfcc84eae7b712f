"""ImageRepository and ImagePolicy objects of Flux, as a scan carries them."""

from __future__ import annotations

from dataclasses import replace

from imagebot.manifest.images.context import DocumentContext
from imagebot.manifest.images.field import FluxKind, FluxObject
from imagebot.manifest.yaml.tree import Mapping as Node
from imagebot.manifest.yaml.tree import is_null, is_scalar

_PINS = {"Never": "", "IfNotPresent": "with-tag", "Always": "always"}
_TRUE = frozenset({"true", "yes", "on"})
# Flux excludes these by default (`^.*\.sig$`); a glob is faster.
_SIGNATURES = "*.sig"


def is_flux_object(root: Node) -> bool:
    return root.text("apiVersion").startswith("image.toolkit.fluxcd.io/")


def find(context: DocumentContext, root: Node) -> None:
    """Collect an ImageRepository or an ImagePolicy; neither has an image field itself."""
    spec = root.mapping("spec") or Node()
    if root.text("kind") == "ImageRepository":
        _carry_repository(context, root, spec)
    elif root.text("kind") == "ImagePolicy":
        _carry_policy(context, root, spec)


def _carry_repository(context: DocumentContext, root: Node, spec: Node) -> None:
    exclude, problem = _exclusions(spec)
    context.findings.objects.append(
        replace(
            carried_object(context, root, "ImageRepository"),
            url=spec.text("image"),
            problem=problem,
            exclude=exclude,
            suspended=_is_suspended(spec),
        )
    )


def _carry_policy(context: DocumentContext, root: Node, spec: Node) -> None:
    carried = carried_object(context, root, "ImagePolicy")
    reference = spec.mapping("imageRepositoryRef") or Node()
    owner = reference.text("namespace") or carried.namespace
    keys, problem = _policy_keys(spec)
    context.findings.objects.append(
        replace(
            carried,
            repository=f"{owner}:{reference.text('name')}",
            keys=tuple(keys.items()),
            problem=problem,
            suspended=_is_suspended(spec),
        )
    )
    if problem:
        reason = f"ImagePolicy {carried.name}: {problem}"
        context.unread(root.scalar("kind"), "flux-policy", reason, expected=False)


def carried_object(context: DocumentContext, root: Node, kind: FluxKind) -> FluxObject:
    """An object that other files may name, with the members that all kinds have."""
    metadata = root.mapping("metadata") or Node()
    at = root.scalar("kind")
    return FluxObject(
        kind=kind,
        namespace=metadata.text("namespace"),
        name=metadata.text("name"),
        path=context.findings.path,
        line=0 if at is None else context.line(at),
    )


def _is_suspended(spec: Node) -> bool:
    return spec.text("suspend").lower() in _TRUE


def _exclusions(spec: Node) -> tuple[tuple[str, ...], str]:
    """Selectors for the tags that an ImageRepository excludes, and a problem ("" if there is none).

    As in Flux, an expression may match anywhere in a tag, and an empty list counts as missing.
    """
    node = spec.node("exclusionList")
    if node is None or (is_scalar(node) and is_null(node)):
        return (_SIGNATURES,), ""
    items = spec.sequence("exclusionList")
    if items is None:
        return (), "spec.exclusionList is not a list"
    texts = tuple(_selector(item.value) for item in items if is_scalar(item))
    if len(texts) < len(items):
        return (), "spec.exclusionList has an entry that is not a regular expression"
    return texts or (_SIGNATURES,), ""


def _selector(expression: str) -> str:
    if expression == r"^.*\.sig$":
        return _SIGNATURES
    # Two slashes with nothing between them are not an expression.
    return f"/{expression or '(?:)'}/"


def _policy_keys(spec: Node) -> tuple[dict[str, str | bool], str]:
    """The imagebot policy keys of an ImagePolicy, and a problem ("" if there is none).

    As in Flux, only the range decides about pre-releases, and a `-` always starts one.
    """
    keys: dict[str, str | bool] = {}
    rule = spec.mapping("policy") or Node()
    if (semver := rule.mapping("semver")) is not None:
        keys["semver"] = semver.text("range")
        keys["version-syntax"] = "strict"
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
