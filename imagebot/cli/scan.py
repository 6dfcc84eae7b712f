"""`imagebot scan`"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from imagebot.cli.options import diagnostics_options, directory_argument, format_option
from imagebot.cli.output import count, print_json, print_rows
from imagebot.cli.process import pass_process
from imagebot.problem import Exit
from imagebot.run.diagnostics import LogFormat, open_diagnostics
from imagebot.run.process import Process
from imagebot.scan.workspace import open_workspace_ahead

if TYPE_CHECKING:
    from imagebot.manifest.images.field import ImageField, Unread

_UNREAD = (
    "Also list what was not read, and why, and what looks like an image in any other text file, "
    "and how it would be managed."
)


@click.command("scan")
@directory_argument
@click.option("--unread", "show_unread", is_flag=True, help=_UNREAD)
@format_option
@diagnostics_options
@pass_process
def command(
    process: Process,
    directory: str,
    show_unread: bool,
    output_format: str,
    log_format: LogFormat,
    quiet: bool,
) -> int:
    """List every image field in DIR, with its policy and route.

    Fields that no route or image entry covers have neither. Makes no request to a registry.
    """
    from imagebot.plan.assign import assign
    from imagebot.plan.report import scan_document
    from imagebot.plan.unused import unused_warnings
    from imagebot.scan.inventory import sort_unread, take_inventory
    from imagebot.scan.sweep import sweep_workspace

    with open_workspace_ahead(directory, managed_only=False) as workspace:
        configuration = workspace.configuration
        diagnostics = open_diagnostics(log_format, quiet, process.vault)
        inventory = take_inventory(workspace, configuration, ahead=workspace.ahead)
    assigned = assign(inventory.fields, configuration, flux=inventory.flux)
    rows = [
        (
            entry.field,
            entry.policy.name if entry.policy else None,
            entry.route.name if entry.route else None,
        )
        for entry in assigned
    ]
    unread, problems = sort_unread(inventory, configuration)
    if show_unread:
        unread = (*unread, *sweep_workspace(workspace, inventory))
    problems = (*problems, *(entry.problem for entry in assigned if entry.problem))
    warnings: tuple[str, ...] = ()
    if workspace.whole:
        warnings = unused_warnings(assigned, configuration, inventory.paths)
    if output_format == "json":
        print_json(scan_document(rows, unread, problems, warnings))
    else:
        _print_fields(rows)
        if show_unread:
            _print_unread(unread)
    for warning in warnings:
        diagnostics.warning(warning)
    diagnostics.problems(problems)
    files = len({field.path for field, _, _ in rows})
    rest = f", {len(unread)} unread" if unread else ""
    if unread and not show_unread and output_format != "json":
        rest += " (--unread lists them)"
    fields, every = count(len(rows), "image field"), count(len(inventory.paths), "file")
    diagnostics.info(f"{fields} in {files} of {every}{rest}")
    return Exit.FAILED if problems else Exit.WELL


def _print_fields(rows: Sequence[tuple[ImageField, str | None, str | None]]) -> None:
    if rows:
        print_rows(
            ("WHERE", "REFERENCE", "FORMAT", "POLICY", "ROUTE"),
            (
                (f"{f.path}:{f.line}", _reference(f), f.format, policy or "-", route or "-")
                for f, policy, route in rows
            ),
        )


def _reference(field: ImageField) -> str:
    """The reference, and the other file that has its repository or that replaces it."""
    source = f" (repository: {field.repository_from})" if field.repository_from else ""
    by = f" (replaced by {field.replaced})" if field.replaced else ""
    return f"{field.reference}{source}{by}"


def _print_unread(unread: Sequence[Unread]) -> None:
    if unread:
        print_rows(
            ("NOT READ", "CODE", "WHY"),
            (
                (f"{each.path}:{each.line}" if each.line else each.path, each.code, _why(each))
                for each in unread
            ),
        )


def _why(unread: Unread) -> str:
    return f"{unread.reason}: {unread.hint}" if unread.hint else unread.reason
