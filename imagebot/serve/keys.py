"""The keys of issuers of OIDC tokens, asked for over HTTPS and kept for an hour.

https://openid.net/specs/openid-connect-discovery-1_0.html
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import field
from typing import Protocol

from imagebot.errors import RegistryError, RegistryProtocolError
from imagebot.http import guard
from imagebot.http.address import is_loopback, netloc, origin
from imagebot.http.message import Request, Response
from imagebot.http.zone import NetworkZone
from imagebot.serve.hooks.document import parse_json, text
from imagebot.serve.hooks.jwks import NO_KEYS, Keys, read_keys
from imagebot.serve.hooks.model import Refused
from imagebot.text import clean, excerpt
from imagebot.values import dataclass

FRESH = 3600.0
"""Seconds until the keys are asked for again."""
STALE = 24 * 3600.0
"""Seconds that they are used for when the issuer does not answer any more."""
PAUSE = 60.0
"""Seconds between two questions: an unknown key id may be anybody's, and a failure may last."""

_WITHIN = 10.0
"""Seconds for one answer. There are two: where the keys are, and the keys."""
_DISCOVERY = "/.well-known/openid-configuration"


class Send(Protocol):
    """As `Transport.send`."""

    def __call__(self, request: Request, *, within: float) -> Response: ...


@dataclass(slots=True)
class _Kept:
    """What is known of one issuer; the lock is held while it is asked."""

    keys: Keys = field(default_factory=lambda: NO_KEYS)
    got: float = float("-inf")
    asked: float = float("-inf")
    why: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)


class IssuerKeys:
    """Safe between threads: an issuer is asked by one at a time, and the others wait for that.

    `clock` counts seconds. Only issuers that the bot's file names are asked for.
    """

    def __init__(self, send: Send, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._send = send
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[str, _Kept] = {}

    def find(self, issuer: str, key: str) -> Keys | Refused:
        """The keys of an issuer, asked for again if `key` is not among them, once in a minute.

        Refused, with 503, when there are none to be had. A key that is still missing is a matter
        for whoever verifies the token.
        """
        with self._lock:
            kept = self._kept.setdefault(issuer, _Kept())
        # What is fresh is used without waiting for a thread that asks.
        keys, got = kept.keys, kept.got
        if key in keys and self._clock() - got < FRESH:
            return keys
        with kept.lock:
            if self._is_due(kept, key):
                self._ask(issuer, kept)
            if kept.keys and self._clock() - kept.got < STALE:
                return kept.keys
            return Refused(503, f"the keys of {excerpt(issuer)} cannot be had: {kept.why}")

    def _is_due(self, kept: _Kept, key: str) -> bool:
        now = self._clock()
        wanted = key not in kept.keys or now - kept.got >= FRESH
        return wanted and now - kept.asked >= PAUSE

    def _ask(self, issuer: str, kept: _Kept) -> None:
        try:
            keys = fetch_keys(self._send, issuer)
        except RegistryError as error:
            kept.why = error.message
        else:
            kept.keys, kept.got, kept.why = keys, self._clock(), ""
        kept.asked = self._clock()


def fetch_keys(send: Send, issuer: str) -> Keys:
    """The keys that an issuer has now: its discovery document says where they are.

    Raises RegistryError.
    """
    own = NetworkZone.LOOPBACK if is_loopback(netloc(issuer)) else NetworkZone.PRIVATE
    found = _get(send, issuer.rstrip("/") + _DISCOVERY, own)
    try:
        document = parse_json(found)
    except ValueError as exc:
        raise _failure(issuer, "its discovery document is not JSON") from exc
    if text(document, "issuer") != issuer:
        # Section 4.3 of the specification: otherwise one issuer could speak for another.
        named = excerpt(text(document, "issuer")) or "nobody"
        raise _failure(issuer, f"its discovery document is that of {named}")
    url = text(document, "jwks_uri")
    if why := guard.refuse(url, issuer):
        raise _failure(issuer, f"the address of its keys is not used: {why}")
    same = origin(url) == origin(issuer)
    if not same and not url.startswith("https:"):
        raise _failure(issuer, "the address of its keys is not used: it is not https")
    try:
        keys = read_keys(_get(send, url, own if same else NetworkZone.PUBLIC))
    except ValueError as exc:
        raise _failure(issuer, f"its keys cannot be read: {clean(str(exc))}") from exc
    if not keys:
        raise _failure(issuer, "it has no key of a kind that is accepted")
    return keys


def _failure(issuer: str, reason: str) -> RegistryError:
    return RegistryProtocolError(netloc(issuer), reason)


def _get(send: Send, url: str, zone: NetworkZone) -> bytes:
    """A document. `zone` is the nearest that it may be in.

    The operator names the issuer, so that may be in a private network. Another host is named by the
    issuer alone, and must be public.
    """
    request = Request(subject=netloc(url), url=url, reaches=zone)
    response = send(request, within=_WITHIN)
    if response.status != 200:
        raise _failure(url, f"answered {response.status}")
    return response.body
