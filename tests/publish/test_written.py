from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from imagebot.git.checkout import Checkout
from imagebot.publish import trailers
from imagebot.publish.written import MOST_COMMITS, read_written
from imagebot.reference import parse_repository
from tests.publish.conftest import Bot
from tests.support.git_repository import BareRepository

APP = parse_repository("app")
ONE, TWO = ("sha256:" + digit * 64 for digit in "12")


def message(tag: str, digest: str, name: str = "app") -> str:
    return f"Update\n\nImagebot-Update: {name} 1.0.0 -> {tag}@{digest}\n"


@pytest.fixture
def opened(bot: Bot) -> Callable[[], Checkout]:
    checkout = bot.open()

    def look() -> Checkout:
        checkout.refresh()
        return checkout

    return look


def test_from_the_history(
    opened: Callable[[], Checkout], bare: BareRepository, tmp_path: Path
) -> None:
    path = tmp_path / "cache" / "x.written"
    assert read_written(opened(), path) == {}
    bare.commit({"a": b"1"}, message=message("2.0.0", ONE))
    bare.commit({"a": b"2"}, message=message("2.1.0", TWO))
    bare.commit({"a": b"3"}, message="Something else")
    expected = {(APP, "2.1.0"): TWO, (APP, "2.0.0"): ONE}
    assert read_written(opened(), path) == expected
    # And again, from the file.
    assert read_written(opened(), path) == expected
    bare.commit({"a": b"4"}, message=message("2.0.0", TWO))
    assert read_written(opened(), path)[APP, "2.0.0"] == TWO


def test_the_history_is_read_once_for_a_head(
    opened: Callable[[], Checkout],
    bare: BareRepository,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bare.commit({"a": b"1"}, message=message("2.0.0", ONE))
    path = tmp_path / "x.written"
    checkout = opened()
    first = read_written(checkout, path)
    monkeypatch.setattr(trailers, "written_digests", None)
    assert read_written(checkout, path) == first


def test_a_file_that_is_damaged_anywhere_is_not_believed(
    opened: Callable[[], Checkout], bare: BareRepository, tmp_path: Path
) -> None:
    bare.commit({"a": b"1"}, message=message("2.0.0", ONE))
    path = tmp_path / "x.written"
    checkout = opened()
    expected = read_written(checkout, path)
    whole = path.read_bytes()
    for at in range(0, len(whole), 7):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert read_written(checkout, path) == expected
    for data in (b"", whole[:-1], whole + whole, b"\xff", b"\n" * 2_000_000):
        path.write_bytes(data)
        assert read_written(checkout, path) == expected
    assert path.read_bytes() == whole


def test_a_file_that_cannot_be_written_costs_only_time(
    opened: Callable[[], Checkout], bare: BareRepository, tmp_path: Path
) -> None:
    bare.commit({"a": b"1"}, message=message("2.0.0", ONE))
    (tmp_path / "file").touch()
    assert read_written(opened(), tmp_path / "file" / "x") == {(APP, "2.0.0"): ONE}


def test_names_that_no_line_can_hold(
    opened: Callable[[], Checkout], bare: BareRepository, tmp_path: Path
) -> None:
    bare.commit({"a": b"1"}, message=message("\u2028é\x1b", ONE) + message("é", TWO))
    for _ in range(2):
        assert read_written(opened(), tmp_path / "x") == {(APP, "é"): TWO}


def test_the_bound_is_said() -> None:
    text = (Path(__file__).parent.parent.parent / "docs" / "policies.md").read_text("utf-8")
    assert f"newest {MOST_COMMITS:,} commits" in " ".join(text.split())
