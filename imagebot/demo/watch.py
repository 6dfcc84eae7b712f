"""Reads the results of a pass back from the sandbox's Git remote and forge."""

from __future__ import annotations

from collections.abc import Mapping

from imagebot.demo.sandbox import BRANCH, Sandbox
from imagebot.forge.connect import open_forge
from imagebot.forge.model import PullRequest
from imagebot.git.credentials import access_for
from imagebot.git.runner import Runner


def branches(sandbox: Sandbox, environment: Mapping[str, str]) -> dict[str, str]:
    """Branch -> commit, by name."""
    form = "--format=%(refname:short) %(objectname)"
    output = _runner(sandbox, environment).local("for-each-ref", form, "refs/heads")
    rows = (line.split(" ") for line in output.decode().splitlines())
    return {name: commit for name, commit in rows}  # noqa: C416 - rows are lists, not pairs


def diff(sandbox: Sandbox, environment: Mapping[str, str], base: str, commit: str) -> str:
    """The diff between two commits, with one line of context."""
    output = _runner(sandbox, environment).local("diff", "--unified=1", base, commit)
    return output.decode("utf-8", "replace")


def subject(sandbox: Sandbox, environment: Mapping[str, str], commit: str) -> str:
    """The first line of a commit's message, with its author."""
    output = _runner(sandbox, environment).local("log", "-1", "--format=%s (%an)", commit)
    return output.decode("utf-8", "replace").strip()


def pull_requests(sandbox: Sandbox, environment: Mapping[str, str]) -> tuple[PullRequest, ...]:
    """The open pull requests of the bot's branches."""
    forge = open_forge(sandbox.bot().targets[0], environment)
    assert forge is not None
    names = [name for name in branches(sandbox, environment) if name != BRANCH]
    return tuple(found for name in names if (found := forge.find(name)))


def _runner(sandbox: Sandbox, environment: Mapping[str, str]) -> Runner:
    return Runner(directory=sandbox.remote, access=access_for(None, environment))
