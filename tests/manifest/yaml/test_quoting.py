from __future__ import annotations

import random
import re

import pytest

from imagebot.manifest.yaml.quoting import is_misread, needs_quotes

# What one reader or another takes for something else than text.
NOT_TEXT = (
    "1.10 1.25 1 12 012 0o17 08 0x1F 0b101 1_000 1e3 1E5 1e10000 7e12345 1234567 0123456 12e4567"
    " 2024-01-02 1.0e5 1_0.5 yes no on off y n true True null Null NULL 3.11 190:20:30 1."
)
TEXT = "1.2.3 v1.10 1.10-alpine latest stable nan inf infinity 20240101T000000Z main-1 1.2.3_4"


@pytest.mark.parametrize("text", NOT_TEXT.split())
def test_what_is_not_text_gets_quotes(text: str) -> None:
    assert needs_quotes(text)


@pytest.mark.parametrize("text", TEXT.split())
def test_what_is_text_gets_none(text: str) -> None:
    assert not needs_quotes(text)


@pytest.mark.parametrize(
    "text", ["1.10", "1.0", "012", "1e3", "1234567", "20240101", "yes", "null", "2024-01-02"]
)
def test_what_is_printed_in_another_way_is_misread(text: str) -> None:
    assert is_misread(text)


@pytest.mark.parametrize(
    "text", ["0", "7", "16", "123456", "1.25", "0.5", "10.0001", "v1.10", "1.2.3", "latest"]
)
def test_what_is_printed_alike_is_not(text: str) -> None:
    assert not is_misread(text)


def test_no_rule_of_either_version_is_missed() -> None:
    from ruamel.yaml.resolver import implicit_resolvers

    rules = [
        rule for _, tag, rule, _ in implicit_resolvers if not str(tag).endswith(("merge", "value"))
    ]
    chance = random.Random(3)
    letters = "0123456789" * 3 + "eE._-abcdefxoyntTruYN"
    for _ in range(60_000):
        text = "".join(chance.choice(letters) for _ in range(chance.randint(1, 9)))
        if re.match(r"[A-Za-z0-9_]", text) and any(rule.match(text) for rule in rules):
            assert needs_quotes(text), text
