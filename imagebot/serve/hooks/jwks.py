"""The keys of an issuer of tokens (RFC 7517): public ones for signatures, RSA and elliptic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from imagebot.serve.hooks.document import items, parse_json, text
from imagebot.values import dataclass

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    PublicKey: TypeAlias = RSAPublicKey | EllipticCurvePublicKey

MOST = 100
"""Keys of one issuer that are looked at; the big ones have fewer than ten."""

_RSA = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
_RSA_BITS = range(2048, 8193)
# RFC 7518, section 3.4: each of these goes with one curve.
_ELLIPTIC = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}
ALGORITHMS = _RSA | frozenset(_ELLIPTIC.values())
"""What may sign a token. Never `none`, and no HMAC: its key would be the public one."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key, and the algorithms that it may be used with."""

    algorithms: frozenset[str]
    public: PublicKey = field(repr=False)


Keys: TypeAlias = Mapping[str, SigningKey]
"""By key id."""

NO_KEYS: Keys = MappingProxyType({})


def read_keys(body: bytes) -> Keys:
    """The usable keys of a JWKS document; of several with one id, the first.

    Raises ValueError when it is not JSON, or has no list of keys.
    """
    document = parse_json(body)
    if not isinstance(document, dict) or not isinstance(document.get("keys"), list):
        raise ValueError("it has no list of keys")
    found: dict[str, SigningKey] = {}
    for each in items(document, "keys")[:MOST]:
        identity = text(each, "kid")
        key = _read_key(each) if identity and identity not in found else None
        if key is not None:
            found[identity] = key
    return MappingProxyType(found)


def _read_key(jwk: object) -> SigningKey | None:
    if text(jwk, "use") not in ("", "sig"):
        return None
    from jwt.exceptions import PyJWTError

    try:
        key = _read_rsa(jwk) if text(jwk, "kty") == "RSA" else _read_elliptic(jwk)
    except (PyJWTError, ValueError, TypeError):
        return None
    own = text(jwk, "alg")
    if key is None or not own:
        return key
    return SigningKey(key.algorithms & {own}, key.public)


# Only the public members are passed on: a key that has private ones is used like any other.


def _read_rsa(jwk: object) -> SigningKey | None:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from jwt.algorithms import RSAAlgorithm

    public = RSAAlgorithm.from_jwk({name: text(jwk, name) for name in ("kty", "n", "e")})
    if not isinstance(public, RSAPublicKey) or public.key_size not in _RSA_BITS:
        return None
    return SigningKey(_RSA, public)


def _read_elliptic(jwk: object) -> SigningKey | None:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from jwt.algorithms import ECAlgorithm

    algorithm = _ELLIPTIC.get(text(jwk, "crv"))
    if algorithm is None:
        return None
    public = ECAlgorithm.from_jwk({name: text(jwk, name) for name in ("kty", "crv", "x", "y")})
    if not isinstance(public, EllipticCurvePublicKey):
        return None
    return SigningKey(frozenset({algorithm}), public)
