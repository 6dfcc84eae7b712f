"""`imagebot set`"""

from __future__ import annotations

import click

from imagebot.cli.options import Folder, diagnostics_options, format_option
from imagebot.cli.output import finish
from imagebot.cli.process import pass_process
from imagebot.errors import InvalidReferenceError, UsageError
from imagebot.run.diagnostics import LogFormat, open_diagnostics
from imagebot.run.process import Process
from imagebot.scan.workspace import open_workspace


@click.command("set")
@click.argument("references", metavar="REFERENCE...", nargs=-1, required=True)
@click.option(
    "--in",
    "directory",
    metavar="DIR",
    default=".",
    type=Folder(),
    help="The folder to write in.  [default: .]",
)
@format_option
@diagnostics_options
@pass_process
def command(
    process: Process,
    references: tuple[str, ...],
    directory: str,
    output_format: str,
    log_format: LogFormat,
    quiet: bool,
) -> int:
    """Write each REFERENCE to every field that names its repository.

    For a CI job that has just pushed them: makes no request to a registry, and obeys the markers
    in the files but no policy. A REFERENCE is NAME:TAG, NAME@DIGEST or NAME:TAG@DIGEST. The TAG of
    a chart is its version, with + or _ before build metadata.
    """
    from imagebot.files.rewrite import write_changes
    from imagebot.plan.alone import without_alone
    from imagebot.plan.assign import assign_everywhere
    from imagebot.plan.edits import make_edits, without_refused, without_unwritten
    from imagebot.plan.set_references import plan_references
    from imagebot.reference import parse_reference
    from imagebot.scan.inventory import find_named
    from imagebot.version.chart import with_registry_tag

    try:
        wanted = [parse_reference(with_registry_tag(text)) for text in references]
    except InvalidReferenceError as error:
        raise UsageError(error.message, hint="write NAME:TAG or NAME:TAG@sha256:…") from error
    for reference in wanted:
        if reference.tag is None and reference.digest is None:
            raise UsageError(f"{reference} has neither tag nor digest", hint="write NAME:TAG")
    workspace = open_workspace(directory)
    diagnostics = open_diagnostics(log_format, quiet, process.vault)
    repositories = [reference.repository for reference in wanted]
    inventory = find_named(workspace, workspace.configuration, repositories)
    assigned = assign_everywhere(inventory.fields, workspace.configuration, flux=inventory.flux)
    planned = without_alone(plan_references(assigned, wanted, inventory.unread))
    edited = make_edits(workspace, planned.updates)
    unwritten = write_changes(workspace.root, edited.changes)
    plan = without_unwritten(without_refused(planned, edited), unwritten)
    return finish(plan, diagnostics, output_format)
