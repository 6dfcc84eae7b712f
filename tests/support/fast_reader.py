"""The fast reader of manifests reads short texts too, as most tests have no others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from imagebot.manifest import scan as scan_module


@pytest.fixture(autouse=True, scope="module")
def fast_reader_of_short_texts() -> Iterator[None]:
    """For a folder of tests whose `conftest.py` imports it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scan_module, "SMALL", 0)
        yield
