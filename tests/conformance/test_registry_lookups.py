"""Every row agrees, or is listed as different with a reason that docs/registries.md gives."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conformance.registry_lookups import KINDS, TABLES
from tests.conformance.table import Table, wrong_rows

DOCS = (Path(__file__).parents[2] / "docs/registries.md").read_text(encoding="utf-8")
SECTION = DOCS.partition("## Where imagebot differs from docker and kubelet\n")[2]
NAMES = [table.name for table in TABLES]


@pytest.mark.parametrize("table", TABLES, ids=NAMES)
def test_agrees_or_is_listed_as_different(table: Table) -> None:
    assert wrong_rows(table) == []


@pytest.mark.parametrize("table", TABLES, ids=NAMES)
def test_lists_only_rows_that_differ(table: Table) -> None:
    facts = dict(table.facts())
    assert len(facts) == len(table.rows)
    for question, (kind, ours) in table.differs.items():
        assert kind in KINDS
        assert ours != facts[question]


def test_every_kind_of_difference_has_a_row_and_its_reason_in_the_docs() -> None:
    used = {kind for table in TABLES for kind, _ in table.differs.values()}
    assert used == set(KINDS)
    items = re.findall(
        r"^- \*\*(.+?)\.\*\* (.+(?:\n  .+)*)", SECTION.partition("\n## ")[0], re.MULTILINE
    )
    assert {name: re.sub(r"\s+", " ", reason) for name, reason in items} == KINDS


def test_the_tables_are_as_large_as_those_of_the_others() -> None:
    assert sum(len(table.rows) for table in TABLES) >= 280
