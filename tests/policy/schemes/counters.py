"""Counters move and have no major; identities are left alone; versions are versions."""

from __future__ import annotations

from tests.policy.schemes.row import Row, keep, move

_MAJOR = {"max": "major"}

COUNTER_WORDS = ("main", "master", "trunk", "develop", "dev", "build", "ci", "nightly", "snapshot")
COUNTERS = [
    *(move(f"{word}-57", f"{word}-58 {word}-9", f"{word}-58", "other") for word in COUNTER_WORDS),
    *(move(f"{word}-99", f"{word}-100", f"{word}-100", "other") for word in COUNTER_WORDS),
    *(keep(f"{word}-58", f"{word}-57 {word}-9 latest {word}") for word in COUNTER_WORDS),
    *(
        move(f"{word}-201-f022da4", f"{word}-399-cea8be1", f"{word}-399-cea8be1", "other")
        for word in COUNTER_WORDS
    ),
    move("main-57", "main-58 main-4f2a9c1 main 1.2.3 58", "main-58", "other"),
    move("main_57", "main_58", "main_58", "other"),
    move("main.57", "main.58", "main.58", "other"),
    move("app-main-57", "app-main-58", "app-main-58", "other"),
    move("release-build-57", "release-build-58", "release-build-58", "other"),
    move("main-57-alpine", "main-58-alpine main-59", "main-58-alpine", "other"),
    # Behind a version, too.
    move("1.2.3-main-57", "1.2.3-main-58 1.2.3-main-9", "1.2.3-main-58", "patch"),
    move("2.0-build-57", "2.0-build-58", "2.0-build-58", "patch"),
    move("v2-main-57", "v2-main-58 v2-pr-59", "v2-main-58"),
    move("api-v2-main-57", "api-v2-main-58", "api-v2-main-58"),
    move("app2-main-57", "app2-main-58", "app2-main-58", "other"),
    move("py3-main-57", "py3-main-58", "py3-main-58", "other"),
    keep("1.2.3-pr-57", "1.2.3-pr-58"),
    keep("1.2.3-JIRA-57", "1.2.3-JIRA-58"),
    # Directly before a hash.
    move("57-4f2a9c1", "58-9e107d9", "58-9e107d9", "other"),
    move("99-4f2a9c1", "100-1234567", "100-1234567", "other"),
    move("57-g4f2a9c1", "58-g9e107d9", "58-g9e107d9", "other"),
    keep("58-9e107d9", "57-4f2a9c1 58-4f2a9c1"),
    # Two images of one counter: whichever the hash makes first is a guess, a higher one is not.
    move("main-12-4f2a9c1", "main-13-9e107d9 main-13-0a1b2c3 main-14-abcdef1", "main-14-abcdef1"),
]

IDENTITY_WORDS = (
    *("pr", "mr", "pull", "merge", "issue", "feature", "fix", "JIRA", "ABC", "OPS2"),
    *("feat", "bug", "bugfix", "hotfix", "chore", "task", "ticket", "story", "defect"),
)
OTHER_WORDS = ("release", "team", "customer", "env", "demo", "rev")
IDENTITIES = [
    *(keep(f"{word}-57", f"{word}-58 {word}-105", "no-order") for word in IDENTITY_WORDS),
    *(keep(f"{word}-123", f"{word}-1234 {word}-99", "no-order") for word in IDENTITY_WORDS),
    *(keep(f"{word}-57", f"{word}-58", None, _MAJOR) for word in IDENTITY_WORDS),
    *(keep(f"{word}-12", f"{word}-13", "no-order") for word in OTHER_WORDS),
    keep("pr-57", "pr-58 1.2.3 latest main main-12", "no-order"),
    keep("PR-57", "PR-58", "no-order"),
    keep("pr_57", "pr_58", "no-order"),
    keep("pr.57", "pr.58", "no-order"),
    keep("app-pr-57", "app-pr-58", "no-order"),
    # Neither becomes a counter because a hash follows.
    *(keep(f"{word}-57-4f2a9c1", f"{word}-58-9e107d9") for word in IDENTITY_WORDS),
    *(keep(f"{word}-57-4f2a9c1", f"{word}-57-9e107d9") for word in IDENTITY_WORDS),
    keep("pr-57-1234567", "pr-58-7654321"),
    keep("mr-57-sha-1234567", "mr-58-sha-7654321"),
    # A number behind a hash counts nothing that anybody knows.
    keep("4f2a9c1-57", "9e107d9-58 abcdef1-1"),
]

# A single number that is a version.
VERSIONS = [
    keep("14", "15 16", "max"),
    move("14", "15 16", "16", "major", _MAJOR),
    keep("14", "14.1 15 15.2 105", "max"),
    keep("14", "14.1 14.2 15", "max"),
    keep("98", "99", "max"),
    keep("v14", "v15", "max"),
    keep("14-alpine", "15-alpine 16-alpine"),
    move("57", "58 105", "105", "other"),
    move("99", "57 100", "100", "other"),
    move("105", "57 58 106", "106", "other"),
    move("57", "58 105 latest main 4f2a9c1", "105", "other"),
    keep("105", "57 58"),
    keep("105", "57 58 latest 1.2.3 20240101"),
    keep("jdk-17", "jdk-21", "max"),
    move("jdk-17", "jdk-21", "jdk-21", "major", _MAJOR),
    keep("jdk-17", "jdk-105", "max"),
    keep("node-20", "node-22", "max"),
    keep("php-8", "php-9", "max"),
    move("jdk-17.0.8", "jdk-17.0.9 jdk-21.0.1", "jdk-17.0.9", "patch"),
    move("release-1.2.3", "release-1.2.4 release-2.0.0", "release-1.2.4", "patch"),
    move("main-1.2.3", "main-1.2.4 main-2.0.0", "main-1.2.4", "patch"),
    move("hotfix-1.2.3", "hotfix-1.2.4 hotfix-2.0.0", "hotfix-1.2.4", "patch"),
    move("build-1.2.3", "build-1.2.4 build-2.0.0", "build-1.2.4", "patch"),
]

ROWS: list[Row] = [*COUNTERS, *IDENTITIES, *VERSIONS]
