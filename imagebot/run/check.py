"""One result of `doctor`."""

from __future__ import annotations

from typing import Self

from imagebot.errors import ImagebotError
from imagebot.values import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """What was checked, and what was found.

    Where it is not `ok`, `run` fails. With `warns` it does not, but somebody should know.
    """

    ok: bool
    subject: str
    message: str
    hint: str = ""
    warns: bool = False

    @classmethod
    def failed(cls, subject: str, error: ImagebotError) -> Self:
        return cls(False, subject, error.message, error.hint)

    @classmethod
    def warning(cls, subject: str, message: str, hint: str = "") -> Self:
        return cls(True, subject, message, hint, warns=True)
