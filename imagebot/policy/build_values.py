"""The values of single policy keys, read strictly. Every reader raises InvalidPolicyError."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import cast

from imagebot.errors import InvalidPolicyError, InvalidRangeError, UsageError
from imagebot.glob import compile_glob
from imagebot.policy.duration import parse_duration
from imagebot.policy.keys import PINS, Kind, PolicyKey
from imagebot.policy.model import Ignored, Pin
from imagebot.policy.selectors import check_selector
from imagebot.reference import is_tag
from imagebot.text import did_you_mean
from imagebot.version.range import Range, parse_range

# os/arch or os/arch/variant. Variants have dots since Go 1.23: linux/arm64/v8.1.
_PLATFORM = re.compile(r"[a-z0-9]+/[a-z0-9_]+(?:/[a-z0-9.]+)?")
PLATFORM_HINT = "write os/arch or os/arch/variant, as in linux/arm64"
_NO_RANGE = re.compile(r"[0-9A-Za-z_]+(?:\.[0-9A-Za-z_]+)?-[0-9A-Za-z_.-]*")
"""Tags such as 12-slim and x-ray, which the language of ranges would take for wide ranges."""
_MOST_ENTRIES = 200


def read_value(key: PolicyKey, value: object) -> object:
    """The value of one key, as a Policy holds it."""
    if key.kind == "word":
        return _one_of(key, value)
    try:
        return _READERS[key.kind](key.name, value)
    except UsageError as error:
        raise InvalidPolicyError(key.name, error.message, hint=error.hint) from error


def _one_of(key: PolicyKey, value: object) -> str:
    if isinstance(value, str) and value in key.words:
        return value
    hint = did_you_mean(str(value), key.words)
    words = ", ".join(key.words)
    raise InvalidPolicyError(key.name, f"must be one of {words}, not {value!r}", hint=hint)


def read_bool(key: str, value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise InvalidPolicyError(key, f"must be true or false, not {value!r}")


def read_text(key: str, value: object) -> str:
    if isinstance(value, str):
        return value
    raise InvalidPolicyError(key, f"not text: {value!r}", hint="put it in quotes")


def read_tag(key: str, value: object) -> str:
    text = read_text(key, value)
    if not is_tag(text):
        raise InvalidPolicyError(key, f"not a tag: {text!r}")
    return text


def read_selectors(key: str, value: object) -> tuple[str, ...]:
    """Globs and `/regex/`, one or a list of them."""
    selectors = _texts(key, value)
    for selector in selectors:
        if not selector:
            hint = "remove it: without include every tag is taken, without exclude none is left out"
            raise InvalidPolicyError(key, "an empty glob matches nothing", hint=hint)
        try:
            check_selector(selector)
        except InvalidPolicyError as error:
            raise InvalidPolicyError(
                key, error.reason, position=error.position, hint=error.hint
            ) from error
    return selectors


def read_variant(key: str, value: object) -> str:
    name = read_text(key, value)
    if not name:
        hint = "write same, any, none, or a glob such as alpine*"
        raise InvalidPolicyError(key, "an empty glob matches nothing", hint=hint)
    if name not in ("same", "any", "none"):
        compile_glob(name)
    return name


def is_platform(text: str) -> bool:
    """Whether a text is a platform as OCI writes it: os/arch or os/arch/variant."""
    return _PLATFORM.fullmatch(text) is not None


def read_platforms(key: str, value: object) -> tuple[str, ...]:
    platforms = _texts(key, value)
    for platform in platforms:
        if not is_platform(platform):
            raise InvalidPolicyError(key, f"not a platform: {platform!r}", hint=PLATFORM_HINT)
    return tuple(dict.fromkeys(platforms))


def read_pin(key: str, value: object) -> Pin:
    """`digest`, or `{digest: with-tag | always}`; a plain `digest` means `always`."""
    if value == "digest":
        return "always"
    if isinstance(value, Mapping) and set(value) == {"digest"} and value["digest"] in PINS:
        return cast("Pin", value["digest"])
    hint = "write digest, {digest: with-tag} or {digest: always}"
    raise InvalidPolicyError(key, f"not a way to pin: {value!r}", hint=hint)


def read_ignore(key: str, value: object) -> tuple[Ignored, ...]:
    entries = value if isinstance(value, list | tuple) else [value]
    if len(entries) > _MOST_ENTRIES:
        raise InvalidPolicyError(key, f"more than {_MOST_ENTRIES} entries")
    return tuple(_ignored(key, entry) for entry in entries)


def _ignored(key: str, entry: object) -> Ignored:
    if isinstance(entry, str):
        entry = {"versions": entry}
    if not isinstance(entry, Mapping):
        raise InvalidPolicyError(
            key, f"not an entry: {entry!r}", hint="write {versions: …, reason: …}"
        )
    unknown = sorted(str(name) for name in entry if name not in ("versions", "reason", "until"))
    if unknown:
        raise InvalidPolicyError(f"{key}.{unknown[0]}", "unknown key")
    if entry.get("versions") is None:
        raise InvalidPolicyError(f"{key}.versions", "missing")
    versions = read_text(f"{key}.versions", entry["versions"])
    reason = entry.get("reason")
    return Ignored(
        versions,
        "" if reason is None else read_text(f"{key}.reason", reason),
        _until(f"{key}.until", entry.get("until")),
        _range_or_tag(f"{key}.versions", versions),
    )


def _range_or_tag(key: str, text: str) -> Range | None:
    """Pre-releases are ignored with their versions, whatever the range says of them."""
    if _NO_RANGE.fullmatch(text):
        return None
    try:
        return parse_range(text).with_prereleases()
    except InvalidRangeError as error:
        if is_tag(text):
            return None
        raise InvalidPolicyError(
            key, f"neither a tag nor a range: {error}", position=error.position, hint=error.hint
        ) from error


def _until(key: str, value: object) -> date | None:
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise InvalidPolicyError(key, f"not a date: {value!r}", hint="write a date like 2026-03-31")


def _texts(key: str, value: object) -> tuple[str, ...]:
    """A text, or a list of texts, as a tuple."""
    values = value if isinstance(value, list | tuple) else [value]
    if len(values) > _MOST_ENTRIES:
        raise InvalidPolicyError(key, f"more than {_MOST_ENTRIES} entries")
    if not values:
        raise InvalidPolicyError(key, "must not be empty")
    return tuple(read_text(key, one) for one in values)


_READERS: Mapping[Kind, Callable[[str, object], object]] = {
    "flag": read_bool,
    "selectors": read_selectors,
    "variant": read_variant,
    "ignore": read_ignore,
    "tag": read_tag,
    "pin": read_pin,
    "duration": parse_duration,
    "platforms": read_platforms,
}
