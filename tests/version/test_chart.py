"""Versions of charts: the table says what Helm does with each, as measured with Helm 3.17.

Helm is more generous than Semantic Versioning in two ways. It packages and fetches versions with
two numbers or with leading zeros, and those with a `v`; but its ranges find none of them, and Flux
takes the first two for ranges. So only a `v` counts, and for a policy only where there is one.
"""

from __future__ import annotations

import pytest

from imagebot.version.chart import (
    chart_version,
    registry_tag,
    with_registry_tag,
    without_metadata,
)

# The tag in the registry, and the version by which Helm fetches it.
FETCHED = {
    "1.2.3": "1.2.3",
    "0.0.0": "0.0.0",
    "10.20.30": "10.20.30",
    "1.2.3_ref.abc": "1.2.3+ref.abc",
    "0.20250701.4200_ref.0a1b2c3": "0.20250701.4200+ref.0a1b2c3",
    "1.6.0_01": "1.6.0+01",
    "1.9.0-rc.1": "1.9.0-rc.1",
    "1.9.0-rc.1_4": "1.9.0-rc.1+4",
    "1.9.0-0": "1.9.0-0",
    "1.9.0-0a1b2c3": "1.9.0-0a1b2c3",
    "1.9.0--": "1.9.0--",
    "1.0.0-alpha-a.b-c_build.1-b": "1.0.0-alpha-a.b-c+build.1-b",
    "18446744073709551615.0.0": "18446744073709551615.0.0",
    "v1.3.0": "v1.3.0",
    "v1.3.0_a": "v1.3.0+a",
}
REFUSED_BY_HELM = {
    "latest": "improper constraint",
    "main-1": "improper constraint",
    "1.6.0-01": "a pre-release's number has a leading zero",
    "1.14.0_a_b": "improper constraint: 1.14.0+a+b",
    "1.8.0_a..b": "improper constraint",
    "18446744073709551616.0.0": "no number of 64 bits",
    "1.7.0_": "improper constraint",
    "1.7.0-": "improper constraint",
    "1.7.0-a..b": "improper constraint",
    "_1.7.0": "improper constraint",
    "V1.7.0": "improper constraint",
    "1.7.0.1": "improper constraint",
}
# Fetched by Helm if written exactly so, but no SemVer 2.
NOT_SEMVER = ("1.4", "1", "v1.4", "01.5.0", "1.05.0", "1.5.00", "2024.01.15")


@pytest.mark.parametrize(("tag", "version"), FETCHED.items())
def test_what_helm_fetches(tag: str, version: str) -> None:
    assert chart_version(tag) == version
    assert chart_version(version) == version
    assert registry_tag(version) == tag


@pytest.mark.parametrize("tag", [*REFUSED_BY_HELM, *NOT_SEMVER, "", "+", "1.2.3+", "1.2.3\n"])
def test_what_is_not_a_version(tag: str) -> None:
    assert chart_version(tag) is None


@pytest.mark.parametrize(
    ("version", "plain"),
    [("1.2.3", "1.2.3"), ("1.2.3-rc.1+ref.a", "1.2.3-rc.1"), ("1.2.3+a-b", "1.2.3")],
)
def test_build_metadata(version: str, plain: str) -> None:
    assert without_metadata(version) == plain


@pytest.mark.parametrize(
    ("written", "reference"),
    [
        ("ghcr.io/acme/web:1.2.3+a", "ghcr.io/acme/web:1.2.3_a"),
        ("localhost:5000/web:1.2.3+a@sha256:ff", "localhost:5000/web:1.2.3_a@sha256:ff"),
        ("web:1.2.3_a", "web:1.2.3_a"),
        ("my+web", "my+web"),
        ("localhost:5000/my+web", "localhost:5000/my+web"),
        ("my+web:1", "my+web:1"),
    ],
)
def test_a_reference_with_a_version(written: str, reference: str) -> None:
    assert with_registry_tag(written) == reference
