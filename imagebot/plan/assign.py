"""Assign: each image field gets a policy and a route, or the reason why it has none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from imagebot.config.builtin import IGNORE, default_configuration
from imagebot.config.model import Configuration, Route
from imagebot.config.node import show_text
from imagebot.errors import ConfigurationError
from imagebot.manifest.images.field import ImageField, Marker, Unread
from imagebot.plan.routes import RouteTable
from imagebot.policy.builtin import BUILT_IN
from imagebot.policy.model import Policy
from imagebot.problem import Problem
from imagebot.text import did_you_mean
from imagebot.values import dataclass

_NAME = re.compile(r"[\w./:+-]+")
_SHOWN = 200
_NO_FLUX: Mapping[str, Policy | Unread] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """A field with its policy and route; `managed` when it has both and is not ignored.

    Otherwise `code` (`no-policy`, `no-tag`, `replaced`, `ignored`, `suspended`,
    `unknown-policy`, `invalid-marker`) and `reason` say why it is kept; the route is there as far
    as it is known. A `problem` goes with the last two.
    """

    target: str
    field: ImageField
    policy: Policy | None = None
    route: Route | None = None
    code: str = ""
    reason: str = ""
    problem: Problem | None = None

    @property
    def managed(self) -> bool:
        return self.policy is not None and self.route is not None and not self.code


def assign(
    fields: Sequence[ImageField],
    configuration: Configuration,
    target: str = "",
    *,
    flux: Mapping[str, Policy | Unread] = _NO_FLUX,
) -> tuple[Assigned, ...]:
    """One Assigned for each field, in the order given.

    The first route whose files match takes a file, and in it the first image entry that matches
    the repository. A marker replaces the policy, never the route. `flux` has the policies that
    Flux's own markers name, as `namespace:name`, or why one cannot be followed.
    """
    assignment = _Assignment(configuration, target, flux)
    return tuple(assignment.assign(field) for field in fields)


def assign_everywhere(
    fields: Sequence[ImageField],
    configuration: Configuration,
    *,
    flux: Mapping[str, Policy | Unread] = _NO_FLUX,
) -> tuple[Assigned, ...]:
    """As `assign`, with the built-in route for every file that no other route takes: there too
    markers have effect."""
    routes = (*configuration.routes, *default_configuration().routes)
    return assign(fields, replace(configuration, routes=routes), flux=flux)


def _ignored(marker: Marker) -> str:
    """Words behind `ignore` are its reason."""
    words = marker.text.removeprefix("ignore").lstrip(" \t,;:.-")
    why = f": {show_text(words, limit=_SHOWN)}" if words else ""
    return f"ignored by the marker on line {marker.line}{why}"


def _is_left_empty(field: ImageField) -> bool:
    """Whether it has a key for the tag, with nothing in it: charts then use their own version."""
    slot = field.tag
    return field.format == "helm" and slot is not None and slot.prefix != ":"


class _Assignment:
    """One assignment: the configuration, and what was looked up in it so far."""

    def __init__(
        self,
        configuration: Configuration,
        target: str,
        flux: Mapping[str, Policy | Unread],
    ) -> None:
        self.configuration = configuration
        self.target = target
        self.flux = flux
        self.routes = RouteTable(configuration)
        self.markers: dict[str, Policy | ConfigurationError] = {}

    def assign(self, field: ImageField) -> Assigned:
        route = self.routes.of(field.path)
        if route is None:
            return self.kept(field, None, "no-policy", "no route covers this file")
        if field.marker is not None:
            return self.by_marker(field, route, field.marker)
        if field.replaced:
            reason = f"replaced by the images of {field.replaced}"
            return self.kept(field, route, "replaced", reason)
        reference = field.reference
        if reference.tag is None and reference.digest is None and _is_left_empty(field):
            return self.kept(field, route, "no-tag", "its tag is empty, so it is set elsewhere")
        entry = self.routes.entry(route, reference.repository)
        if entry is None:
            reason = f"no image entry of route {route.name!r} covers {reference.repository}"
            return self.kept(field, route, "no-policy", reason)
        return self.by_policy(field, route, self.configuration.policies[entry.policy])

    def by_marker(self, field: ImageField, route: Route, marker: Marker) -> Assigned:
        if marker.kind == "ignore":
            return self.ignored(field, route, BUILT_IN[IGNORE], _ignored(marker))
        if marker.kind == "keys":
            return self.by_keys(field, route, marker)
        if marker.syntax == "flux":
            return self.by_flux(field, route, marker)
        policy = self.configuration.policies.get(marker.text.strip())
        if policy is not None:
            return self.by_policy(field, route, policy)
        if _NAME.fullmatch(marker.text) is None:
            return self.unreadable(field, route, marker)
        return self.unknown(field, route, marker, "policy", self.configuration.policies)

    def unreadable(self, field: ImageField, route: Route, marker: Marker) -> Assigned:
        said = (
            f"says {show_text(marker.text)!r}, which is not a policy"
            if marker.text
            else ("says nothing")
        )
        hint = "write `# imagebot: POLICY`, `# imagebot: {semver: ^1}` or `# imagebot: ignore`"
        return self.failed(field, route, marker, "invalid-marker", f"the marker {said}", hint)

    def by_flux(self, field: ImageField, route: Route, marker: Marker) -> Assigned:
        if marker.problem:
            hint = "fix the marker, or write an imagebot marker"
            return self.failed(field, route, marker, "invalid-marker", marker.problem, hint)
        policy = self.flux.get(marker.policy or marker.text)
        if policy is None:
            known = [name for name in self.flux if " " not in name]
            return self.unknown(field, route, marker, "ImagePolicy", known)
        if isinstance(policy, Policy):
            return self.by_policy(field, route, _for_part(policy, field, marker))
        if policy.expected:
            return self.kept(field, route, policy.code, policy.reason)
        return self.unfollowed(field, route, marker, policy)

    def unknown(
        self, field: ImageField, route: Route, marker: Marker, what: str, known: Iterable[str]
    ) -> Assigned:
        message = f"the marker names {show_text(marker.text)!r}, and there is no such {what}"
        here = " below this folder" if what == "ImagePolicy" else ""
        hint = did_you_mean(marker.text, known) or f"fix the marker, or add the {what}{here}"
        return self.failed(field, route, marker, "unknown-policy", message, hint)

    def unfollowed(
        self, field: ImageField, route: Route, marker: Marker, policy: Unread
    ) -> Assigned:
        place = f"{policy.path}:{policy.line}"
        message = f"the marker names {show_text(marker.text)!r}: {place}: {policy.reason}"
        hint = "fix the ImagePolicy, or write an imagebot marker"
        return self.failed(field, route, marker, "unknown-policy", message, hint)

    def by_keys(self, field: ImageField, route: Route, marker: Marker) -> Assigned:
        found = self.markers.get(marker.text)
        if found is None:
            found = self.markers[marker.text] = self.read_keys(field, marker)
        if isinstance(found, Policy):
            return self.by_policy(field, route, found)
        message = "; ".join(
            f"{issue.key}: {issue.message}" if issue.key else issue.message
            for issue in found.issues
        )
        hint = next((issue.hint for issue in found.issues if issue.hint), "")
        return self.failed(field, route, marker, "invalid-marker", message, hint)

    def read_keys(self, field: ImageField, marker: Marker) -> Policy | ConfigurationError:
        from imagebot.config.marker import marker_policy

        try:
            return marker_policy(marker.text, field.path, marker.line, self.configuration)
        except ConfigurationError as error:
            return error

    def by_policy(self, field: ImageField, route: Route, policy: Policy) -> Assigned:
        if policy.ignored:
            reason = f"ignored by policy {policy.name!r}"
            return self.ignored(field, route, policy, reason)
        return Assigned(target=self.target, field=field, policy=policy, route=route)

    def ignored(self, field: ImageField, route: Route, policy: Policy, reason: str) -> Assigned:
        return Assigned(
            target=self.target,
            field=field,
            policy=policy,
            route=route,
            code="ignored",
            reason=reason,
        )

    def kept(self, field: ImageField, route: Route | None, code: str, reason: str) -> Assigned:
        return Assigned(target=self.target, field=field, route=route, code=code, reason=reason)

    def failed(
        self, field: ImageField, route: Route, marker: Marker, code: str, message: str, hint: str
    ) -> Assigned:
        problem = Problem(
            scope="field",
            subject=str(field.reference),
            path=field.path,
            line=marker.line,
            code=code,
            message=message,
            hint=hint,
        )
        return Assigned(
            target=self.target,
            field=field,
            route=route,
            code=code,
            reason=message,
            problem=problem,
        )


def _for_part(policy: Policy, field: ImageField, marker: Marker) -> Policy:
    """No digest goes beside a tag that alone is marked; one that alone is marked is always due."""
    if not marker.part:
        return policy
    due = marker.part == "digest" and field.reference.digest is None
    return replace(policy, pin="always" if due else None)
