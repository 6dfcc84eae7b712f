"""The registry client as the command line builds it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from imagebot.config.model import BotConfiguration

if TYPE_CHECKING:
    from imagebot.registry.client import RegistryClient


@contextmanager
def open_registries(bot: BotConfiguration | None = None) -> Iterator[RegistryClient]:
    """A client with the bot's credentials, then docker's; with its caches in the user's folder."""
    from imagebot.registry.cache import MetadataCache
    from imagebot.registry.client import RegistryClient
    from imagebot.registry.credentials import Credentials

    configured = bot.registry_credentials if bot else ()
    credentials = Credentials(configured, os.environ)
    cache = MetadataCache(cache_folder(bot) / "images")
    with RegistryClient(credentials, bot.registries if bot else (), cache=cache) as client:
        yield client


def cache_folder(bot: BotConfiguration | None) -> Path:
    """The bot's own cache folder, else the user's for imagebot."""
    if bot is not None and bot.cache_dir:
        return Path(bot.cache_dir)
    from platformdirs import user_cache_path

    return user_cache_path("imagebot", appauthor=False)
