"""Release histories, pushed tag by tag, with fields that the default policy moves after every push.

What a careful person would do is worked out from the records of `histories`, which know what each
tag means; imagebot sees the tags alone.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from random import Random

import pytest

from imagebot.policy.builtin import SHAPE
from imagebot.policy.model import Choice
from tests.policy.choosing import choosing
from tests.policy.histories import SCHEMES, Pushed, Scheme

PUSHES, FIELDS = 150, 7
LINES_OF_HASHES = ("commit", "hash", "bare hash")


@dataclass
class Field:
    """An image field, and every tag that it had."""

    now: Pushed
    trail: list[str] = field(default_factory=list)

    def move(self, to: Pushed) -> None:
        self.trail.append(self.now.tag)
        self.now = to

    def __str__(self) -> str:
        return " -> ".join([*self.trail[-4:], self.now.tag])


@dataclass
class Replay:
    """A repository that is being pushed to, and the fields that have tags of it."""

    scheme: Scheme
    chance: Random
    pushed: dict[str, Pushed] = field(default_factory=dict)
    fields: list[Field] = field(default_factory=list)
    placed: Counter[str] = field(default_factory=Counter)

    def push(self, one: Pushed) -> None:
        if one.tag in self.pushed:
            return
        self.pushed[one.tag] = one
        for each in self.fields:
            self.decide(each)

    def decide(self, each: Field) -> Choice:
        """One pass: the field moves where the policy says, if a person would bear it."""
        tags = list(self.pushed)
        self.chance.shuffle(tags)
        choice = choosing(SHAPE, tags, each.now.tag)
        if choice.successors:
            new = self.pushed[choice.successors[0]]
            complaint = objection(self.scheme, each.now, new)
            assert complaint is None, f"{each} -> {new.tag}: {complaint} ({choice.reason})"
            each.move(new)
        return choice

    def settle(self, each: Field) -> None:
        """All tags of a release are there: the field comes to rest where a person would have it."""
        choice = self.decide(each)
        for _ in range(4):
            if not choice.successors:
                break
            choice = self.decide(each)
        assert not choice.successors, f"{each} does not come to rest"
        missed = [one.tag for one in self.pushed.values() if _is_due(self.scheme, each.now, one)]
        assert not missed, f"{each} sticks at {choice.code}: {choice.reason}; not at {missed[-3:]}"
        if not each.now.version:
            assert choice.code == "no-order", f"{each}: {choice.code}: {choice.reason}"
        if each.now.line in LINES_OF_HASHES:
            assert "hash" in choice.reason, f"{each}: {choice.reason}"
        larger = self._larger(each)
        plain = not (each.now.runtime or each.now.named or self.scheme.year_is_major)
        if larger and plain:
            assert choice.code == "max", f"{each}: {choice.code}: {choice.reason}"
        if larger and self.chance.random() < 0.2:
            each.move(self.chance.choice(larger))  # somebody takes the new major

    def place(self, release: list[Pushed]) -> int:
        """New fields, first for the lines that had fewest; the moves of those that give way."""
        self.chance.shuffle(release)
        release.sort(key=lambda one: self.placed[one.line])
        gone = 0
        for one in release[:3] if len(self.fields) < FIELDS else release[:1]:
            if len(self.fields) == FIELDS:
                if self.chance.random() > 0.3:
                    continue
                gone += len(self.fields.pop(self.chance.randrange(FIELDS)).trail)
            self.placed[one.line] += 1
            self.fields.append(Field(one))
        return gone

    def _larger(self, each: Field) -> list[Pushed]:
        """What a larger step would take, on the very platform."""
        now = each.now
        return [
            one
            for one in self.pushed.values()
            if self.scheme.majors
            and _is_alike(now, one)
            and one.system == now.system
            and one.version[:1] > now.version[:1]
        ]


def _is_alike(now: Pushed, one: Pushed) -> bool:
    """Whether a field may have the other tag next, as far as words and runtimes go."""
    return one.line == now.line and one.runtime == now.runtime and bool(one.version) and not one.pre


def objection(scheme: Scheme, now: Pushed, new: Pushed) -> str | None:
    """Why a careful person would never write this, None when they might."""
    if new.line != now.line:
        return "another scheme"
    if not new.version:
        return "nothing orders these"
    if new.pre:
        return "a pre-release"
    if new.version < now.version:
        return "an older version"
    if scheme.majors and not scheme.year_is_major and new.version[0] != now.version[0]:
        return "another major version"
    if new.runtime != now.runtime:
        return "another runtime"
    if new.system < now.system:
        return "an older operating system"
    if new.version == now.version:
        if new.system != now.system:
            return "another operating system without a new version"
        if new.revision <= now.revision:
            return "neither a newer version nor a newer build"
    return None


def _is_due(scheme: Scheme, now: Pushed, one: Pushed) -> bool:
    """Whether a careful person would take this rather than stay."""
    if not _is_alike(now, one) or (scheme.majors and one.version[0] != now.version[0]):
        return False
    if one.version == now.version:
        return one.system == now.system and one.revision > now.revision
    if one.system != now.system and (one.named or one.system < now.system):
        return False
    return one.version > now.version


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("name", SCHEMES)
def test_replay(name: str, seed: int) -> None:
    """No field ever goes down, hops, or sticks."""
    chance = Random(f"{name} {seed}")
    replay = Replay(SCHEMES[name], chance)
    moves = 0
    for release in SCHEMES[name].releases(chance, PUSHES):
        chance.shuffle(release)
        for one in release:
            replay.push(one)
        for each in replay.fields:
            replay.settle(each)
        moves += replay.place([one for one in release if not one.pre])
        if len(replay.pushed) > PUSHES:
            break
    assert moves + sum(len(each.trail) for each in replay.fields) > 20
