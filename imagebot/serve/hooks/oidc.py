"""Tokens of OpenID Connect, which CI systems give their jobs: who runs, without a shared secret.

https://docs.github.com/en/actions/concepts/security/openid-connect
https://docs.gitlab.com/ci/secrets/id_token_authentication/

Nothing here looks at a clock or asks the issuer: time and keys are arguments.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import field

from imagebot.config.model_serve import Hook
from imagebot.errors import UsageError
from imagebot.glob import matches_any
from imagebot.serve.hooks.document import parse_json, text
from imagebot.serve.hooks.jwks import ALGORITHMS, Keys, SigningKey
from imagebot.serve.hooks.model import Refused
from imagebot.text import excerpt
from imagebot.values import dataclass

LEEWAY = 60
"""Seconds that the issuer's clock may be off."""

_LONGEST = 16 * 1024
"""Characters of a token. GitHub's have two thousand."""


@dataclass(frozen=True, slots=True)
class _Parts:
    """What a token says, which nobody may believe yet."""

    algorithm: str
    key: str
    claims: Mapping[str, object] = field(repr=False)


def key_id(token: str, hook: Hook) -> str | Refused:
    """Which of the issuer's keys has signed the token, as the token says.

    A token that says that it is somebody else's is refused, so that a stranger's makes nobody ask
    the issuer for its keys.
    """
    parts = _read(token)
    if isinstance(parts, Refused):
        return parts
    if parts.claims.get("iss") != hook.issuer:
        # Without the name: anybody can send any, and fill a log with them.
        return _refuse("its issuer is not that of the hook")
    return parts.key


def verify(token: str, keys: Keys, hook: Hook, now: float) -> Mapping[str, object] | Refused:
    """The claims of a token that the issuer has signed, for the hook, and that is valid at `now`.

    `now` is in Unix seconds. Every claim that the hook names must be there and match.
    """
    parts = _read(token)
    if isinstance(parts, Refused):
        return parts
    key = keys.get(parts.key)
    if key is None:
        return _refuse("the issuer has no key with its id")
    if parts.algorithm not in key.algorithms:
        return _refuse(f"its key is not one for {parts.algorithm}")
    if not _is_signed(token, parts.algorithm, key):
        return _refuse("its signature is wrong")
    why = (
        _wrong_issuer(parts.claims, hook)
        or _wrong_audience(parts.claims, hook)
        or _wrong_time(parts.claims, now)
        or _wrong_claim(parts.claims, hook)
    )
    return _refuse(why) if why else parts.claims


def _refuse(reason: str) -> Refused:
    return Refused(401, f"the token is refused: {reason}")


def _read(token: str) -> _Parts | Refused:
    from jwt import PyJWS
    from jwt.exceptions import PyJWTError

    if not token:
        return Refused(401, "has no token: Authorization: Bearer TOKEN")
    if len(token) > _LONGEST or not token.isascii():
        return _refuse("it is not a token")
    try:
        parts = PyJWS().decode_complete(token, options={"verify_signature": False})
        claims = parse_json(parts["payload"])
    except (PyJWTError, ValueError, RecursionError):
        return _refuse("it is not a signed token")
    header = parts["header"]
    algorithm, key = text(header, "alg"), text(header, "kid")
    # Extensions that change what is signed, or how.
    if algorithm not in ALGORITHMS or "crit" in header or "b64" in header:
        return _refuse("it is signed in a way that is not accepted")
    if not key or not isinstance(claims, dict):
        return _refuse("it names no key, or its claims are not a JSON object")
    return _Parts(algorithm, key, claims)


def _is_signed(token: str, algorithm: str, key: SigningKey) -> bool:
    from jwt import PyJWS
    from jwt.exceptions import PyJWTError

    try:
        PyJWS().decode_complete(token, key.public, algorithms=[algorithm])
    except (PyJWTError, ValueError, TypeError):
        return False
    return True


def _wrong_issuer(claims: Mapping[str, object], hook: Hook) -> str:
    if claims.get("iss") == hook.issuer:
        return ""
    return f"its issuer is {excerpt(text(claims, 'iss')) or 'missing'}"


def _wrong_audience(claims: Mapping[str, object], hook: Hook) -> str:
    audience = claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    # An empty one is a hook without an audience, which must not accept a token without one.
    return "" if hook.audience and hook.audience in named else "it is for another audience"


def _wrong_time(claims: Mapping[str, object], now: float) -> str:
    """`exp` must be there; `nbf` and `iat` must be times where they are there."""
    times = {name: claims.get(name) for name in ("exp", "nbf", "iat")}
    if times["exp"] is None:
        return "it never expires"
    for name, value in times.items():
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float) or not _finite(value):
            return f"its {name} is not a time"
        if name == "exp" and value + LEEWAY <= now:
            return "it has expired"
        if name != "exp" and value - LEEWAY > now:
            return "it is not valid yet"
    return ""


def _finite(value: float) -> bool:
    # An integer may be too large for a float.
    return abs(value) < 10**15 and math.isfinite(value)


def _wrong_claim(claims: Mapping[str, object], hook: Hook) -> str:
    for name, globs in hook.claims.items():
        texts = _texts(claims.get(name))
        try:
            if any(matches_any(globs, each) for each in texts):
                continue
        except UsageError as error:
            return f"the hook's claim {name} cannot be compared: {error.message}"
        shown = ", ".join(excerpt(each) for each in texts[:3])
        return f"its {name} is {shown}" if shown else f"it has no {name}"
    return ""


def _texts(value: object) -> list[str]:
    """What a claim may be compared by: texts, numbers, true and false, or a list of them."""
    if isinstance(value, list):
        return [each for one in value if not isinstance(one, list) for each in _texts(one)]
    if isinstance(value, bool):
        return ["true" if value else "false"]
    return [str(value)] if isinstance(value, str | int | float) else []
