"""`imagebot config`: check, schema, test."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from imagebot.cli.output import print_json
from imagebot.errors import ConfigurationError, Exit, UsageError
from imagebot.text import printable

if TYPE_CHECKING:
    from imagebot.config.model import Position
    from imagebot.policy.check import PolicyTestResult

_files = click.argument(
    "files", metavar="[FILE]...", nargs=-1, type=click.Path(dir_okay=False, path_type=Path)
)


@click.group("config", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Check, describe and test a configuration; none of this needs the network."""


@command.command("check")
@_files
@click.option(
    "-c",
    "--bot",
    "bot_files",
    metavar="FILE",
    multiple=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The bot's own file, to be checked too.",
)
def check(files: tuple[Path, ...], bot_files: tuple[Path, ...]) -> int:
    """Report what is wrong with each FILE (default: the imagebot.yaml that governs this folder).

    Every issue is a line `file:line:column: key: message`. Exits with 2 when there is one.
    """
    from imagebot.config.file import read_configuration, shown_path
    from imagebot.config.load import load_bot_configuration, load_configuration

    issues = 0
    wanted = [(path, False) for path in _or_found(files, bot_files)]
    for path, is_bot in (*wanted, *((path, True) for path in bot_files)):
        text = read_configuration(path)
        try:
            if is_bot:
                load_bot_configuration(text, shown_path(path))
                warnings: tuple[str, ...] = ()
            else:
                warnings = load_configuration(text, shown_path(path), trusted=False).warnings
        except ConfigurationError as error:
            issues += len(error.issues)
            for issue in error.issues:
                click.echo(printable(str(issue)), err=True)
                if issue.hint:
                    click.echo(f"hint: {printable(issue.hint)}", err=True)
            continue
        for warning in warnings:
            click.echo(printable(f"warning: {warning}"), err=True)
        click.echo(printable(f"{shown_path(path)}: all right"))
    return Exit.USAGE if issues else Exit.WELL


@command.command("schema")
@click.option("--bot", is_flag=True, help="The schema of the bot's own file.")
def schema(bot: bool) -> int:
    """Print the JSON Schema of imagebot.yaml, for editors."""
    from imagebot.config.json_schema import bot_schema, configuration_schema

    print_json(bot_schema() if bot else configuration_schema())
    return Exit.WELL


@command.command("test")
@_files
def test(files: tuple[Path, ...]) -> int:
    """Run the `tests:` of each FILE: tags in, current tag, and what the policy must pick."""
    results = [result for path in _or_found(files, ()) for result in _run_tests(path)]
    if not results:
        raise UsageError("there are no tests", hint="add `tests:` beside `policies:`")
    for place, result in results:
        label = click.style("ok  ", fg="green") if result.passed else click.style("FAIL", fg="red")
        name = f" {result.name}" if result.name else ""
        message = f": {result.message}" if result.message else ""
        click.echo(f"{label}  {printable(f'{place}: {result.policy}{name}{message}')}")
    failed = sum(not result.passed for _, result in results)
    click.echo(f"{len(results) - failed} passed, {failed} failed", err=True)
    return Exit.FAILED if failed else Exit.WELL


def _run_tests(path: Path) -> list[tuple[Position, PolicyTestResult]]:
    from imagebot.config.file import read_configuration, shown_path
    from imagebot.config.load import load_configuration
    from imagebot.config.policy_tests import load_policy_tests
    from imagebot.policy.check import run_policy_tests

    text = read_configuration(path)
    configuration = load_configuration(text, shown_path(path), trusted=False)
    tests = load_policy_tests(text, shown_path(path))
    keys = [test.keys for test in tests]
    today = datetime.now(UTC).date()
    results = run_policy_tests(keys, configuration.policies, today=today)
    return [(test.place, result) for test, result in zip(tests, results, strict=True)]


def _or_found(files: tuple[Path, ...], others: tuple[Path, ...]) -> tuple[Path, ...]:
    """The files named, else (when no other file is) the imagebot.yaml that governs this folder."""
    from imagebot.config.search import find_configuration

    if files or others:
        return files
    found = find_configuration(Path.cwd())
    if found is None:
        raise UsageError(
            "there is no imagebot.yaml here or above",
            hint="name the file, or let `imagebot init` propose one",
        )
    return (found,)
