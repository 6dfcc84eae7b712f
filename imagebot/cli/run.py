"""`imagebot run`"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from imagebot.cli.options import (
    bot_option,
    diagnostics_options,
    explain_option,
    format_option,
    no_config_option,
)
from imagebot.cli.output import finish
from imagebot.cli.pass_context import open_pass
from imagebot.cli.process import Process, pass_process
from imagebot.cli.registries import KeptRegistries
from imagebot.errors import InvalidPolicyError, InvalidReferenceError, UsageError
from imagebot.problem import Exit
from imagebot.reference import parse_reference
from imagebot.run.diagnostics import Diagnostics, LogFormat, open_diagnostics

if TYPE_CHECKING:
    from imagebot.publish.again import Again
    from imagebot.run.passes import PassResult

_SHORTEST = 5


class Interval(click.ParamType[int]):
    """A duration such as `30s`, `5m` or `1h 30m`, as seconds."""

    name = "interval"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        if isinstance(value, int):
            return value
        from imagebot.policy.duration import parse_duration

        try:
            seconds = int(parse_duration("--every", value).total_seconds())
        except InvalidPolicyError as error:
            raise UsageError(error.message, hint=error.hint) from error
        if seconds < _SHORTEST:
            self.fail(f"{value} is too short: at least {_SHORTEST}s", param, ctx)
        return seconds


@click.command("run")
@bot_option
@click.option("--every", metavar="INTERVAL", type=Interval(), help="Repeat until SIGTERM.")
@click.option(
    "--again",
    metavar="IMAGE",
    multiple=True,
    help="Publish what was rolled back or refused of this image (or image:tag). Repeatable.",
)
@click.option("--kept", is_flag=True, help="List the fields that stay as they are, too.")
@no_config_option
@explain_option
@format_option
@diagnostics_options
@pass_process
def command(
    process: Process,
    bot_file: str | None,
    every: int | None,
    again: tuple[str, ...],
    kept: bool,
    no_config: bool,
    explain: bool,
    output_format: str,
    log_format: LogFormat,
    quiet: bool,
) -> int:
    """Do one pass over the targets: read, plan, publish.

    Without -c the target is the checkout around the current folder: its origin and its branch.
    The token is then IMAGEBOT_GIT_TOKEN (or, on GitHub, GITHUB_TOKEN).
    --again lifts the vetoes of an image: what people rolled back, or refused by closing a pull
    request. The commit says so, and counts until people reject it anew.
    With --every, passes follow each other until SIGTERM, which ends the process within ten seconds,
    or Ctrl-C, which lets the current pass finish.
    """
    if again and every is not None:
        raise UsageError("--again and --every exclude each other", hint="run --again once")
    wanted = tuple(_again(text) for text in again)
    diagnostics = open_diagnostics(log_format, quiet, process.vault)
    registries = KeptRegistries(process)

    def one_pass() -> Exit:
        result = _run(process, bot_file, diagnostics, registries, wanted, no_config=no_config)
        return finish(
            result.plan,
            diagnostics,
            output_format,
            published=result.published,
            head_room=result.head_room,
            explain=explain,
            kept=kept,
        )

    with registries:
        if every is None:
            return one_pass()
        from imagebot.run.repeat import repeat

        return repeat(one_pass, every, diagnostics, process.stop)


def _run(
    process: Process,
    bot_file: str | None,
    diagnostics: Diagnostics,
    registries: KeptRegistries,
    again: tuple[Again, ...],
    *,
    no_config: bool,
) -> PassResult:
    from imagebot.run.passes import run_pass

    with open_pass(
        process, bot_file, diagnostics, registries=registries, no_config=no_config
    ) as context:
        return run_pass(replace(context, again=again))


def _again(text: str) -> Again:
    """What `--again` names. Raises UsageError."""
    from imagebot.publish.again import Again

    try:
        return Again(text, parse_reference(text))
    except InvalidReferenceError as error:
        raise UsageError(f"--again {error.message}", hint=error.hint) from error
