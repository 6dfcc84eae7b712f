"""Order semver: ranges over tags, in both syntaxes."""

import pytest

from tests.policy.choosing import choosing, pick, rules

# Natural syntax: (range, current, tags, picked)
NATURAL = [
    ("^1.2", "1.2.3", "1.2.4 1.9.0 2.0.0", "1.9.0"),
    ("^1.2", "1.2.3-alpine", "1.3.0 1.3.0-alpine 1.4.0-slim", "1.3.0-alpine"),
    ("^1.2", "v1.2.3", "1.9.0 v1.3.0", "v1.3.0"),
    ("^1.2", "app-1.2.3", "1.9.0 app-1.3.0", "app-1.3.0"),
    ("^1.2", "1.2.3", "20240101 1.3 1.3.0.1", "1.2.3"),
    ("^16", "16.1", "16.2 17.0 16.2.1", "16.2"),
    (">=14", "14", "15 20240101 1234567", "15"),
    ("^1.2", "1.2.3.4", "1.2.3.5 1.3.0.1 2.0.0.0 1.9.9", "1.3.0.1"),
    ("^7.2", "7.2.4-debian-11-r9", "7.2.4-debian-11-r10", "7.2.4-debian-11-r10"),
    (">=2024.1", "2024.1.3", "2024.2.0 1.2.3", "2024.2.0"),
    # Out of the range, and still never lower.
    ("^1", "2.0.0", "1.9.0 2.0.0 3.0.0", "2.0.0"),
    # Pre-releases: the range decides.
    ("^1.2", "1.2.3", "1.3.0-rc.1", "1.2.3"),
    ("^1.2-0", "1.2.3", "1.3.0-rc.1 2.0.0-rc.1", "1.3.0-rc.1"),
    ("^1.2-0", "1.2.3", "1.3.0rc1 1.3.0-rc.1", "1.3.0-rc.1"),  # equal: the longer one
    (">=1.0.0-0 <2.0.0", "1.2.3", "2.0.0-rc.1", "2.0.0-rc.1"),
    (">=1.0.0-0 <2.0.0-0", "1.2.3", "2.0.0-rc.1", "1.2.3"),
    ("^1.2-0", "1.3.0-rc1", "1.3.0-rc10 1.3.0-rc2", "1.3.0-rc10"),
    (">=1.3.0-rc9", "1.3.0-rc1", "1.3.0-rc10 1.3.0-rc2", "1.3.0-rc10"),
    (">=1.3.0-rc.9 <1.3.0-rc.11", "1.3.0-rc1", "1.3.0-rc11 1.3.0-rc10", "1.3.0-rc10"),
    ("^1.2-0", "1.3.0-rc.1", "1.3.0-rc.10 1.3.0-rc.2", "1.3.0-rc.10"),
    ("^1.2", "1.3.0-rc.1", "1.3.0-rc.2 1.3.0", "1.3.0"),
    # First adoption: nothing but versions of two numbers and more, the longer spelling first.
    ("^1.2", "latest", "1.3.0 1.2.9 1.4.0-alpine app-1.9.0 20240101", "1.3.0"),
    (">=1", "latest", "1.3 1.3.0 v1.3.0 20240101 1234567", "v1.3.0"),
    (">=1", "latest", "1.3.1 1.4", "1.4"),
    ("^1.2", None, "1.3.0 2.0.0", "1.3.0"),
    ("^1.2", "20240101", "1.3.0 20240202", "1.3.0"),
    ("^1.2", "abcdef0", "1.3.0", "1.3.0"),
    ("^1.2", "1234567", "1.3.0", "1.3.0"),
]


@pytest.mark.parametrize(("text", "current", "tags", "picked"), NATURAL)
def test_natural_syntax(text: str, current: str | None, tags: str, picked: str) -> None:
    assert pick({"semver": text}, tags, current) == picked


# Strict syntax, Flux's: (range, current, tags, picked)
STRICT = [
    ("^1.2", "1.2.3", "1.2.4 v1.3.0 2.0.0", "v1.3.0"),
    ("^1.2", "1.2.3", "1.2.4-alpine 1.3", "1.2.3"),
    (">=1.2.0-0", "1.2.3", "1.2.4-alpine", "1.2.4-alpine"),
    (">=1.2.0-0", "1.2.4-alpine", "1.2.4", "1.2.4"),
    ("*", "1.2.3", "V9.0.0 9.0.0.1 release-9.0.0 9.0.0_1 20240101 1234567", "1.2.3"),
    (">=2025", "v2025.01.02", "v2025.02.03", "v2025.02.03"),
    ("*-0", "1.0.0", "1.0.1-01 1.0.1-0", "1.0.1-0"),
    ("*-0", "1.0.0", "1.0.1-1234567 1.0.1-abcdef0", "1.0.1-abcdef0"),
    ("^1", "latest", "1.2.3 1.2", "1.2.3"),
]


@pytest.mark.parametrize(("text", "current", "tags", "picked"), STRICT)
def test_strict_syntax(text: str, current: str, tags: str, picked: str) -> None:
    assert pick({"semver": text, "version-syntax": "strict"}, tags, current) == picked


# The key `prerelease` beside a range: (range, prerelease, current, tags, picked)
PRERELEASE = [
    ("^1.2", "allow", "1.2.3", "1.3.0-rc.1", "1.3.0-rc.1"),
    ("^1.2", "allow", "1.2.3", "2.0.0-rc.1", "1.2.3"),
    ("^1.2-0", "never", "1.2.3", "1.3.0-rc.1", "1.2.3"),
    ("^1.2", "same-release", "1.3.0-rc.1", "1.3.0-rc.2 1.4.0-rc.1", "1.3.0-rc.2"),
    ("^1.2", "same-release", "1.2.3", "1.3.0-rc.1", "1.2.3"),
]


@pytest.mark.parametrize("syntax", ["natural", "strict"])
@pytest.mark.parametrize(("text", "prerelease", "current", "tags", "picked"), PRERELEASE)
def test_prerelease_beside_a_range(
    text: str, prerelease: str, current: str, tags: str, picked: str, syntax: str
) -> None:
    keys = {"semver": text, "prerelease": prerelease, "version-syntax": syntax}
    assert pick(keys, tags, current) == picked


def test_each_refusal_has_its_rule() -> None:
    tags = "1.2.4 2.0.0 1.3.0-rc.1 1.3.0-alpine v1.3.0 1.3 latest abcdef0 1.0.0 1.2.3"
    choice = choosing({"semver": "^1.2"}, tags, "1.2.3")
    assert choice.candidates == ("1.2.4", "1.2.3")
    assert rules(choice) == {
        "2.0.0": "semver",
        "1.3.0-rc.1": "semver",
        "1.3.0-alpine": "variant",
        "v1.3.0": "shape",
        "1.3": "shape",
        "latest": "semver",
        "abcdef0": "semver",
        "1.0.0": "semver",
    }


def test_each_refusal_of_the_strict_syntax_has_its_rule() -> None:
    tags = "1.2.4 2.0.0 1.3.0-alpine 1.3.0-01 1.3 1.0.0 1.2.3"
    keys = {"semver": ">=1.2.0 <2.0.0", "version-syntax": "strict", "prerelease": "never"}
    assert rules(choosing(keys, tags, "1.2.3")) == {
        "2.0.0": "semver",
        "1.3.0-alpine": "prerelease",
        "1.3.0-01": "semver",
        "1.3": "semver",
        "1.0.0": "semver",
    }


def test_the_range_applies_to_what_is_extracted() -> None:
    keys = {"semver": "^1.2", "pattern": "^svc-(?P<version>[^+]*)$", "extract": "${version}"}
    choice = choosing(keys, "svc-1.2.4 svc-1.3.0-alpine svc-2.0.0 1.9.0", "svc-1.2.3")
    assert choice.successors == ("svc-1.2.4",)
    assert choosing(keys, "svc-1.2.4", "1.2.3").code == "adopted"


def test_the_range_and_max_meet() -> None:
    keys = {"semver": ">=1", "max": "minor"}
    choice = choosing(keys, "1.2.3 1.3.0 2.0.0", "1.2.3")
    assert choice.successors == ("1.3.0",)
    assert rules(choice) == {"2.0.0": "max"}
    assert pick(keys, "1.2.3 2.0.0", "latest") == "2.0.0"
