"""What listing costs, and a whole plan: `python benchmarks/registry.py`.

The registry runs in another process on loopback, and answers after 30 ms (`--delay`). It is asked
as any other host of which nothing is known, so 8 requests at a time. `ideal` is the time that the
requests alone take then: their number, times the delay, by 8.

Every run is a new process. Its processor time is that of the listing alone, without the start; for
a plan it is that of the whole process, less what a plan of one repository takes. The figures are
the medians of `--runs`; `peak` is the highest of all runs. The last lines say in which stage of a
plan the processor time goes.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from support.far_registry import LARGE, PAGE, SMALL, serving

from imagebot.errors import RegistryError
from imagebot.http.reach import Reach
from imagebot.parallel.processes import raise_gc_threshold
from imagebot.reference import Repository
from imagebot.registry.client import RegistryClient
from imagebot.registry.credentials import Credentials
from imagebot.registry.listing import ask_each

AT_A_TIME = 8
FIELDS = 3
"""Of each repository, in a file each."""

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
          image: {host}/small/app-{number}:1.{minor}.0
          env: [{{name: NUMBER, value: "{number}"}}]
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds on the clock and of processor time, and the peak of memory in MiB."""

    wall: float
    cpu: float
    peak: float


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--delay", type=float, default=0.03, help="seconds before each answer")
    options.add_argument("--repositories", type=int, default=1000)
    options.add_argument("--large", type=int, default=10, help="repositories of 10,000 tags")
    options.add_argument("--planned", type=int, default=300, help="repositories of the plan")
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--measure", nargs=3, help=argparse.SUPPRESS)
    options.add_argument("--stages", nargs=2, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    # As the command does.
    raise_gc_threshold()
    if chosen.measure:
        kind, count, host = chosen.measure
        print(json.dumps(asdict(list_all(kind, int(count), host))))
        return 0
    if chosen.stages:
        folder, host = chosen.stages
        print(json.dumps(time_stages(Path(folder), host)))
        return 0
    report_listing("small", chosen.repositories, chosen.delay, chosen.runs)
    report_listing("large", chosen.large, chosen.delay, chosen.runs)
    report_plan(chosen.planned, chosen.delay, chosen.runs)
    return 0


class Client(RegistryClient):
    """A client that names the registry, as it is on this machine; `spent` has the seconds of
    processor time of each listing."""

    def __init__(self, host: str) -> None:
        named = Reach(places=frozenset({host}))
        super().__init__(Credentials([], {}), workers=AT_A_TIME, reach=named)
        self.spent: list[float] = []

    def tags(self, repository: Repository) -> tuple[str, ...]:
        began = time.thread_time()
        try:
            return super().tags(repository)
        finally:
            self.spent.append(time.thread_time() - began)


def list_all(kind: str, count: int, host: str) -> Figures:
    """List so many repositories, with all that is used imported and a connection made before."""
    repositories = [Repository(host, f"{kind}/app-{number}") for number in range(count)]
    with Client(host) as client:
        client.tags(Repository(host, "small/first"))
        began, used = time.perf_counter(), _cpu(resource.RUSAGE_SELF)
        found = ask_each(repositories, client.tags)
        wall, cpu = time.perf_counter() - began, _cpu(resource.RUSAGE_SELF) - used
    wanted = {"small": SMALL, "large": LARGE}[kind]
    for repository, tags in found.items():
        if isinstance(tags, RegistryError) or len(tags) != wanted:
            raise SystemExit(f"{repository}: {tags}")
    return Figures(wall, cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def report_listing(kind: str, count: int, delay: float, runs: int) -> None:
    tags = {"small": SMALL, "large": LARGE}[kind]
    requests = count * -(-tags // PAGE)
    print(f"{count:,} repositories of {tags:,} tags, {delay * 1000:g} ms away")
    with serving(delay) as host:
        command = [sys.executable, __file__, "--measure", kind, str(count), host]
        every = [Figures(**json.loads(_output(command))) for _ in range(runs)]
    found = _typical(every)
    ideal = requests * delay / AT_A_TIME
    ratio = f"{found.wall / ideal:.2f} x ideal ({ideal:.2f} s)" if ideal else "no ideal"
    print(f"  wall {found.wall:.2f} s, {ratio}, {requests:,} requests")
    print(f"  CPU {found.cpu / count * 1000:.2f} ms a repository; peak {found.peak:.0f} MiB")


def report_plan(count: int, delay: float, runs: int) -> None:
    print(
        f"imagebot plan, {count:,} repositories, {count * FIELDS:,} fields, "
        f"{delay * 1000:g} ms away"
    )
    with serving(delay) as host, tempfile.TemporaryDirectory() as name:
        folders = {number: Path(name, str(number)) for number in (1, count)}
        for number, folder in folders.items():
            fill(folder, number, host)
        every = [(plan(folders[1]), plan(folders[count])) for _ in range(runs)]
        start, found = (_typical(figures) for figures in zip(*every, strict=True))
        command = [sys.executable, __file__, "--stages", str(folders[count]), host]
        stages = [json.loads(_output(command)) for _ in range(runs)]
    each = found.cpu / count * 1000
    rest = (found.cpu - start.cpu) / count * 1000
    print(f"  wall {found.wall:.2f} s; peak {found.peak:.0f} MiB")
    print(f"  CPU {each:.2f} ms a repository; {rest:.2f} ms without those of a plan of one")
    for stage in stages[0]:
        spent = statistics.median(each[stage] for each in stages)
        print(f"    {stage:<25} {spent / count * 1000:5.2f} ms")


def time_stages(folder: Path, host: str) -> dict[str, float]:
    """The seconds of processor time of each stage of a plan, by its name."""
    # The commands import them late, too.
    from imagebot.plan.assign import assign
    from imagebot.plan.build import to_plan
    from imagebot.plan.edits import edit_plan
    from imagebot.plan.model import FOLDER
    from imagebot.plan.resolve import TagQuery, resolve
    from imagebot.registry.memo import Memo
    from imagebot.scan.inventory import take_inventory
    from imagebot.scan.workspace import open_workspace

    watch = Stopwatch()
    watch.lap("start")
    workspace = open_workspace(str(folder))
    fields = take_inventory(workspace, workspace.configuration).fields
    watch.lap("read the files")
    assigned = assign(fields, workspace.configuration)
    queries = [
        TagQuery.of(each.field.reference, each.policy) if each.policy else None for each in assigned
    ]
    watch.lap("assign policies")
    with Client(host) as client:
        client.tags(Repository(host, "small/first"))
        watch.lap("import httpx, and connect")
        client.spent.clear()
        asked = [query for query in queries if query]
        answers = resolve(asked, Memo(client).for_pass(), now=datetime.now(UTC))
    watch.lap("list the tags")
    watch.split("list the tags", math.fsum(client.spent), rest="choose the tags")
    plan = to_plan(assigned, queries, answers, target=FOLDER)
    edited = edit_plan(workspace, plan)
    watch.lap("make and prove the edits")
    if len(edited.changes) != len(fields):
        raise SystemExit(f"{len(fields)} fields, but {len(edited.changes)} changes")
    return watch.laps


def fill(folder: Path, count: int, host: str) -> None:
    """The manifests of so many repositories, each with three fields that have other tags."""
    for number in range(count):
        for minor in range(FIELDS):
            path = folder / f"environment-{minor}" / f"app-{number}" / "deployment.yaml"
            path.parent.mkdir(parents=True)
            path.write_text(MANIFEST.format(number=number, minor=minor, host=host))


def plan(folder: Path) -> Figures:
    argv = [sys.executable, "-m", "imagebot", "plan", str(folder), "--quiet"]
    began = time.perf_counter()
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"imagebot plan: exit {process.returncode}")
    return Figures(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


class Stopwatch:
    """The processor time since its last lap, of this process and of those that have ended."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._before = 0.0

    def lap(self, name: str) -> None:
        now = _cpu(resource.RUSAGE_SELF) + _cpu(resource.RUSAGE_CHILDREN)
        self.laps[name], self._before = now - self._before, now

    def split(self, name: str, seconds: float, *, rest: str) -> None:
        """So much of a lap is what its name says."""
        self.laps[name], self.laps[rest] = seconds, self.laps[name] - seconds


def _output(command: Sequence[str]) -> str:
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


def _typical(every: Sequence[Figures]) -> Figures:
    return Figures(
        statistics.median(each.wall for each in every),
        statistics.median(each.cpu for each in every),
        max(each.peak for each in every),
    )


def _cpu(who: int) -> float:
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    sys.exit(main())
