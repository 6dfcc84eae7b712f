"""The metrics of `run` in a file, which go on from one process to the next."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from imagebot.errors import ConfigurationError, FolderError, ImagebotError, UsageError
from imagebot.problem import Exit, Problem
from imagebot.values import dataclass

if TYPE_CHECKING:
    from imagebot.config.model import BotConfiguration
    from imagebot.run.diagnostics import Diagnostics
    from imagebot.run.metrics import Metrics
    from imagebot.run.passes import PassResult


@dataclass(frozen=True, slots=True)
class MetricsFile:
    """Without a file nothing is written and no library is needed: then `metrics` is None.

    With `others`, the file keeps what it has of targets that are not looked after.
    """

    path: Path
    metrics: Metrics | None
    diagnostics: Diagnostics
    others: bool = False

    @classmethod
    def of(cls, file: str | None, diagnostics: Diagnostics, *, others: bool) -> MetricsFile:
        """Go on from what is in the file. Raises UsageError where a library is missing."""
        if file is None:
            return cls(Path(), None, diagnostics)
        try:
            from imagebot.run.exposition import read_metrics
        except ImportError as error:
            raise UsageError(
                f"--metrics-file needs {error.name}, which is not installed",
                hint="pip install 'imagebot[serve]'",
            ) from error
        from imagebot.run.metrics import Metrics

        metrics = Metrics()
        read_metrics(metrics, Path(file))
        return cls(Path(file), metrics, diagnostics, others)

    def note(self, host: str) -> None:
        """A request goes to a registry's host."""
        if self.metrics is not None:
            self.metrics.ask(host)

    @contextmanager
    def beginning(self) -> Iterator[None]:
        """Around a pass, which may not even begin: that is written, too."""
        try:
            yield
        except ImagebotError as error:
            if self.metrics is not None:
                if isinstance(error, ConfigurationError):
                    self.metrics.refuse(True)
                self._write(Exit.FAILED)
            raise

    def done(self, bot: BotConfiguration, result: PassResult, code: Exit) -> Exit:
        """Write a pass that has ended with this code; returns the one of the command."""
        if self.metrics is None:
            return code
        self.metrics.refuse(False)
        targets = [(each.name, bool(each.paused)) for each in bot.targets]
        self.metrics.follow(targets, others=self.others)
        for name, _ in targets:
            self.metrics.end(name, result, datetime.now(UTC))
        self.metrics.see_head_room(result)
        return self._write(code)

    def _write(self, code: Exit) -> Exit:
        from imagebot.run.exposition import write_metrics

        assert self.metrics is not None
        try:
            write_metrics(self.metrics, self.path)
        except FolderError as error:
            self.diagnostics.problem(Problem.of_error("target", "metrics", error))
            return code or Exit.FAILED
        return code
