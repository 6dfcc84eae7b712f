"""Sign requests to AWS, by Signature Version 4. Pure.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html; the
tests compare it with botocore, whose signer is not used here because it comes with 100 MB.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from urllib.parse import quote, urlsplit

from imagebot.values import dataclass

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsKeys:
    """Keys to sign with. `identity` says whose they are, and how the bot has them."""

    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)
    identity: str


def sign_post(
    url: str,
    headers: Mapping[str, str],
    content: bytes,
    *,
    keys: AwsKeys,
    region: str,
    service: str,
    at: datetime,
) -> dict[str, str]:
    """The headers of a POST to an address without a query, with its signature in them.

    `at` is in UTC. All `headers` are signed.
    """
    parts = urlsplit(url)
    stamp = at.strftime("%Y%m%dT%H%M%SZ")
    own = {**headers, "X-Amz-Date": stamp}
    if keys.session_token:
        own["X-Amz-Security-Token"] = keys.session_token
    signed = {name.lower(): " ".join(value.split()) for name, value in own.items()}
    signed["host"] = parts.netloc
    names = ";".join(sorted(signed))
    lines = "".join(f"{name}:{signed[name]}\n" for name in sorted(signed))
    path = quote(parts.path or "/", safe="/-_.~")
    request = f"POST\n{path}\n\n{lines}\n{names}\n{hashlib.sha256(content).hexdigest()}"
    scope = f"{stamp[:8]}/{region}/{service}/aws4_request"
    to_sign = f"{_ALGORITHM}\n{stamp}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = f"AWS4{keys.secret_key}".encode()
    for part in scope.split("/"):
        key = _hmac(key, part)
    signature = _hmac(key, to_sign).hex()
    own["Authorization"] = (
        f"{_ALGORITHM} Credential={keys.access_key}/{scope}, "
        f"SignedHeaders={names}, Signature={signature}"
    )
    return own


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
