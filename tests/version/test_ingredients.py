"""What the numbers in a variant are, and what a single number is."""

import pytest

from imagebot.version.reading import read_layout

# (tag, what its variant's numbers are)
INGREDIENTS = [
    ("1.2.3-alpine3.18", [("system", "alpine3.18")]),
    ("1.2.3-debian-11-r9", [("system", "debian-11"), ("revision", "r9")]),
    ("1.2.3-ubuntu22.04", [("system", "ubuntu22.04")]),
    ("1.2.3-ubi9-minimal", [("system", "ubi9")]),
    ("1.2.3-windowsservercore-ltsc2022", [("system", "ltsc2022")]),
    ("1.2.3-nanoserver-1809", [("system", "nanoserver-1809")]),
    ("8.2.1-fpm-alpine3.19", [("system", "alpine3.19")]),
    ("6.4.2-php8.2-apache", [("runtime", "php8.2")]),
    ("1.2.3-python3.12-slim-bookworm", [("runtime", "python3.12")]),
    ("2.1-cuda12.1-cudnn8-devel-ubuntu22.04",
     [("runtime", "cuda12.1"), ("runtime", "cudnn8"), ("system", "ubuntu22.04")]),
    ("0.8.0-pg16", [("runtime", "pg16")]),
    ("1.2.3-jdk-17-alpine", [("runtime", "jdk-17")]),
    # Without a name, or with one that is not in the lists: an ingredient, to be careful.
    ("4.0.13-24-trixie", [("runtime", "24")]),
    ("15-3.4", [("runtime", "3.4")]),
    ("1.2.3-somelib7", [("runtime", "somelib7")]),
    # Revisions, at the end or right behind the version.
    ("1.2.3-4", [("revision", "4")]),
    ("1.2.3_9", [("revision", "9")]),
    ("11.0.21_9-jre", [("revision", "9")]),
    ("8u292-jre", [("revision", "u292")]),
    ("5.7.44-ls10", [("revision", "ls10")]),
    ("1.28.2-k3s1", [("fixed", "k3s"), ("revision", "k3s1")]),
    ("1.28.2-rke2r1", [("fixed", "rke2r"), ("revision", "rke2r1")]),
    ("16.8.1-ce.0", [("revision", "ce.0")]),
    ("1.2.3-14-gabcdef0", [("revision", "14")]),
    ("1.2.3-4-arm64", [("revision", "4"), ("fixed", "arm64")]),
    ("1.2.3-4.el9", [("revision", "4"), ("system", "el9")]),
    ("2019-CU18-ubuntu-20.04", [("revision", "CU18"), ("system", "ubuntu-20.04")]),
    ("v1.11.1-eksbuild.4", [("revision", "eksbuild.4")]),
    ("v1.23.8-vmware.2", [("revision", "vmware.2")]),
    ("v1.14.5-cee.1", [("revision", "cee.1")]),
    ("22-ea-30-jdk-slim", [("revision", "ea-30")]),
    ("7.2.0-v6", [("revision", "v6")]),
    ("20-build.v5", [("revision", "v5")]),
    ("1.2.3-hotfix1", [("revision", "hotfix1")]),
    # A v that says something else.
    ("1.2.3-api-v2", [("runtime", "v2")]),
    ("1.2.3-v2-alpine", [("runtime", "v2")]),
    # A database, and an operating system.
    ("1.2.3-oracle19", [("runtime", "oracle19")]),
    ("1.2.3-oraclelinux9", [("system", "oraclelinux9")]),
    # A date is one wherever it stands.
    ("1.2.3-20240101", [("revision", "20240101")]),
    ("1.2.3-alpine-20240101", [("revision", "alpine-20240101")]),
    # Parts of names.
    ("1.2.3-amd64", [("fixed", "amd64")]),
    ("1.2.3-arm32v7", [("fixed", "arm32v7")]),
    ("1.2.3-x86_64", [("fixed", "x86_64")]),
    ("1.2.3-arm-v7", [("fixed", "arm-v7")]),
    ("1.2.3-arm_v6", [("fixed", "arm_v6")]),
    ("1.2.3-arm7", [("fixed", "arm7")]),
    ("1.2.3-armv7l", [("fixed", "armv7l")]),
    ("1.2.3-arm64-v8", [("fixed", "arm64-v8")]),
    ("1.2.3-amd64v3", [("fixed", "amd64v3")]),
    ("1.2.3-amd64-v2", [("fixed", "amd64-v2")]),
    ("1.2.3-x86-64", [("fixed", "x86-64")]),
    ("1.2.3-x86-64-v3", [("fixed", "x86-64-v3")]),
    ("1.2.3-x86_64_v3", [("fixed", "x86_64_v3")]),
    ("1.2.3-loongarch64", [("fixed", "loongarch64")]),
    ("1.2.3-pr-57", [("fixed", "pr-57")]),
    ("1.2.3-ABC-57", [("fixed", "ABC-57")]),
]  # fmt: skip


@pytest.mark.parametrize(("tag", "expected"), INGREDIENTS, ids=[i[0] for i in INGREDIENTS])
def test_says_what_the_numbers_of_a_variant_are(tag: str, expected: list[tuple[str, str]]) -> None:
    layout = read_layout(tag)
    assert layout is not None
    assert [(each.kind, each.text_of(tag)) for each in layout.ingredients] == expected
    cut = [number for each in layout.ingredients for number in each.numbers_of(tag)]
    assert tuple(cut) == layout.variant_numbers_of(tag)


KINDS = [
    ("1.2.3", "version"),
    ("14", "version"),
    ("v57", "version"),
    ("14-alpine3.18", "version"),
    ("release-1.2.3", "version"),
    ("jdk-17", "version"),
    ("node20", "version"),
    ("python-3-slim", "version"),
    ("20240101", "date"),
    ("main-20240101", "date"),
    ("2024.1.0", "date"),
    ("main-57", "counter"),
    ("build57", "counter"),
    ("app-nightly-57", "counter"),
    ("MAIN-57", "counter"),
    ("main-57-abcdef1", "counter"),
    ("release-57-abcdef1", "counter"),
    ("57-abcdef1", "counter"),
    ("main-abcdef1-57", "counter"),
    ("pr-57", "identity"),
    ("pr57", "identity"),
    ("pr-57-abcdef1", "identity"),
    ("mr-57", "identity"),
    ("feature-12", "identity"),
    ("feature-1.2", "identity"),
    ("app-issue-12", "identity"),
    ("JIRA-123", "identity"),
    ("JIRA-123-abcdef1", "identity"),
    ("somebody-12", "identity"),
    ("release-17", "identity"),
    ("bugfix-57-abcdef1", "identity"),
    ("hotfix-57-abcdef1", "identity"),
    ("task-57-abcdef1", "identity"),
    ("hotfix-1.2.3", "version"),
    ("main-amd64-57", "counter"),
    ("main-x86_64-57", "counter"),
    ("pr-57-arm64", "identity"),
    ("x86_64-2024-01-15", "date"),
    ("x86_64-python-3.11.6", "version"),
    ("2024w05", "date"),
    ("latest-php8.2-1.2.3", "version"),
    ("sha-4f2a9c1-jdk-17-1.2.3", "version"),
]


@pytest.mark.parametrize(("tag", "kind"), KINDS)
def test_says_what_a_single_number_is(tag: str, kind: str) -> None:
    layout = read_layout(tag)
    assert layout is not None
    assert layout.kind == kind
