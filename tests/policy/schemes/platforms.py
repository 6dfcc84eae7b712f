"""Numbers of platforms and runtimes beside the version, and revisions behind it."""

from __future__ import annotations

import re

from tests.policy.schemes.row import Keys, Row, keep, move

_PATCH: Keys = {"max": "patch"}
_MINOR: Keys = {"max": "minor"}
_MAJOR: Keys = {"max": "major"}
_ANY: Keys = {"variant": "any"}

# (lower, higher): the words of the issue in both spellings, then others of the kind.
SYSTEMS = [
    ("alpine3.9", "alpine3.20"),
    ("alpine-3.18", "alpine-3.20"),
    ("debian-11", "debian-12"),
    ("debian9", "debian10"),
    ("ubuntu20.04", "ubuntu22.04"),
    ("ubuntu-20.04", "ubuntu-22.04"),
    ("ubi8", "ubi9"),
    ("ubi9", "ubi10"),
    ("rocky8", "rocky9"),
    ("rockylinux8", "rockylinux9"),
    ("windowsservercore-ltsc2019", "windowsservercore-ltsc2022"),
    ("windowsservercore-1803", "windowsservercore-1809"),
    ("nanoserver-ltsc2019", "nanoserver-ltsc2022"),
    ("ltsc2019", "ltsc2022"),
    ("centos7", "centos8"),
    ("fedora39", "fedora40"),
    ("fpm-alpine3.18", "fpm-alpine3.19"),
    ("slim-debian-11", "slim-debian-12"),
]

# (lower, higher, kind of the step)
RUNTIMES = [
    ("php8.2", "php8.3", "minor"),
    ("php8.2-apache", "php9.0-apache", "major"),
    ("python3.9", "python3.12", "minor"),
    ("node20", "node22", "major"),
    ("node-20", "node-22", "major"),
    ("jdk17", "jdk21", "major"),
    ("jdk-17", "jdk-21", "major"),
    ("jre8", "jre11", "major"),
    ("go1.9", "go1.21", "minor"),
    ("ruby3.2", "ruby3.3", "minor"),
    ("cuda11.8", "cuda12.2", "major"),
    ("cuda12.1-cudnn8-devel", "cuda12.1-cudnn9-devel", "major"),
    ("cudnn8", "cudnn9", "major"),
    ("pg9", "pg16", "major"),
    ("pg-15", "pg-16", "major"),
    ("pgvector0.5", "pgvector0.6", "minor"),
    ("pgvector0.5.1", "pgvector0.5.2", "patch"),
    ("openjdk-17", "openjdk-21", "major"),
    ("eclipse-temurin-17", "eclipse-temurin-21", "major"),
    ("python3.12-slim-bookworm", "python3.13-slim-bookworm", "minor"),
    ("jdk17-ubuntu22.04", "jdk21-ubuntu22.04", "major"),
    ("php8.2-fpm-alpine", "php8.3-fpm-alpine", "minor"),
]


def _of_both(low: str, high: str) -> list[Row]:
    """What no policy does to any number of a platform, and what each prefers."""
    now, down = f"1.2.3-{low}", f"1.2.3-{high}"
    rows = [keep(down, f"1.2.4-{low} 1.3.0-{low} 1.2.3-{low}")]
    rows += [keep(down, f"1.2.4-{low}", None, keys) for keys in (_MAJOR, _ANY)]
    for keys in (None, _MAJOR, _ANY):
        rows.append(move(now, f"1.2.4-{low} 1.2.4-{high}", f"1.2.4-{low}", "patch", keys))
    # The last version for a platform comes first, and only the next pass may leave it.
    for keys in (None, _MAJOR):
        tags = f"1.2.4-{low} 1.3.0-{high}"
        rows.append(move(now, tags, f"1.2.4-{low}", "patch", keys, rests=False))
    rows += [
        move(down, f"1.2.4-{low} 1.2.4-{high}", f"1.2.4-{high}", "patch"),
        move(now, f"1.2.4-{low} 1.2.4-{high}", f"1.2.4-{low}", "patch", _PATCH),
        keep(now, f"1.2.3-{high}"),
        keep(now, f"1.2.3-{high} 1.2.4-{high}", None, _PATCH),
    ]
    return rows


def _of_system(low: str, high: str) -> list[Row]:
    now = f"1.2.3-{low}"
    return [
        *_of_both(low, high),
        move(now, f"1.2.4-{high}", f"1.2.4-{high}", "minor"),
        move(now, f"1.3.0-{high} 1.2.4-{high}", f"1.3.0-{high}", "minor"),
        move(now, f"1.2.4-{high}", f"1.2.4-{high}", "minor", _MINOR),
        move(now, f"1.2.4-{high}", f"1.2.4-{high}", "minor", _MAJOR),
        # What is newer on the present one is not allowed.
        move(now, f"2.0.0-{low} 1.2.4-{high}", f"1.2.4-{high}", "minor"),
        move(now, f"1.2.4-{high} 2.0.0-{high}", f"1.2.4-{high}", "minor"),
        move(now, f"2.0.0-{high}", f"2.0.0-{high}", "major", _MAJOR),
        keep(now, f"1.2.4-{high}", "max", _PATCH),
        keep(now, f"2.0.0-{low} 2.0.0-{high}", "max"),
    ]


_KEPT_BY = {"patch": ("patch",), "minor": ("patch", "minor"), "major": ("patch", "minor", "major")}


def _of_runtime(low: str, high: str, kind: str) -> list[Row]:
    now, new = f"1.2.3-{low}", f"1.2.4-{high}"
    rows = [
        *_of_both(low, high),
        keep(now, new),
        keep(now, f"1.3.0-{high} {new}"),
        keep(now, f"2.0.0-{low} {new}"),
        move(now, new, new, kind, _ANY),
        move(now, new, new, kind, _MAJOR),
        move(now, f"1.3.0-{high}", f"1.3.0-{high}", "minor" if kind == "patch" else kind, _ANY),
        move(now, f"2.0.0-{high}", f"2.0.0-{high}", "major", _MAJOR),
        move(now, new, new, kind, {"variant": f"{_named(low)}*"}),
        keep(f"1.2.3-{high}", f"1.2.4-{low}", None, {"variant": f"{_named(low)}*"}),
    ]
    for size, kinds in _KEPT_BY.items():
        keys: Keys = {"variant": "any", "max": size}
        rows.append(
            move(now, new, new, kind, keys) if kind in kinds else keep(now, new, "max", keys)
        )
    return rows


def _named(variant: str) -> str:
    """The first word of a variant."""
    return re.split("[^a-z]", variant)[0]


ISSUE = [
    keep("6.4.2-php8.2-apache", "6.4.3-php8.1-apache"),
    move(
        "6.4.2-php8.2-apache",
        "6.4.3-php8.1-apache 6.4.3-php8.2-apache",
        "6.4.3-php8.2-apache",
        "patch",
    ),
    keep("4.0.13-24-trixie", "4.1.0-22-trixie"),
    move("4.0.13-24-trixie", "4.1.0-22-trixie 4.1.0-24-trixie", "4.1.0-24-trixie", "minor"),
    move("4.0.13-24-trixie", "4.1.0-24-trixie 4.1.0-26-trixie", "4.1.0-24-trixie", "minor"),
    move("4.0.13-24-trixie", "4.0.14-24-trixie 4.1.0-22-trixie", "4.0.14-24-trixie", "patch"),
    keep("1.2.3-windowsservercore-ltsc2022", "1.2.4-windowsservercore-ltsc2019"),
    move(
        "6.0.3-php8.2-apache",
        "6.3.5-php8.3-apache 6.3.5-php8.2-apache",
        "6.3.5-php8.2-apache",
        "minor",
    ),
    keep("6.0.3-php8.2-apache", "6.3.5-php8.3-apache"),
    move("2.5-jdk17", "2.40-jdk21 2.40-jdk17", "2.40-jdk17", "minor"),
    keep("2.5-jdk17", "2.40-jdk21"),
    move("1.2.3-ubuntu20.04", "1.3.0-ubuntu22.04 1.3.0-ubuntu20.04", "1.3.0-ubuntu20.04", "minor"),
    keep("6.0.3-php8.2", "6.0.3-php9.0 6.0.4-php9.0", None, _PATCH),
    move("7.2.4-debian-11-r9", "7.2.5-debian-12-r0", "7.2.5-debian-12-r0", "minor"),
    keep("7.2.4-debian-11-r9", "7.2.5-debian-12-r0", "max", _PATCH),
    move("7.2.4-debian-11-r9", "7.2.5-debian-12-r0", "7.2.5-debian-12-r0", "minor", _MINOR),
    keep("7.2.4-debian-12-r9", "7.2.5-debian-11-r10"),
]

# More than one number of a platform in a tag.
SEVERAL = [
    move(
        "6.4.2-php8.2-fpm-alpine3.18",
        "6.4.3-php8.2-fpm-alpine3.19 6.4.3-php8.3-fpm-alpine3.18 6.4.3-php8.3-fpm-alpine3.19",
        "6.4.3-php8.2-fpm-alpine3.19",
        "minor",
    ),
    move(
        "6.4.2-php8.2-fpm-alpine3.18",
        "6.4.3-php8.2-fpm-alpine3.18 6.4.3-php8.2-fpm-alpine3.19 6.5.0-php8.3-fpm-alpine3.19",
        "6.4.3-php8.2-fpm-alpine3.18",
        "patch",
    ),
    keep("6.4.2-php8.2-fpm-alpine3.18", "6.4.3-php8.3-fpm-alpine3.18 6.4.3-php8.3-fpm-alpine3.19"),
    keep("6.4.2-php8.2-fpm-alpine3.18", "6.4.3-php8.1-fpm-alpine3.19 6.4.3-php8.2-fpm-alpine3.17"),
    keep("6.4.2-php8.2-fpm-alpine3.18", "6.4.3-php8.3-fpm-alpine3.17", None, _ANY),
    keep("6.4.2-php8.2-fpm-alpine3.18", "6.4.3-php8.1-fpm-alpine3.19", None, _MAJOR),
    move(
        "3.11-slim-bookworm", "3.12-slim-bookworm 3.12-slim-trixie", "3.12-slim-bookworm", "minor"
    ),
    keep("3.12-slim-bookworm", "3.11-slim-bookworm 3.11-slim-trixie 3.12-bookworm"),
    move(
        "1.4.0-jdk17-ubuntu22.04",
        "1.4.1-jdk17-ubuntu24.04 1.4.1-jdk21-ubuntu22.04 1.5.0-jdk21-ubuntu24.04",
        "1.4.1-jdk17-ubuntu24.04",
        "minor",
    ),
    keep("1.4.0-jdk17-ubuntu22.04", "1.4.1-jdk21-ubuntu24.04 1.4.1-jdk17-ubuntu20.04"),
    move(
        "2.1.0-cuda12.2-cudnn8-devel-ubuntu22.04",
        "2.1.1-cuda12.1-cudnn8-devel-ubuntu22.04 2.1.1-cuda12.2-cudnn8-devel-ubuntu22.04"
        " 2.1.1-cuda12.4-cudnn9-devel-ubuntu22.04",
        "2.1.1-cuda12.2-cudnn8-devel-ubuntu22.04",
        "patch",
    ),
    keep(
        "2.1.0-cuda12.2-cudnn8-devel-ubuntu22.04",
        "2.1.1-cuda12.1-cudnn8-devel-ubuntu22.04 2.1.1-cuda12.2-cudnn9-devel-ubuntu22.04"
        " 2.1.1-cuda12.4-cudnn8-devel-ubuntu24.04 2.1.1-cuda12.2-cudnn8-devel-ubuntu20.04",
    ),
    keep("12.2.0-cudnn8-devel-ubuntu22.04", "12.3.0-cudnn9-devel-ubuntu22.04"),
    move(
        "12.2.0-cudnn8-devel-ubuntu22.04",
        "12.2.2-cudnn8-devel-ubuntu22.04 12.3.0-cudnn9-devel-ubuntu22.04",
        "12.2.2-cudnn8-devel-ubuntu22.04",
        "patch",
    ),
    move("2.14.2-pg15", "2.15.0-pg15 2.15.0-pg16 2.16.0-pg16", "2.15.0-pg15", "minor"),
    keep("2.14.2-pg15", "2.15.0-pg14 2.15.0-pg16"),
    move(
        "3.9.6-eclipse-temurin-17",
        "3.9.7-eclipse-temurin-11 3.9.7-eclipse-temurin-17",
        "3.9.7-eclipse-temurin-17",
    ),
    # Before the version.
    move("php8.2-1.2.3", "php8.1-1.2.4 php8.3-1.2.5 php8.2-1.2.4", "php8.2-1.2.4", "patch"),
    keep("php8.2-1.2.3", "php8.1-1.2.4 php7.4-1.3.0"),
    keep("py3.11-1.2.3", "py3.10-1.2.4 py3.9-1.3.0"),
    # Platforms with revisions behind them.
    move("1.2.3-php8.2-4", "1.2.4-php8.2-1 1.2.4-php8.3-9", "1.2.4-php8.2-1", "patch"),
    move(
        "1.2.3-alpine3.18-r4",
        "1.2.4-alpine3.18-r0 1.2.4-alpine3.20-r9",
        "1.2.4-alpine3.18-r0",
        "patch",
    ),
    move("1.2.3-debian-11-r90", "1.2.4-debian-11-r0", "1.2.4-debian-11-r0", "patch"),
    move(
        "1.2.3-debian-11-r90",
        "1.2.3-debian-11-r91 1.2.3-debian-12-r99",
        "1.2.3-debian-11-r91",
        "patch",
    ),
    keep("1.2.3-debian-11-r90", "1.2.3-debian-11-r89 1.2.3-debian-10-r91 1.2.4-debian-10-r91"),
]

GLOBS = [
    move("1.2.3-alpine3.18", "1.2.4-alpine3.20", "1.2.4-alpine3.20", None, {"variant": "alpine*"}),
    keep("1.2.3-alpine3.20", "1.2.4-alpine3.18", None, {"variant": "alpine*"}),
    keep("1.2.3-alpine3.20", "1.2.4-alpine3.9 1.2.4-alpine3.18", None, {"variant": "alpine*"}),
    move(
        "1.2.3-php8.2", "1.2.4-php8.3", "1.2.4-php8.3", "minor", {"variant": "php*", "max": "minor"}
    ),
    keep("1.2.3-php8.2", "1.2.4-php8.3", "max", {"variant": "php*", "max": "patch"}),
    keep("1.2.3-php8.2", "1.2.4-php9.0", "max", {"variant": "php*", "max": "minor"}),
    keep("1.2.3-alpine3.18", "1.2.4-alpine3.20", "max", {"variant": "alpine*", "max": "patch"}),
    keep("1.2.3-php8.2-alpine3.18", "1.2.4-php8.3-alpine3.17", None, {"variant": "php*-alpine*"}),
    move("1.2.3-slim", "1.2.4-slim 1.2.4-alpine3.20", "1.2.4-slim", "patch", _ANY),
    move("1.2.3-alpine", "1.2.4-alpine 1.2.5-slim", "1.2.4-alpine", "patch"),
]

# Behind the version: up freely, and from the start with a new version.
_REVISIONS = ("-r{}", "-ls{}", "-k3s{}", "-{}", "_{}", "-alpine-r{}", "-debian-12-r{}")
REVISIONS = [
    row
    for form in _REVISIONS
    for row in (
        move(
            f"1.2.3{form.format(9)}", f"1.2.3{form.format(10)}", f"1.2.3{form.format(10)}", "patch"
        ),
        move(f"1.2.3{form.format(9)}", f"1.2.4{form.format(0)}", f"1.2.4{form.format(0)}", "patch"),
        move(
            f"1.2.3{form.format(99)}", f"1.3.0{form.format(1)}", f"1.3.0{form.format(1)}", "minor"
        ),
        move(
            f"1.2.3{form.format(9)}",
            f"1.2.4{form.format(1)} 1.2.4{form.format(12)}",
            f"1.2.4{form.format(12)}",
        ),
        keep(f"1.2.3{form.format(9)}", f"1.2.3{form.format(8)} 1.2.2{form.format(12)}"),
        move(
            f"1.2.3{form.format(9)}",
            f"1.2.3{form.format(11)}",
            f"1.2.3{form.format(11)}",
            "patch",
            _PATCH,
        ),
    )
] + [
    move("v1.28.2-k3s2", "v1.28.2-k3s3 v1.29.0-k3s1", "v1.29.0-k3s1", "minor"),
    move("v1.28.2-rke2r2", "v1.29.0-rke2r3", "v1.29.0-rke2r3", "minor"),
    move("11.0.20_8", "11.0.21_9", "11.0.21_9", "patch"),
    move("11.0.20_8-jre", "11.0.21_9-jre 11.0.21_9-jdk", "11.0.21_9-jre", "patch"),
    move("16.8.1-ce.0", "16.8.2-ce.0 16.9.0-ce.0 16.9.0-ee.0", "16.9.0-ce.0", "minor"),
    move("4.0.0.748-ls193", "4.0.0.748-ls194 4.0.1.929-ls195", "4.0.1.929-ls195", "patch"),
]

REVISIONS += [
    move("v1.11.1-eksbuild.9", "v1.11.3-eksbuild.1", "v1.11.3-eksbuild.1", "patch"),
    move(
        "v1.29.0-minimal-eksbuild.4",
        "v1.29.0-minimal-eksbuild.5 v1.29.3-eksbuild.9",
        "v1.29.0-minimal-eksbuild.5",
        "patch",
    ),
    move("v1.23.8-vmware.2", "v1.23.8-vmware.3 v1.23.9-vmware.1", "v1.23.9-vmware.1", "patch"),
    move("v1.14.5-cee.2", "v1.14.6-cee.1", "v1.14.6-cee.1", "patch"),
    move("7.2.0-v9", "7.2.0-v10 7.2.0-v8", "7.2.0-v10", "patch"),
    move("7.2.0-v9", "7.4.0-v1 7.4.0-v0", "7.4.0-v1", "minor"),
    move("20-build.v9", "20-build.v10 22-build.v100", "20-build.v10", "patch"),
    move("22-ea-30-jdk-slim", "22-ea-31-jdk-slim 22-ea-9-jdk-slim", "22-ea-31-jdk-slim", "patch"),
    # What a v says elsewhere nobody knows.
    keep("1.2.3-api-v2", "1.2.3-api-v3 1.2.4-api-v3"),
]

# An architecture is never another one, whatever the policy.
_ARCHITECTURES = (
    ("arm-v6", "arm-v7"),
    ("arm_v6", "arm_v7"),
    ("armv6", "armv7"),
    ("arm6", "arm7"),
    ("arm32v6", "arm32v7"),
    ("linux-arm-v6", "linux-arm-v7"),
    ("amd64", "amd65"),
    ("amd64v2", "amd64v3"),
    ("amd64-v2", "amd64-v3"),
    ("x86-64-v2", "x86-64-v3"),
    ("x86_64_v2", "x86_64_v3"),
    ("i386", "i686"),
    ("x64", "x86"),
)
ARCHITECTURES = [
    row
    for one, other in _ARCHITECTURES
    for row in (
        *(keep(f"1.2.3-{one}", f"1.2.4-{other} 1.3.0-{other}", None, k) for k in (_MAJOR, _ANY)),
        *(keep(f"1.2.3-{other}", f"1.2.4-{one}", None, k) for k in (None, _MAJOR, _ANY)),
        move(f"1.2.3-{one}", f"1.2.4-{one} 1.2.5-{other}", f"1.2.4-{one}", "patch"),
    )
] + [
    # Its number is no version and none of a branch.
    move("x86_64-2026-01-15", "x86_64-2026-02-05 2026-03-01", "x86_64-2026-02-05", "other"),
    move("x86_64-python-3.11.6", "x86_64-python-3.11.7", "x86_64-python-3.11.7", "patch"),
    move("main-amd64-57", "main-amd64-58 main-arm64-59", "main-amd64-58", "other"),
    keep("main-x86_64", "main-x86_65 main-arm64", "no-order"),
    keep("sha-4f2a9c1-arm64", "sha-9e107d9-arm64 sha-9e107d9-arm65", "no-order"),
]

# Of another variant: what both have by one name does not go down, and counts.
_ANY_MINOR: Keys = {"variant": "any", "max": "minor"}
OTHER_VARIANTS = [
    keep("6.4.2-php8.2-apache", "6.4.3-php8.1-fpm", None, _ANY),
    keep("1.2.3-alpine3.18", "1.2.4-alpine3.17-slim", None, _ANY),
    keep("2022-preview-ubuntu-22.04", "2022-CU10-ubuntu-20.04", None, _ANY),
    keep("1.2.3-php8.2-fpm", "1.2.4-php8.1-fpm-alpine3.19", None, {"variant": "php*"}),
    keep("20260101-php8.2", "20260201-php8.1-fpm", None, {"order": "calver", **_ANY}),
    move("6.4.2-php8.2-apache", "6.4.3-php8.2-fpm", "6.4.3-php8.2-fpm", "patch", _ANY),
    move("6.4.2-php8.2-apache", "6.4.3-php8.3-fpm", "6.4.3-php8.3-fpm", "minor", _ANY_MINOR),
    keep("6.4.2-php8.2-apache", "6.4.3-php9.0-fpm", "max", _ANY_MINOR),
    keep("6.4.2-php8.2-apache", "6.4.3-php8.3-fpm", "max", {"variant": "any", "max": "patch"}),
    move("1.2.3-alpine3.18", "1.2.4-debian-11", "1.2.4-debian-11", "patch", _ANY),
    # A database, and not Oracle Linux.
    keep("1.0-oracle19", "1.1-oracle21"),
]

ROWS: list[Row] = [
    *ISSUE,
    *ARCHITECTURES,
    *OTHER_VARIANTS,
    *(row for pair in SYSTEMS for row in _of_system(*pair)),
    *(row for entry in RUNTIMES for row in _of_runtime(*entry)),
    *SEVERAL,
    *GLOBS,
    *REVISIONS,
]
