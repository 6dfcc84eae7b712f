"""What the daemon tells Prometheus and people, over HTTP."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path

import httpx
import jsonschema
import pytest

from imagebot.run.metrics import METRICS
from tests.support.daemon import Daemon
from tests.support.daemon_stage import BEARER, Stage, announce, pod
from tests.support.prometheus import read_openmetrics, read_text
from tests.support.scripted_http import Answer, ScriptedServer

LOG_SCHEMA = json.loads(
    Path(__file__).parents[2].joinpath("docs/schema/log.schema.json").read_text("utf-8")
)
PASSWORD = "page-password-0123456789"


def values(daemon: Daemon, name: str) -> dict[tuple[str, ...], float]:
    """The series of a metric, by the values of their labels in the order of its labels."""
    answer = daemon.get("/metrics")
    assert answer.status_code == 200
    (metric,) = (each for each in METRICS if each.name == name)
    return {
        tuple(sample.labels[label] for label in metric.labels): sample.value
        for family in read_text(answer.text)
        for sample in family.samples
        if sample.name == name
    }


def counted(daemon: Daemon, name: str) -> dict[tuple[str, ...], float]:
    """The series that are not 0."""
    return {labels: value for labels, value in values(daemon, name).items() if value}


def given(password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"me:{password}".encode()).decode()}


@pytest.fixture
def idle(stage: Stage) -> Daemon:
    stage.add_target("gitops", {})
    stage.add_target("more", {})
    daemon = stage.start()
    daemon.wait_until(lambda: daemon.get("/readyz").status_code == 200)
    return daemon


class TestMetrics:
    def test_both_formats(self, idle: Daemon) -> None:
        plain = idle.get("/metrics")
        assert plain.headers["content-type"].startswith("text/plain; version=0.0.4")
        accept = {"Accept": "application/openmetrics-text; version=1.0.0"}
        newer = idle.get("/metrics", headers=accept)
        assert newer.headers["content-type"].startswith("application/openmetrics-text")
        expected = {each.name.removesuffix("_total") for each in METRICS}
        for found in (
            read_text(plain.text),
            read_openmetrics(newer.text),
        ):
            assert {family.name for family in found} == expected

    def test_head_and_other_methods(self, idle: Daemon) -> None:
        assert httpx.head(idle.url + "/metrics", trust_env=False).content == b""
        assert httpx.post(idle.url + "/metrics", trust_env=False).status_code == 405

    def test_passes(self, idle: Daemon) -> None:
        assert counted(idle, "imagebot_passes_total") == {
            ("gitops", "unchanged"): 1,
            ("more", "unchanged"): 1,
        }
        good = values(idle, "imagebot_target_last_good_pass_timestamp_seconds")
        assert min(good.values()) > 1_700_000_000

    def test_hooks(self, idle: Daemon) -> None:
        once = announce("r.example", "api", "1")
        for body in (once, once, b'{"events": []}', b"{"):
            idle.post("/hooks/registry", body, BEARER)
        idle.post("/hooks/registry", once, {"Authorization": "Bearer wrong"})
        idle.post("/hooks/other", once, BEARER)
        assert counted(idle, "imagebot_hook_deliveries_total") == {
            ("registry", "accepted"): 1,
            ("registry", "repeated"): 1,
            ("registry", "ignored"): 1,
            ("registry", "malformed"): 1,
            ("registry", "unauthorized"): 1,
            ("", "unknown"): 1,
        }

    def test_a_target_that_is_gone_takes_its_series_along(self, stage: Stage, idle: Daemon) -> None:
        stage.bot["targets"].pop()
        stage.bot["serve"]["hooks"] = {}
        stage.write()
        idle.wait_for("reloaded", targets=1)
        assert values(idle, "imagebot_target_paused") == {("gitops",): 0}
        assert counted(idle, "imagebot_reloads_total") == {("done",): 1}
        assert 'target="more"' not in idle.get("/metrics").text

    def test_a_refused_configuration(self, stage: Stage, idle: Daemon) -> None:
        (stage.folder / "bot.yaml").write_text("targets: nonsense\n")
        idle.wait_for("reload-refused")
        assert values(idle, "imagebot_configuration_refused") == {(): 1}
        assert "bot.yaml:1" in idle.get("/").text
        # Back to what it was: nothing is new, and nothing is refused any more.
        stage.write()
        idle.wait_until(lambda: values(idle, "imagebot_configuration_refused") == {(): 0})
        assert counted(idle, "imagebot_reloads_total") == {("refused",): 1}
        assert "bot.yaml:1" not in idle.get("/").text


def test_from_a_push_to_the_page(stage: Stage, scripted: ScriptedServer) -> None:
    scripted.on("POST", "/committed", Answer(200))
    stage.bot["nudges"] = [
        {"type": "webhook", "url": f"{url}/committed", "insecure": True}
        for url in (scripted.url, "http://127.0.0.1:1")
    ]
    made = stage.start_registry()
    made.push_image("api", "main-1")
    stage.add_target("gitops", {"api.yaml": pod(f"{made.host}/api:main-1")})
    daemon = stage.start()
    daemon.wait_for("pass", target="gitops")
    made.push_image("api", "main-2")
    daemon.post("/hooks/registry", announce(made.host, "api", "main-2"), BEARER)
    committed = daemon.wait_for("committed")
    assert values(daemon, "imagebot_updates_total") == {("gitops", "other"): 1}
    assert values(daemon, "imagebot_changes_total") == {("gitops", "committed"): 1}
    assert values(daemon, "imagebot_target_images") == {("gitops",): 1}
    assert values(daemon, "imagebot_registry_requests_total")[made.host,] >= 2
    daemon.wait_until(lambda: values(daemon, "imagebot_passes_running") == {(): 0})
    answer = daemon.get("/metrics").text
    assert "imagebot_push_to_commit_seconds_count 1.0" in answer
    told = [("gitops", "failed"), ("gitops", "told")]
    daemon.wait_until(lambda: sorted(values(daemon, "imagebot_nudges_total")) == told)
    for event in daemon.events():
        jsonschema.validate(event, LOG_SCHEMA)
        assert event["event"] == "listening" or event["target"] == "gitops"
    assert {len(event["pass"]) for event in daemon.events("committed", "pass")} == {8}
    page = daemon.get("/").text
    assert committed["commit"][:12] in page
    assert f"{made.host}/api:main-1 -&gt; {made.host}/api:main-2" in page


class TestPage:
    def test_this_machine_sees_it(self, idle: Daemon) -> None:
        answer = idle.get("/")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "gitops" in answer.text
        head = httpx.head(idle.url + "/", trust_env=False)
        assert (head.status_code, head.content) == (200, b"")
        assert httpx.post(idle.url + "/", trust_env=False).status_code == 405

    @pytest.mark.parametrize("host", ["rebound.example", "10.1.2.3:8080"])
    def test_a_name_that_points_here_sees_nothing(self, idle: Daemon, host: str) -> None:
        answer = idle.get("/", headers={"Host": host})
        assert (answer.status_code, answer.content) == (404, b"")

    def test_a_reload_brings_the_password(self, stage: Stage, idle: Daemon) -> None:
        (stage.folder / "password").write_text(f"{PASSWORD}\n")
        stage.bot["serve"]["password"] = {"file": str(stage.folder / "password")}
        stage.write()
        idle.wait_for("reloaded")
        answer = idle.get("/")
        assert (answer.status_code, answer.content) == (401, b"")
        assert answer.headers["www-authenticate"].startswith("Basic realm=")
        assert idle.get("/", headers=given("wrong")).status_code == 401
        assert idle.get("/", headers=given(PASSWORD)).status_code == 200
        # Whoever knows it may come by any name.
        assert idle.get("/", headers={**given(PASSWORD), "Host": "a.example"}).status_code == 200

    def test_others_see_nothing_without_a_password(self, stage: Stage) -> None:
        stage.add_target("gitops", {})
        stage.bot["serve"]["listen"] = "0.0.0.0:0"
        daemon = stage.start()
        answer = daemon.get("/", headers={"Host": "127.0.0.1"})
        assert (answer.status_code, answer.content) == (404, b"")
