"""Masterminds/semver v3, whose range language imagebot's `semver` is."""

from __future__ import annotations

from collections.abc import Mapping

from tests.conformance.masterminds_ranges import RANGES, RANGES_WITH_PRERELEASES
from tests.conformance.questions import (
    is_prerelease,
    is_strict_version,
    range_allows,
    range_is_valid,
    range_with_prereleases_allows,
    strict_order,
    strict_policy_takes,
    strict_policy_with_prereleases_takes,
)
from tests.conformance.table import Answer, Question, Table

VALID_RANGES = (
    ">= 1.2",
    "1.0",
    "<= 1.2",
    "=< 1.2",
    "=> 1.2",
    "v1.2",
    "=1.5",
    "> 1.3",
    "< 1.4.1",
    "< 40.50.10",
    ">= 1.1",
    ">40.50.60, < 50.70",
    "2.0",
    "v2.3.5-20161202202307-sha.e8fc5e5",
    "v1.2.3-0abc",
    ">= 1.2.3 < 2.0",
    ">= 1.2.3 < 2.0 || => 3.0 < 4",
    ">= 1.2.3, < 2.0",
    ">= 1.2.3, < 2.0 || => 3.0, < 4",
    "3 - 4 || => 3.0, < 4",
    "12.3.34 ~1.2.3",
    "1.0.0 - 2.0.0, <=2.0.0",
    "*",
    ">=1.2.3",
    ">= 1.2.3",
    "2.x,   >=1.2.3 || >4.5.6, < 5.7",
    "2.x,   >=1.2.3 || >4.5.6, < 5.7 || >40.50.60, < 50.70",
    "1.2",
    "1.2.3",
    "<=1.2.3",
    "1 <=1.2.3",
    "1, <=1.2.3",
    ">1, <=1.2.3",
    "> 1 , <=1.2.3",
    ">1 <=1.2.3",
    "> 1 <=1.2.3",
)

INVALID_RANGES = (
    "foo",
    "v1.2.3-beta.01",
    ">= bar",
    "BAR >= 1.2.3",
    "12.3.4.1234",
    "12.23.4.1234",
    "12.3.34.1234",
    "12.3.34~ 1.2.3",
)


# (text, a version by StrictNewVersion, a version by NewVersion)
VERSIONS = (
    ("1.2.3", True, True),
    ("1.2.3+test.01", True, True),
    ("1.2.3-alpha.-1", True, True),
    ("1.2.0-x.Y.0+metadata", True, True),
    ("1.2.0-x.Y.0+metadata-width-hypen", True, True),
    ("1.2.3-rc1-with-hypen", True, True),
    ("1.2.3-0abc123", True, True),
    ("1.2.2147483648", True, True),
    ("1.2147483648.3", True, True),
    ("2147483648.3.0", True, True),
    ("v1.2.3", False, True),
    ("v1.2.0-x.Y.0+metadata", False, True),
    ("v1.2.0-x.Y.0+metadata-width-hypen", False, True),
    ("v1.2.3-rc1-with-hypen", False, True),
    ("01.1.1", False, True),
    ("1.01.1", False, True),
    ("1.1.01", False, True),
    ("1.0", False, True),
    ("v1.0", False, True),
    ("1", False, True),
    ("v1", False, True),
    ("1.2-5", False, True),
    ("v1.2-5", False, True),
    ("1.2-beta.5", False, True),
    ("v1.2-beta.5", False, True),
    ("20221209-update-renovatejson-v4", False, True),
    ("1.2.3-alpha.01", False, False),
    ("1.2.3-beta.01", False, False),
    ("1.2.3-0123", False, False),
    ("1.2.3-0123.0123", False, False),
    ("1.2.31----RC-SNAPSHOT.12.09.1--.12+788", False, False),
    ("1.2.beta", False, False),
    ("v1.2.beta", False, False),
    ("foo", False, False),
    ("\n1.2", False, False),
    ("\nv1.2", False, False),
    ("1.2.3.4", False, False),
    ("v1.2.3.4", False, False),
    ("12.3.4.1234", False, False),
    ("12.23.4.1234", False, False),
    ("12.3.34.1234", False, False),
    ("1.1.2+.123", False, False),
    ("9.8.7+meta+meta", False, False),
    ("1.0.0-alpha_beta", False, False),
    ("1.2.3-alpha_beta+foo", False, False),
    ("1.0.0-alpha..", False, False),
    ("1.0.0-alpha..1", False, False),
    ("+invalid", False, False),
    ("-invalid", False, False),
    ("-invalid.01", False, False),
    ("alpha+beta", False, False),
)

PRERELEASES = (
    ("foo", True),
    ("alpha.1", True),
    ("alpha.0-1", True),
    ("alpha.01", False),
    ("foo☃︎", False),
)

# What they write with two numbers has its third here: the strict syntax needs it.
PRECEDENCE = (
    ("1.2.3", "1.5.1", "<"),
    ("2.2.3", "1.5.1", ">"),
    ("2.2.3", "2.2.2", ">"),
    ("1.3.0", "1.1.4", ">"),
    ("1.5.1", "1.5.1", "="),
    ("1.2.0+bar", "1.2.0+baz", "="),
    ("3.2.0-beta+foo", "3.2.0-beta+bar", "="),
    ("3.2.0-beta", "3.2.0-beta", "="),
    ("4.2.0", "4.2.0-beta", ">"),
    ("4.2.0-beta", "4.2.0", "<"),
    ("4.2.0-alpha", "4.2.0-beta", "<"),
    ("4.2.0-alpha", "4.2.0-alpha", "="),
    ("4.2.0-beta.2", "4.2.0-beta.1", ">"),
    ("3.2.0-beta.4", "3.2.0-beta.2", ">"),
    ("3.2.0-beta.1", "3.2.0-beta.5", "<"),
    ("4.2.0-beta2", "4.2.0-beta1", ">"),
    ("4.2.0-beta", "4.2.0-beta.2", "<"),
    ("4.2.0-beta", "4.2.0-beta.foo", "<"),
    ("4.2.0-beta.2", "4.2.0-beta", ">"),
    ("4.2.0-beta.foo", "4.2.0-beta", ">"),
    ("1.0.0-beta.4", "1.0.0-beta.-2", "<"),
    ("1.0.0-beta.-2", "1.0.0-beta.-3", "<"),
    ("1.0.0-beta.-3", "1.0.0-beta.5", ">"),
    ("7.43.0-SNAPSHOT.99", "7.43.0-SNAPSHOT.103", "<"),
    ("7.43.0-SNAPSHOT.FOO", "7.43.0-SNAPSHOT.103", ">"),
    ("7.43.0-SNAPSHOT.99", "7.43.0-SNAPSHOT.BAR", "<"),
)


def _rows(ranges: tuple[tuple[str, str, str], ...]) -> tuple[tuple[str, str, bool], ...]:
    return tuple(
        (text, version, allowed)
        for text, inside, outside in ranges
        for versions, allowed in ((inside, True), (outside, False))
        for version in versions.split()
    )


_EMPTY = ("Empty ranges", "an error")
_NO_EMPTY_RANGE: Mapping[Question, tuple[str, Answer]] = {
    ("", "1"): _EMPTY,
    ("", "4.5.6"): _EMPTY,
    ("", "1.2.3-alpha.1"): _EMPTY,
}
_SHORT = ("Three numbers", False)
_NO_SHORT_TAG: Mapping[Question, tuple[str, Answer]] = {
    ("1.x", "1.4"): _SHORT,
    ("~1", "1.4"): _SHORT,
    ("~1.x", "1.4"): _SHORT,
}
_WITH_V = ("A leading v", True)
_WITH_ZEROS = ("Leading zeros", True)

TABLES = (
    Table(
        "a range, as it is read",
        range_is_valid,
        [(text, True) for text in VALID_RANGES] + [(text, False) for text in INVALID_RANGES],
    ),
    Table(
        "a range and a version",
        range_allows,
        _rows(RANGES),
        _NO_EMPTY_RANGE,
    ),
    Table(
        "a range and a version, with pre-releases",
        range_with_prereleases_allows,
        _rows(RANGES_WITH_PRERELEASES),
    ),
    Table(
        "a range and a tag, through a policy",
        strict_policy_takes,
        _rows(RANGES),
        {
            **_NO_EMPTY_RANGE,
            **_NO_SHORT_TAG,
            (">0", "1"): _SHORT,
            (">=0", "0"): _SHORT,
            ("*", "1"): _SHORT,
        },
    ),
    Table(
        "a range and a tag, through a policy with pre-releases",
        strict_policy_with_prereleases_takes,
        _rows(RANGES_WITH_PRERELEASES),
        _NO_SHORT_TAG,
    ),
    Table(
        "a version by StrictNewVersion",
        is_strict_version,
        [(text, strict) for text, strict, _ in VERSIONS],
        {
            ("v1.2.3",): _WITH_V,
            ("v1.2.0-x.Y.0+metadata",): _WITH_V,
            ("v1.2.0-x.Y.0+metadata-width-hypen",): _WITH_V,
            ("v1.2.3-rc1-with-hypen",): _WITH_V,
            ("01.1.1",): _WITH_ZEROS,
            ("1.01.1",): _WITH_ZEROS,
            ("1.1.01",): _WITH_ZEROS,
        },
    ),
    Table(
        "a version by NewVersion",
        is_strict_version,
        [(text, loose) for text, _, loose in VERSIONS],
        {
            ("1.0",): _SHORT,
            ("v1.0",): _SHORT,
            ("1",): _SHORT,
            ("v1",): _SHORT,
            ("1.2-5",): _SHORT,
            ("v1.2-5",): _SHORT,
            ("1.2-beta.5",): _SHORT,
            ("v1.2-beta.5",): _SHORT,
            ("20221209-update-renovatejson-v4",): _SHORT,
        },
    ),
    Table("a pre-release", is_prerelease, PRERELEASES),
    Table("which of two is higher", strict_order, PRECEDENCE),
)
