"""Lists what looks like an image in a file, and is neither a field nor listed already.

Lexical: no structure is read, so this works on every text file. It decides no edit.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from heapq import merge
from itertools import groupby

from imagebot.manifest.formats.own_configuration import is_configuration
from imagebot.manifest.images.field import Unread
from imagebot.manifest.sweep.dockerfile import arguments, continued
from imagebot.manifest.sweep.files import is_swept
from imagebot.manifest.sweep.hint import hint_for
from imagebot.manifest.sweep.known import Known
from imagebot.manifest.sweep.references import Found, references
from imagebot.manifest.sweep.tag_maps import tags_in_maps
from imagebot.manifest.sweep.tags import tags
from imagebot.manifest.sweep.terraform import resources, settings
from imagebot.manifest.sweep.text import MAX_WORDS, SweptText, text_of
from imagebot.manifest.yaml.events import MAX_BYTES
from imagebot.text import shorten

CODE = "looks-like-an-image"
# What is listed of one file; of the rest there is a count.
MOST = 20
_SHOWN = 160
_NOTHING_KNOWN = Known()
_TOO_BIG = f"larger than {MAX_BYTES // (1024 * 1024)} MiB: only its beginning was searched"

_TOO_MUCH = f"more than {MAX_WORDS:,} words like parts of images: the rest was not searched"


def sweep(path: str, data: bytes, known: Known = _NOTHING_KNOWN) -> tuple[Unread, ...]:
    """What looks like an image in the file at `path`, in the order of its lines.

    Of a file with more than `MOST`, the last entry says how many more there are. Linear in the
    size of `data`; no content makes this raise.
    """
    if known.whole or not is_swept(path):
        return ()
    swept = text_of(path, data)
    if swept is None or (b"image" in data and is_configuration(swept.text)):
        return ()
    entries: list[Unread] = []
    more = 0
    for found in _found(swept):
        if _is_known(swept, found, known) or swept.is_left_out(found.start):
            continue
        if len(entries) == MOST:
            more += 1
            continue
        entries.append(_entry(swept, found))
    if more:
        reason = f"{more:,} more places in this file look like images"
        entries.append(Unread(path, 0, CODE, reason, True))
    if swept.is_cut:
        entries.append(Unread(path, 0, "too-big", _TOO_MUCH, True))
    if len(data) > MAX_BYTES:
        entries.append(Unread(path, 0, "too-big", _TOO_BIG, True))
    return tuple(entries)


def _found(swept: SweptText) -> Iterator[Found]:
    """Everything that looks like an image, once per place."""
    everywhere = (references(swept), tags(swept), tags_in_maps(swept))
    in_some = (arguments(swept), continued(swept), resources(swept), settings(swept))
    every = merge(*everywhere, *in_some, key=lambda each: (each.start, -each.end))
    for _, same in groupby(every, key=lambda each: each.start):
        yield next(same)


def _is_known(swept: SweptText, found: Found, known: Known) -> bool:
    number = bisect_left(known.spans, (found.start, 0))
    # The span before may end in this one: spans are short, and do not overlap.
    near = known.spans[max(0, number - 1) : number + 1]
    if any(start < found.end and found.start < end for start, end in near):
        return True
    if not known.fields and not known.unread:
        return False
    line = swept.line(found.start)
    return line in known.fields or line in known.unread


def _entry(swept: SweptText, found: Found) -> Unread:
    shown = repr(shorten(found.text, _SHOWN))
    if found.whole:
        reason = f"{shown} looks like an image"
    elif found.name:
        reason = f"{shown} looks like the tag of {shorten(found.name, _SHOWN)}"
    else:
        reason = f"{shown} looks like the tag of an image"
    line = swept.line(found.start)
    return Unread(swept.path, line, CODE, reason, True, hint=hint_for(swept, found))
