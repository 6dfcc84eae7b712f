"""What a pass over targets needs, opened and closed around it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from imagebot.cli.bot import open_bot
from imagebot.cli.registries import cache_folder, open_registries
from imagebot.run.diagnostics import Diagnostics

if TYPE_CHECKING:
    from imagebot.run.passes import PassContext


@contextmanager
def open_pass(
    bot_file: str | None, diagnostics: Diagnostics, *, no_config: bool = False
) -> Iterator[PassContext]:
    """The targets of `bot_file`, or of the checkout around, with registries and a cache."""
    from imagebot.config.builtin import default_configuration
    from imagebot.run.passes import PassContext

    bot = open_bot(bot_file)
    with open_registries(bot) as registry, diagnostics.progress("asking registries") as progress:
        yield PassContext(
            bot=bot,
            registry=registry,
            environment=os.environ,
            cache=cache_folder(bot),
            now=datetime.now(UTC),
            fallback=default_configuration() if no_config else None,
            progress=progress,
        )
