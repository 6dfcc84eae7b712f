"""Many files are scanned as one by one, whatever the number of processes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

import pytest

from imagebot.errors import FolderError, ImagebotError, UnreadableManifestError
from imagebot.manifest.images.field import Scan
from imagebot.manifest.images.options import ScanOptions
from imagebot.manifest.scan import scan
from imagebot.scan.many import Content, _dealt, scan_many
from tests.manifest.test_golden import CASES, load, options_of

FILLER = b"image: app:1.0\n" + b"# much text\n" * 1_000


class Reader:
    """Reads from memory, and notes in this process what was asked for."""

    def __init__(self, files: Mapping[str, Content]) -> None:
        self.files = files
        self.taken: list[str] = []

    def __call__(self, paths: Sequence[str]) -> Iterator[tuple[str, Content]]:
        for path in paths:
            self.taken.append(path)
            yield path, self.files[path]


def plain(_path: str) -> ScanOptions:
    return ScanOptions()


def test_scans_are_the_same_in_one_process_and_in_two() -> None:
    cases = {
        f"{case.name}/{meta['path']}": (meta, data) for case in CASES for meta, data in [load(case)]
    }
    files: dict[str, Content] = {path: data for path, (_, data) in cases.items()}
    files |= {f"small-{n}.yaml": b"image: app:1.0\n" for n in range(500)}
    files |= {"away.yaml": FolderError("away.yaml", "is away"), "empty.yaml": b""}
    options = {path: options_of(meta) for path, (meta, _) in cases.items()}
    paths = list(files)

    def of(path: str) -> ScanOptions:
        return options.get(path, ScanOptions())

    one = list(scan_many(paths, Reader(files), of, processes=1))
    reader = Reader(files)
    two = list(scan_many(paths, reader, of, processes=2))
    assert one == two
    assert [path for path, _ in one] == paths
    assert reader.taken == []
    assert sum(bool(found.fields) for _, found in one) > 550


def test_few_large_files_are_shared_too() -> None:
    files: dict[str, Content] = {f"big-{n}.yaml": FILLER for n in range(300)}
    reader = Reader(files)
    found = list(scan_many(list(files), reader, plain, processes=2))
    assert [path for path, _ in found] == list(files)
    assert all(each.fields == scan(path, FILLER).fields for path, each in found)
    assert reader.taken == list(files)[:256]


def test_files_are_not_all_read_at_once() -> None:
    reader = Reader({f"{n}.yaml": b"image: app:1.0\n" for n in range(10)})
    found = scan_many(list(reader.files), reader, plain)
    next(found)
    assert reader.taken == ["0.yaml"]


def test_nothing_to_do_is_fine() -> None:
    assert list(scan_many([], Reader({}), plain, processes=2)) == []
    assert list(scan_many(["a.yaml"], Reader({"a.yaml": b""}), plain)) == [("a.yaml", Scan())]


WITHOUT_LIBYAML = """
import sys
sys.modules["_ruamel_yaml"] = None
from imagebot.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


def test_without_libyaml_it_works_the_same_and_is_said_once(tmp_path: Path) -> None:
    for number in range(500):
        tmp_path.joinpath(f"{number:03}.yaml").write_bytes(b"image: app:1.0 # \xc3\xa9\r\n")
    command = [sys.executable, "-c", WITHOUT_LIBYAML, "set", "app:1.10", "--in", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("libyaml is missing") == 1
    assert "500 updates, 0 kept, 0 problems" in done.stderr
    contents = {path.read_bytes() for path in tmp_path.iterdir()}
    assert contents == {b"image: app:1.10 # \xc3\xa9\r\n"}


def test_it_is_said_of_what_is_scanned_ahead_too(tmp_path: Path) -> None:
    route = '{name: a, files: ["**"], publish: commit, images: [{match: "**", policy: shape}]}'
    tmp_path.joinpath("imagebot.yaml").write_text(f"routes: [{route}]\n")
    for number in range(500):
        tmp_path.joinpath(f"{number:03}.yaml").write_bytes(b"image: app:1.0\n")
    command = [sys.executable, "-c", WITHOUT_LIBYAML, "scan", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("libyaml is missing") == 1
    assert "500 image fields in 500 of 500 files" in done.stderr


AWAY = (FolderError("away.yaml", "is away"), UnreadableManifestError("away.yaml", 0, "is away"))


@pytest.mark.parametrize("error", AWAY, ids=lambda each: each.code)
def test_a_file_that_cannot_be_read_is_named_once(error: ImagebotError) -> None:
    files: dict[str, Content] = {"away.yaml": error}
    ((_, found),) = scan_many(["away.yaml"], Reader(files), plain)
    assert [(each.path, each.reason) for each in found.unread] == [("away.yaml", "is away")]


def test_files_that_stand_together_are_dealt_to_all_processes() -> None:
    """Whether they are the files of one folder, or each second, third, … file."""
    paths = [f"{number}.yaml" for number in range(1000)]
    shares = _dealt(paths, 2)
    assert sorted(chain.from_iterable(shares)) == sorted(paths)
    for slow in (paths[:100], *(paths[::step] for step in (2, 3, 4, 5, 6))):
        mine = len(set(slow).intersection(shares[0]))
        assert len(slow) * 0.4 <= mine <= len(slow) * 0.6
    assert _dealt(["a.yaml"], 2) == [["a.yaml"], []]
