"""Hostile files: bounded time and memory, one clear reason each, no exception."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from imagebot.errors import RefusedEditError
from imagebot.manifest.edit import edit
from imagebot.manifest.events import MAX_BYTES, MAX_EVENTS
from imagebot.manifest.field import FieldEdit
from imagebot.manifest.scan import scan

FILES = {
    "brackets": (b"image: " + b"[" * 200_000, "too-deep"),
    "brackets-closed": (b"image: " + b"[" * 100_000 + b"]" * 100_000, "too-deep"),
    "braces": (b"image: " + b"{a: " * 50_000, "too-deep"),
    "dashes": (b"image:\n" + b"- " * 100_000 + b"a\n", "too-deep"),
    "indentation": (
        b"".join(b" " * n + b"image:\n" for n in range(1_000)),
        "too-deep",
    ),
    "too-big": (b"image: app:1.0\n" + b"#" * MAX_BYTES, "too-big"),
    "too-many-nodes": (b"image:\n" + b"- a\n" * (MAX_EVENTS + 10), "too-big"),
    "control-characters": (b"image: app:1.0\x07\n", "not-yaml"),
    "null-bytes": (b"image: app:1.0\n\x00\x00", "not-yaml"),
    "utf-16": ("image: app:1.0\n".encode("utf-16"), "not-utf8"),
    "latin-1": ("image: app:1.0 # é\n".encode("latin-1"), "not-utf8"),
    "unfinished": (b'image: "app:1.0\n', "not-yaml"),
}


@pytest.mark.parametrize(("data", "code"), FILES.values(), ids=FILES.keys())
def test_one_clear_reason_in_time(data: bytes, code: str) -> None:
    start = time.process_time()
    found = scan("hostile.yaml", data)
    assert time.process_time() - start < 10
    assert found.fields == ()
    assert [each.code for each in found.unread] == [code]
    assert found.unread[0].reason


def test_an_alias_bomb_is_not_expanded() -> None:
    lines = ["a0: &a0 {image: 'app:1.0'}"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    found = scan("bomb.yaml", "\n".join(lines).encode())
    assert [str(field.reference) for field in found.fields] == ["app:1.0"]


def test_an_alias_of_itself_ends() -> None:
    found = scan("loop.yaml", b"a: &a {image: 'app:1.0', again: *a, list: [*a]}\n")
    assert len(found.fields) == 1


def test_a_merge_of_itself_ends() -> None:
    found = scan("loop.yaml", b"a: &a\n  <<: *a\n  b: {repository: x}\n  images: []\n")
    assert found.fields == ()


def test_a_chain_of_aliases_does_not_exhaust_the_stack() -> None:
    lines = ["apiVersion: v1", "kind: X", "status:", "  a0: &a0 {image: 'app:1.0'}"]
    lines += [f"  a{n}: &a{n} {{x: *a{n - 1}}}" for n in range(1, 3_000)]
    lines += ["spec: {x: *a2999}"]
    assert scan("chain.yaml", "\n".join(lines).encode()).unread == ()


def test_many_fields_that_share_a_text_are_bounded() -> None:
    lines = ["base: &base {repository: acme/app, tag: v1}"]
    lines += [f"c{n}: {{image: *base}}" for n in range(2_000)]
    found = scan("shared.yaml", "\n".join(lines).encode())
    assert len(found.fields) == 2_001
    assert found.fields[0].shared == 2_001
    made = edit(
        "shared.yaml",
        "\n".join(lines).encode(),
        [FieldEdit(field, "v2", None) for field in found.fields],
    )
    assert made == "\n".join(lines).replace("v1", "v2").encode()


def test_a_chain_of_aliases_below_an_image_does_not_either() -> None:
    lines = ["apiVersion: v1", "kind: X", "status:", "  a0: &a0 {image: 'app:1.0'}"]
    lines += [f"  a{n}: &a{n} {{image: *a{n - 1}}}" for n in range(1, 3_000)]
    lines += ["spec: {image: *a2999}"]
    assert scan("chain.yaml", "\n".join(lines).encode()).unread == ()


@pytest.mark.parametrize("item", [b"- a\n", b"- [a, b]\n", b"- {a: b}\n", b"- 'a'\n"])
def test_memory_is_bounded(item: bytes) -> None:
    """Peak memory of a process that reads nothing but the file, in KiB."""
    program = (
        "import re, sys\n"
        "from imagebot.manifest.scan import scan\n"
        "scan('wide.yaml', b'image:\\n' + eval(sys.argv[1]) * 1_500_000)\n"
        # Not ru_maxrss: that begins with what the process that started this one has used.
        "print(re.search(r'VmHWM:\\s+(\\d+) kB', open('/proc/self/status').read())[1])\n"
    )
    command = [sys.executable, "-c", program, repr(item)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert int(done.stdout) < 250 * 1024


def test_an_edit_of_a_file_that_grew_hostile_is_refused() -> None:
    before = b"image: app:1.0\n"
    (field,) = scan("a.yaml", before).fields
    for after in (before + b"x: " + b"[" * 200_000, before + b"#" * MAX_BYTES, before + b"\xff"):
        with pytest.raises(RefusedEditError):
            edit("a.yaml", after, [FieldEdit(field, "2.0", None)])


def test_embedded_documents_are_followed_to_a_limit() -> None:
    text = "image: app:1.0\n"
    for _ in range(40):
        text = "a: |\n" + "".join(f"  {line}\n" for line in text.splitlines())
    found = scan("nested.yaml", text.encode())
    assert len(found.fields) <= 1
