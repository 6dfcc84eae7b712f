"""`run --metrics-file`: what is in the file after passes that succeed, fail or do not begin."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli, deployment
from tests.support.git_server import GitServer
from tests.support.process import end
from tests.support.prometheus import read_text
from tests.support.registry import Registry

CONFIGURATION = b"""\
routes: [{name: all, files: ["**"], publish: commit, images: [{match: "**", policy: shape}]}]
"""
RUN = ("run", "-c", "bot.yaml", "--metrics-file", "imagebot.prom")
DAEMON = {"starlette", "uvicorn", "prometheus_client", "jinja2", "cronsim"}
LAST_GOOD = "imagebot_target_last_good_pass_timestamp_seconds"


class Bot:
    """A bot's own file and its targets."""

    def __init__(self, folder: Path, git_server: GitServer, registry: Registry) -> None:
        self.folder, self.git, self.registry = folder, git_server, registry
        self.document: dict[str, Any] = {
            "targets": [],
            "credentials": {"git": {"it": {"token": {"env": "TOKEN"}}}},
            "registries": {registry.host: {}},
        }

    def add(self, name: str, image: str = "") -> None:
        files = {"imagebot.yaml": CONFIGURATION}
        if image:
            files["app.yaml"] = deployment(f"{self.registry.host}/{image}").encode()
        url = self.git.make_repository(name, files)
        target = {"name": name, "url": url, "branch": "main", "credential": "it"}
        self.document["targets"].append(target)
        self.write()

    def write(self) -> None:
        self.folder.joinpath("bot.yaml").write_text(json.dumps(self.document))

    def metrics(self, name: str) -> dict[tuple[str, ...], float]:
        """The series of a metric in the file, by the values of their labels, names in order."""
        text = self.folder.joinpath("imagebot.prom").read_text()
        return {
            tuple(sample.labels[label] for label in sorted(sample.labels)): sample.value
            for family in read_text(text)
            for sample in family.samples
            if sample.name == name
        }

    def counted(self, name: str) -> dict[tuple[str, ...], float]:
        """The series that are not 0."""
        return {labels: value for labels, value in self.metrics(name).items() if value}


@pytest.fixture
def bot(
    folder: Path, git_server: GitServer, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> Bot:
    monkeypatch.setenv("TOKEN", git_server.token)
    return Bot(folder, git_server, registry)


def test_a_pass_that_publishes(cli: Cli, bot: Bot, registry: Registry, repository: str) -> None:
    for tag in ("1.0.0", "1.1.0"):
        registry.push_image(repository, tag)
    bot.add("one", f"{repository}:1.0.0")
    assert cli(*RUN).code == 0
    assert stat.S_IMODE(bot.folder.joinpath("imagebot.prom").stat().st_mode) == 0o644
    assert bot.metrics("imagebot_updates_total") == {("one", "minor"): 1}
    assert bot.counted("imagebot_passes_total") == {("changed", "one"): 1}
    assert bot.metrics("imagebot_registry_requests_total")[registry.host,] >= 1
    assert bot.metrics("imagebot_configuration_refused") == {(): 0}
    assert bot.metrics("imagebot_hook_deliveries_total") == {}
    assert cli(*RUN).code == 0
    assert bot.metrics("imagebot_updates_total") == {("one", "minor"): 1}
    assert bot.counted("imagebot_passes_total") == {("changed", "one"): 1, ("unchanged", "one"): 1}
    assert bot.metrics("imagebot_pass_duration_seconds_count") == {(): 2}


def test_a_pass_that_fails_leaves_the_last_good_one(
    cli: Cli, bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot.add("one")
    assert cli(*RUN).code == 0
    good = bot.metrics(LAST_GOOD)
    monkeypatch.setenv("TOKEN", "wrong")
    assert cli(*RUN).code == 1
    assert bot.metrics(LAST_GOOD) == good
    assert min(good.values()) > 0
    assert bot.metrics("imagebot_failures_total") == {("git-auth", "one"): 1}
    assert bot.metrics("imagebot_target_problems") == {("one",): 1}


def test_one_that_never_succeeded_is_seen(
    cli: Cli, bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot.add("one")
    monkeypatch.setenv("TOKEN", "wrong")
    assert cli(*RUN).code == 1
    assert bot.metrics(LAST_GOOD) == {("one",): 0}


def test_a_configuration_that_is_refused(cli: Cli, bot: Bot) -> None:
    bot.add("one")
    assert cli(*RUN).code == 0
    good = bot.metrics(LAST_GOOD)
    bot.folder.joinpath("bot.yaml").write_text("targets: nonsense\n")
    assert cli(*RUN).code == 2
    assert bot.metrics("imagebot_configuration_refused") == {(): 1}
    assert bot.metrics(LAST_GOOD) == good
    bot.write()
    assert cli(*RUN).code == 0
    assert bot.metrics("imagebot_configuration_refused") == {(): 0}


def test_a_target_that_is_gone_takes_its_series_along(cli: Cli, bot: Bot) -> None:
    bot.add("one")
    bot.add("two")
    assert cli(*RUN).code == 0
    assert set(bot.metrics(LAST_GOOD)) == {("one",), ("two",)}
    assert cli(*RUN, "--target", "two").code == 0
    assert set(bot.metrics(LAST_GOOD)) == {("one",), ("two",)}
    bot.document["targets"].pop()
    bot.write()
    assert cli(*RUN).code == 0
    assert set(bot.metrics(LAST_GOOD)) == {("one",)}


def test_it_is_written_after_each_pass(
    bot: Bot, wait_until: Callable[[Callable[[], bool]], None]
) -> None:
    bot.add("one")
    argv = [sys.executable, "-m", "imagebot", *RUN, "--every", "5s"]
    process = subprocess.Popen(
        argv, cwd=bot.folder, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        path = bot.folder / "imagebot.prom"
        wait_until(lambda: path.exists() and bool(bot.metrics("imagebot_passes_total")))
        before = bot.counted("imagebot_passes_total")
        bot.folder.joinpath("bot.yaml").write_text("targets: nonsense\n")
        wait_until(lambda: bot.metrics("imagebot_configuration_refused") == {(): 1})
        assert bot.counted("imagebot_passes_total").keys() == before.keys()
    finally:
        end(process)


def test_a_file_that_cannot_be_written(cli: Cli, bot: Bot) -> None:
    bot.add("one")
    result = cli("run", "-c", "bot.yaml", "--metrics-file", "missing/imagebot.prom")
    assert result.code == 1
    assert "missing/imagebot.prom: the metrics cannot be written" in result.err


@pytest.mark.parametrize("arguments", [("--version",), ("run", "-c", "bot.yaml")])
def test_nothing_of_the_daemon_is_loaded_without_it(bot: Bot, arguments: tuple[str, ...]) -> None:
    bot.add("one")
    script = (
        f"import sys; from imagebot.cli.main import main; code = main({arguments!r}); "
        f"print(code, *{DAEMON!r} & {{each.partition('.')[0] for each in sys.modules}})"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=bot.folder, capture_output=True, text=True
    )
    assert done.stdout.splitlines()[-1] == "0", done.stderr


def test_without_the_library(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [each for each in sys.modules if each.startswith("prometheus_client")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "imagebot.run.exposition", raising=False)
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    result = cli(*RUN)
    assert result.code == 2
    assert "--metrics-file needs prometheus_client, which is not installed" in result.err
    assert "pip install 'imagebot[serve]'" in result.err


def test_a_dry_run_counts_for_nothing(cli: Cli, folder: Path) -> None:
    result = cli(*RUN, "--dry-run")
    assert result.code == 2
    assert "--dry-run and --metrics-file exclude each other" in result.err
    assert not folder.joinpath("imagebot.prom").exists()
