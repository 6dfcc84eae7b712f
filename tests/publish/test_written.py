from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from imagebot.git.checkout import Checkout
from imagebot.publish import written
from imagebot.publish.written import MOST_COMMITS, keep_written, read_written
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
    monkeypatch.setattr(written, "written_digests", None)
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


@pytest.mark.parametrize("seed", range(4))
def test_what_is_kept_for_a_new_head_is_what_its_history_says(
    seed: int,
    opened: Callable[[], Checkout],
    bare: BareRepository,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With few commits and tags that count, so that the oldest are dropped."""
    monkeypatch.setattr(written, "MOST_COMMITS", 4)
    monkeypatch.setattr(written, "MOST_TAGS", 3)
    chance, kept, checkout = random.Random(seed), tmp_path / "kept", opened()
    read_written(checkout, kept)
    for number in range(12):
        said = [
            message(f"{chance.randrange(5)}.0.0", chance.choice((ONE, TWO)))
            for _ in range(chance.choice((0, 0, 1, 2, 4)))
        ]
        text, before = "Update\n\n" + "".join(said), checkout.head
        bare.commit({"a": b"%d" % number}, message=text)
        checkout = opened()
        keep_written(kept, before, checkout.head, text)
        fresh = tmp_path / f"fresh-{number}"
        read_written(checkout, fresh)
        assert kept.read_bytes() == fresh.read_bytes()


def test_nothing_is_kept_without_what_was_before(
    opened: Callable[[], Checkout], bare: BareRepository, tmp_path: Path
) -> None:
    before = opened().head
    bare.commit({"a": b"1"}, message=message("2.0.0", ONE))
    keep_written(tmp_path / "x", before, opened().head, message("2.0.0", ONE))
    assert not (tmp_path / "x").exists()


def test_the_bound_is_said() -> None:
    text = (Path(__file__).parent.parent.parent / "docs" / "policies.md").read_text("utf-8")
    assert f"newest {MOST_COMMITS:,} commits" in " ".join(text.split())
