"""Commands are loaded when they are called; errors become lines and exit codes."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from itertools import pairwise

import click

from imagebot import __version__
from imagebot.errors import OUT_OF_SPACE, ConfigurationError, ImagebotError, UsageError
from imagebot.problem import BUG, Exit
from imagebot.run.process import Process
from imagebot.text import excerpt, nearest

# Name on the command line -> module and one line of help (kept here so that `--help` is quick).
COMMANDS = {
    "scan": ("scan", "List every image field, with its policy and route."),
    "plan": ("plan", "Show what would change, and why."),
    "update": ("update", "Rewrite the files in a folder."),
    "run": ("run", "Do one pass over the targets: read, plan, publish."),
    "serve": ("serve", "Update the targets on every push, until it is stopped."),
    "pick": ("pick", "Choose a tag of a repository by a policy, and explain it."),
    "set": ("set_", "Write given references."),
    "init": ("init", "Propose a configuration from what is in a folder."),
    "config": ("config", "Check, describe and test a configuration."),
    "doctor": ("doctor", "Check credentials, registries, git and forge."),
    "demo": ("demo", "Show the whole job in a sandbox."),
}


class Commands(click.Group):
    """A group that imports a command's module only when that command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"imagebot.cli.{COMMANDS[cmd_name][0]}")
        command = module.command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            near = nearest(args[0], COMMANDS) if args else ""
            if near:
                raise click.UsageError(f"{error.message} Did you mean {near!r}?", ctx) from None
            raise

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 all well; 1 something failed, the rest was done; 2 usage or "
    "configuration; 3 a bug; 4 updates pending (plan --exit-code); 5 pick chose nothing; "
    "130 interrupted.",
)
@click.version_option(__version__, "-V", "--version", prog_name="imagebot")
def cli() -> None:
    """Keep the image references in GitOps repositories current, exact to the byte."""


def main(arguments: Sequence[str], process: Process | None = None) -> int:
    """Run one command and return its exit code."""
    process = process or Process(arguments=tuple(arguments))
    try:
        code = _run(process)
        process.stop.rest()
        return code
    except (click.Abort, KeyboardInterrupt) as stop:
        process.stop.rest()
        # A push that has begun may end.
        process.stop.finish()
        # Click turns an interrupt into an Abort.
        reason = str(stop.__cause__ or stop.__context__ or stop)
        _fail(process, f"interrupted: {reason}" if reason else "interrupted", code="interrupted")
        return Exit.INTERRUPTED


def _run(process: Process) -> int:
    arguments = list(process.arguments)
    try:
        result = cli.main(args=arguments, prog_name="imagebot", standalone_mode=False, obj=process)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.Abort:
        raise
    except click.ClickException as error:
        return _refuse(error, process)
    except ConfigurationError as error:
        for issue in error.issues:
            _fail(process, str(issue), code=error.code, hint=issue.hint)
        return Exit.USAGE
    except ImagebotError as error:
        _fail(process, f"imagebot: {error.message}", code=error.code, hint=error.hint)
        return Exit.USAGE if isinstance(error, UsageError) else Exit.FAILED
    except BrokenPipeError:
        # The reader of our output has gone; write nothing more to it, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.FAILED
    except OSError as error:
        if error.errno not in OUT_OF_SPACE:
            return _apologise(error, process)
        _fail(process, f"imagebot: cannot write: {error.strerror}", code="output")
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.FAILED
    except Exception as error:  # noqa: BLE001 - the one place where a bug becomes an apology
        return _apologise(error, process)
    return int(result or 0)


def _refuse(error: click.ClickException, process: Process) -> int:
    if _wants_json(process.arguments):
        _fail(process, error.format_message(), code="usage")
    else:
        error.show()
    return Exit.USAGE


def _apologise(error: Exception, process: Process) -> int:
    from imagebot.run.crash import write_crash_log

    path = write_crash_log(process.arguments, process.vault, error)
    what = excerpt(process.vault.hide(str(error)), 200)
    message = f"imagebot: sorry, this is a bug: {type(error).__name__}: {what}"
    _fail(process, message, code=BUG, hint=f"please report it with the log at {path}")
    return Exit.BUG


def _fail(process: Process, message: str, *, code: str, hint: str = "") -> None:
    """Report what ended the command, in the format that the command line asks for."""
    from imagebot.run.diagnostics import Diagnostics, LogFormat

    log_format: LogFormat = "json" if _wants_json(process.arguments) else "text"
    diagnostics = Diagnostics(log_format, vault=process.vault)
    diagnostics.failure(message, code=code, hint=hint)


def _wants_json(arguments: Sequence[str]) -> bool:
    """Read without click, because a command line that it refuses may still ask for JSON."""
    formats = [after for before, after in pairwise(arguments) if before == "--log-format"]
    formats += [each.partition("=")[2] for each in arguments if each.startswith("--log-format=")]
    if formats:
        return "json" in formats
    # Passes that repeat have a log of events.
    repeats = any(each.partition("=")[0] == "--every" for each in arguments)
    return repeats or "serve" in arguments[:1]
