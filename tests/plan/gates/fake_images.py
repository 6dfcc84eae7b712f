"""A registry's facts, written down, and what was asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from imagebot.errors import RegistryError, RepositoryNotFoundError
from imagebot.reference import Repository, is_digest
from imagebot.registry.api import Pushed
from tests.support.unasked import Unasked


def digest_of(name: str) -> str:
    """A digest that is the same for the same name."""
    return "sha256:" + name.encode().hex().rjust(64, "0")[-64:]


@dataclass
class FakeImages(Unasked):
    """`points` maps tags to names of images; a tag that is not there has an image of its name."""

    points: dict[str, str] = field(default_factory=dict)
    missing: frozenset[str] = frozenset()
    failing: frozenset[str] = frozenset()
    runs_on: dict[str, tuple[str, ...]] = field(default_factory=dict)
    claims: dict[str, datetime] = field(default_factory=dict)
    pushes: dict[str, Pushed] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def digest(self, repository: Repository, reference: str) -> str:
        self.asked.append(f"digest {reference}")
        if reference in self.failing:
            raise RegistryError(str(repository), "it does not answer", temporary=True)
        if reference in self.missing:
            raise RepositoryNotFoundError(str(repository), f"no {reference}")
        return digest_of(self.points.get(reference, reference))

    def platforms(self, repository: Repository, digest: str) -> tuple[str, ...]:
        name = self._name(digest)
        self.asked.append(f"platforms {name}")
        return self.runs_on.get(name, ("linux/amd64", "linux/arm64/v8", "unknown/unknown"))

    def created(self, repository: Repository, digest: str) -> datetime | None:
        name = self._name(digest)
        self.asked.append(f"created {name}")
        return self.claims.get(name)

    def pushed(self, repository: Repository, tags: Sequence[str]) -> Mapping[str, Pushed]:
        self.asked.append(f"pushed {' '.join(tags)}")
        return {tag: self.pushes[tag] for tag in tags if tag in self.pushes}

    def _name(self, digest: str) -> str:
        assert is_digest(digest), "facts are asked by digest"
        return bytes.fromhex(digest.removeprefix("sha256:")).lstrip(b"\0").decode()
