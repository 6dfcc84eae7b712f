from __future__ import annotations

import pytest

from tests.support.fast_reader import fast_reader_of_short_texts  # noqa: F401  # a fixture


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fuzz-seconds", type=float, default=0.0, help="how long a fuzz target runs")


@pytest.fixture
def fuzz_seconds(request: pytest.FixtureRequest) -> float:
    """0 unless asked for; the option is only known when this folder is named."""
    return float(request.config.getoption("--fuzz-seconds", default=0.0))
