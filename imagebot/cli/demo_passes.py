"""The story of `imagebot demo`: passes one after the other."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from imagebot.cli.demo_output import environment_of, heading, show_changes, show_pull_requests
from imagebot.cli.output import print_plan, print_published
from imagebot.text import printable_lines

if TYPE_CHECKING:
    from imagebot.demo.sandbox import Sandbox


def tell_of_passes(folder: Path) -> None:
    """Do it all in `folder`, and show it."""
    from imagebot.demo.registry import DemoRegistry
    from imagebot.demo.sandbox import make_sandbox, push_later_images

    with DemoRegistry(folder / "registry") as registry:
        heading("1. A sandbox: a registry, a Git remote, a forge")
        sandbox = make_sandbox(folder, registry, environment_of(folder), now=datetime.now(UTC))
        click.echo(f"registry  {registry.host}")
        click.echo(f"remote    {sandbox.remote}")
        heading("2. The first pass: imagebot run -c bot.yaml")
        _pass(sandbox)
        heading("3. A build pushes new images")
        for reference in push_later_images(registry, now=datetime.now(UTC)):
            click.echo(f"pushed    {reference}")
        heading("4. The second pass")
        _pass(sandbox)
        heading("5. The pull request, kept current in place")
        show_pull_requests(sandbox)
        heading("6. A third pass changes nothing")
        _pass(sandbox)


def show_how_to_play(shown: Path) -> None:
    """What can be done with a sandbox that is kept at this path."""
    heading("The sandbox is yours")
    click.echo(f"imagebot demo --registry {shown}         # its registry, until Ctrl-C")
    click.echo(f"imagebot run -c {shown}/bot.yaml         # another pass")
    click.echo(f"git clone {shown}/gitops.git             # the GitOps repository")
    click.echo(f"ls {shown}/forge                         # the pull requests")


def _pass(sandbox: Sandbox) -> None:
    from imagebot.demo.watch import branches
    from imagebot.registry.client import RegistryClient
    from imagebot.registry.credentials import Credentials
    from imagebot.registry.memo import Memo
    from imagebot.registry.named import reach_of_bot
    from imagebot.run.passes import PassContext, run_pass

    environment = environment_of(sandbox.folder)
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
    show_changes(sandbox, before)
