"""One result of `doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from imagebot.errors import ImagebotError


@dataclass(frozen=True, slots=True)
class Check:
    """What was checked, whether it is `ok`, and what was found."""

    ok: bool
    subject: str
    message: str
    hint: str = ""

    @classmethod
    def failed(cls, subject: str, error: ImagebotError) -> Self:
        return cls(False, subject, error.message, error.hint)
