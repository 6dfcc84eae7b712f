"""Keeps the scan of a whole head in one file: a pass that finds the head unchanged reads it alone.

Deleting the file changes nothing but speed. A checksum covers it: a damaged one is made anew.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from imagebot.config.builtin import only_markers
from imagebot.config.model import Configuration
from imagebot.manifest.cache import (
    StaleScanError,
    UnencodableScanError,
    decode_value,
    encode_value,
    prepare,
)
from imagebot.scan.cache import KeptScans, read_kept, reader_version, write_kept
from imagebot.scan.checkout import CheckoutSource
from imagebot.scan.inventory import Inventory, TreeScan, inventory_of, scan_tree
from imagebot.values import dataclass

_FORMAT = b"imagebot-tree-1"
# What decides which files of a head are read, and what is found in them.
_READERS = ("manifest/**/*.py", "scan/*.py", "git/*.py", "reference.py", "glob.py")


def prepare_threads(*kinds: type) -> None:
    """Called before threads read what is kept at the same time, also of `kinds`."""
    prepare(TreeScan, *kinds)


@dataclass(frozen=True, slots=True)
class KeptTree:
    """What is kept of the scan of a head, if anything; whether it can be decoded is not known yet.

    `key` stands for all that it is made from.
    """

    key: str
    body: memoryview | None
    managed_only: bool

    def decoded(self) -> TreeScan | None:
        try:
            return None if self.body is None else decode_value(self.body, TreeScan)
        except StaleScanError:
            return None

    def inventory(self) -> Inventory:
        """The inventory that was kept. Raises StaleScanError, which its checksum rules out."""
        tree = self.decoded()
        if tree is None:
            raise StaleScanError
        return inventory_of(tree)


def find_tree(
    source: CheckoutSource, configuration: Configuration, *, tree: Path, url: str
) -> KeptTree:
    """What the file `tree` has of a checkout's head. `url` is that of the Git repository.

    While the bot has pull requests, all files are read: what becomes of their images must be known.
    """
    managed_only = only_markers(configuration) and not source.checkout.bot_branches()
    key = _key(source, configuration, url, managed_only=managed_only)
    return KeptTree(key, read_kept(tree, _FORMAT, key), managed_only)


def kept_inventory(
    source: CheckoutSource,
    configuration: Configuration,
    *,
    tree: Path,
    scans: KeptScans,
    url: str,
    found: KeptTree | None = None,
) -> Inventory:
    """The inventory of a checkout's head, from the file `tree` where that has it.

    Otherwise the files are scanned, those whose scans are not in `scans`, and both are written.
    `found` is what `find_tree` returns, where that is known. Raises GitError.
    """
    found = found or find_tree(source, configuration, tree=tree, url=url)
    kept = found.decoded()
    if kept is None:
        cache = scans.cache()
        managed_only = found.managed_only
        kept = scan_tree(source, configuration, cache, url=url, managed_only=managed_only)
        cache.save()
        _save(tree, found.key, kept)
    return inventory_of(kept)


def _key(
    source: CheckoutSource, configuration: Configuration, url: str, *, managed_only: bool
) -> str:
    """Equal where the same files are read in the same way by the same code."""
    reader = reader_version(Path(__file__).parent.parent, _READERS)
    options = (source.checkout.head, reader, source.files, configuration.files, url)
    said = repr((*options, configuration.fields, managed_only))
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()


def _save(path: Path, key: str, tree: TreeScan) -> None:
    try:
        body = encode_value(tree)
    except UnencodableScanError:
        return
    write_kept(path, _FORMAT, key, body)
