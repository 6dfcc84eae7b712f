"""The images of one repository, which have the names of their tags."""

from __future__ import annotations

from dataclasses import dataclass

from imagebot.reference import Repository
from tests.support.fake_registry import FakeRegistry, digest_of

__all__ = ["FakeImages", "digest_of"]


@dataclass
class FakeImages(FakeRegistry):
    """`points` maps tags to names of images; a tag that is not there has an image of its name."""

    def image_of(self, repository: Repository, tag: str) -> str:
        return self.points.get(tag, tag)

    @property
    def asked(self) -> list[str]:
        """The calls without the repository: `digest 1.0`, `pushed 1.0 1.1`."""
        return [" ".join((what, *about)) for what, _, *about in self.calls]
