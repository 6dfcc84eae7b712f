"""References of which some fields take a digest, or a tag, and others do not."""

from __future__ import annotations

import pytest

from imagebot.config.builtin import default_configuration
from imagebot.manifest.scan import scan
from imagebot.plan.assign import assign_everywhere
from imagebot.plan.model import Plan
from imagebot.plan.set_references import plan_references
from imagebot.reference import parse_reference

OLD, NEW = "sha256:" + "a" * 64, "sha256:" + "b" * 64
CHART = (
    "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec:\n  source:\n"
    "    {repoURL: ghcr.io/acme, chart: web, targetRevision: 1.0.0}\n"
)
ARTIFACT = (
    "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nspec:\n"
    "  url: oci://ghcr.io/acme/web\n  ref:\n    tag: 1.0.0\n"
)
PINNED = (
    "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec:\n  source:\n"
    f"    {{repoURL: 'oci://ghcr.io/acme/web', targetRevision: '{OLD}'}}\n"
)


def planned(wanted: str, *texts: str) -> Plan:
    fields = scan("a.yaml", "---\n".join(texts).encode()).fields
    assigned = assign_everywhere(fields, default_configuration())
    return plan_references(assigned, [parse_reference(wanted)])


@pytest.mark.parametrize(
    ("texts", "written", "said"),
    [
        ((CHART, ARTIFACT), [("1.1.0", None), ("1.1.0", NEW)], ["a.yaml:5: a digest cannot"]),
        ((PINNED, ARTIFACT), [(None, NEW), ("1.1.0", NEW)], ["a.yaml:5: a tag cannot"]),
        ((ARTIFACT,), [("1.1.0", NEW)], []),
    ],
)
def test_each_field_takes_what_it_can(
    texts: tuple[str, ...], written: list[tuple[str | None, str | None]], said: list[str]
) -> None:
    plan = planned(f"ghcr.io/acme/web:1.1.0@{NEW}", *texts)
    assert plan.problems == ()
    assert [(each.decision.tag, each.decision.digest) for each in plan.updates] == written
    assert [each[: len(start)] for each, start in zip(plan.warnings, said, strict=True)] == said
