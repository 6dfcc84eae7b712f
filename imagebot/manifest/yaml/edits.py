"""`Edit`: one replacement within a file, and how edits are applied to a text."""

from __future__ import annotations

from dataclasses import field, replace

from imagebot.values import dataclass


@dataclass(frozen=True, slots=True)
class Edit:
    """Replaces everything from `start` to `end` by `new`; a reader then sees `value` there.

    Positions count bytes of a file in `manifest/edit.py`, code points of a text in `proof`.
    `added_key` is the key of a mapping pair that the edit adds, "" for an edit within a scalar.
    `line` is where a refusal is reported; an alias of the same text may be on another line.
    `as_text` means that the field was read as text, and that the edit is proven in the same way.
    """

    start: int
    end: int
    new: str
    value: str
    added_key: str = ""
    line: int = field(default=0, compare=False)
    as_text: bool = False

    @property
    def growth(self) -> int:
        """How many code points longer a text becomes."""
        return len(self.new) - (self.end - self.start)

    def moved(self, by: int) -> Edit:
        return replace(self, start=self.start + by, end=self.end + by)
