"""An issuer of OIDC tokens: keys made here, real tokens, and its documents."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from functools import cache
from typing import Any, Literal

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from imagebot.config.model_serve import Hook
from imagebot.serve.hooks.jwks import Keys, read_keys
from imagebot.serve.hooks.model import Delivery

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
ISSUER = "https://token.actions.githubusercontent.com"
AUDIENCE = "https://imagebot.example.com"
NOW = 1_780_000_000.0
CLAIMS = {
    "repository": ("acme/*",),
    "ref": ("refs/heads/main", "refs/tags/*"),
    "repository_visibility": ("private",),
}


@cache
def key(name: str, kind: Literal["rsa", "rsa-1024", "P-256", "P-384"] = "rsa") -> PrivateKey:
    """A key of this name; the same for the whole session, as making one takes time."""
    if kind.startswith("rsa"):
        bits = 1024 if kind == "rsa-1024" else 2048
        return rsa.generate_private_key(public_exponent=65537, key_size=bits)
    return ec.generate_private_key(ec.SECP256R1() if kind == "P-256" else ec.SECP384R1())


def jwk(private: PrivateKey, kid: str, **members: Any) -> dict[str, Any]:
    """The public key as an issuer publishes it."""
    public = private.public_key()
    made: dict[str, Any]
    if isinstance(public, rsa.RSAPublicKey):
        made = RSAAlgorithm.to_jwk(public, as_dict=True)
    else:
        made = ECAlgorithm.to_jwk(public, as_dict=True)
    made.pop("key_ops", None)
    return {**made, "kid": kid, "use": "sig", **members}


def jwks(*keys: dict[str, Any]) -> bytes:
    return json.dumps({"keys": list(keys)}).encode()


def pem(private: PrivateKey) -> bytes:
    """The public key as text, which anybody has."""
    return private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def known_keys() -> Keys:
    return read_keys(jwks(jwk(key("main"), "main", alg="RS256"), jwk(key("ec", "P-256"), "ec")))


def claims(now: float = NOW, **changes: Any) -> dict[str, Any]:
    """Those of a job of GitHub Actions; a change to None takes one away."""
    whole = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "repo:acme/app:ref:refs/heads/main",
        "repository": "acme/app",
        "repository_visibility": "private",
        "ref": "refs/heads/main",
        "run_attempt": "1",
        "iat": int(now) - 5,
        "nbf": int(now) - 5,
        "exp": int(now) + 300,
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not None}


def token(
    given: dict[str, Any] | None = None,
    *,
    private: PrivateKey | None = None,
    algorithm: str = "RS256",
    kid: str = "main",
    **header: Any,
) -> str:
    payload = json.dumps(claims() if given is None else given).encode()
    return jwt.PyJWS().encode(
        payload, private or key("main"), algorithm, headers={"kid": kid, **header}
    )


def forged(header: dict[str, Any], given: dict[str, Any], secret: bytes | None = None) -> str:
    """A token with any header: without a signature, or with an HMAC by a secret."""
    start = f"{_encode(json.dumps(header).encode())}.{_encode(json.dumps(given).encode())}"
    made = hmac.new(secret, start.encode(), hashlib.sha256).digest() if secret else b""
    return f"{start}.{_encode(made)}"


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def oidc_hook(**options: Any) -> Hook:
    given: dict[str, Any] = {"issuer": ISSUER, "audience": AUDIENCE, "claims": CLAIMS, **options}
    return Hook(name="ci", type="oidc", **given)


def delivery(given: str, body: bytes = b'{"image":"ghcr.io/acme/app:1.2"}') -> Delivery:
    return Delivery(headers={"authorization": f"Bearer {given}"}, body=body)
