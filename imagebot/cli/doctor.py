"""`imagebot doctor`"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

from imagebot.cli.bot import open_bot
from imagebot.cli.options import bot_option
from imagebot.cli.process import Process, pass_process
from imagebot.cli.registries import KeptRegistries, cache_folder, open_registries
from imagebot.errors import GitError
from imagebot.problem import Exit
from imagebot.run.diagnostics import open_diagnostics
from imagebot.scan.workspace import open_workspace
from imagebot.text import indented_lines, printable

if TYPE_CHECKING:
    from imagebot.run.check import Check


@click.command("doctor")
@bot_option
@pass_process
def command(process: Process, bot_file: str | None) -> int:
    """Check credentials, registries, git and forge: one line each, with a hint.

    With -c, checks every target; without, the current folder, its registries, and the remote
    that `imagebot run` would publish to.
    """
    from imagebot.run.doctor import check_targets

    open_diagnostics("text", False, process.vault)
    if bot_file is None:
        return _print(process, _check_here(process))
    bot = open_bot(bot_file, process.environment)
    with KeptRegistries(process) as registries:
        views = registries.for_pass(bot)
        checks = check_targets(
            bot,
            views.common,
            process.environment,
            cache_folder(bot),
            registries=views.own,
            vault=process.vault,
            stop=process.stop,
        )
        return _print(process, checks)


def _check_here(process: Process) -> Iterator[Check]:
    from imagebot.run.check import Check
    from imagebot.run.doctor import check_folder, check_remote, check_routes

    workspace = open_workspace(".")
    with open_registries(process) as registries:
        yield from check_folder(workspace, workspace.configuration, registries)
    try:
        bot = open_bot(None, process.environment)
    except GitError as error:
        yield Check(True, "git", f"nothing that `run` could publish to: {error.reason}")
        return
    (target,) = bot.targets
    yield from check_remote(
        target, process.environment, cache_folder(bot), vault=process.vault, stop=process.stop
    )
    if not workspace.configuration.built_in:
        yield from check_routes(target, workspace.configuration)


def _print(process: Process, checks: Iterable[Check]) -> Exit:
    hide = process.vault.hide
    worst = Exit.WELL
    for check in checks:
        label = click.style("ok  ", fg="green") if check.ok else click.style("FAIL", fg="red")
        click.echo(f"{label}  {printable(hide(f'{check.subject}: {check.message}'))}")
        if check.hint:
            click.echo(f"      hint: {indented_lines(hide(check.hint), 12)}")
        worst = worst if check.ok else Exit.FAILED
    return worst
