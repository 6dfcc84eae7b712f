"""A stage for a daemon."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.daemon_stage import Stage
from tests.support.git_server import GitServer


@pytest.fixture
def stage(tmp_path: Path, git_server: GitServer) -> Iterator[Stage]:
    made = Stage(tmp_path, git_server)
    yield made
    made.close()
