import subprocess
from pathlib import Path

import pytest

from imagebot.files.rewrite import FileChange
from imagebot.plan.diff import unified_diff

CASES = {
    "one line": (b"a: 1\nb: 2\nc: 3\n", b"a: 1\nb: 9\nc: 3\n"),
    "no final newline": (b"a: 1\nb: 2", b"a: 1\nb: 3"),
    "carriage returns": (b"a: 1\r\nb: 2\r\n", b"a: 1\r\nb: 3\r\n"),
    "lone carriage return": (b"a: 1\rb: 2\nc: 3\n", b"a: 1\rb: 2\nc: 4\n"),
    "not ascii": ("a: \U0001f680\nb: 2\n".encode(), "a: \U0001f680\nb: 3\n".encode()),
}


@pytest.mark.parametrize(("old", "new"), CASES.values(), ids=CASES)
def test_git_applies_what_it_says(tmp_path: Path, old: bytes, new: bytes) -> None:
    file = tmp_path / "dir" / "file.yaml"
    file.parent.mkdir()
    file.write_bytes(old)
    patch = unified_diff([FileChange("dir/file.yaml", old, new, ())])
    subprocess.run(
        ["git", "apply", "--whitespace=nowarn", "-"], cwd=tmp_path, input=patch.encode(), check=True
    )
    assert file.read_bytes() == new


@pytest.mark.parametrize("name", ["new\nline", 'quote"d', "back\\slash", "e\x1bsc", "é ü", "tab\t"])
def test_git_takes_names_of_every_kind(tmp_path: Path, name: str) -> None:
    file = tmp_path / f"{name}.yaml"
    file.write_bytes(b"a: 1\n")
    patch = unified_diff([FileChange(f"{name}.yaml", b"a: 1\n", b"a: 2\n", ())])
    assert all(line[:1] in "-+@ " for line in patch.splitlines())
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=patch.encode(), check=True)
    assert file.read_bytes() == b"a: 2\n"


def test_nothing_changed_is_no_diff() -> None:
    assert unified_diff([]) == ""
