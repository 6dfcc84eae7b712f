"""Events between threads: each once, none lost, never more than there is room for."""

from __future__ import annotations

import threading

import pytest

import imagebot.serve.inbox as inbox_module
from imagebot.reference import parse_repository
from imagebot.serve.hooks.model import Announcement, GitEvent, Heard
from imagebot.serve.inbox import Inbox, Mail
from tests.support.process import PATIENCE

API = parse_repository("ghcr.io/acme/api")


def heard(*tags: str, delivery: str = "") -> Heard:
    return Heard(images=tuple(Announcement(API, tag) for tag in tags), id=delivery)


def test_the_same_event_is_there_once_with_its_first_moment() -> None:
    inbox = Inbox()
    inbox.put("ghcr", heard("1", "2"), 5.0)
    inbox.put("ghcr", heard("2", "1"), 6.0)
    inbox.put("forge", Heard(git=(GitEvent(("https://x.example/a",), "main", "c1"),)), 7.0)
    mail = inbox.take(0)
    assert mail.images == ((Announcement(API, "1"), 5.0), (Announcement(API, "2"), 5.0))
    assert mail.git == ((GitEvent(("https://x.example/a",), "main", "c1"), 7.0),)
    assert inbox.take(0) == Mail()


def test_a_delivery_that_comes_again_is_known() -> None:
    inbox = Inbox()
    assert inbox.put("ghcr", heard("1", delivery="d1"), 5.0)
    inbox.take(0)
    assert not inbox.put("ghcr", heard("1", delivery="d1"), 6.0)
    assert inbox.take(0) == Mail()
    # Another hook's ids are its own, and so is no id at all.
    assert inbox.put("hub", heard("1", delivery="d1"), 6.0)
    assert inbox.put("hub", heard("1"), 6.0)
    assert inbox.put("hub", heard("1"), 7.0)


def test_only_so_many_deliveries_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox_module, "_MOST_IDS", 3)
    inbox = Inbox()
    for number in range(4):
        assert inbox.put("ghcr", heard("1", delivery=f"d{number}"), 5.0)
    assert inbox.put("ghcr", heard("1", delivery="d0"), 6.0)
    assert not inbox.put("ghcr", heard("1", delivery="d3"), 6.0)


def test_what_does_not_fit_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox_module, "_MOST", 2)
    inbox = Inbox()
    inbox.put("ghcr", heard("1", "2"), 5.0)
    assert not inbox.take(0).overflowed
    inbox.put("ghcr", heard("1", "2", "2", "1"), 5.0)
    assert not inbox.take(0).overflowed
    inbox.put("ghcr", heard("1", "2", "3"), 5.0)
    mail = inbox.take(0)
    assert mail.overflowed
    assert len(mail.images) == 2
    assert not inbox.take(0).overflowed


@pytest.mark.parametrize("wakes", [True, False])
def test_whoever_waits_is_woken(wakes: bool) -> None:
    inbox = Inbox()
    got: list[Mail] = []
    thread = threading.Thread(target=lambda: got.append(inbox.take(PATIENCE)))
    thread.start()
    if wakes:
        inbox.wake()
    else:
        inbox.put("ghcr", heard("1"), 5.0)
    thread.join(PATIENCE)
    assert [bool(mail.images) for mail in got] == [not wakes]
