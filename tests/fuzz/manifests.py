"""Mutates manifests, makes some up, and checks what must hold for every input, however broken.

    python -m tests.fuzz.manifests [SECONDS] [SEED]

runs until the time is over and prints the first input that breaks a rule; `make fuzz` does the
same for a minute. What it finds becomes a test.
"""

from __future__ import annotations

import math
import random
import sys
import time
from pathlib import Path
from unittest import mock

from imagebot.errors import RefusedEditError
from imagebot.manifest import scan as scan_module
from imagebot.manifest.edit import edit
from imagebot.manifest.images.field import FieldEdit, ImageField, Scan
from imagebot.manifest.images.options import ExtraField, ScanOptions
from imagebot.manifest.scan import scan
from imagebot.manifest.yaml.document_text import split_documents
from imagebot.manifest.yaml.events import YamlFaultError
from imagebot.manifest.yaml.file_text import FileText
from imagebot.manifest.yaml.tree import Mapping, Sequence, build
from tests.fuzz.documents import made_up

DATA = Path(__file__).parent.parent / "data" / "manifests"
DIGEST = "sha256:" + "f" * 64
# What a configuration may add; mostly none.
OPTIONS = (
    ScanOptions(),
    ScanOptions(compose_defaults=True, chart=True),
    ScanOptions(
        fields=(
            ExtraField(kind="*", path="spec.*.value"),
            ExtraField(kind="*", repository="spec.*.name", tag="spec.*.version"),
            ExtraField(kind="Pod", path="spec.containers.*.image"),
        )
    ),
)
SNIPPETS = [
    *(b"\n", b"\r\n", b"\r", b" ", b"  ", b"\t", b"- ", b": ", b":", b"#", b" #", b"'", b'"'),
    *(
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b"&a ",
        b"*a",
        b"!!str ",
        b"|",
        b">",
        b"|-\n",
        b"? ",
        b"<<: *a",
    ),
    *(
        b"---\n",
        b"...\n",
        b"%YAML 1.2\n",
        b"\xef\xbb\xbf",
        b"\xc3\xa9",
        b"\xf0\x9f\x9a\x80",
        b"\x85",
    ),
    *(b"\x00", b"\xff", b"\\", b"\\x41", b"image: app:1.0\n", b"  tag: v1\n", b"repository: x/y\n"),
    *(b"images:\n", b"@", b"{{ .x }}", b"${X}", b"# imagebot: ignore\n", b"null", b"~", b"1.10"),
]


def inputs() -> list[tuple[str, bytes]]:
    """The golden cases: the path that each is scanned as, and its bytes."""
    import json

    found = []
    for case in sorted(DATA.glob("*/case.json")):
        (before,) = case.parent.glob("before.*")
        found.append((json.loads(case.read_text("utf-8"))["path"], before.read_bytes()))
    return found


def mutate(chance: random.Random, data: bytes, others: list[tuple[str, bytes]]) -> bytes:
    for _ in range(chance.randint(1, 4)):
        at = chance.randint(0, len(data))
        end = min(len(data), at + chance.choice([1, 1, 2, 5, 20]))
        action = chance.randint(0, 5)
        if action == 0:
            data = data[:at] + data[end:]
        elif action == 1:
            data = data[:at] + chance.choice(SNIPPETS) + data[at:]
        elif action == 2:
            data = data[:at] + chance.choice(SNIPPETS) + data[end:]
        elif action == 3:
            lines = data.splitlines(keepends=True)
            chance.shuffle(lines) if chance.random() < 0.1 else _move_line(chance, lines)
            data = b"".join(lines)
        elif action == 4:
            other = chance.choice(others)[1]
            start = chance.randint(0, len(other))
            data = data[:at] + other[start : start + chance.randint(1, 200)] + data[at:]
        else:
            lines = data.splitlines(keepends=True)
            if lines:
                number = chance.randrange(len(lines))
                lines[number] = b" " * chance.randint(0, 3) + lines[number].lstrip(b" ")
            data = b"".join(lines)
    return data


def _move_line(chance: random.Random, lines: list[bytes]) -> None:
    if lines:
        lines.insert(chance.randint(0, len(lines)), lines.pop(chance.randrange(len(lines))))


def check(path: str, data: bytes, options: ScanOptions = OPTIONS[0]) -> int:
    """Raises AssertionError, or whatever escapes; returns how many fields were edited."""
    found = scan(path, data, options)
    is_clear = not repeats_keys(data)
    if is_clear:
        _check_outline(path, data, options, found)
    # What an alias shares with a neighbour that cannot be read may make that readable.
    is_clear = is_clear and not (found.unread and b"*" in data)
    for field in found.fields:
        for slot in (field.tag, field.digest):
            assert slot is None or data[slot.start : slot.end].decode() == slot.text
    for tag, digest in (("1.10", None), (None, DIGEST), ("v9", DIGEST)):
        try:
            edits = [_edit_of(field, tag, digest) for field in found.fields]
            made = edit(path, data, edits)
        except RefusedEditError:
            continue
        if is_clear:
            _check_made(path, data, options, made, edits)
    return len(found.fields)


def repeats_keys(data: bytes) -> bool:
    """Which of two equal keys counts is for nobody to say."""
    try:
        parts = list(split_documents(FileText(data)))
        waiting = [node for part in parts for node in build(part.text)]
    except (UnicodeDecodeError, YamlFaultError):
        return b"\n" in data and _has_equal_lines(data)
    seen: set[int] = set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, Mapping):
            if node.repeated:
                return True
            waiting += [value for _, value in node.values()]
        elif isinstance(node, Sequence):
            waiting += node
    return False


def _has_equal_lines(data: bytes) -> bool:
    keys = [line.partition(b":")[0] for line in data.splitlines() if b":" in line]
    return len(set(keys)) < len(keys)


def _check_outline(path: str, data: bytes, options: ScanOptions, found: Scan) -> None:
    with mock.patch.object(scan_module, "outline", return_value=None):
        parsed = scan(path, data, options)
    assert parsed == found, f"the outline differs from the parser: {parsed} {found}"


def _edit_of(field: ImageField, tag: str | None, digest: str | None) -> FieldEdit:
    """Charts have versions: `1.10` would be a range, and no field any more."""
    is_chart = field.digest is None
    return FieldEdit(field, "2.0.0" if tag and is_chart else tag, digest)


def _check_made(
    path: str, data: bytes, options: ScanOptions, made: bytes, edits: list[FieldEdit]
) -> None:
    again = scan(path, made, options)
    assert [(field.document, field.keys[:-1]) for field in again.fields] == [
        (each.field.document, each.field.keys[:-1]) for each in edits
    ], "other fields after the edit"
    for each, new in zip(edits, again.fields, strict=True):
        old = each.field.reference
        assert new.reference == old.to(each.tag or old.tag, each.digest or old.digest)
    assert abs(made.count(b"\n") - data.count(b"\n")) <= len(edits)


def run(seed: int, *, seconds: float = math.inf, most: float = math.inf) -> None:
    """Check inputs until the time is over, or until there were as many as `most`."""
    chance = random.Random(seed)
    seeds = inputs()
    end = time.monotonic() + seconds
    count = fields = 0
    while count < most and time.monotonic() < end:
        if count % 2:
            path, data = made_up(chance)
        else:
            path, data = chance.choice(seeds)
            data = mutate(chance, data, seeds)
        try:
            options = OPTIONS[0] if chance.random() < 0.7 else chance.choice(OPTIONS)
            fields += check(path, data, options)
        except BaseException:
            print(f"input {count} with seed {seed}: {path!r} {data!r} {options}", file=sys.stderr)
            raise
        count += 1
    print(f"{count} inputs, {fields} fields, nothing found")


if __name__ == "__main__":
    run(
        int(sys.argv[2]) if len(sys.argv) > 2 else int(time.time()),
        seconds=float(sys.argv[1]) if len(sys.argv) > 1 else 60,
    )
