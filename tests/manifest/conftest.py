from __future__ import annotations

from tests.support.fast_reader import fast_reader_of_short_texts  # noqa: F401  # a fixture
