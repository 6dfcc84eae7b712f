"""What passes count for, and that Prometheus reads it."""

from __future__ import annotations

import dataclasses
import os
import stat
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client.metrics_core import Metric as PrometheusMetric

from imagebot.errors import FolderError
from imagebot.http.pauses import HeadRoom
from imagebot.nudge.model import Nudged
from imagebot.plan.model import FOLDER, Kept, Plan, PlanTarget, Published, PublishStatus
from imagebot.policy.model import Decision
from imagebot.problem import Problem
from imagebot.run.exposition import expose, read_metrics, write_metrics
from imagebot.run.metrics import METRICS, Metrics
from imagebot.run.passes import PassResult
from tests.publish.updates import make_update
from tests.support.prometheus import promtool, read_openmetrics, read_text

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LATER = datetime(2026, 1, 2, 4, 4, 5, tzinfo=UTC)
UPDATE = make_update()
NAME = UPDATE.target.name
MAJOR = make_update(tag="2.0.0", update_type="major", line=9, keys=("b",))
ODD = 'od"d\n\\target{}'
COMMITTED = Published(
    target=NAME, route="all", status="committed", updates=(UPDATE.id, MAJOR.id), commit="1" * 40
)
NUDGED = Nudged(target=NAME, nudge="flux at receiver.example", commit="1" * 40)
BROKEN = Problem(scope="target", subject=NAME, code="git-auth", message="no", target=NAME)


def kept(code: str, target: PlanTarget = UPDATE.target) -> Kept:
    decision = Decision(code=code, reason="because")
    return Kept(target=target, field=UPDATE.field, decision=decision, route="all")


def samples(metrics: Metrics) -> dict[str, float]:
    """By name and labels, as the text has them."""
    content, _ = expose(metrics, "")
    lines = content.decode().splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in pairs}


def of(metrics: Metrics, name: str) -> dict[str, float]:
    found = samples(metrics)
    return {key: value for key, value in found.items() if key.partition("{")[0] == name}


def everything() -> Metrics:
    """Metrics of which each has a series."""
    metrics = Metrics(daemon=True)
    metrics.follow([(NAME, False), (ODD, True)])
    plan = Plan(updates=(UPDATE, MAJOR), kept=(kept("window"), kept("newest")), problems=(BROKEN,))
    room = {"ghcr.io": HeadRoom(5, 10), "quay.io": HeadRoom(7)}
    nudged = (
        NUDGED,
        dataclasses.replace(NUDGED, answered=False),
        dataclasses.replace(NUDGED, problem=BROKEN),
    )
    result = PassResult(plan, (COMMITTED,), head_room=room, nudged=nudged, seconds={NAME: 0.3})
    metrics.end(NAME, result, NOW)
    metrics.see_head_room(result)
    metrics.ask("ghcr.io")
    metrics.queue(running=1, waiting=2)
    metrics.commit(0.2)
    metrics.deliver("ghcr", "accepted")
    metrics.reload("done")
    metrics.refuse(True)
    return metrics


def test_a_pass_that_publishes() -> None:
    metrics = Metrics()
    metrics.follow([(NAME, False)])
    plan = Plan(updates=(UPDATE, MAJOR), kept=(kept("window"), kept("newest")))
    metrics.end(NAME, PassResult(plan, (COMMITTED,), seconds={NAME: 0.3}), NOW)
    found = samples(metrics)
    here = f'target="{NAME}"'
    assert found[f'imagebot_passes_total{{outcome="changed",{here}}}'] == 1
    assert found[f'imagebot_updates_total{{{here},type="major"}}'] == 1
    assert found[f'imagebot_updates_total{{{here},type="minor"}}'] == 1
    assert found[f'imagebot_changes_total{{status="committed",{here}}}'] == 1
    assert found[f"imagebot_target_images{{{here}}}"] == 4
    assert found[f"imagebot_target_pending_updates{{{here}}}"] == 0
    assert found[f'imagebot_target_withheld_updates{{code="window",{here}}}'] == 1
    assert found[f"imagebot_target_last_good_pass_timestamp_seconds{{{here}}}"] == NOW.timestamp()
    assert found[f"imagebot_target_last_pass_duration_seconds{{{here}}}"] == 0.3
    assert found['imagebot_pass_duration_seconds_bucket{le="0.25"}'] == 0
    assert found['imagebot_pass_duration_seconds_bucket{le="0.5"}'] == 1


def test_a_pass_that_fails_is_no_good_one() -> None:
    metrics = Metrics()
    metrics.follow([(NAME, False)])
    metrics.end(NAME, PassResult(Plan(), seconds={NAME: 1}), NOW)
    metrics.end(NAME, PassResult(Plan(problems=(BROKEN, BROKEN)), seconds={NAME: 1}), LATER)
    found = samples(metrics)
    here = f'target="{NAME}"'
    assert found[f"imagebot_target_last_good_pass_timestamp_seconds{{{here}}}"] == NOW.timestamp()
    assert found[f"imagebot_target_last_pass_timestamp_seconds{{{here}}}"] == LATER.timestamp()
    assert found[f"imagebot_target_problems{{{here}}}"] == 2
    assert found[f'imagebot_failures_total{{code="git-auth",{here}}}'] == 2
    assert found[f'imagebot_passes_total{{outcome="failed",{here}}}'] == 1
    assert found[f'imagebot_passes_total{{outcome="unchanged",{here}}}'] == 1


def test_a_target_that_cannot_be_read_has_the_images_that_it_had() -> None:
    metrics = Metrics()
    metrics.end(NAME, PassResult(Plan(kept=(kept("window"),))), NOW)
    metrics.end(NAME, PassResult(Plan(problems=(BROKEN,))), LATER)
    assert set(of(metrics, "imagebot_target_images").values()) == {1}
    assert set(of(metrics, "imagebot_target_withheld_updates").values()) == {1}
    metrics.end(NAME, PassResult(Plan()), LATER)
    assert set(of(metrics, "imagebot_target_images").values()) == {0}
    assert of(metrics, "imagebot_target_withheld_updates") == {}


@pytest.mark.parametrize("status", ["unchanged", "waiting-for-people"])
def test_what_is_as_before_counts_for_nothing(status: PublishStatus) -> None:
    metrics = Metrics()
    entry = dataclasses.replace(COMMITTED, status=status)
    metrics.end(NAME, PassResult(Plan(updates=(UPDATE,)), (entry,)), NOW)
    assert of(metrics, "imagebot_updates_total") == of(metrics, "imagebot_changes_total") == {}
    assert set(of(metrics, "imagebot_passes_total").values()) == {1}


@pytest.mark.parametrize("status", ["failed", "closed"])
def test_a_change_that_publishes_no_update(status: PublishStatus) -> None:
    metrics = Metrics()
    entry = dataclasses.replace(COMMITTED, status=status)
    metrics.end(NAME, PassResult(Plan(updates=(UPDATE,)), (entry,)), NOW)
    assert of(metrics, "imagebot_updates_total") == {}
    ((name, value),) = of(metrics, "imagebot_changes_total").items()
    assert f'status="{status}"' in name
    assert value == 1


def test_each_target_has_its_own_part_of_a_result() -> None:
    metrics = Metrics()
    metrics.follow([(NAME, False), ("other", False)])
    plan = Plan(updates=(UPDATE,), kept=(kept("window", FOLDER),), problems=(BROKEN,))
    result = PassResult(plan, (COMMITTED,), seconds={NAME: 1, "other": 2})
    for name in (NAME, "other"):
        metrics.end(name, result, NOW)
    found = samples(metrics)
    assert found['imagebot_passes_total{outcome="unchanged",target="other"}'] == 1
    assert found['imagebot_target_images{target="other"}'] == 0
    assert found['imagebot_target_last_pass_duration_seconds{target="other"}'] == 2


def test_what_is_withheld_no_more_is_gone() -> None:
    metrics = Metrics()
    metrics.end(NAME, PassResult(Plan(kept=(kept("refused"),))), NOW)
    metrics.end(NAME, PassResult(Plan(kept=(kept("window"),))), NOW)
    ((name, value),) = of(metrics, "imagebot_target_withheld_updates").items()
    assert 'code="window"' in name
    assert value == 1


def test_those_who_were_told() -> None:
    assert of(everything(), "imagebot_nudges_total") == {
        f'imagebot_nudges_total{{outcome="{each}",target="{NAME}"}}': 1
        for each in ("told", "unanswered", "failed")
    }


def test_a_target_that_had_no_pass_yet_is_seen() -> None:
    metrics = Metrics()
    metrics.follow([("new", True)])
    assert of(metrics, "imagebot_target_last_good_pass_timestamp_seconds") == {
        'imagebot_target_last_good_pass_timestamp_seconds{target="new"}': 0
    }
    assert of(metrics, "imagebot_target_paused") == {'imagebot_target_paused{target="new"}': 1}


def test_what_is_gone_from_the_configuration_is_gone() -> None:
    metrics = everything()
    metrics.follow_hooks(["other"])
    metrics.follow([("new", False)])
    left = samples(metrics)
    assert not [name for name in left if NAME in name or "od" in name.partition("{")[2]]
    assert not [name for name in left if "ghcr" in name and "hook" in name]
    assert len([name for name in left if 'hook="other"' in name]) > 5


def test_some_targets_of_many_leave_the_others_alone() -> None:
    metrics = everything()
    metrics.follow([("new", False)], others=True)
    assert [name for name in samples(metrics) if NAME in name]


def test_every_metric_has_a_series_and_says_what_it_is() -> None:
    found = {family.metric.name: family for family in everything().families()}
    assert list(found) == [metric.name for metric in METRICS]
    assert all(family.series for family in found.values())
    assert all(metric.help.endswith(".") for metric in METRICS)


@pytest.mark.parametrize("accept", ["", "text/plain;version=0.0.4", "*/*"])
def test_prometheus_s_text_is_read(accept: str) -> None:
    content, kind = expose(everything(), accept)
    assert kind.startswith("text/plain; version=0.0.4")
    check_families(read_text(content.decode()))


def test_openmetrics_is_read() -> None:
    content, kind = expose(everything(), "application/openmetrics-text; version=1.0.0")
    assert kind.startswith("application/openmetrics-text; version=1.0.0")
    check_families(read_openmetrics(content.decode()))


def check_families(found: Iterable[PrometheusMetric]) -> None:
    by_name = {each.name: each for each in found}
    assert list(by_name) == [metric.name.removesuffix("_total") for metric in METRICS]
    for metric in METRICS:
        family = by_name[metric.name.removesuffix("_total")]
        assert family.type == metric.type
        assert family.samples
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == set(metric.labels)
    paused = by_name["imagebot_target_paused"].samples
    assert {sample.labels["target"]: sample.value for sample in paused} == {NAME: 0, ODD: 1}


def test_promtool_finds_nothing_to_say() -> None:
    content, _ = expose(everything(), "")
    assert promtool("check", "metrics", content=content) == (0, "")


class TestFile:
    def test_it_is_written_for_everybody_to_read(self, tmp_path: Path) -> None:
        path = tmp_path / "imagebot.prom"
        before = os.umask(0o077)
        try:
            write_metrics(everything(), path)
        finally:
            os.umask(before)
        assert stat.S_IMODE(path.stat().st_mode) == 0o644
        assert list(tmp_path.iterdir()) == [path]
        assert path.read_bytes() == expose(everything(), "")[0]

    def test_a_process_goes_on_from_it(self, tmp_path: Path) -> None:
        path = tmp_path / "imagebot.prom"
        before = everything()
        before.refuse(False)
        write_metrics(before, path)
        after = Metrics(daemon=True)
        read_metrics(after, path)
        assert samples(after) == samples(before)

    def test_counters_go_on(self, tmp_path: Path) -> None:
        path = tmp_path / "imagebot.prom"
        for _ in range(3):
            metrics = Metrics()
            read_metrics(metrics, path)
            metrics.end(NAME, PassResult(Plan(), seconds={NAME: 0.3}), NOW)
            write_metrics(metrics, path)
        found = samples(metrics)
        assert found[f'imagebot_passes_total{{outcome="unchanged",target="{NAME}"}}'] == 3
        assert found["imagebot_pass_duration_seconds_count"] == 3
        assert found["imagebot_pass_duration_seconds_sum"] == pytest.approx(0.9)

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"\xff\xfe",
            b"nonsense {",
            b'imagebot_passes_total{target="a"} 1\n',
            b"# TYPE imagebot_passes_running gauge\nimagebot_passes_running NaN\n",
            (
                b"# TYPE imagebot_pass_duration_seconds histogram\n"
                b'imagebot_pass_duration_seconds_bucket{le="1"} 3\n'
            ),
            (
                b"# TYPE imagebot_pass_duration_seconds histogram\n"
                b'imagebot_pass_duration_seconds_bucket{le="x"} 3\n'
            ),
            b'# TYPE imagebot_build_info gauge\nimagebot_build_info{version="0",python="2"} 1\n',
            b"# TYPE another counter\nanother_total 1\n",
            b"# TYPE imagebot_configuration_refused gauge\nimagebot_configuration_refused 1\n",
        ],
    )
    def test_what_is_of_no_use_is_left_out(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "imagebot.prom"
        path.write_bytes(content)
        metrics = Metrics(daemon=True)
        read_metrics(metrics, path)
        assert samples(metrics) == samples(Metrics(daemon=True))

    def test_no_file_is_none(self, tmp_path: Path) -> None:
        for path in (tmp_path / "missing", tmp_path):
            metrics = Metrics()
            read_metrics(metrics, path)
            assert samples(metrics) == samples(Metrics())

    def test_where_it_cannot_be_written(self, tmp_path: Path) -> None:
        with pytest.raises(FolderError, match="the metrics cannot be written") as caught:
            write_metrics(Metrics(), tmp_path / "missing" / "imagebot.prom")
        assert caught.value.hint
