"""What a delivery to a hook says: first the proof of who sends it, then its body.

One row of the table for each sender. Nothing that is delivered raises.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from imagebot.config.model_serve import Hook, HookType
from imagebot.http.address import is_host_name
from imagebot.serve.hooks import (
    acr,
    distribution,
    docker_hub,
    ecr,
    github,
    harbor,
    oidc,
    plain,
    quay,
)
from imagebot.serve.hooks.announce import Said, announce, malformed
from imagebot.serve.hooks.document import parse_json
from imagebot.serve.hooks.jwks import NO_KEYS, Keys
from imagebot.serve.hooks.model import Delivery, Heard, Refused
from imagebot.serve.hooks.proof import (
    bearer_token,
    has_secret,
    is_signed,
    is_signed_by_github,
    is_signed_webhook,
)
from imagebot.text import clean, excerpt
from imagebot.values import dataclass

_ORIGIN = "webhook-request-origin"
_ID = 200
"""Characters of a delivery's id; a longer one is none, so that nobody makes us remember much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a proof is held against: the hook's secret, the time in Unix seconds, and the keys of
    its issuer.
    """

    secret: str
    now: float
    keys: Keys


Prove = Callable[[Hook, Delivery, Known], str]
Read = Callable[[Delivery, object], Said | Refused]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """How a sender proves who it is, where its JSON is, and what that says.

    `chooses`: it announces what somebody wrote, and not all that a registry has. So it is told when
    the hook may announce none of that. `asks`: it asks before it delivers (`permit`).
    """

    prove: Prove
    read: Read
    body: Callable[[Delivery], bytes] = lambda delivery: delivery.body
    chooses: bool = False
    asks: bool = False


def _secret(_hook: Hook, delivery: Delivery, known: Known) -> str:
    return has_secret(delivery, known.secret)


def _signature(_hook: Hook, delivery: Delivery, known: Known) -> str:
    return is_signed(delivery, known.secret)


def _github(_hook: Hook, delivery: Delivery, known: Known) -> str:
    return is_signed_by_github(delivery, known.secret)


def _webhook(_hook: Hook, delivery: Delivery, known: Known) -> str:
    return is_signed_webhook(delivery, known.secret, known.now)


def _token(hook: Hook, delivery: Delivery, known: Known) -> str:
    claims = oidc.verify(bearer_token(delivery), known.keys, hook, known.now)
    return claims.reason if isinstance(claims, Refused) else ""


SENDERS: Mapping[HookType, Sender] = {
    "docker-hub": Sender(prove=_secret, read=docker_hub.read),
    "github": Sender(prove=_github, read=github.read, body=github.payload),
    "harbor": Sender(prove=_secret, read=harbor.read),
    "quay": Sender(prove=_secret, read=quay.read),
    "acr": Sender(prove=_secret, read=acr.read, asks=True),
    "ecr": Sender(prove=_secret, read=ecr.read),
    "distribution": Sender(prove=_secret, read=distribution.read),
    "hmac": Sender(prove=_signature, read=plain.read, chooses=True),
    "standard-webhooks": Sender(prove=_webhook, read=plain.read, chooses=True),
    "oidc": Sender(prove=_token, read=plain.read, chooses=True),
}


def receive(
    hook: Hook, delivery: Delivery, secret: str, *, now: float, keys: Keys = NO_KEYS
) -> Heard | Refused:
    """What a delivery announces, or why it is refused: 401, 400, or 403 for foreign images.

    `secret` is "" only for a hook that has none. `now` is in Unix seconds; `keys` are those of the
    issuer of an OIDC hook (`serve/keys.py`).
    """
    sender = SENDERS[hook.type]
    why = _unproven(hook, sender, delivery, Known(secret=secret, now=now, keys=keys))
    if why:
        return Refused(401, why)
    try:
        document = parse_json(sender.body(delivery))
    except ValueError as error:
        return malformed(f"is not JSON: {clean(str(error))}")
    said = sender.read(delivery, document)
    if isinstance(said, Refused):
        return said
    images = announce(said.images, hook)
    if isinstance(images, Refused):
        return images
    if said.images and not images and sender.chooses:
        return Refused(403, "announces nothing that `images` of the hook allows")
    return Heard(images=images, git=said.git, id=_identity(said.id), answer=said.answer)


def permit(hook: Hook, delivery: Delivery, secret: str, *, now: float) -> str | Refused:
    """The origin that may deliver, where a sender asks that before; "" where nobody asks.

    It proves who it is as with a delivery. Its callback is never called: it may be anywhere.
    https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/http-webhook.md#4-abuse-protection
    """
    sender, origin = SENDERS[hook.type], delivery.headers.get(_ORIGIN, "").strip()
    if not sender.asks or not origin:
        return ""
    if why := _unproven(hook, sender, delivery, Known(secret=secret, now=now, keys=NO_KEYS)):
        return Refused(401, why)
    if not is_host_name(origin):
        return malformed(f"has a {_ORIGIN} that is not a host name: {excerpt(origin)}")
    return origin


def _unproven(hook: Hook, sender: Sender, delivery: Delivery, known: Known) -> str:
    if hook.type != "oidc" and not known.secret:
        return "" if hook.secret is None else "the secret of the hook is empty"
    return sender.prove(hook, delivery, known)


def _identity(given: str) -> str:
    return given if len(given) <= _ID and given.isascii() and given.isprintable() else ""
