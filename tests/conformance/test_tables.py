"""Every row of every table agrees, or is listed as different with a reason that the docs give."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conformance import argocd_image_updater, flux, keel, masterminds, renovate
from tests.conformance.deviations import KINDS
from tests.conformance.table import Table, wrong_rows

PROJECTS = {
    "Masterminds/semver": masterminds.TABLES,
    "Flux": flux.TABLES,
    "Renovate": renovate.TABLES,
    "Argo CD Image Updater": argocd_image_updater.TABLES,
    "Keel": keel.TABLES,
}
TABLES = [table for tables in PROJECTS.values() for table in tables]
IDS = [f"{name}: {table.name}" for name, tables in PROJECTS.items() for table in tables]
DOCS = (Path(__file__).parents[2] / "docs/policies.md").read_text(encoding="utf-8")
SECTION = DOCS.partition("## Where imagebot differs from the others\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize("table", TABLES, ids=IDS)
def test_agrees_or_is_listed_as_different(table: Table) -> None:
    assert wrong_rows(table) == []


@pytest.mark.parametrize("table", TABLES, ids=IDS)
def test_lists_only_rows_that_differ(table: Table) -> None:
    """A question is asked once, and a listed answer is of a known kind and not theirs."""
    facts = dict(table.facts())
    assert len(facts) == len(table.rows)
    for question, (kind, ours) in table.differs.items():
        assert kind in KINDS
        assert ours != facts[question]


def test_every_kind_of_difference_has_a_row() -> None:
    used = {kind for table in TABLES for kind, _ in table.differs.values()}
    assert used == set(KINDS)


def test_the_docs_give_every_kind_with_its_reason() -> None:
    items = re.findall(r"^- \*\*(.+?)\.\*\* (.+(?:\n  .+)*)", SECTION, re.MULTILINE)
    assert {name: re.sub(r"\s+", " ", reason) for name, reason in items} == KINDS


# A row of each status, with what the check says of it.
BROKEN = Table(
    "broken",
    lambda text: text.upper(),
    [("a", "A"), ("b", "x"), ("c", "C"), ("d", "y")],
    {("c",): ("Adoption", "z"), ("d",): ("Adoption", "D")},
)


def test_the_check_finds_what_is_not_listed_and_what_is_listed_in_vain() -> None:
    assert wrong_rows(BROKEN) == [
        "('b',): 'B', not 'x', and differs has no line for it",
        "('c',): 'C', not 'z', as theirs: remove its line from differs",
    ]
