"""The story of `imagebot demo --serve`: from a push to the commit."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from imagebot.cli.demo_output import environment_of, heading, show_changes, show_pull_requests
from imagebot.text import printable_lines
from imagebot.values import dataclass

if TYPE_CHECKING:
    from imagebot.demo.live import LiveDaemon
    from imagebot.demo.sandbox import Sandbox
    from imagebot.run.process import Process

_GUIDE = "https://github.com/imagebot/imagebot/blob/main/docs/hooks.md"
_IN_THE_REGISTRY = """\
notifications:
  endpoints:
    - name: imagebot
      url: https://imagebot.example.com/hooks/registry
      headers: {Authorization: [Bearer SECRET]}
      timeout: 5s
      threshold: 5
      backoff: 10s"""
_IN_THE_BOT = """\
serve:
  hooks:
    registry: {type: distribution, secret: {env: HOOK_SECRET}, images: [registry.example.com/**]}"""


def tell_of_daemon(process: Process, folder: Path) -> None:
    """Do it all in `folder`, and show it."""
    from imagebot.demo.content import PUSHED_LATER
    from imagebot.demo.live import run_daemon
    from imagebot.demo.registry import DemoRegistry
    from imagebot.demo.sandbox import make_sandbox

    build, release = PUSHED_LATER
    environment = environment_of(folder)
    with ExitStack() as stack:
        registry = stack.enter_context(DemoRegistry(folder / "registry"))
        heading("1. A sandbox: a registry that announces pushes, a Git remote, a forge")
        sandbox = make_sandbox(folder, registry, environment, now=datetime.now(UTC))
        click.echo(f"registry  {registry.host}")
        click.echo(f"remote    {sandbox.remote}")

        heading("2. imagebot serve -c bot.yaml: it listens, and does a first pass")
        live = stack.enter_context(run_daemon(sandbox, process, environment))
        click.echo(f"listens   {live.address}")
        for done in reversed(live.wait_until("the first pass", lambda now: now.ready).done):
            click.echo(printable_lines(done.text))
        endpoint = sandbox.endpoint()
        assert endpoint is not None
        notifications = stack.enter_context(registry.announcing(endpoint))

        heading("3. A build pushes an image, and the registry announces it")
        story = _Pushes(sandbox, live)
        pushed = story.push(*build)
        heading("4. The commit for the test cluster")
        story.show("the commit came", pushed)
        heading("5. A release is pushed: the pull request for production is kept current")
        story.show("the pull request was updated", story.push(*release))
        click.echo()
        show_pull_requests(sandbox)
        heading("6. What the registry sent, and what to enter in yours")
        click.echo(f"POST {endpoint.url}")
        click.echo("Authorization: Bearer SECRET")
        click.echo(printable_lines(notifications.sent.decode()))
    _show_what_to_enter()


@dataclass(slots=True)
class _Pushes:
    """Pushes images one by one, and shows what comes of each."""

    sandbox: Sandbox
    live: LiveDaemon
    _known: int = field(default=0, init=False)
    _before: dict[str, str] = field(default_factory=dict, init=False)

    def push(self, repository: str, tag: str) -> float:
        """Push an image; returns when that was done, in seconds."""
        from imagebot.demo.build import push_image
        from imagebot.demo.watch import branches

        self._before = branches(self.sandbox, environment_of(self.sandbox.folder))
        self._known = len(self.live.service.parts.board.snapshot().done)
        reference = push_image(self.sandbox.host, repository, tag, created=datetime.now(UTC))
        pushed = time.monotonic()
        click.echo(f"pushed    {reference}")
        return pushed

    def show(self, what: str, pushed: float) -> None:
        """Wait for what came of the push, and say how long it took."""
        snapshot = self.live.wait_until("a commit", lambda now: len(now.done) > self._known)
        seconds = time.monotonic() - pushed
        click.echo(printable_lines(snapshot.done[0].text))
        click.secho(f"{what} {seconds:.2f} s after the push", bold=True)
        show_changes(self.sandbox, self._before)


def _show_what_to_enter() -> None:
    click.echo()
    click.echo("In the configuration of docker-registry, or of one that is made of it:")
    click.secho(_IN_THE_REGISTRY, fg="cyan")
    click.echo("In bot.yaml:")
    click.secho(_IN_THE_BOT, fg="cyan")
    click.echo("What to enter at Docker Hub, GitHub, Harbor, Quay, Azure, AWS and in CI jobs:")
    click.echo(_GUIDE)


def show_how_to_play(shown: Path) -> None:
    """What can be done with a sandbox that is kept at this path."""
    from imagebot.demo.sandbox import Sandbox

    image = f"{Sandbox(shown).host}/shop/api:main-44-0a1b2c3"
    heading("The sandbox is yours")
    click.echo(f"imagebot demo --registry {shown}         # its registry, which announces pushes")
    click.echo(f"imagebot serve -c {shown}/bot.yaml       # the daemon, in another terminal")
    click.echo(f"docker push {image}  # by docker or any other client")
    click.echo(f"git clone {shown}/gitops.git             # the GitOps repository")
    click.echo(f"ls {shown}/forge                         # the pull requests")
    click.echo(f"cat {shown}/daemon.log                   # what the daemon has logged")
