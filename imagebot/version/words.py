"""What the words in tags say about the numbers behind them.

Open lists, which tests hold: a word that is missing makes imagebot keep a tag for which a person
would have taken a newer one, never the other way round.
"""

from __future__ import annotations

# How mature each word says a build is. Words of rank 0 name a stream of builds instead: a
# nightly is neither before nor after an alpha, so the policy never moves between streams.
STAGES: dict[str, int] = {
    "dev": 0, "snapshot": 0, "nightly": 0, "canary": 0, "edge": 0, "next": 0,
    "alpha": 1, "beta": 2, "m": 3, "milestone": 3, "pre": 4, "preview": 4, "rc": 5, "cr": 5,
}  # fmt: skip

CHANNELS = frozenset({"latest", "stable", "edge", "lts", "mainline", "rolling"})
"""What a tag is called that moves from image to image by design."""

HASHES = frozenset({"sha", "git", "commit", "rev"})
"""What follows one of these is a commit, whatever it looks like."""

COUNTERS = frozenset(
    """
    main master trunk develop dev build ci nightly snapshot
    """.split()  # noqa: SIM905  # a list to read and to add to
)
"""A number behind one of these counts builds: it goes up, and is no major version."""

IDENTITIES = frozenset(
    """
    pr mr pull merge issue feature fix feat bug bugfix hotfix chore task ticket story defect
    """.split()  # noqa: SIM905  # a list to read and to add to
)
"""A number behind one of these says which one, as a ticket's number does, and not how new."""

MOVING = CHANNELS | frozenset(
    """
    current testing unstable canary next beta preview head main master trunk develop devel dev
    nightly snapshot
    """.split()  # noqa: SIM905  # a list to read and to add to
)
"""A tag that begins with one of these has no version of its own: latest-alpine3.20."""

SYSTEMS = frozenset(
    """
    alpine debian deb jessie stretch buster bullseye bookworm trixie forky sid raspbian ubuntu
    trusty xenial bionic focal jammy mantic noble oracular plucky minideb kali gentoo rhel ubi
    centos rocky rockylinux alma almalinux fedora fc el amazonlinux amazon amzn al oraclelinux
    ol photon suse sles opensuse leap bci tumbleweed mariner azurelinux cbl openeuler anolis
    wolfi distroless busybox archlinux nixos void clearlinux flatcar talos bottlerocket windows
    win windowsservercore servercore nanoserver ltsc macos freebsd linux
    """.split()  # noqa: SIM905  # a list to read and to add to
)
"""Operating systems, and the names of their releases.

Not `oracle`, which is as well a database, and not `arch`, which is as well an architecture: what is
in doubt moves no more than a runtime does.
"""

RUNTIMES = frozenset(
    """
    php python py cpython pypy node nodejs npm yarn pnpm bun deno jdk jre java openjdk jvm
    graalvm graal temurin corretto zulu liberica semeru openj go golang ruby jruby rails rust
    swift cuda cudnn cu nccl rocm tensorrt trt torch pytorch tf tensorflow keras jax onnx pg
    pgvector postgres postgresql postgis timescaledb psql oracle mysql mariadb mongo mongodb redis
    valkey memcached sqlite elasticsearch es opensearch clickhouse kafka zookeeper spark
    hadoop hive flink scala kotlin sbt maven mvn gradle nginx apache httpd tomcat tomee jetty
    wildfly undertow perl lua openresty otp erlang elixir dotnet net netcore aspnet mono gcc
    llvm clang cmake glibc musl openssl ssl kubectl kube kubernetes helm terraform tofu
    ansible chrome chromium firefox electron playwright puppeteer envoy istio haproxy varnish
    django flask airflow drupal wordpress laravel symfony odoo magento
    """.split()  # noqa: SIM905  # a list to read and to add to
)
"""Languages, runtimes, databases and other ingredients."""

REVISIONS = frozenset(
    """
    r ls b p u rev revision build patch hotfix post sp pl update ea ce ee cee rancher vmware
    eks eksbuild gke aks iteration pkg bundle final ga CU GDR alpha beta rc pre preview m
    milestone
    """.split()  # noqa: SIM905  # a list to read and to add to
)
"""A whole number behind one of these counts the builds or repairs of one version."""

ARCHITECTURES = (
    r"x00[-_]00(?:[-_]?v0)?", r"amd00(?:[-_]?v0)?", r"arm00(?:[-_]?v0)?", r"arm[-_]?v0l?",
    "arm0", "aarch00", "x00", "i000", "s000x", "ppc00le", "ppc00", "riscv00", "mips00le", "mips00",
    "loongarch00", "loong00", "win00", "linux00",
)  # fmt: skip
"""Patterns of their names, each digit a zero. amd64-v3 is another one than amd64-v2."""

FIXED = ("rke0r", "rke0", "k0s", *ARCHITECTURES)
"""Patterns of words with digits in them: names such as k3s, and architectures."""
