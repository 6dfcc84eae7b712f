"""Numbers with labels that a process counts, by the names of their metrics."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from typing import Literal

from imagebot.values import dataclass

MetricType = Literal["counter", "gauge", "histogram"]

OTHER = "other"
"""Stands for every value of a label that is one too many."""
_MOST_OF_HOSTS = 200
_LONGEST_LABEL = 200


@dataclass(frozen=True, slots=True)
class Metric:
    """What a metric is called, and what it says; a counter's name ends with `_total`.

    `bounds` are the upper ones of a histogram's buckets, without the infinite one.
    """

    name: str
    type: MetricType
    labels: tuple[str, ...]
    help: str
    bounds: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Spread:
    """A histogram: how many values lie within each bound and not within the one before it; the last
    count is of those beyond all."""

    counts: tuple[int, ...]
    sum: float = 0.0

    def adding(self, value: float, bounds: tuple[float, ...]) -> Spread:
        """The histogram with one value more."""
        at = bisect_left(bounds, value)
        counts = (*self.counts[:at], self.counts[at] + 1, *self.counts[at + 1 :])
        return Spread(counts, self.sum + value)


Labels = tuple[str, ...]
Value = float | Spread


@dataclass(frozen=True, slots=True)
class Family:
    """A metric and its series: their values by those of the labels."""

    metric: Metric
    series: Mapping[Labels, Value]


@dataclass(slots=True)
class Series:
    """The series of the given metrics. Safe between threads.

    Labels are values of the configuration or of closed sets. Only `host` is not: after 200 hosts,
    those that come are counted as `other`.
    """

    metrics: Iterable[Metric]
    _families: dict[str, tuple[Metric, dict[Labels, Value]]] = field(init=False)
    _hosts: set[str] = field(default_factory=set, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def __post_init__(self) -> None:
        self._families = {each.name: (each, {}) for each in self.metrics}
        for metric, series in self._families.values():
            if not metric.labels:
                series[()] = _nothing(metric)

    def families(self) -> tuple[Family, ...]:
        """All of it at a moment, in the order of the metrics."""
        with self._lock:
            return tuple(Family(metric, dict(series)) for metric, series in self._families.values())

    def set(self, name: str, value: float, **labels: str) -> None:
        """What a gauge says from now on."""
        with self._lock:
            series, key = self._find(name, labels)
            series[key] = value

    def add(self, name: str, value: float = 1.0, **labels: str) -> None:
        """Count something."""
        with self._lock:
            series, key = self._find(name, labels)
            before = series.get(key, 0.0)
            assert not isinstance(before, Spread)
            series[key] = before + value

    def observe(self, name: str, value: float, **labels: str) -> None:
        """Count a value in a histogram."""
        with self._lock:
            metric = self._families[name][0]
            series, key = self._find(name, labels)
            before = series.get(key, _nothing(metric))
            assert isinstance(before, Spread)
            series[key] = before.adding(value, metric.bounds)

    def put(self, name: str, labels: Labels, value: Value) -> None:
        """Take up a series as it was elsewhere; its labels in the order of the metric's."""
        with self._lock:
            metric, _ = self._families[name]
            series, key = self._find(name, dict(zip(metric.labels, labels, strict=True)))
            series[key] = value

    def clear(self, name: str, **labels: str) -> None:
        """Drop the series of a metric that have these values of these labels."""
        with self._lock:
            metric, series = self._families[name]
            for key in list(series):
                given = dict(zip(metric.labels, key, strict=True))
                if labels.items() <= given.items():
                    del series[key]

    def keep(self, label: str, values: Iterable[str]) -> None:
        """Drop the series with another value of a label, in all metrics."""
        kept = frozenset(values)
        with self._lock:
            for metric, series in self._families.values():
                if label in metric.labels:
                    at = metric.labels.index(label)
                    for key in [key for key in series if key[at] not in kept]:
                        del series[key]

    def _find(self, name: str, labels: Mapping[str, str]) -> tuple[dict[Labels, Value], Labels]:
        metric, series = self._families[name]
        assert set(labels) == set(metric.labels), f"{name} has other labels"
        return series, tuple(self._bounded(each, labels[each]) for each in metric.labels)

    def _bounded(self, label: str, value: str) -> str:
        if label != "host" or value in self._hosts:
            return value
        if len(self._hosts) >= _MOST_OF_HOSTS or len(value) > _LONGEST_LABEL:
            return OTHER
        self._hosts.add(value)
        return value


def _nothing(metric: Metric) -> Value:
    return Spread((0,) * (len(metric.bounds) + 1)) if metric.type == "histogram" else 0.0


def cumulative(spread: Spread) -> Iterator[int]:
    """How many values lie within each bound; the last number is of all."""
    total = 0
    for count in spread.counts:
        total += count
        yield total
