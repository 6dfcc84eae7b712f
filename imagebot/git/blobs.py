"""The blobs of a cache, which a clone leaves out: fetched in one batch and read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field

from imagebot.errors import DamagedCacheError, GitAuthError, GitError, GitUnreachableError
from imagebot.git.bare import BareCache
from imagebot.git.classify import damaged_cache
from imagebot.git.tree import as_lines, parse_sizes
from imagebot.values import dataclass


@dataclass(slots=True)
class Blobs:
    """Those of one cache, for one pass. Both methods may raise GitError.

    What was found in the cache is not looked for again: where it has gone since, reading it shows
    damage.
    """

    cache: BareCache
    _found: dict[str, int] = field(default_factory=dict)
    _seen: str = ""

    def fetch(self, wanted: Iterable[str], head: str) -> dict[str, int]:
        """Fetch those of these blobs that are missing, in one request; return all sizes."""
        blobs = tuple(dict.fromkeys(wanted))
        self._forget_others()
        unknown = [blob for blob in blobs if blob not in self._found]
        # git takes its time to find out that a blob is missing: it looks for new packs every time.
        missing = unknown if self.cache.has_fetched_only else self._look_for(unknown)
        if missing:
            self._prefetch(missing, head)
            self._forget_others()
            if lost := self._look_for([blob for blob in blobs if blob not in self._found]):
                reason = f"the remote does not serve blob {lost[0]}"
                raise self.cache.blame(GitError(self.cache.runner.subject, reason))
        return {blob: self._found[blob] for blob in blobs}

    def read(self, wanted: Iterable[str], head: str, *, max_size: int) -> dict[str, bytes]:
        """The contents by id, to which they are proven to belong, of those that are not larger."""
        found = self.fetch(wanted, head)
        sizes = {blob: size for blob, size in found.items() if size <= max_size}
        if not sizes:
            return {}
        limit = sum(sizes.values()) + 128 * len(sizes)
        objects = self.cache.objects(sizes, limit=limit)
        if any(kind != b"blob" for kind, _ in objects.values()) or objects.keys() != sizes.keys():
            raise damaged_cache(self.cache.path, "git reads other objects than those asked for")
        return {oid: content for oid, (_, content) in objects.items()}

    def _forget_others(self) -> None:
        """Forget what was found in a cache that has been made anew since."""
        if self._seen != self.cache.seen:
            self._found.clear()
            self._seen = self.cache.seen

    def _look_for(self, blobs: list[str]) -> list[str]:
        """The blobs that the cache has not got; the sizes of the others are known then."""
        if not blobs:
            return []
        sizes = self._sizes(blobs)
        self._found |= {blob: size for blob, size in sizes.items() if size is not None}
        return [blob for blob, size in sizes.items() if size is None]

    def _sizes(self, blobs: Iterable[str]) -> dict[str, int | None]:
        return parse_sizes(self.cache.local("cat-file", "--batch-check", payload=as_lines(blobs)))

    def _prefetch(self, blobs: Iterable[str], head: str) -> None:
        # Otherwise git would first send a list of every object in the cache.
        options = ("-c", "fetch.negotiationAlgorithm=noop")
        try:
            self.cache.fetch("--stdin", "origin", options=options, payload=as_lines(blobs))
        except (GitAuthError, GitUnreachableError, DamagedCacheError):
            raise
        except GitError:
            # The remote does not serve single objects (or not these): clone everything, once.
            if self.cache.is_whole:
                raise
            self.cache.make_anew(whole=True)
            self.cache.update(head)
