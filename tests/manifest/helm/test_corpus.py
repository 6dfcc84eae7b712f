"""On real charts: how many images are understood, and that Helm renders what is composed.

Runs where the corpus is (see `tests/manifest/corpus.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from imagebot.manifest.helm.composed import ChartValues, items_of, parts_at, text_of
from imagebot.manifest.helm.templates import TemplateImages, read_templates
from imagebot.manifest.images.layers import Chart, ValuePath
from tests.manifest.corpus import corpus
from tests.manifest.helm.values import images_in
from tests.support.helm import require_helm, template
from tests.support.require import MISSING

pytestmark = pytest.mark.skipif(not corpus(), reason=f"{MISSING}corpus (set IMAGEBOT_CORPUS)")


@cache
def charts() -> tuple[tuple[Path, TemplateImages], ...]:
    """The charts of the corpus that have templates, with their images."""
    folders = [path.parent for path in corpus() if path.name == "Chart.yaml"]
    return tuple((folder, read(folder / "templates")) for folder in folders if has(folder))


def has(folder: Path) -> bool:
    return (folder / "templates").is_dir()


def read(folder: Path) -> TemplateImages:
    files = (path for path in folder.rglob("*") if path.is_file())
    return read_templates({str(path.relative_to(folder)): path.read_text() for path in files})


def test_images_are_understood() -> None:
    counts = {str(folder): (len(i.images), len(i.unknown)) for folder, i in charts()}
    print(counts)
    understood = sum(known for known, _ in counts.values())
    unknown = sum(unknown for _, unknown in counts.values())
    assert understood >= 30
    assert unknown <= understood // 20


def test_helm_renders_what_is_composed() -> None:
    """Charts whose dependencies are not in the tree cannot be rendered; they are counted.
    So is one of Kustomize's own test data, which lacks a helper."""
    require_helm()
    counts: Counter[str] = Counter()
    for folder, images in charts():
        about = load(folder / "Chart.yaml")
        if about.get("dependencies") or not images.images:
            counts["skipped"] += 1
            continue
        texts = flat(load(folder / "values.yaml"))
        values = ChartValues(texts, Chart(about["name"], str(about.get("appVersion", ""))))
        printed = template(folder, refused=True)
        if printed is None:
            counts["refused by Helm"] += 1
            continue
        rendered = set(images_in(list(YAML(typ="safe").load_all(printed))))
        composed = [
            (text_of(item, values), parts_at(item, values))
            for _, image in images.images
            for item in items_of(image, values)
        ]
        assert None not in [text for text, _ in composed], folder
        assert rendered <= {text for text, _ in composed}, folder
        counts["equal"] += len(rendered)
        counts["a value has the tag"] += sum(
            parts is not None and parts.tag is not None for _, parts in composed
        )
    print(counts)
    assert counts["refused by Helm"] <= 1
    assert counts["equal"] >= 20
    assert counts["a value has the tag"] >= 15


def load(path: Path) -> Any:
    return YAML(typ="safe").load(path.read_text()) if path.exists() else {}


def flat(value: Any, path: ValuePath = ()) -> Mapping[ValuePath, str]:
    """Every value by its path, as `ChartValues` takes them."""
    if isinstance(value, dict | list):
        keys = value.items() if isinstance(value, dict) else enumerate(value)
        found: dict[ValuePath, str] = {}
        for key, item in keys:
            found |= flat(item, (*path, str(key)))
        return found
    return {} if value is None else {path: str(value) if value else ""}
