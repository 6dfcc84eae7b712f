"""Policies from configuration keys. Pure; the keys come as YAML has them, `extends` merged in."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Literal, TypeVar, cast, get_args

from imagebot.errors import InvalidPolicyError, InvalidRangeError, UsageError
from imagebot.policy import model
from imagebot.policy.build_values import (
    read_bool,
    read_ignore,
    read_pin,
    read_platforms,
    read_selectors,
    read_tag,
    read_text,
    read_variant,
)
from imagebot.policy.duration import parse_duration
from imagebot.policy.model import Policy
from imagebot.policy.pattern import Pattern, parse_pattern
from imagebot.version.range import Range, parse_range

T = TypeVar("T")

_ORDERS = ("numerical", "alphabetical", "natural", "calver", "pushed", "created")
_VERSIONED: frozenset[model.Order] = frozenset({"shape", "natural", "semver"})
_CHOOSING = (
    "semver", "order", "descending", "pattern", "extract", "version-syntax", "include", "exclude",
    "prerelease", "variant", "max", "allow-downgrade", "ignore",
)  # fmt: skip
KEYS: tuple[str, ...] = (
    *_CHOOSING, "follow", "pin", "min-age", "min-age-unknown", "platforms", "exists", "adopt",
)  # fmt: skip
"""Every key of a policy but `extends`."""


def build_policy(name: str, keys: Mapping[str, object]) -> Policy:
    """A policy of these keys; a key whose value is None counts as not written.

    Raises InvalidPolicyError for the first key whose value means nothing, or that contradicts
    another.
    """
    given = {key: value for key, value in keys.items() if value is not None}
    _check_keys(given)
    versions = _range(given)
    order = _order(given)
    _check_together(given, order)
    policy = Policy(
        name=name,
        order=order,
        range=versions,
        pattern=_pattern(given),
        descending=_get(given, "descending", read_bool, False),
        version_syntax=_choice(given, "version-syntax", model.VersionSyntax, "natural"),
        include=_get(given, "include", read_selectors, ()),
        exclude=_get(given, "exclude", read_selectors, ()),
        prerelease=_choice(given, "prerelease", model.Prerelease, "same-release"),
        variant=_get(given, "variant", read_variant, "same"),
        max=_choice(given, "max", model.Size, None),
        allow_downgrade=_get(given, "allow-downgrade", read_bool, False),
        ignore=_get(given, "ignore", read_ignore, ()),
        follow=_get(given, "follow", read_tag, None),
        pin=_get(given, "pin", read_pin, None),
        min_age=_get(given, "min-age", parse_duration, None),
        min_age_unknown=_choice(given, "min-age-unknown", Literal["reject", "accept"], "reject"),
        platforms=_get(given, "platforms", read_platforms, ()),
        exists=_get(given, "exists", read_bool, False),
        adopt=_get(given, "adopt", read_bool, True),
    )
    return _with_range_prereleases(policy, given)


def _with_range_prereleases(policy: Policy, given: Mapping[str, object]) -> Policy:
    """Without the key `prerelease`, a range decides about pre-releases alone, by its `-0`.

    With it, the key decides, and the range is made to take those that the key lets through.
    """
    if policy.range is None:
        return policy
    if "prerelease" not in given:
        return replace(policy, prerelease="allow")
    if policy.prerelease == "never":
        return policy
    return replace(policy, range=policy.range.with_prereleases())


def _check_keys(given: Mapping[str, object]) -> None:
    for key in given:
        if key not in KEYS:
            near = difflib.get_close_matches(str(key), KEYS, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known keys: {', '.join(KEYS)}"
            raise InvalidPolicyError(str(key), "no such policy key", hint=hint)


def _check_together(given: Mapping[str, object], order: model.Order) -> None:
    if "follow" in given:
        for key in _CHOOSING:
            # `max` and the like may be inherited: following moves no tag, so they bound nothing.
            if key in given and key not in ("max", "allow-downgrade"):
                reason = f"{key} chooses among tags, and follow names the one"
                raise InvalidPolicyError("follow", reason, hint=f"drop follow or {key}")
    if "semver" in given and "order" in given:
        raise InvalidPolicyError("order", "semver is an order already", hint="drop one of the two")
    if "extract" in given and "pattern" not in given:
        raise InvalidPolicyError("extract", "there is no pattern to extract from")
    if order not in _VERSIONED:
        for key in ("prerelease", "version-syntax"):
            if key in given:
                _no_meaning(key, order)
        if "variant" in given and order != "calver":
            _no_meaning("variant", order)
    if given.get("version-syntax") == "strict":
        if order != "semver":
            raise InvalidPolicyError("version-syntax", "strict is for semver ranges only")
        if "variant" in given:
            reason = "the strict syntax has no variants: what follows - is a pre-release"
            raise InvalidPolicyError("variant", reason)
    if "follow" in given and read_pin("pin", given.get("pin", "digest")) == "with-tag":
        raise InvalidPolicyError(
            "pin", "a digest that changes only with its tag cannot follow one", hint="drop one"
        )
    if "min-age-unknown" in given and "min-age" not in given:
        raise InvalidPolicyError("min-age-unknown", "there is no min-age")


def _no_meaning(key: str, order: str) -> None:
    raise InvalidPolicyError(
        key,
        f"it has no meaning with order: {order}, which reads no versions",
        hint=f"use include, exclude or pattern; {key}: null unsets an inherited one",
    )


def _range(given: Mapping[str, object]) -> Range | None:
    if "semver" not in given:
        return None
    text = given["semver"]
    if isinstance(text, float) or (isinstance(text, int) and not isinstance(text, bool)):
        hint = f'put it in quotes: "{text}"'
        raise InvalidPolicyError("semver", f"{text} is a number, not text", hint=hint)
    try:
        return parse_range(read_text("semver", text))
    except InvalidRangeError as error:
        raise InvalidPolicyError(
            "semver", str(error), position=error.position, hint=error.hint
        ) from error


def _order(given: Mapping[str, object]) -> model.Order:
    if "semver" in given:
        return "semver"
    if "order" not in given:
        return "shape"
    return cast("model.Order", _one_of("order", given["order"], _ORDERS))


def _pattern(given: Mapping[str, object]) -> Pattern | None:
    if "pattern" not in given:
        return None
    extract = read_text("extract", given.get("extract", ""))
    return parse_pattern(read_text("pattern", given["pattern"]), extract)


def _get(given: Mapping[str, object], key: str, read: Callable[[str, Any], T], default: T) -> T:
    if key not in given:
        return default
    try:
        return read(key, given[key])
    except UsageError as error:
        raise InvalidPolicyError(key, error.message, hint=error.hint) from error


def _choice(given: Mapping[str, object], key: str, words: Any, default: Any) -> Any:
    return _one_of(key, given[key], get_args(words)) if key in given else default


def _one_of(key: str, value: object, words: tuple[str, ...]) -> str:
    if isinstance(value, str) and value in words:
        return value
    near = difflib.get_close_matches(str(value), words, n=1)
    hint = f"did you mean {near[0]}?" if near else ""
    raise InvalidPolicyError(key, f"{value!r} is none of {', '.join(words)}", hint=hint)
