"""The keys of a policy, as pydantic models. Import it only where a file is loaded."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    WithJsonSchema,
    model_validator,
)

from imagebot.config.section import Section, no_default
from imagebot.config.text import Name, Platform, Spelt, Text


class IgnoreSection(Section):
    """Tags that are not to be taken."""

    versions: Spelt = Field(description="A version range, or one tag.")
    reason: Text = Field(description="Why; shown wherever it keeps a tag back.")
    until: Text = Field(default="", description="The last day on which it holds, as 2025-01-31.")


class PinSection(Section):
    """How digests are written."""

    digest: Literal["with-tag", "always"] = Field(
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


class PolicySection(Section):
    """The rule that chooses one tag of many."""

    model_config = ConfigDict(json_schema_extra=_allow_null)

    extends: Name = Field(
        default="", description="A policy of this file or a preset; replaced by key."
    )
    semver: Spelt = Field(
        default="", description="A version range such as ^1.4, as Masterminds reads it."
    )
    order: Literal["numerical", "alphabetical", "natural", "calver", "pushed", "created"] = Field(
        default="natural",
        description="How tags are ordered; the last one is the best.",
        json_schema_extra=no_default,
    )
    descending: bool = Field(default=False, description="The first in the order is the best.")
    pattern: Text = Field(default="", description="RE2 expression, searched in the tag.")
    extract: Text = Field(
        default="", description="What is ordered: $1, $name or ${name} of the pattern."
    )
    version_syntax: Literal["natural", "strict"] = Field(
        default="natural", description="What a version is."
    )
    include: Selectors = Field(default=[], description="Only tags that one of these fits.")
    exclude: Selectors = Field(default=[], description="No tag that one of these fits.")
    prerelease: Literal["never", "same-release", "allow"] = Field(default="same-release")
    variant: Spelt = Field(
        default="same", description="same, any, or the name of a variant (alpine)."
    )
    max: Literal["patch", "minor", "major"] = Field(
        default="major", description="The largest step.", json_schema_extra=no_default
    )
    allow_downgrade: bool = Field(default=False)
    ignore: list[IgnoreSection] = Field(default=[])
    follow: Spelt = Field(default="", description="A mutable tag, whose digest is followed.")
    pin: Annotated[
        Annotated[PinSection, Tag("keys")] | Annotated[Literal["digest"], Tag("word")],
        Discriminator(_word_or_keys),
    ] = Field(default="digest", description="Write tag@digest.", json_schema_extra=no_default)
    min_age: Spelt = Field(default="", description="How old a tag must be: 12h, 3d, 2w.")
    min_age_unknown: Literal["reject", "accept"] = Field(default="reject")
    platforms: list[Platform] = Field(default=[], description="All of these must be in the image.")
    signatures: object = Field(default=None)
    exists: bool = Field(
        default=False, description="The image manifest must be there to be fetched."
    )
    adopt: bool = Field(
        default=True, description="Take the place of a tag that cannot be compared."
    )

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        unset = {field.alias for name, field in cls.model_fields.items() if name != "extends"}
        return {key: item for key, item in value.items() if item is not None or key not in unset}
