"""What a pass over targets needs, opened and closed around it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from imagebot.cli.bot import choose_targets, open_bot
from imagebot.run.diagnostics import Diagnostics
from imagebot.run.process import Process
from imagebot.run.registries import KeptRegistries, cache_folder
from imagebot.values import dataclass

if TYPE_CHECKING:
    from imagebot.run.passes import PassContext


@dataclass(frozen=True, slots=True)
class PassSetting:
    """What the command line says of a pass.

    Without a `bot_file` the target is the checkout around the current folder. `targets` are the
    names of those to look after, all of them where none is named.
    """

    bot_file: str | None = None
    targets: tuple[str, ...] = ()
    no_config: bool = False


@contextmanager
def open_pass(
    process: Process,
    setting: PassSetting,
    diagnostics: Diagnostics,
    *,
    registries: KeptRegistries | None = None,
) -> Iterator[PassContext]:
    """`registries` outlives the pass; without it, one is opened for this pass.

    Raises ConfigurationError, UsageError and GitError.
    """
    from imagebot.config.builtin import default_configuration
    from imagebot.run.passes import PassContext

    def report_bug(error: Exception) -> Path:
        from imagebot.run.crash import write_crash_log

        return write_crash_log(process.arguments, process.vault, error)

    bot = choose_targets(open_bot(setting.bot_file, process.environment), setting.targets)
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
            fallback=default_configuration() if setting.no_config else None,
            progress=progress,
            vault=process.vault,
            stop=process.stop,
            report_bug=report_bug,
        )
