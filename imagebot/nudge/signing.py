"""Signatures of bodies, as their receivers check them. Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import Literal

from imagebot.errors import NudgeError

_PREFIX = "whsec_"


def hexadecimal(secret: str, body: bytes, digest: Literal["sha1", "sha256"]) -> str:
    """`sha256=…` (or `sha1=…`), the HMAC of the body as GitHub writes it."""
    return f"{digest}={hmac.new(secret.encode(), body, digest).hexdigest()}"


def standard(secret: str, *, id_: str, timestamp: int, body: bytes) -> str:
    """`v1,…`: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

    Raises NudgeError for a secret that is not one.
    """
    signed = b"%s.%d.%s" % (id_.encode(), timestamp, body)
    code = hmac.new(key_of(secret), signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(code).decode()}"


def key_of(secret: str) -> bytes:
    """The key that a secret stands for: `whsec_` and base64, or the bytes themselves.

    Raises NudgeError.
    """
    if not secret.startswith(_PREFIX):
        return secret.encode()
    encoded = secret.removeprefix(_PREFIX)
    try:
        # Some leave the padding out.
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise _no_key() from error
    if not key:
        raise _no_key()
    return key


def _no_key() -> NudgeError:
    message = f"the secret begins with {_PREFIX}, but what follows is not base64"
    return NudgeError(message, hint="copy it again from where it was made")
