"""`imagebot doctor`"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

from imagebot.cli.options import bot_option, no_config_option, target_option
from imagebot.cli.pass_context import PassSetting, open_pass
from imagebot.cli.process import pass_process
from imagebot.errors import GitError, NoWorkTreeError
from imagebot.problem import Exit
from imagebot.run.diagnostics import Diagnostics, open_diagnostics
from imagebot.run.process import Process
from imagebot.run.registries import KeptRegistries
from imagebot.scan.workspace import open_workspace
from imagebot.text import indented_lines, printable_line

if TYPE_CHECKING:
    from imagebot.config.model import Configuration
    from imagebot.run.check import Check
    from imagebot.run.passes import PassContext


@click.command("doctor")
@bot_option
@target_option
@no_config_option
@pass_process
def command(
    process: Process, bot_file: str | None, targets: tuple[str, ...], no_config: bool
) -> int:
    """Prove that `imagebot run` will work: one line for each check, with a hint where it fails.

    Checks credentials, Git (with a dry push), configuration, limits, forge, registries and nudges,
    and then plans a pass without publishing. With -c, checks the targets; without, the current
    folder, its registries, and the remote that `imagebot run` would publish to.
    """
    from imagebot.run.doctor import check_targets

    diagnostics = open_diagnostics("text", False, process.vault)
    setting = PassSetting(bot_file, targets, no_config)
    with KeptRegistries(process) as registries:
        if bot_file is None:
            return _print(process, _check_here(process, setting, diagnostics, registries))
        with open_pass(process, setting, diagnostics, registries=registries) as context:
            return _print(process, check_targets(context))


def _check_here(
    process: Process, setting: PassSetting, diagnostics: Diagnostics, registries: KeptRegistries
) -> Iterator[Check]:
    """The folder, then the checkout that it is in; what both have to say is said once."""
    from imagebot.run.check import Check
    from imagebot.run.doctor import check_folder

    workspace = open_workspace(".")
    seen = []
    registry = registries.for_pass(None).common
    for check in check_folder(workspace, workspace.configuration, registry):
        seen.append(check)
        yield check
    try:
        with open_pass(process, setting, diagnostics, registries=registries) as context:
            for check in _check_checkout(context, workspace.configuration):
                if check not in seen:
                    seen.append(check)
                    yield check
    except NoWorkTreeError as error:
        # Such a folder is for `plan` and `update`.
        yield Check(True, "git", f"nothing that `run` could publish to: {error.reason}")
    except GitError as error:
        yield Check.failed("git", error)


def _check_checkout(context: PassContext, here: Configuration) -> Iterator[Check]:
    """The target that `run` would have, and the routes here: they may not be pushed yet."""
    from imagebot.run.doctor import check_routes, check_targets

    yield from check_targets(context)
    if not here.built_in:
        for target in context.bot.targets:
            yield from check_routes(target, here)


def _print(process: Process, checks: Iterable[Check]) -> Exit:
    hide = process.vault.hide
    worst = Exit.WELL
    for check in checks:
        label, colour = ("ok  ", "green") if check.ok else ("FAIL", "red")
        if check.warns:
            label, colour = "warn", "yellow"
        shown = printable_line(hide(f"{check.subject}: {check.message}"))
        click.echo(f"{click.style(label, fg=colour)}  {shown}")
        if check.hint:
            click.echo(f"      hint: {indented_lines(hide(check.hint), 12)}")
        worst = worst if check.ok else Exit.FAILED
    return worst
