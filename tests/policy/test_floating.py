"""Which tags float: their digests are followed where they are written."""

from __future__ import annotations

import pytest

from imagebot.policy.floating import is_floating

NGINX = "latest 1 1.27 1.27.3 1.27.4 1.28.0 1-alpine 1.27-alpine 1.27.3-alpine 1.27.3-alpine3.20"
BITNAMI = "1 1.27 1.27.3 1-debian-12 1.27-debian-12 1.27.3-debian-12-r4"

# A tag, the tags of its repository, whether it floats.
TAGS = [
    # No order at all.
    ("latest", NGINX, True),
    ("latest", "", True),
    ("edge", "edge 1.2.3", True),
    ("stable-slim", "stable stable-slim", True),
    ("lts", "lts 22.1.0", True),
    ("main", "main", True),
    ("feature-login", "main feature-login", True),
    ("bookworm", "bookworm bookworm-20240812", True),
    ("pr-58", "pr-57 pr-58 1.2.3", True),
    ("feature-123", "feature-123 feature-124", True),
    # A stream of builds, and none of them.
    ("1.3-dev", "1.3-dev 1.2.3", True),
    ("1.2.3-SNAPSHOT", "1.2.3-SNAPSHOT 1.2.2", True),
    ("9-nightly-alpine", "9-nightly-alpine", True),
    # Numbers of a platform are no order.
    ("latest-arm64", "latest-arm64 latest-amd64", True),
    ("latest-arm64v8", "latest-arm64v8", True),
    ("stable-alpine3.20", "stable-alpine3.20 stable-alpine3.19", True),
    ("lts-jdk17", "lts-jdk17", True),
    # Fewer numbers than the releases.
    ("1", NGINX, True),
    ("1.27", NGINX, True),
    ("1.28", NGINX, True),
    ("1-alpine", NGINX, True),
    ("1.27-alpine", NGINX, True),
    ("v1.2", "v1.2 v1.2.3", True),
    ("2024.1", "2024.1 2024.1.3 2023.12.1", True),
    ("8", "8 7.4.2", True),
    ("8", "8 7.4.2 2024.01.05", True),
    ("14", "14 9.6.1 1234.5.6", True),
    ("py3.11-1.2", "py3.11-1.2 py3.11-1.2.3", True),
    ("1-debian-12", BITNAMI, True),
    ("1.27-debian-12", BITNAMI, True),
    ("17-jdk", "17-jdk 17.0.12_7-jdk", True),
    ("17-jdk-jammy", "17-jdk-jammy 17.0.11_9-jdk-jammy 17.0.12_7-jdk-jammy", True),
    ("17-jre", "17-jre 17.0.12_7-jdk", False),
    ("16", "16 16.4-1 16.4-12", True),
    ("25.0", "25.0 25.0.1-0", True),
    ("25.0", "25.0 25.0.1-alpine", False),
    ("8-fpm-alpine", "8-fpm-alpine 8.2.13-fpm-alpine3.18", True),
    ("1-alpine", "1-alpine 1.2.3-alpinex", False),
    # A platform, where there are versions on it, or builds of it.
    ("php8.2-apache", "php8.2-apache 6.4.2-php8.2-apache", True),
    ("php8.2-apache", "php8.2-apache 6.4.2-php8.3-apache", False),
    ("php8.2", "php8.2 cli-php8.2", False),
    ("alpine3.19", "alpine3.19 20.16.0-alpine3.19", True),
    ("pg16", "pg16 0.8.0-pg16", True),
    ("python3.11", "python3.11 python3.11-2024-08-01", True),
    ("python3.11", "python3.11 python3.11-slim python3.12-2024-08-01", False),
    ("ubuntu22.04", "ubuntu22.04 ubuntu24.04", False),
    # Full versions.
    ("1.27.3", NGINX, False),
    ("1.27.3-alpine", NGINX, False),
    ("1.27.3-debian-12-r4", BITNAMI, False),
    ("1.27", "1.26 1.27 1.28", False),
    ("14", "13 14 15", False),
    ("14", "13 14 2024.01.05 2024.02.05 2024.03.05", False),
    ("14", "14 20240105.1 20240205.1", False),
    ("1.27", "1.26 1.27 2024.01.05 2024.02.06 2024.03.07", False),
    ("v14", "v14 v2024.1.5 v2024.2.5", False),
    ("1.27", "1.27 v1.27.3", False),
    ("1.27-slim", "1.27-slim 1.27.3", False),
    ("1.27", "1.27 1.27.3-rc.1", False),
    ("1.3", "1.1 1.1.1 1.2 1.3 1.4", False),
    ("1.2.3-rc.1", "1.2.3-rc.1 1.2.3", False),
    # What is a version, a date or a build of a channel does not move.
    ("stable-1.2.3", "stable stable-1.2.3", False),
    ("edge-20240101", "edge edge-20240101", False),
    ("latest-build12", "latest latest-build12", False),
    ("latest-dev5", "latest latest-dev5", False),
    ("edge-nightly5", "edge edge-nightly5", False),
    ("stable-3f2a9c1", "stable stable-3f2a9c1", False),
    ("1.3-dev.5", "1.3-dev.5 1.3-dev.6", False),
    ("1.2.3-nightly-20240101", "1.2.3-nightly-20240101", False),
    ("20240101-nightly", "20240101-nightly", False),
    ("1.3-dev-3f2a9c1", "1.3-dev-3f2a9c1", False),
    # Dates and counters are not versions with fewer numbers.
    ("20240507", "20240507 1.2.0 1.3.0", False),
    ("2024-01-05", "2024-01-05 1.2.0", False),
    ("4711", "4710 4711 1.2.3", False),
    ("main-57", "main-56 main-57 1.2.3", False),
    # A hash names one build, with letters or without.
    ("abcdef1", "abcdef1 1.2.3", False),
    ("sha-abcdef1", "sha-abcdef1 latest", False),
    ("sha-1234567", "sha-1234567 sha-abcdef1", False),
    ("1234567", "1234567 latest", False),
    ("deadbee", "deadbee latest", False),
    ("g1234567", "g1234567 latest", False),
    ("gitdeadbee", "gitdeadbee latest", False),
    ("app-deadbeef", "app-deadbeef latest", False),
    ("main-abcdef1", "main main-abcdef1", False),
    ("main-12-4f2a9c1", "main-12-4f2a9c1 main-13-9e107d9", False),
]


@pytest.mark.parametrize(("tag", "tags", "floats"), TAGS)
def test_a_tag_floats(tag: str, tags: str, floats: bool) -> None:
    assert is_floating(tag, tags.split()) is floats
    assert is_floating(tag, tags.split()[::-1]) is floats
