"""What a pass that has published keeps, so that the next one finds its head unchanged.

It is what the next pass would read and scan of the bot's own commit; most of it is known here. The
result is the same without it, but takes the next pass longer.
"""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime, timedelta
from pathlib import Path

from imagebot.config.model import Configuration, Target
from imagebot.errors import ImagebotError
from imagebot.files.atomic import remove_drafts
from imagebot.git.checkout import Checkout
from imagebot.plan.build import questions_of
from imagebot.publish.written import keep_written
from imagebot.run.asked import asked_key, plan_target, save_questions
from imagebot.scan.cache import KeptScans
from imagebot.scan.checkout import CheckoutSource
from imagebot.scan.kept import find_tree, kept_inventory
from imagebot.values import dataclass

# They take 0.3 s, which saves the next pass twice as much. More are left for that
# one to scan: somebody may wait for the one that publishes.
_MOST_FILES = 1000
_FOLDERS = ("trees", "asked", "scans", "written")
# Nobody takes so long to write a file.
_DRAFT_AGE = timedelta(hours=1)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class KeptFiles:
    """The files that keep what is known of a target: its head, what is `asked` about that, scans of
    its files, and digests. Made once for a pass.
    """

    tree: Path
    asked: Path
    scans: KeptScans
    written: Path


def kept_files(cache: Path, target: Target) -> KeptFiles:
    """Files beside the target's checkout in the cache, guarded by the same lock."""
    name = hashlib.sha256(f"{target.url}\0{target.branch}".encode()).hexdigest()[:16]
    tree, asked, scans, written = (cache / what / f"{name}.{what}" for what in _FOLDERS)
    return KeptFiles(tree, asked, KeptScans(scans), written)


def remove_left_over(cache: Path, now: datetime) -> None:
    """Delete the drafts of such files that killed passes have left, of whichever target."""
    for folder in _FOLDERS:
        remove_drafts(cache / folder, before=(now - _DRAFT_AGE).timestamp())


def keep_head(
    checkout: Checkout, configuration: Configuration, target: Target, files: KeptFiles
) -> None:
    """Keep what is known of the checkout's head, if it is a commit that was made here.

    `configuration` is that of its base; what another one would scan is kept under another key.
    Nothing that fails is an error.
    """
    made = checkout.made(checkout.head)
    if made is None:
        return
    keep_written(files.written, made.base, checkout.head, made.message)
    if len(made.files) > _MOST_FILES:
        return
    source = CheckoutSource(checkout, configuration.files, known=made.contents)
    url = target.url
    try:
        found = find_tree(source, configuration, tree=files.tree, url=url)
        inventory = kept_inventory(
            source, configuration, tree=files.tree, scans=files.scans, url=url, found=found
        )
    except ImagebotError as error:
        _log.debug("%s: the new head was not kept: %s", url, error)
        return
    questions = questions_of(
        source, inventory, configuration, target=plan_target(target), limits=target.limits
    )
    if questions:
        save_questions(files.asked, asked_key(found, configuration, target), questions)
