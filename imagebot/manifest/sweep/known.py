"""What is said of files before they are swept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field

from imagebot.manifest.images.field import ImageField, Unread
from imagebot.values import dataclass

# Such an entry is about the whole file, or the whole of a document, and says so.
_WHOLE_FILE = frozenset({"too-big", "not-utf8", "sops", "folder", "unreadable"})
# Others are about one part of the file, which they do not name line by line.
_WHOLE_TEXT = frozenset({"helm-template", "template", "not-yaml", "too-deep"})


@dataclass(frozen=True, slots=True)
class Known:
    """What is said of a file already: where fields have their tags and digests (bytes), and the
    lines of fields and unread entries. `whole` means that the file as a whole is listed."""

    spans: tuple[tuple[int, int], ...] = ()
    fields: frozenset[int] = frozenset()
    unread: frozenset[int] = frozenset()
    whole: bool = False


@dataclass(slots=True)
class _Collected:
    spans: list[tuple[int, int]] = field(default_factory=list)
    fields: set[int] = field(default_factory=set)
    unread: set[int] = field(default_factory=set)
    whole: bool = False


def known_of(fields: Iterable[ImageField], unread: Iterable[Unread]) -> dict[str, Known]:
    """What fields and unread entries say, by path."""
    found: dict[str, _Collected] = {}
    for each in fields:
        own = found.setdefault(each.path, _Collected())
        slots = [slot for slot in (each.tag, each.digest) if slot is not None and slot.text]
        own.spans += [(slot.start, slot.end) for slot in slots]
        if not slots:
            own.fields.add(each.line)
    for entry in unread:
        own = found.setdefault(entry.path, _Collected())
        if entry.code in _WHOLE_FILE:
            own.whole = True
        elif entry.line and entry.code not in _WHOLE_TEXT:
            own.unread.add(entry.line)
    return {
        path: Known(
            tuple(sorted(own.spans)), frozenset(own.fields), frozenset(own.unread), own.whole
        )
        for path, own in found.items()
    }
