"""Parse WWW-Authenticate headers and the responses of token servers. Pure.

Follows RFC 9110 §11 and distribution's token and oauth2 specifications, as registries use them:
several challenges in one header, several headers, unquoted values, no scope.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from types import MappingProxyType

from imagebot.errors import RegistryProtocolError
from imagebot.registry.protocol import parse_json, unquote
from imagebot.values import dataclass

MIN_LIFETIME = 60.0
"""The shortest lifetime of a token, in seconds, that the specification asks clients to assume."""
_MAX_LIFETIME = 24 * 3600.0
_MAX_HEADER = 16 * 1024
_MAX_TOKEN = 16 * 1024
"""Hardly a server takes a longer header."""

_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_GAP_RE = re.compile(r"[\s,]*")
_WORD_RE = re.compile(_WORD)
# A quote that is never closed takes all the rest, and neither it nor an empty value is a value.
_VALUE_RE = re.compile(r'\s*=\s*(?:("(?:[^"\\]|\\.)*"|[^\s,"]+)|".*|)', re.DOTALL)
# A credential instead of parameters (`Negotiate YII…==`).
_TOKEN68_RE = re.compile(r"[ \t]+[A-Za-z0-9._~+/-]+=*[ \t]*(?=,|$)")
_TOKEN_VALUE_RE = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class Challenge:
    """A way to authenticate that a server offers; scheme and keys are in lower case.

    `quotable`: whether what it says may be shown.
    """

    scheme: str
    parameters: Mapping[str, str]
    quotable: bool = True

    @property
    def realm(self) -> str:
        return self.parameters.get("realm", "")

    @property
    def service(self) -> str:
        return self.parameters.get("service", "")

    @property
    def scope(self) -> str:
        return self.parameters.get("scope", "")

    @property
    def error(self) -> str:
        return self.parameters.get("error", "")


@dataclass(frozen=True, slots=True)
class Token:
    """A Bearer token; `lifetime` is in seconds from when it was received."""

    value: str = field(repr=False)
    lifetime: float


def parse_challenges(headers: Sequence[str], *, quotable: bool = True) -> tuple[Challenge, ...]:
    """The challenges of all WWW-Authenticate headers, in order; anything else is skipped."""
    found = (challenge for value in headers for challenge in _parse(value[:_MAX_HEADER]))
    return tuple(replace(each, quotable=quotable) for each in found)


def _parse(value: str) -> list[Challenge]:
    """In linear time: every step continues after what it has read."""
    challenges: list[tuple[str, dict[str, str]]] = []
    index = _past(_GAP_RE, value, 0)
    while index < len(value):
        word = _WORD_RE.match(value, index)
        if word is None:
            index = _past(_GAP_RE, value, index + 1)
            continue
        given = _VALUE_RE.match(value, word.end())
        if given:
            if challenges and given[1]:
                challenges[-1][1].setdefault(word[0].lower(), unquote(given[1]))
            index = given.end()
        else:
            challenges.append((word[0].lower(), {}))
            index = _past(_TOKEN68_RE, value, word.end())
        index = _past(_GAP_RE, value, index)
    return [Challenge(scheme, MappingProxyType(found)) for scheme, found in challenges]


def _past(pattern: re.Pattern[str], value: str, index: int) -> int:
    found = pattern.match(value, index)
    return found.end() if found else index


def parse_token(subject: str, body: bytes) -> Token:
    """The token in a token server's response: `token`, or OAuth2's `access_token`.

    Ignores `issued_at`, which is wrong when the clocks differ; a token that expires early is
    replaced after the 401 it causes.

    Raises RegistryProtocolError when the response has no usable token.
    """
    document = parse_json(subject, body, "the token server's response")
    fields = document if isinstance(document, dict) else {}
    value = fields.get("token") or fields.get("access_token")
    # Visible ASCII only: it goes into a header.
    if not isinstance(value, str) or _TOKEN_VALUE_RE.fullmatch(value) is None:
        raise RegistryProtocolError(subject, "the token server's response has no usable token")
    if len(value) > _MAX_TOKEN:
        raise RegistryProtocolError(subject, f"the token is longer than {_MAX_TOKEN} characters")
    return Token(value, _lifetime(fields.get("expires_in")))


def _lifetime(seconds: object) -> float:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return MIN_LIFETIME
    # In this order, so that NaN (Python's JSON allows it) becomes the minimum.
    return min(seconds, _MAX_LIFETIME) if seconds > MIN_LIFETIME else MIN_LIFETIME
