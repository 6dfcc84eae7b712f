"""Where manifests come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from imagebot.errors import ImagebotError


class Source(Protocol):
    """Where manifests come from: a folder, or a commit of a target.

    `whole` is false for a part of the files that a configuration covers.
    """

    @property
    def whole(self) -> bool: ...

    def paths(self) -> Sequence[str]:
        """Every file that may hold image fields, relative, in a stable order."""
        ...

    def fetch(self, paths: Sequence[str]) -> None:
        """Fetch these files in one request, before they are read in parts."""
        ...

    def read(self, paths: Sequence[str]) -> Iterator[tuple[str, bytes | ImagebotError]]:
        """The content of each of `paths`, in their order; an error if it cannot be read.

        Forked processes may read different parts at once.
        """
        ...

    def has(self, path: str) -> bool:
        """Whether there is something at a path, whether or not `paths` has it."""
        ...

    def blobs(self) -> Mapping[str, str]:
        """The Git blob of each path, as far as the source knows it without reading files."""
        ...
