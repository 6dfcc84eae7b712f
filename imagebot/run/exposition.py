"""Metrics as Prometheus reads them, over HTTP or from a file."""

from __future__ import annotations

import itertools
import math
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.metrics_core import Metric as PrometheusMetric
from prometheus_client.parser import text_string_to_metric_families

from imagebot.errors import FolderError
from imagebot.files.atomic import write_named
from imagebot.run.metrics import METRICS, Metrics
from imagebot.run.series import Family, Labels, Metric, Spread, cumulative
from imagebot.values import dataclass

_MOST_BYTES = 16 * 1024 * 1024
_MODE = 0o644
"""The collector of node_exporter runs as another user."""


@dataclass(frozen=True, slots=True)
class _Collector:
    """Lets the library read the metrics, as often as it is asked."""

    metrics: Metrics

    def collect(self) -> Iterator[PrometheusMetric]:
        for family in self.metrics.families():
            yield _family(family)


def expose(metrics: Metrics, accept: str) -> tuple[bytes, str]:
    """The metrics in the format that an `Accept` header asks for, and its content type."""
    encode, content_type = choose_encoder(accept)
    return encode(_registry(metrics)), content_type


def write_metrics(metrics: Metrics, path: Path) -> None:
    """Put the metrics into a file, for node_exporter's textfile collector. Raises FolderError."""
    try:
        # Whatever the umask is.
        write_named(
            path,
            generate_latest(_registry(metrics)),
            mode=_MODE,
            finish=lambda descriptor: os.fchmod(descriptor, _MODE),
        )
    except OSError as error:
        reason = f"the metrics cannot be written: {error.strerror}"
        hint = "name a file in a folder that is there and may be written to"
        raise FolderError(str(path), reason, hint=hint) from error


def read_metrics(metrics: Metrics, path: Path) -> None:
    """Let the metrics go on from what is in a file.

    One that is not there, or is not what was written, counts as none: passes matter more.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode) or path.stat().st_size > _MOST_BYTES:
            return
        found = list(text_string_to_metric_families(path.read_text("utf-8")))
    except (OSError, ValueError):
        return
    by_name = {each.name: each for each in METRICS}
    for family in found:
        metric = by_name.get(family.name) or by_name.get(f"{family.name}_total")
        if metric is None or family.type != metric.type:
            continue
        if all(math.isfinite(sample.value) for sample in family.samples):
            _restore(metrics, metric, family)


def _restore(metrics: Metrics, metric: Metric, family: PrometheusMetric) -> None:
    if metric.type == "histogram":
        if (spread := _spread(metric, family)) is not None:
            metrics.restore(metric.name, (), spread)
        return
    for sample in family.samples:
        if sample.name == metric.name and set(sample.labels) == set(metric.labels):
            labels = tuple(sample.labels[name] for name in metric.labels)
            metrics.restore(metric.name, labels, sample.value)


def _spread(metric: Metric, family: PrometheusMetric) -> Spread | None:
    """A histogram without labels; None where its buckets are others by now."""
    reached = {
        each.labels.get("le"): each.value
        for each in family.samples
        if each.name == f"{metric.name}_bucket"
    }
    if list(reached) != _bounds(metric):
        return None
    totals = [0, *map(int, reached.values())]
    counts = tuple(after - before for before, after in itertools.pairwise(totals))
    sums = [each.value for each in family.samples if each.name == f"{metric.name}_sum"]
    return Spread(counts, sums[0]) if len(sums) == 1 else None


def _registry(metrics: Metrics) -> CollectorRegistry:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(metrics))
    return registry


def _family(family: Family) -> PrometheusMetric:
    metric = family.metric
    if metric.type == "histogram":
        return _histogram(metric, family.series.items())
    kind = CounterMetricFamily if metric.type == "counter" else GaugeMetricFamily
    made = kind(metric.name, metric.help, labels=metric.labels)
    for labels, value in sorted(family.series.items()):
        assert not isinstance(value, Spread)
        made.add_metric(labels, value)
    return made


def _histogram(metric: Metric, series: Iterable[tuple[Labels, object]]) -> PrometheusMetric:
    made = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
    for labels, spread in series:
        assert isinstance(spread, Spread)
        buckets = list(zip(_bounds(metric), map(float, cumulative(spread)), strict=True))
        made.add_metric(labels, buckets, spread.sum)
    return made


def _bounds(metric: Metric) -> list[str]:
    """The bounds of a histogram, as Prometheus writes them."""
    return [*(str(float(bound)) for bound in metric.bounds), "+Inf"]
