"""Renovate: the versionings docker, loose and kubernetes-api, and look-ups of Docker images."""

from __future__ import annotations

from tests.conformance.questions import (
    are_one_version,
    has_order,
    is_comparable,
    is_newer,
    picks,
    sorts,
    step,
)
from tests.conformance.table import Table

# Versioning docker

DOCKER_VERSIONS = (
    ("1.2.3", True),
    ("18.04", True),
    ("10.1", True),
    ("3", True),
    ("foo", False),
    ("0a1b2c3", False),
    ("0a1b2c3d", False),
    ("0a1b2c3d4e5f6a7b8c9d0a1b2c3d4e5f6a7b8c9d", False),
    ("0a1b2c3d4e5f6a7b8c9d0a1b2c3d4e5f6a7b8c9d0", True),
    ("0a1b2C3", True),
    ("0z1b2c3", True),
    ("0A1b2c3d4e5f6a7b8c9d0a1b2c3d4e5f6a7b8c9d", True),
    ("123098140293", True),
)

# Which number of a tag is which: (tag, with that number higher, what the step is)
DOCKER_NUMBERS = (
    ("1.2.3", "2.2.3", "major"),
    ("1.2.3", "1.3.3", "minor"),
    ("1.2.3", "1.2.4", "patch"),
    ("18.04", "19.04", "major"),
    ("18.04", "18.05", "minor"),
    ("10.1", "11.1", "major"),
    ("10.1", "10.2", "minor"),
    ("3", "4", "major"),
    ("foo", "fop", None),
)

# (policy, one, another, whether the one is higher)
_ANY = "max=major"
DOCKER_HIGHER = (
    (_ANY, "1.2.3", "1.2", False),
    (_ANY, "18.04", "18.1", True),
    (_ANY, "10.1", "10.1.2", True),
    (_ANY, "3", "2", True),
    (_ANY, "1.2.3", "1.2.3", False),
    (_ANY, "2.0", "1.2.3", True),
    (_ANY, "18.1", "18.04", False),
    (_ANY, "10.0.4", "10.1", False),
    (_ANY, "4.0", "3", True),
    (_ANY, "1.3.4", "1.2", True),
    (_ANY, "1.2.3", "1.1.1", True),
    (_ANY, "1.3.4", "1.2.3", True),
    (_ANY, "1.2.3", "2.0.1", False),
    (_ANY, "0.9.5", "1.2.3", False),
    (_ANY, "3.7.0b5", "3.7.0b1", True),
    (_ANY, "3.7.0", "3.7.0b5", True),
    (_ANY, "3.7-alpine", "3.7.0", True),
    (_ANY, "3.8.0b1-alpine", "3.7-alpine", True),
    (_ANY, "3.8.0-alpine", "3.8.0b1-alpine", True),
    (_ANY, "3.8.0", "3.8.0-alpine", True),
    (_ANY, "3.8.2", "3.8.0", True),
)

DOCKER_EQUAL = (
    ("1.2.3", "1.2.3", True),
    ("18.04", "18.4", True),
    ("10.0", "10.0.4", False),
    ("3", "4.0", False),
    ("1.2", "1.2.3", False),
)

# Stable versions: (policy, tag, a lower release of its form, whether a release moves to it)
DOCKER_STABLE = (
    (_ANY, "3.7.0", "3.6.0", True),
    (_ANY, "3.7.0b1", "3.6.0", False),
    (_ANY, "3.7-alpine", "3.6-alpine", True),
    (_ANY, "3.8.0-alpine", "3.6.0-alpine", True),
    (_ANY, "3.8.0b1-alpine", "3.6.0-alpine", False),
    (_ANY, "3.8.2", "3.6.0", True),
    (_ANY, "3.8.3-SNAPSHOT", "3.6.0", False),
    (_ANY, "3.8.3-1-SNAPSHOT", "3.6.0", False),
)

DOCKER_COMPATIBLE = (
    ("3.7.0", "3.7.0", True),
    ("3.7.0b1", "3.7.0", True),
    ("3.7-alpine", "3.7.0", False),
    ("3.8.0-alpine", "3.7.0", False),
    ("3.8.0b1-alpine", "3.7.0", False),
    ("3.8.2", "3.7.0", True),
    ("3.7.0", "3.7.0-alpine", False),
    ("3.7.0b1", "3.7.0-alpine", False),
    ("3.7-alpine", "3.7.0-alpine", False),
    ("3.8.0-alpine", "3.7.0-alpine", True),
    ("3.8.0b1-alpine", "3.7.0-alpine", True),
    ("3.8.2", "3.7.0-alpine", False),
)

# Look-ups: (policy, current tag, tags, picked)

_NODE = "8.1.0 8.1.5 8.1 8.2.0 8.2.5 8.2 8 9.0 9"
_VUE = "2.5.14 2.5.15 2.5.16"
_OPENJDK = "17.0.0 18.0.0 19.0.0"
_ALPINE = "18.18.0 18.19.0-alpine 18.20.0"
_DEBIAN = "bullseye bullseye-slim bookworm bookworm-slim"
LOOK_UPS = (
    ("max=minor", "8.1.0", _NODE, "8.2.5"),
    ("max=major", "8.1.0", _NODE, "8.2.5"),
    ("max=minor", "8.1", _NODE, "8.2"),
    ("max=major", "8.1", _NODE, "9.0"),
    ("max=minor", "8", _NODE, "8"),
    ("max=major", "8", _NODE, "9"),
    ("max=major", "alpine", "8.0.0 8.1.0 alpine", "alpine"),
    ("max=major", "latest", "8.0.0 8.1.0 latest", "latest"),
    ("", "alpine", "8.0.0 8.1.0 alpine", "alpine"),
    ("max=major adopt=false", "alpine", "8.0.0 8.1.0 alpine", "alpine"),
    ("max=major", "17.0.0", _OPENJDK, "19.0.0"),
    ("semver=<19.0.0", "17.0.0", _OPENJDK, "18.0.0"),
    ("max=minor", "18.10.0-alpine", f"18.10.0 {_ALPINE}", "18.19.0-alpine"),
    ("variant=slim", "18.10.0-alpine", _ALPINE, "18.10.0-alpine"),
    ("max=major", "bullseye-slim", _DEBIAN, "bookworm-slim"),
    # Digests are asked for (pinDigests).
    ("pin=digest", "8.0.0", "8.0.0 8.1.0", "8.1.0"),
    ("pin=digest", "8.1.0", "8.0.0 8.1.0", "8.1.0"),
    ("pin=digest", "alpine", "8.0.0 8.1.0 alpine", "alpine"),
    # The current version is gone; the second one asks for roll-backs (rollbackPrs).
    ("max=major", "2.5.17", _VUE, "2.5.17"),
    ("max=major allow-downgrade=true", "2.5.17", _VUE, "2.5.16"),
)

# Not from its tests, but measured on Renovate 44.121.2, with its defaults for Docker images.
_BITNAMI = "7.2.4-debian-11-r9"
MEASURED = (
    ("", "1.2.3-alpine", "1.2.4-alpine 1.3.0 1.3.0-slim 1.2.9-alpine3.20", "1.2.4-alpine"),
    ("", "1.3.0-rc.1", "1.3.0-rc.2 1.3.0", "1.3.0-rc.1"),
    ("", "v1.2.3", "1.2.4", "1.2.4"),
    ("", _BITNAMI, "7.2.4-debian-11-r10 7.2.5-debian-12-r0", _BITNAMI),
    ("", "1.2.3-ls10", "1.2.3-ls11 1.2.4-ls12", "1.2.3-ls10"),
    ("", "main-20240101", "main-20240202", "main-20240101"),
    ("", "20240101", "20240202 1.0.0", "20240202"),
    (
        "",
        "RELEASE.2023-01-25T00-19-54Z",
        "RELEASE.2024-01-25T00-19-54Z",
        "RELEASE.2023-01-25T00-19-54Z",
    ),
    ("", "1.2.3.4", "1.2.3.5 1.2.4", "1.2.3.5"),
    ("", "1.2.3", "1.3.0-rc.1 2.0.0-beta1", "1.2.3"),
)

# Not in its tests, but what follows from them: a tag is a version only from its first character
# on, and an update keeps the text after the first `-`. (policy, current tag, tags, picked)
HASHES = "1234567 7654321 abcdef1 0a1b2c3"
PHP = "6.0.3-php8.2-apache 6.3.5-php8.2-apache 6.3.5-php8.3-apache"
SUFFIXES = (
    ("", "6.4.2-php8.2-apache", "6.4.2-php8.2-apache 6.4.3-php8.1-apache", "6.4.2-php8.2-apache"),
    ("", "6.0.3-php8.2-apache", PHP, "6.3.5-php8.2-apache"),
    ("max=patch", "6.0.3-php8.2", "6.0.3-php8.2 6.0.3-php9.0", "6.0.3-php8.2"),
    ("", "2.5-jdk17", "2.5-jdk17 2.40-jdk21", "2.5-jdk17"),
    ("", "1.1-ltsc2022", "1.1-ltsc2022 1.2-ltsc2019", "1.1-ltsc2022"),
    ("", "4.0.13-24-trixie", "4.0.13-24-trixie 4.1.0-22-trixie", "4.0.13-24-trixie"),
    ("", "1.0-ubuntu20.04", "1.0-ubuntu20.04 1.0-ubuntu22.04", "1.0-ubuntu20.04"),
    ("", "0.9.2-alpine", "0.9.2-alpine 0.9.4-2-alpine", "0.9.2-alpine"),
    ("", "13.1", "13.1 13.1.1", "13.1"),
    ("", "sha-1234567", "sha-1234567 sha-7654321", "sha-1234567"),
    ("", "pr-57", "pr-57 pr-58", "pr-57"),
    (
        "",
        "5.4.0-snapshot-bbbbbbbb",
        "5.4.0-snapshot-bbbbbbbb 5.4.0-snapshot-12345678",
        "5.4.0-snapshot-bbbbbbbb",
    ),
    ("max=major", "1234567", HASHES, "7654321"),
    ("", "main-201-f022da4", "main-201-f022da4 main-399-cea8be1", "main-201-f022da4"),
    ("", "0.9.0-dev-9", "0.9.0-dev-9 0.9.0-dev-12", "0.9.0-dev-9"),
)

# Versioning loose

LOOSE_VERSIONS = (
    ("1.1", True),
    ("1.3.RC2", True),
    ("2.1-rc2", True),
    ("v1.4", True),
    ("V0.5", True),
    ("3.5.0", True),
    ("4.2.21.Final", True),
    ("0.6.5.1", True),
    ("20100527", True),
    ("2.1.0-M3", True),
    ("4.3.20.RELEASE", True),
    ("1.1-groovy-2.4", True),
    ("0.8a", True),
    ("3.1.0.GA", True),
    ("3.0.0-beta.3", True),
    ("1.2.3.4.5.6.7", False),
)

LOOSE_HIGHER = (
    (_ANY, "2.4.0", "2.4", True),
    (_ANY, "2.4.1", "2.4", True),
    (_ANY, "2.4.2", "2.4.1", True),
    (_ANY, "2.4.100", "2.4.99", True),
    (_ANY, "2.4.beta", "2.4.alpha", True),
    (_ANY, "1.9", "2", False),
    (_ANY, "1.9", "1.9.1", False),
    (_ANY, "2.4", "2.4.beta", True),
    (_ANY, "2.4.0", "2.4.beta", True),
    (_ANY, "2.4.beta", "2.4", False),
    (_ANY, "2.4.beta", "2.4.0", False),
    (_ANY, "2024-07-21T11-33-05.abc123", "2023-06-21T11-33-05.abc123", True),
    (_ANY, "2023-07-21T11-33-05.abc123", "2023-07-21T11-33-04.abc123", True),
    (_ANY, "2023-07-21-113305-abc123", "2023-07-21-113304-abc123", True),
    (_ANY, "1.1.5-100", "1.1.5-99", True),
    (_ANY, "2026051723231779060208", "2026051723231779060202", True),
    (_ANY, "2026051723231779060202", "2026051723231779060208", False),
)

# Versioning kubernetes-api

_KUBERNETES = "max=major prerelease=allow"
KUBERNETES_HIGHER = (
    (_KUBERNETES, "v1", "v2", False),
    (_KUBERNETES, "v1", "v1alpha1", True),
    (_KUBERNETES, "v1", "v1beta1", True),
    (_KUBERNETES, "v2", "v1beta1", True),
    (_KUBERNETES, "v1alpha1", "v1alpha2", False),
    (_KUBERNETES, "v1beta1", "v1alpha1", True),
    (_KUBERNETES, "v1beta2", "v1beta1", True),
)
_V1 = ("v1alpha1", "v1alpha2", "v1beta1", "v1beta2", "v1")
_V2 = ("v2alpha1", "v2alpha2", "v2beta1", "v2beta2", "v2")
KUBERNETES_SORTED = ((_KUBERNETES, *_V1, *_V2, "v10"),)

MEASURED_STEPS = (("20240101", "20240202", "major"),)

_MAY_BE_HASH = ("Numbers that may be hashes", False)
_PARTS = ("Parts of a version", False)
_VARIANTS = ("Order of variants", False)
_LETTERS = ("Single letters", False)
_REVISION = "Revisions and platforms move on"
_COUNTER = "Dates and counters behind a word"

TABLES = (
    Table(
        "docker: a version",
        has_order,
        DOCKER_VERSIONS,
        {("123098140293",): _MAY_BE_HASH},
    ),
    Table("docker: its numbers", step, DOCKER_NUMBERS),
    Table(
        "docker: which of two is higher",
        is_newer,
        DOCKER_HIGHER,
        {
            (_ANY, "10.1", "10.1.2"): _PARTS,
            (_ANY, "2.0", "1.2.3"): _PARTS,
            (_ANY, "4.0", "3"): _PARTS,
            (_ANY, "1.3.4", "1.2"): _PARTS,
            (_ANY, "3.7.0", "3.7.0b5"): _LETTERS,
            (_ANY, "3.7-alpine", "3.7.0"): _VARIANTS,
            (_ANY, "3.8.0b1-alpine", "3.7-alpine"): _PARTS,
            (_ANY, "3.8.0-alpine", "3.8.0b1-alpine"): _LETTERS,
            (_ANY, "3.8.0", "3.8.0-alpine"): _VARIANTS,
        },
    ),
    Table("docker: equal versions", are_one_version, DOCKER_EQUAL),
    Table("docker: stable versions", is_newer, DOCKER_STABLE),
    Table(
        "docker: compatible versions",
        is_comparable,
        DOCKER_COMPATIBLE,
        {
            ("3.7.0b1", "3.7.0"): _LETTERS,
            ("3.8.0b1-alpine", "3.7.0-alpine"): _LETTERS,
        },
    ),
    Table(
        "look-ups",
        picks,
        LOOK_UPS,
        {
            ("max=major", "latest", "8.0.0 8.1.0 latest"): ("Adoption", "8.1.0"),
            ("pin=digest", "8.0.0", "8.0.0 8.1.0"): ("Pinning alone", "8.0.0"),
            ("max=major", "bullseye-slim", _DEBIAN): ("Names of releases", "bullseye-slim"),
        },
    ),
    Table(
        "look-ups, by the suffix",
        picks,
        SUFFIXES,
        {
            ("max=major", "1234567", HASHES): ("Numbers that may be hashes", "1234567"),
            ("", "main-201-f022da4", "main-201-f022da4 main-399-cea8be1"): (
                _COUNTER,
                "main-399-cea8be1",
            ),
            ("", "0.9.0-dev-9", "0.9.0-dev-9 0.9.0-dev-12"): (
                "Pre-releases move on",
                "0.9.0-dev-12",
            ),
        },
    ),
    Table(
        "look-ups, measured",
        picks,
        MEASURED,
        {
            ("", "1.3.0-rc.1", "1.3.0-rc.2 1.3.0"): ("Pre-releases move on", "1.3.0"),
            ("", "v1.2.3", "1.2.4"): ("The v stays", "v1.2.3"),
            ("", _BITNAMI, "7.2.4-debian-11-r10 7.2.5-debian-12-r0"): (
                _REVISION,
                "7.2.5-debian-12-r0",
            ),
            ("", "1.2.3-ls10", "1.2.3-ls11 1.2.4-ls12"): (_REVISION, "1.2.4-ls12"),
            ("", "main-20240101", "main-20240202"): (_COUNTER, "main-20240202"),
            ("", "RELEASE.2023-01-25T00-19-54Z", "RELEASE.2024-01-25T00-19-54Z"): (
                _COUNTER,
                "RELEASE.2024-01-25T00-19-54Z",
            ),
        },
    ),
    Table(
        "steps, measured",
        step,
        MEASURED_STEPS,
        {("20240101", "20240202"): ("Dates are not majors", "other")},
    ),
    Table(
        "loose: a version", has_order, LOOSE_VERSIONS, {("1.2.3.4.5.6.7",): ("Many numbers", True)}
    ),
    Table(
        "loose: which of two is higher",
        is_newer,
        LOOSE_HIGHER,
        {
            (_ANY, "2.4.0", "2.4"): _PARTS,
            (_ANY, "2.4.1", "2.4"): _PARTS,
            (_ANY, "2.4.0", "2.4.beta"): _PARTS,
        },
    ),
    Table("kubernetes-api: which of two is higher", is_newer, KUBERNETES_HIGHER),
    Table(
        "kubernetes-api: sorted",
        sorts,
        [(*row, row[1:]) for row in KUBERNETES_SORTED],
    ),
)
