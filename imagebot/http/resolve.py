"""Resolve host names without waiting longer than allowed."""

from __future__ import annotations

import ipaddress
import socket
import threading
from concurrent.futures import Future
from itertools import chain, zip_longest
from typing import Any

from imagebot.values import dataclass

_MOST_ADDRESSES = 8
"""More addresses of one host are not tried."""


@dataclass(frozen=True, slots=True)
class Address:
    """An address to connect to; `target` is what `socket.connect` takes."""

    family: socket.AddressFamily
    target: tuple[Any, ...]

    @property
    def ip(self) -> str:
        return str(self.target[0])


class Resolver:
    """Looks up names in threads of its own: nothing can end a look-up that has begun.

    Whoever asks for a name that is being looked up waits for the same look-up, so a name server
    that does not answer costs one thread for each name, however often the name is asked for.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: dict[tuple[str, int], Future[tuple[Address, ...]]] = {}

    def resolve(self, host: str, port: int, wait: float) -> tuple[Address, ...]:
        """The addresses of a host in the order in which to try them.

        Raises OSError or UnicodeError when it has none, and TimeoutError, which is an OSError,
        after `wait` seconds.
        """
        try:
            ip = ipaddress.ip_address(host)
        except ValueError:
            return self._look_up(host, port).result(wait)
        family = socket.AF_INET if ip.version == 4 else socket.AF_INET6
        return (Address(family, (host, port)),)

    def _look_up(self, host: str, port: int) -> Future[tuple[Address, ...]]:
        key = (host, port)
        with self._lock:
            known = self._under_way.get(key)
            if known is not None:
                return known
            found = self._under_way[key] = Future()
        threading.Thread(
            target=self._run, args=(key, found), name=f"resolve-{host[:40]}", daemon=True
        ).start()
        return found

    def _run(self, key: tuple[str, int], found: Future[tuple[Address, ...]]) -> None:
        try:
            addresses = _addresses(*key)
        except BaseException as error:  # noqa: BLE001 - raised again by the threads that wait
            self._forget(key)
            found.set_exception(error)
        else:
            self._forget(key)
            found.set_result(addresses)

    def _forget(self, key: tuple[str, int]) -> None:
        with self._lock:
            del self._under_way[key]


def _addresses(host: str, port: int) -> tuple[Address, ...]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    every = dict.fromkeys(Address(family, target) for family, _, _, _, target in found)
    return _alternating(list(every))[:_MOST_ADDRESSES]


def _alternating(addresses: list[Address]) -> tuple[Address, ...]:
    """One of each family in turn (RFC 8305), so that a network without one costs one attempt."""
    first = [each for each in addresses if each.family == addresses[0].family]
    other = [each for each in addresses if each.family != addresses[0].family]
    return tuple(each for each in chain(*zip_longest(first, other)) if each)
