from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.config.placeholders import SUBJECT, TITLE, fill, find_fault
from tests.readme.blocks import rows

CONFIGURATION = (Path(__file__).parent.parent.parent / "docs" / "configuration.md").read_text(
    "utf-8"
)
VALUES = {name: f"<{name}>" for name in TITLE}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("", ""),
        ("plain", "plain"),
        ("{images} {from}->{to}", "<images> <from>-><to>"),
        ("{{images}} {count}", "{images} <count>"),
        ("}}{{", "}{"),
    ],
)
def test_filled(text: str, filled: str) -> None:
    assert find_fault(text, TITLE) is None
    assert fill(text, VALUES) == filled


@given(st.text(alphabet="{}!:.[]0a to", max_size=20))
def test_a_text_is_faulty_or_can_be_filled(text: str) -> None:
    if find_fault(text, TITLE) is None:
        fill(text, VALUES)
    else:
        with pytest.raises((ValueError, KeyError)):
            fill(text, VALUES)


@given(st.text(max_size=30))
def test_what_is_filled_in_is_never_read_again(value: str) -> None:
    assert fill("{to}", {"to": value}) == value


def test_the_documents_have_every_placeholder() -> None:
    told = {row[0]: row[1] for row in rows(CONFIGURATION, "placeholder")}
    assert [re.sub(r"[`{}]", "", name) for name in told] == [*SUBJECT, "subject"]
    for name, meaning in SUBJECT.items():
        assert told[f"`{{{name}}}`"] == meaning
    assert TITLE["subject"] in told["`{subject}`"]
