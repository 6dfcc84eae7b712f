"""The trailers of commits: what was updated, and with which digest. Pure.

`git interpret-trailers --parse` reads them where they are the last lines of a message. The reader
here also finds them elsewhere, because a squash merge puts other text behind them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field

from imagebot.errors import InvalidReferenceError
from imagebot.plan.model import Update
from imagebot.publish.escape import BREAK, plain
from imagebot.reference import Repository, is_digest, parse_repository
from imagebot.values import dataclass

UPDATE = "Imagebot-Update"
POLICY = "Imagebot-Policy"
ROUTE = "Imagebot-Route"
PLAN = "Imagebot-Plan"
SIGN_OFF = "Signed-off-by"

MOST_UPDATES = 1000
"""So many trailers of updates are written; the diff has every update."""

TagKey = tuple[Repository, str]
"""A tag as manifests write it: with a `+` in the version of a chart."""

_NOTHING = "-"
_UPDATE_RE = re.compile(rf"^[ \t]*{UPDATE}: (\S+) (\S+) -> (\S+)[ \t\r]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Digests:
    """The digests that tags had when they were published, and why others are not known."""

    of: Mapping[TagKey, str] = field(default_factory=dict)
    failures: Mapping[TagKey, str] = field(default_factory=dict)


def key_of(update: Update) -> TagKey | None:
    """The tag whose digest is to be looked up; None where the update itself has a digest."""
    reference = update.field.reference
    tag = update.tag or reference.tag
    return None if update.digest is not None or tag is None else (reference.repository, tag)


def update_trailers(updates: Sequence[Update], digests: Digests) -> Iterator[str]:
    """One for each distinct `NAME OLD -> NEW@DIGEST`, in the order of the updates.

    OLD and NEW are a tag, a digest, or both with an `@` between; OLD is `-` for a reference with
    neither. NEW has no digest where that could not be looked up.
    """
    found = dict.fromkeys(_update(update, digests) for update in updates)
    yield from (f"{UPDATE}: {value}" for value in list(found)[:MOST_UPDATES])


def name_trailers(key: str, names: Iterable[str]) -> Iterator[str]:
    """One for each distinct name that is not empty."""
    yield from (f"{key}: {plain(name)}" for name in dict.fromkeys(names) if name)


@dataclass(frozen=True, slots=True)
class Written:
    """A digest that a commit named; `age` is how many newer commits there are."""

    digest: str
    age: int = 0


def written_digests(messages: Iterable[str], *, most: int) -> dict[TagKey, Written]:
    """The digests of tags that trailers name, by tag; of the `most` that were written last.

    `messages` of commits, the newest first. Anybody may have written them: what is not of the
    form is skipped.
    """
    found: dict[TagKey, Written] = {}
    for age, message in enumerate(messages):
        for name, _, new in _UPDATE_RE.findall(message.replace(BREAK, "")):
            tag, at, digest = new.partition("@")
            if not at or not is_digest(digest):
                continue
            try:
                found.setdefault((parse_repository(name), tag), Written(digest, age))
            except InvalidReferenceError:
                continue
            if len(found) == most:
                return found
    return found


def _update(update: Update, digests: Digests) -> str:
    current = update.field.reference
    tag, digest = update.tag or current.tag, update.digest
    if digest is None and (key := key_of(update)) is not None:
        digest = digests.of.get(key)
    return f"{plain(current.name)} {_say(current.tag, current.digest)} -> {_say(tag, digest)}"


def _say(tag: str | None, digest: str | None) -> str:
    # A digest alone without the `@`, which would mention whoever is called sha256.
    parts = ([] if tag is None else [plain(tag)]) + ([] if digest is None else [digest])
    return "@".join(parts) or _NOTHING
