"""Argo CD Image Updater: its update strategies, and its layouts of calendar versions."""

from __future__ import annotations

from tests.conformance.questions import picks, picks_last_pushed, sorts
from tests.conformance.table import Table

# Its semver reads every text that Masterminds/semver takes for a version: (policy, current, tags,
# picked)
_TAGS = "0.1 0.5.1 0.9 1.0 1.0.1 1.1.2 2.0.3"
_FEW = "0.1 0.5.1 0.9 2.0.3"
_WORDS = "zz bb yy cc yy aa ll"
STRATEGIES = (
    ("semver=*", "1.0", _TAGS, "2.0.3"),
    ("semver=^1.0", "1.0", _TAGS, "1.1.2"),
    ("semver=~1.0", "1.0", _TAGS, "1.0.1"),
    ("semver=^1.0", "latest", _TAGS, "1.1.2"),
    ("semver=~1.0", "1.0", _FEW, "1.0"),
    ("semver=latest", "1.0", _FEW, None),
    ("semver=~1.0", "1.0", "", "1.0"),
    ("semver=*", "bb", _WORDS, "bb"),
    ("order=alphabetical", "bb", _WORDS, "zz"),
    ("order=alphabetical exclude=[tag1,tag2]", "tag0", "tag1 tag2 tag3", "tag3"),
    ("order=alphabetical exclude=[tag?,foo]", "ta", "tag1 foo tag10", "tag10"),
)

LAST_PUSHED = (("bb", _WORDS, "ll"),)

# (policy, tags, the lowest first)
SEMVER_SORTED = (("semver=*", "v1.0", "v1.0.1", "v2.0", "v2.0.0", "v2.0.2", "v2.0.3"),)

# imagebot has no layouts: it finds the date. (the layout there, tags, the lowest first)
CALENDAR_SORTED = (
    ("vYYYY-MM-DD", "v2026-1-30", "v2026-09-01", "v2026-10-03"),
    ("vYYYY-0M-0D-MICRO", "v2026-01-30", "v2026-01-30-2", "v2026-01-30-10"),
    ("vDD-MM-YYYY", "v30-01-2026", "v01-09-2026", "v03-10-2026"),
    ("vDD-MM-YY", "v03-10-26", "v31-12-26", "v01-01-27"),
    ("vDD-MM-YY", "v01-01-0", "v03-10-26", "v31-12-99", "v01-01-106"),
    ("vYY.MINOR.MICRO", "v26.4.2", "v26.4.11", "v26.10.1"),
    ("vYYYY-0W", "v2026-02", "v2026-10", "v2027-01"),
    ("MAJOR.YY.0M", "1.26.03", "1.26.11", "2.25.01"),
    ("YY.0M.MAJOR", "25.01.2", "26.03.1", "26.11.1"),
    ("vYYYY-0M-0D-MODIFIER", "v2026-01-30-alpha", "v2026-01-30-rc1", "v2026-01-30"),
    ("vYYYY-0M-0D-MODIFIER", "v2026-01-30-rc1", "v2026-01-30-rc2", "v2026-01-30-rc10"),
    ("vYYYY-0M-0D-MODIFIER", "v2026-01-30-alpine", "v2026-01-30"),
    ("vYYYY-0M-0D-alpine", "v2026-01-30-alpine", "v2026-02-01-alpine"),
    ("vYYYY-0M-0D", "v2026-01-30", "v2026-02-01"),
    ("YYYY.0M.0D", "v2026.01.30", "v2026.02.01"),
)
# Tags that a layout drops: (current tag, tags, picked)
CALENDAR_PICKED = (
    (
        "order=calver",
        "v2026-01-30",
        "latest v2026-01-30 1.2.3 v2026-13-01 v2026-02-01",
        "v2026-02-01",
    ),
    ("order=calver", "latest", "latest stable", "latest"),
    (
        "order=calver",
        "v2026-01-30-alpine",
        "v2026-02-01 v2026-01-30-alpine v2026-02-01-alpine v2026-02-01-slim",
        "v2026-02-01-alpine",
    ),
)


def _sorts_dates(_layout: str, *tags: str) -> tuple[str, ...]:
    return sorts("order=calver", *tags)


_PARTS = "Parts of a version"
_LAYOUT = "Layouts of dates"

TABLES = (
    Table(
        "strategies",
        picks,
        STRATEGIES,
        {
            ("semver=*", "1.0", _TAGS): (_PARTS, "1.0"),
            ("semver=^1.0", "1.0", _TAGS): (_PARTS, "1.0"),
            ("semver=~1.0", "1.0", _TAGS): (_PARTS, "1.0"),
        },
    ),
    Table("strategy newest-build", picks_last_pushed, LAST_PUSHED),
    Table(
        "sorted by semver",
        sorts,
        [(*row, row[1:]) for row in SEMVER_SORTED],
        {SEMVER_SORTED[0]: (_PARTS, ("v1.0", "v2.0"))},
    ),
    Table(
        "sorted by calver",
        _sorts_dates,
        [(*row, row[1:]) for row in CALENDAR_SORTED],
        {
            ("vDD-MM-YYYY", "v30-01-2026", "v01-09-2026", "v03-10-2026"): (_LAYOUT, ()),
            ("vDD-MM-YY", "v03-10-26", "v31-12-26", "v01-01-27"): (_LAYOUT, ()),
            ("vDD-MM-YY", "v01-01-0", "v03-10-26", "v31-12-99", "v01-01-106"): (_LAYOUT, ()),
            ("MAJOR.YY.0M", "1.26.03", "1.26.11", "2.25.01"): (_LAYOUT, ("1.26.03", "1.26.11")),
            (
                "vYYYY-0M-0D-MODIFIER",
                "v2026-01-30-alpha",
                "v2026-01-30-rc1",
                "v2026-01-30",
            ): (_LAYOUT, ("v2026-01-30-alpha",)),
            ("vYYYY-0M-0D-MODIFIER", "v2026-01-30-alpine", "v2026-01-30"): (
                _LAYOUT,
                ("v2026-01-30-alpine",),
            ),
        },
    ),
    Table("strategy calver", picks, CALENDAR_PICKED),
)
