"""The smallest document that a JSON Schema (draft 7) allows, and documents over it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_FORMATS = {
    "uri": "https://example.com",
    "uri-template": "https://example.com",
    "date-time": "2026-06-01T12:00:00Z",
    "email": "a@example.com",
}


def smallest(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Any:
    """A document with what the schema requires, and no more."""
    if reference := schema.get("$ref"):
        return smallest(definitions[reference.removeprefix("#/definitions/")], definitions)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    for choice in ("oneOf", "anyOf"):
        if choice in schema:
            return smallest(schema[choice][0], definitions)
    if "allOf" in schema:
        found: dict[str, Any] = {}
        for each in schema["allOf"]:
            found = overlay(found, smallest(each, definitions))
        return found
    return _of_type(schema, definitions)


def _of_type(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Any:
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        properties = schema.get("properties", {})
        wanted = schema.get("required", ())
        return {name: smallest(properties.get(name, {}), definitions) for name in wanted}
    if kind == "string":
        return _FORMATS.get(schema.get("format", ""), "x")
    if kind == "array":
        return []
    return {"integer": 1, "number": 1, "boolean": False, "null": None}[kind]


def overlay(below: Any, above: Any) -> Any:
    """`above` over `below`: objects key by key, anything else as a whole."""
    if not isinstance(below, dict) or not isinstance(above, dict):
        return above
    both = {key: overlay(below[key], above[key]) for key in above if key in below}
    return {**below, **above, **both}
