from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from imagebot.errors import GitError
from imagebot.git.cache import cache_path, locked, make_empty


def test_a_folder_for_each_url(tmp_path: Path) -> None:
    urls = ["https://a/x/gitops.git", "https://b/x/gitops.git", "file:///../..", "git@h:-.."]
    paths = {cache_path(tmp_path, url) for url in urls}
    assert len(paths) == 4
    assert {path.parent for path in paths} == {tmp_path / "git"}
    assert cache_path(tmp_path, urls[0]).name.startswith("gitops-")


def test_only_the_bots_user_can_look_in(tmp_path: Path) -> None:
    path = tmp_path / "cache" / "git" / "x"
    with locked(path, seconds=1):
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert stat.S_IMODE(Path(f"{path}.lock").stat().st_mode) == 0o600


HOLD = """
import sys
from pathlib import Path
from imagebot.git.cache import locked
with locked(Path(sys.argv[1]), seconds=1):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_another_process_waits_and_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "x"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with (
            pytest.raises(
                GitError, match=r"another imagebot has used this cache for more than 0\.2 s"
            ),
            locked(path, seconds=0.2),
        ):
            pytest.fail("the lock was held")
        other.kill()
        other.wait()
    with locked(path, seconds=1):
        pass


def test_a_lock_that_is_a_link_is_refused(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    (tmp_path / "x.lock").symlink_to(victim)
    with pytest.raises(GitError, match="cannot be written"), locked(tmp_path / "x", seconds=1):
        pytest.fail("it was followed")
    assert not victim.exists()


def test_a_cache_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(GitError, match="cannot be written") as caught,
        locked(tmp_path / "file" / "x", seconds=1),
    ):
        pytest.fail("there is no folder")
    assert "cache-dir" in caught.value.hint


@pytest.mark.parametrize("name", ["folder", "file", "link", "gone"])
def test_make_empty_whatever_was_there(name: str, tmp_path: Path) -> None:
    (tmp_path / "folder" / "sub").mkdir(parents=True)
    (tmp_path / "file").write_text("")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "kept").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "other")
    make_empty(tmp_path / name)
    assert list((tmp_path / name).iterdir()) == []
    assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o700
    assert (tmp_path / "other" / "kept").exists()


def test_make_empty_where_nothing_can_be_written(tmp_path: Path) -> None:
    with pytest.raises(GitError, match="cannot be written"):
        make_empty(tmp_path / "gone" / "x")
