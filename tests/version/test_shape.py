import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.version.reading import ALONE, read_layout

# (tag, shape, numbers, pre-release, numbers of the variant)
CASES = [
    # Plain versions and their spellings.
    ("1.2.3", "#.#.#", (1, 2, 3), "", ()),
    ("v1.2.3", "v#.#.#", (1, 2, 3), "", ()),
    ("V1.2.3", "V#.#.#", (1, 2, 3), "", ()),
    ("1.2", "#.#", (1, 2), "", ()),
    ("14", "#", (14,), "", ()),
    ("1.2.3.4", "#.#.#.#", (1, 2, 3, 4), "", ()),
    ("release-1.2.3", "release-#.#.#", (1, 2, 3), "", ()),
    ("release-v1.2.3", "release-v#.#.#", (1, 2, 3), "", ()),
    ("123456789012345678901234567890.1.2", "#.#.#", (123456789012345678901234567890, 1, 2), "", ()),
    # Variants: kept, with their numbers in order.
    ("1.2.3-alpine", "#.#.#-alpine", (1, 2, 3), "", ()),
    ("1.2.3-alpine3.18", "#.#.#-alpine#.#", (1, 2, 3), "", (3, 18)),
    ("14-alpine3.18", "#-alpine#.#", (14,), "", (3, 18)),
    ("12.5-bookworm", "#.#-bookworm", (12, 5), "", ()),
    ("7.2.4-debian-11-r9", "#.#.#-debian-#-r#", (7, 2, 4), "", (11, 9)),  # bitnami
    ("5.7.44-ls10", "#.#.#-ls#", (5, 7, 44), "", (10,)),  # LinuxServer
    ("version-v1.2.3-ls4", "version-v#.#.#-ls#", (1, 2, 3), "", (4,)),
    ("v1.28.2-k3s1", "v#.#.#-k#s#", (1, 28, 2), "", (3, 1)),
    ("1.24.0-4", "#.#.#-#", (1, 24, 0), "", (4,)),  # Debian revision
    ("1.2.3_1", "#.#.#_#", (1, 2, 3), "", (1,)),
    ("8u292-jre", "#u#-jre", (8,), "", (292,)),
    ("11.0.21_9-jre-alpine", "#.#.#_#-jre-alpine", (11, 0, 21), "", (9,)),
    ("17.0.9_9-jdk", "#.#.#_#-jdk", (17, 0, 9), "", (9,)),
    ("2019-CU18-ubuntu-20.04", "#-CU#-ubuntu-#.#", (2019,), "", (18, 20, 4)),
    ("1.2.3-windowsservercore-ltsc2022", "#.#.#-windowsservercore-ltsc#", (1, 2, 3), "", (2022,)),
    # Numbers in words before the version belong to the prefix.
    ("py3.11-1.2.3", "py3.11-#.#.#", (1, 2, 3), "", ()),
    ("k8s-v1.2", "k8s-v#.#", (1, 2), "", ()),
    ("node18-alpine3.18", "node#-alpine#.#", (18,), "", (3, 18)),
    ("jdk17", "jdk#", (17,), "", ()),
    ("b1234", "b#", (1234,), "", ()),
    # Pre-releases, after -, . or nothing, with or without numbers and a variant.
    ("1.3.0-rc.1", "#.#.#", (1, 3, 0), "rc.1", ()),
    ("1.3.0-rc1", "#.#.#", (1, 3, 0), "rc1", ()),
    ("1.3.0rc1", "#.#.#", (1, 3, 0), "rc1", ()),
    ("1.3.0.rc1", "#.#.#", (1, 3, 0), "rc1", ()),
    ("1.3.0-RC1", "#.#.#", (1, 3, 0), "RC1", ()),
    ("1.3.0-rc.1-alpine3.18", "#.#.#-alpine#.#", (1, 3, 0), "rc.1", (3, 18)),
    ("2.0.0-beta1", "#.#.#", (2, 0, 0), "beta1", ()),
    ("2.0.0-alpha", "#.#.#", (2, 0, 0), "alpha", ()),
    ("2.0.0-M3", "#.#.#", (2, 0, 0), "M3", ()),
    ("2.0.0-milestone-3", "#.#.#", (2, 0, 0), "milestone-3", ()),
    ("2.0.0-SNAPSHOT", "#.#.#", (2, 0, 0), "SNAPSHOT", ()),
    ("2.0-preview2", "#.#", (2, 0), "preview2", ()),
    ("1.2.3-nightly.20240101", "#.#.#", (1, 2, 3), "nightly.20240101", ()),
    ("1.2.3-dev.5.abcdef0", "#.#.#", (1, 2, 3), "dev.5.abcdef0", ()),
    ("3-edge", "#", (3,), "edge", ()),
    # Words that only begin like one are variants, and so is what does not come first.
    ("1.2.3-developer", "#.#.#-developer", (1, 2, 3), "", ()),
    ("1.2.3-alpine-rc1", "#.#.#-alpine-rc#", (1, 2, 3), "", (1,)),
    ("1.2.3-m68k", "#.#.#-m#k", (1, 2, 3), "", (68,)),
    ("1.2.3-rc1a", "#.#.#-rc#a", (1, 2, 3), "", (1,)),
    # Dates, in every way that tags have them.
    ("20240101", "date", (20240101,), "", ()),
    ("20240101.2", "date", (20240101, 2), "", ()),
    ("20240101T153000Z", "date", (20240101, 153000), "", ()),
    ("2024-01-05-153000", "date", (2024, 1, 5, 153000), "", ()),
    ("202401011530", "date", (202401011530,), "", ()),
    ("2024.01.05", "date", (2024, 1, 5), "", ()),
    ("2024.1", "date", (2024, 1), "", ()),
    ("v2024.01.05", "vdate", (2024, 1, 5), "", ()),
    ("2024-01-05", "date", (2024, 1, 5), "", ()),
    ("v2026-9-01", "vdate", (2026, 9, 1), "", ()),
    ("2026_9_1", "date", (2026, 9, 1), "", ()),
    ("2026-9", "date", (2026, 9), "", ()),
    ("release-2026-9-1", "release-date", (2026, 9, 1), "", ()),
    ("2026-9-1-3", "date-#", (2026, 9, 1), "", (3,)),
    ("2024-01-05_12-30-00", "date", (2024, 1, 5, 12, 30, 0), "", ()),
    ("2024-01-05-12-30", "date", (2024, 1, 5, 12, 30), "", ()),
    ("2024-01-05_12-30-00.123_UTC", "date_UTC", (2024, 1, 5, 12, 30, 0, 123), "", ()),
    ("2024w05", "date", (2024, 5), "", ()),
    ("2024-W05", "date", (2024, 5), "", ()),
    ("release-2024.w5", "release-date", (2024, 5), "", ()),
    ("2024w05-3", "date-#", (2024, 5), "", (3,)),
    ("2024w54", "#w#", (2024,), "", (54,)),
    ("2026-9-45", "date-#", (2026, 9), "", (45,)),
    ("main-20240101", "main-date", (20240101,), "", ()),
    ("bookworm-20240101-slim", "bookworm-date-slim", (20240101,), "", ()),
    ("main-1700000000", "main-date", (1700000000,), "", ()),
    (
        "RELEASE.2023-01-25T00-19-54Z",
        "RELEASE.date",
        (2023, 1, 25, 0, 19, 54),
        "",
        (),
    ),
    # Numbers that only look a little like one.
    ("22.04", "#.#", (22, 4), "", ()),
    ("2024", "#", (2024,), "", ()),
    ("2024-13-01", "#-#-#", (2024,), "", (13, 1)),
    ("1.0.1234567", "#.#.#", (1, 0, 1234567), "", ()),
    # Hashes stand for any hash.
    ("main-12-abcdef0", "main-#-<hash>", (12,), "", ()),
    ("main-abcdef0-12", "main-<hash>-#", (12,), "", ()),
    ("1.2.3-14-gabcdef0", "#.#.#-#-<hash>", (1, 2, 3), "", (14,)),
    ("1.2.3-abcdef", "#.#.#-abcdef", (1, 2, 3), "", ()),  # too short for one
]


@pytest.mark.parametrize(
    ("tag", "shape", "numbers", "prerelease", "variant"), CASES, ids=[case[0] for case in CASES]
)
def test_reads(
    tag: str, shape: str, numbers: tuple[int, ...], prerelease: str, variant: tuple[int, ...]
) -> None:
    layout = read_layout(tag)
    assert layout is not None
    assert str(layout.shape_of(tag)) == shape
    assert layout.numbers_of(tag) == numbers
    assert layout.prerelease_of(tag) == prerelease
    assert layout.variant_numbers_of(tag) == variant


@pytest.mark.parametrize(
    "tag",
    [
        "latest",
        "bookworm",
        "stable-slim",
        "abcdef0",
        "sha-abcdef0",
        "1a2b3c4",
        "0" * 39 + "a",
        "1234567",
        "20241301",
        "build-1234567",
        "sha-1234567",
        "sha1234567",
        "ABCDEF1",
        # A number of an architecture, or of a platform under a branch or a commit, is no version.
        "arm64",
        "main-x86_64",
        "sha-abcdef0-amd64",
        "latest-arm64v8",
        "latest-alpine3.20",
        "stable-alpine-3.20",
        "lts-jdk17",
        "main-slim-php8.2",
        "nightly-cuda12.1",
        "sha-abcdef0-php8.2",
        "abcdef0-ubuntu-22.04",
        "main-abcdef0-alpine3.20",
    ],
)
def test_reads_no_order_where_there_is_none(tag: str) -> None:
    assert read_layout(tag) is None


@pytest.mark.parametrize("end", ["-main-57", "-57", "-main57x", "", "-pr-57-"])
def test_a_long_hash_takes_no_longer_than_a_short_one(end: str) -> None:
    read_layout("4f2a9c1d" * 5 + end)
    read_layout("-".join(["4f2a9c1d"] * 12) + end)


@given(st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,40}", fullmatch=True))
def test_other_digits_are_read_at_the_same_places(tag: str) -> None:
    layout = read_layout(tag)
    other = re.sub("[0-9]", "7", tag)
    if layout is not None and ALONE.skeleton_of(other) == ALONE.skeleton_of(tag):
        assert read_layout(other) is layout
        assert all(number >= 0 for number in layout.numbers_of(other))
