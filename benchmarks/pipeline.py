"""Start-up, and `imagebot plan` on 100 manifests of 20 repositories, as whole processes.

    python benchmarks/pipeline.py

A registry on loopback (the sandbox's) answers. Prints the median of several runs, the lowest, and
the highest peak of memory; machines differ, so look at the ratio to a bare Python start too.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from imagebot.demo.registry import DemoRegistry

RUNS = 7
MANIFESTS = 100
REPOSITORIES = 20
TAGS = 100

MANIFEST = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-{number}
spec:
  template:
    spec:
      containers:
        - name: app
          image: {host}/team/app-{repository}:1.0.0   # managed
          env: [{{name: NUMBER, value: "{number}"}}]
"""


def main() -> None:
    bare = measure("bare python", [sys.executable, "-c", "pass"])
    version = measure("imagebot --version", [sys.executable, "-m", "imagebot", "--version"])
    print(f"  {version / bare:.1f} times a bare start")
    with tempfile.TemporaryDirectory() as name, DemoRegistry() as registry:
        folder = Path(name)
        fill(folder, registry)
        arguments = [sys.executable, "-m", "imagebot", "plan", str(folder), "--quiet"]
        measure(f"imagebot plan, {MANIFESTS} manifests, {REPOSITORIES} repositories", arguments)


def fill(folder: Path, registry: DemoRegistry) -> None:
    created = datetime(2026, 1, 1, tzinfo=UTC)
    for repository in range(REPOSITORIES):
        for minor in range(TAGS):
            registry.seed(f"team/app-{repository}", f"1.{minor}.0", created=created)
    for number in range(MANIFESTS):
        text = MANIFEST.format(number=number, repository=number % REPOSITORIES, host=registry.host)
        folder.joinpath(f"app-{number}.yaml").write_text(text)


def measure(label: str, argv: Sequence[str]) -> float:
    """The median wall time of a command in seconds, printed with its peak of memory."""
    times: list[float] = []
    peak = 0
    for _ in range(RUNS):
        started = time.perf_counter()
        process = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        times.append(time.perf_counter() - started)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{label}: exit {process.returncode}")
        peak = max(peak, usage.ru_maxrss)
    median = statistics.median(times)
    low = min(times) * 1000
    print(f"{label}: median {median * 1000:.0f} ms, lowest {low:.0f} ms, peak {peak // 1024} MiB")
    return median


if __name__ == "__main__":
    main()
