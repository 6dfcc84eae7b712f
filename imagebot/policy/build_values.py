"""The values of single policy keys, read strictly. Every reader raises InvalidPolicyError."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal

from imagebot.errors import InvalidPolicyError, InvalidRangeError
from imagebot.glob import compile_glob
from imagebot.policy.model import Ignored
from imagebot.policy.selectors import check_selector
from imagebot.reference import is_tag
from imagebot.version.range import Range, parse_range

_PLATFORM = re.compile(r"[a-z0-9]+/[a-z0-9_]+(?:/[a-z0-9.]+)?")
_NO_RANGE = re.compile(r"[0-9A-Za-z_]+(?:\.[0-9A-Za-z_]+)?-[0-9A-Za-z_.-]*")
"""Tags such as 12-slim and x-ray, which the language of ranges would take for wide ranges."""
_MOST_ENTRIES = 200


def read_bool(key: str, value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise InvalidPolicyError(key, f"{value!r} is neither true nor false")


def read_text(key: str, value: object) -> str:
    if isinstance(value, str):
        return value
    raise InvalidPolicyError(key, f"{value!r} is no text", hint="put it in quotes")


def read_tag(key: str, value: object) -> str:
    text = read_text(key, value)
    if not is_tag(text):
        raise InvalidPolicyError(key, f"{text!r} is no tag")
    return text


def read_selectors(key: str, value: object) -> tuple[str, ...]:
    """Globs and `/regex/`, one or a list of them."""
    selectors = _texts(key, value)
    for selector in selectors:
        try:
            check_selector(selector)
        except InvalidPolicyError as error:
            raise InvalidPolicyError(
                key, error.reason, position=error.position, hint=error.hint
            ) from error
    return selectors


def read_variant(key: str, value: object) -> str:
    name = read_text(key, value)
    if name not in ("same", "any", "none"):
        compile_glob(name)
    return name


def read_platforms(key: str, value: object) -> tuple[str, ...]:
    platforms = _texts(key, value)
    for platform in platforms:
        if _PLATFORM.fullmatch(platform) is None:
            hint = "write os/architecture, as in linux/arm64"
            raise InvalidPolicyError(key, f"{platform!r} is no platform", hint=hint)
    return tuple(dict.fromkeys(platforms))


def read_pin(key: str, value: object) -> Literal["with-tag", "always"]:
    """`digest`, or `{digest: with-tag | refresh}`; a plain `digest` is `always`."""
    if value == "digest":
        return "always"
    if isinstance(value, Mapping) and set(value) == {"digest"}:
        if value["digest"] == "with-tag":
            return "with-tag"
        if value["digest"] == "always":
            return "always"
    hint = "write digest, or {digest: with-tag}, or {digest: always}"
    raise InvalidPolicyError(key, f"{value!r} pins nothing", hint=hint)


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
            key, f"{entry!r} is no entry", hint="write {versions: …, reason: …}"
        )
    unknown = sorted(str(name) for name in entry if name not in ("versions", "reason", "until"))
    if unknown:
        raise InvalidPolicyError(f"{key}.{unknown[0]}", "no such key")
    if entry.get("versions") is None:
        raise InvalidPolicyError(f"{key}.versions", "it is missing")
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
    raise InvalidPolicyError(key, f"{value!r} is no date", hint="write it as in 2026-03-31")


def _texts(key: str, value: object) -> tuple[str, ...]:
    """A text, or a list of texts, as a tuple."""
    values = value if isinstance(value, list | tuple) else [value]
    if len(values) > _MOST_ENTRIES:
        raise InvalidPolicyError(key, f"more than {_MOST_ENTRIES} entries")
    if not values:
        raise InvalidPolicyError(key, "the list is empty")
    return tuple(read_text(key, one) for one in values)
