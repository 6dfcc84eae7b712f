"""WWW-Authenticate and the answers of token servers, as values. Pure.

After RFC 9110 §11 and distribution's token and oauth2 specifications, as registries send them:
several challenges in one header, several headers, unquoted values, no scope.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from imagebot.errors import RegistryProtocolError
from imagebot.registry.protocol import parse_json, unquote

MIN_LIFETIME = 60.0
"""Seconds that a token is taken to live at least, as the specification asks of clients."""
_MAX_LIFETIME = 24 * 3600.0
_MAX_HEADER = 16 * 1024
_MAX_TOKEN = 64 * 1024

_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PARAMETER_RE = re.compile(rf'[\s,]*({_WORD})\s*=\s*("(?:[^"\\]|\\.)*"|[^\s,"]*)')
_SCHEME_RE = re.compile(rf"[\s,]*({_WORD})(?=[\s,]|$)")
_TOKEN68_RE = re.compile(r"[ \t]+[A-Za-z0-9._~+/-]+=*[ \t]*(?=,|$)")
_TOKEN_VALUE_RE = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way that a server offers to authenticate; scheme and keys are in lower case."""

    scheme: str
    parameters: Mapping[str, str]

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


def parse_challenges(headers: Sequence[str]) -> tuple[Challenge, ...]:
    """The challenges of all WWW-Authenticate headers, in order. What is no challenge is skipped."""
    return tuple(challenge for value in headers for challenge in _parse(value[:_MAX_HEADER]))


def _parse(value: str) -> list[Challenge]:
    challenges: list[tuple[str, dict[str, str]]] = []
    index = 0
    while index < len(value):
        # A parameter first: `a = b` also begins like a scheme.
        parameter = _PARAMETER_RE.match(value, index)
        if parameter:
            if challenges:
                challenges[-1][1].setdefault(parameter[1].lower(), unquote(parameter[2]))
            index = parameter.end()
            continue
        scheme = _SCHEME_RE.match(value, index)
        if scheme is None:
            index += 1
            continue
        challenges.append((scheme[1].lower(), {}))
        index = scheme.end()
        data = _TOKEN68_RE.match(value, index)
        if data and "," not in data[0] and _PARAMETER_RE.match(value, index) is None:
            index = data.end()
    return [Challenge(scheme, MappingProxyType(found)) for scheme, found in challenges]


def parse_token(subject: str, body: bytes) -> Token:
    """The token of a token server's answer: `token`, or `access_token` as OAuth2 has it.

    `issued_at` is not used: with clocks apart it says nothing, and a token that has expired
    early is replaced after the 401 it brings.

    Raises RegistryProtocolError when there is no usable token in it.
    """
    document = parse_json(subject, body, "the token server's answer")
    fields = document if isinstance(document, dict) else {}
    value = fields.get("token") or fields.get("access_token")
    # Visible ASCII only: it goes into a header.
    if not isinstance(value, str) or _TOKEN_VALUE_RE.fullmatch(value) is None:
        raise RegistryProtocolError(subject, "the token server's answer has no usable token")
    if len(value) > _MAX_TOKEN:
        raise RegistryProtocolError(subject, f"the token is longer than {_MAX_TOKEN} characters")
    return Token(value, _lifetime(fields.get("expires_in")))


def _lifetime(seconds: object) -> float:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return MIN_LIFETIME
    # Written so that NaN, which JSON as Python reads it may hold, ends at the minimum.
    return min(seconds, _MAX_LIFETIME) if seconds > MIN_LIFETIME else MIN_LIFETIME
