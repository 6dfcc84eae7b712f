"""`imagebot init`"""

from __future__ import annotations

from pathlib import Path

import click

from imagebot.cli.options import directory_argument
from imagebot.cli.output import count
from imagebot.errors import UsageError
from imagebot.problem import Exit
from imagebot.run.diagnostics import Diagnostics


@click.command("init")
@directory_argument
@click.option("--print", "only_print", is_flag=True, help="Print the proposal; write nothing.")
@click.option("--force", is_flag=True, help="Replace an existing imagebot.yaml.")
def command(directory: str, only_print: bool, force: bool) -> int:
    """Propose an imagebot.yaml from what is in DIR, with comments that say why."""
    from imagebot.config.builtin import default_configuration
    from imagebot.config.propose import propose
    from imagebot.files.rewrite import create_file
    from imagebot.scan.inventory import take_inventory
    from imagebot.scan.workspace import Workspace

    root = Path(directory)
    if not root.is_dir():
        raise UsageError(f"{directory}: no such folder")
    path = root / "imagebot.yaml"
    is_there = path.exists() or path.is_symlink()
    if is_there and not (force or only_print):
        raise UsageError(
            f"{path} already exists",
            hint="use --print to see a proposal, or --force to replace the file",
        )
    workspace = Workspace(root.resolve(), "", default_configuration())
    inventory = take_inventory(workspace, workspace.configuration)
    entries = [each.entry for each in inventory.unread if each.entry]
    text = propose(inventory.fields, entries)
    if only_print:
        click.echo(text, nl=False)
        return Exit.WELL
    create_file(path, text, replace=force)
    Diagnostics().info(
        f"wrote {path} for {count(len(inventory.fields), 'image field')}; "
        "read it, then run `imagebot plan` to see what it does"
    )
    return Exit.WELL
