"""The registry client as the command line builds it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from imagebot.config.model import BotConfiguration

if TYPE_CHECKING:
    from imagebot.registry.client import RegistryClient


@contextmanager
def open_registries(bot: BotConfiguration | None = None) -> Iterator[RegistryClient]:
    """A client with the bot's credentials, then docker's; with its caches in the user's folder."""
    from imagebot.registry.client import RegistryClient
    from imagebot.registry.credentials import Credentials

    configured = bot.registry_credentials if bot else ()
    credentials = Credentials(configured, os.environ)
    with RegistryClient(credentials, bot.registries if bot else ()) as client:
        yield client
