"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

Function = TypeVar("Function", bound=Callable[..., Any])


class Folder(click.Path):
    """A named folder. "" is an error: it comes from a variable that is not set."""

    def __init__(self, path_type: type[Any] = str) -> None:
        super().__init__(file_okay=False, path_type=path_type)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "":
            self.fail("the name is empty; is a variable unset?", param, ctx)
        return super().convert(value, param, ctx)


class NamedFile(click.Path):
    """A named file. "" is an error, as for a folder."""

    def __init__(self) -> None:
        super().__init__(dir_okay=False, path_type=str)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "":
            self.fail("the name is empty; is a variable unset?", param, ctx)
        return super().convert(value, param, ctx)


directory_argument = click.argument("directory", metavar="[DIR]", default=".", type=Folder())

format_option = click.option(
    "--format",
    "output_format",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="How to print the result on stdout.",
)

bot_option = click.option(
    "-c",
    "--bot",
    "bot_file",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=str),
    help="The bot's own file: targets, credentials, limits.",
)

target_option = click.option(
    "--target",
    "targets",
    metavar="NAME",
    multiple=True,
    help="Only this target of the bot's own file; may be given several times.",
)

explain_option = click.option(
    "--explain", is_flag=True, help="Explain for every tag and field why it was rejected or kept."
)

no_config_option = click.option(
    "--no-config",
    is_flag=True,
    help="Without an imagebot.yaml, use the built-in policy: same shape, at most a minor update.",
)


_quiet_option = click.option("-q", "--quiet", is_flag=True, help="Only warnings and problems.")


def diagnostics_options(function: Function) -> Function:
    """`--log-format` and `--quiet`, given to the function as `log_format` and `quiet`."""
    log_format = click.option(
        "--log-format",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="How to write diagnostics on stderr.",
    )
    return log_format(_quiet_option(function))


def event_log_options(function: Function) -> Function:
    """As `diagnostics_options`; without `--log-format` the function is given None."""
    return _event_log_options(function, "text; json with --every")


def daemon_log_options(function: Function) -> Function:
    """As `event_log_options`, for what always has a log of events."""
    return _event_log_options(function, "json")


def _event_log_options(function: Function, default: str) -> Function:
    log_format = click.option(
        "--log-format",
        type=click.Choice(["text", "json"]),
        help=f"How to write diagnostics on stderr.  [default: {default}]",
    )
    quiet = click.option(
        "-q", "--quiet", is_flag=True, help="Only warnings, problems and what was changed."
    )
    return log_format(quiet(function))
