"""Real manifests, where they are at hand: IMAGEBOT_CORPUS, or `../shared/corpus`."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

REPOSITORY = Path(__file__).parent.parent.parent


def root() -> Path:
    """The folder of the corpus, which need not be there."""
    named = os.environ.get("IMAGEBOT_CORPUS")
    return Path(named) if named else REPOSITORY.parent / "shared" / "corpus"


@cache
def corpus() -> tuple[Path, ...]:
    """Every YAML and JSON file of the corpus; empty when it is not there."""
    found = (path for path in root().rglob("*") if path.suffix in (".yaml", ".yml", ".json"))
    return tuple(sorted(path for path in found if path.is_file()))
