"""Chance for generated trees, and what they are made of."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from random import Random
from typing import Any

from ruamel.yaml import YAML

from tests.rendering.check import Rendering

NAMES = ("api", "web", "tools/worker", "cron", "db", "cache")
HOSTS = ("ghcr.io/acme", "quay.io/team", "registry.example:5000", "localhost:5000", "acme")
TAGS = ("1.4.1", "v2.0.3", "7", "1.21", "main-42-0a1b2c3", "3.1-alpine", "stable")


@dataclass(slots=True)
class Tree:
    """Files by path, and the ways in which they are deployed.

    `patched` are files that a patch replaces an image of, by its number if they are `numbered`.
    """

    random: Random
    files: dict[str, str] = field(default_factory=dict)
    renderings: list[Rendering] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    count: int = 0
    numbered: bool = False
    patched: set[str] = field(default_factory=set)

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def number(self) -> int:
        self.count += 1
        return self.count

    def name(self, host: str = "") -> str:
        """A name of an image, mostly one that no other has."""
        if self.names and not host and self.chance(0.2):
            return self.random.choice(self.names)
        last = f"{self.random.choice(NAMES)}-{self.number()}"
        name = f"{host or self.random.choice(HOSTS)}/{last}"
        if not host and self.chance(0.15):
            name = last.rpartition("/")[2]
        self.names.append(name)
        return name

    def tag(self) -> str:
        """A tag, mostly one that no other image has."""
        tag = self.random.choice(TAGS)
        return tag if self.chance(0.1) else tag.replace("1", str(self.number()), 1)

    def digest(self) -> str:
        return f"sha256:{self.random.getrandbits(256):064x}"

    def suffix(self) -> str:
        chance = self.random.random()
        if chance < 0.1:
            return f"@{self.digest()}"
        return f":{self.tag()}" + (f"@{self.digest()}" if chance < 0.25 else "")

    def some(self, items: list[Any], least: int = 0) -> list[Any]:
        """Some of the items, in another order."""
        return self.random.sample(items, self.random.randint(least, len(items)))

    def dump(self, value: Any, *, plain: bool = False) -> str:
        """The value in one of the styles of YAML; with `plain`, in the one that all read."""
        if not plain and self.chance(0.1):
            return json.dumps(value, indent=2) + "\n"
        yaml = YAML()
        yaml.default_flow_style = not plain and self.chance(0.15)
        yaml.width = 4096
        if not plain and self.chance(0.4):
            yaml.indent(mapping=2, sequence=4, offset=2)
        out = io.StringIO()
        yaml.dump(value, out)
        return out.getvalue()

    def dump_all(self, values: list[Any]) -> str:
        return "---\n".join(self.dump(each) for each in values)
