"""Rollbacks: what people took back of what the bot wrote, read from the target's history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from imagebot.config.model import Configuration
from imagebot.git.checkout import Checkout
from imagebot.git.history import FileCommit
from imagebot.manifest.images.field import ImageField
from imagebot.manifest.images.options import ScanOptions
from imagebot.manifest.images.same import same_field
from imagebot.manifest.scan import scan
from imagebot.plan.model import Update
from imagebot.plan.vetoes import Veto
from imagebot.publish.text import is_commit_message
from imagebot.text import excerpt

_MOST_COMMITS = 50
_MAX_NAME = 80


def find_rollbacks(
    updates: Sequence[Update], configuration: Configuration, checkout: Checkout
) -> dict[str, Veto]:
    """The updates whose very tag and digest the bot wrote and somebody else took away since.

    The last 50 commits of each file count. Contents are only fetched of files that people have
    changed after the bot, all in one request. Raises GitError.
    """
    address = configuration.commit.author_email
    paths = {update.field.path: None for update in updates}
    history = {
        path: [(touch, _is_own(touch, address)) for touch in touches]
        for path, touches in checkout.history(paths, most=_MOST_COMMITS).items()
    }
    suspects = {path: touches for path, touches in history.items() if _may_be_undone(touches)}
    checkout.fetch(blob for touches in suspects.values() for blob in _blobs(touches))
    vetoes: dict[str, Veto] = {}
    for path, touches in suspects.items():
        past = _Past(path, checkout.read(_blobs(touches)), configuration)
        for update in updates:
            if update.field.path == path and (touch := _undone(update, touches, past)):
                who = excerpt(touch.author or touch.addresses[0], _MAX_NAME)
                reason = f"rolled back in {touch.commit[:12]} by {who}"
                vetoes[update.id] = Veto("rolled-back", reason)
    return vetoes


_Touches = Sequence[tuple[FileCommit, bool]]


def _is_own(commit: FileCommit, address: str) -> bool:
    return address in commit.addresses or is_commit_message(commit.message)


def _may_be_undone(touches: _Touches) -> bool:
    """Whether somebody else came after the bot; `touches` are the newest first."""
    first = next((at for at, (_, own) in enumerate(touches) if not own), len(touches))
    return any(own for _, own in touches[first:])


def _blobs(touches: _Touches) -> list[str]:
    return [blob for touch, _ in touches for blob in (touch.old, touch.new) if blob]


def _undone(update: Update, touches: _Touches, past: _Past) -> FileCommit | None:
    """The commit of somebody else that last moved the field off what the bot wrote before."""
    for at, (touch, own) in enumerate(touches):
        if not past.says(touch.old, update) or not past.says_another(touch.new, update):
            continue
        written = any(
            mine and past.says(older.new, update) and not past.says(older.old, update)
            for older, mine in touches[at + 1 :]
        )
        return touch if written and not own else None
    return None


class _Past:
    """What the blobs of one file said, each read at most once and only where it may matter."""

    def __init__(
        self, path: str, contents: Mapping[str, bytes], configuration: Configuration
    ) -> None:
        self._path = path
        self._contents = contents
        self._options = ScanOptions(
            fields=configuration.fields,
            files=configuration.files.patterns,
            compose_defaults=configuration.files.compose_defaults,
        )
        self._fields: dict[str, tuple[ImageField, ...]] = {}

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
            self._fields[blob] = (*found.fields, *pending)
        same = same_field(self._fields[blob], field)
        return (same.reference.tag, same.reference.digest) if same else None


def _wanted(update: Update) -> tuple[str | None, str | None]:
    current = update.field.reference
    return update.tag or current.tag, update.digest or current.digest
