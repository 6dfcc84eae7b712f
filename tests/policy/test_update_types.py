import pytest

from imagebot.policy.build import build_policy
from imagebot.policy.update_types import is_within, update_type_of, version_of

BUILD = {"pattern": "^main-([0-9]+)", "extract": "$1", "order": "numerical"}
STRICT = {"semver": "*", "version-syntax": "strict"}

# (keys, current, new, update_type)
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


@pytest.mark.parametrize(("keys", "current", "new", "update_type"), CASES)
def test_types(
    keys: dict[str, object], current: str | None, new: str | None, update_type: str
) -> None:
    assert update_type_of(build_policy("p", keys), current, new) == update_type


@pytest.mark.parametrize(("keys", "current", "new", "update_type"), CASES)
def test_a_step_is_within_its_size(
    keys: dict[str, object], current: str | None, new: str | None, update_type: str
) -> None:
    if current is None or new is None:
        return
    policy = build_policy("p", keys)
    assert is_within(policy, "patch", current)(new) is (update_type in ("digest", "patch"))
    assert is_within(policy, "minor", current)(new) is (update_type in ("digest", "patch", "minor"))


@pytest.mark.parametrize(
    ("keys", "tag", "version"),
    [
        ({}, "v1.2.3", "1.2.3"),
        ({}, "1.2.3-alpine", "1.2.3"),
        ({}, "1.2", "1.2.0"),
        ({}, "1.2.3-rc.1", "1.2.3-rc.1"),
        ({}, "latest", None),
        ({}, "20240101", None),
        (STRICT, "1.2.3-alpine", "1.2.3-alpine"),
        (STRICT, "1.2", None),
        ({"semver": "*", "pattern": "^x-(.*)", "extract": "$1"}, "x-1.2.3", "1.2.3"),
        ({"semver": "*", "pattern": "^x-(.*)", "extract": "$1"}, "1.2.3", None),
    ],
)
def test_the_version_of_a_tag(keys: dict[str, object], tag: str, version: str | None) -> None:
    found = version_of(build_policy("p", keys), tag)
    assert (None if found is None else str(found)) == version
