"""Texts with `{placeholders}`: which there are, and what they become. Pure.

A placeholder is a name in braces and nothing else: no format, no attribute, no expression. `{{`
and `}}` are braces.
"""

from __future__ import annotations

import string
from collections.abc import Collection, Iterator, Mapping

from imagebot.text import nearest, printable
from imagebot.values import dataclass

SUBJECT: Mapping[str, str] = {
    "summary": "what the default subject is, as short as it has to be",
    "images": "the images: `api`, `api and nginx`, `4 images`",
    "from": "the tag before, `several tags` where they differ",
    "to": "the tag after, `several tags` where they differ",
    "count": "how many updates there are",
    "type": "the largest update type of them",
    "route": "the route, or the routes with commas between",
    "branch": "the branch of the target",
    "folder": "the deepest folder that has all the files, `.` for the root",
}
"""The placeholders of a commit's subject and prefix, with what each becomes."""

TITLE: Mapping[str, str] = {
    "subject": "the commit's subject, with its prefix and without its suffix",
    **SUBJECT,
}
"""The placeholders of a pull request's title."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a text, and what to write."""

    reason: str
    hint: str = ""


def shown_placeholders(known: Collection[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in known)


def find_fault(text: str, known: Collection[str]) -> Fault | None:
    """What is wrong with a text, None where its placeholders are all `known`."""
    try:
        names = [name for _, name in _parts(text)]
    except ValueError:
        return Fault("a brace is not closed, or not opened", "write {{ and }} for braces")
    for name in names:
        if name is not None and name not in known:
            near = nearest(name, known)
            hint = f"did you mean {{{near}}}?" if near else f"known: {shown_placeholders(known)}"
            return Fault(f"unknown placeholder {{{printable(name[:40])}}}", hint)
    return None


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with a value in the place of each placeholder.

    Raises ValueError and KeyError for a text with a fault.
    """
    return "".join(
        literal + ("" if name is None else values[name]) for literal, name in _parts(text)
    )


def _parts(text: str) -> Iterator[tuple[str, str | None]]:
    """Literal text, and the placeholder after it; None at the end. May raise ValueError."""
    for literal, name, form, conversion in string.Formatter().parse(text):
        if name is None:
            yield literal, None
        else:
            # Whatever follows the name makes it an unknown one.
            rest = (f"!{conversion}" if conversion else "") + (f":{form}" if form else "")
            yield literal, name + rest
