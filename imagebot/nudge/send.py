"""Sends one call of a nudge before a deadline, and says why it failed.

Nothing that the other end says is shown: it may be the secret.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from imagebot.errors import (
    NudgeError,
    RegistryError,
    RegistryRefusedError,
    RegistryUnreachableError,
)
from imagebot.http.address import origin
from imagebot.http.exchange import LimitExceededError
from imagebot.http.message import Request, Response
from imagebot.http.reach import Permit, Reach, join_place
from imagebot.http.transport import Transport
from imagebot.http.unreachable import (
    CannotConnectError,
    OutOfTimeError,
    SilentHostError,
    SlowHostError,
)
from imagebot.nudge.model import Call
from imagebot.parallel.stop import Stop
from imagebot.values import dataclass

_PAUSE = 0.5
"""Seconds before the second try."""
_TOO_LATE = (OutOfTimeError, SilentHostError, SlowHostError)
_HINTS = {
    "flux": {
        400: "the Receiver has another token than the nudge's secret, or is not of type "
        "generic-hmac",
        404: "no Receiver has this path: copy `status.webhookPath` of the Receiver",
        503: "the Receiver is suspended or not ready",
    },
    "argocd-webhook": {
        400: "give the nudge the secret of `webhook.github.secret` in argocd-secret",
        404: "the url is the address of Argo CD, such as https://argocd.example.com",
    },
    "argocd-refresh": {
        401: "the token is not valid any more: make one with `argocd account generate-token`",
        403: "there is no such application (NAMESPACE/NAME where it is not in Argo CD's own "
        "namespace), or the account of the token may not get it",
        404: "there is no such application, or the url is not the address of Argo CD",
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Sends until `deadline`, a time of `clock`, and not once `stop` was asked."""

    transport: Transport
    deadline: float
    stop: Stop
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def send(self, type_: str, call: Call) -> bool:
        """Whether the other end has answered; False when it was told and takes longer.

        Tries twice where there is no connection, or an answer of 500 and more. Raises NudgeError.
        """
        try:
            response = self._twice(call.request)
        except RegistryError as error:
            if call.waits and _was_sent(error):
                return False
            raise explained(error) from error
        if not 200 <= response.status < 300:
            raise refused(type_, response)
        return True

    def _twice(self, request: Request) -> Response:
        try:
            response = self.once(request)
            if response.status < 500:
                return response
        except RegistryUnreachableError as error:
            if isinstance(error, _TOO_LATE) or not error.temporary:
                raise
        self.sleep(max(0.0, min(_PAUSE, self.deadline - self.clock())))
        return self.once(request)

    def once(self, request: Request) -> Response:
        """The answer, whatever its status. Raises NudgeError and RegistryError."""
        if self.stop.asked:
            raise NudgeError("imagebot was asked to stop")
        scheme, host, port = origin(request.url)
        del scheme
        # The operator named it, so it may be anywhere but at a link-local address.
        permit = Permit(Reach(places=frozenset({join_place(host, port)})))
        within = max(0.0, self.deadline - self.clock())
        return self.transport.send(request, within=within, permit=permit)


def refused(type_: str, response: Response) -> NudgeError:
    """What to raise for an answer that is not a success."""
    status = response.status
    if 300 <= status < 400:
        hint = "redirects are not followed: give the address that it leads to"
    else:
        hint = _HINTS.get(type_, {}).get(status, "its own log says why")
    return NudgeError(f"it answered with status {status}", hint=hint)


def explained(error: RegistryError) -> NudgeError:
    """An error of `http/`, without what the other end said."""
    if isinstance(error, RegistryRefusedError):
        return NudgeError("its address is a link-local one, which is never called")
    if isinstance(error, _TOO_LATE):
        return NudgeError("there was no answer in time", hint="check whether it is overloaded")
    if isinstance(error, CannotConnectError):
        hint = "check the address, the network and the proxy settings"
        if "certificate" in error.reason:
            hint = "name the authority of its certificate with `ca-file` of the nudge"
        return NudgeError(error.reason, hint=hint)
    if isinstance(error, RegistryUnreachableError) and not error.temporary:
        # Our own settings: of the proxy, or of a file with authorities.
        return NudgeError(error.reason.replace("of this registry", "of the nudge"), hint=error.hint)
    return NudgeError("the connection broke, or the answer was not one of HTTP")


def _was_sent(error: RegistryError) -> bool:
    """Whether the time was up when the request was out already."""
    cause = error.__cause__
    if not isinstance(error, _TOO_LATE) or not isinstance(cause, LimitExceededError):
        return False
    return cause.stage == "answer"
