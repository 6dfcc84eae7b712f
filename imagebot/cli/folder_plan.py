"""The plan of a folder, which `plan` shows and `update` carries out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from imagebot.http.library import load_all
from imagebot.plan.model import Plan
from imagebot.run.diagnostics import Diagnostics
from imagebot.run.process import Process
from imagebot.run.registries import open_registries
from imagebot.scan.workspace import Workspace, managed_inventory

if TYPE_CHECKING:
    from imagebot.http.pauses import HeadRoom


def plan_folder(
    process: Process, workspace: Workspace, diagnostics: Diagnostics
) -> tuple[Plan, Mapping[str, HeadRoom]]:
    """The plan, and what registries said is left of their limits."""
    from imagebot.plan.build import build

    now = datetime.now(UTC)
    if workspace.ahead:
        # While the child scans.
        load_all()
    with (
        open_registries(process) as registry,
        diagnostics.progress("asking registries") as progress,
    ):
        plan = build(
            workspace,
            workspace.configuration,
            registry,
            now=now,
            inventory=managed_inventory(workspace),
            progress=progress,
        ).plan
        return plan, registry.head_room()
