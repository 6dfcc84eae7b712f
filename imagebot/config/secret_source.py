"""Where a secret is."""

from __future__ import annotations

from typing import Literal

from imagebot.values import dataclass


@dataclass(frozen=True, slots=True)
class SecretSource:
    """Where a secret is read from when it is used: a file or an environment variable."""

    kind: Literal["file", "env"]
    name: str

    def __str__(self) -> str:
        return f"file {self.name}" if self.kind == "file" else f"variable {self.name}"
