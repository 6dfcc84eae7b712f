"""The exit codes that README.md lists, each brought about by a real call."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from imagebot.problem import Exit
from tests.readme.blocks import rows
from tests.readme.content import README
from tests.readme.world import BIN
from tests.support.process import PATIENCE
from tests.support.registry import Registry
from tests.support.scripted_http import Answer, ScriptedServer
from tests.support.signals import with_signals

Wait = Callable[[Callable[[], bool]], None]


@dataclass(frozen=True, slots=True)
class Desk:
    """An empty folder, and what it takes to bring about every way to end."""

    folder: Path
    registry: Registry
    repository: str
    slow: ScriptedServer
    wait: Wait

    def manifest(self, name: str, image: str) -> None:
        text = f"kind: Pod\napiVersion: v1\nspec: {{containers: [{{name: a, image: '{image}'}}]}}\n"
        (self.folder / name).write_text(text)

    def image(self) -> str:
        for tag in ("1.0.0", "1.1.0"):
            self.registry.push_image(self.repository, tag)
        return f"{self.registry.host}/{self.repository}:1.0.0"

    def run(self, *arguments: str, stdin: str = "", path: str = "") -> int:
        done = subprocess.run(
            [str(BIN / "imagebot"), *arguments],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": path},
            input=stdin,
            capture_output=True,
            text=True,
        )
        assert "Traceback" not in done.stderr
        return done.returncode


def all_well(desk: Desk) -> int:
    desk.manifest("app.yaml", desk.image())
    return desk.run("plan")


def one_failed(desk: Desk) -> int:
    desk.manifest("app.yaml", desk.image())
    desk.manifest("other.yaml", "127.0.0.1:1/app:1.0.0")
    code = desk.run("update", "--no-config")
    assert ":1.1.0" in (desk.folder / "app.yaml").read_text()
    return code


def wrong_configuration(desk: Desk) -> int:
    (desk.folder / "imagebot.yaml").write_text("routs: []\n")
    code = desk.run("plan")
    assert desk.run("plan", "--no-such-option") == code
    return code


def bug(desk: Desk) -> int:
    """One that is planted where Python starts."""
    planted = "import imagebot.scan.inventory\nimagebot.scan.inventory.take_inventory = None\n"
    (desk.folder / "sitecustomize.py").write_text(planted)
    return desk.run("scan", path=str(desk.folder))


def pending(desk: Desk) -> int:
    desk.manifest("app.yaml", desk.image())
    return desk.run("plan", "--exit-code")


def nothing_chosen(desk: Desk) -> int:
    return desk.run("pick", "-", "--semver", "^2", stdin="1.0.0\n")


def interrupted(desk: Desk) -> int:
    """While it waits for a registry that does not answer."""
    argv = with_signals([str(BIN / "imagebot"), "pick", f"{desk.slow.host}/app"])
    with subprocess.Popen(argv, cwd=desk.folder, stderr=subprocess.PIPE, text=True) as process:
        desk.wait(lambda: bool(desk.slow.requests))
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=PATIENCE)
    assert said.split() == ["interrupted"]
    return process.returncode


WAYS_TO_END: dict[str, Callable[[Desk], int]] = {
    "0": all_well,
    "1": one_failed,
    "2": wrong_configuration,
    "3": bug,
    "4": pending,
    "5": nothing_chosen,
    "130": interrupted,
}


@pytest.mark.parametrize("code", WAYS_TO_END)
def test_exit_codes(
    code: str,
    tmp_path: Path,
    registry: Registry,
    repository: str,
    start_scripted: Callable[..., ScriptedServer],
    wait_until: Wait,
) -> None:
    slow = start_scripted(lambda request: Answer(hang=True))
    desk = Desk(tmp_path, registry, repository, slow, wait_until)
    assert WAYS_TO_END[code](desk) == int(code)


def test_every_exit_code_is_told_and_shown() -> None:
    told = [row[0] for row in rows(README, "exit code")]
    assert told == list(WAYS_TO_END) == [str(int(code)) for code in Exit]
