"""Hashes with and without letters, numbers that are as long, and what cannot be told apart.

A place of a tag is judged by its distinct values in the whole list: one in five with a letter makes
hashes, fewer than one in twenty, no leading zero and 30 digits together make numbers.
"""

from __future__ import annotations

from tests.policy.schemes.row import Row, keep, move

_LOW, _HIGH = "87654321" * 5, "98765432" * 5
_LETTERS = "4f2a9c1d" * 5
LENGTHS = (7, 8, 9, 10, 11, 12, 13, 14, 16, 20, 32, 39, 40)

# Without a word before them: the list has letters.
AMONG_LETTERS = [
    *(keep(_LOW[:n], [_HIGH[:n], _LETTERS[:n]], "no-order") for n in LENGTHS),
    *(keep(_LETTERS[:n], [_HIGH[:n], _LOW[:n]], "no-order") for n in LENGTHS),
    *(keep(f"main-{_LOW[:n]}", [f"main-{_HIGH[:n]}", f"main-{_LETTERS[:n]}"]) for n in LENGTHS),
    *(keep(f"g{_LOW[:n]}", [f"g{_HIGH[:n]}", f"g{_LETTERS[:n]}"]) for n in LENGTHS),
    keep("1234567", "7654321 abcdef1 0a1b2c3", "no-order"),
    keep("abcdef1", "1234567 7654321 0a1b2c3", "no-order"),
    keep("5.4.0-snapshot-bbbbbbbb", "5.4.0-snapshot-12345678"),
    keep("5.4.0-snapshot-12345678", "5.4.0-snapshot-bbbbbbbb 5.4.0-snapshot-87654321"),
    keep("1.0.0-dev-4f2a9c1", "1.0.0-dev-1234567"),
    keep("1.0.0-dev.4f2a9c1", "1.0.0-dev.9234567"),
    keep("1.0.0-SNAPSHOT.1234567", "1.0.0-SNAPSHOT.7654321 1.0.0-SNAPSHOT.abcdef1"),
    keep("1.0.0-nightly-g1234567", "1.0.0-nightly-g7654321 1.0.0-nightly-gabcdef1"),
    keep("2.0.0-edge_1234567", "2.0.0-edge_7654321 2.0.0-edge_abcdef1"),
    keep("1.2.3-1234567", "1.2.3-7654321 1.2.3-abcdef1"),
    keep("1.2.3_1234567", "1.2.3_7654321 1.2.3_abcdef1"),
    keep("1.2.3-g1234567", "1.2.3-g7654321 1.2.3-gabcdef1"),
    keep("ABCDEF1", "FEDCBA9 1234567 7654321 8654321 9654321 6654321", "no-order"),
    keep("1234567", "FEDCBA9 ABCDEF1 7654321 8654321 9654321 6654321", "no-order"),
    keep("1.2.3-DEADBEEF", "1.2.3-12345678 1.2.3-CAFEBABE"),
    move("main-12-4F2A9C1", "main-13-1234567", "main-13-1234567", "other"),
    keep("develop-1234567", "develop-7654321 develop-abcdef1 develop-0a1b2c3"),
    keep("1234567-alpine", "7654321-alpine abcdef1-alpine"),
    # A quarter, a third and exactly a fifth have letters.
    keep("main-1111111", "main-2222222 main-3333333 main-4444444 main-abcdef1"),
    keep(
        "main-1111111", [f"main-{n}222222" for n in range(2, 9)] + ["main-abcdef1", "main-cdef123"]
    ),
]

# A word before them says it, whatever the list looks like.
MANY = [f"{n}234567" for n in range(2, 10)]
WORDS = (
    "sha-",
    "sha.",
    "sha_",
    "git-",
    "git.",
    "commit-",
    "rev-",
    "rev_",
    "main-sha-",
    "app_sha-",
    "v1.sha-",
    "dev-git.",
    "pr-7-sha-",
    "build-commit-",
)
BEHIND_A_WORD = [
    *(keep(f"{word}1234567", [f"{word}7654321"]) for word in WORDS),
    *(keep(f"{word}1234567", [word + one for one in MANY]) for word in WORDS),
    *(keep(f"sha-{_LOW[:n]}", [f"sha-{_HIGH[:n]}"], "no-order") for n in LENGTHS),
    keep("sha-1234567", "sha-7654321 sha-abcdef1 latest main", "no-order"),
    keep("sha-4f2a9c1", "sha-7654321 sha-abcdef1 1.2.3 v1.2.3", "no-order"),
    keep("sha-1234567", "1.2.3 1.2 latest pr-1 main", "no-order"),
    keep("1.2.3-sha.1234567", [f"1.2.3-sha.{one}" for one in MANY]),
    keep("1.2.3-sha-1234567", [f"1.2.3-sha-{one}" for one in MANY]),
    keep("1.2.3_git-1234567", [f"1.2.3_git-{one}" for one in MANY]),
    keep("1.2.3-rev-1234567-alpine", [f"1.2.3-rev-{one}-alpine" for one in MANY]),
    move(
        "1.2.3-sha.1234567",
        ["1.2.3-sha.7654321", "1.2.4-sha.1111111"],
        "1.2.4-sha.1111111",
        "patch",
    ),
    move("1.2.3-sha-1234567", ["1.3.0-sha-0123456"], "1.3.0-sha-0123456", "minor"),
    move("1.2.3-git-abcdef1", ["1.2.4-git-1234567"], "1.2.4-git-1234567", "patch"),
]

# Something else in the tag orders it, and the hash is any hash.
ORDERED_BESIDE = [
    move("main-100-1234567", "main-101-abcdef1", "main-101-abcdef1", "other"),
    move("main-12-4f2a9c1", "main-13-1234567", "main-13-1234567", "other"),
    move("main-12-4f2a9c1", "main-13-1234567 main-14-0123456 main-9-9e107d9", "main-14-0123456"),
    move("main-12-1234567", "main-13-7654321", "main-13-7654321", "other"),
    move("main-9-1234567", "main-10-0000001 main-8-abcdef1", "main-10-0000001", "other"),
    keep("main-13-9e107d9", "main-12-4f2a9c1 main-11-7654321 main-13-7654321"),
    keep("main-13-1234567", "main-12-4f2a9c1 main-13-7654321 main-13-abcdef1"),
    move("1.2.3-4f2a9c1", "1.2.4-1234567 1.2.3-9999999", "1.2.4-1234567", "patch"),
    move("1.2.3-1234567", "1.2.4-abcdef1", "1.2.4-abcdef1", "patch"),
    move("1.2.3-1234567", "1.2.4-7654321", "1.2.4-7654321", "patch"),
    move("1.2.9-1234567", "1.2.10-7654321 1.2.8-9999999", "1.2.10-7654321", "patch"),
    keep("1.2.10-1234567", "1.2.9-7654321 1.2.10-9999999"),
    move("main-9-1234567", "main-10-7654321 main-8-9999999", "main-10-7654321", "other"),
    move("1.2.3-9-g1234567", "1.2.3-10-g7654321 1.2.3-8-g9999999", "1.2.3-10-g7654321", "patch"),
    move("v1.2.3-g1234567", "v1.3.0-gabcdef1", "v1.3.0-gabcdef1", "minor"),
    move("1.2.3-5-gabcdef0", "1.2.3-14-g1234567", "1.2.3-14-g1234567", "patch"),
    move("1.2.3-5-g1234567", "1.2.3-14-gabcdef0", "1.2.3-14-gabcdef0", "patch"),
    move("1.2.3-5-g1234567", "1.2.3-6-g0123456 1.2.3-4-g9999999", "1.2.3-6-g0123456", "patch"),
    keep("1.2.3-14-g1234567", "1.2.3-14-g7654321 1.2.3-14-gabcdef1 1.2.3-5-g9999999"),
    move("main-4f2a9c1-1700000000", "main-1234567-1700000100", "main-1234567-1700000100", "other"),
    move("main-1234567-1700000000", "main-abcdef1-1700000100", "main-abcdef1-1700000100", "other"),
    keep("main-1234567-1700000000", "main-0123456-1700000100"),
    keep("main-1234567-1700000100", "main-9999999-1700000000 main-abcdef1-1600000000"),
    move("20240105-4f2a9c1", "20240106-1234567", "20240106-1234567", "other"),
    move("main-20240105-1234567", "main-20240106-abcdef1", "main-20240106-abcdef1", "other"),
    keep("20240105-1234567", "20240105-7654321 20240105-abcdef1 20240104-9999999"),
    move("4f2a9c1-20240105", "1234567-20240106", "1234567-20240106", "other"),
    move("4f2a9c1-1700000000", "1234567-1700000100", "1234567-1700000100", "other"),
    move(
        "v0.0.0-20240101120000-abcdef123456",
        "v0.0.0-20240202120000-123456789012",
        "v0.0.0-20240202120000-123456789012",
    ),
    move("5.4.0-snapshot-bbbbbbbb", "5.4.0-snapshot-12345678 5.4.0", "5.4.0", "patch"),
    move("5.4.0-snapshot-12345678", "5.4.0-snapshot-bbbbbbbb 5.4.1", "5.4.1", "patch"),
]


def _numbered(prefix: str, values: range) -> list[str]:
    return [f"{prefix}{value}" for value in values]


# Numbers: long enough together, no letters, no leading zero.
NUMBERS = [
    move("main-1234567", _numbered("main-", range(1234568, 1234573)), "main-1234572", "other"),
    move("build-1234567", _numbered("build-", range(1234568, 1234573)), "build-1234572", "other"),
    move("1234567", _numbered("", range(1234568, 1234573)), "1234572", "other"),
    # Seven digits five times are 35; ten digits three times exactly 30.
    move("main-1111111", "main-1111112 main-1111113 main-1111114 main-1111115", "main-1111115"),
    keep("main-1111111", "main-1111112 main-1111113 main-1111114"),
    move("main-5000000001", "main-5000000002 main-5000000003", "main-5000000003", "other"),
    move("main-876543218765432", "main-987654321987654", "main-987654321987654", "other"),
    move(
        "5.4.0-dev-1234567", _numbered("5.4.0-dev-", range(1234568, 1234573)), "5.4.0-dev-1234572"
    ),
    move("1.2.3-1234567", _numbered("1.2.3-", range(1234568, 1234573)), "1.2.3-1234572", "patch"),
    move("1.0.1234567", _numbered("1.0.", range(1234568, 1234573)), "1.0.1234572", "patch"),
    # One with letters among twenty without is fewer than one in twenty; among nineteen it is not.
    move(
        "main-1234567",
        [*_numbered("main-", range(1234568, 1234587)), "main-abcdef1"],
        "main-1234586",
    ),
    keep("main-1234567", [*_numbered("main-", range(1234568, 1234586)), "main-abcdef1"]),
    keep("main-1234567", [*_numbered("main-", range(1234568, 1234573)), "main-abcdef1"]),
    # A leading zero is no number's.
    keep("main-1234567", [*_numbered("main-", range(1234568, 1234573)), "main-0123456"]),
    keep("1234567", [*_numbered("", range(1234568, 1234573)), "0123456"]),
    # Numbers that gain a digit.
    move("9999", "9998 10000", "10000", "other"),
    move("main-9999", "main-9998 main-10000", "main-10000", "other"),
    move("build-999999", "build-999998 build-1000000", "build-1000000", "other"),
    move("main-999999", "main-999998 main-1000000 main-1000001", "main-1000001", "other"),
    move("999999", "999997 999998 1000000", "1000000", "other"),
    move("main-999999-4f2a9c1", "main-1000000-9e107d9", "main-1000000-9e107d9", "other"),
    move("main-9999999", _numbered("main-", range(9999995, 10000003)), "main-10000002", "other"),
    move("9999999", _numbered("", range(9999995, 10000003)), "10000002", "other"),
    move("1.0.999999", "1.0.1000000", "1.0.1000000", "patch"),
    move("1.2.3-999999", "1.2.3-1000000", "1.2.3-1000000", "patch"),
    move("1.2.3-r999999", "1.2.3-r1000000", "1.2.3-r1000000", "patch"),
    # Short numbers in the same place as hashes stay numbers, and the hashes stay hashes.
    move("main-12", "main-13 main-1234567 main-abcdef1", "main-13", "other"),
    move("main-12", "main-13 main-7654321 main-abcdef1 main-0a1b2c3", "main-13", "other"),
]

# Neither: too few digits to be sure.
UNKNOWN = [
    keep("1234567", "7654321"),
    keep("main-1234567", "main-7654321"),
    keep("1234567", "1234568 1234569"),
    keep("g1234567", "g7654321"),
    keep("1.2.3-1234567", "1.2.3-7654321"),
    keep("1.2.3-g1234567", "1.2.3-g7654321"),
    keep("5.4.0-snapshot-12345678", "5.4.0-snapshot-87654321"),
    keep("build-12345678", "build-87654321"),
    keep("1.2.3", "1234567 7654321 abcdef1 12345678"),
    keep("14", "1234567 7654321 abcdef1"),
    keep("main-12345678", "main-98765432 main-87654321"),
]

# Valid dates come first, with and without hashes elsewhere.
DATES = [
    move("20240101", "20240202 1.0.0", "20240202", "other"),
    move("main-20240101", "main-20240202", "main-20240202", "other"),
    move("main-1700000000", "main-1700000001", "main-1700000001", "other"),
    move("1700000000", "1700000100", "1700000100", "other"),
    move("main-1700000000000", "main-1700000000123", "main-1700000000123", "other"),
    move("main-202401051530", "main-202401051531", "main-202401051531", "other"),
    move("main-20240105153059", "main-20240105153100", "main-20240105153100", "other"),
    move("202401051530", "202402051530", "202402051530", "other"),
    move("20240105153059", "20240205153059", "20240205153059", "other"),
    move("nightly-20240105", "nightly-20240106", "nightly-20240106", "other"),
    move("20240105-1", "20240105-2", "20240105-2", "other"),
    move("20240105-9", "20240105-10", "20240105-10", "other"),
    move("20240105-9", "20240106-1", "20240106-1", "other"),
    move("20240105.9", "20240105.10", "20240105.10", "other"),
    move("20240105.9", "20240106.1", "20240106.1", "other"),
    move("main-20240105-9", "main-20240106-1", "main-20240106-1", "other"),
    move("2024.01.05-3", "2024.01.05-12", "2024.01.05-12", "other"),
    move("2024.01.05-3", "2024.02.01-1", "2024.02.01-1", "other"),
    move("v20240105", "v20240106", "v20240106", "other"),
    keep("20240202", "20240101 1.0.0 1.2.0"),
    keep("20240101", "1.0.0 99999999"),
]

ROWS: list[Row] = [
    *AMONG_LETTERS,
    *BEHIND_A_WORD,
    *ORDERED_BESIDE,
    *NUMBERS,
    *UNKNOWN,
    *DATES,
]
