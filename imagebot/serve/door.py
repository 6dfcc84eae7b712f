"""Takes deliveries for the loop: proves them, reads them, and says no more than it must."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import field

from imagebot.config.model_serve import Hook
from imagebot.config.secret import read_secret
from imagebot.errors import CredentialError
from imagebot.run.diagnostics import Diagnostics
from imagebot.run.metrics import HookOutcome, Metrics
from imagebot.run.process import Process
from imagebot.serve.events import hook_refused
from imagebot.serve.hooks.jwks import NO_KEYS, Keys
from imagebot.serve.hooks.model import Delivery, Heard, Refused
from imagebot.serve.hooks.oidc import key_id
from imagebot.serve.hooks.proof import bearer_token
from imagebot.serve.hooks.receive import permit, receive
from imagebot.serve.inbox import Inbox
from imagebot.serve.keys import IssuerKeys
from imagebot.serve.told import Told
from imagebot.values import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """Of the listener to a delivery: a status, and JSON."""

    status: int
    content: str


def _answer(status: int, /, **content: str) -> Answer:
    return Answer(status, json.dumps(content))


_ANSWERS: Mapping[int, str] = {
    400: "not understood",
    401: "not authorized",
    403: "not allowed",
    404: "there is no such hook",
    503: "try again later",
}
_OUTCOMES: Mapping[int, HookOutcome] = {
    400: "malformed",
    401: "unauthorized",
    403: "forbidden",
    503: "unavailable",
}


@dataclass(slots=True)
class Door:
    """The hooks of the daemon. `hooks` are replaced when the bot's file changes."""

    process: Process
    inbox: Inbox
    diagnostics: Diagnostics
    keys: IssuerKeys
    metrics: Metrics
    hooks: Mapping[str, Hook] = field(default_factory=dict)
    clock: Callable[[], float] = time.monotonic
    wall_clock: Callable[[], float] = time.time
    _told: Told = field(init=False)

    def __post_init__(self) -> None:
        self._told = Told(self.clock)

    def asks_an_issuer(self, name: str) -> bool:
        """Whether a delivery may have to wait for somebody else's answer."""
        hook = self.hooks.get(name)
        return hook is not None and hook.type == "oidc"

    def knock(self, name: str, delivery: Delivery) -> Answer:
        """Take a delivery."""
        hook = self.hooks.get(name)
        if hook is None:
            self.metrics.deliver_nowhere()
            return _answer(404, error=_ANSWERS[404])
        heard = self._hear(hook, delivery)
        if isinstance(heard, Refused):
            self._tell(hook, heard)
            self.metrics.deliver(hook.name, _OUTCOMES.get(heard.status, "malformed"))
            return _answer(heard.status, error=_ANSWERS.get(heard.status, "refused"))
        if heard.answer:
            self.metrics.deliver(hook.name, "answered")
            return Answer(200, heard.answer)
        if not self.inbox.put(hook.name, heard, self.clock()):
            self.metrics.deliver(hook.name, "repeated")
            return _answer(202, status="known")
        found = bool(heard.images or heard.git)
        self.metrics.deliver(hook.name, "accepted" if found else "ignored")
        return _answer(202, status="accepted" if found else "nothing to do")

    def permit(self, name: str, delivery: Delivery) -> str:
        """The origin that may deliver from now on, for a sender that asks before it does.

        "" for all who ask anything else, or may not: they are told that nobody answers here.
        """
        hook = self.hooks.get(name)
        if hook is None:
            return ""
        try:
            origin = permit(hook, delivery, self._secret(hook), now=self.wall_clock())
        except CredentialError as error:
            origin = Refused(503, error.message)
        if isinstance(origin, Refused):
            self._tell(hook, Refused(405, f"asked before a delivery: {origin.reason}"))
            self.metrics.deliver(hook.name, _OUTCOMES[origin.status])
            return ""
        if origin:
            self.metrics.deliver(hook.name, "answered")
        return origin

    def _hear(self, hook: Hook, delivery: Delivery) -> Heard | Refused:
        keys = self._find_keys(hook, delivery)
        if isinstance(keys, Refused):
            return keys
        try:
            secret = self._secret(hook)
        except CredentialError as error:
            return Refused(503, error.message)
        return receive(hook, delivery, secret, now=self.wall_clock(), keys=keys)

    def _find_keys(self, hook: Hook, delivery: Delivery) -> Keys | Refused:
        if hook.type != "oidc":
            return NO_KEYS
        key = key_id(bearer_token(delivery), hook)
        return key if isinstance(key, Refused) else self.keys.find(hook.issuer, key)

    def _secret(self, hook: Hook) -> str:
        if hook.secret is None:
            return ""
        secret = read_secret(hook.secret, self.process.environment)
        self.process.vault.keep(secret, origin=f"serve.hooks.{hook.name}")
        return secret

    def _tell(self, hook: Hook, refused: Refused) -> None:
        """Log a refusal, those of a hook and a status once a minute at most."""
        if not self._told.is_due((hook.name, refused.status)):
            return
        self.diagnostics.event(hook_refused(hook.name, refused.status, refused.reason))
