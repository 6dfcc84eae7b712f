"""Markers that name images, and Renovate's comments, cost what a file is long."""

from __future__ import annotations

import pytest

from imagebot.manifest.images.options import ExtraField, ScanOptions
from imagebot.manifest.scan import scan
from tests.support.work import count_steps, growth, is_linear

OWN = "# imagebot: {image: acme/api, policy: p}"
RENOVATE = "# renovate: datasource=docker depName=acme/api"
FIELDS = (ExtraField(files=("{a}/**", "h{b}.yaml"), tag="*.tag", image="acme/api"),)

# What is repeated, and how often.
GROWING = {
    "markers at values": (f"k#n: v1 {OWN}\n", 60),
    "markers above values": (f"{OWN}\nk#n: v1\n", 60),
    "markers above names": (f"{OWN}\n- name: k#n\n  value: v1\n", 60),
    "markers at nothing": (f"{OWN}\n\n", 200),
    "markers at several values": (f"k#n: {{a: v1, b: v2}} {OWN}\n", 60),
    "markers at images": (f"k#n: {{image: 'a:1'}} {OWN}\n", 60),
    "Renovate's comments": (f"{RENOVATE}\nk#n: v1\n", 60),
    "Renovate's comments at nothing": (f"{RENOVATE}\n\n", 200),
    "Renovate's comments above markers": (f"{RENOVATE}\n# imagebot: p\nk#n: v1\n", 50),
    "tags of configured fields": ("k#n: {tag: v1}\n", 100),
}


@pytest.mark.parametrize("path", ["hostile.yaml", "hostile.sh"])
@pytest.mark.parametrize(("line", "count"), GROWING.values(), ids=GROWING.keys())
def test_work_grows_with_the_size_of_a_file(path: str, line: str, count: int) -> None:
    def text(size: int) -> bytes:
        return "".join(line.replace("#n", str(number)) for number in range(size)).encode()

    options = ScanOptions(fields=FIELDS)
    small, large = text(count), text(8 * count)
    scan(path, small, options)
    assert is_linear(
        count_steps(lambda: scan(path, small, options)),
        count_steps(lambda: scan(path, large, options)),
    )


PIECES = {
    "names": "version",
    "assignments": "a=1 ",
    "spaces": " ",
    "quotes": "\"'",
    "colons": "a: ",
    "dashes": "- ",
    "digests": "sha256:",
    "arguments": "ARG a ",
    "comments": RENOVATE + " ",
    "pairs": "depName=",
}


@pytest.mark.parametrize(
    "head", [f"{OWN}\n", f"{RENOVATE}\n", "X=1 # renovate: datasource=docker "]
)
@pytest.mark.parametrize("piece", PIECES.values(), ids=PIECES.keys())
@pytest.mark.parametrize("path", ["hostile.yaml", "hostile.sh"])
def test_a_long_line_is_read_to_its_end(path: str, head: str, piece: str) -> None:
    """Eight times as long is eight times as much work; with its square it would be 64 times."""

    def read(size: int) -> None:
        found = scan(path, (head + piece * (size // len(piece)) + "\n").encode())
        assert len(found.fields) <= 1

    read(2048)
    assert growth(read, 16 * 1024, 128 * 1024, most=20) <= 20
