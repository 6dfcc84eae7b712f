"""Decides who may see the page."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import field

from imagebot.config.secret import read_secret
from imagebot.config.secret_source import SecretSource
from imagebot.errors import CredentialError
from imagebot.http.address import is_loopback
from imagebot.run.diagnostics import Diagnostics
from imagebot.run.process import Process
from imagebot.serve.events import page_refused
from imagebot.serve.told import Told
from imagebot.values import dataclass

_BY_A_PROXY = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")


@dataclass(slots=True)
class Gate:
    """Asks for the password, where there is one; `password` is replaced with the bot's file.

    Without one, only this machine sees the page: `local` says whether nothing else can connect.
    Even then, a website in somebody's browser may have its own name point to this machine (DNS
    rebinding), and a proxy may pass on what strangers send; neither gets anything.
    """

    process: Process
    diagnostics: Diagnostics
    local: bool
    password: SecretSource | None = None
    _told: Told = field(default_factory=Told, init=False)

    def check(self, headers: Mapping[str, str]) -> int:
        """The status for a request with these headers, by their names in lower case: 200 for who
        may see the page."""
        if self.password is None:
            by_proxy = any(name in headers for name in _BY_A_PROXY)
            is_here = self.local and not by_proxy and is_loopback(headers.get("host", ""))
            return 200 if is_here else 404
        given = _password(headers.get("authorization", ""))
        try:
            wanted = read_secret(self.password, self.process.environment)
        except CredentialError as error:
            self._tell(503, error.message)
            return 503
        self.process.vault.keep(wanted, origin="serve.password")
        if given is not None and hmac.compare_digest(given, wanted.encode()):
            return 200
        if given is not None:
            self._tell(401, "wrong password")
        return 401

    def _tell(self, status: int, reason: str) -> None:
        if self._told.is_due(reason):
            self.diagnostics.event(page_refused(status, reason))


def _password(authorization: str) -> bytes | None:
    """The password of HTTP Basic (RFC 7617), whatever the user's name; None without one."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user_and_password = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        return None
    _, colon, password = user_and_password.partition(b":")
    return password if colon else None
