"""Redirects and authorization over real sockets; errors as users see them."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest

from imagebot.config.model import RegistryOptions
from imagebot.errors import (
    CredentialError,
    RegistryAuthError,
    RegistryError,
    RegistryProtocolError,
    RegistryRateLimitError,
    RegistryRefusedError,
    RepositoryNotFoundError,
)
from imagebot.http.message import Request as HttpRequest
from imagebot.http.patience import Patience
from imagebot.http.pauses import HeadRoom
from imagebot.http.reach import Reach
from imagebot.reference import Repository
from imagebot.registry.credentials import Credential
from imagebot.registry.session import Session
from tests.registry.conftest import Known
from tests.support.here import HERE
from tests.support.scripted_http import Answer, Request, ScriptedServer

Start = Callable[..., ScriptedServer]
OpenSession = Callable[..., Session]
ALICE = Credential(origin="a test", username="alice", secret="s3cret")
BASIC = "Basic " + base64.b64encode(b"alice:s3cret").decode()
CHALLENGE = {"WWW-Authenticate": 'Basic realm="x"'}
PATH = "/v2/app/tags/list"


@pytest.fixture
def open_session() -> Iterator[OpenSession]:
    with ExitStack() as stack:

        def open_one(known: Mapping[str, Credential] | None = None, **options: Any) -> Session:
            credentials = options.pop("credentials", None) or Known(dict(known or {}))
            given = {"workers": 4, "sleep": lambda _: None, "options": (), **options}
            reach = given.pop("reach", HERE)
            session = Session(credentials, **given)
            stack.callback(session.close)
            stack.enter_context(session.asking(Patience().open_question(), reach))
            return session

        yield open_one


def ask(session: Session, server: ScriptedServer, path: str = "tags/list") -> bytes:
    return session.request(Repository(server.host, "app"), path, limit=1000).body


def guarded(request: Request) -> Answer:
    if request.authorization == BASIC:
        return Answer(body="let in")
    return Answer(401, CHALLENGE)


def test_credentials_are_sent_when_they_are_asked_for(
    scripted: ScriptedServer, open_session: OpenSession
) -> None:
    scripted.on("GET", PATH, guarded)
    session = open_session({scripted.host: ALICE})
    assert ask(session, scripted) == b"let in"
    assert [r.authorization for r in scripted.requests] == [None, BASIC]
    # From then on without being asked.
    assert ask(session, scripted) == b"let in"
    assert [r.authorization for r in scripted.requests] == [None, BASIC, BASIC]


def test_credentials_that_are_not_asked_for_stay_here(
    scripted: ScriptedServer, open_session: OpenSession
) -> None:
    scripted.on("GET", PATH, Answer(body="public"))
    assert ask(open_session({scripted.host: ALICE}), scripted) == b"public"
    assert scripted.requests[0].authorization is None


def test_a_redirect_on_the_same_origin_keeps_the_credential(
    scripted: ScriptedServer, open_session: OpenSession
) -> None:
    scripted.on("GET", PATH, guarded, Answer(307, {"Location": "/moved"}))
    scripted.on("GET", "/moved", guarded)
    session = open_session({scripted.host: ALICE})
    assert ask(session, scripted) == b"let in"
    assert scripted.asked("GET", "/moved")[0].authorization == BASIC


def test_a_redirect_to_another_origin_never_sees_the_credential(
    scripted: ScriptedServer, start_scripted: Start, open_session: OpenSession
) -> None:
    """Another port is another origin: as for blobs in object storage."""
    storage = start_scripted(lambda request: Answer(body="a blob"))
    scripted.on("GET", PATH, guarded)

    def send_on(request: Request) -> Answer:
        answer = guarded(request)
        if answer.status == 200:
            return Answer(307, {"Location": f"{storage.url}/blob?signature=abc"})
        return answer

    scripted.on("GET", PATH, send_on)
    assert ask(open_session({scripted.host: ALICE}), scripted) == b"a blob"
    assert storage.requests[0].authorization is None
    assert storage.requests[0].query == "signature=abc"


def test_another_origin_that_asks_for_credentials_gets_none(
    scripted: ScriptedServer, start_scripted: Start, open_session: OpenSession
) -> None:
    """CVE-2020-15157 of containerd: a foreign 401 made it send the registry's credential."""
    evil = start_scripted(guarded)
    scripted.on("GET", PATH, Answer(302, {"Location": f"{evil.url}/steal"}))
    session = open_session({scripted.host: ALICE, evil.host: ALICE})
    with pytest.raises(RegistryAuthError):
        ask(session, scripted)
    assert [request.authorization for request in evil.requests] == [None]


def test_back_from_another_origin(
    scripted: ScriptedServer, start_scripted: Start, open_session: OpenSession
) -> None:
    other = start_scripted(lambda request: Answer(302, {"Location": f"{scripted.url}/end"}))
    scripted.on("GET", PATH, Answer(302, {"Location": f"{other.url}/hop"}))
    scripted.on("GET", "/end", guarded)
    assert ask(open_session({scripted.host: ALICE}), scripted) == b"let in"
    assert [request.authorization for request in other.requests] == [None, None]


def test_redirects_end(scripted: ScriptedServer, open_session: OpenSession) -> None:
    scripted.on("GET", PATH, Answer(302, {"Location": PATH}))
    with pytest.raises(RegistryProtocolError, match="more than 5 redirects"):
        ask(open_session(), scripted)
    assert len(scripted.requests) == 6


ELSEWHERE = [
    ("http://{other}/blob", "is this machine"),
    ("http://localhost:{port}/blob", "this machine"),
    ("http://2130706433:{port}/blob", "this machine"),
    ("http://10.0.0.1/blob", "private"),
    ("http://169.254.169.254/latest/meta-data", "link-local"),
    ("http://[fd00:ec2::254]/latest/meta-data", "metadata"),
    ("file:///etc/passwd", "http(s)"),
    ("http://u:p@127.0.0.1/", "user name"),
]


@pytest.mark.parametrize(("location", "reason"), ELSEWHERE)
def test_redirects_that_are_not_followed(
    scripted: ScriptedServer,
    start_scripted: Start,
    open_session: OpenSession,
    location: str,
    reason: str,
) -> None:
    """Only the registry itself was named."""
    other = start_scripted()
    location = location.format(other=other.host, port=other.host.partition(":")[2])
    scripted.on("GET", PATH, Answer(302, {"Location": location + "?signature=canary"}))
    session = open_session(reach=Reach(places=frozenset({scripted.host})))
    with pytest.raises(RegistryError) as caught:
        ask(session, scripted)
    assert reason in str(caught.value)
    assert "canary" not in f"{caught.value} {caught.value.hint}"
    assert other.requests == []


@pytest.mark.parametrize(("realm", "reason"), ELSEWHERE)
def test_token_servers_that_are_not_asked(
    scripted: ScriptedServer,
    start_scripted: Start,
    open_session: OpenSession,
    realm: str,
    reason: str,
) -> None:
    other = start_scripted()
    realm = realm.format(other=other.host, port=other.host.partition(":")[2])
    challenge = {"WWW-Authenticate": f'Bearer realm="{realm}",service="s"'}
    scripted.on("GET", PATH, Answer(401, challenge))
    session = open_session({scripted.host: ALICE}, reach=Reach(places=frozenset({scripted.host})))
    with pytest.raises(RegistryError) as caught:
        ask(session, scripted)
    assert reason in str(caught.value)
    assert other.requests == []


def test_ones_own_registry_sends_nobody_nearer_than_it_is(
    scripted: ScriptedServer, start_scripted: Start, open_session: OpenSession
) -> None:
    """On this machine, it may name a token server here; metadata servers are never asked."""
    tokens = start_scripted()
    tokens.on("GET", "/token", Answer(body={"token": "t0ken"}))

    def answer(request: Request) -> Answer:
        if request.headers.get("Authorization") == "Bearer t0ken":
            return Answer(302, {"Location": "http://169.254.169.254/latest"})
        return Answer(401, {"WWW-Authenticate": f'Bearer realm="{tokens.url}/token"'})

    scripted.handler = answer
    session = open_session(reach=Reach(own=True))
    with pytest.raises(RegistryRefusedError, match="no registry is asked"):
        ask(session, scripted)
    assert len(tokens.requests) == 1


def test_ones_own_registry_elsewhere_sends_nobody_here(
    scripted: ScriptedServer, open_session: OpenSession
) -> None:
    """It is not known where the registry is, so it is taken for a public one."""
    session = open_session(reach=Reach(own=True))
    request = HttpRequest(subject="r/app", url=scripted.url, registry="https://registry.example")
    with pytest.raises(RegistryRefusedError, match="nearer than the registry that names it"):
        session.send(request)
    assert scripted.requests == []


@pytest.mark.parametrize("location", ["http://[::1/", "http://a b/", "http://r:99999/", "\x7f"])
def test_redirects_to_no_address(
    scripted: ScriptedServer, open_session: OpenSession, location: str
) -> None:
    scripted.on("GET", PATH, Answer(302, {"Location": location}))
    with pytest.raises(RegistryError):
        ask(open_session(), scripted)


def test_https_is_never_left(
    start_scripted: Start, scripted: ScriptedServer, open_session: OpenSession, tmp_path: Any
) -> None:
    secure = start_scripted(tls=tmp_path / "tls")
    secure.on("GET", PATH, Answer(302, {"Location": f"{scripted.url}/plain"}))
    options = [RegistryOptions(host=secure.host, ca_file=str(secure.ca_file))]
    with pytest.raises(RegistryProtocolError, match="plain http"):
        ask(open_session(options=options), secure)
    assert scripted.requests == []


def test_a_redirect_without_location(scripted: ScriptedServer, open_session: OpenSession) -> None:
    scripted.on("GET", PATH, Answer(304))
    with pytest.raises(RegistryProtocolError, match="304"):
        ask(open_session(), scripted)


def test_a_mirror_gets_its_own_credential_only(
    scripted: ScriptedServer, open_session: OpenSession
) -> None:
    scripted.on("GET", "/v2/hub/library/nginx/tags/list", guarded)
    options = [RegistryOptions(host="docker.io", mirror=f"{scripted.host}/hub")]
    nginx = Repository("docker.io", "library/nginx")
    with pytest.raises(RegistryAuthError, match=r"docker\.io/library/nginx"):
        open_session({"docker.io": ALICE}, options=options).request(nginx, "tags/list", limit=1000)
    assert {request.authorization for request in scripted.requests} == {None}
    session = open_session({scripted.host: ALICE}, options=options)
    assert session.request(nginx, "tags/list", limit=1000).body == b"let in"


def test_a_kept_token_that_has_ended_is_replaced_once(
    scripted: ScriptedServer, open_session: OpenSession
) -> None:
    tokens = iter(["first", "second", "third"])
    scripted.on("GET", "/token", lambda _: Answer(body={"token": next(tokens)}))
    good = {"Bearer first"}

    def guard(request: Request) -> Answer:
        if request.authorization in good:
            return Answer(body="in")
        realm = f'Bearer realm="{scripted.url}/token",service="s"'
        return Answer(401, {"WWW-Authenticate": realm})

    scripted.on("GET", PATH, guard)
    session = open_session()
    assert ask(session, scripted) == b"in"
    good.add("Bearer second")
    good.remove("Bearer first")
    assert ask(session, scripted) == b"in"
    good.clear()
    with pytest.raises(RegistryAuthError):
        ask(session, scripted)
    # first refused anew, second refused, third refused: and then it is enough
    assert len(scripted.asked("GET", "/token")) == 3


def errors(code: str, message: str = "said so") -> dict[str, Any]:
    return {"errors": [{"code": code, "message": message}]}


@pytest.mark.parametrize(
    ("answer", "error", "reason", "codes"),
    [
        (Answer(401, body=errors("UNAUTHORIZED")), RegistryAuthError,
         "refused access (401, UNAUTHORIZED: said so)", ("UNAUTHORIZED",)),
        (Answer(403, body=errors("DENIED")), RegistryAuthError, "refused access (403", ("DENIED",)),
        (Answer(404, body=errors("NAME_UNKNOWN")), RepositoryNotFoundError, "does not have it",
         ("NAME_UNKNOWN",)),
        (Answer(404, body=errors("MANIFEST_UNKNOWN")), RepositoryNotFoundError,
         "does not have the image", ("MANIFEST_UNKNOWN",)),
        (Answer(404, body="<html>"), RepositoryNotFoundError, "does not have it (404)", ()),
        (Answer(400, body=errors("NAME_INVALID")), RegistryProtocolError, "returned 400, NAME",
         ("NAME_INVALID",)),
        (Answer(400, body=errors("NAME_UNKNOWN")), RepositoryNotFoundError, "400",
         ("NAME_UNKNOWN",)),
        (Answer(405, body=errors("UNSUPPORTED")), RegistryProtocolError, "405", ("UNSUPPORTED",)),
        (Answer(500, body="{}"), RegistryError, "failed (500)", ()),
        (Answer(503, body="<html>"), RegistryError, "failed (503)", ()),
        (Answer(429, {"Retry-After": "0"}, errors("TOOMANYREQUESTS")), RegistryRateLimitError,
         "pause (429", ("TOOMANYREQUESTS",)),
    ],
)  # fmt: skip
def test_failures(
    scripted: ScriptedServer,
    open_session: OpenSession,
    answer: Answer,
    error: type[RegistryError],
    reason: str,
    codes: tuple[str, ...],
) -> None:
    scripted.on("GET", PATH, answer)
    with pytest.raises(error) as caught:
        ask(open_session(), scripted)
    assert type(caught.value) is error
    assert reason in str(caught.value)
    assert (caught.value.status, caught.value.codes) == (answer.status, codes)
    assert caught.value.subject == f"{scripted.host}/app"


def test_a_limit_says_for_how_long(scripted: ScriptedServer, open_session: OpenSession) -> None:
    scripted.on("GET", PATH, Answer(429, {"Retry-After": "3600"}))
    with pytest.raises(RegistryRateLimitError) as caught:
        ask(open_session(), scripted)
    assert caught.value.retry_after == 3600


def test_what_a_registry_says_cannot_move_the_cursor(
    scripted: ScriptedServer, open_session: OpenSession
) -> None:
    scripted.on("GET", PATH, Answer(403, body=errors("DENIED", "\x1b[2J\r\nError: pay here")))
    with pytest.raises(RegistryAuthError) as caught:
        ask(open_session(), scripted)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("credential", "hint"),
    [(None, "registries: {host}:"), (ALICE, "renew the credential from a test")],
)
def test_what_to_do_about_a_refusal(
    scripted: ScriptedServer, open_session: OpenSession, credential: Credential | None, hint: str
) -> None:
    scripted.on("GET", PATH, Answer(401, CHALLENGE))
    session = open_session({scripted.host: credential} if credential else {})
    with pytest.raises(RegistryAuthError) as caught:
        ask(session, scripted)
    assert hint.format(host=scripted.host) in caught.value.hint


def test_what_to_do_about_docker_hub(scripted: ScriptedServer, open_session: OpenSession) -> None:
    """It answers 401 for what does not exist. The name is Hub's, the address this server's."""
    from imagebot.http.endpoint import Endpoint
    from imagebot.http.message import Request

    scripted.on("GET", PATH, Answer(401))
    ask_hub = Request(subject="docker.io/library/app", url=scripted.url + PATH)
    with pytest.raises(RegistryAuthError) as caught:
        open_session().send_authorized(
            ask_hub, Endpoint("docker.io", scripted.url), "library/app", "s"
        )
    assert "do not exist" in caught.value.hint


def test_a_credential_that_cannot_be_read(
    scripted: ScriptedServer, open_session: OpenSession
) -> None:
    class Broken:
        def lookup(self, registry: str, path: str) -> Credential | None:
            raise CredentialError("no such file", hint="make it")

    with pytest.raises(RegistryAuthError, match="no such file") as caught:
        ask(open_session(credentials=Broken()), scripted)
    assert caught.value.hint == "make it"
    assert scripted.requests == []


def test_the_rate_given_for_a_host(scripted: ScriptedServer, open_session: OpenSession) -> None:
    scripted.on("GET", PATH, Answer(body="ok"))
    slept: list[float] = []
    options = [RegistryOptions(host=scripted.host, requests_per_second=1.0)]
    session = open_session(options=options, sleep=slept.append, clock=lambda: 100.0)
    for _ in range(6):
        ask(session, scripted)
    assert slept == [1.0, 2.0]


def test_the_pause_in_the_text_of_ghcr(scripted: ScriptedServer, open_session: OpenSession) -> None:
    text = "retry-after: 1.5s, allowed: 44000/minute"
    errors = {"errors": [{"code": "TOOMANYREQUESTS", "message": text}]}
    scripted.on("GET", PATH, Answer(429, body=errors), Answer(body="ok"))
    slept: list[float] = []
    assert ask(open_session(sleep=slept.append, clock=lambda: 100.0), scripted) == b"ok"
    assert slept == [1.5]


def test_what_a_registry_says_is_left(scripted: ScriptedServer, open_session: OpenSession) -> None:
    headers = {
        "ratelimit-limit": "100;w=21600",
        "ratelimit-remaining": "98;w=21600",
        "docker-ratelimit-source": "192.0.2.1",
    }
    scripted.on("GET", PATH, Answer(headers=headers, body="ok"))
    session = open_session()
    ask(session, scripted)
    ((host, room),) = session.head_room().items()
    assert (host, replace(room, seen=0.0)) == (scripted.host, HeadRoom(98, 100, 21600))
