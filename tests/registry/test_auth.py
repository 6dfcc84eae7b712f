"""Grants against a token server that says what a test needs, through `send` alone."""

from __future__ import annotations

import base64
import json
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from imagebot.errors import (
    RegistryAuthError,
    RegistryError,
    RegistryProtocolError,
    RegistryRateLimitError,
)
from imagebot.http.endpoint import Endpoint
from imagebot.http.message import Request, Response
from imagebot.registry.auth import Authenticator, Authorization
from imagebot.registry.challenge import Challenge, parse_challenges
from imagebot.registry.credentials import Credential

SUBJECT = "registry.example/team/app"
ENDPOINT = Endpoint("registry.example", "https://registry.example")
SCOPE = "repository:team/app:pull"
ALICE = Credential(origin="a test", username="alice", secret="s3cret")
IDENTITY = Credential(origin="a test", username="<token>", secret="idt", kind="identity-token")


@dataclass(slots=True)
class Tokens:
    """Answers with a new token each time; remembers what it was asked."""

    status: list[int] = field(default_factory=list)
    body: bytes | None = None
    lifetime: int = 300
    headers: tuple[tuple[str, str], ...] = ()
    asked: list[Request] = field(default_factory=list)

    def __call__(self, request: Request) -> Response:
        self.asked.append(request)
        token = {"token": f"t{len(self.asked)}", "expires_in": self.lifetime}
        body = self.body if self.body is not None else json.dumps(token).encode()
        return Response(request.url, self.status.pop(0) if self.status else 200, self.headers, body)

    def query(self, index: int = -1) -> dict[str, list[str]]:
        return urllib.parse.parse_qs(urllib.parse.urlsplit(self.asked[index].url).query)


@dataclass(slots=True)
class Case:
    tokens: Tokens
    auth: Authenticator
    now: float = 1000.0

    def respond(
        self,
        *headers: str,
        credential: Credential | None = None,
        refused: Authorization | None = None,
        scope: str = SCOPE,
        endpoint: Endpoint = ENDPOINT,
    ) -> Authorization | None:
        challenges: tuple[Challenge, ...] = parse_challenges(headers)
        return self.auth.respond(endpoint, challenges, scope, credential, SUBJECT, refused)

    def known(
        self, credential: Credential | None = None, scope: str = SCOPE
    ) -> Authorization | None:
        return self.auth.known(ENDPOINT, scope, credential, SUBJECT)


@pytest.fixture
def case() -> Case:
    tokens = Tokens()

    def clock() -> float:
        return made.now

    made = Case(tokens, Authenticator(tokens, clock=clock))
    return made


BEARER = 'Bearer realm="https://auth.example/token",service="registry.example"'
WITH_SCOPE = f'{BEARER},scope="{SCOPE}"'


def header(authorization: Authorization | None) -> str | None:
    return authorization.header if authorization else None


def test_an_anonymous_token(case: Case) -> None:
    authorization = case.respond(WITH_SCOPE)
    assert header(authorization) == "Bearer t1"
    assert "t1" not in repr(authorization)
    assert case.tokens.asked[0].method == "GET"
    assert case.tokens.asked[0].headers == {}
    assert case.tokens.query() == {"service": ["registry.example"], "scope": [SCOPE]}


def test_a_token_for_a_user(case: Case) -> None:
    assert header(case.respond(WITH_SCOPE, credential=ALICE)) == "Bearer t1"
    basic = base64.b64encode(b"alice:s3cret").decode()
    assert case.tokens.asked[0].headers == {"Authorization": f"Basic {basic}"}
    assert case.tokens.query()["account"] == ["alice"]


def test_a_challenge_without_scope(case: Case) -> None:
    case.respond(BEARER)
    assert case.tokens.query()["scope"] == [SCOPE]
    case.respond('Bearer realm="https://auth.example/token"', scope="")
    assert case.tokens.query() == {}


def test_several_scopes_are_several_parameters(case: Case) -> None:
    case.respond(f'{BEARER},scope="repository:a:pull repository:b:pull"')
    assert case.tokens.query()["scope"] == ["repository:a:pull", "repository:b:pull"]


@pytest.mark.parametrize(
    ("realm", "url"),
    [
        ("/token", "https://registry.example/token"),
        ("token", "https://registry.example/v2/token"),
        ("https://registry.example:8443/jwt/auth", "https://registry.example:8443/jwt/auth"),
        ("https://auth.example/token?a=b", "https://auth.example/token"),
    ],
)
def test_realms(case: Case, realm: str, url: str) -> None:
    case.respond(f'Bearer realm="{realm}"')
    assert case.tokens.asked[0].url.partition("?")[0] == url
    assert ("a" in case.tokens.query()) is ("a=b" in realm)


@pytest.mark.parametrize(
    "realm",
    [
        "",
        " ",
        "http://auth.example/token",
        "http://registry.example/token",
        "https://u:p@registry.example/token",
        "gopher://auth.example/",
        "https://[::1/token",
    ],
)
def test_realms_that_are_not_asked(case: Case, realm: str) -> None:
    with pytest.raises(RegistryProtocolError, match="token server that is not used") as caught:
        case.respond(f'Bearer realm="{realm}"', credential=ALICE)
    assert case.tokens.asked == []
    assert "s3cret" not in str(caught.value)


def test_a_token_is_kept_until_shortly_before_its_end(case: Case) -> None:
    assert header(case.respond(WITH_SCOPE)) == "Bearer t1"
    case.now += 294
    assert header(case.known()) == "Bearer t1"
    case.now += 2
    assert header(case.known()) == "Bearer t2"


def test_a_short_lifetime_is_a_minute(case: Case) -> None:
    case.tokens.lifetime = 1
    case.respond(WITH_SCOPE)
    case.now += 54
    assert header(case.known()) == "Bearer t1"


@pytest.mark.parametrize(
    "change",
    [
        lambda case: case.respond(WITH_SCOPE, credential=ALICE),
        lambda case: case.respond(WITH_SCOPE.replace("registry.example", "other")),
        lambda case: case.respond(WITH_SCOPE.replace("team/app", "team/b")),
        lambda case: case.respond(WITH_SCOPE.replace("/token", "/token2")),
        lambda case: case.respond(
            WITH_SCOPE, endpoint=Endpoint("other.example", "https://other.example")
        ),
    ],
    ids=["credential", "service", "scope", "realm", "registry"],
)
def test_a_token_is_good_for_nothing_else(
    case: Case, change: Callable[[Case], Authorization | None]
) -> None:
    assert header(case.respond(WITH_SCOPE)) == "Bearer t1"
    assert header(change(case)) == "Bearer t2"
    assert header(case.respond(WITH_SCOPE)) == "Bearer t1"


def test_another_password_is_another_credential(case: Case) -> None:
    renewed = Credential(origin="a test", username="alice", secret="new")
    assert header(case.respond(WITH_SCOPE, credential=ALICE)) == "Bearer t1"
    assert header(case.respond(WITH_SCOPE, credential=renewed)) == "Bearer t2"


def test_the_next_repository_needs_no_challenge(case: Case) -> None:
    assert case.known() is None
    case.respond(WITH_SCOPE)
    other = case.known(scope="repository:team/b:pull")
    assert header(other) == "Bearer t2"
    assert case.tokens.query()["scope"] == ["repository:team/b:pull"]


def test_another_repository_may_want_another_token_server(case: Case) -> None:
    case.respond(WITH_SCOPE)
    scope = "repository:team/b:pull"
    guessed = case.known(scope=scope)
    assert header(guessed) == "Bearer t2"
    other = f'Bearer realm="https://auth.example/other",service="s",scope="{scope}"'
    assert header(case.respond(other, scope=scope, refused=guessed)) == "Bearer t3"
    assert case.tokens.asked[-1].url.startswith("https://auth.example/other?")


def test_a_refusal_of_a_guess_is_no_refusal(case: Case) -> None:
    case.respond(WITH_SCOPE)
    case.tokens.status = [403]
    assert case.known(scope="repository:team/b:pull") is None
    assert len(case.tokens.asked) == 2


def test_a_scope_of_its_own_is_not_guessed(case: Case) -> None:
    # Gitea: scope="*"
    case.respond(f'{BEARER},scope="*"')
    assert case.tokens.query()["scope"] == ["*"]
    assert case.known() is None


def test_a_kept_token_that_is_refused_is_replaced(case: Case) -> None:
    case.respond(WITH_SCOPE)
    kept = case.known()
    assert kept is not None
    assert not kept.fresh
    assert header(case.respond(WITH_SCOPE, refused=kept)) == "Bearer t2"
    assert header(case.known()) == "Bearer t2"


def test_a_new_token_that_is_refused_is_final(case: Case) -> None:
    authorization = case.respond(WITH_SCOPE)
    assert authorization is not None
    assert case.respond(f'{WITH_SCOPE},error="insufficient_scope"', refused=authorization) is None
    assert len(case.tokens.asked) == 1


def test_basic(case: Case) -> None:
    authorization = case.respond('Basic realm="x"', credential=ALICE)
    assert header(authorization) == "Basic " + base64.b64encode(b"alice:s3cret").decode()
    assert header(case.known(ALICE)) == header(authorization)
    assert case.known(None) is None
    assert case.respond('Basic realm="x"', credential=ALICE, refused=authorization) is None
    assert case.respond('Basic realm="x"', credential=ALICE, refused=case.known(ALICE)) is None
    assert case.tokens.asked == []
    assert case.known(IDENTITY) is None


def test_basic_without_a_password(case: Case) -> None:
    assert case.respond('Basic realm="x"') is None
    assert case.respond('Basic realm="x"', credential=IDENTITY) is None


def test_bearer_comes_before_basic(case: Case) -> None:
    assert header(case.respond(f"Basic realm=x, {WITH_SCOPE}", credential=ALICE)) == "Bearer t1"


def test_other_schemes(case: Case) -> None:
    assert case.respond("Negotiate", 'Digest realm="x"', credential=ALICE) is None
    assert case.respond() is None


def test_an_identity_token_buys_tokens(case: Case) -> None:
    assert header(case.respond(WITH_SCOPE, credential=IDENTITY)) == "Bearer t1"
    sent = case.tokens.asked[0]
    assert (sent.method, sent.url) == ("POST", "https://auth.example/token")
    assert sent.form == {
        "grant_type": "refresh_token",
        "service": "registry.example",
        "client_id": "imagebot",
        "scope": SCOPE,
        "refresh_token": "idt",
    }


@pytest.mark.parametrize("status", [404, 405])
def test_a_token_server_without_oauth2(case: Case, status: int) -> None:
    case.tokens.status = [status]
    assert header(case.respond(WITH_SCOPE, credential=IDENTITY)) == "Bearer t2"
    basic = base64.b64encode(b"<token>:idt").decode()
    assert [sent.method for sent in case.tokens.asked] == ["POST", "GET"]
    assert case.tokens.asked[1].headers == {"Authorization": f"Basic {basic}"}


def test_an_identity_token_that_is_refused(case: Case) -> None:
    case.tokens.status = [401]
    with pytest.raises(RegistryAuthError):
        case.respond(WITH_SCOPE, credential=IDENTITY)
    assert len(case.tokens.asked) == 1


def test_a_registry_token_is_the_token(case: Case) -> None:
    token = Credential(origin="a test", secret="rt", kind="registry-token")
    authorization = case.known(token)
    assert header(authorization) == "Bearer rt"
    assert case.respond(WITH_SCOPE, credential=token, refused=authorization) is None
    assert case.tokens.asked == []


@pytest.mark.parametrize("secret", ["a\nb", "a b", "ä"])
def test_a_registry_token_that_fits_no_header(case: Case, secret: str) -> None:
    with pytest.raises(RegistryAuthError):
        case.known(Credential(origin="a test", secret=secret, kind="registry-token"))


@pytest.mark.parametrize(
    ("status", "body", "error", "reason"),
    [
        (401, b'{"details": "incorrect"}', RegistryAuthError, "auth.example refused access (401)"),
        (403, b'{"errors": [{"code": "DENIED", "message": "denied"}]}', RegistryAuthError,
         "(403, DENIED: denied)"),
        (404, b"", RegistryAuthError, "(404)"),
        (429, b"", RegistryRateLimitError, "asks for a pause"),
        (500, b"", RegistryError, "failed (500)"),
        (302, b"", RegistryProtocolError, "returned 302"),
        (200, b"<html>", RegistryProtocolError, "not JSON"),
        (200, b"{}", RegistryProtocolError, "no usable token"),
    ],
)  # fmt: skip
def test_no_token(
    case: Case, status: int, body: bytes, error: type[RegistryError], reason: str
) -> None:
    case.tokens.status, case.tokens.body = [status], body
    with pytest.raises(error) as caught:
        case.respond(WITH_SCOPE)
    assert reason in str(caught.value)
    assert str(caught.value).startswith(SUBJECT)
    assert type(caught.value) is error


@pytest.mark.parametrize(
    ("credential", "hint"), [(None, "registries: registry.example:"), (ALICE, "from a test")]
)
def test_what_to_do_when_refused(case: Case, credential: Credential | None, hint: str) -> None:
    case.tokens.status = [403]
    with pytest.raises(RegistryAuthError) as caught:
        case.respond(WITH_SCOPE, credential=credential)
    assert hint in caught.value.hint


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_token_server_that_has_gone_is_not_asked_for_ever(case: Case, status: int) -> None:
    """The registry may name another one by now: it is asked without a token."""
    assert header(case.respond(WITH_SCOPE)) == "Bearer t1"
    case.now += 400
    case.tokens.status = [status]
    assert case.known() is None
    assert case.known() is None
    assert len(case.tokens.asked) == 2
    assert header(case.respond(WITH_SCOPE)) == "Bearer t3"
    assert header(case.known()) == "Bearer t3"
