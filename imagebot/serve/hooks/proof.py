"""Prove that a delivery is from whoever knows the secret. All comparisons take constant time.

Each proof returns "", or why the delivery is refused. That is for the log: no answer says it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from imagebot.serve.hooks.model import Delivery

_PARAMETERS = ("secret", "token")
# The hashes that a header may name. SHA-1 is never one.
_SIGNATURES = {
    "x-signature": ("sha256", "sha512"),
    "x-hub-signature-256": ("sha256",),
    "x-signature-256": ("sha256",),
}
_PREFIX = "whsec_"
_TOLERANCE = 300
"""Seconds that the time of a signature may be off, as in the libraries of Standard Webhooks."""


def has_secret(delivery: Delivery, secret: str) -> str:
    """For senders that sign nothing: the secret itself, in a header or in the query.

    It is all of `Authorization`, or what it has as a Bearer token, or as the password of Basic. The
    query's `secret` or `token` is for senders that can send no header.
    """
    given = [*_authorizations(delivery), *(delivery.query.get(name, "") for name in _PARAMETERS)]
    if not any(given):
        return "has no secret, neither in Authorization nor in the query"
    return "" if any(_equal(each, secret) for each in given) else "has the wrong secret"


def is_signed(delivery: Delivery, secret: str) -> str:
    """An HMAC of the body, in hexadecimal digits behind the name of its hash."""
    given = [
        (hash_, value.strip().partition("=")[2])
        for header, hashes in _SIGNATURES.items()
        for hash_ in hashes
        if (value := delivery.headers.get(header, "")).strip().lower().startswith(f"{hash_}=")
    ]
    if not given:
        return "has no signature with SHA-256 or SHA-512"
    key = _bytes(secret)
    good = [
        _equal(hmac.new(key, delivery.body, getattr(hashlib, hash_)).hexdigest(), digest.lower())
        for hash_, digest in given
    ]
    return "" if any(good) else "has the wrong signature"


def is_signed_by_github(delivery: Delivery, secret: str) -> str:
    """`X-Hub-Signature-256` and no other: GitHub also sends one with SHA-1."""
    header = "x-hub-signature-256"
    alone = Delivery(headers={header: delivery.headers.get(header, "")}, body=delivery.body)
    return is_signed(alone, secret)


def is_signed_webhook(delivery: Delivery, secret: str, now: float) -> str:
    """Standard Webhooks: `now` is in Unix seconds.

    https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
    """
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    identity, moment, signatures = (delivery.headers.get(name, "").strip() for name in names)
    if not identity or not moment or not signatures:
        return "has no webhook-id, webhook-timestamp or webhook-signature"
    keys = _webhook_keys(secret)
    if not keys:
        return f"the hook's secret has {_PREFIX} in front, and is not base64 behind it"
    given = [each[3:] for each in signatures.split() if each.startswith("v1,")]
    message = b".".join((_bytes(identity), _bytes(moment), delivery.body))
    made = [base64.b64encode(hmac.digest(key, message, "sha256")).decode() for key in keys]
    if not any(_equal(each, one) for each in given for one in made):
        return "has the wrong signature"
    # The time is part of what is signed, so it is looked at when it is known to be the sender's.
    if not moment.isascii() or not moment.isdigit() or len(moment) > 12:
        return "has a webhook-timestamp that is not in Unix seconds"
    late = abs(now - int(moment)) > _TOLERANCE
    return f"was sent more than {_TOLERANCE} seconds ago, or by another clock" if late else ""


def bearer_token(delivery: Delivery) -> str:
    """What `Authorization: Bearer` has; "" for anything else."""
    scheme, _, token = delivery.headers.get("authorization", "").strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _authorizations(delivery: Delivery) -> list[str]:
    whole = delivery.headers.get("authorization", "").strip()
    scheme, _, rest = whole.partition(" ")
    if scheme.lower() != "basic":
        return [whole, bearer_token(delivery)]
    try:
        pair = base64.b64decode(rest.strip(), validate=True).decode()
    except ValueError:
        return [whole]
    return [whole, pair.partition(":")[2]]


def _webhook_keys(secret: str) -> list[bytes]:
    """The key that a secret is the base64 of; without the prefix it may be the key itself."""
    encoded = secret.removeprefix(_PREFIX)
    try:
        decoded = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        decoded = b""
    own = [] if encoded != secret else [_bytes(secret)]
    return [key for key in (decoded, *own) if key]


def _equal(given: str, expected: str) -> bool:
    # Nothing equals an empty secret: its file was empty, and everybody could send nothing.
    return bool(expected) and hmac.compare_digest(_bytes(given), _bytes(expected))


def _bytes(text: str) -> bytes:
    """In one way, whatever is in the text: a header may have half of a surrogate pair."""
    return text.encode("utf-8", "surrogatepass")
