"""`imagebot run`"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from imagebot.cli.metrics_file import MetricsFile
from imagebot.cli.options import (
    NamedFile,
    bot_option,
    event_log_options,
    explain_option,
    no_config_option,
    target_option,
)
from imagebot.cli.pass_context import PassSetting, open_pass
from imagebot.cli.pass_output import Printing
from imagebot.cli.process import pass_process
from imagebot.cli.reports import Reports
from imagebot.errors import InvalidPolicyError, InvalidReferenceError, UsageError
from imagebot.plan.model import Plan, merge_plans
from imagebot.problem import Exit
from imagebot.reference import parse_reference
from imagebot.run.diagnostics import Diagnostics, LogFormat, open_diagnostics
from imagebot.run.nudges import with_nudges
from imagebot.run.process import Process
from imagebot.run.registries import KeptRegistries

if TYPE_CHECKING:
    from imagebot.publish.again import Again
    from imagebot.run.journal import Journal
    from imagebot.run.passes import PassContext, PassResult

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
@target_option
@click.option("--every", metavar="INTERVAL", type=Interval(), help="Repeat until SIGTERM.")
@click.option("--dry-run", is_flag=True, help="Only plan, as `imagebot plan -c` does.")
@click.option(
    "--report",
    metavar="FILE",
    type=NamedFile(),
    help="Write what was done to FILE, in Markdown; also to $GITHUB_STEP_SUMMARY where it is set.",
)
@click.option(
    "--metrics-file",
    metavar="FILE",
    type=NamedFile(),
    help="Write metrics to FILE, for the textfile collector of Prometheus' node_exporter.",
)
@click.option(
    "--again",
    metavar="IMAGE",
    multiple=True,
    help="Publish what was rolled back or refused of this image (or image:tag). Repeatable.",
)
@click.option("--kept", is_flag=True, help="List the fields that stay as they are, too.")
@no_config_option
@explain_option
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["table", "json"]),
    help="How to print the result on stdout.  [default: table; with a log of events, nothing]",
)
@event_log_options
@pass_process
def command(
    process: Process,
    bot_file: str | None,
    targets: tuple[str, ...],
    every: int | None,
    dry_run: bool,
    report: str | None,
    metrics_file: str | None,
    again: tuple[str, ...],
    kept: bool,
    no_config: bool,
    explain: bool,
    output_format: str | None,
    log_format: LogFormat | None,
    quiet: bool,
) -> int:
    """Do one pass over the targets: read, plan, publish.

    Without -c the target is the checkout around the current folder: its origin and its branch.
    The token is then IMAGEBOT_GIT_TOKEN (or, on GitHub, GITHUB_TOKEN).
    --again lifts the vetoes of an image: what people rolled back, or refused by closing a pull
    request. The commit says so, and counts until people reject it anew.
    Whoever `nudges` of the bot's own file names is told of commits, within ten seconds.
    With --every, passes follow each other until SIGTERM, which ends the process within ten seconds,
    or Ctrl-C, which lets the current pass finish.

    With --every, or with --log-format json, stderr is a log of events: a line for each thing that
    has changed, and a line for each pass; with -q nothing where nothing has changed.
    """
    _check(every=every, again=again, dry_run=dry_run, metrics_file=metrics_file)
    wanted = tuple(_again(text) for text in again)
    chosen: LogFormat = log_format or ("json" if every is not None else "text")
    diagnostics = open_diagnostics(chosen, quiet, process.vault)
    printing = Printing(
        diagnostics=diagnostics,
        journal=_journal(diagnostics) if every is not None or chosen == "json" else None,
        format=output_format,
        explain=explain,
        kept=kept,
        quiet=quiet,
        reports=Reports.of(report, process.environment, process.vault, repeats=every is not None),
    )
    setting = PassSetting(bot_file, targets, no_config)
    metrics = MetricsFile.of(metrics_file, diagnostics, others=bool(targets))
    with KeptRegistries(process, note=metrics.note) as registries:

        def one_pass() -> Exit:
            began = time.monotonic()
            with (
                metrics.beginning(),
                open_pass(process, setting, diagnostics, registries=registries) as context,
            ):
                if dry_run:
                    plan = _plan(replace(context, again=wanted))
                    return printing.dry(plan, context.registry.head_room())
                result = _run(replace(context, again=wanted))
            # All is done that this pass does: a signal does not make it an interrupted one.
            process.stop.rest()
            result = with_nudges(context, result)
            code = printing.done(result, seconds=time.monotonic() - began)
            return metrics.done(context.bot, result, code)

        if every is None:
            return one_pass()
        from imagebot.run.repeat import repeat

        assert printing.journal is not None
        return repeat(one_pass, every, printing.journal, process.stop)


def _check(
    *, every: int | None, again: tuple[str, ...], dry_run: bool, metrics_file: str | None
) -> None:
    """Raises UsageError for options that exclude each other."""
    if every is not None and dry_run:
        raise UsageError("--every and --dry-run exclude each other", hint="give one of them")
    if every is not None and again:
        raise UsageError("--again and --every exclude each other", hint="run --again once")
    if dry_run and metrics_file is not None:
        raise UsageError("--dry-run and --metrics-file exclude each other", hint="give one of them")


def _journal(diagnostics: Diagnostics) -> Journal:
    from imagebot.run.journal import Journal

    return Journal(diagnostics)


def _run(context: PassContext) -> PassResult:
    from imagebot.run.passes import run_pass

    return run_pass(context)


def _plan(context: PassContext) -> Plan:
    from imagebot.run.passes import plan_pass

    return merge_plans(each.plan for each in plan_pass(context))


def _again(text: str) -> Again:
    """What `--again` names. Raises UsageError."""
    from imagebot.publish.again import Again

    try:
        return Again(text, parse_reference(text))
    except InvalidReferenceError as error:
        raise UsageError(f"--again {error.message}", hint=error.hint) from error
