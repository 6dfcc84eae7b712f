"""What lets a client connect to the servers of the tests, which are all on this machine."""

from __future__ import annotations

import math

from imagebot.config.model import Limits
from imagebot.http.message import Request, Response
from imagebot.http.reach import Permit
from imagebot.http.transport import Transport
from imagebot.registry.named import reach_of_limits

HERE = reach_of_limits(Limits(private_hosts=("127.0.0.0/8", "::1/128")))
PERMIT = Permit(HERE)


class TransportHere(Transport):
    """A transport that may connect to this machine, unless it is told otherwise."""

    def send(
        self, request: Request, *, within: float = math.inf, permit: Permit = PERMIT
    ) -> Response:
        return super().send(request, within=within, permit=permit)
