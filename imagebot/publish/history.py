"""Which commit is behind what became of an update, read from the target's history."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from imagebot.config.model import Configuration
from imagebot.git.checkout import Checkout
from imagebot.manifest.images.options import ScanOptions
from imagebot.manifest.images.same import same_field
from imagebot.publish.branches import fields_of
from imagebot.publish.changes import Ending
from imagebot.publish.fates import Fate
from imagebot.publish.proposal import Value, value_of
from imagebot.publish.text import configuration_hash
from imagebot.text import excerpt

_MOST_COMMITS = 50
_SHOWN = 12
_MAX_NAME = 80


def explained(fate: Fate, checkout: Checkout, options: ScanOptions) -> Fate:
    """The fate with the commit that brought it about in its reason, where one is found.

    Looks at the last 50 commits of the file. Raises GitError.
    """
    if fate.kind == "arrived":
        assert fate.today is not None
        came = _since(fate, checkout, options, lambda value: value == fate.today)
        return replace(fate, reason=f"{fate.reason}, since {came}") if came else fate
    if fate.kind == "removed":
        went = _since(fate, checkout, options, lambda value: value is None)
        return replace(fate, reason=f"{went} removed or moved it") if went else fate
    return fate


def _since(
    fate: Fate,
    checkout: Checkout,
    options: ScanOptions,
    holds: Callable[[Value | None], bool],
) -> str:
    """The last commit that made something hold of the field's value, "" for none."""
    path = fate.proposal.field.path
    touches = checkout.history([path], most=_MOST_COMMITS).get(path, ())
    contents = checkout.read(blob for touch in touches for blob in (touch.old, touch.new) if blob)

    def value(blob: str) -> Value | None:
        fields = fields_of(path, contents[blob], options) if blob in contents else ()
        same = same_field(fields, fate.proposal.field)
        return value_of(same) if same and fate.proposal.is_of(same) else None

    for touch in touches:
        if holds(value(touch.new)) and not holds(value(touch.old)):
            who = excerpt(touch.author or touch.addresses[0], _MAX_NAME)
            return f"{touch.commit[:_SHOWN]} by {who}"
    return ""


def configuration_version(configuration: Configuration, checkout: Checkout, now: int) -> Ending:
    """The commit of a target's configuration and its time; for another file its hash, and `now`.

    Raises GitError.
    """
    if not configuration.text_hash and not configuration.built_in:
        last = checkout.last_commit(configuration.path)
        if last is not None:
            return Ending(last.commit, last.when)
    return Ending(configuration.text_hash or configuration_hash(configuration.path), now)
