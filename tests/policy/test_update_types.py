import pytest

from imagebot.policy.build import build_policy
from imagebot.policy.update_types import update_type_of

BUILD = {"pattern": "^main-([0-9]+)", "extract": "$1", "order": "numerical"}
STRICT = {"semver": "*", "version-syntax": "strict"}

# (keys, current, new, kind)
CASES = [
    ({}, "1.2.3", "2.0.0", "major"),
    ({}, "1.2.3", "1.3.0", "minor"),
    ({}, "1.2.3", "1.2.4", "patch"),
    ({}, "0.1.0", "0.2.0", "minor"),
    ({}, "1.2.3-r1", "1.2.3-r2", "patch"),
    ({}, "1.2.3.4", "1.2.3.5", "patch"),
    ({}, "1.3.0-rc.1", "1.3.0", "patch"),
    ({}, "2.0.0", "1.0.0", "major"),
    ({}, "14", "15", "major"),
    ({}, "1.2", "1.3", "minor"),
    ({}, "1.2.3", "1.2.3", "digest"),
    ({}, "1.2.3", None, "digest"),
    ({}, None, None, "digest"),
    ({}, None, "1.2.3", "other"),
    ({}, "latest", "1.2.3", "other"),
    ({}, "1.2.3", "v1.2.4", "other"),
    ({}, "1.2.3", "1.3", "other"),
    ({}, "20240101", "20240202", "other"),
    ({}, "2024.1.1", "2024.2.1", "other"),
    ({}, "1.2.3", "20240202", "other"),
    ({"variant": "any"}, "1.2.3-alpine", "1.3.0-slim", "minor"),
    (STRICT, "1.2.3", "v2.0.0", "major"),
    (STRICT, "1.2.3-alpine", "1.2.3-beta", "patch"),
    (STRICT, "1.2", "1.2.3", "other"),
    (STRICT, "2024.1.1", "2025.1.1", "major"),
    (BUILD, "main-1", "main-2", "other"),
    ({"order": "pushed"}, "1.2.3", "1.3.0", "minor"),
    ({"order": "pushed"}, "1.2.3", "1.3.0-alpine", "other"),
    ({"semver": "*", "pattern": "^x-(.*)", "extract": "$1"}, "x-1.2.3", "x-1.3.0", "minor"),
    ({"semver": "*", "pattern": "^x-(.*)", "extract": "$1"}, "1.2.3", "x-1.3.0", "other"),
]


@pytest.mark.parametrize(("keys", "current", "new", "kind"), CASES)
def test_kinds(keys: dict[str, object], current: str | None, new: str | None, kind: str) -> None:
    assert update_type_of(build_policy("p", keys), current, new) == kind
