"""docs/serving.md says what is so: its files load, its tables are those of the code."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
from ruamel.yaml import YAML

from imagebot.config.load import load_bot_configuration
from imagebot.plan.model import PublishStatus
from imagebot.plan.withheld import CODES
from imagebot.policy.model import UpdateType
from imagebot.run import metrics
from imagebot.run.metrics import METRICS
from imagebot.serve.agenda import RETRIES
from imagebot.serve.board import Board
from tests.readme.blocks import blocks

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/serving.md").read_text("utf-8")


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table under a heading, without its head."""
    section = TEXT[TEXT.index(f"\n## {heading}\n") :]
    table = re.search(r"(?m)^\|.*\n\|[-|]+\|\n((?:\|.*\n)+)", section)
    assert table is not None
    return [[cell.strip() for cell in row.split("|")[1:-1]] for row in table[1].splitlines()]


def test_the_metrics_are_those_that_are_exported() -> None:
    expected = [
        [f"`{each.name}`", each.type, ", ".join(f"`{name}`" for name in each.labels), each.help]
        for each in METRICS
    ]
    assert rows("Metrics") == expected


@pytest.mark.parametrize(
    "words",
    [
        get_args(metrics.PassOutcome),
        get_args(metrics.HookOutcome),
        get_args(metrics.NudgeOutcome),
        get_args(metrics.ReloadOutcome),
        get_args(UpdateType),
        set(get_args(PublishStatus)) - {"unchanged", "waiting-for-people"},
        CODES,
    ],
)
def test_every_value_of_a_label_is_told(words: set[str]) -> None:
    told = set(re.findall(r"`([\w-]+)`", TEXT[TEXT.index("Labels are names") :]))
    assert set(words) <= told


def test_the_alerts_are_those_of_the_file() -> None:
    documents = YAML(typ="safe").load_all((ROOT / "deploy/monitoring.yaml").read_text())
    (rule,) = (each for each in documents if each["kind"] == "PrometheusRule")
    names = [each["alert"] for group in rule["spec"]["groups"] for each in group["rules"]]
    assert re.findall(r"(?m)^\| `(Imagebot\w+)` \|", TEXT) == names


def test_the_events_are_those_of_the_log() -> None:
    told = {row[0].strip("`"): set(re.findall(r"`(\w+)`", row[2])) for row in rows("Logs")}
    schema = YAML(typ="safe").load((ROOT / "docs/schema/log.schema.json").read_text())
    for name, words in told.items():
        (found,) = (
            each for each in schema["oneOf"] if each["properties"]["event"]["enum"] == [name]
        )
        assert words - {"hint"} == set(found["properties"]) - {"event", "level"}
    assert set(told) == {
        *("listening", "reloaded", "reload-refused"),
        *("hook-refused", "page-refused"),
    }


def test_its_numbers_are_those_of_the_code() -> None:
    *early, last = (f"{each:g}" for each in RETRIES)
    assert f"after {', '.join(early)} and {last} seconds" in " ".join(TEXT.split())
    assert "the last 50 updates" in TEXT
    assert Board()._done.maxlen == 50


def test_its_files_load() -> None:
    files = [block.text for block in blocks(TEXT) if block.language == "yaml"]
    assert files
    for text in files:
        bot = load_bot_configuration(text, "bot.yaml")
        assert bot.serve is not None
        assert bot.serve.hooks
