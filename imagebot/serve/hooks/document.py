"""Read a body that a stranger may have written. Nothing here raises anything but ValueError."""

from __future__ import annotations

import json

_LONGEST = 2048
"""Characters of a name or a URL; what is longer is not one."""


def parse_json(body: bytes) -> object:
    """The JSON document of a body in UTF-8. Of a key that is repeated, the last value counts.

    Raises ValueError, also for NaN, for numbers of thousands of digits and for a body of brackets.
    """
    try:
        return json.loads(body.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except RecursionError as exc:
        raise ValueError("nested too deeply") from exc


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def at(value: object, *keys: str) -> object:
    """What is at a path of keys; None where there is nothing."""
    for key in keys:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def text(value: object, *keys: str) -> str:
    """The text at a path of keys; "" where there is none, or none of one printable line."""
    found = at(value, *keys)
    usable = isinstance(found, str) and len(found) <= _LONGEST and found.isprintable()
    return str(found) if usable else ""


def items(value: object, *keys: str) -> list[object]:
    """The list at a path of keys; [] where there is none."""
    found = at(value, *keys)
    return found if isinstance(found, list) else []
