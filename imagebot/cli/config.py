"""`imagebot config`: check, schema, test."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from imagebot.cli.output import count, print_json
from imagebot.errors import ConfigurationError, UsageError
from imagebot.problem import Exit
from imagebot.text import printable_line

if TYPE_CHECKING:
    from imagebot.config.model import Position
    from imagebot.config.static.check import CheckedFile
    from imagebot.errors import ConfigIssue
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

    Every issue is a line `file:line:column: key: message`. Exits with 2 when there is one. What can
    have no effect is a warning, which changes no exit code.
    """
    wanted = [(path, False) for path in _or_found(files, bot_files)]
    wanted += [(path, True) for path in bot_files]
    checked = [_checked(path, is_bot=is_bot) for path, is_bot in wanted]
    checked = [_with_targets(each, checked) for each in checked]
    for each in checked:
        _print_issues("", each.issues)
        for note in each.notes:
            click.echo(printable_line(f"warning: {note}"), err=True)
        _print_issues("warning: ", each.warnings)
        if not each.issues:
            warned = count(len(each.notes) + len(each.warnings), "warning")
            result = f"all right, with {warned}" if each.notes or each.warnings else "all right"
            click.echo(printable_line(f"{each.path}: {result}"))
    return Exit.USAGE if any(each.issues for each in checked) else Exit.WELL


def _checked(path: Path, *, is_bot: bool) -> CheckedFile:
    """A file that cannot be read has one issue, so that the others are checked all the same."""
    from imagebot.config.file import read_configuration, shown_path
    from imagebot.config.static.check import CheckedFile, check_bot_file, check_file

    shown = shown_path(path)
    try:
        text = read_configuration(path)
    except ConfigurationError as error:
        return CheckedFile(shown, error.issues)
    return check_bot_file(text, shown) if is_bot else check_file(text, shown)


def _with_targets(file: CheckedFile, every: Sequence[CheckedFile]) -> CheckedFile:
    """With what is wrong between the routes of a file and the targets that it may govern."""
    from imagebot.run.grants import doubtful_urls, governed_targets, ungranted

    if file.document is None:
        return file
    bots = [each.bot for each in every if each.bot is not None]
    targets = (
        file.bot.targets
        if file.bot is not None
        else [target for bot in bots for target in governed_targets(bot, file.path)]
    )
    notes: list[str] = []
    certain: tuple[ConfigIssue, ...] = ()
    possible: tuple[ConfigIssue, ...] = ()
    if file.bot is not None:
        notes = [_paused(each.paused, each.name) for each in file.bot.targets if each.paused]
        possible = doubtful_urls(file.document, file.bot)
    if file.configuration is not None:
        notes += [_paused(file.configuration.paused)] if file.configuration.paused else []
        certain, more = ungranted(file.document, file.configuration, targets)
        possible += more
    return replace(
        file,
        issues=(*file.issues, *certain),
        warnings=(*file.warnings, *possible),
        notes=(*file.notes, *notes),
    )


def _paused(reason: str, target: str = "") -> str:
    return f"{f'target {target!r} is ' if target else ''}paused, nothing is published: {reason}"


def _print_issues(label: str, issues: Iterable[ConfigIssue]) -> None:
    for issue in issues:
        click.echo(printable_line(f"{label}{issue}"), err=True)
        if issue.hint:
            click.echo(f"hint: {printable_line(issue.hint)}", err=True)


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
        click.echo(f"{label}  {printable_line(f'{place}: {result.policy}{name}{message}')}")
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
