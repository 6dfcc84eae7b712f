from __future__ import annotations

from pathlib import Path

from imagebot.git.credentials import Access
from imagebot.git.history import log_input, parse_log
from tests.git.conftest import FILES, Open
from tests.git.test_checkout import local_blobs
from tests.support.git_repository import BareRepository, Symlink
from tests.support.git_server import GitServer

API, WEB = "clusters/test/api.yaml", "clusters/test/web.yaml"


def test_the_newest_first_by_path(bare: BareRepository, checkouts: Open) -> None:
    first = bare.head()
    second = bare.commit(
        {API: b"2\n", "README.md": b"x\n"}, message="two\n\n:100644 a\n", author="B", email="b@c"
    )
    third = bare.commit({API: None})
    history = checkouts(bare).history([API, WEB, "none.yaml", ":(glob)**"], most=50)
    assert set(history) == {API, WEB}
    assert [touch.commit for touch in history[API]] == [third, second, first]
    assert [touch.commit for touch in history[WEB]] == [first]
    gone, changed, made = history[API]
    assert (made.old, gone.new, changed.old, gone.old) == ("", "", made.new, changed.new)
    assert changed.addresses == ("b@c", "b@c")
    assert changed.message.startswith("two\n\n:100644 a")


def test_no_more_than_asked_for(bare: BareRepository, checkouts: Open) -> None:
    for number in range(5):
        bare.commit({API: b"%d\n" % number})
    history = checkouts(bare).history([API], most=3)
    assert [touch.commit for touch in history[API]] == [each.sha for each in bare.log()[:3]]
    assert checkouts(bare, cache="other").history([], most=3) == {}


def test_a_link_is_no_file(bare: BareRepository, checkouts: Open) -> None:
    bare.commit({API: Symlink("/etc/passwd")})
    assert checkouts(bare).history([API], most=1)[API][0].new == ""


def test_no_contents_are_fetched(
    http_target: tuple[str, Access], checkouts: Open, git_server: GitServer, tmp_path: Path
) -> None:
    url, access = http_target
    checkout = checkouts(url, access=access)
    before = len(git_server.requests)
    assert len(checkout.history(list(FILES), most=50)) == len(FILES)
    assert git_server.requests[before:] == []
    assert local_blobs(tmp_path / "cache") == 0


def test_a_path_with_a_line_break_is_not_asked_for() -> None:
    assert log_input("abc", ["a\n--all", "b"]) == b"abc\n--\n:(top,literal)b\n"
    assert parse_log(b"", 5) == {}
