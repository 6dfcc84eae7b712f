"""What hooks have heard, on its way from their threads to the loop. Safe between threads."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from typing import TypeVar

from imagebot.serve.hooks.model import Announcement, GitEvent, Heard
from imagebot.values import dataclass

Event = TypeVar("Event", Announcement, GitEvent)

_MOST = 10_000
_MOST_IDS = 20_000


@dataclass(frozen=True, slots=True)
class Mail:
    """What has come since the last look, each once, with the moment it came first.

    `overflowed`: more came than is kept, so that anything may have happened.
    """

    images: tuple[tuple[Announcement, float], ...] = ()
    git: tuple[tuple[GitEvent, float], ...] = ()
    overflowed: bool = False


class Inbox:
    """Events that wait for the loop. The same event is there once, however often it comes.

    A delivery that comes again (its sender gave it an id) is known for as long as 20,000 others
    have not come after it.
    """

    def __init__(self) -> None:
        self._something = threading.Condition()
        self._images: dict[Announcement, float] = {}
        self._git: dict[GitEvent, float] = {}
        self._overflowed = False
        self._woken = False
        self._ids: OrderedDict[bytes, None] = OrderedDict()

    def put(self, hook: str, heard: Heard, now: float) -> bool:
        """Take what a hook heard; False when it was delivered before."""
        with self._something:
            if heard.id and not self._is_new(f"{hook}\0{heard.id}"):
                return False
            for image in heard.images:
                self._keep(self._images, image, now)
            for event in heard.git:
                self._keep(self._git, event, now)
            self._something.notify()
            return True

    def wake(self) -> None:
        """Let the loop look around, as after the end of a pass."""
        with self._something:
            self._woken = True
            self._something.notify()

    def take(self, seconds: float) -> Mail:
        """Everything that has come; waits for something for so many seconds at most."""
        with self._something:
            if not (self._images or self._git or self._overflowed or self._woken):
                self._something.wait(seconds)
            mail = Mail(tuple(self._images.items()), tuple(self._git.items()), self._overflowed)
            self._images, self._git = {}, {}
            self._overflowed = self._woken = False
            return mail

    def _is_new(self, name: str) -> bool:
        # A sender may choose a long one.
        key = hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()
        if key in self._ids:
            return False
        self._ids[key] = None
        if len(self._ids) > _MOST_IDS:
            self._ids.popitem(last=False)
        return True

    def _keep(self, events: dict[Event, float], event: Event, now: float) -> None:
        if event not in events and len(events) >= _MOST:
            self._overflowed = True
            return
        events.setdefault(event, now)
