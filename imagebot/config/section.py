"""What every section of a configuration file has in common."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


def _kebab(name: str) -> str:
    return name.rstrip("_").replace("_", "-")


def no_default(schema: dict[str, Any]) -> None:
    """For keys that mean nothing unless they are given: their default is only a filler."""
    schema.pop("default", None)


class Section(BaseModel):
    """Strict (no text for numbers), closed (no unknown keys), and silent about its input."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        alias_generator=_kebab,
        hide_input_in_errors=True,
        # Most sections are only checked as parts of others: their own checks are not built.
        defer_build=True,
    )
