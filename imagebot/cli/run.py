"""`imagebot run`"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from imagebot.cli.options import (
    bot_option,
    diagnostics_options,
    explain_option,
    format_option,
    no_config_option,
)
from imagebot.cli.output import print_json, print_plan, print_published, summary
from imagebot.cli.setting import open_pass
from imagebot.errors import Exit, InvalidPolicyError, UsageError, exit_of
from imagebot.run.diagnostics import Diagnostics, LogFormat, open_diagnostics

if TYPE_CHECKING:
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
@no_config_option
@explain_option
@format_option
@diagnostics_options
def command(
    bot_file: str | None,
    every: int | None,
    no_config: bool,
    explain: bool,
    output_format: str,
    log_format: LogFormat,
    quiet: bool,
) -> int:
    """Do one pass over the targets: read, plan, publish.

    Without -c the checkout around the current folder names the target: its origin and its branch.
    The token is then IMAGEBOT_GIT_TOKEN (or, on GitHub, GITHUB_TOKEN).
    With --every, passes follow each other until SIGTERM or Ctrl-C; the current one is finished.
    """
    diagnostics = open_diagnostics(log_format, quiet)

    def one_pass() -> Exit:
        outcome = _run(bot_file, diagnostics, no_config=no_config)
        _print(outcome, explain=explain, output_format=output_format)
        diagnostics.of_plan(outcome.plan)
        diagnostics.info(summary(outcome.plan))
        return exit_of(outcome.plan.problems)

    if every is None:
        return one_pass()
    from imagebot.run.repeat import repeat

    return repeat(one_pass, every, diagnostics)


def _run(bot_file: str | None, diagnostics: Diagnostics, *, no_config: bool) -> PassResult:
    from imagebot.run.passes import run_pass

    with open_pass(bot_file, diagnostics, no_config=no_config) as setting:
        return run_pass(setting)


def _print(outcome: PassResult, *, explain: bool, output_format: str) -> None:
    from imagebot.plan.report import plan_document

    if output_format == "json":
        print_json(plan_document(outcome.plan, outcome.published, explain=explain))
    else:
        print_plan(outcome.plan, explain=explain)
        print_published(outcome.published)
