"""README.md, done: every command and every file in it, in its order, on real parts.

What registries and CI jobs have to enter is in readme/test_hooks.py.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import venv
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from imagebot import __version__
from tests.readme.blocks import Block, Call, calls
from tests.readme.content import BLOCKS, ROOT, add, diff_block, manifest, named_file
from tests.readme.packages import send_package_event
from tests.readme.world import BIN, HOOK_SECRET, PROJECT, USERS, World, make_world
from tests.support.github import Forge
from tests.support.registry import Registry
from tests.support.require import require
from tests.support.scripted_http import ScriptedServer

Wait = Callable[[Callable[[], bool]], None]

INSTALLED_FROM = ["imagebot", "policies", "pyproject.toml", "constraints.txt", "Makefile"]
INSTALLED_FROM += ["README.md", "LICENSE", "CHANGELOG.md"]


# The two commands that do all set-up, and the installation.


@pytest.fixture
def environment(home: Path) -> dict[str, str]:
    """Of somebody who has not set up anything; what runs the tests stays out of it."""
    # A variable on the command line of the make that runs this would win over the environment's.
    kept = {
        name: text
        for name, text in os.environ.items()
        if not name.startswith(("PYTEST_", "MAKE", "MFLAGS"))
    }
    # Byte-compiling takes half of the time of an installation.
    return {**kept, "HOME": str(home), "PIP_NO_COMPILE": "1"}


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A virtual environment that `make` has installed into: the one that runs this test."""
    folder = tmp_path / "venv"
    folder.mkdir()
    (folder / "bin").symlink_to(BIN)
    for name in ("pyvenv.cfg", ".installed", ".installed-dev"):
        (folder / name).touch()
    return folder


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What an installation is made from, and no more."""
    folder = tmp_path / "imagebot"
    folder.mkdir()
    for name in INSTALLED_FROM:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)
    return folder


def bash(command: str, folder: Path, environment: dict[str, str]) -> str:
    """What the command prints; it must end well."""
    argv = ["bash", "-c", command]
    done = subprocess.run(argv, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_make_demo(installed: Path, environment: dict[str, str]) -> None:
    stamp = (installed / ".installed").stat().st_mtime_ns
    output = bash(f"make demo VENV={installed}", ROOT, environment)
    assert "shop: production: opened #1" in output
    assert (installed / ".installed").stat().st_mtime_ns == stamp, "it has installed again"


@pytest.mark.timeout(300)
def test_make_demo_on_a_fresh_machine(checkout: Path, environment: dict[str, str]) -> None:
    require("package index")
    # No git metadata, no virtual environment, nothing in HOME.
    output = bash("make demo", checkout, environment)
    assert "shop: production: opened #1" in output
    assert (checkout / ".venv" / ".installed").exists()


@pytest.mark.timeout(300)
def test_make_test(installed: Path, environment: dict[str, str]) -> None:
    stamp = (installed / ".installed-dev").stat().st_mtime_ns
    chosen = {**environment, "PYTEST_ARGS": "tests/test_glob.py", "PYTEST_WORKERS": "0"}
    output = bash(f"make test VENV={installed}", ROOT, chosen)
    assert re.search(r"^\d+ passed", output, re.MULTILINE), output
    assert (installed / ".installed-dev").stat().st_mtime_ns == stamp, "it has installed again"


@pytest.mark.timeout(300)
def test_install(checkout: Path, tmp_path: Path, environment: dict[str, str]) -> None:
    require("package index")
    venv.create(tmp_path / "fresh")
    # The pip of the tests installs there: to give it one of its own takes as long as the rest.
    fresh = {
        **environment,
        "PATH": f"{tmp_path / 'fresh' / 'bin'}:{BIN}:{os.environ['PATH']}",
        "PIP_PYTHON": str(tmp_path / "fresh" / "bin" / "python"),
    }
    bash("pip install '.[serve]'", checkout, fresh)
    # Only what was installed is left: no checkout to import from.
    shutil.rmtree(checkout)
    assert (tmp_path / "fresh" / "bin" / "imagebot").exists()
    assert bash("imagebot --version", tmp_path, fresh) == f"imagebot, version {__version__}\n"
    assert "shop: production: opened #1" in bash("imagebot demo", tmp_path, fresh)
    assert "the commit came" in bash("imagebot demo --serve", tmp_path, fresh)
    tags = "printf '%s\\n' 1.4.2 1.5.0-rc.1"
    picked = bash(f"{tags} | imagebot pick - -q --policy test-cluster", tmp_path, fresh)
    assert picked == "1.5.0-rc.1\n"
    (tmp_path / "imagebot.yaml").write_text("policies: {mine: {extends: production}}\n")
    assert "all right" in bash("imagebot config check", tmp_path, fresh)


# Everything from "First steps" on.

Rule = Callable[[World, Call, Wait], None]


def elsewhere(test: Callable[..., None]) -> Rule:
    """What another test of this module runs."""
    del test
    return lambda world, call, wait: None


def says(*texts: str) -> Rule:
    """It ends well, and its output has these texts; what README shows of it is all of it."""

    def check(world: World, call: Call, wait: Wait) -> None:
        del wait
        ran = world.run(call.command)
        assert ran.code == 0, f"line {call.line}: {ran.output}"
        for text in texts:
            assert text in ran.output
        if call.shown:
            assert ran.output == call.shown

    return check


def shows_the_diff(world: World, call: Call, wait: Wait) -> None:
    says(diff_block().text)(world, call, wait)


def proposes(world: World, call: Call, wait: Wait) -> None:
    says("wrote imagebot.yaml for 4 image fields")(world, call, wait)
    assert "clusters/production/**" in world.read("imagebot.yaml")


def pushes(world: World, call: Call, wait: Wait) -> None:
    says("main -> main")(world, call, wait)
    assert world.remote("imagebot.yaml") == world.read("imagebot.yaml")


def commits_at_once(world: World, call: Call, wait: Wait) -> None:
    before = world.remote("clusters/test/api.yaml")
    head = world.forge.git.repository(PROJECT).head()
    with world.started(call.command) as process:
        assert process.stdout is not None
        (address,) = next(said_as("listening", process.stdout))["addresses"]
        with httpx.Client(base_url=f"http://{address}", trust_env=False) as client:
            wait(lambda: client.get("/readyz").status_code == 200)
            assert client.get("/healthz").status_code == 200
            world.registry.push_image("acme/api", "main-42-b81d04e")
            image = f"{world.registry.host}/acme/api:main-42-b81d04e"
            assert send_package_event(client, "/hooks/ghcr", image, HOOK_SECRET) == "accepted"
            wait(lambda: world.forge.git.repository(PROJECT).head() != head)
            next(said_as("committed", process.stdout))
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert process.returncode == 0
    after = before.replace("main-41-3f2a9c1", "main-42-b81d04e")
    assert world.remote("clusters/test/api.yaml") == after != before


def said_as(name: str, lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The events of this name in a log."""
    return (event for event in map(json.loads, lines) if event["event"] == name)


def repeats_until_told(world: World, call: Call, wait: Wait) -> None:
    world.registry.push_image("acme/api", "main-43-77c0d5a")
    before = world.remote("clusters/test/api.yaml")
    head = world.forge.git.repository(PROJECT).head()
    with world.started(call.command) as process:
        wait(lambda: world.forge.git.repository(PROJECT).head() != head)
        # The pass that has pushed to it is over when it says so.
        assert process.stdout is not None
        said = next(json.loads(line) for line in process.stdout if '"event": "pass"' in line)
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=60)
    assert said["message"].startswith("pass done: 1 update, 1 published, ")
    assert "asked to stop; the last pass is finished" in output
    assert process.returncode == 0
    after = before.replace("main-42-b81d04e", "main-43-77c0d5a")
    assert world.remote("clusters/test/api.yaml") == after != before


def sets_the_reference(world: World, call: Call, wait: Wait) -> None:
    assert world.run("git pull --quiet").code == 0
    before = world.read("clusters/test/api.yaml")
    says("main-43-77c0d5a -> main-44-0a1b2c3")(world, call, wait)
    after = before.replace("main-43-77c0d5a", "main-44-0a1b2c3")
    assert world.read("clusters/test/api.yaml") == after != before
    assert world.run("git checkout --quiet -- clusters").code == 0


def explains_the_plan(world: World, call: Call, wait: Wait) -> None:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    world.registry.push_image("acme/api", "1.6.0", created=now)
    says("1.4.2 -> 1.5.0@", "not 1.6.0: min-age", "not 2.0.0: max")(world, call, wait)


def opens_the_pull_request(world: World, call: Call, wait: Wait) -> None:
    says("production: opened #1")(world, call, wait)
    (pull,) = world.forge.pull_requests()
    assert world.forge.labels(PROJECT, pull["number"]) == ["images"]
    assert [team["slug"] for team in pull["requested_teams"]] == ["sre"]
    digest = world.registry.digest("acme/api", "1.5.0")
    path = "clusters/production/api.yaml"
    proposed = world.remote(path).replace("1.4.2", f"1.5.0@{digest}")
    assert world.remote(path, pull["head"]["ref"]) == proposed != world.remote(path)
    kept = "clusters/production/postgres.yaml"
    assert world.remote(kept, pull["head"]["ref"]) == world.remote(kept)


def runs_from_cron(world: World, call: Call, wait: Wait) -> None:
    del wait
    # Without a file to name it in, only a remote at github.com has a forge to open pull requests.
    world.forge.merge(PROJECT, 1)
    world.registry.push_image("acme/api", "main-44-5c6d7e8")
    ran = world.run(call.command, IMAGEBOT_GIT_TOKEN=world.forge.bot_token)
    assert ran.code == 0, ran.output
    assert "test: committed" in ran.output
    assert "main-44-5c6d7e8" in world.remote("clusters/test/api.yaml")


def runs_from_the_crontab(world: World, block: Block) -> None:
    """The line's command, with as little around it as cron gives."""
    *schedule, command = block.text.strip().split(" ", 5)
    assert len(schedule) == 5
    assert "%" not in command, "a line end to cron"
    home = Path(world.environment["HOME"])
    (home / ".local" / "bin").mkdir(parents=True)
    (home / ".local" / "bin" / "imagebot").symlink_to(BIN / "imagebot")
    (home / ".imagebot-token").write_text(f"{world.forge.bot_token}\n")
    world.registry.push_image("acme/api", "main-45-6d7e8f9")
    done = subprocess.run(
        ["/bin/sh", "-c", command.replace("/srv/gitops", str(world.checkout))],
        cwd=home,
        env={"HOME": str(home), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "main-45-6d7e8f9" in world.remote("clusters/test/api.yaml")


FIRST, PUSH, PULL = "First steps", "Every push to a test cluster", "Pull requests for production"
WHICH = "Which tag would it take, and why not that one?"
PRINTF = r"printf '%s\n' 1.4.2 1.4.10 1.5.0-rc.1 latest"

# All commands of the README, in its order: one that is not here, or not there, fails the test.
RULES: tuple[tuple[str, str, Rule], ...] = (
    ("See it work", "make demo", elsewhere(test_make_demo)),
    ("See it work", "make test", elsewhere(test_make_test)),
    ("Install", "pip install '.[serve]'", elsewhere(test_install)),
    ("Install", "imagebot demo --serve", says("the commit came")),
    (FIRST, "imagebot scan", says("clusters/test/api.yaml:8", "4 image fields in 4 of 4 files")),
    (FIRST, "imagebot plan", says()),
    (FIRST, "imagebot plan --diff", shows_the_diff),
    (FIRST, "imagebot plan --explain", says("not 1.5.0-rc.1: prerelease", "not 2.0.0: max")),
    (FIRST, "imagebot init", proposes),
    (FIRST, "imagebot config check", says("all right")),
    (FIRST, "imagebot plan", says("0 problems")),
    (PUSH, "git add imagebot.yaml", says()),
    (PUSH, 'git commit -m "Let imagebot update the test cluster"', says()),
    (PUSH, "git push", pushes),
    (PUSH, "imagebot doctor -c bot.yaml", says("configuration: imagebot.yaml", "forge:")),
    (PUSH, "imagebot serve -c bot.yaml", commits_at_once),
    ("Without webhooks", "imagebot run -c bot.yaml --every 5m", repeats_until_told),
    (
        "Without webhooks",
        "imagebot set ghcr.io/acme/api:main-44-0a1b2c3 --in clusters/test",
        sets_the_reference,
    ),
    (PULL, 'git commit -a -m "Let imagebot propose updates of production"', says()),
    (PULL, "git push", pushes),
    (PULL, "imagebot plan -c bot.yaml --explain", explains_the_plan),
    (PULL, "imagebot run -c bot.yaml", opens_the_pull_request),
    ("As a cron job", "imagebot run", runs_from_cron),
    (
        WHICH,
        "imagebot pick ghcr.io/acme/api --semver '^1.4' --current 1.4.2",
        says("2.0.0: refused by semver: "),
    ),
    (WHICH, f"{PRINTF} | imagebot pick - --semver '~1.4' --current 1.4.2", says()),
)


@pytest.fixture
def world(
    tmp_path: Path,
    start_registry: Callable[..., Registry],
    forge: Forge,
    home: Path,
    scripted: ScriptedServer,
) -> World:
    users = start_registry(auth="htpasswd", users=USERS)
    return make_world(tmp_path, users, forge, home, scripted)


@pytest.mark.timeout(300)
def test_from_top_to_bottom(world: World, wait_until: Wait) -> None:
    found = [call for block in BLOCKS if block.language == "console" for call in calls(block)]
    assert [(call.heading, call.command) for call in found] == [rule[:2] for rule in RULES]
    rules = iter(RULES)
    files = {"imagebot.yaml": "", "bot.yaml": ""}
    for block in BLOCKS:
        if block.language == "yaml" and (name := named_file(block)) in files:
            files[name] = add(files[name], block.text)
            world.write(name, files[name])
            checked = world.run(f"imagebot config check {'-c ' * (name == 'bot.yaml')}{name}")
            assert (checked.code, checked.output) == (0, f"{name}: all right\n")
        elif block.language == "console":
            for call in calls(block):
                next(rules)[2](world, call, wait_until)
        elif block.language == "crontab":
            runs_from_the_crontab(world, block)


def test_every_block_is_of_a_kind_that_is_tested() -> None:
    assert {block.language for block in BLOCKS} == {"diff", "console", "yaml", "crontab"}
    assert [named_file(block) for block in BLOCKS if block.language == "yaml"] == [
        "imagebot.yaml",
        "bot.yaml",
        "bot.yaml",
        "config.yml",
        "bot.yaml",
        "build.yaml",
        ".gitlab-ci.yml",
        "bot.yaml",
        "imagebot.yaml",
    ]


def test_the_diff(tmp_path: Path) -> None:
    """Exactly those bytes; no registry is asked."""
    (tmp_path / "api.yaml").write_bytes(manifest("-").encode())
    argv = [str(BIN / "imagebot"), "set", "ghcr.io/acme/api:1.5.0"]
    subprocess.run(argv, cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "api.yaml").read_bytes() == manifest("+").encode()


def test_a_plan_is_among_the_first_lines() -> None:
    shown = [call for block in BLOCKS if block.language == "console" for call in calls(block)]
    plan = next(call for call in shown if call.command == "imagebot plan")
    assert plan.shown
    assert plan.line + plan.shown.count("\n") <= 60
