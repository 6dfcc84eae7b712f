"""Start-up, `imagebot plan` on 100 manifests of 20 repositories, and on 10,000 manifests (60 MB)
of which 1,000 have markers of Flux and nothing else manages, as whole processes.

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


MARKED = 10_000
MARKED_EVERY = 10
ONLY_MARKERS = """\
routes:
  - {name: flux, files: ["**"], publish: commit, images: [{match: "**", policy: ignore}]}
"""
POLICY = """\
---
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImageRepository
metadata: {{name: app-{number}, namespace: flux-system}}
spec: {{image: {host}/team/app-{number}, interval: 5m}}
---
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImagePolicy
metadata: {{name: app-{number}, namespace: flux-system}}
spec:
  imageRepositoryRef: {{name: app-{number}}}
  policy: {{semver: {{range: ">=1.0.0"}}}}
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
    with tempfile.TemporaryDirectory() as name, DemoRegistry() as registry:
        folder = Path(name)
        size = fill_marked(folder, registry)
        arguments = [sys.executable, "-m", "imagebot", "plan", str(folder), "--quiet"]
        label = f"imagebot plan, {MARKED} manifests ({size / 1e6:.0f} MB), a tenth with markers"
        measure(label, arguments)


def fill(folder: Path, registry: DemoRegistry) -> None:
    created = datetime(2026, 1, 1, tzinfo=UTC)
    for repository in range(REPOSITORIES):
        for minor in range(TAGS):
            registry.seed(f"team/app-{repository}", f"1.{minor}.0", created=created)
    for number in range(MANIFESTS):
        text = MANIFEST.format(number=number, repository=number % REPOSITORIES, host=registry.host)
        folder.joinpath(f"app-{number}.yaml").write_text(text)


def fill_marked(folder: Path, registry: DemoRegistry) -> int:
    """Writes what only Flux's markers manage; returns the size in bytes."""
    created = datetime(2026, 1, 1, tzinfo=UTC)
    policies = []
    for repository in range(REPOSITORIES):
        for minor in range(TAGS):
            registry.seed(f"team/app-{repository}", f"1.{minor}.0", created=created)
        policies.append(POLICY.format(number=repository, host=registry.host))
    folder.joinpath("policies.yaml").write_text("".join(policies))
    folder.joinpath("imagebot.yaml").write_text(ONLY_MARKERS)
    more = "".join(
        f"            - {{name: SETTING_{number}, value: 'of the application, {number}'}}\n"
        for number in range(100)
    )
    size = 0
    for number in range(MARKED):
        repository = number // MARKED_EVERY % REPOSITORIES
        text = MANIFEST.format(number=number, repository=repository, host=registry.host)
        text = text.replace("          env: [", "          env:\n            - ").replace("}]", "}")
        if number % MARKED_EVERY == 0:
            marker = f'{{"$imagepolicy": "flux-system:app-{repository}"}}'
            text = text.replace("# managed", f"# {marker}")
        where = folder / f"team-{number % 40}" / f"app-{number}"
        where.mkdir(parents=True)
        where.joinpath("deployment.yaml").write_text(text + more)
        size += len(text + more)
    return size


def measure(label: str, argv: Sequence[str]) -> float:
    """The median wall time of a command in seconds, printed with its peak of memory."""
    times: list[float] = []
    busy: list[float] = []
    peak = 0
    for _ in range(RUNS):
        started = time.perf_counter()
        process = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        times.append(time.perf_counter() - started)
        busy.append(usage.ru_utime + usage.ru_stime)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{label}: exit {process.returncode}")
        peak = max(peak, usage.ru_maxrss)
    median = statistics.median(times)
    low = min(times) * 1000
    print(
        f"{label}: median {median * 1000:.0f} ms, lowest {low:.0f} ms "
        f"({min(busy) * 1000:.0f} ms of processor time), peak {peak // 1024} MiB"
    )
    return median


if __name__ == "__main__":
    main()
