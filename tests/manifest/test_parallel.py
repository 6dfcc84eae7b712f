from __future__ import annotations

from collections.abc import Iterator

from imagebot.errors import RefusedEditError
from imagebot.manifest.field import FieldEdit
from imagebot.manifest.options import ScanOptions
from imagebot.manifest.parallel import edit_many, scan_many
from imagebot.manifest.scan import scan
from tests.manifest.test_golden import CASES, load, options_of

FILLER = b"image: app:1.0\n" + b"# much text\n" * 20_000


def test_scans_are_the_same_in_one_process_and_in_two() -> None:
    cases = [load(case) for case in CASES]
    items = [(meta["path"], data, options_of(meta)) for meta, data in cases]
    items += [(f"big-{n}.yaml", FILLER, ScanOptions()) for n in range(24)]
    items += [("empty.yaml", b"", ScanOptions()), *items[: len(cases)]]
    one = list(scan_many(items))
    two = list(scan_many(items, processes=2))
    assert one == two
    assert [path for path, _ in one] == [path for path, _, _ in items]


def test_edits_are_the_same_in_one_process_and_in_two() -> None:
    items = []
    for number in range(24):
        path = f"big-{number}.yaml"
        (field,) = scan(path, FILLER).fields
        data = FILLER if number % 5 else FILLER.replace(b"1.0", b"2.0")
        items.append((path, data, [FieldEdit(field, "1.1", None)]))
    one = list(edit_many(items))
    two = list(edit_many(items, processes=2))
    assert [path for path, _ in one] == [path for path, _, _ in items]
    for number, ((path, first), (_, second)) in enumerate(zip(one, two, strict=True)):
        if number % 5:
            assert first == second == FILLER.replace(b"1.0", b"1.1")
        else:
            assert isinstance(first, RefusedEditError)
            assert isinstance(second, RefusedEditError)
            assert str(first) == str(second)
            assert (second.path, second.line, second.code) == (path, 1, "edit-refused")


def test_items_are_not_all_read_at_once() -> None:
    taken = 0

    def counted() -> Iterator[tuple[str, bytes, ScanOptions]]:
        nonlocal taken
        for _ in range(10):
            taken += 1
            yield "a.yaml", b"image: app:1.0\n", ScanOptions()

    found = scan_many(counted())
    next(found)
    assert taken == 1
