"""The table of policy keys as a pydantic model. Import it only where a file is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    WithJsonSchema,
    create_model,
    model_validator,
)

from imagebot.config.section import Section
from imagebot.config.text import Duration, Name, Platform, Spelt, Text
from imagebot.policy.keys import LATER_KEYS, POLICY_KEYS, Kind, PolicyKey
from imagebot.policy.model import Pin


class IgnoreSection(Section):
    """Tags that are not to be taken."""

    versions: Spelt = Field(description="A version range, or one tag.")
    reason: Text = Field(description="Why; shown wherever it keeps a tag back.")
    until: Text = Field(default="", description="The last day on which it holds, as 2025-01-31.")


def _words(words: tuple[str, ...]) -> Any:
    literal: Any = Literal
    return literal[words]


class PinSection(Section):
    """How digests are written."""

    digest: Pin = Field(
        description="`always` also follows a tag that moves; `with-tag` changes a digest only "
        "together with its tag."
    )


def _word_or_keys(value: object) -> str:
    return "keys" if isinstance(value, dict | PinSection) else "word"


def _one_or_more(value: object) -> object:
    return [value] if isinstance(value, str | int | float) else value


# Globs, or regular expressions between slashes.
Selectors = Annotated[
    list[Spelt],
    BeforeValidator(_one_or_more),
    WithJsonSchema({"type": ["string", "array"], "items": {"type": ["string", "number"]}}),
]


def _allow_null(schema: dict[str, Any]) -> None:
    """In a policy, null unsets what `extends` brought."""
    for name, key in schema["properties"].items():
        if name != "extends":
            described = {"description": key.pop("description")} if "description" in key else {}
            schema["properties"][name] = {**described, "anyOf": [key, {"type": "null"}]}


_PIN = Annotated[
    Annotated[PinSection, Tag("keys")] | Annotated[Literal["digest"], Tag("word")],
    Discriminator(_word_or_keys),
]
_TYPES: Mapping[Kind, Any] = {
    "flag": bool,
    "range": Spelt,
    "pattern": Text,
    "extract": Text,
    "selectors": Selectors,
    "variant": Spelt,
    "ignore": list[IgnoreSection],
    "tag": Spelt,
    "pin": _PIN,
    "duration": Duration,
    "platforms": list[Platform],
    "later": object,
}


class PolicyBase(Section):
    """What a policy has besides the keys of the table."""

    model_config = ConfigDict(json_schema_extra=_allow_null)

    extends: Name = Field(
        default="", description="A policy of this file or a preset; replaced key by key."
    )

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        unset = {field.alias for name, field in cls.model_fields.items() if name != "extends"}
        return {key: item for key, item in value.items() if item is not None or key not in unset}


def _field(key: PolicyKey) -> Any:
    kind = _words(key.words) if key.words else _TYPES[key.kind]
    # A list, because a default in a JSON Schema is what JSON could say.
    default = list(key.default) if isinstance(key.default, tuple) else key.default
    return (kind, Field(default=default, description=key.doc))


if TYPE_CHECKING:

    class PolicySection(PolicyBase): ...

else:
    PolicySection = create_model(
        "PolicySection",
        __base__=PolicyBase,
        __doc__="The rule that chooses one tag of many.",
        **{key.field: _field(key) for key in (*POLICY_KEYS.values(), *LATER_KEYS.values())},
    )
