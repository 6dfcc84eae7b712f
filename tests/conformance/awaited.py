"""Rows that are not right yet, with what is missing.

A line here makes its row pass only as long as it is wrong: remove the line with its cause.
"""

from __future__ import annotations

from collections.abc import Mapping

from tests.conformance.renovate import HASHES, PHP
from tests.conformance.table import Question

_VARIANTS = "the numbers of a variant move on their own"
_PIN = "a policy that only pins changes the tag"
_HASH = "a hash without letters is taken for a number"
_COUNTER = "a counter is taken for a major version"

AWAITED: Mapping[Question, str] = {
    ("pin=digest", "8.0.0", "8.0.0 8.1.0"): _PIN,
    ("pin=digest", "alpine", "8.0.0 8.1.0 alpine"): _PIN,
    ("", "6.4.2-php8.2-apache", "6.4.2-php8.2-apache 6.4.3-php8.1-apache"): _VARIANTS,
    ("", "6.0.3-php8.2-apache", PHP): _VARIANTS,
    ("max=patch", "6.0.3-php8.2", "6.0.3-php8.2 6.0.3-php9.0"): _VARIANTS,
    ("", "2.5-jdk17", "2.5-jdk17 2.40-jdk21"): _VARIANTS,
    ("", "1.1-ltsc2022", "1.1-ltsc2022 1.2-ltsc2019"): _VARIANTS,
    ("", "4.0.13-24-trixie", "4.0.13-24-trixie 4.1.0-22-trixie"): _VARIANTS,
    ("", "1.0-ubuntu20.04", "1.0-ubuntu20.04 1.0-ubuntu22.04"): _VARIANTS,
    ("", "5.4.0-snapshot-bbbbbbbb", "5.4.0-snapshot-bbbbbbbb 5.4.0-snapshot-12345678"): _HASH,
    ("max=major", "1234567", HASHES): _HASH,
    ("", "main-201-f022da4", "main-201-f022da4 main-399-cea8be1"): _COUNTER,
}
