"""Orders shape and natural: what moves where, and which rule refuses what does not."""

import pytest

from imagebot.policy.builtin import SHAPE
from imagebot.policy.update_types import update_type_of
from tests.policy.choosing import choosing, pick, rules

# The default policy: (current, tags, picked, kind, rules of the refused tags)
DEFAULT = [
    (
        "1.2.3-alpine",
        "1.2.4-alpine 1.3.0 1.3.0-slim 1.2.9-alpine3.20",
        "1.2.4-alpine",
        "patch",
        {"1.3.0": "variant", "1.3.0-slim": "variant", "1.2.9-alpine3.20": "variant"},
    ),
    ("1.3.0-rc.1", "1.3.0-rc.2 1.3.0", "1.3.0", "patch", {}),
    ("v1.2.3", "1.2.4", None, None, {"1.2.4": "shape"}),
    (
        "7.2.4-debian-11-r9",
        "7.2.4-debian-11-r10 7.2.5-debian-12-r0",
        "7.2.5-debian-12-r0",
        "minor",
        {},
    ),
    ("7.2.4-debian-11-r9", "7.2.4-debian-11-r10", "7.2.4-debian-11-r10", "patch", {}),
    ("1.2.3-ls10", "1.2.3-ls11 1.2.4-ls12", "1.2.4-ls12", "patch", {}),
    ("main-20240101", "main-20240202", "main-20240202", "other", {}),
    ("20240101", "20240202 1.0.0", "20240202", "other", {"1.0.0": "shape"}),
    (
        "RELEASE.2023-01-25T00-19-54Z",
        "RELEASE.2024-01-25T00-19-54Z RELEASE.2023-01-25T00-19-55Z",
        "RELEASE.2024-01-25T00-19-54Z",
        "other",
        {},
    ),
    ("1.2.3.4", "1.2.3.5 1.2.4", "1.2.3.5", "patch", {"1.2.4": "shape"}),
    (
        "1.2.3",
        "1.3.0-rc.1 2.0.0-beta1",
        None,
        None,
        {"1.3.0-rc.1": "prerelease", "2.0.0-beta1": "prerelease"},
    ),
    # Sizes.
    ("1.2.3", "1.2.4 1.9.0 2.0.0", "1.9.0", "minor", {"2.0.0": "max"}),
    ("0.1.0", "0.2.0 1.0.0", "0.2.0", "minor", {"1.0.0": "max"}),
    ("16.1", "16.2 17.0 16.2.1", "16.2", "minor", {"17.0": "max", "16.2.1": "shape"}),
    ("14", "15 16", None, None, {"15": "max", "16": "max"}),
    ("14-alpine3.18", "14-alpine3.20 15-alpine3.20", None, None, None),
    ("v1.28.2-k3s1", "v1.28.2-k3s2 v1.29.0-k3s1", "v1.29.0-k3s1", "minor", {}),
    # Dates have no major, whatever separates their parts.
    ("2023.12.4", "2024.1.0", "2024.1.0", "other", {}),
    ("bookworm-20240101-slim", "bookworm-20250202-slim", "bookworm-20250202-slim", "other", {}),
    ("22.04", "24.04 22.10", "22.10", "minor", {"24.04": "max"}),
    # Never lower, and numbers as numbers.
    ("1.10.0", "1.9.9 1.10.0", None, None, {"1.9.9": "downgrade"}),
    ("1.9.0", "1.10.0", "1.10.0", "minor", {}),
    ("1.0.9007199254740992", "1.0.9007199254740993", "1.0.9007199254740993", "patch", {}),
    # Other shapes: dates and hashes never beat a release, nor words a version.
    ("1.2.3", "20240202 1234567 abcdef0 latest 1.2.4-alpine", None, None, None),
    ("14", "20240101 1234567", None, None, {"20240101": "shape", "1234567": "shape"}),
    ("1.2.3", "2024.01.05", None, None, {"2024.01.05": "shape"}),
    ("py3.11-1.2.3", "py3.12-1.2.4 py3.11-1.2.5", "py3.11-1.2.5", "patch", None),
    ("release-1.2.3", "1.2.4 release-1.2.4", "release-1.2.4", "patch", {"1.2.4": "shape"}),
    ("12.5-bookworm", "12.6-trixie 12.6-bookworm", "12.6-bookworm", "minor", None),
    ("8u292-jre", "8u302-jre 9u1-jre", "8u302-jre", "patch", {"9u1-jre": "max"}),
    ("11.0.20_8-jre", "11.0.21_9-jre 11.0.21_9-jdk", "11.0.21_9-jre", "patch", None),
    # Builds with a hash: the number orders them.
    ("1.2.3-5-gabcdef0", "1.2.3-14-g1234abc", "1.2.3-14-g1234abc", "patch", {}),
    ("main-1700000000-abcdef0", "main-1700000001-0abcdef", "main-1700000001-0abcdef", "other", {}),
    # The same shape with other names in it.
    ("1.2.3-arm32v7", "1.2.4-arm8v7 1.2.4-arm64v8", None, None, None),
    ("1.28.2-k3s1", "1.29.0-k10s2 1.29.0-k8s1", None, None, None),
    ("1.2.3-alpine-3", "1.2.4-alpine-20240101", None, None, None),
    # Pre-releases.
    ("1.3.0-rc.2", "1.3.0-rc.10 1.4.0-rc.1 1.3.0-rc.1", "1.3.0-rc.10", "patch", None),
    ("1.3.0-rc2", "1.3.0-rc10", "1.3.0-rc10", "patch", {}),
    ("1.3.0-beta.3", "1.3.0-rc.1 1.3.0-alpha.9", "1.3.0-rc.1", "patch", None),
    ("1.3.0-rc.1", "1.4.0 1.3.0", "1.4.0", "minor", {}),
    ("1.3.0-rc.1", "1.3.0-alpine", None, None, {"1.3.0-alpine": "variant"}),
    ("1.3.0-rc.1-alpine", "1.3.0-alpine 1.3.0", "1.3.0-alpine", "patch", {"1.3.0": "variant"}),
    (
        "1.3.0-nightly.20240101",
        "1.3.0-nightly.20240102 1.3.0-rc.1",
        "1.3.0-nightly.20240102",
        "patch",
        {"1.3.0-rc.1": "prerelease"},
    ),
    ("1.3.0-rc.1", "1.3.0-nightly.1", None, None, {"1.3.0-nightly.1": "prerelease"}),
]


@pytest.mark.parametrize(
    ("current", "tags", "picked", "kind", "refused"),
    DEFAULT,
    ids=[f"{c[0]}-{c[1]}" for c in DEFAULT],
)
def test_without_a_policy(
    current: str, tags: str, picked: str | None, kind: str | None, refused: dict[str, str] | None
) -> None:
    choice = choosing(SHAPE, f"{tags} {current}", current)
    assert (choice.successors[:1] or (None,))[0] == picked
    if picked is not None:
        assert update_type_of(SHAPE, current, picked) == kind
        assert choice.code == "newer"
    if refused is not None:
        assert rules(choice) == refused


@pytest.mark.parametrize("current", ["latest", "stable", "abcdef0", "sha-abcdef0", None])
def test_the_default_leaves_alone_what_has_no_order(current: str | None) -> None:
    choice = choosing(SHAPE, "1.2.3 1.2.4 1234567", current)
    assert (choice.code, choice.successors) == ("no-order", ())


def test_says_that_a_hash_has_no_order() -> None:
    choice = choosing({}, "1.2.3 abcdef0 abcdef1 1.2.4", "abcdef0")
    assert choice.successors == ()
    assert choice.reason == "nothing orders commit hashes; use order: created, or follow"


def test_names_what_a_larger_step_would_take() -> None:
    choice = choosing(SHAPE, "14 15 16", "14")
    assert choice.code == "max"
    assert choice.reason == "16 needs max: major"
    choice = choosing({"max": "patch"}, "1.2.3 1.3.0", "1.2.3")
    assert choice.reason == "1.3.0 needs max: minor"


# First adoption by a policy of one's own: (current, tags, picked)
ADOPTION = [
    ("latest", "1.2.3 1.2.4 latest", "1.2.4"),
    (None, "1.2.3 v1.2.4", "v1.2.4"),
    # Variants, dates, builds, hashes and words in front are not adopted.
    ("latest", "1.2.3 1.2.4-alpine 20240101 1234567 app-9.9.9 abcdef0", "1.2.3"),
    ("latest", "1.2.4-alpine app-9.9.9 1234567", None),
    ("latest", "1.2.3-rc.1", None),
    # The usual number of parts comes first.
    ("latest", "1.27.3 1.28 2 20240101", "1.27.3"),
    ("latest", "1.27 1.28 2 20240101", "1.28"),
    ("latest", "1.2.3.4 2", "1.2.3.4"),
    ("latest", "14 15 20240101", "15"),
    ("latest", "20240101 20240202", "20240202"),
    ("stable", "2024.1.0 0.118.5", "2024.1.0"),
]


@pytest.mark.parametrize(("current", "tags", "picked"), ADOPTION)
def test_first_adoption(current: str | None, tags: str, picked: str | None) -> None:
    choice = choosing({}, tags, current)
    assert (choice.successors[:1] or (None,))[0] == picked
    assert choice.code == ("adopted" if picked else "no-candidate")
    assert choosing({"adopt": False}, tags, current).successors == ()


# Variants that a policy names: (variant, current, tags, picked)
VARIANTS = [
    ("any", "1.2.3-alpine", "1.2.4 1.2.4-slim 1.2.4-alpine", "1.2.4-alpine"),
    ("any", "1.2.3-alpine", "1.2.4-alpine 1.2.5-slim", "1.2.5-slim"),
    ("any", "1.2.3-alpine3.18", "1.2.4-slim 1.2.4-alpine3.20 1.2.4-ltsc2022", "1.2.4-alpine3.20"),
    ("any", "1.2.3-slim", "1.2.4-slim 1.2.4-alpine3.20 1.2.4-ltsc2022", "1.2.4-slim"),
    ("any", "1.2.3-slim", "1.2.3-alpine3.20", "1.2.3-slim"),
    ("any", "latest", "1.2.4 1.2.4-alpine3.20 1.2.4-slim", "1.2.4"),
    ("any", "latest", "1.2.4 1.2.5-alpine3.20 1.2.5-slim", "1.2.5-alpine3.20"),
    ("alpine*", "latest", "1.2.4 1.2.4-alpine3.9 1.2.4-alpine3.20", "1.2.4-alpine3.20"),
    ("slim", "1.2.3-alpine3.18", "1.2.3-slim 1.2.3-alpine3.18", "1.2.3-slim"),
    ("debian-*", "1.2.3-alpine3.18", "1.2.3-debian-11 1.2.3-alpine3.18", "1.2.3-debian-11"),
    ("slim", "1.2.3-alpine", "1.2.4-alpine 1.2.4-slim", "1.2.4-slim"),
    ("slim", "1.2.3-alpine", "1.2.3-alpine 1.2.3-slim", "1.2.3-slim"),
    ("slim", "latest", "1.2.3 1.2.4-slim", "1.2.4-slim"),
    ("none", "1.2.3-alpine", "1.2.4-alpine 1.2.4", "1.2.4"),
    ("alpine*", "1.2.3-alpine3.18", "1.2.4-alpine3.18 1.2.4-alpine3.20", "1.2.4-alpine3.20"),
    ("alpine", "1.2.3-alpine", "1.2.4-alpine3.20", "1.2.3-alpine"),
    (
        "debian-12-*",
        "7.2.4-debian-11-r9",
        "7.2.5-debian-11-r1 7.2.4-debian-12-r0",
        "7.2.4-debian-12-r0",
    ),
    ("alpine", "1.3.0-rc.1-alpine", "1.3.0-alpine 1.3.0-rc.2-alpine", "1.3.0-alpine"),
]


@pytest.mark.parametrize(("variant", "current", "tags", "picked"), VARIANTS)
def test_variants(variant: str, current: str, tags: str, picked: str) -> None:
    assert pick({"variant": variant}, tags, current) == picked


# (prerelease, current, tags, picked)
PRERELEASES = [
    ("allow", "1.2.3", "1.3.0-rc.1 1.2.4", "1.3.0-rc.1"),
    ("allow", "1.3.0-rc.1", "1.4.0-alpha", "1.4.0-alpha"),
    ("allow", "latest", "1.2.3 1.3.0-rc.1", "1.3.0-rc.1"),
    ("never", "1.3.0-rc.1", "1.3.0-rc.2", "1.3.0-rc.1"),
    ("never", "1.3.0-rc.1", "1.3.0-rc.2 1.3.0", "1.3.0"),
    ("same-release", "1.2.3", "1.2.3-rc.9 1.2.4-rc.1", "1.2.3"),
    (
        "same-release",
        "1.3.0-SNAPSHOT",
        "1.3.0-SNAPSHOT-20240101 1.3.0-rc1",
        "1.3.0-SNAPSHOT-20240101",
    ),
    # Between stages only the documented order counts.
    ("allow", "1.3.0-M3", "1.3.0-RC1", "1.3.0-RC1"),
    ("allow", "1.3.0-cr2", "1.3.0-rc1", "1.3.0-cr2"),
    ("allow", "1.3.0-rc.1", "1.3.0-rc.1.1 1.3.0-rc.1.0", "1.3.0-rc.1.1"),
    ("allow", "1.3.0-rc.1", "1.3.0-rc.1.0", "1.3.0-rc.1.0"),
]


@pytest.mark.parametrize(("prerelease", "current", "tags", "picked"), PRERELEASES)
def test_prereleases(prerelease: str, current: str, tags: str, picked: str) -> None:
    assert pick({"prerelease": prerelease}, tags, current) == picked


def test_order_natural_takes_the_pattern_s_text() -> None:
    policy = {"order": "natural", "pattern": "^svc-(.*)$", "extract": "$1"}
    choice = choosing(policy, "svc-1.2.4 svc-1.2.5-alpine other-9.9.9 1.3.0", "svc-1.2.3")
    assert choice.successors == ("svc-1.2.4",)
    assert rules(choice) == {
        "svc-1.2.5-alpine": "variant",
        "other-9.9.9": "pattern",
        "1.3.0": "pattern",
    }


def test_descending_takes_the_lowest_and_never_goes_up() -> None:
    policy = {"order": "natural", "descending": True}
    choice = choosing(policy, "1.2.3 1.2.2 1.2.4", "1.2.3")
    assert choice.successors == ("1.2.2",)
    assert rules(choice) == {"1.2.4": "downgrade"}
