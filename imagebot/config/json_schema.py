"""The JSON Schemas of both files, for editors and for those who write configuration by program."""

from __future__ import annotations

from typing import Any

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_HOME = "https://github.com/imagebot/imagebot/blob/main/docs/schema"


def configuration_schema() -> dict[str, Any]:
    """JSON Schema of imagebot.yaml."""
    from imagebot.config.schema import ConfigurationSection

    return _schema(ConfigurationSection, "imagebot.yaml", "imagebot.schema.json")


def bot_schema() -> dict[str, Any]:
    """JSON Schema of the bot's own file."""
    from imagebot.config.schema_serve import ServingBotSection

    return _schema(ServingBotSection, "bot.yaml", "bot.schema.json")


def _schema(model: Any, title: str, file: str) -> dict[str, Any]:
    schema = _tidy(model.model_json_schema(by_alias=True, mode="validation"))
    return {"$schema": _DIALECT, "$id": f"{_HOME}/{file}", **schema, "title": title}


def _tidy(value: Any) -> Any:
    """Without pydantic's titles, and without defaults that only stand for a key left out."""
    if isinstance(value, list):
        return [_tidy(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: {name: _tidy(item) for name, item in child.items()}
        if key in ("properties", "$defs")
        else _tidy(child)
        for key, child in value.items()
        if not (key == "title" and isinstance(child, str))
        and not (key == "default" and child in ("", None, {}, []))
    }
