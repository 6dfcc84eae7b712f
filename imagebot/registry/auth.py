"""Authorize requests: Basic, or a Bearer token from a token server.

Follows distribution's token, oauth2 and scope specifications. A token is kept under everything it
depends on, and sent to no other origin than that of its registry.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import field, replace
from typing import Literal
from urllib.parse import urlencode, urljoin, urlsplit

from imagebot.errors import RegistryAuthError, RegistryError, RegistryProtocolError
from imagebot.http import guard
from imagebot.http.address import origin
from imagebot.http.endpoint import Endpoint
from imagebot.http.expiring import Expiring
from imagebot.http.message import Request, Response
from imagebot.registry.challenge import Challenge, parse_token
from imagebot.registry.credentials import Credential
from imagebot.registry.failures import token_failure
from imagebot.text import clean
from imagebot.values import dataclass

_CLIENT_ID = "imagebot"
_REALM_LIFETIME = 300.0
_EARLY = 5.0
"""A token is replaced this many seconds before it expires."""

Send = Callable[[Request], Response]


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """An Authorization header. `fresh`: made for this challenge, so a refusal is final."""

    header: str = field(repr=False)
    kind: Literal["basic", "bearer"]
    fresh: bool
    server: str = ""
    """The host of the token server, and what that calls the registry."""
    service: str = ""


@dataclass(frozen=True, slots=True)
class _Key:
    url: str
    realm: str
    service: str
    scope: str
    credential: Credential | None
    group: Hashable


class Authenticator:
    """Makes authorizations. Safe between threads; `send` sends requests to token servers.

    `keep` gets to know every token that is granted, before it is used. `group` says who asks: a
    token is for those who reach its server.
    """

    def __init__(
        self,
        send: Send,
        *,
        clock: Callable[[], float],
        keep: Callable[[str], object] = lambda _: None,
        group: Callable[[], Hashable] = lambda: None,
    ) -> None:
        self._send = send
        self._group = group
        self._keep = keep
        self._tokens: Expiring[_Key, str] = Expiring(clock)
        self._realms: Expiring[tuple[str, str], str] = Expiring(clock)
        self._lock = threading.Lock()
        self._challenges: dict[str, Challenge] = {}

    def known(
        self, endpoint: Endpoint, scope: str, credential: Credential | None, subject: str
    ) -> Authorization | None:
        """An authorization made before being challenged, from this registry's last challenge.

        Saves a refused request per repository. Never fresh: another repository of the registry may
        use another token server. None without a scope, or before the first challenge.
        """
        if credential and credential.kind == "registry-token":
            return _bearer(subject, credential.secret, fresh=True)
        with self._lock:
            challenge = self._challenges.get(endpoint.url)
        if challenge is None or not scope:
            return None
        if challenge.scheme == "basic":
            if credential is None or credential.kind != "password":
                return None
            return replace(_basic(credential), fresh=False)
        try:
            authorization = self._authorize(endpoint, challenge, scope, credential, subject)
        except RegistryError:
            # The registry itself has not refused yet, and may name another token server by now.
            self._forget_challenge(endpoint, challenge)
            return None
        return replace(authorization, fresh=False)

    def granted(self, endpoint: Endpoint) -> list[str]:
        """The tokens that were granted for a registry."""
        return self._tokens.kept(lambda key: key.url == endpoint.url)

    def _forget_challenge(self, endpoint: Endpoint, challenge: Challenge) -> None:
        with self._lock:
            if self._challenges.get(endpoint.url) is challenge:
                del self._challenges[endpoint.url]

    def respond(
        self,
        endpoint: Endpoint,
        challenges: Sequence[Challenge],
        scope: str,
        credential: Credential | None,
        subject: str,
        refused: Authorization | None,
    ) -> Authorization | None:
        """The authorization for a 401; None when there is none better than the one refused.

        Raises RegistryError when the token server cannot be used or refuses.
        """
        if refused and refused.fresh:
            return None
        offered = {challenge.scheme: challenge for challenge in reversed(challenges)}
        if challenge := offered.get("bearer"):
            if refused:
                self._forget(refused)
            wanted = challenge.scope or scope
            authorization = self._authorize(endpoint, challenge, wanted, credential, subject)
            self._remember(endpoint, challenge, scope)
            return authorization
        challenge = offered.get("basic")
        if challenge is None or credential is None or credential.kind != "password":
            return None
        self._remember(endpoint, challenge, scope)
        authorization = _basic(credential)
        return None if refused and refused.header == authorization.header else authorization

    def _remember(self, endpoint: Endpoint, challenge: Challenge, scope: str) -> None:
        """Keep how the registry authenticates, if its scope is the one we would build."""
        if challenge.scope in ("", scope):
            with self._lock:
                self._challenges[endpoint.url] = challenge

    def _authorize(
        self,
        endpoint: Endpoint,
        challenge: Challenge,
        scope: str,
        credential: Credential | None,
        subject: str,
    ) -> Authorization:
        realm = self._realm(endpoint, challenge, subject)
        if credential and credential.confined and origin(realm) != origin(endpoint.url):
            raise RegistryProtocolError(
                subject,
                f"the registry names a token server elsewhere{_shown(challenge)}, "
                "which does not get what a cloud gave for the registry",
            )
        key = _Key(endpoint.url, realm, challenge.service, scope, credential, self._group())
        server, service = urlsplit(realm).netloc, challenge.service if challenge.quotable else ""
        if kept := self._tokens.get(key):
            made = _bearer(subject, kept, fresh=False)
            return replace(made, server=server, service=service)
        response = self._request_token(key, endpoint, subject)
        if response.status != 200:
            raise token_failure(subject, server, response, credential)
        token = parse_token(subject, response.body)
        self._keep(token.value)
        self._tokens.keep(key, token.value, token.lifetime - _EARLY)
        made = _bearer(subject, token.value, fresh=True)
        return replace(made, server=server, service=service)

    def _realm(self, endpoint: Endpoint, challenge: Challenge, subject: str) -> str:
        """The token server's address, which may be relative, if the registry may name it."""
        pair = (endpoint.url, challenge.realm)
        if accepted := self._realms.get(pair):
            return accepted
        try:
            realm = urljoin(f"{endpoint.url}/v2/", challenge.realm.strip())
            reason = guard.refuse(realm, endpoint.url)
        except ValueError:
            realm, reason = "", "it is not a valid address"
        if not challenge.realm.strip():
            reason = "it is missing"
        if reason:
            raise RegistryProtocolError(
                subject,
                f"the registry names a token server that is not used{_shown(challenge)}: {reason}",
                hint="check the token realm that the registry is configured with",
            )
        self._realms.keep(pair, realm, _REALM_LIFETIME)
        return realm

    def _request_token(self, key: _Key, endpoint: Endpoint, subject: str) -> Response:
        if key.credential and key.credential.kind == "identity-token":
            response = self._send(_refresh(key, key.credential, endpoint, subject))
            if response.status not in (404, 405):
                return response
            # A token server without OAuth2, which is optional.
        return self._send(_get_token(key, endpoint, subject))

    def _forget(self, refused: Authorization) -> None:
        value = refused.header.removeprefix("Bearer ")
        self._tokens.drop(lambda kept: kept == value)


def _shown(challenge: Challenge) -> str:
    return f" ({clean(challenge.realm)})" if challenge.quotable else ""


def _get_token(key: _Key, endpoint: Endpoint, subject: str) -> Request:
    parameters = [("service", key.service)] if key.service else []
    parameters += [("scope", scope) for scope in key.scope.split()]
    headers: Mapping[str, str] = {}
    if key.credential:
        headers = {"Authorization": _basic(key.credential).header}
        parameters.append(("account", key.credential.username))
    separator = "&" if urlsplit(key.realm).query else "?"
    url = key.realm + (separator + urlencode(parameters) if parameters else "")
    return Request(
        subject=subject, url=url, headers=headers, ca_file=endpoint.ca_file, registry=endpoint.url
    )


def _refresh(key: _Key, credential: Credential, endpoint: Endpoint, subject: str) -> Request:
    form = {
        "grant_type": "refresh_token",
        "service": key.service,
        "client_id": _CLIENT_ID,
        "scope": key.scope,
        "refresh_token": credential.secret,
    }
    return Request(
        subject=subject,
        url=key.realm,
        method="POST",
        form=form,
        ca_file=endpoint.ca_file,
        registry=endpoint.url,
    )


def _basic(credential: Credential) -> Authorization:
    pair = f"{credential.username}:{credential.secret}".encode()
    return Authorization(
        header=f"Basic {base64.b64encode(pair).decode()}", kind="basic", fresh=True
    )


def _bearer(subject: str, token: str, *, fresh: bool) -> Authorization:
    if not token.isascii() or not token.isprintable() or " " in token:
        raise RegistryAuthError(
            subject, "the registry token has characters that are not allowed in a token"
        )
    return Authorization(header=f"Bearer {token}", kind="bearer", fresh=fresh)
