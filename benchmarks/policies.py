"""How long choosing takes. Run it with `python -m benchmarks.policies`.

Every figure is the best of some runs of the whole of `choose`, on one core, with nothing cached
between tags: what counts is the time that a pass would wait.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from imagebot.policy.build import build_policy
from imagebot.policy.builtin import SHAPE
from imagebot.policy.choose import choose
from imagebot.policy.model import Policy
from imagebot.reference import Reference, parse_reference
from imagebot.version.dates import is_date
from imagebot.version.places import components
from imagebot.version.reading import settle_alone, version_dates
from imagebot.version.shape import layout_of_skeleton
from imagebot.version.skeletons import names_and_days

_TODAY = date(2026, 1, 1)
_MANY = 100_000
REMEMBERED = (
    layout_of_skeleton,
    is_date,
    names_and_days,
    settle_alone,
    version_dates,
    components,
)


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    budget: float
    """Seconds."""
    work: Callable[[], None]


def _semver_tags(count: int) -> list[str]:
    chance = random.Random(1)
    versions = [
        f"{chance.randrange(30)}.{chance.randrange(60)}.{chance.randrange(200)}"
        for _ in range(count)
    ]
    return [
        f"{version}-rc.{chance.randrange(5)}" if chance.random() < 0.1 else version
        for version in versions
    ]


def _build_tags(count: int) -> list[str]:
    chance = random.Random(2)
    return [f"main-{number}-{chance.getrandbits(28):07x}" for number in range(count)]


def _mixed_tags(count: int) -> list[str]:
    """What large repositories hold: flavours, pre-releases, dates, branches and hashes."""
    chance = random.Random(3)

    def tag() -> str:
        version = f"{chance.randrange(20)}.{chance.randrange(50)}.{chance.randrange(100)}"
        kind = chance.randrange(8)
        if kind < 3:
            return version
        if kind == 3:
            return f"{version}-alpine3.{chance.randrange(22)}"
        if kind == 4:
            return f"{version}-rc.{chance.randrange(9)}"
        if kind == 5:
            month, day = chance.randrange(1, 13), chance.randrange(1, 29)
            return f"20{chance.randrange(10, 26)}{month:02}{day:02}"
        if kind == 6:
            return f"main-{chance.randrange(9999)}-{chance.getrandbits(28):07x}"
        return f"{chance.getrandbits(160):040x}"

    return [tag() for _ in range(count)]


def _choosing(policy: Policy, tags: Sequence[str], current: str) -> Callable[[], None]:
    reference = parse_reference(f"registry.test/app:{current}")

    def work() -> None:
        choice = choose(policy, tags, reference, today=_TODAY)
        assert choice.candidates, choice.reason

    return work


def _choosing_many() -> Callable[[], None]:
    policy = build_policy("careful", {"max": "minor"})
    repositories: list[tuple[Reference, list[str]]] = []
    for number in range(1000):
        tags = random.Random(number).sample(_mixed_tags(2000), 100)
        newest = sorted(tag for tag in tags if tag.count(".") == 2 and "-" not in tag)
        repositories.append((parse_reference(f"registry.test/r{number}:{newest[0]}"), tags))

    def work() -> None:
        for reference, tags in repositories:
            choose(policy, tags, reference, today=_TODAY)

    return work


def cases() -> list[Case]:
    semver, builds, mixed = _semver_tags(_MANY), _build_tags(_MANY), _mixed_tags(_MANY)
    in_range = build_policy("range", {"semver": ">=1.2 <28"})
    strict = build_policy("strict", {"semver": ">=1.2 <28", "version-syntax": "strict"})
    pattern = {"pattern": "^main-(?P<build>[0-9]+)-[0-9a-f]{7}$", "extract": "$build"}
    numerical = build_policy("builds", {**pattern, "order": "numerical"})
    lowest = "0.0.1"
    return [
        Case("semver range, 100,000 tags", 0.25, _choosing(in_range, semver, lowest)),
        Case("semver range, strict syntax, 100,000 tags", 0.25, _choosing(strict, semver, lowest)),
        Case("semver range, no current, 100,000 tags", 0.25, _choosing(in_range, semver, "latest")),
        Case(
            "pattern + numerical, 100,000 tags", 0.4, _choosing(numerical, builds, "main-0-abcdef0")
        ),
        Case("shape, 100,000 tags of one shape", 0.3, _choosing(SHAPE, semver, "0.0.0")),
        Case(
            "shape, max: major, 100,000 tags",
            0.3,
            _choosing(build_policy("p", {}), semver, "0.0.0"),
        ),
        Case("shape, 100,000 mixed tags", 0.3, _choosing(SHAPE, mixed, "3.1.4")),
        Case("shape, 100,000 build tags", 0.3, _choosing(SHAPE, builds, "main-0-abcdef0")),
        Case("1,000 repositories of 100 tags", 0.5, _choosing_many()),
    ]


def measure(work: Callable[[], None], runs: int = 5) -> float:
    """Seconds of the fastest run; nothing that a run has read of tags helps the next."""
    best = float("inf")
    for _ in range(runs):
        for remembered in REMEMBERED:
            remembered.cache_clear()
        started = time.process_time()
        work()
        best = min(best, time.process_time() - started)
    return best


def main() -> int:
    worst = 0.0
    for case in cases():
        seconds = measure(case.work)
        ratio = seconds / case.budget
        worst = max(worst, ratio)
        print(
            f"{case.name:<48} {seconds * 1000:7.1f} ms  {ratio:5.0%} of {case.budget * 1000:.0f} ms"
        )
    return 0 if worst <= 1 else 1


if __name__ == "__main__":
    sys.exit(main())
