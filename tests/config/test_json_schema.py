"""The JSON Schemas: current, and of one mind with the loader on good and bad files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from imagebot.config.document import read_document
from imagebot.config.json_schema import bot_schema, configuration_schema
from tests.config import test_bot, test_load

FOLDER = Path(__file__).parent.parent.parent / "docs" / "schema"
CHECKED_IN = {"imagebot.schema.json": configuration_schema, "bot.schema.json": bot_schema}


@pytest.mark.parametrize("name", CHECKED_IN)
def test_the_checked_in_file_is_current(name: str) -> None:
    text = (FOLDER / name).read_text(encoding="utf-8")
    assert text == json.dumps(CHECKED_IN[name](), indent=2, ensure_ascii=False) + "\n", (
        f"write docs/schema/{name} anew with `imagebot config schema`"
    )


@pytest.mark.parametrize("name", CHECKED_IN)
def test_it_is_a_schema_that_describes_itself(name: str) -> None:
    schema = CHECKED_IN[name]()
    Draft202012Validator.check_schema(schema)
    assert schema["$id"].endswith(name)
    assert schema["additionalProperties"] is False


def errors(schema: dict[str, Any], text: str) -> list[str]:
    value = read_document(text, "x").value
    return [error.message for error in Draft202012Validator(schema).iter_errors(value)]


GOOD = [
    "{}",
    test_load.DESIGN,
    "policies: {a: {semver: 1.4, include: '*-alpine', pin: {digest: with-tag}, max: null}}",
    "paused: true",
    "paused: the release",
    "tests: [{policy: a, tags: [1.2, b], expect: null}]",
]


@pytest.mark.parametrize("text", GOOD)
def test_good_files(text: str) -> None:
    assert errors(configuration_schema(), text) == []
    assert errors(bot_schema(), text) == []


def test_good_bot_files() -> None:
    assert errors(bot_schema(), test_bot.DESIGN) == []
    assert errors(configuration_schema(), test_bot.DESIGN)


@pytest.mark.parametrize(
    "text",
    [
        "polices: {}",
        "policies: {a: {maks: 1}}",
        "policies: {a: {order: semver}}",
        "policies: {a: {adopt: 'no'}}",
        "policies: {a: {pin: tag}}",
        "policies: {a: {min-age: 3}}",
        "policies: {a: {extends: null}}",
        "policies: {a: {ignore: [{versions: 1}]}}",
        "routes: [{name: a, files: [], publish: commit, images: [{match: '**', policy: a}]}]",
        "routes: [{name: a, files: ['**'], publish: mail, images: [{match: '**', policy: a}]}]",
        "routes: [{name: a, files: ['**'], publish: commit}]",
        "fields: [{path: a}]",
        "paused: 3",
    ],
)
def test_bad_files(text: str) -> None:
    assert errors(configuration_schema(), text)


@pytest.mark.parametrize(
    "text",
    [
        "targets: [{url: /a}]",
        "credentials: {git: {a: {token: secret}}}",
        "targets: [{url: /a, branch: b, limits: {max-updates: 0}}]",
        "registries: {ghcr.io: {insecure: 'yes'}}",
    ],
)
def test_bad_bot_files(text: str) -> None:
    assert errors(bot_schema(), text)
