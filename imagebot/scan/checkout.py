"""The files of a checkout's head as a source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from functools import cached_property
from itertools import islice

from imagebot.config.model import Files
from imagebot.errors import FolderError, ImagebotError, UnreadableManifestError
from imagebot.git.checkout import Checkout
from imagebot.git.tree import LINK, ODD_NAME, leads_out
from imagebot.glob import matches_any
from imagebot.manifest.formats.select import is_manifest_path
from imagebot.values import dataclass

# Blobs are read in batches, so a large repository never has to fit in memory.
_BATCH = 512
_MAX_LINK = 4096


@dataclass(frozen=True)
class CheckoutSource:
    """The files of a target's head that may hold image fields; those `known` are not read."""

    checkout: Checkout
    files: Files
    whole: bool = True
    known: Mapping[str, bytes] = field(default_factory=dict)

    def paths(self) -> Sequence[str]:
        return self._paths

    @cached_property
    def _paths(self) -> list[str]:
        return [path for path in (*self._blobs, *self._unreadable) if self._takes(path)]

    @cached_property
    def _blobs(self) -> Mapping[str, str]:
        return self.checkout.blobs()

    @cached_property
    def _unreadable(self) -> Mapping[str, ImagebotError]:
        """Why a file that would be read cannot be, by its name as it can be shown."""
        others = self.checkout.others()
        odd = [other.path for other in others if other.reason == ODD_NAME]
        return {
            **{path: _odd_name(path) for path in odd},
            **{path: _link(path) for path in self._links_out()},
        }

    def _links_out(self) -> Sequence[str]:
        """Links with names of manifests that lead out of the tree.

        As in a folder, one to a file of the tree is left out: the file itself is read.
        """
        links = {other.path: other.blob for other in self.checkout.others() if other.reason == LINK}
        asked = [path for path in links if self._takes(path)]
        if not asked:
            return ()
        contents = self.checkout.read(links.values(), max_size=_MAX_LINK)
        said = {path: contents[blob] for path, blob in links.items() if blob in contents}
        return [path for path in asked if path not in said or leads_out(path, said)]

    def _takes(self, path: str) -> bool:
        if not is_manifest_path(path, self.files.patterns, self.files.fields):
            return False
        return not self.files.exclude or not matches_any(self.files.exclude, path)

    def has(self, path: str) -> bool:
        others = self.checkout.others()
        return path in self._blobs or any(other.path == path for other in others)

    def blobs(self) -> Mapping[str, str]:
        return self._blobs

    def fetch(self, paths: Sequence[str]) -> None:
        rest = (path for path in paths if path in self._blobs and path not in self.known)
        self.checkout.fetch(self._blobs[path] for path in rest)

    def read(self, paths: Sequence[str]) -> Iterator[tuple[str, bytes | ImagebotError]]:
        rest = iter(paths)
        while batch := list(islice(rest, _BATCH)):
            blobs = {path: self._blobs[path] for path in batch if path in self._blobs}
            contents = self.checkout.read(blobs[path] for path in blobs if path not in self.known)
            for path in batch:
                if path in self.known:
                    yield path, self.known[path]
                elif path in blobs:
                    data = contents.get(blobs[path])
                    yield path, _too_big(path) if data is None else data
                else:
                    yield path, self._unreadable.get(path) or _link(path)


def _too_big(path: str) -> UnreadableManifestError:
    return UnreadableManifestError(path, 0, "the file is too large to be a manifest")


def _odd_name(path: str) -> UnreadableManifestError:
    return UnreadableManifestError(path, 0, ODD_NAME, hint="rename the file")


def _link(path: str) -> FolderError:
    return FolderError(
        path, "a link, which is not followed", hint="name the file that it points to"
    )
