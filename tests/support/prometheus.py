"""Prometheus' own eyes: its parsers of metrics, and promtool."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from prometheus_client import parser
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics import parser as openmetrics

from tests.support.require import MISSING

read_text: Callable[[str], Iterable[Metric]] = parser.text_string_to_metric_families
read_openmetrics: Callable[[str], Iterable[Metric]] = openmetrics.text_string_to_metric_families


def promtool(*arguments: str, content: bytes = b"") -> tuple[int, str]:
    """The exit code of promtool, and what it says.

    Skips the test without it, also in CI: it takes Go and a checkout of Prometheus.
    """
    own = Path(pwd.getpwuid(os.getuid()).pw_dir, "go/bin/promtool")
    program = shutil.which("promtool") or (str(own) if own.exists() else None)
    if program is None:
        pytest.skip(f"{MISSING}promtool (go build ./cmd/promtool in a checkout of Prometheus)")
    done = subprocess.run([program, *arguments], input=content, capture_output=True, timeout=100)
    return done.returncode, (done.stdout + done.stderr).decode()
