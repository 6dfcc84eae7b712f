"""How the state of a pull request is written: one line of JSON that no text in it can end. Pure.

Ids of updates are packed: eight characters each, without anything between them.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence

from imagebot.values import dataclass

_ALPHABET = b"+_"
_WIDTH = 12
_OLD_IDS = 1000
"""So many ids the markers of older versions have at most."""

# Nothing else can end a comment or code, mention somebody or skip a pipeline.
_LIVE_RE = re.compile(r'[^A-Za-z0-9_ "{}:,\\+=]')
_ID_RE = re.compile(r"[0-9a-f]{12}")
_PACKED_RE = re.compile(r"(?:[A-Za-z0-9+_]{8})*")


@dataclass(frozen=True, slots=True)
class StateFields:
    """The fields of a state, as they were written by anybody: what is of another type is absent."""

    fields: Mapping[str, object]

    def has_text(self, key: str) -> bool:
        return isinstance(self.fields.get(key), str)

    def text(self, key: str) -> str:
        value = self.fields.get(key)
        return value if isinstance(value, str) else ""

    def flag(self, key: str) -> bool:
        return self.fields.get(key) is True

    def number(self, key: str) -> int:
        value = self.fields.get(key)
        return value if type(value) is int and value >= 0 else 0

    def ids(self, key: str) -> tuple[str, ...]:
        """Ids of updates; older versions wrote them with spaces between."""
        text = self.text(key)
        words = text.split()
        if all(_ID_RE.fullmatch(word) for word in words):
            return tuple(words)
        return unpack(text) if _PACKED_RE.fullmatch(text) else ()

    def left(self, updates: int) -> int:
        """How many entries have no room; older versions did not say, and cut at 1,000."""
        return self.number("left") or (1 if updates == _OLD_IDS and not self._packed else 0)

    @property
    def _packed(self) -> bool:
        return " " not in self.text("updates")


def dump_state(fields: Mapping[str, object]) -> str:
    """Printable ASCII. A sequence of ids is packed."""
    packed = {key: pack(v) if isinstance(v, tuple) else v for key, v in fields.items()}
    text = json.dumps(packed, separators=(",", ":"))
    return _LIVE_RE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def load_state(text: str) -> StateFields | None:
    """The fields of a state; None for a text that is none."""
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return StateFields(fields) if isinstance(fields, dict) else None


def pack(ids: Sequence[str]) -> str:
    """Ids of 12 hexadecimal digits in eight characters each."""
    return base64.b64encode(bytes.fromhex("".join(ids)), altchars=_ALPHABET).decode()


def unpack(text: str) -> tuple[str, ...]:
    """What `pack` packed; nothing where that was damaged."""
    try:
        digits = base64.b64decode(text, altchars=_ALPHABET, validate=True).hex()
    except (ValueError, binascii.Error):
        return ()
    return tuple(digits[at : at + _WIDTH] for at in range(0, len(digits), _WIDTH))
