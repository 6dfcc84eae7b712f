"""What a pass over targets needs, opened and closed around it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from imagebot.cli.bot import open_bot
from imagebot.cli.process import Process
from imagebot.cli.registries import KeptRegistries, cache_folder
from imagebot.run.crash import write_crash_log
from imagebot.run.diagnostics import Diagnostics

if TYPE_CHECKING:
    from imagebot.run.passes import PassContext


@contextmanager
def open_pass(
    process: Process,
    bot_file: str | None,
    diagnostics: Diagnostics,
    *,
    registries: KeptRegistries | None = None,
    no_config: bool = False,
) -> Iterator[PassContext]:
    """A pass over the targets of `bot_file`, or over the checkout around the current folder.

    `registries` outlives the pass; without it, one is opened for this pass.
    """
    from imagebot.config.builtin import default_configuration
    from imagebot.run.passes import PassContext

    bot = open_bot(bot_file, process.environment)
    with ExitStack() as stack:
        kept = registries or stack.enter_context(KeptRegistries(process))
        progress = stack.enter_context(diagnostics.progress("asking registries"))
        views = kept.for_pass(bot)
        yield PassContext(
            bot=bot,
            registry=views.common,
            registries=views.own,
            environment=process.environment,
            cache=cache_folder(bot),
            now=datetime.now(UTC),
            fallback=default_configuration() if no_config else None,
            progress=progress,
            vault=process.vault,
            stop=process.stop,
            report_bug=partial(write_crash_log, process.arguments, process.vault),
        )
