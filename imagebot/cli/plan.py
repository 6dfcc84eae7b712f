"""`imagebot plan`"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import click

from imagebot.cli.folder_plan import plan_folder
from imagebot.cli.options import (
    Folder,
    bot_option,
    diagnostics_options,
    explain_option,
    format_option,
    target_option,
)
from imagebot.cli.output import finish
from imagebot.cli.pass_context import PassSetting, open_pass
from imagebot.cli.process import pass_process
from imagebot.errors import UsageError
from imagebot.plan.model import merge_plans
from imagebot.problem import Exit
from imagebot.run.diagnostics import Diagnostics, LogFormat, open_diagnostics
from imagebot.run.process import Process
from imagebot.scan.workspace import open_workspace_ahead

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imagebot.http.pauses import HeadRoom
    from imagebot.plan.edits import PlanWithEdits

_Planned: TypeAlias = "tuple[list[PlanWithEdits], Mapping[str, HeadRoom]]"


@click.command("plan")
@click.argument("directory", metavar="[DIR]", required=False, type=Folder())
@bot_option
@target_option
@click.option("--diff", is_flag=True, help="Print what would change as a unified diff.")
@click.option("--kept", is_flag=True, help="List the fields that stay as they are, too.")
@click.option("--exit-code", is_flag=True, help="Exit with 4 when updates are pending.")
@explain_option
@format_option
@diagnostics_options
@pass_process
def command(
    process: Process,
    directory: str | None,
    bot_file: str | None,
    targets: tuple[str, ...],
    diff: bool,
    kept: bool,
    exit_code: bool,
    explain: bool,
    output_format: str,
    log_format: LogFormat,
    quiet: bool,
) -> int:
    """Show what would change in DIR (or in every target of -c FILE), and why.

    Nothing is written. Without an imagebot.yaml the built-in policy covers everything.
    """
    diagnostics = open_diagnostics(log_format, quiet, process.vault)
    plans, head_room = _plans(process, directory, PassSetting(bot_file, targets), diagnostics)
    plan = merge_plans(each.plan for each in plans)
    result = finish(
        plan,
        diagnostics,
        output_format,
        head_room=head_room,
        explain=explain,
        kept=kept,
        diff=_diff(plans) if diff else None,
    )
    if bot_file is None and plan.updates:
        # People's vetoes are in the history of the branch and on the forge.
        diagnostics.info(
            "not known in a folder: what was rolled back or refused; `imagebot run --dry-run` asks"
        )
    pending = exit_code and plan.updates and result == Exit.WELL
    return Exit.PENDING if pending else result


def _diff(plans: Sequence[PlanWithEdits]) -> str:
    from imagebot.plan.diff import unified_diff

    return unified_diff(change for each in plans for change in each.changes)


def _plans(
    process: Process, directory: str | None, setting: PassSetting, diagnostics: Diagnostics
) -> _Planned:
    """The plans, and what registries said is left of their limits."""
    if setting.bot_file is None:
        if setting.targets:
            raise UsageError("--target needs -c FILE", hint="name the bot's own file, too")
        return _of_folder(process, directory or ".", diagnostics)
    if directory is not None:
        raise UsageError("DIR and -c FILE exclude each other", hint="give one of them")
    return _of_targets(process, setting, diagnostics)


def _of_folder(process: Process, directory: str, diagnostics: Diagnostics) -> _Planned:
    from imagebot.plan.edits import edit_plan

    with open_workspace_ahead(directory, managed_only=True) as workspace:
        plan, head_room = plan_folder(process, workspace, diagnostics)
        if paused := workspace.configuration.paused:
            note = f"paused, `imagebot run` publishes nothing: {paused}"
            plan = replace(plan, warnings=(*plan.warnings, note))
        return [edit_plan(workspace, plan)], head_room


def _of_targets(process: Process, setting: PassSetting, diagnostics: Diagnostics) -> _Planned:
    from imagebot.run.passes import plan_pass

    with open_pass(process, setting, diagnostics) as context:
        return list(plan_pass(context)), context.registry.head_room()
