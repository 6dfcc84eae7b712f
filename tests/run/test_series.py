"""Counted numbers: what is added, what is dropped, and how many hosts there may be."""

from __future__ import annotations

import threading
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.run.series import OTHER, Labels, Metric, Series, Spread, Value, cumulative

COUNT = Metric("count_total", "counter", ("target", "code"), "")
LEVEL = Metric("level", "gauge", ("target",), "")
HOSTS = Metric("hosts_total", "counter", ("host",), "")
TIMES = Metric("times", "histogram", (), "", (1, 2))
PLAIN = Metric("plain", "gauge", (), "")


@pytest.fixture
def series() -> Series:
    return Series([COUNT, LEVEL, HOSTS, TIMES, PLAIN])


def values(series: Series, metric: Metric) -> Mapping[Labels, Value]:
    (found,) = (each.series for each in series.families() if each.metric is metric)
    return found


def test_counting(series: Series) -> None:
    series.add("count_total", target="a", code="x")
    series.add("count_total", 3, target="a", code="x")
    series.add("count_total", code="y", target="a")
    assert values(series, COUNT) == {("a", "x"): 4.0, ("a", "y"): 1.0}


def test_what_has_no_labels_is_there_from_the_start(series: Series) -> None:
    assert values(series, PLAIN) == {(): 0.0}
    assert values(series, TIMES) == {(): Spread((0, 0, 0))}
    assert values(series, LEVEL) == {}


@pytest.mark.parametrize(
    ("value", "counts"),
    [(0.5, (1, 0, 0)), (1, (1, 0, 0)), (1.5, (0, 1, 0)), (2, (0, 1, 0)), (2.1, (0, 0, 1))],
)
def test_a_bound_lies_within(series: Series, value: float, counts: tuple[int, ...]) -> None:
    series.observe("times", value)
    assert values(series, TIMES) == {(): Spread(counts, value)}


@given(st.lists(st.integers(min_value=0, max_value=5), max_size=20))
def test_a_histogram_counts_each_value_once(numbers: list[int]) -> None:
    bounds = (1.0, 3.0)
    spread = Spread((0, 0, 0))
    for number in numbers:
        spread = spread.adding(number, bounds)
    within = [sum(number <= bound for number in numbers) for bound in bounds]
    assert list(cumulative(spread)) == [*within, len(numbers)]
    assert spread.sum == sum(numbers)


def test_what_is_gone_takes_its_series_along(series: Series) -> None:
    for target in ("a", "b"):
        series.set("level", 1, target=target)
        series.add("count_total", target=target, code="x")
    series.add("hosts_total", host="a")
    series.keep("target", ["b"])
    assert values(series, LEVEL) == {("b",): 1}
    assert values(series, COUNT) == {("b", "x"): 1}
    assert values(series, HOSTS) == {("a",): 1}


def test_only_what_fits_is_cleared(series: Series) -> None:
    for target, code in (("a", "x"), ("a", "y"), ("b", "x")):
        series.add("count_total", target=target, code=code)
    series.clear("count_total", target="a")
    assert values(series, COUNT) == {("b", "x"): 1}


def test_hosts_are_bounded(series: Series) -> None:
    for number in range(1000):
        series.add("hosts_total", host=f"host-{number}")
    series.add("hosts_total", host="host-0")
    found = values(series, HOSTS)
    assert len(found) == 201
    assert found["host-0",] == 2
    assert found[OTHER,] == 800


def test_a_long_host_is_another(series: Series) -> None:
    series.add("hosts_total", host="a" * 10_000)
    assert values(series, HOSTS) == {(OTHER,): 1}


def test_nothing_is_lost_between_threads(series: Series) -> None:
    def count() -> None:
        for _ in range(500):
            series.add("count_total", target="a", code="x")
            series.observe("times", 1)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert values(series, COUNT) == {("a", "x"): 2000}
    assert values(series, TIMES) == {(): Spread((2000, 0, 0), 2000)}
