"""The targets of a command: those of `-c FILE`, or the checkout around the current folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from imagebot.config.file import read_configuration
from imagebot.config.load import load_bot_configuration
from imagebot.config.model import (
    BotConfiguration,
    ForgeOptions,
    GitCredential,
    Target,
    WorkTree,
)
from imagebot.config.secret_source import SecretSource
from imagebot.errors import UsageError
from imagebot.git.url import parse_url
from imagebot.text import did_you_mean, excerpt

_MOST_NAMED = 20
TOKEN_VARIABLE = "IMAGEBOT_GIT_TOKEN"  # noqa: S105 - the name of a variable, not a token


def open_bot(bot_file: str | None, environment: Mapping[str, str]) -> BotConfiguration:
    """The bot's own file, or one target made from the current checkout.

    Raises ConfigurationError, UsageError and GitError.
    """
    if bot_file is not None:
        bot = load_bot_configuration(read_configuration(Path(bot_file)), bot_file)
        if not bot.targets:
            raise UsageError(f"{bot_file} has no targets", hint="add `targets: [{url, branch}]`")
        return bot
    return BotConfiguration(path="", targets=(_target_here(environment),))


def choose_targets(bot: BotConfiguration, names: Sequence[str]) -> BotConfiguration:
    """The bot with only the targets of these names; with all where none is given.

    Raises UsageError for a name that no target has.
    """
    known = {target.name for target in bot.targets}
    for name in names:
        if name not in known:
            there = f"the targets are {', '.join(sorted(known)[:_MOST_NAMED])}"
            hint = did_you_mean(name, known) or there
            raise UsageError(f"there is no target {excerpt(name)!r}", hint=hint)
    if not names:
        return bot
    return replace(bot, targets=tuple(each for each in bot.targets if each.name in names))


def _target_here(environment: Mapping[str, str]) -> Target:
    from imagebot.git.local import discover

    here = discover(Path.cwd(), environment)
    return Target(
        name=here.top.name,
        url=here.url,
        branch=here.branch,
        credential=_ambient(here.url, environment),
        forge=_forge(here.url, environment),
        work_tree=WorkTree(str(here.top), f"{here.remote}/{here.branch}"),
    )


def _forge(url: str, environment: Mapping[str, str]) -> ForgeOptions:
    """GitHub Enterprise, in one of its own jobs, for one of its own repositories."""
    server, api = environment.get("GITHUB_SERVER_URL", ""), environment.get("GITHUB_API_URL", "")
    if api and server and parse_url(url).origin == server.rstrip("/"):
        return ForgeOptions(kind="github", url=api)
    return ForgeOptions()


def _ambient(url: str, environment: Mapping[str, str]) -> GitCredential | None:
    """The environment's token for a remote over https; ssh uses its own keys.

    A CI job's GITHUB_TOKEN is only sent to the GitHub that the job runs on.
    """
    origin = parse_url(url).origin
    if not origin:
        return None
    names = [TOKEN_VARIABLE]
    github = environment.get("GITHUB_SERVER_URL", "https://github.com")
    if origin == github.rstrip("/"):
        names.append("GITHUB_TOKEN")
    found = next((name for name in names if environment.get(name)), None)
    if found is None:
        return None
    return GitCredential(name=found, token=SecretSource("env", found))
