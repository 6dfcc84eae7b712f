"""How long publishing takes: `python benchmarks/publish.py`.

First a target of 50,000 manifests (--files) with 200 commits, over http, beside what a clone with a
work tree, an edit, `git add`, a commit and a push take in the same run. Then `imagebot run` as
whole processes: on 10,000 manifests with 1,000 updates, with nothing to do, and on 200 targets.
The package's bytecode is compiled first, as an installation has it.

The machine's load is part of all figures: look at the ratios, and at the CPU time. In the first
part that includes the server, in the second it is that of `imagebot run` with its git commands.

CPU seconds on two cores that others used too. Three edits in 50,000 files with a warm cache: 0.29,
and 0.40 while every new head was listed and proven whole; one run beside plain git gave 1/29, but
plain git itself took from 8 to 12 s. README.md has the figures of whole passes.
"""

from __future__ import annotations

import argparse
import compileall
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from imagebot.demo.registry import DemoRegistry
from imagebot.git.checkout import Checkout, open_checkout
from imagebot.git.credentials import Access, access_for
from imagebot.git.seed import create_repository
from imagebot.git.tree import Committer, Identity

ROOT = Path(__file__).parent.parent
T = TypeVar("T")

BOT = Committer(Identity("imagebot", "bot@example.com"), datetime.now(UTC))
FOLDERS = 20
REPOSITORIES = 200
CONFIGURATION = b"""\
policies: {stable: {semver: ^1}}
routes: [{name: all, files: ["**"], publish: commit, images: [{match: "**", policy: stable}]}]
"""
MANIFEST = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: app-{number}}}
spec:
  template:
    spec:
      containers:
        - name: app
          image: {host}/team/app-{repository}:1.0.{patch}
"""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--files", type=int, default=50_000)
    options.add_argument("--commits", type=int, default=200)
    options.add_argument("--images", type=int, default=10_000)
    options.add_argument("--targets", type=int, default=200)
    chosen = options.parse_args()
    sys.path.insert(0, str(ROOT))
    with tempfile.TemporaryDirectory() as folder:
        checkouts(Path(folder), chosen.files, chosen.commits)
    with tempfile.TemporaryDirectory() as folder:
        passes(Path(folder), chosen.images, chosen.targets)


def checkouts(folder: Path, files: int, commits: int) -> None:
    """The bot's Git alone, beside plain git."""
    print(f"{files} files over http, one in {FOLDERS} read")
    make_remote(folder / "repositories" / "target.git", manifests(files))
    access = access_for(None, os.environ)
    with served(folder) as url:
        with open_checkout(folder / "writer", url, "main", access) as writer:
            writer.refresh()
            for number in range(commits):
                change(writer, [number % files], number + 1)
        plain = timed("naive: clone, 3 edits, add, commit, push", lambda: naive(folder, url))
        cache = folder / "cache"
        read: set[str] = set()
        what = "cold: clone, read, 3 edits, commit, push"
        cycle(cache, url, access, 901, what, plain, read)
        with open_checkout(folder / "writer", url, "main", access) as writer:
            writer.refresh()
            change(writer, [7], 902)
        what = "warm: fetch, read what is new, 3 edits, commit, push"
        cycle(cache, url, access, 903, what, plain, read)
        timed("warm: nothing to do", lambda: look(cache, url, access), plain)


def cycle(
    cache: Path, url: str, access: Access, patch: int, what: str, plain: float, read: set[str]
) -> None:
    """As a pass, which keeps what it found in a blob: those that are `read` are not read again."""

    def work() -> None:
        with open_checkout(cache, url, "main", access) as checkout:
            checkout.refresh()
            blobs = checkout.blobs().items()
            wanted = {blob for path, blob in blobs if path.startswith("clusters/1/")}
            checkout.read(wanted - read)
            read.update(wanted)
            change(checkout, [1, 1 + FOLDERS, 1 + 2 * FOLDERS], patch)

    timed(what, work, plain)


def look(cache: Path, url: str, access: Access) -> None:
    with open_checkout(cache, url, "main", access) as checkout:
        checkout.refresh()


def naive(folder: Path, url: str) -> None:
    work = folder / "work"
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.com"]
    subprocess.run([*git, "clone", "-q", url, str(work)], check=True)
    for number in (1, 1 + FOLDERS, 1 + 2 * FOLDERS):
        (work / path_of(number)).write_bytes(manifest(number, 900))
    subprocess.run([*git, "add", "-A"], cwd=work, check=True)
    subprocess.run([*git, "commit", "-qm", "Update"], cwd=work, check=True)
    subprocess.run([*git, "push", "-q"], cwd=work, check=True)


def passes(folder: Path, images: int, targets: int) -> None:
    """`imagebot run`, from its start to its end."""
    # Where PYTHONDONTWRITEBYTECODE is set, each start would compile 300 modules, for half a second.
    compileall.compile_dir(str(ROOT / "imagebot"), quiet=1)
    with DemoRegistry() as registry, served(folder) as url:
        large = fill_large(folder, registry, url, images)
        bot = write_bot(folder / "large", [large], registry.host)
        process(f"run, cold: {images} images, {images // 10} updates", bot)
        process("run, warm: nothing to do, after the run that published", bot)
        process("run, warm: nothing to do, once more", bot)
        bot = write_bot(folder / "small", fill_small(folder, registry, url, targets), registry.host)
        process(f"run, cold: {targets} targets of 25 files", bot)
        process("run, warm: nothing to do, after the run that published", bot)
        process("run, warm: nothing to do, once more", bot)


def fill_large(folder: Path, registry: DemoRegistry, url: str, images: int = 10_000) -> str:
    """Make a target of so many images, a tenth of which are one behind; its URL."""
    seed(registry)
    files = {"imagebot.yaml": CONFIGURATION, **manifests(images, registry.host)}
    make_remote(folder / "repositories" / "large.git", files)
    return f"{url.rpartition('/')[0]}/large.git"


def fill_small(folder: Path, registry: DemoRegistry, url: str, targets: int = 200) -> list[str]:
    """Make so many targets of 25 images, a tenth of which are one behind; their URLs."""
    seed(registry)
    files = {"imagebot.yaml": CONFIGURATION, **manifests(25, registry.host)}
    repositories = folder / "repositories"
    make_remote(repositories / "small-0.git", files)
    names = [f"small-{number}.git" for number in range(targets)]
    for name in names[1:]:
        shutil.copytree(repositories / names[0], repositories / name)
    return [f"{url.rpartition('/')[0]}/{name}" for name in names]


def seed(registry: DemoRegistry) -> None:
    created = datetime(2026, 1, 1, tzinfo=UTC)
    for repository in range(REPOSITORIES):
        registry.seed(f"team/app-{repository}", "1.0.0", created=created)
    for repository in range(0, REPOSITORIES, 10):
        registry.seed(f"team/app-{repository}", "1.0.1", created=created)


def write_bot(folder: Path, urls: list[str], host: str) -> Path:
    """Write the bot's file for these targets into a new folder."""
    folder.mkdir()
    names = (f"  - {{url: '{url}', branch: main, limits: {{max-updates: 100000}}}}" for url in urls)
    bot = folder / "bot.yaml"
    lines = ("targets:", *names, f"registries: {{'{host}': {{}}}}", "cache-dir: cache", "")
    bot.write_text("\n".join(lines))
    return bot


def process(what: str, bot: Path) -> None:
    argv = [sys.executable, "-m", "imagebot", "run", "-q", "-c", bot.name]
    began = time.perf_counter()
    started = subprocess.Popen(argv, cwd=bot.parent, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(started.pid, 0)
    took = time.perf_counter() - began
    started.returncode = os.waitstatus_to_exitcode(status)
    if started.returncode:
        raise SystemExit(f"{what}: exit {started.returncode}")
    print(f"{took:8.3f} s  CPU {usage.ru_utime + usage.ru_stime:6.3f} s  {what}", flush=True)


def timed(what: str, work: Callable[[], object], plain: float = 0.0) -> float:
    began, before = time.perf_counter(), cpu_seconds()
    work()
    took, used = time.perf_counter() - began, cpu_seconds() - before
    ratio = f" (1/{plain / took:.1f})" if plain else ""
    print(f"{took:8.3f} s  CPU {used:6.3f} s  {what}{ratio}", flush=True)
    return took


def cpu_seconds() -> float:
    """What this process, with the server in it, and its children have used."""
    return sum(os.times()[:4])


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The URL of `target.git` in the folder's repositories, over http and without a login."""
    from tests.support.git_server import git_server

    with git_server(folder, tokens=set()) as server:
        yield server.url_of("target")


def make_remote(path: Path, files: Mapping[str, bytes]) -> None:
    access = access_for(None, os.environ)
    path.parent.mkdir(parents=True, exist_ok=True)
    committer = replace(BOT, identity=Identity("A Person", "person@example.com"))
    create_repository(path, files, branch="main", message="One", committer=committer, access=access)


def change(checkout: Checkout, numbers: list[int], patch: int) -> None:
    edits = {path_of(number): manifest(number, patch) for number in numbers}
    checkout.committer = BOT
    commit = checkout.commit(checkout.head, edits, message="Update")
    checkout.push(commit, "main")


def manifests(number: int, host: str = "ghcr.io") -> dict[str, bytes]:
    return {path_of(each): manifest(each, 0, host) for each in range(number)}


def path_of(number: int) -> str:
    return f"clusters/{number % FOLDERS}/{number // 100}/app-{number}.yaml"


def manifest(number: int, patch: int, host: str = "ghcr.io") -> bytes:
    return MANIFEST.format(
        number=number, repository=number % REPOSITORIES, patch=patch, host=host
    ).encode()


if __name__ == "__main__":
    main()
