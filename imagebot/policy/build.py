"""Policies from configuration keys: as YAML has them, with `extends` merged in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from imagebot.errors import InvalidPolicyError, InvalidRangeError
from imagebot.policy import model
from imagebot.policy.build_values import read_pin, read_text, read_value
from imagebot.policy.keys import POLICY_KEYS
from imagebot.policy.model import Policy
from imagebot.policy.pattern import Pattern, parse_pattern
from imagebot.text import did_you_mean
from imagebot.version.range import Range, parse_range

_VERSIONED: frozenset[model.Order] = frozenset({"shape", "natural", "semver"})
# Keys that make one value of the policy together with others.
_COMBINED = ("semver", "order", "pattern", "extract")
_NO_CHOICE = frozenset({"pin", "platforms", "exists", "min-age", "min-age-unknown"})
"""A policy that gives nothing but these has no say in tags."""


def build_policy(name: str, keys: Mapping[str, object]) -> Policy:
    """A policy of these keys; a key whose value is None counts as not written.

    Raises InvalidPolicyError for the first key whose value is not valid, or that contradicts
    another.
    """
    given = {key: value for key, value in keys.items() if value is not None}
    _check_keys(given)
    versions = _range(given)
    order = _order(given)
    _check_together(given, order)
    values: dict[str, Any] = {
        key.field: read_value(key, given[key.name]) if key.name in given else key.default
        for key in POLICY_KEYS.values()
        if key.name not in _COMBINED
    }
    policy = Policy(name=name, order=order, range=versions, pattern=_pattern(given), **values)
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
        if key not in POLICY_KEYS:
            hint = did_you_mean(str(key), POLICY_KEYS) or f"known keys: {', '.join(POLICY_KEYS)}"
            raise InvalidPolicyError(str(key), "not a policy key", hint=hint)


def _check_together(given: Mapping[str, object], order: model.Order) -> None:
    if "follow" in given:
        for key, entry in POLICY_KEYS.items():
            # `max` and the like may be inherited: following changes no tag, so they do no harm.
            if entry.chooses and key in given and key not in ("max", "allow-downgrade"):
                reason = f"{key} chooses among tags, but follow names one"
                raise InvalidPolicyError("follow", reason, hint=f"remove follow or {key}")
    if "semver" in given and "order" in given:
        raise InvalidPolicyError(
            "order",
            "cannot be combined with semver, which is an order",
            hint="remove one of the two",
        )
    if given.get("order") == "none":
        _check_unordered(given)
    if "version-of" in given and given.get("allow-downgrade") is True:
        reason = "version-of never takes a tag that is lower than the current one"
        raise InvalidPolicyError("version-of", reason, hint="remove allow-downgrade")
    if given.get("descending") is True and "order" not in given and "semver" not in given:
        hint = "add an order, such as order: numerical"
        raise InvalidPolicyError("descending", "reverses an order, and none is given", hint=hint)
    if "extract" in given and "pattern" not in given:
        raise InvalidPolicyError("extract", "needs a pattern to extract from")
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
            "pin", "a digest that changes only with its tag cannot follow one", hint="remove one"
        )
    if "min-age-unknown" in given and "min-age" not in given:
        raise InvalidPolicyError("min-age-unknown", "needs min-age")


def _check_unordered(given: Mapping[str, object]) -> None:
    for key, entry in POLICY_KEYS.items():
        chooses = (entry.chooses and key != "order") or (key == "adopt" and given.get(key) is True)
        if chooses and key in given:
            raise InvalidPolicyError(
                key,
                "no meaning with order: none, which never changes a tag",
                hint=f"remove {key}, or unset an inherited order with `order: null`",
            )


def _no_meaning(key: str, order: str) -> None:
    raise InvalidPolicyError(
        key,
        f"no meaning with order: {order}, which does not read versions",
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
        return "none" if given and _NO_CHOICE.issuperset(given) else "shape"
    return cast("model.Order", read_value(POLICY_KEYS["order"], given["order"]))


def _pattern(given: Mapping[str, object]) -> Pattern | None:
    if "pattern" not in given:
        return None
    extract = read_text("extract", given.get("extract", ""))
    return parse_pattern(read_text("pattern", given["pattern"]), extract)
