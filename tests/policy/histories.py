"""Release histories of tag schemes, made up from a seed.

The records say what every tag means, as whoever pushes it knows it: nothing here reads a tag.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import NamedTuple

Numbers = tuple[int, ...]


class Pushed(NamedTuple):
    """A tag and what it means.

    Only tags of one `line` may follow each other: the same words in the same places. `version` is
    () where nothing orders a line: names, identities, hashes. `system` and `runtime` are numbers
    of platforms, `revision` counts the builds of a version. `named`: the operating system is a
    name (bookworm), which nobody has to leave. `pre`: a pre-release.
    """

    tag: str
    line: str
    version: Numbers = ()
    system: Numbers = ()
    runtime: Numbers = ()
    revision: Numbers = ()
    pre: bool = False
    named: bool = False


Release = list[Pushed]


@dataclass(frozen=True)
class Scheme:
    """`majors` False: the first number is no major, as in dates."""

    releases: Callable[[Random, int], Iterator[Release]]
    majors: bool = True
    year_is_major: bool = False


def commit(chance: Random, length: int = 7) -> str:
    """A hash; seven digits without a letter are 3.6 % of them."""
    return f"{chance.getrandbits(4 * length):0{length}x}"


def _word(name: str) -> Pushed:
    return Pushed(name, f"word {name}")


def _dotted(numbers: Sequence[int]) -> str:
    return ".".join(map(str, numbers))


def _versions(chance: Random, count: int, start: Numbers = (1, 8, 8)) -> Iterator[list[Numbers]]:
    """What each of some releases brings: the newest branch, an older one, all, or a new one."""
    branches = [list(start)]
    yield [start]
    for _ in range(count - 1):
        major, minor, _patch = branches[-1]
        roll = chance.random()
        if roll < 0.05:
            branches.append([major + 1, 0, 0])
        elif roll < 0.3:
            branches.append([major, minor + 1, 0])
        elif roll < 0.5:
            chance.choice(branches)[2] += 1
        else:
            branches[-1][2] += 1
        branches = branches[-4:]
        if roll > 0.9:
            for branch in branches[:-1]:
                branch[2] += 1
            yield [(a, b, c) for a, b, c in branches]
        elif 0.3 <= roll < 0.5:
            # Whichever was raised, all of them are built again: the others are pushed already.
            yield [(a, b, c) for a, b, c in branches]
        else:
            yield [(branches[-1][0], branches[-1][1], branches[-1][2])]


class _Window:
    """Platforms of which the newest two or three are built; new ones come, and old ones go."""

    def __init__(self, chance: Random, first: Numbers, width: int = 2, every: int = 8) -> None:
        self._chance, self._every = chance, every
        self.built = [(*first[:-1], first[-1] + step) for step in range(width)]

    def turn(self) -> list[Numbers]:
        """The platforms of the next release."""
        if self._chance.randrange(self._every) == 0:
            newest = self.built[-1]
            self.built.append((*newest[:-1], newest[-1] + 1))
            # For a while there is one more, or the old one goes at once.
            del self.built[: len(self.built) - self._chance.choice((1, 2, 3))]
        return list(self.built)


def metadata_action(chance: Random, count: int) -> Iterator[Release]:
    """docker/metadata-action: pushes to branches, pull requests, and releases among them."""
    pull = 8
    for batch in _versions(chance, count):
        for _ in range(chance.randrange(4)):
            pull += 1
            yield [Pushed(f"pr-{pull}", "pull")]
            yield [Pushed(f"sha-{commit(chance)}", "commit"), _word("main")]
        for a, b, c in batch:
            release = [
                Pushed(f"{a}.{b}.{c}", "full", (a, b, c)),
                Pushed(f"{a}.{b}", "minor", (a, b)),
                Pushed(f"sha-{commit(chance)}", "commit"),
                _word("latest"),
            ]
            yield release
        if chance.random() < 0.2:
            yield [Pushed(f"{a}.{b + 1}.0-rc.1", "full", (a, b + 1, 0), pre=True)]


def bitnami(chance: Random, count: int) -> Iterator[Release]:
    """One operating system at a time, moved from now and then, and many rebuilds."""
    system = 9
    revisions: dict[Numbers, int] = {}
    for batch in _versions(chance, count):
        system += chance.randrange(12) == 0
        for version in batch:
            text = _dotted(version)
            for _ in range(chance.choice((1, 1, 2, 3))):
                revision = revisions.get((*version, system), -1) + 1
                revisions[(*version, system)] = revision
                yield [
                    Pushed(
                        f"{text}-debian-{system}-r{revision}",
                        "build",
                        version,
                        (system,),
                        (),
                        (revision,),
                    ),
                    Pushed(text, "full", version),
                    Pushed(f"{version[0]}.{version[1]}", "minor", version[:2]),
                    Pushed(f"{version[0]}", "major", version[:1]),
                    _word("latest"),
                ]


def linuxserver(chance: Random, count: int) -> Iterator[Release]:
    """A build number over all versions; every build has its tags for each architecture."""
    build = 7
    for batch in _versions(chance, count):
        version = batch[-1]
        text = _dotted(version)
        for _ in range(chance.choice((1, 1, 2, 4))):
            build += 1
            yield [
                *(
                    Pushed(
                        f"{before}{text}-ls{build}", f"build {before}", version, (), (), (build,)
                    )
                    for before in ("", "amd64-", "arm64v8-")
                ),
                Pushed(f"version-{text}", "version", version),
                Pushed(text, "full", version),
                _word("latest"),
                _word("develop"),
            ]


def gitlab(chance: Random, count: int) -> Iterator[Release]:
    """Patches for several minors at once, and release candidates."""
    for batch in _versions(chance, count, (16, 8, 8)):
        for version in batch:
            text = _dotted(version)
            if version[2] == 0:
                for number in range(42, 44):
                    yield [
                        Pushed(
                            f"{version[0]}.{version[1]}.0-rc{number}.ce.0",
                            "build",
                            version,
                            pre=True,
                        )
                    ]
            yield [
                Pushed(f"{text}-ce.0", "build", version),
                _word("latest"),
                _word("nightly"),
                _word("rc"),
            ]


def php(chance: Random, count: int) -> Iterator[Release]:
    """Parallel branches on two or three Alpines, with and without the Alpine's number."""
    alpines = _Window(chance, (3, 8))
    for batch in _versions(chance, count, (8, 1, 8)):
        built = alpines.turn()
        for version in batch:
            release = []
            for kind in ("fpm", "cli"):
                release.append(
                    Pushed(f"{_dotted(version)}-{kind}-alpine", f"{kind}-alpine", version)
                )
                for system in built:
                    name = f"{kind}-alpine{_dotted(system)}"
                    line = f"{kind}-alpine#.#"
                    release.append(Pushed(f"{_dotted(version)}-{name}", line, version, system))
                    release.append(
                        Pushed(
                            f"{_dotted(version[:2])}-{name}", f"{line} minor", version[:2], system
                        )
                    )
                release.append(Pushed(f"{_dotted(version)}-{kind}", kind, version))
            yield release


def wordpress(chance: Random, count: int) -> Iterator[Release]:
    """A runtime beside the version, and at times an operating system behind it."""
    runtimes = _Window(chance, (8, 8), every=6)
    alpines = _Window(chance, (3, 8), every=6)
    for batch in _versions(chance, count, (6, 0, 8)):
        built, systems = runtimes.turn(), alpines.turn()
        for version in batch:
            text = _dotted(version)
            release = [Pushed(text, "full", version), Pushed(f"{text}-apache", "apache", version)]
            for runtime in built:
                name = f"{text}-php{_dotted(runtime)}"
                release.append(Pushed(f"{name}-apache", "php-apache", version, (), runtime))
                for system in systems:
                    tag = f"{name}-fpm-alpine{_dotted(system)}"
                    release.append(Pushed(tag, "php-fpm-alpine", version, system, runtime))
            yield release


def node(chance: Random, count: int) -> Iterator[Release]:
    """Debian by its names, which come and go, and Alpine by its numbers."""
    names = {11: "bullseye", 12: "bookworm", 13: "trixie"}
    alpines = _Window(chance, (3, 8))
    for at, batch in enumerate(_versions(chance, count, (20, 8, 8))):
        debians = (11, 12) if at < count // 2 else (12, 13)
        built = alpines.turn()
        for version in batch:
            text = _dotted(version)
            release = [Pushed(text, "full", version), Pushed(f"{text}-slim", "slim", version)]
            for debian in debians:
                for form, line in ((f"{names[debian]}-slim", "name-slim"), (names[debian], "name")):
                    one = Pushed(f"{text}-{form}", line, version, (debian,), named=True)
                    major = Pushed(f"{version[0]}-{form}", f"{line} major", version[:1], (debian,))
                    release += [one, major._replace(named=True)]
            release += [
                Pushed(f"{text}-alpine{_dotted(system)}", "alpine#.#", version, system)
                for system in built
            ]
            release += [Pushed(str(version[0]), "major", version[:1]), _word("lts")]
            yield release


def harness(chance: Random, count: int) -> Iterator[Release]:
    """`YY.MM.NNNNN`: one counter for all, with fixes of the month before."""
    day, number = date(2023, 8, 3), 99_940
    before = (23, 7)
    for _ in range(count):
        day += timedelta(days=chance.randrange(3, 15))
        number += chance.randrange(1, 9)
        now = (day.year % 100, day.month)
        months = [now, before] if chance.random() < 0.2 else [now]
        for year, month in months:
            version = (year, month, number)
            text = f"{year}.{month:02}.{number}"
            yield [
                Pushed(text, "full", version),
                Pushed(f"{text}.minimal", "minimal", version),
                _word("latest"),
            ]
            number += 1
        before = now


def k3s(chance: Random, count: int) -> Iterator[Release]:
    """Kubernetes' branches at once, builds that begin anew, candidates before them."""
    for batch in _versions(chance, count, (1, 8, 8)):
        for version in batch:
            text = f"v{_dotted(version)}"
            if chance.random() < 0.2:
                yield [Pushed(f"{text}-rc1-k3s1", "build", version, (), (), (1,), pre=True)]
            for build in range(1, chance.choice((1, 1, 1, 2)) + 1):
                yield [
                    Pushed(f"{text}-k3s{build}", "build", version, (), (), (build,)),
                    _word("latest"),
                    _word("stable"),
                ]


def calendar(chance: Random, count: int) -> Iterator[Release]:
    """The same days in the ways that people write them, some days twice."""
    day, build, patch = date(2025, 8, 20), 0, 0
    for _ in range(count):
        if chance.random() < 0.7:
            month = day.month
            day += timedelta(days=chance.randrange(1, 12))
            build, patch = 0, 0 if day.month != month else patch
        build, patch = build + 1, patch + 1
        when = (day.year, day.month, day.day)
        year, month, dom = when
        yield [
            Pushed(f"{day:%Y%m%d}", "digits", when),
            Pushed(f"{day:%Y%m%d}-{build}", "digits-build", when, (), (), (build,)),
            Pushed(f"nightly-{day:%Y%m%d}-{commit(chance)}", "nightly-hash", when)
            if build == 1
            else _word("edge"),
            Pushed(f"{day:%Y-%m-%d}", "dashes", when),
            Pushed(f"v{year}-{month}-{dom}", "v dashes unpadded", when),
            Pushed(f"release_{year}_{month}_{dom}", "underscores unpadded", when),
            Pushed(f"{year}-{month}-{dom}-{build}", "unpadded-build", when, (), (), (build,)),
            Pushed(f"{year}.{month}.{patch}", "month and patch", (year, month, patch)),
            Pushed(f"v{year}.{month:02}.{dom:02}", "v dots", when),
            _word("latest"),
        ]


def git_describe(chance: Random, count: int) -> Iterator[Release]:
    """Every commit of the main branch since a release, which has a tag of its own."""
    for batch in _versions(chance, count):
        version = batch[-1]
        text = _dotted(version)
        yield [Pushed(text, "full", version), _word("latest")]
        for number in range(1, chance.choice((2, 4, 13))):
            tag = f"{text}-{number}-g{commit(chance)}"
            yield [Pushed(tag, "described", version, (), (), (number,))]


def branch_builds(chance: Random, count: int) -> Iterator[Release]:
    """Counters and times with hashes of one branch, and others beside it."""
    number, second = 9_970, 1_700_000_000
    for _ in range(count):
        number += chance.randrange(1, 4)
        second += chance.randrange(40, 90_000)
        some = commit(chance)
        yield [
            Pushed(f"main-{number}-{some}", "number and hash", (number,)),
            Pushed(f"main-{some}-{second}", "hash and time", (second,)),
            Pushed(f"main-{number}", "number", (number,)),
            Pushed(f"build-{number}", "build", (number,)),
            Pushed(f"{number}-{some}", "bare number and hash", (number,)),
            Pushed(f"main-{some}", "hash", ()),
            Pushed(some, "bare hash", ()),
            Pushed(f"pr-{number % 90}-{some}", "pull and hash", ()),
            _word("main"),
        ]


SCHEMES = {
    "metadata-action": Scheme(metadata_action),
    "bitnami": Scheme(bitnami),
    "linuxserver": Scheme(linuxserver),
    "gitlab": Scheme(gitlab),
    "php": Scheme(php),
    "wordpress": Scheme(wordpress),
    "node": Scheme(node),
    "harness": Scheme(harness, year_is_major=True),
    "k3s": Scheme(k3s),
    "calendar": Scheme(calendar, majors=False),
    "git-describe": Scheme(git_describe),
    "branch-builds": Scheme(branch_builds, majors=False),
}
