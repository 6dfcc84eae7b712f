"""Ways in which charts write images: `forms.txt`, in sections of a template and what is read of it.

Every helper has a name of its own, so that all of them fit into one chart.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

_SECTION = re.compile(r"(?m)^=== (.+)\n")


def _read() -> dict[str, tuple[str, tuple[str, ...]]]:
    text = Path(__file__).with_name("forms.txt").read_text("utf-8")
    _, *pieces = _SECTION.split(text)
    sections = zip(pieces[::2], pieces[1::2], strict=True)
    return {name: _section(body) for name, body in sections}


def _section(body: str) -> tuple[str, tuple[str, ...]]:
    template, *expected = re.split(r"(?m)^-->", body.strip("\n"))
    return template, tuple(each.strip().replace("\\n", "\n") for each in expected)


FORMS: Mapping[str, tuple[str, tuple[str, ...]]] = _read()
"""Template and images by name; `?` is an image that is not understood."""
