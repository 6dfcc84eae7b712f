"""From a push to the commit: `python benchmarks/latency.py`.

Debian's docker-registry announces each push to `imagebot serve`, which looks after 100 targets over
http (--targets), one of them with 5,000 files (--files). The time is from the moment that the
registry has taken the manifest of the pushed tag to the moment that the branch has the commit,
over 200 pushes (--pushes), every second one to the large target. Then what the daemon takes while
nothing happens: CPU time over a minute (--idle, in seconds), and memory. Then how long it takes to
accept 2,000 announcements (--hooks) for 50 repositories, each of another target, from four senders
that wait for their answers; how many passes that makes, until when the newest tags are committed,
and memory.

The registry and the git server run on the same machine, and so does this script, which looks at the
branch every millisecond.
"""

from __future__ import annotations

import argparse
import compileall
import contextlib
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.daemon import Daemon
    from tests.support.git_server import GitServer
    from tests.support.registry import Registry

ROOT = Path(__file__).parent.parent
SECRET = "benchmark-secret-0123456789"
BUSY = 50
SENDERS = 4
CONFIGURATION = """\
policies:
  every-push: {pattern: '^main-(?P<build>[0-9]+)$', extract: $build, order: numerical}
routes:
  - {name: test, files: ["**"], publish: commit, images: [{match: "**", policy: every-push}]}
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
          image: {host}/{image}:main-1
"""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--targets", type=int, default=100)
    options.add_argument("--files", type=int, default=5_000)
    options.add_argument("--images", type=int, default=2_000)
    options.add_argument("--pushes", type=int, default=200)
    options.add_argument("--idle", type=int, default=60)
    options.add_argument("--hooks", type=int, default=2_000)
    options.add_argument("--interval", default="1h", help="of the polls; they count as idle")
    chosen = options.parse_args()
    sys.path.insert(0, str(ROOT))
    compileall.compile_dir(ROOT / "imagebot", quiet=2)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        measure(Path(folder), chosen, stack)


def measure(folder: Path, chosen: argparse.Namespace, stack: ExitStack) -> None:
    from tests.support.daemon import daemon
    from tests.support.git_server import git_server
    from tests.support.registry import registry

    git = stack.enter_context(git_server(folder / "git"))
    environment = {"HOOK_SECRET": SECRET, "GITOPS_TOKEN": git.token}
    names = [f"t{number}" for number in range(chosen.targets)]
    bot = {
        "targets": [
            {"name": name, "url": git.url_of(name), "branch": "main", "credential": "gitops"}
            for name in names
        ],
        "credentials": {"git": {"gitops": {"token": {"env": "GITOPS_TOKEN"}}}},
        "cache-dir": "cache",
        "serve": {
            "listen": "127.0.0.1:0",
            "interval": chosen.interval,
            "hooks": {"registry": {"type": "distribution", "secret": {"env": "HOOK_SECRET"}}},
        },
    }
    for name in names:
        git.make_repository(name, {"imagebot.yaml": CONFIGURATION.encode()})
    (folder / "bot.yaml").write_text(json.dumps(bot))
    served = stack.enter_context(daemon(folder, environment=environment))
    headers = {"Authorization": f"Bearer {SECRET}"}
    images = stack.enter_context(
        registry(folder / "registry", notify=f"{served.url}/hooks/registry", notify_headers=headers)
    )
    # One manifest is enough for what all repositories have at the start.
    of_target: dict[str, list[str]] = {name: [] for name in names}
    for number in range(chosen.images):
        of_target[names[number % len(names)]].append(f"app-{number}")
    for mine in of_target.values():
        for image in mine:
            images.many_tags(image, ["main-1"])
    for index, (name, mine) in enumerate(of_target.items()):
        count = chosen.files if index == 0 else 25
        git.repository(name).commit(
            {
                f"apps/{number % 50}/app-{number}.yaml": MANIFEST.format(
                    number=number, host=images.host, image=mine[number % len(mine)]
                ).encode()
                for number in range(count)
            }
        )
    bot["registries"] = {images.host: {"insecure": True}}
    began = time.monotonic()
    (folder / "bot.yaml").write_text(json.dumps(bot))
    served.wait_for("reloaded")
    for name in names:
        kept = chosen.files if name == "t0" else 25
        served.wait_for("pass", target=name, problems=0, updates=0, kept=kept)
    print(f"first pass of {len(names)} targets: {time.monotonic() - began:.1f} s")
    push(chosen.pushes, chosen.files, git, images, of_target)
    idle(served.pid, chosen.idle)
    load(chosen.hooks, served, git, images, of_target)


def push(
    pushes: int, files: int, git: GitServer, images: Registry, of_target: Mapping[str, list[str]]
) -> None:
    names = list(of_target)
    small: list[float] = []
    large: list[float] = []
    for number in range(pushes):
        name = names[0] if number % 2 else names[1 + number % (len(names) - 1)]
        image = of_target[name][number // 2 % len(of_target[name])]
        repository = git.root / f"{name}.git"
        before = tip(repository)
        images.push_image(image, f"main-{number + 2}")
        began = time.monotonic()
        while tip(repository) == before:
            time.sleep(0.001)
            if time.monotonic() - began > 60:
                raise SystemExit(f"{name}: {image} was never committed")
        (large if number % 2 else small).append(time.monotonic() - began)
    for what, times in (("25", small), (str(files), large), ("all sizes", small + large)):
        times.sort()
        print(
            f"target of {what} files: p50 {statistics.median(times):.3f} s, "
            f"p99 {times[int(0.99 * (len(times) - 1))]:.3f} s, most {times[-1]:.3f} s"
        )


def tip(repository: Path) -> str:
    """The commit of main; git packs refs now and then."""
    with contextlib.suppress(FileNotFoundError):
        return (repository / "refs/heads/main").read_text().strip()
    packed = (repository / "packed-refs").read_text().splitlines()
    return next(line.split()[0] for line in packed if line.endswith(" refs/heads/main"))


def idle(pid: int, seconds: int) -> None:
    before = cpu_seconds(pid)
    time.sleep(seconds)
    used = cpu_seconds(pid) - before
    print(f"idle: {100 * used / seconds:.2f} % CPU, {memory(pid):.0f} MB")


def load(
    hooks: int,
    served: Daemon,
    git: GitServer,
    images: Registry,
    of_target: Mapping[str, list[str]],
) -> None:
    import httpx

    from tests.support.daemon_stage import announce

    targets = list(of_target)[:BUSY]
    busy = [of_target[name][0] for name in targets]
    # That of all images. To push so many takes longer than all that is measured.
    digest = images.many_tags(busy[0], [])
    tags = [f"main-{1_000_000 + number}" for number in range(hooks // len(busy))]
    pushes = iter([(image, tag) for tag in tags for image in busy])

    def send() -> None:
        with httpx.Client(trust_env=False, timeout=60) as client:
            for image, tag in pushes:
                images.write_tags(image, [tag], digest)
                client.post(
                    f"{served.hooks_url}/hooks/registry",
                    content=announce(images.host, image, tag),
                    headers={"Authorization": f"Bearer {SECRET}"},
                ).raise_for_status()

    before, began = len(served.events("pass")), time.monotonic()
    with ThreadPoolExecutor(SENDERS) as senders:
        for sent in [senders.submit(send) for _ in range(SENDERS)]:
            sent.result()
    accepted = time.monotonic() - began

    def behind() -> Iterator[str]:
        for name, image in zip(targets, busy, strict=True):
            written = git.read_files(name).values()
            if not any(f"/{image}:{tags[-1]}\n".encode() in content for content in written):
                yield name

    served.wait_until(lambda: next(behind(), None) is None, "the newest tags")
    print(
        f"{hooks} hooks for {len(busy)} repositories: accepted in {accepted:.1f} s, "
        f"the newest tags committed after {time.monotonic() - began:.1f} s, "
        f"{len(served.events('pass')) - before} passes, {memory(served.pid):.0f} MB"
    )


def memory(pid: int) -> float:
    """Resident, in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def cpu_seconds(pid: int) -> float:
    """Of the process and the children that it has waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
