"""How long it takes to look at a target, commit and push: `python benchmarks/publish.py`.

The target is made here: 10,000 manifests (--files) with 200 commits (--commits), served over
file:// with partial clones, so that the network is no part of the figures. `naive` is what a
clone with a work tree, an edit and `git commit` take.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from imagebot.git.checkout import Checkout, open_checkout
from imagebot.git.credentials import access_for
from imagebot.git.seed import create_repository
from imagebot.git.tree import Committer, Identity

T = TypeVar("T")

BOT = Committer(Identity("imagebot", "bot@example.com"), datetime.now(UTC))
MANIFEST = "kind: Deployment\nspec:\n  # {number}\n  image: ghcr.io/acme/app-{number}:1.0.{patch}\n"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--files", type=int, default=10_000)
    options.add_argument("--commits", type=int, default=200)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run(Path(folder), chosen.files, chosen.commits)


def run(folder: Path, files: int, commits: int) -> None:
    access = access_for(None, os.environ)
    manifests = {path_of(number): manifest(number, 0) for number in range(files)}
    remote = folder / "remote.git"
    create_repository(remote, manifests, branch="main", message="One", committer=BOT, access=access)
    with open_checkout(folder / "writer", str(remote), "main", access) as writer:
        writer.refresh()
        for number in range(commits):
            change(writer, number % files, number + 1)
    report("naive: clone, edit, commit, push", lambda: naive(folder, remote))
    with open_checkout(folder / "cache", str(remote), "main", access) as checkout:
        report("cold: clone without blobs", checkout.refresh)
        listed = report("list its files", checkout.files)
        report("warm: nothing has moved", checkout.refresh)
        some = [file.blob for file in listed[: files // 20]]
        report(f"fetch and read {len(some)} blobs", lambda: checkout.read(some))
        report("read them again", lambda: checkout.read(some))
        report("commit and push one file", lambda: change(checkout, 1, 999))
        with open_checkout(folder / "writer", str(remote), "main", access) as writer:
            writer.refresh()
            change(writer, 2, 999)
        report("warm: one commit to fetch", checkout.refresh)


def report(what: str, work: Callable[[], T]) -> T:
    began = time.perf_counter()
    result = work()
    print(f"{time.perf_counter() - began:8.3f} s  {what}")
    return result


def change(checkout: Checkout, number: int, patch: int) -> None:
    edits = {path_of(number): manifest(number, patch)}
    checkout.committer = BOT
    commit = checkout.commit(checkout.head, edits, message="Update")
    checkout.push(commit, "main")


def naive(folder: Path, remote: Path) -> None:
    work = folder / "work"
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.com"]
    subprocess.run([*git, "clone", "-q", str(remote.as_uri()), str(work)], check=True)
    (work / path_of(0)).write_bytes(manifest(0, 998))
    subprocess.run([*git, "commit", "-qam", "Update"], cwd=work, check=True)
    subprocess.run([*git, "push", "-q"], cwd=work, check=True)


def path_of(number: int) -> str:
    return f"clusters/{number % 10}/{number // 100}/app-{number}.yaml"


def manifest(number: int, patch: int) -> bytes:
    return MANIFEST.format(number=number, patch=patch).encode()


if __name__ == "__main__":
    main()
