"""docs/configuration.md: every block of it is right, and every key of the schemas is in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from pydantic import BaseModel

from imagebot.config.document import read_document
from imagebot.config.issues import _sections
from imagebot.config.later import LATER
from imagebot.config.load import load_bot_configuration, load_configuration
from imagebot.config.policy_tests import load_policy_tests
from imagebot.config.presets import preset_names
from imagebot.config.schema_bot import BotSection
from imagebot.config.schema_serve import ServingBotSection
from imagebot.config.static.check import check_file
from imagebot.policy.check import run_policy_tests
from imagebot.policy.keys import LATER_KEYS, POLICY_KEYS, PolicyKey

TODAY = date(2026, 11, 1)
TEXT = (Path(__file__).parent.parent.parent / "docs" / "configuration.md").read_text("utf-8")
BLOCKS = re.findall(r"^```yaml\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
WORDS = {word for code in re.findall(r"`([^`\n]+)`", TEXT) for word in re.findall(r"[\w-]+", code)}
CONSOLES = [
    re.findall(r"^(?:warning: )?imagebot\.yaml:\d+:\d+: .*$|^hint: .*$", block, re.MULTILINE)
    for block in re.findall(r"^```console\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
]


def test_there_are_blocks_of_every_kind() -> None:
    assert len(BLOCKS) > 12
    assert {block.split("\n")[0] for block in BLOCKS} >= {"# imagebot.yaml", "# bot.yaml"}


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_every_block_loads(block: str) -> None:
    if block.startswith("# manifest"):
        assert read_document(block, "manifest").value
    elif block.startswith("# bot.yaml"):
        load_bot_configuration(block, "bot.yaml")
    else:
        assert check_file(block, "imagebot.yaml").warnings == ()
        configuration = load_configuration(block, "imagebot.yaml", trusted=False)
        tests = [test.keys for test in load_policy_tests(block, "imagebot.yaml")]
        results = run_policy_tests(tests, configuration.policies, today=TODAY)
        assert [result.message for result in results] == [""] * len(tests)


def keys(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield field.alias or name
        for section in _sections(field.annotation):
            yield from keys(section)


@pytest.mark.parametrize("key", sorted({*keys(BotSection), *keys(ServingBotSection)}))
def test_every_key_is_told_of(key: str) -> None:
    assert key in WORDS


def rows_of_policy_keys() -> dict[str, tuple[str, str]]:
    """What the table of policy keys says of each: value and default."""
    table = TEXT[TEXT.index("| `extends` |") :].split("\n\n")[0]
    cells = [re.split(r" *(?<!\\)\| *", line)[1:4] for line in table.splitlines()]
    return {key.strip("`"): (value, default) for key, value, default in cells}


def test_the_table_of_policy_keys_has_them_in_order() -> None:
    assert list(rows_of_policy_keys()) == ["extends", *POLICY_KEYS, *LATER_KEYS]


@pytest.mark.parametrize("key", POLICY_KEYS.values(), ids=POLICY_KEYS)
def test_the_table_of_policy_keys_is_the_one_of_the_code(key: PolicyKey) -> None:
    value, default = rows_of_policy_keys()[key.name]
    assert value.replace("`", "").startswith(key.doc)
    assert set(key.words) <= set(re.findall(r"`([\w-]+)`", value))
    if isinstance(key.default, str | bool):
        assert default.startswith(f"`{str(key.default).lower()}`")


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_is_told_of(name: str) -> None:
    assert f"| `{name}` |" in TEXT


@pytest.mark.parametrize("path", LATER)
def test_what_is_not_there_yet_is_told_as_such(path: str) -> None:
    key = path.rpartition(".")[2]
    assert re.search(rf"^\| `(?:[\w.-]+\.)?{key}` \|.*\bnot yet\b", TEXT, re.MULTILINE)


def test_the_messages_are_as_they_are_shown() -> None:
    from imagebot.errors import ConfigurationError

    shown = """\
policies:
  careful: {max: minor}
  api: {semver: ^1.2 <<3}
routes:
  - name: all
    files: ["**"]
    publish: pull-request
    images:
      - {match: registry.example.com/a/**, policy: carefull}
"""
    with pytest.raises(ConfigurationError) as caught:
        load_configuration(shown, "imagebot.yaml", trusted=False)
    lines = [[str(issue), f"hint: {issue.hint}"] for issue in caught.value.issues]
    assert [line for pair in lines for line in pair if line != "hint: "] == CONSOLES[0]


def test_the_warnings_are_as_they_are_shown() -> None:
    shown = """\
policies:
  web: {pattern: ^v1/}
routes:
  - name: test
    files: ["**"]
    publish: commit
    images: [{match: "**", policy: web}]
  - name: production
    files: [clusters/production/**]
    publish: pull-request
    images: [{match: "**", policy: web}]
"""
    warnings = check_file(shown, "imagebot.yaml").warnings
    lines = [[f"warning: {warning}", f"hint: {warning.hint}"] for warning in warnings]
    assert [line for pair in lines for line in pair] == CONSOLES[1]
