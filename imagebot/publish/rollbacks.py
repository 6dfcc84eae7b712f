"""Rollbacks: what people took back of what the bot wrote, read from the target's history."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime

from imagebot.config.model import Configuration
from imagebot.git.checkout import Checkout
from imagebot.git.history import FileCommit
from imagebot.manifest.images.field import ImageField
from imagebot.manifest.images.layers import Layers
from imagebot.manifest.images.same import FieldIndex
from imagebot.manifest.scan import scan
from imagebot.plan.model import Update
from imagebot.plan.vetoes import Veto
from imagebot.publish.again import TRAILER, says_again
from imagebot.publish.branches import scan_options
from imagebot.publish.message import is_commit_message, is_revert
from imagebot.text import excerpt
from imagebot.values import dataclass

_MOST_COMMITS = 50
_MAX_NAME = 80


@dataclass(frozen=True, slots=True)
class Past:
    """`vetoes` of what was rolled back, and when somebody last wanted an update `again`: by id."""

    vetoes: Mapping[str, Veto]
    again: Mapping[str, datetime]


def read_past(
    updates: Sequence[Update],
    configuration: Configuration,
    checkout: Checkout,
    layers: Layers,
    merged: Collection[str] = (),
) -> Past:
    """The updates whose very tag and digest the bot wrote and somebody else took away since.

    `merged` are the ids of those in its merged pull requests: a squash may leave nothing of the
    bot's in the commit that wrote them. The last 50 commits of each file count; one that has the
    trailer of an update lifts what is older. Contents are only fetched of files that people have
    changed after the bot, all in one request. Raises GitError.
    """
    _, address = configuration.commit.committer
    paths: dict[str, list[Update]] = {}
    for update in updates:
        paths.setdefault(update.field.path, []).append(update)
    history = {
        path: [(touch, _is_own(touch, address)) for touch in touches]
        for path, touches in checkout.history(paths, most=_MOST_COMMITS).items()
    }
    again = _wanted_again(paths, history)
    squashed = {path for path, mine in paths.items() if any(each.id in merged for each in mine)}
    suspects = {
        path: touches
        for path, touches in history.items()
        if path in squashed or _may_be_undone(touches)
    }
    checkout.fetch(blob for touches in suspects.values() for blob in _blobs(touches))
    vetoes: dict[str, Veto] = {}
    for path, touches in suspects.items():
        contents = _Contents(path, checkout.read(_blobs(touches)), configuration, layers)
        for update in paths.get(path, ()):
            if touch := _undone(update, touches, contents, merged=update.id in merged):
                who = excerpt(touch.author or touch.addresses[0], _MAX_NAME)
                reason = f"rolled back in {touch.commit[:12]} by {who}"
                vetoes[update.id] = Veto("rolled-back", reason)
    return Past(vetoes, again)


_Touches = Sequence[tuple[FileCommit, bool]]


def _wanted_again(
    updates: Mapping[str, Sequence[Update]], history: Mapping[str, _Touches]
) -> dict[str, datetime]:
    """When the newest commit of each file (`updates` by path) has the trailer of an update."""
    found: dict[str, datetime] = {}
    for path, touches in history.items():
        said = [touch for touch, _ in touches if TRAILER in touch.message]
        for update in updates.get(path, ()) if said else ():
            touch = next((each for each in said if _lifts(each, update)), None)
            if touch is not None:
                found[update.id] = datetime.fromtimestamp(touch.time, UTC)
    return found


def _lifts(touch: FileCommit, update: Update) -> bool:
    """Whether a commit has the trailer of an update, and does not only quote what it reverts."""
    if TRAILER not in touch.message or is_revert(touch.message):
        return False
    return says_again(touch.message, update)


def _is_own(commit: FileCommit, address: str) -> bool:
    return address in commit.addresses or is_commit_message(commit.message)


def _may_be_undone(touches: _Touches) -> bool:
    """Whether somebody else came after the bot; `touches` are the newest first."""
    first = next((at for at, (_, own) in enumerate(touches) if not own), len(touches))
    return any(own for _, own in touches[first:])


def _blobs(touches: _Touches) -> list[str]:
    return [blob for touch, _ in touches for blob in (touch.old, touch.new) if blob]


def _undone(
    update: Update, touches: _Touches, past: _Contents, *, merged: bool
) -> FileCommit | None:
    """The commit of somebody else that last moved the field off what the bot wrote before.

    None where somebody has wanted it again since. What was `merged` is the bot's work, whoever
    committed it.
    """
    for at, (touch, own) in enumerate(touches):
        if _lifts(touch, update):
            return None
        if not past.says(touch.old, update) or not past.says_another(touch.new, update):
            continue
        written = any(
            (mine or merged) and past.says(older.new, update) and not past.says(older.old, update)
            for older, mine in touches[at + 1 :]
        )
        return touch if written and not own else None
    return None


class _Contents:
    """What the blobs of one file said, each read at most once and only where it may matter."""

    def __init__(
        self,
        path: str,
        contents: Mapping[str, bytes],
        configuration: Configuration,
        layers: Layers,
    ) -> None:
        self._path = path
        self._contents = contents
        self._options = scan_options(configuration, layers)
        self._fields: dict[str, FieldIndex] = {}

    def says(self, blob: str, update: Update) -> bool:
        """Whether the field had just the tag and digest that the update would write."""
        data = self._contents.get(blob, b"")
        wanted = _wanted(update)
        if not all((part or "").encode() in data for part in wanted):
            return False
        return self._value(blob, update.field) == wanted

    def says_another(self, blob: str, update: Update) -> bool:
        value = self._value(blob, update.field)
        return value is not None and value != _wanted(update)

    def _value(self, blob: str, field: ImageField) -> tuple[str | None, str | None] | None:
        """The field's tag and digest, None where it was not there."""
        if blob not in self._contents:
            return None
        if blob not in self._fields:
            found = scan(self._path, self._contents[blob], self._options)
            pending = (each.field for each in found.pending)
            self._fields[blob] = FieldIndex((*found.fields, *pending))
        same = self._fields[blob].same(field)
        return (same.reference.tag, same.reference.digest) if same else None


def _wanted(update: Update) -> tuple[str | None, str | None]:
    current = update.field.reference
    return update.tag or current.tag, update.digest or current.digest
