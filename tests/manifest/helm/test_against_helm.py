"""What is composed from values is what Helm renders, on the forms that are read and on random ones.

Runs where Helm is (see `support/helm.py`).
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from random import Random

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from imagebot.errors import InvalidReferenceError
from imagebot.manifest.helm.composed import ChartValues, items_of, text_of
from imagebot.manifest.helm.templates import read_templates
from imagebot.manifest.images.layers import Chart
from imagebot.reference import parse_reference
from tests.manifest.helm.forms import FORMS
from tests.manifest.helm.generator import generated
from tests.manifest.helm.values import images_in, nested, random_texts
from tests.support.helm import APP_VERSION, render, require_helm, write_chart

ALONE = re.compile(r"[- ]*['\"]?image['\"]?:")
IN_LINE = re.compile(r"(?:^|[-{, ])['\"]?image['\"]?: +['\"]?([^\s'\",{}]+)")
EMPTY_TAG = re.compile(r'(?m)image: ([^"\s]*:)$')


def test_forms(tmp_path: Path) -> None:
    counts = compare(tmp_path, {name: text for name, (text, _) in FORMS.items()}, 8)
    assert counts["equal"] > 300
    assert counts["not known"] < counts["equal"] / 2


def test_random_templates(tmp_path: Path) -> None:
    forms = {str(seed): generated(Random(seed), seed) for seed in range(300)}
    counts = compare(tmp_path, forms, 6)
    assert counts["equal"] > 600
    assert counts["not known"] < counts["equal"]


def compare(folder: Path, forms: dict[str, str], times: int) -> Counter[str]:
    """Render the forms with random values that often; each reference is the same on both sides."""
    require_helm()
    write_chart(folder / "chart", list(forms.values()))
    found = {name: read_templates({"a.yaml": text}) for name, text in forms.items()}
    counts: Counter[str] = Counter()
    for seed in range(times):
        texts = random_texts(Random(seed))
        values = ChartValues(texts, Chart("app", APP_VERSION))
        rendered = render(folder / "chart", nested(texts))
        for (name, images), text in zip(found.items(), rendered, strict=True):
            composed = [
                text_of(item, values)
                for _, image in images.images
                for item in items_of(image, values)
            ]
            known = references(composed)
            seen = references(images_rendered(text))
            open_ends = composed.count(None) + len(images.unknown)
            counts["equal"] += len(known)
            counts["not known"] += open_ends
            # Tests that do not choose between images are not kept: one of two may not be there.
            alone = name in FORMS or len(images.images) + len(images.unknown) == 1
            assert known <= seen or not alone, (name, seed, known, text)
            assert open_ends or seen <= known, (name, seed, seen, composed)
    return counts


def images_rendered(text: str) -> list[str]:
    """The images of what Helm has printed; one with an empty tag (`app:`) would be a mapping.

    libyaml takes no `app:1` in flow style, which Kubernetes does: then the lines are looked at.
    """
    try:
        return list(images_in(YAML(typ="base").load(EMPTY_TAG.sub(r'image: "\1"', text))))
    except YAMLError:
        lines = (line for line in text.splitlines() if ALONE.match(line) or "{" in line)
        return [found[1] for line in lines for found in IN_LINE.finditer(line)]


def references(texts: list[str | None] | list[str]) -> set[str]:
    found = set()
    for text in texts:
        try:
            found.add(str(parse_reference(text or "")))
        except InvalidReferenceError:
            continue
    return found
