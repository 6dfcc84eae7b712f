"""The first version of a field that has a moving tag: the newest, or none where that is unsure."""

from __future__ import annotations

from tests.policy.schemes.row import Keys, Row, keep, move

_MINOR: Keys = {"max": "minor"}
_NATURAL: Keys = {"order": "natural"}
_RANGE: Keys = {"semver": "*"}
_ALL = (_MINOR, _NATURAL, _RANGE)

POSTGRES = "9.6 9.6.23 9.6.24 10.22 16.4 17.0 17.1 17 17.1-alpine 16.4-alpine"
UBUNTU = "12.04.5 14.04.5 20.04 22.04 24.04 24.10 noble-20240801"
DEBIAN = "6.0.10 11.11 12.6 12.7 12.7-slim bookworm-20240904"
JENKINS = "2.462.1 2.462.2 2.474 2.475 2.476 2.476-jdk17 2.475-jdk17 2.462.2-lts"
K3S = "v0.10.2 v1.0.0 v1.0.1 v1.30.5-k3s1 v1.31.1-k3s1 v1.31.1-rc1-k3s1 v1.31.1-k3s1-amd64"
NGINX = "1 1.27 1.27.3 1.28 1.28.0 1.28.0-alpine 1.27.3-alpine 1.28.0-alpine3.20"


def _adopt(tags: str, expected: str) -> list[Row]:
    return [move("latest", tags, expected, "other", keys, "adopted") for keys in _ALL]


# Versions of two numbers or of four, where two at least are above those of three.
FORMS = [
    *_adopt(POSTGRES, "17.1"),
    *_adopt(UBUNTU, "24.10"),
    *_adopt(DEBIAN, "12.7"),
    *_adopt(JENKINS, "2.476"),
    *_adopt(NGINX, "1.28.0"),
    *_adopt("1.2.3 2.0.0.1 2.0.0.2", "2.0.0.2"),
    *_adopt("v1.2.3 v1.4 v1.5", "v1.5"),
    # They move along those of three numbers, or one of them may do so soon.
    *_adopt("1.2 1.3 1.4 1.2.9 1.3.5 1.4.0", "1.4.0"),
    move("latest", "1.27.3 1.28 1.27", "1.27.3", "other", _MINOR, "adopted"),
    move("latest", "1.2.3 1.2.3.4 1.2.3.5", "1.2.3", "other", _MINOR, "adopted"),
    # Single numbers and dates without dots are higher than every version.
    move("latest", "1.2.3 14 15 16 20240101 20240202", "1.2.3", "other", _MINOR, "adopted"),
]

# Where the newest versions have a variant, the last one without may be of years ago.
OLD = [
    *(keep("latest", K3S, "no-candidate", keys) for keys in _ALL),
    *(keep("stable", K3S, "no-candidate", keys) for keys in _ALL),
    *(keep("latest", "0.7.4 0.8.0-pg16 0.8.1-pg17", "no-candidate", keys) for keys in _ALL),
    *(keep("latest", "1.0.0 1.1.0-debian-12-r0 1.2.0-debian-12-r3", None, keys) for keys in _ALL),
    # Whoever asks for versions without a variant gets them.
    move("latest", K3S, "v1.0.1", "other", {"max": "minor", "variant": "none"}, "adopted"),
    move("latest", K3S, "v1.0.1", "other", {"semver": "*", "variant": "none"}, "adopted"),
    move("latest", K3S, "v1.0.1", "other", {"semver": "~1.0"}, "adopted"),
    # So does whoever looks for what the moving tag is: a digest tells, and not the number.
    move("latest", K3S, "v1.0.1", "other", {"version-of": "latest"}, "adopted"),
    # One may be of a release that is being pushed, pre-releases and builds of none.
    *_adopt("1.27.3 1.28.0-alpine 1.28.0-alpine3.20 1.27.3-alpine", "1.27.3"),
    *_adopt("11.2.0 11.3.0-75420 11.6.0-84531 11.7.0-90001", "11.2.0"),
    *_adopt("8.3.1 8.4.0RC1-fpm 8.5.0beta2-fpm 8.3.1-fpm", "8.3.1"),
    *_adopt("1.2.3 1.3.0-4f2a9c1 1.4.0-9e107d9 1.5.0-abcdef1", "1.2.3"),
    *_adopt("1.17.2 6.4.2-php8.2-apache 17.0.12_7-jdk 1.27.3-alpine 22.04.1-slim", "1.17.2"),
    *_adopt("1.2.3 app-1.3.0-slim app-1.4.0-slim", "1.2.3"),
]

PLATFORMS = "1.27.3 1.27.3-alpine 1.28.0 1.28.0-alpine 1.28.0-alpine3.20 1.28.0-slim"

# What a moving tag says besides is not lost: the platform, or a variant that there is.
VARIANTS = [
    row
    for current, expected in (
        ("alpine", "1.28.0-alpine"),
        ("latest-alpine", "1.28.0-alpine"),
        ("stable_alpine", "1.28.0-alpine"),
        ("main-alpine", "1.28.0-alpine"),
        ("latest-alpine3.20", "1.28.0-alpine3.20"),
        ("slim", "1.28.0-slim"),
        ("edge-slim", "1.28.0-slim"),
    )
    for row in (
        *(move(current, PLATFORMS, expected, "other", keys, "adopted") for keys in _ALL),
        move(current, PLATFORMS, "1.28.0", "other", {"max": "minor", "variant": "none"}, "adopted"),
    )
]
VARIANTS += [
    row
    for keys in _ALL
    for row in (
        keep("alpine", "1.27.3 1.28.0 1.28.0-slim", "no-candidate", keys),
        keep("latest-alpine3.19", PLATFORMS, "no-candidate", keys),
        keep("lts-jdk17", "2.475 2.476 2.476-jdk21", "no-candidate", keys),
        keep("bookworm", "12.6 12.7 trixie", "no-candidate", keys),
        keep("latest-fpm-alpine", "8.3.1 8.3.1-fpm 8.3.1-alpine", "no-candidate", keys),
        move("lts-jdk17", "2.475-jdk17 2.476-jdk21 2.476", "2.475-jdk17", "other", keys, "adopted"),
        move("fpm-alpine", "8.3.1 8.3.1-fpm-alpine", "8.3.1-fpm-alpine", "other", keys, "adopted"),
        move("latest-arm64", "1.2.3 1.2.3-arm64", "1.2.3-arm64", "other", keys, "adopted"),
        # A name that no version has says nothing about one.
        move("latest-arm64", "1.2.3 1.2.3-slim", "1.2.3", "other", keys, "adopted"),
        move("production", "1.2.3 1.2.3-slim", "1.2.3", "other", keys, "adopted"),
        move("dev-backend", "1.2.3 1.2.3-slim", "1.2.3", "other", keys, "adopted"),
    )
]
VARIANTS += [
    # What has no order is replaced by a range, and keeps its platform, too.
    move(current, PLATFORMS, "1.28.0-alpine", "other", _RANGE, "adopted")
    for current in (
        "sha-4f2a9c1-alpine",
        "pr-57-alpine",
        "main-57-alpine",
        "20240105-alpine",
        "57-4f2a9c1-alpine",
    )
]
VARIANTS += [
    move(
        "latest-alpine",
        "20240105 20240105-alpine",
        "20240105-alpine",
        "other",
        {"order": "calver"},
        "adopted",
    ),
    move(
        "alpine",
        "2024.1.5 2024.1.5-alpine3.19 2024.1.4-alpine",
        "2024.1.4-alpine",
        "other",
        {"order": "calver"},
        "adopted",
    ),
    keep("latest-alpine", "20240105 20240105-slim", "no-candidate", {"order": "calver"}),
]

ROWS: list[Row] = [*FORMS, *OLD, *VARIANTS]
