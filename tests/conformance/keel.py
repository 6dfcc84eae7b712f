"""Keel: its policies of semver and glob."""

from __future__ import annotations

from tests.conformance.questions import is_newer
from tests.conformance.table import Table

# (policy, new tag, current tag, whether Keel updates)
SEMVER = (
    ("max=major", "1.4.3", "1.4.5", False),
    ("max=major", "1.4.6", "1.4.5", True),
    ("max=major", "1.4.5", "1.4.5", False),
    ("max=major", "1.5.5", "1.4.5", True),
    ("max=major", "2.4.5", "1.4.5", True),
    ("max=major", "3050", "1.4.5", False),
    ("max=patch", "1.4.6", "1.4.5", True),
    ("max=patch", "1.4.4", "1.4.5", False),
    ("max=patch", "2.4.6", "1.4.5", False),
    ("max=patch", "1.4.5", "1.4.5", False),
    ("max=minor", "1.5.5", "1.4.5", True),
    ("max=minor", "1.4.6", "1.4.5", True),
    ("max=minor", "1.4.5-xx", "1.4.5", False),
    ("max=minor", "v1.0.1-metadata", "v1.0.0", False),
    ("max=minor", "v1.0.1-metadata", "v1.0.0-metadata", True),
    ("max=minor", "1.4.6-xx", "1.4.5-xx", True),
    ("max=minor", "1.4.6-yy", "1.4.5-xx", False),
)

GLOBS = (
    ("order=alphabetical include=[latest]", "latest", "latest", False),
    ("order=alphabetical include=[latest]", "earliest", "latest", False),
    ("order=alphabetical include=[lat*]", "latest", "latest", False),
    ("order=alphabetical include=[latest.*]", "latest.20251321", "latest.20241321", True),
    ("order=alphabetical include=[latest.*]", "latest.20241321", "latest.20251321", False),
)

TABLES = (
    Table("semver", is_newer, SEMVER),
    Table("glob", is_newer, GLOBS),
)
