"""Tags that are a platform and no version of anything on it."""

from __future__ import annotations

from tests.policy.schemes.row import Keys, Row, keep, move

_PATCH: Keys = {"max": "patch"}
_MINOR: Keys = {"max": "minor"}
_MAJOR: Keys = {"max": "major"}

# Under a branch or a commit, a platform is no version: it would be all that moves.
_UNDER = ("latest", "stable", "edge", "lts", "mainline", "main", "master", "nightly", "dev", "head")
WITHOUT_VERSION = [
    *(keep(f"{name}-alpine3.18", f"{name}-alpine3.19", "no-order") for name in _UNDER),
    *(keep(f"{name}-php8.2", f"{name}-php8.3", "no-order") for name in _UNDER),
    *(keep(f"{name}-jdk17", f"{name}-jdk21", None, _MAJOR) for name in _UNDER),
    keep("stable-alpine-3.18", "stable-alpine-3.19", "no-order"),
    keep("latest-slim-python3.11", "latest-slim-python3.12", "no-order"),
    keep("sha-4f2a9c1-php8.2", "sha-9e107d9-php8.3 sha-abcdef1-php8.2", "no-order"),
    keep("main-4f2a9c1-alpine3.18", "main-9e107d9-alpine3.19", "no-order"),
    keep("4f2a9c1-ubuntu-22.04", "9e107d9-ubuntu-22.10", "no-order"),
    keep("main-1234567-cuda12.1", "main-7654321-cuda12.4", "no-order"),
    keep("sha-4f2a9c1-cuda12", "sha-9e107d9-cuda13", None, _MAJOR),
    move("latest-php8.2-1.2.3", "latest-php8.2-1.2.4", "latest-php8.2-1.2.4", "patch"),
    move("main-jdk17-1.2.3", "main-jdk17-1.2.4 main-jdk21-1.2.5", "main-jdk17-1.2.4", "patch"),
]

# A tag that is only a platform: another one is a major step, because all that it says is which.
_ONLY = [
    ("php8.2", "php8.3"),
    ("php8.2-apache", "php8.3-apache"),
    ("php8.2-fpm-alpine", "php8.3-fpm-alpine"),
    ("cli-php8.2", "cli-php8.3"),
    ("apache-php-8.2", "apache-php-8.3"),
    ("python3.11", "python3.12"),
    ("python3.11-slim", "python3.12-slim"),
    ("alpine3.18", "alpine3.19"),
    ("fpm-alpine3.18", "fpm-alpine3.19"),
    ("iron-alpine3.18", "iron-alpine3.19"),
    ("alpine3.18-jdk17", "alpine3.20-jdk17"),
    ("ubuntu-22.04", "ubuntu-22.10"),
    ("cuda12.1", "cuda12.4"),
    ("go1.21", "go1.22"),
    ("jdk17", "jdk21"),
    ("debian-11", "debian-12"),
]
ONLY_PLATFORMS = [
    *(keep(now, f"{new} 6.4.2-{new} 6.4.2-{now}", "max") for now, new in _ONLY),
    *(keep(now, new, "max", keys) for now, new in _ONLY for keys in (_PATCH, _MINOR)),
    *(move(now, new, new, "major", _MAJOR) for now, new in _ONLY),
    # With three numbers it is a version, of whatever has this name.
    move("php8.2.1-apache", "php8.3.0-apache php9.0.0-apache", "php8.3.0-apache", "minor"),
    move("kubectl-1.28.2", "kubectl-1.29.0 kubectl-1.30", "kubectl-1.29.0", "minor"),
    move(
        "python3.11-2024-08-01",
        "python3.12-2024-09-01 python3.11-2024-09-01",
        "python3.11-2024-09-01",
        "other",
    ),
    move("py3.11-1.2", "py3.11-1.3 py3.12-1.4", "py3.11-1.3", "minor"),
    move("php8.2-r1", "php8.3-r9 php8.2-r2", "php8.2-r2", "patch"),
    # Behind another word, or none, two numbers are a version.
    move("8.2-apache", "8.3-apache", "8.3-apache", "minor"),
    move("cli-2.10", "cli-2.11", "cli-2.11", "minor"),
    move("alpine-v17.0", "alpine-v17.1", "alpine-v17.1", "minor"),
]

ROWS: list[Row] = [*WITHOUT_VERSION, *ONLY_PLATFORMS]
