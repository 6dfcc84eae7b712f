"""Where `run` writes its reports in Markdown: a file, and the page of a job on GitHub."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from imagebot.errors import FolderError
from imagebot.files.atomic import write_named
from imagebot.values import dataclass

if TYPE_CHECKING:
    from imagebot.config.secret import Vault
    from imagebot.run.markdown import PassReport

SUMMARY = "GITHUB_STEP_SUMMARY"


@dataclass(frozen=True, slots=True)
class Reports:
    """`file` is replaced by each report, `summary` (the file of a step of a job) grows; "" is none.

    `vault` hides the secrets that a report may quote.
    """

    file: str
    summary: str
    vault: Vault

    @classmethod
    def of(
        cls, file: str | None, environment: Mapping[str, str], vault: Vault, *, repeats: bool
    ) -> Reports:
        """A job that `repeats` passes for as long as it runs has no page for each of them."""
        return cls(file or "", "" if repeats else environment.get(SUMMARY, ""), vault)

    @property
    def wanted(self) -> bool:
        return bool(self.file or self.summary)

    def write(self, report: PassReport) -> None:
        """Raises FolderError."""
        if not self.wanted:
            return
        from imagebot.run.markdown import render

        text = self.vault.hide(render(report)).encode("utf-8", "replace")
        for name, append in ((self.file, False), (self.summary, True)):
            try:
                if name and append:
                    with Path(name).open("ab") as file:
                        file.write(text)
                elif name:
                    write_named(Path(name), text, mode=0o644)
            except OSError as error:
                reason = f"the report cannot be written: {error.strerror}"
                hint = "name a file in a folder that is there and may be written to"
                raise FolderError(name, reason, hint=hint) from error
