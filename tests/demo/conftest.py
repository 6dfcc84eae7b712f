from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from imagebot.demo.registry import DemoRegistry
from tests.support.process import PATIENCE
from tests.support.pusher import Pusher


@pytest.fixture
def demo() -> Iterator[DemoRegistry]:
    with DemoRegistry() as registry:
        yield registry


@pytest.fixture
def client(demo: DemoRegistry) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://{demo.host}", trust_env=False, timeout=PATIENCE) as client:
        yield client


@pytest.fixture
def pusher(client: httpx.Client) -> Pusher:
    return Pusher(client, Path("/nowhere"), None)
