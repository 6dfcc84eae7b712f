"""What holds for every scheme of tags: versions, dates, counters, platforms, hashes, revisions.

The records know what each part of a tag is; imagebot sees the tags alone.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from imagebot.policy.build import build_policy
from imagebot.policy.builtin import SHAPE
from imagebot.policy.model import Policy
from tests.policy.choosing import choosing

Numbers = tuple[int, ...]


@dataclass(frozen=True)
class Record:
    """A tag and its parts. `main` is its version, date or counter, () where it has none."""

    tag: str
    main: Numbers
    system: Numbers
    runtime: Numbers
    revision: int
    hash: str

    @property
    def order(self) -> tuple[Numbers, Numbers, Numbers, int]:
        """All that is ordered: tags that are equal in it differ in an undecided place alone."""
        return self.main, self.system, self.runtime, self.revision


@dataclass(frozen=True)
class Scheme:
    """Where the parts are. The fields are formats, "" for a part that the scheme does not have."""

    before: str
    main: str
    runtime: str
    system: str
    word: str
    hash: str
    revision: str

    @property
    def has_major(self) -> bool:
        return self.main in _VERSIONS

    def record(
        self, main: Numbers, system: Numbers, runtime: Numbers, revision: int, commit: str
    ) -> Record:
        parts = (
            self.before + self.main.format(*main),
            self.runtime.format(*runtime),
            self.system.format(*system),
            self.word,
            self.hash.format(commit),
            self.revision.format(revision),
        )
        return Record(
            tag="".join(parts).lstrip("-_."),
            main=main if self.main else (),
            system=system if self.system else (),
            runtime=runtime if self.runtime else (),
            revision=revision if self.revision else 0,
            hash=commit if self.hash else "",
        )


@dataclass(frozen=True)
class Situation:
    scheme: Scheme
    records: list[Record]
    noise: list[str]

    @property
    def current(self) -> Record:
        return self.records[0]

    @property
    def tags(self) -> list[str]:
        return [*dict.fromkeys(record.tag for record in self.records), *self.noise]


_VERSIONS = ("{}.{}.{}", "{}.{}")
_DATES = ("{:04}{:02}{:02}", "{}-{}-{}", "{:04}-{:02}-{:02}", "{:04}.{:02}.{:02}", "{}_{}_{}")
_COUNTER_WORDS = ("main-", "build-", "ci-", "app-dev-")
_RUNTIMES = ("-php{}.{}", "-python{}.{}", "-pg{}", "-cuda{}.{}-cudnn8", "-jdk{}", "-node{}")
_SYSTEMS = ("-alpine{}.{}", "-ubuntu{}.{:02}", "-debian-{}", "-ubi{}", "-fpm-alpine{}.{}")
_HASHES = ("-{}", "-g{}", "-sha-{}", "_{}", "-sha.{}")
_REVISIONS = ("-r{}", "-ls{}", "-k3s{}")
# Too few digits without a letter to be numbers, whatever is drawn of them.
_COMMITS = ("1234567", "7654321", "0123456", "abcdef1", "4f2a9c1", "0a1b2c3", "9e107d9")
_WITHOUT_LETTERS = ("1234567", "7654321", "2345678")
_NOISE = ("latest", "stable", "pr-57", "pr-58", "feature-x", "sha256-abc", "edge", "v")


@st.composite
def schemes(draw: st.DrawFn) -> Scheme:
    kind = draw(st.sampled_from(("version", "version", "version", "date", "counter", "none")))
    one_of = {
        "version": (("", "v", "app-"), _VERSIONS),
        "date": (("", "release-"), _DATES),
        "counter": (_COUNTER_WORDS, ("{}",)),
        "none": (("", "main", "app"), ("",)),
    }
    before, mains = one_of[kind]
    version = kind == "version"
    runtime = draw(st.just("") | st.sampled_from(_RUNTIMES)) if version else ""
    system = draw(st.just("") | st.sampled_from(_SYSTEMS)) if version else ""
    some = draw(st.sampled_from(("", *_HASHES) if kind != "none" else _HASHES))
    return Scheme(
        before=draw(st.sampled_from(before)),
        main=draw(st.sampled_from(mains)),
        runtime=runtime,
        system=system,
        word=draw(st.sampled_from(("", "", "-slim"))),
        hash=some,
        revision=draw(st.sampled_from(("", *_REVISIONS))) if version and not some else "",
    )


_SMALL = st.sampled_from((1, 2, 3, 9, 10, 11))
_COUNTS = st.sampled_from((9, 10, 57, 99, 100, 101, 999, 9999, 10_000, 999_999))


def _some_of(
    platforms: st.SearchStrategy[Numbers],
) -> st.SearchStrategy[st.SearchStrategy[Numbers]]:
    """One to three platforms: with more, hardly any two versions would have the same."""
    return st.lists(platforms, min_size=1, max_size=3).map(st.sampled_from)


@st.composite
def situations(draw: st.DrawFn, *, most: int = 8) -> Situation:
    """Tags of one scheme, the first of them the field's, and others that are of none."""
    scheme = draw(schemes())
    if scheme.main in _DATES:
        main: st.SearchStrategy[Numbers] = st.tuples(
            st.sampled_from((2025, 2026)), st.integers(1, 12), st.integers(1, 28)
        )
    elif scheme.main == "{}":
        main = st.tuples(_COUNTS)
    else:
        main = st.tuples(st.sampled_from((1, 1, 1, 2)), _SMALL, _SMALL)
        if scheme.main == "{}.{}":
            main = st.tuples(st.sampled_from((1, 1, 2)), _SMALL)
    few = st.sampled_from((8, 9, 10, 11))
    record = st.builds(
        scheme.record,
        main,
        draw(_some_of(st.tuples(few, st.sampled_from((4, 10))))),
        draw(_some_of(st.tuples(few, _SMALL))),
        st.sampled_from((0, 1, 9, 10)),
        st.sampled_from(draw(st.sampled_from((_COMMITS, _COMMITS, _WITHOUT_LETTERS)))),
    )
    records = draw(st.lists(record, min_size=2, max_size=most))
    if not scheme.main:
        records = [one for one in records if one.hash]
    return Situation(scheme, _as_written(scheme, records), draw(st.lists(st.sampled_from(_NOISE))))


def _as_written(scheme: Scheme, records: list[Record]) -> list[Record]:
    """Only the numbers that the formats write."""
    written = []
    for one in records:
        system = one.system[: scheme.system.count("{")]
        runtime = one.runtime[: scheme.runtime.count("{")]
        written.append(Record(one.tag, one.main, system, runtime, one.revision, one.hash))
    return written


def taken(policy: Policy, situation: Situation, now: Record, tags: list[str]) -> Record | None:
    """The record that a field becomes, None when it stays. Only tags of its scheme are taken."""
    choice = choosing(policy, tags, now.tag)
    if not choice.successors:
        return None
    by_tag = {record.tag: record for record in situation.records}
    assert choice.successors[0] in by_tag, f"{now.tag} -> {choice.successors[0]}: no such scheme"
    return by_tag[choice.successors[0]]


def assert_never_down(policy: Policy, scheme: Scheme, now: Record, new: Record) -> None:
    said = f"{now.tag} -> {new.tag}"
    assert scheme.main, f"{said}: nothing orders them"
    assert new.main >= now.main, f"{said}: lower"
    assert new.system >= now.system, f"{said}: a lower operating system"
    assert new.runtime >= now.runtime, f"{said}: a lower runtime"
    assert new.order != now.order, f"{said}: another hash and nothing else"
    if new.main == now.main and (new.system, new.runtime) == (now.system, now.runtime):
        assert new.revision > now.revision, f"{said}: an older build"
    if policy.variant == "same" and policy.max != "major":
        assert new.runtime == now.runtime, f"{said}: another runtime"
        if new.system != now.system:
            assert new.main > now.main, f"{said}: another system for the same version"
            assert policy.max != "patch", f"{said}: more than a patch"
    if scheme.has_major and policy.max != "major":
        kept = {"minor": 1, "patch": 2, None: 0}[policy.max]
        assert new.main[:kept] == now.main[:kept], f"{said}: a larger step"


KEYS: dict[str, dict[str, object]] = {
    "patch": {"max": "patch"},
    "major": {"max": "major"},
    "any": {"variant": "any"},
    "any minor": {"variant": "any", "max": "minor"},
    "prerelease": {"prerelease": "allow", "max": "minor"},
    "natural": {"order": "natural", "max": "minor"},
}
POLICIES = {"shape": SHAPE, **{name: build_policy(name, keys) for name, keys in KEYS.items()}}
for_policies = pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)

quickly = settings(phases=(Phase.generate, Phase.shrink))
"""Without the explanations, which take minutes where many parts may vary."""


@for_policies
@quickly
@given(situation=situations())
def test_is_never_lower_in_any_ordered_part(policy: Policy, situation: Situation) -> None:
    """Nor another tag whose only difference is in a place that nothing decides."""
    if policy is not SHAPE and not situation.scheme.main:
        return  # a policy with an order of its own may adopt
    now = situation.current
    # A registry may have lost the current tag, too.
    for tags in (situation.tags, [tag for tag in situation.tags if tag != now.tag]):
        new = taken(policy, situation, now, tags)
        if new is not None:
            assert_never_down(policy, situation.scheme, now, new)


@quickly
@given(situation=situations(), chance=st.randoms(use_true_random=False))
def test_is_the_same_under_shuffling_and_repetition(
    situation: Situation, chance: random.Random
) -> None:
    tags = [*situation.tags, *situation.tags[:3]]
    chance.shuffle(tags)
    first = choosing(SHAPE, situation.tags, situation.current.tag)
    second = choosing(SHAPE, tags, situation.current.tag)
    assert (second.code, second.reason) == (first.code, first.reason)
    assert (second.successors, second.candidates) == (first.successors, first.candidates)


@quickly
@given(situation=situations())
def test_comes_to_rest(situation: Situation) -> None:
    """At once, but for a system that is left only after the last version for it."""
    now = situation.current
    systems = {record.system for record in situation.records}
    for _ in range(len(systems)):
        new = taken(SHAPE, situation, now, situation.tags)
        if new is None:
            return
        now = new
    assert taken(SHAPE, situation, now, situation.tags) is None


@for_policies
@quickly
@given(situation=situations(most=6))
def test_is_monotone_in_time(policy: Policy, situation: Situation) -> None:
    """The field walks along while tags come one by one, and never goes back."""
    if policy is not SHAPE and not situation.scheme.main:
        return
    now = situation.current
    seen = [*situation.noise, now.tag]
    for record in situation.records[1:]:
        seen.append(record.tag)
        new = taken(policy, situation, now, seen)
        if new is not None:
            assert_never_down(policy, situation.scheme, now, new)
            now = new


@quickly
@given(situation=situations())
def test_does_not_stick(situation: Situation) -> None:
    """A newer version for the very platform is taken, the highest, whatever hash it has."""
    now, scheme = situation.current, situation.scheme
    alike = [
        record
        for record in situation.records
        if (record.system, record.runtime) == (now.system, now.runtime)
        and (record.main[:1] == now.main[:1] or not scheme.has_major)
        and record.main > now.main
    ]
    if not alike:
        return
    best = max(alike, key=lambda record: (record.main, record.revision))
    if len({record.tag for record in alike if record.order == best.order}) > 1:
        return  # two builds of it: which one is not decided here
    new = taken(SHAPE, situation, now, situation.tags)
    assert new is not None, choosing(SHAPE, situation.tags, now.tag).reason
    assert new.tag == best.tag
