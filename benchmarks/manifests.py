"""How fast manifests are found, read and edited: `python benchmarks/manifests.py [--quick]`.

Two repositories of 10,000 manifests are generated, one file in each folder as GitOps repositories
have it: in `some` three files in ten have images, in `every` all do. The figures are the medians
of several runs in fresh processes on warm files, as seconds on the clock and of processor time;
memory is the peak of the parent and of the largest child. `written` adds replacing the files on
disk, each flushed: what that costs is the disk's. The last lines compare reading a few files with
libyaml and without it, and say how fast this machine runs libyaml alone: the limits are for one
that makes 12.5 MB of manifests into events in a second.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from support.repository import generate

FILES = 10_000
RUNS = 5
SAMPLE = 200
MEMORY_LIMIT = 120
MACHINE = 12.5
NEEDED = (
    "multiprocessing.popen_fork",
    "imagebot.scan.workspace",
    "imagebot.plan.edits",
    "imagebot.plan.set_references",
    "imagebot.scan.inventory",
    "imagebot.files.rewrite",
    "imagebot.scan.cache",
    "msgspec.msgpack",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="a tenth of the files, one run, no limits"
    )
    parser.add_argument("--work", nargs=3, metavar=("WHAT", "ROOT", "CACHE"), help="internal")
    arguments = parser.parse_args()
    if arguments.work:
        with ExitStack() as resources:
            work(resources, *arguments.work)
        return
    files, runs = (FILES // 10, 1) if arguments.quick else (FILES, RUNS)
    with tempfile.TemporaryDirectory() as folder:
        some, every = Path(folder, "some"), Path(folder, "every")
        for root, share in ((some, 0.3), (every, 1.0)):
            size = generate(root, files, share)
            print(f"{root.name}: {files} files, {size / 1e6:.1f} MB")
        limits = not arguments.quick
        rows = [report(*row, runs, limits=limits) for row in measurements(some, every, files)]
        verdict = judge(max(rows), MEMORY_LIMIT, "MB") if limits else ""
        print(f"{'memory':>22}    all: {max(rows):6.0f} MB at most{verdict}")
        compare_parsers(every, runs)
        tell_machine(every, runs)


def measurements(some: Path, every: Path, files: int) -> list[tuple[str, Path, float | None]]:
    """The measurements: what, where, and the limit in seconds."""
    many = files * 95 // 1_000
    return [
        ("inventory", some, 1.0),
        ("inventory", every, 2.5),
        ("inventory-one-process", some, None),
        ("inventory-one-process", every, None),
        ("warm", some, 0.1),
        ("warm", every, None),
        ("edit-10", every, 0.15),
        (f"edit-{many}", every, 0.7),
        (f"edit-{many}-written", every, None),
    ]


def report(what: str, root: Path, limit: float | None, runs: int, *, limits: bool) -> float:
    """Print a row; returns its memory in MB."""
    results = [run_once(what, root) for _ in range(runs)]
    seconds = statistics.median(result["seconds"] for result in results)
    cpu = statistics.median(result["cpu"] for result in results)
    memory = max(result["memory"] for result in results)
    verdict = judge(seconds, limit, "s") if limits and limit is not None else ""
    print(
        f"{what:>22} {root.name:>6}: {seconds:6.3f} s  {cpu:6.3f} s cpu  {memory:4.0f} MB"
        f"  {results[0]['what']}{verdict}"
    )
    return memory


def judge(value: float, limit: float, unit: str) -> str:
    return f"  limit {limit} {unit}: {'ok' if value < limit else 'MISSED'}"


def compare_parsers(root: Path, runs: int) -> None:
    with_c, without = (
        statistics.median(run_once(what, root)["cpu"] for _ in range(runs))
        for what in ("sample", "sample-without")
    )
    print(
        f"{'without libyaml':>22} {root.name:>6}: {without:6.3f} s cpu, with it {with_c:.3f} s cpu"
        f"  {SAMPLE} files: {without / with_c:.0f} times as long"
    )


def tell_machine(root: Path, runs: int) -> None:
    """Print the speed of libyaml alone, to compare figures of different machines or hours."""
    results = [run_once("libyaml", root) for _ in range(runs)]
    rate = statistics.median(float(each["what"]) / 1e6 / each["cpu"] for each in results)
    print(
        f"{'libyaml alone':>22} {root.name:>6}: {rate:6.1f} MB/s cpu,"
        f" {rate / MACHINE:.2f} of what the limits are for"
    )


def run_once(what: str, root: Path) -> dict[str, float]:
    cache = root.parent / f"{root.name}.scans"
    command = [sys.executable, __file__, "--work", what, str(root), str(cache)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def work(resources: ExitStack, what: str, root: str, cache: str) -> None:
    """One measurement, in a separate process; prints its result as JSON."""
    import resource

    run = prepare(resources, what, root, cache)
    import_everything()
    start, start_cpu = time.perf_counter(), os.times()
    summary = run()
    seconds = time.perf_counter() - start
    cpu = sum(os.times()[:4]) - sum(start_cpu[:4])
    peaks = (
        resource.getrusage(who).ru_maxrss / 1024
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    print(json.dumps({"seconds": seconds, "cpu": cpu, "memory": max(peaks), "what": summary}))


def prepare(resources: ExitStack, what: str, root: str, cache: str) -> Callable[[], str]:
    """Do the set-up that is not measured; returns what is measured."""
    name, _, rest = what.partition("-")
    if name == "sample":
        return prepare_sample(root, with_c=not rest)
    if name == "libyaml":
        return prepare_libyaml(root)
    if name == "inventory":
        if rest:
            os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        return lambda: inventory(root)
    if name == "warm":
        with warm_inventory(root, cache) as fill:
            fill()
        return resources.enter_context(warm_inventory(root, cache))
    number, _, written = rest.partition("-")
    prepare_edit(root, int(number))
    write = bool(written) or int(number) == 10
    return lambda: edit(root, int(number), write=write)


def import_everything() -> None:
    """Import everything first: the figures are those of a running process."""
    for name in NEEDED:
        importlib.import_module(name)
    from imagebot.manifest.scan import scan
    from imagebot.manifest.yaml.events import prepare
    from imagebot.parallel.processes import raise_gc_threshold

    raise_gc_threshold()
    prepare()
    scan("a.yaml", b"image: [app:1.0]\n")


def prepare_sample(root: str, *, with_c: bool) -> Callable[[], str]:
    """Read a few files from memory; unless `with_c`, as if libyaml were missing."""
    if not with_c:
        # So that importing it fails.
        sys.modules["_ruamel_yaml"] = None  # type: ignore[assignment]
    from imagebot.manifest.scan import scan
    from imagebot.manifest.yaml.events import has_c_parser

    assert has_c_parser() == with_c
    files = [(str(path), path.read_bytes()) for path in sorted(Path(root).glob("*/*/*.yaml"))]

    def run() -> str:
        fields = sum(len(scan(path, data).fields) for path, data in files[:SAMPLE])
        return f"{SAMPLE} files, {fields} fields"

    return run


def prepare_libyaml(root: str) -> Callable[[], str]:
    from imagebot.manifest.yaml.events import events

    paths = sorted(Path(root).glob("*/*/*.yaml"))[: 10 * SAMPLE]
    texts = [path.read_text("utf-8") for path in paths]

    def run() -> str:
        for text in texts:
            for _ in events(text, "c"):
                pass
        return str(sum(len(text) for text in texts))

    return run


def inventory(root: str) -> str:
    from imagebot.scan.inventory import take_inventory
    from imagebot.scan.workspace import open_workspace

    workspace = open_workspace(root)
    found = take_inventory(workspace, workspace.configuration)
    return f"{len(found.paths)} files, {len(found.fields)} fields, {len(found.unread)} unread"


@contextmanager
def warm_inventory(root: str, cache: str) -> Iterator[Callable[[], str]]:
    """As a pass over a target does it: Git names the blobs, and only unknown ones are read.

    Fetching from the remote is not included: publish.py measures that.
    """
    from imagebot.config.builtin import default_configuration
    from imagebot.git.checkout import open_checkout
    from imagebot.git.credentials import access_for
    from imagebot.scan.cache import load_scan_cache
    from imagebot.scan.checkout import CheckoutSource
    from imagebot.scan.inventory import take_inventory

    configuration = default_configuration()
    with open_checkout(Path(cache), root, "main", access_for(None, os.environ)) as checkout:
        checkout.refresh()

        def run() -> str:
            scans = load_scan_cache(Path(cache, "scans"))
            source = CheckoutSource(checkout, configuration.files)
            found = take_inventory(source, configuration, scans)
            scans.save()
            return f"{len(found.paths)} files, {len(found.fields)} fields"

        yield run


IMAGE = "registry.example.com/bench/the-image"


def prepare_edit(root: str, count: int) -> None:
    """Put a special image into `count` files, spread over the repository."""
    paths = sorted(Path(root).glob("*/*/deployment.yaml"))
    for path in paths[:: max(1, len(paths) // count)][:count]:
        text = path.read_text()
        if IMAGE not in text:
            before, sign, rest = text.partition("          image: ")
            path.write_text(f"{before}{sign}{IMAGE}:1.0.0\n{rest.partition(chr(10))[2]}")


def edit(root: str, count: int, *, write: bool) -> str:
    """Find one image by name everywhere, and give it another tag, proven."""
    from imagebot.files.rewrite import write_changes
    from imagebot.plan.assign import assign_everywhere
    from imagebot.plan.edits import make_edits
    from imagebot.plan.set_references import plan_references
    from imagebot.reference import parse_reference
    from imagebot.scan.inventory import find_named
    from imagebot.scan.workspace import open_workspace

    wanted = parse_reference(f"{IMAGE}:1.0.{time.time_ns()}")
    workspace = open_workspace(root)
    found = find_named(workspace, workspace.configuration, [wanted.repository])
    assigned = assign_everywhere(found.fields, workspace.configuration, flux=found.flux)
    plan = plan_references(assigned, [wanted], found.unread)
    edited = make_edits(workspace, plan.updates)
    if write:
        assert not write_changes(workspace.root, edited.changes)
    assert not plan.problems
    assert not edited.problems
    assert len(plan.updates) >= count * 0.95
    return f"{len(plan.updates)} edits in {len(edited.changes)} files"


if __name__ == "__main__":
    main()
