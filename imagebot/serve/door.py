"""Takes deliveries for the loop: proves them, reads them, and says no more than it must."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from imagebot.config.model_serve import Hook
from imagebot.config.secret import read_secret
from imagebot.errors import CredentialError
from imagebot.run.diagnostics import Diagnostics
from imagebot.run.events import Event
from imagebot.run.process import Process
from imagebot.serve.hooks.model import Delivery, Heard, Refused
from imagebot.serve.hooks.receive import receive
from imagebot.serve.inbox import Inbox
from imagebot.text import excerpt

_TOLD_AGAIN = 60.0
"""Seconds until the same refusal is logged again: anybody may knock."""
_MOST_TOLD = 1000


@dataclass(frozen=True, slots=True)
class Answer:
    """Of the listener to a delivery: a status, and a document of JSON."""

    status: int
    content: Mapping[str, object]


_ANSWERS: Mapping[int, str] = {
    400: "not understood",
    401: "not authorized",
    403: "not allowed",
    404: "there is no such hook",
    503: "try again later",
}


@dataclass(slots=True)
class Door:
    """The hooks of the daemon. `hooks` are replaced when the bot's file changes."""

    process: Process
    inbox: Inbox
    diagnostics: Diagnostics
    hooks: Mapping[str, Hook] = field(default_factory=dict)
    clock: Callable[[], float] = time.monotonic
    _told: dict[tuple[str, str], float] = field(default_factory=dict, init=False)

    def knock(self, name: str, delivery: Delivery) -> Answer:
        """Take a delivery. May wait for the keys of an issuer of tokens."""
        hook = self.hooks.get(name)
        if hook is None:
            return Answer(404, {"error": _ANSWERS[404]})
        heard = self._hear(hook, delivery)
        if isinstance(heard, Refused):
            self._tell(hook, heard)
            return Answer(heard.status, {"error": _ANSWERS.get(heard.status, "refused")})
        if not self.inbox.put(hook.name, heard, self.clock()):
            return Answer(202, {"status": "known"})
        found = bool(heard.images or heard.git)
        return Answer(202, {"status": "accepted" if found else "nothing to do"})

    def _hear(self, hook: Hook, delivery: Delivery) -> Heard | Refused:
        try:
            secret = self._secret(hook)
        except CredentialError as error:
            return Refused(503, error.message)
        return receive(hook, delivery, secret)

    def _secret(self, hook: Hook) -> str:
        if hook.secret is None:
            return ""
        secret = read_secret(hook.secret, self.process.environment)
        self.process.vault.keep(secret, origin=f"serve.hooks.{hook.name}")
        return secret

    def _tell(self, hook: Hook, refused: Refused) -> None:
        """Log a refusal, the same one once a minute at most."""
        now = self.clock()
        key = (hook.name, refused.reason)
        if now - self._told.get(key, -_TOLD_AGAIN) < _TOLD_AGAIN:
            return
        if len(self._told) >= _MOST_TOLD:
            self._told.clear()
        self._told[key] = now
        self.diagnostics.event(
            Event(
                name="hook-refused",
                level="warning",
                message=f"hook {hook.name}: {excerpt(refused.reason)}",
                data={"hook": hook.name, "status": refused.status},
            )
        )
