"""A Bearer token server for docker-registry, after distribution's token and oauth2 specifications.

GET /token with Basic credentials (or none) and POST /token with a refresh token or a password;
tokens are RS256 JWTs whose certificate travels in the x5c header.
"""

from __future__ import annotations

import base64
import contextlib
import fnmatch
import json
import time
import urllib.parse
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import jwt
from cryptography.hazmat.primitives import serialization

from tests.support.certificates import Tls, token_signer
from tests.support.loopback import Exchange, LoopbackServer, serving

SERVICE = "registry.test"
ISSUER = "imagebot test tokens"
ANONYMOUS = ""


@dataclass(frozen=True, slots=True)
class TokenRequest:
    method: str
    user: str | None
    """None when the credentials were wrong, ANONYMOUS when there were none."""
    service: str
    scopes: tuple[str, ...]
    parameters: Mapping[str, list[str]]
    authorization: str | None


@dataclass(slots=True)
class TokenServer:
    """Tests change its fields while it runs."""

    realm: str
    certificate_file: Path
    users: dict[str, str]
    """Passwords by user."""
    rights: dict[str, dict[str, set[str]]]
    """Actions by repository glob by user; ANONYMOUS is a user too."""
    identity_tokens: dict[str, str] = field(default_factory=dict)
    """Users by refresh token."""
    lifetime: int = 300
    token_key: str = "token"
    """The answer's key: "token" or, as OAuth2 has it, "access_token"."""
    deny_with: int | None = None
    """Answer every request with this status and no token."""
    requests: list[TokenRequest] = field(default_factory=list)

    def mint(self, user: str, scopes: list[str], *, lifetime: int | None = None) -> str:
        """A token for what of the scopes the user may do; a negative lifetime: an expired one."""
        return self._sign(user, [self._granted(user, scope) for scope in scopes], lifetime)

    def mint_any(self, repository: str, *actions: str) -> str:
        """A token with these actions, whoever may have them."""
        access: dict[str, object] = {"type": "repository", "name": repository}
        access["actions"] = list(actions)
        return self._sign("pusher", [access], None)

    def _sign(self, user: str, access: list[dict[str, object]], lifetime: int | None) -> str:
        now = int(time.time())
        signer = token_signer()
        certificate = signer.certificate.public_bytes(serialization.Encoding.DER)
        claims = {
            "iss": ISSUER,
            "sub": user,
            "aud": SERVICE,
            "exp": now + (self.lifetime if lifetime is None else lifetime),
            # docker-registry allows a minute of skew; an expired token must still be consistent.
            "nbf": now - 3600,
            "iat": now - 3600,
            "jti": str(uuid.uuid4()),
            "access": access,
        }
        x5c = {"x5c": [base64.b64encode(certificate).decode()]}
        return jwt.encode(claims, signer.key, algorithm="RS256", headers=x5c)

    def _granted(self, user: str, scope: str) -> dict[str, object]:
        kind, _, rest = scope.partition(":")
        name, _, actions = rest.rpartition(":")
        allowed: set[str] = set()
        if kind == "repository":
            for glob, rights in self.rights.get(user, {}).items():
                if fnmatch.fnmatchcase(name, glob):
                    allowed |= rights
        granted = [action for action in actions.split(",") if action in allowed]
        return {"type": kind, "name": name, "actions": granted}

    def serve(self, exchange: Exchange) -> None:
        body = exchange.read_body()
        address = urllib.parse.urlsplit(exchange.path)
        text = body.decode() if exchange.command == "POST" else address.query
        parameters = urllib.parse.parse_qs(text)
        request = TokenRequest(
            method=exchange.command,
            user=self._user(exchange, parameters),
            service=parameters.get("service", [""])[0],
            scopes=_scopes(parameters),
            parameters=parameters,
            authorization=exchange.headers.get("Authorization"),
        )
        self.requests.append(request)
        if self.deny_with is not None:
            exchange.send(self.deny_with, body=b'{"details":"denied"}')
        elif request.user is None:
            exchange.send(401, body=b'{"details":"incorrect username or password"}')
        else:
            exchange.send(200, {"Content-Type": "application/json"}, self._answer(request))

    def _user(self, exchange: Exchange, parameters: Mapping[str, list[str]]) -> str | None:
        if exchange.command == "POST":
            return self._form_user(parameters)
        authorization = exchange.headers.get("Authorization")
        if authorization is None:
            return ANONYMOUS
        user, _, password = base64.b64decode(authorization.split()[1]).decode().partition(":")
        return user if self.users.get(user) == password else None

    def _form_user(self, parameters: Mapping[str, list[str]]) -> str | None:
        def one(key: str) -> str:
            return parameters.get(key, [""])[0]

        if one("grant_type") == "refresh_token":
            return self.identity_tokens.get(one("refresh_token"))
        user = one("username")
        return user if user and self.users.get(user) == one("password") else None

    def _answer(self, request: TokenRequest) -> bytes:
        token = self.mint(request.user or ANONYMOUS, list(request.scopes))
        issued = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        document = {self.token_key: token, "expires_in": self.lifetime, "issued_at": issued}
        return json.dumps(document).encode()


@contextlib.contextmanager
def token_server(
    folder: Path,
    *,
    users: Mapping[str, str],
    rights: Mapping[str, Mapping[str, set[str]]] | None = None,
    tls: Tls | None = None,
) -> Iterator[TokenServer]:
    """Users by password; without rights, users may pull and push, and nobody else may anything."""
    folder.mkdir(parents=True, exist_ok=True)
    certificate_file, _ = token_signer().write(folder, "token")
    given = rights if rights is not None else {user: {"*": {"pull", "push"}} for user in users}
    tokens = TokenServer(
        realm="",
        certificate_file=certificate_file,
        users=dict(users),
        rights={user: dict(globs) for user, globs in given.items()},
    )
    server = LoopbackServer(tokens.serve, tls=tls.server_context() if tls else None)
    tokens.realm = f"{server.url}/token"
    with serving(server):
        yield tokens


def _scopes(parameters: Mapping[str, list[str]]) -> tuple[str, ...]:
    """Repeated `scope` parameters, or one with spaces, as the form has it."""
    return tuple(scope for value in parameters.get("scope", []) for scope in value.split())
