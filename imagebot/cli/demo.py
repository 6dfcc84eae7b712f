"""`imagebot demo`"""

from __future__ import annotations

import os
import tempfile
import threading
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from imagebot.cli.options import Folder
from imagebot.cli.output import print_plan, print_published
from imagebot.errors import UsageError
from imagebot.text import printable_lines

if TYPE_CHECKING:
    from imagebot.demo.sandbox import Sandbox
    from imagebot.run.passes import PassResult

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


@click.command("demo")
@click.option(
    "--keep",
    "keep",
    metavar="DIR",
    type=Folder(Path),
    help="Make the sandbox in DIR and leave it there.",
)
@click.option(
    "--serve",
    "serve",
    metavar="DIR",
    type=Folder(Path),
    help="Start the registry of a kept sandbox again, until Ctrl-C.",
)
def command(keep: Path | None, serve: Path | None) -> int:
    """Show the whole job in a sandbox: no network, no credentials, nothing left behind.

    A registry on loopback, a Git remote with a test cluster and a production folder, and a forge
    that keeps its pull requests as files. Two passes run through the same code as `imagebot run`.
    """
    if keep is not None and serve is not None:
        raise UsageError("--keep and --serve exclude each other")
    if serve is not None:
        return _serve(serve.resolve())
    with ExitStack() as stack:
        if keep is None:
            temporary = tempfile.TemporaryDirectory(prefix="imagebot-demo-")
            folder = Path(stack.enter_context(temporary))
        else:
            folder = _new_folder(keep)
        _tell(folder)
    if keep is not None:
        _how_to_play(keep)
    return 0


def _new_folder(folder: Path) -> Path:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} already exists and is not empty", hint="name a new folder")
    folder.mkdir(parents=True, exist_ok=True)
    return folder.resolve()


def _tell(folder: Path) -> None:
    from imagebot.demo.registry import DemoRegistry
    from imagebot.demo.sandbox import make_sandbox, push_later_images

    with DemoRegistry(folder / "registry") as registry:
        _heading("1. A sandbox: a registry, a Git remote, a forge")
        sandbox = make_sandbox(folder, registry, _environment(folder), now=datetime.now(UTC))
        click.echo(f"registry  {registry.host}")
        click.echo(f"remote    {sandbox.remote}")
        _heading("2. The first pass: imagebot run -c bot.yaml")
        _pass(sandbox)
        _heading("3. A build pushes new images")
        for reference in push_later_images(registry, now=datetime.now(UTC)):
            click.echo(f"pushed    {reference}")
        _heading("4. The second pass")
        _pass(sandbox)
        _heading("5. The pull request, kept current in place")
        _show_pull_requests(sandbox)
        _heading("6. A third pass changes nothing")
        _pass(sandbox)


def _environment(folder: Path) -> dict[str, str]:
    """An environment without the user's credentials: only PATH, and the sandbox as HOME."""
    return {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(folder)}


def _pass(sandbox: Sandbox) -> PassResult:
    from imagebot.demo.watch import branches, diff, subject
    from imagebot.registry.client import RegistryClient
    from imagebot.registry.credentials import Credentials
    from imagebot.registry.memo import Memo
    from imagebot.registry.named import reach_of_bot
    from imagebot.run.passes import PassContext, run_pass

    environment = _environment(sandbox.folder)
    before = branches(sandbox, environment)
    bot = sandbox.bot()
    with RegistryClient(Credentials((), environment), reach=reach_of_bot(bot)) as client:
        setting = PassContext(
            bot=bot,
            registry=Memo(client).for_pass(),
            environment=environment,
            cache=sandbox.folder / "cache",
            now=datetime.now(UTC),
        )
        outcome = run_pass(setting)
    print_plan(outcome.plan)
    for problem in outcome.plan.problems:
        click.secho(printable_lines(f"problem: {problem.message}"), fg="red")
    print_published(outcome.published)
    after = branches(sandbox, environment)
    for name, commit in after.items():
        if commit == before.get(name):
            continue
        base = before["main"] if name == "main" else after["main"]
        click.echo()
        click.secho(f"{name}: {subject(sandbox, environment, commit)}", bold=True)
        _print_diff(diff(sandbox, environment, base, commit))
    return outcome


def _show_pull_requests(sandbox: Sandbox) -> None:
    from imagebot.demo.watch import pull_requests

    for request in pull_requests(sandbox, _environment(sandbox.folder)):
        click.echo(f"branch  {request.branch}")
        click.echo(f"title   {request.title}")
        click.echo()
        click.echo(printable_lines(request.body))


def _print_diff(text: str) -> None:
    for line in text.splitlines():
        click.secho(printable_lines(line), fg=_COLOURS.get(line[:1]))


def _heading(text: str) -> None:
    click.echo()
    click.secho(text, bold=True, fg="blue")


def _how_to_play(shown: Path) -> None:
    _heading("The sandbox is yours")
    click.echo(f"imagebot demo --serve {shown}            # its registry, until Ctrl-C")
    click.echo(f"imagebot run -c {shown}/bot.yaml         # another pass")
    click.echo(f"git clone {shown}/gitops.git             # the GitOps repository")
    click.echo(f"ls {shown}/forge                         # the pull requests")


def _serve(folder: Path) -> int:
    from imagebot.demo.registry import DemoRegistry
    from imagebot.demo.sandbox import Sandbox

    sandbox = Sandbox(folder)
    try:
        registry = DemoRegistry(sandbox.registry, sandbox.port())
    except OSError as error:
        raise UsageError(
            f"port {sandbox.port()} of the sandbox is taken: {error.strerror}",
            hint="is its registry running already?",
        ) from error
    with registry:
        click.echo(f"the sandbox's registry listens at {registry.host}; Ctrl-C ends it")
        with suppress(KeyboardInterrupt):
            threading.Event().wait()
    return 0
