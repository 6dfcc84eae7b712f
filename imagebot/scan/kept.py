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
from imagebot.scan.cache import load_scan_cache, read_kept, reader_version, write_kept
from imagebot.scan.checkout import CheckoutSource
from imagebot.scan.inventory import Inventory, TreeScan, inventory_of, scan_tree

_FORMAT = b"imagebot-tree-1"
# What decides which files of a head are read, and what is found in them.
_READERS = ("manifest/**/*.py", "scan/*.py", "git/*.py", "reference.py", "glob.py")


def prepare_threads() -> None:
    """Called before threads read what is kept at the same time."""
    prepare(TreeScan)


def kept_inventory(
    source: CheckoutSource, configuration: Configuration, *, tree: Path, scans: Path, url: str
) -> Inventory:
    """The inventory of a checkout's head, from the file `tree` where that has it.

    Otherwise the files are scanned, those whose scans are not in the file `scans`, and both are
    written. `url` is that of the Git repository. While the bot has pull requests, all files are
    read: what becomes of their images must be known. Raises GitError.
    """
    managed_only = only_markers(configuration) and not source.checkout.bot_branches()
    key = _key(source, configuration, url, managed_only=managed_only)
    kept = _load(tree, key)
    if kept is None:
        cache = load_scan_cache(scans)
        kept = scan_tree(source, configuration, cache, url=url, managed_only=managed_only)
        cache.save()
        _save(tree, key, kept)
    return inventory_of(kept)


def _key(
    source: CheckoutSource, configuration: Configuration, url: str, *, managed_only: bool
) -> str:
    """Equal where the same files are read in the same way by the same code."""
    reader = reader_version(Path(__file__).parent.parent, _READERS)
    options = (source.checkout.head, reader, source.files, configuration.files, url)
    said = repr((*options, configuration.fields, managed_only))
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()


def _load(path: Path, key: str) -> TreeScan | None:
    body = read_kept(path, _FORMAT, key)
    try:
        return None if body is None else decode_value(body, TreeScan)
    except StaleScanError:
        return None


def _save(path: Path, key: str, tree: TreeScan) -> None:
    try:
        body = encode_value(tree)
    except UnencodableScanError:
        return
    write_kept(path, _FORMAT, key, body)
