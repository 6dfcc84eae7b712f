"""Keep a value that expires, and replace it in time."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import field
from typing import Generic, TypeVar

from imagebot.errors import CredentialError
from imagebot.values import dataclass

_log = logging.getLogger(__name__)

V = TypeVar("V")

_EARLY = 240.0
"""Seconds before its end at which a value is replaced, or a quarter of its life if that is less.

Metadata servers give out the same token until five minutes before its end: earlier than that,
there is no other to be had."""
_FAILED = 30.0
"""Seconds for which nobody tries again after a failure: hundreds of images wait for one login."""


@dataclass(frozen=True, slots=True)
class Lease(Generic[V]):
    """A value, usable for `seconds` from when it was obtained."""

    value: V = field(repr=False)
    seconds: float


@dataclass(frozen=True, slots=True)
class _State(Generic[V]):
    """All times are by the clock. `quiet_until`: no new value is asked for before that."""

    lease: Lease[V] | None = None
    expires: float = 0.0
    quiet_until: float = 0.0
    failure: CredentialError | None = None


class Renewed(Generic[V]):
    """One value, renewed before it expires. Safe between threads.

    Only one thread at a time obtains it. The others wait for that while there is no usable value,
    and else go on with the present one. `clock` returns seconds from any start.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        # Replaced as a whole, so that it can be read without the lock.
        self._state: _State[V] = _State()

    def get(self, obtain: Callable[[], Lease[V]]) -> V:
        """The present value, or a new one. Raises the CredentialError of `obtain`."""
        found = self._now(self._state)
        if found is not None:
            return found
        lease = self._state.lease
        usable = lease is not None and self._clock() < self._state.expires
        if lease is not None and usable and not self._lock.acquire(blocking=False):
            return lease.value
        if not usable:
            self._lock.acquire()
        try:
            found = self._now(self._state)
            return found if found is not None else self._renew(obtain)
        finally:
            self._lock.release()

    def _now(self, state: _State[V]) -> V | None:
        """What holds now without asking; None when a value must be obtained."""
        now = self._clock()
        if now >= state.quiet_until:
            return None
        if state.lease is not None and now < state.expires:
            return state.lease.value
        if state.failure is None:
            return None
        kept = state.failure
        raise CredentialError(kept.message, hint=kept.hint, temporary=kept.temporary)

    def _renew(self, obtain: Callable[[], Lease[V]]) -> V:
        state = self._state
        try:
            lease = obtain()
        except CredentialError as exc:
            now = self._clock()
            self._state = _State(state.lease, state.expires, now + _FAILED, exc)
            if state.lease is None or now >= state.expires:
                raise
            left = state.expires - now
            _log.warning("%s; the present one is used for %.0f s more", exc.message, left)
            return state.lease.value
        expires = self._clock() + lease.seconds
        early = min(_EARLY, lease.seconds / 4)
        self._state = _State(lease, expires, expires - early)
        return lease.value
