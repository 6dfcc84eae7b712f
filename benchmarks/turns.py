"""This version and another one in turns: `python benchmarks/turns.py FOLDER`.

FOLDER is a checkout of the other version (`git worktree add FOLDER COMMIT`). Machines differ, and
the speed of a virtual one changes within minutes; what two versions take in turns is comparable.
Both get the same manifests, each has its own cache, and both have their bytecode compiled:

- `plan` of 10,000 manifests, a tenth with Flux's markers, where nothing but markers manages;
- `run` on 10,000 images with 1,000 updates, all of it: clone, scan, commit, push; every run anew;
- `run` with nothing to do on 10,000 images;
- `run` with nothing to do on 200 targets of 25 files.

Prints the least and the median wall time and the least CPU time of each, and what part of the other
version's this one takes.
"""

from __future__ import annotations

import argparse
import compileall
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipeline import fill_marked
from publish import ROOT, fill_large, fill_small, served, write_bot

from imagebot.demo.registry import DemoRegistry

ROUNDS = 9


@dataclass
class Side:
    """One version; `command` is what it runs in `folder`, `wall` and `cpu` are seconds per run."""

    name: str
    tree: Path
    command: Sequence[str]
    folder: Path
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    if not (options.folder / "imagebot" / "__main__.py").is_file():
        # Python would take the version that is installed, and compare this one with itself.
        parser.error(f"{options.folder} has no imagebot: git worktree add FOLDER COMMIT makes one")
    # For the Git server of the tests.
    sys.path.insert(0, str(ROOT))
    trees = {"other": options.folder.resolve(), "this": ROOT}
    for tree in trees.values():
        compileall.compile_dir(str(tree / "imagebot"), quiet=1)
    with tempfile.TemporaryDirectory() as folder:
        plans(Path(folder), trees, options.rounds)
    with tempfile.TemporaryDirectory() as folder:
        passes(Path(folder), trees, options.rounds)
    with tempfile.TemporaryDirectory() as folder:
        targets(Path(folder), trees, options.rounds)


def plans(folder: Path, trees: Mapping[str, Path], rounds: int) -> None:
    with DemoRegistry() as registry:
        fill_marked(folder, registry)
        command = ("plan", "-q", str(folder))
        sides = [Side(name, tree, command, folder) for name, tree in trees.items()]
        take_turns("plan of 10,000 manifests, a tenth with markers", sides, rounds)


def passes(folder: Path, trees: Mapping[str, Path], rounds: int) -> None:
    with DemoRegistry() as registry, served(folder) as url:
        target = fill_large(folder, registry, url)
        sides = sides_of(folder, trees, [target], registry.host)
        remote = folder / "repositories" / "large.git"
        first = git(remote, "rev-parse", "main")

        def begin(side: Side) -> None:
            shutil.rmtree(side.folder / "cache", ignore_errors=True)
            git(remote, "update-ref", "refs/heads/main", first)

        take_turns("run on 10,000 images, cold, with 1,000 updates", sides, rounds // 2, begin)
        for side in reversed(sides):
            run(side)
        take_turns("run with nothing to do on 10,000 images", sides, rounds)


def targets(folder: Path, trees: Mapping[str, Path], rounds: int) -> None:
    with DemoRegistry() as registry, served(folder) as url:
        sides = sides_of(folder, trees, fill_small(folder, registry, url), registry.host)
        for side in reversed(sides):
            run(side)
        take_turns("run with nothing to do on 200 targets of 25 files", sides, rounds // 2)


def sides_of(
    folder: Path, trees: Mapping[str, Path], targets: list[str], host: str
) -> Sequence[Side]:
    """Each with its own bot and cache, in a folder of its name."""
    for name in trees:
        write_bot(folder / name, targets, host)
    command = ("run", "-q", "-c", "bot.yaml")
    return [Side(name, tree, command, folder / name) for name, tree in trees.items()]


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def take_turns(
    what: str,
    sides: Sequence[Side],
    rounds: int,
    begin: Callable[[Side], object] = str,
) -> None:
    """A first run of each is not counted; `begin` comes before every run."""
    for number in range(rounds + 1):
        for side in sides:
            begin(side)
            if number <= 1:
                side.wall.clear()
                side.cpu.clear()
            run(side)
    print(what)
    for side in sides:
        wall, cpu = min(side.wall), min(side.cpu)
        middle = statistics.median(side.wall)
        print(f"  {side.name:5} {wall:.3f} s, median {middle:.3f} s, CPU {cpu:.3f} s")
    other, this = sides
    least = min(this.wall) / min(other.wall)
    middle = statistics.median(this.wall) / statistics.median(other.wall)
    print(f"  {least:.0%} of the least, {middle:.0%} of the median", flush=True)


def run(side: Side) -> None:
    # Without -P, an `imagebot` in the current folder would come before that of PYTHONPATH.
    argv = [sys.executable, "-P", "-m", "imagebot", *side.command]
    began = time.perf_counter()
    process = subprocess.Popen(
        argv, cwd=side.folder, env=environment(side.tree), stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    side.wall.append(time.perf_counter() - began)
    side.cpu.append(usage.ru_utime + usage.ru_stime)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{side.name}: {' '.join(side.command)}: exit {process.returncode}")


def environment(tree: Path) -> Mapping[str, str]:
    return {**os.environ, "PYTHONPATH": str(tree)}


if __name__ == "__main__":
    main()
