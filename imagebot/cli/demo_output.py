"""Shows what happened in the sandbox."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from imagebot.text import printable_lines

if TYPE_CHECKING:
    from imagebot.demo.sandbox import Sandbox

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def environment_of(folder: Path) -> dict[str, str]:
    """An environment without the user's credentials: only PATH, and the sandbox as HOME."""
    return {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(folder)}


def heading(text: str) -> None:
    click.echo()
    click.secho(text, bold=True, fg="blue")


def show_changes(sandbox: Sandbox, before: Mapping[str, str]) -> None:
    """The new commits of the remote, as differences; `before` has its branches of an earlier
    moment."""
    from imagebot.demo.watch import branches, diff, subject

    environment = environment_of(sandbox.folder)
    after = branches(sandbox, environment)
    for name, commit in after.items():
        if commit == before.get(name):
            continue
        base = before["main"] if name == "main" else after["main"]
        click.echo()
        click.secho(f"{name}: {subject(sandbox, environment, commit)}", bold=True)
        for line in diff(sandbox, environment, base, commit).splitlines():
            click.secho(printable_lines(line), fg=_COLOURS.get(line[:1]))


def show_pull_requests(sandbox: Sandbox) -> None:
    from imagebot.demo.watch import pull_requests

    for request in pull_requests(sandbox, environment_of(sandbox.folder)):
        click.echo(f"branch  {request.branch}")
        click.echo(f"title   {request.title}")
        click.echo()
        click.echo(printable_lines(request.body))
