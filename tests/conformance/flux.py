"""Flux: policies and filter of image-reflector-controller, and the versions of fluxcd/pkg."""

from __future__ import annotations

from tests.conformance.questions import extracts, is_strict_version, picks, range_is_valid
from tests.conformance.table import Table

RANGES = (
    ("1.0.x", True),
    ("^1.0", True),
    ("=1.0.0", True),
    ("~1.0", True),
    (">=1.0", True),
    (">0,<2.0", True),
    ("1.0.0p", False),
    ("1x", False),
    ("x1", False),
    ("-1", False),
    ("a", False),
    ("", False),
    ("*-*", False),
)

VERSIONS = (
    ("v1.2.3", True),
    ("v1.2.0-x.Y.0+metadata", True),
    ("v1.2.0-x.Y.0+metadata-width-hypen", True),
    ("v1.2.3-rc1-with-hypen", True),
    ("v1.0", False),
    ("v1", False),
    ("v1.2.beta", False),
    ("v1.2-5", False),
    ("v1.2-beta.5", False),
    ("\nv1.2", False),
    ("v1.2.3.4", False),
)

# (policy, current tag, tags, picked)
_SEMVER = "version-syntax=strict semver="
_RELEASES = "0.1.0 0.1.1 0.2.0 1.0.0 1.0.1 1.0.2 1.1.0-alpha"
_TEST_RELEASES = "test-0.1.0 test-0.1.1 dev-0.2.0 1.0.0 1.0.1 1.0.2 1.1.0-alpha"
SEMVER = (
    (f"{_SEMVER}1.0.x", None, "1.0.0 1.0.0.1 1.0.0p 1.0.1 1.2.0 0.1.0", "1.0.1"),
    (f"{_SEMVER}1.0.x", None, "v1.2.3 v1.0.0 v0.1.0", "v1.0.0"),
    (f"{_SEMVER}1.0.x", None, "b1.2.3 b1.0.0 b0.1.0", None),
    (f"{_SEMVER}1.0.x", None, "", None),
    (f"{_SEMVER}1.0.x", None, "1.2.0", None),
    (f"{_SEMVER}1.0.x", None, _RELEASES, "1.0.2"),
    (f"{_SEMVER}*-*", None, _RELEASES, None),
    (f"pattern=^test-(.*)$ extract=$1 {_SEMVER}>=0.x", None, _TEST_RELEASES, "test-0.1.1"),
    (f"pattern=^test-(.* extract=$1 {_SEMVER}>=0.x", None, _TEST_RELEASES, None),
)

_UP = "order=numerical"
_DOWN = "order=numerical descending=true"
_STAMPS = "1606234201 1606364286 1606334092 1606334284 1606334201"
NUMERICAL = (
    (_UP, None, "-62 -88 73 72 15 16 15 29 -33 -91", "73"),
    (_DOWN, None, "5 -8 -78 25 70 -4 80 92 -20 -24", "-78"),
    (
        _UP,
        None,
        (
            "47.40896403322944 -27.8520927455902 -27.930666514224427 -31.352485948094568 "
            "-50.41072694704882 -21.962849842263736 24.71884721436865 -39.99177354004344 "
            "53.47333823144817 3.2008658570411086"
        ),
        "53.47333823144817",
    ),
    (
        _DOWN,
        None,
        (
            "-65.27202780220686 57.82948329142309 22.40184684363291 -86.36934305697784 "
            "-90.29082099756083 -12.041712603564264 77.70488240399305 -38.98425003883552 "
            "16.06867070412028 53.735674335181216"
        ),
        "-90.29082099756083",
    ),
    (_UP, None, _STAMPS, "1606364286"),
    (_DOWN, None, _STAMPS, "1606234201"),
    (_UP, None, "1", "1"),
    (_DOWN, None, "1", "1"),
    (_UP, None, "", None),
    (_UP, None, "0 1a b", None),
)

_LAST = "order=alphabetical"
_FIRST = "order=alphabetical descending=true"
_UBUNTU = "16.04 16.04.1 16.10 20.04 20.10"
_NAMES = "xenial yakkety zesty artful bionic"
_RELEASE_STAMPS = "rel-1606234201 rel-1606364286 rel-1606334092 rel-1606334284 rel-1606334201"
ALPHABETICAL = (
    (_LAST, None, _UBUNTU, "20.10"),
    (_FIRST, None, _UBUNTU, "16.04"),
    (_LAST, None, _NAMES, "zesty"),
    (_FIRST, None, _NAMES, "artful"),
    (_LAST, None, _STAMPS, "1606364286"),
    (_FIRST, None, _STAMPS, "1606234201"),
    (_LAST, None, _RELEASE_STAMPS, "rel-1606364286"),
    (_LAST, None, "", None),
)

# (pattern, extract, tags, what the policy reads)
FILTERS = (
    (".*", "", "a", "a"),
    ("^ver", "", "ver1 ver2 ver3 rel1", "ver1 ver2 ver3"),
    (r"ver(\d+)", "$1", "ver1 ver2 ver3 rel1", "1 2 3"),
)

# Not in its tests, but in its code: it knows no current tag, compares numbers as floats, and reads
# versions by StrictNewVersion after an optional `v`.
IN_ITS_CODE = (
    (f"{_SEMVER}1.0.x", "1.0.5", "1.0.1 1.0.2", "1.0.2"),
    (_UP, "9", "7 8", "8"),
    (f"{_SEMVER}1.0.x allow-downgrade=true", "1.0.5", "1.0.1 1.0.2", "1.0.2"),
    (_UP, "1", "9007199254740993 9007199254740992", "9007199254740992"),
    (f"{_SEMVER}>=2025", None, "v2025.02.03", None),
)

TABLES = (
    Table("a range, as it is read", range_is_valid, RANGES),
    Table("a version", is_strict_version, VERSIONS),
    Table("a policy of semver", picks, SEMVER),
    Table(
        "a policy of numerical",
        picks,
        NUMERICAL,
        {(_UP, None, "0 1a b"): ("One unusable tag", "0")},
    ),
    Table("a policy of alphabetical", picks, ALPHABETICAL),
    Table("a filter", extracts, FILTERS),
    Table(
        "in its code",
        picks,
        IN_ITS_CODE,
        {
            (f"{_SEMVER}1.0.x", "1.0.5", "1.0.1 1.0.2"): ("Never lower", "1.0.5"),
            (_UP, "9", "7 8"): ("Never lower", "9"),
            (_UP, "1", "9007199254740993 9007199254740992"): ("Exact numbers", "9007199254740993"),
            (f"{_SEMVER}>=2025", None, "v2025.02.03"): ("Leading zeros", "v2025.02.03"),
        },
    ),
)
