"""`imagebot update`"""

from __future__ import annotations

import click

from imagebot.cli.folder_plan import plan_folder
from imagebot.cli.options import (
    diagnostics_options,
    directory_argument,
    explain_option,
    format_option,
    no_config_option,
)
from imagebot.cli.output import finish
from imagebot.cli.process import pass_process
from imagebot.run.diagnostics import LogFormat, open_diagnostics
from imagebot.run.process import Process
from imagebot.scan.workspace import open_workspace_ahead, require_configuration


@click.command("update")
@directory_argument
@no_config_option
@explain_option
@format_option
@diagnostics_options
@pass_process
def command(
    process: Process,
    directory: str,
    no_config: bool,
    explain: bool,
    output_format: str,
    log_format: LogFormat,
    quiet: bool,
) -> int:
    """Make the changes that `plan` shows to the files in DIR; commit nothing."""
    from imagebot.files.rewrite import write_changes
    from imagebot.plan.edits import edit_plan, without_unwritten

    diagnostics = open_diagnostics(log_format, quiet, process.vault)
    with open_workspace_ahead(directory, managed_only=True) as workspace:
        require_configuration(workspace, no_config=no_config)
        plan, head_room = plan_folder(process, workspace, diagnostics)
    edited = edit_plan(workspace, plan)
    unwritten = write_changes(workspace.root, edited.changes)
    plan = without_unwritten(edited.plan, unwritten)
    return finish(plan, diagnostics, output_format, head_room=head_room, explain=explain)
