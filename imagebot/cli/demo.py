"""`imagebot demo`"""

from __future__ import annotations

import tempfile
import threading
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from imagebot.cli.options import Folder
from imagebot.cli.process import pass_process
from imagebot.cli.serve_extra import check_serve_extra
from imagebot.errors import UsageError

if TYPE_CHECKING:
    from imagebot.run.process import Process


@click.command("demo")
@click.option(
    "--serve",
    is_flag=True,
    help="Show `imagebot serve` instead: from a push to the commit. Needs imagebot[serve].",
)
@click.option(
    "--keep",
    metavar="DIR",
    type=Folder(Path),
    help="Make the sandbox in DIR and leave it there.",
)
@click.option(
    "--registry",
    metavar="DIR",
    type=Folder(Path),
    help="Start the registry of a kept sandbox again, until Ctrl-C.",
)
@pass_process
def command(process: Process, serve: bool, keep: Path | None, registry: Path | None) -> int:
    """Show the whole job in a sandbox: no network, no credentials, nothing left behind.

    A registry on loopback, a Git remote with a test cluster and a production folder, and a forge
    that keeps its pull requests as files. Passes run through the same code as `imagebot run`; with
    --serve they begin when the registry announces a push, and you see how long that takes.
    """
    if registry is not None:
        if keep is not None or serve:
            raise UsageError(
                f"--registry and {'--serve' if serve else '--keep'} exclude each other"
            )
        return _run_registry(registry.resolve())
    if serve:
        check_serve_extra()
    with ExitStack() as stack:
        if keep is None:
            temporary = tempfile.TemporaryDirectory(prefix="imagebot-demo-")
            folder = Path(stack.enter_context(temporary))
        else:
            folder = _new_folder(keep)
        _show(process, folder, keep, serve=serve)
    return 0


def _show(process: Process, folder: Path, keep: Path | None, *, serve: bool) -> None:
    if serve:
        from imagebot.cli.demo_serve import show_how_to_play, tell_of_daemon

        tell_of_daemon(process, folder)
    else:
        from imagebot.cli.demo_passes import show_how_to_play, tell_of_passes

        tell_of_passes(folder)
    if keep is not None:
        show_how_to_play(keep)


def _new_folder(folder: Path) -> Path:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} already exists and is not empty", hint="name a new folder")
    folder.mkdir(parents=True, exist_ok=True)
    return folder.resolve()


def _run_registry(folder: Path) -> int:
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
    with ExitStack() as stack:
        stack.enter_context(registry)
        announces = ""
        if endpoint := sandbox.endpoint():
            stack.enter_context(registry.announcing(endpoint))
            announces = f", and announces pushes at {endpoint.url}"
        click.echo(f"the sandbox's registry listens at {registry.host}{announces}; Ctrl-C ends it")
        with suppress(KeyboardInterrupt):
            threading.Event().wait()
    return 0
