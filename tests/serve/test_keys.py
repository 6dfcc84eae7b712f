"""The keys of issuers, asked for at a real socket."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from imagebot.errors import RegistryUnreachableError
from imagebot.http.message import Request, Response
from imagebot.http.transport import Transport
from imagebot.http.zone import NetworkZone
from imagebot.serve.hooks.jwks import Keys
from imagebot.serve.hooks.model import Heard, Refused
from imagebot.serve.hooks.oidc import key_id
from imagebot.serve.hooks.proof import bearer_token
from imagebot.serve.hooks.receive import receive
from imagebot.serve.keys import FRESH, PAUSE, STALE, IssuerKeys
from tests.serve.hooks.deliveries import images
from tests.serve.hooks.issuer import NOW, claims, delivery, jwk, jwks, key, oidc_hook, token
from tests.support.scripted_http import Answer, ScriptedServer

DISCOVERY = "/.well-known/openid-configuration"


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def transport() -> Iterator[Transport]:
    with closing(Transport()) as made:
        yield made


@pytest.fixture
def keys(transport: Transport, clock: Clock) -> IssuerKeys:
    return IssuerKeys(transport.send, clock=clock)


@pytest.fixture
def issuer(scripted: ScriptedServer) -> ScriptedServer:
    """One that has the key `main`."""
    publish(scripted, "main")
    return scripted


def publish(server: ScriptedServer, *kids: str) -> None:
    document = {"issuer": server.url, "jwks_uri": f"{server.url}/keys"}
    server.on("GET", DISCOVERY, Answer(body=document))
    server.on("GET", "/keys", Answer(body=jwks(*(jwk(key(kid), kid) for kid in kids))))


def found(given: Keys | Refused) -> set[str]:
    assert not isinstance(given, Refused), given.reason
    return set(given)


def why(given: Keys | Refused) -> str:
    assert isinstance(given, Refused)
    assert given.status == 503
    return given.reason


def test_keys_are_asked_for_once_an_hour(
    issuer: ScriptedServer, keys: IssuerKeys, clock: Clock
) -> None:
    for _ in range(3):
        assert found(keys.find(issuer.url, "main")) == {"main"}
        clock.now += FRESH / 3 - 1
    assert [request.path for request in issuer.requests] == [DISCOVERY, "/keys"]
    clock.now += 3
    assert found(keys.find(issuer.url, "main")) == {"main"}
    assert len(issuer.requests) == 4


def test_an_unknown_key_is_asked_for_once_a_minute(
    issuer: ScriptedServer, keys: IssuerKeys, clock: Clock
) -> None:
    assert found(keys.find(issuer.url, "main")) == {"main"}
    publish(issuer, "main", "new")
    for _ in range(5):
        assert found(keys.find(issuer.url, "new")) == {"main"}
    assert len(issuer.asked("GET", "/keys")) == 1
    clock.now += PAUSE
    assert found(keys.find(issuer.url, "new")) == {"main", "new"}
    for _ in range(5):
        clock.now += PAUSE / 2
        keys.find(issuer.url, "nobody's")
    assert len(issuer.asked("GET", "/keys")) == 4


def test_a_key_that_is_gone_is_forgotten(
    issuer: ScriptedServer, keys: IssuerKeys, clock: Clock
) -> None:
    publish(issuer, "main", "stolen")
    assert found(keys.find(issuer.url, "stolen")) == {"main", "stolen"}
    publish(issuer, "main")
    clock.now += FRESH
    assert found(keys.find(issuer.url, "stolen")) == {"main"}


def test_old_keys_are_used_for_a_day_while_the_issuer_fails(
    issuer: ScriptedServer, keys: IssuerKeys, clock: Clock
) -> None:
    assert found(keys.find(issuer.url, "main")) == {"main"}
    issuer.on("GET", DISCOVERY, Answer(500))
    for _ in range(3):
        clock.now += FRESH
        assert found(keys.find(issuer.url, "main")) == {"main"}
        assert found(keys.find(issuer.url, "main")) == {"main"}
    assert len(issuer.asked("GET", DISCOVERY)) == 4
    clock.now += STALE
    assert "answered 500" in why(keys.find(issuer.url, "main"))
    clock.now += PAUSE
    publish(issuer, "main")
    assert found(keys.find(issuer.url, "main")) == {"main"}


def test_a_failure_is_remembered_for_a_minute(
    scripted: ScriptedServer, keys: IssuerKeys, clock: Clock
) -> None:
    for _ in range(3):
        assert "answered 404" in why(keys.find(scripted.url, "main"))
    assert len(scripted.requests) == 1
    publish(scripted, "main")
    clock.now += PAUSE
    assert found(keys.find(scripted.url, "main")) == {"main"}


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (Answer(body="<html>"), "its discovery document is not JSON"),
        (Answer(body="[" * 60_000), "its discovery document is not JSON"),
        (Answer(body=[]), "its discovery document is that of nobody"),
        (Answer(body={"jwks_uri": "URL/keys"}), "its discovery document is that of nobody"),
        (
            Answer(body={"issuer": "https://evil.example.com", "jwks_uri": "URL/keys"}),
            "its discovery document is that of https://evil.example.com",
        ),
        (Answer(body={"issuer": "URL/", "jwks_uri": "URL/keys"}), "is that of http://127"),
        (Answer(body={"issuer": "URL"}), "it is not an http(s) address"),
        (Answer(body={"issuer": "URL", "jwks_uri": 7}), "it is not an http(s) address"),
        (Answer(body={"issuer": "URL", "jwks_uri": "file:///etc/passwd"}), "not an http(s)"),
        (Answer(body={"issuer": "URL", "jwks_uri": "http://u:p@127.0.0.1/"}), "a user name in it"),
        (Answer(body={"issuer": "URL", "jwks_uri": "http://127.0.0.1:1/keys"}), "not https"),
        (Answer(body={"issuer": "URL", "jwks_uri": "http://example.com/keys"}), "not https"),
        (Answer(body={"issuer": "URL", "jwks_uri": "https://127.0.0.1:1/keys"}), "this machine"),
        (Answer(body={"issuer": "URL", "jwks_uri": "https://10.0.0.1/keys"}), "private address"),
        (Answer(body={"issuer": "URL", "jwks_uri": "https://169.254.169.254/"}), "metadata"),
        (Answer(body={"issuer": "URL", "jwks_uri": "https://[::1/keys"}), "not a valid address"),
        (Answer(body={"issuer": "URL", "jwks_uri": "URL/none"}), "answered 404"),
        (Answer(302, {"Location": "/elsewhere"}), "answered 302"),
        (Answer(body=b"x" * 100_000), "larger than 65536 bytes"),
        (Answer(drop=True), "127.0.0.1"),
    ],
    ids=range(20),
)
def test_what_an_issuer_may_not_say(
    scripted: ScriptedServer, keys: IssuerKeys, document: Answer, reason: str
) -> None:
    body = document.body
    if isinstance(body, dict):
        text = json.dumps(body).replace("URL", scripted.url)
        document = Answer(body=text)
    scripted.on("GET", DISCOVERY, document)
    assert reason in why(keys.find(scripted.url, "main"))


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(body=b"{}"), "its keys cannot be read: it has no list of keys"),
        (Answer(body=b"x"), "its keys cannot be read"),
        (Answer(body=jwks()), "it has no key of a kind that is accepted"),
        (Answer(body=jwks({"kty": "oct", "k": "eA", "kid": "main"})), "no key of a kind"),
        (Answer(body=b" " * 100_000), "larger than 65536 bytes"),
        (Answer(body=jwks(jwk(key("main"), "main")), cut_at=20), ""),
    ],
    ids=range(6),
)
def test_what_keys_may_not_be(
    issuer: ScriptedServer, keys: IssuerKeys, answer: Answer, reason: str
) -> None:
    issuer.on("GET", "/keys", answer)
    assert reason in why(keys.find(issuer.url, "main"))


@pytest.mark.parametrize(
    ("issuer_url", "jwks_uri", "zones"),
    [
        ("https://ci.example.com", "https://ci.example.com/keys", ["PRIVATE", "PRIVATE"]),
        ("https://ci.example.com", "https://keys.example.net/keys", ["PRIVATE", "PUBLIC"]),
        ("https://ci.example.com", "https://ci.example.com:8443/keys", ["PRIVATE", "PUBLIC"]),
        ("https://ci.example.com/a/", "https://ci.example.com/keys", ["PRIVATE", "PRIVATE"]),
        ("https://localhost", "https://localhost/keys", ["LOOPBACK", "LOOPBACK"]),
        ("https://ci.example.com", "http://ci.example.com/keys", ["PRIVATE"]),
    ],
)
def test_how_near_the_addresses_may_be(
    clock: Clock, issuer_url: str, jwks_uri: str, zones: list[str]
) -> None:
    """The issuer is named by the operator; another host by the issuer alone."""
    asked: list[Request] = []

    def send(request: Request, *, within: float) -> Response:
        asked.append(request)
        document = json.dumps({"issuer": issuer_url, "jwks_uri": jwks_uri}).encode()
        first = request.url.endswith(DISCOVERY)
        assert "//" not in request.url.removeprefix("https://")
        return Response(request.url, 200, (), document if first else jwks(jwk(key("m"), "m")))

    given = IssuerKeys(send, clock=clock).find(issuer_url, "m")
    assert [each.reaches for each in asked] == [NetworkZone[zone] for zone in zones]
    assert isinstance(given, Refused) == (len(zones) == 1)


def test_many_threads_ask_once(
    issuer: ScriptedServer, keys: IssuerKeys, wait_until: Callable[[Callable[[], bool]], None]
) -> None:
    """They wait for the one that asks, and then have what it got."""
    go = threading.Event()
    document = {"issuer": issuer.url, "jwks_uri": f"{issuer.url}/keys"}

    def answer(_request: object) -> Answer:
        go.wait(60)
        return Answer(body=document)

    issuer.on("GET", DISCOVERY, answer)
    with ThreadPoolExecutor(16) as pool:
        asking = [pool.submit(keys.find, issuer.url, "main") for _ in range(16)]
        wait_until(lambda: len(issuer.requests) == 1)
        go.set()
        assert [found(each.result(60)) for each in asking] == [{"main"}] * 16
    assert len(issuer.requests) == 2


def test_a_stalled_issuer_stops_neither_another_nor_its_known_keys(
    issuer: ScriptedServer,
    start_scripted: Callable[..., ScriptedServer],
    keys: IssuerKeys,
    clock: Clock,
    wait_until: Callable[[Callable[[], bool]], None],
) -> None:
    assert found(keys.find(issuer.url, "main")) == {"main"}
    clock.now += PAUSE
    go = threading.Event()

    def answer(_request: object) -> Answer:
        go.wait(60)
        return Answer(503)

    issuer.on("GET", DISCOVERY, answer)
    other = start_scripted()
    publish(other, "other")
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(keys.find, issuer.url, "new")
        wait_until(lambda: len(issuer.asked("GET", DISCOVERY)) == 2)
        assert found(keys.find(issuer.url, "main")) == {"main"}
        assert found(keys.find(other.url, "other")) == {"other"}
        assert not asking.done()
        go.set()
        assert found(asking.result(60)) == {"main"}


def test_an_issuer_that_cannot_be_reached(clock: Clock) -> None:
    def send(request: Request, *, within: float) -> Response:
        assert within <= 10
        raise RegistryUnreachableError(request.subject, "did not answer")

    refused = IssuerKeys(send, clock=clock).find("https://ci.example.com", "main")
    assert why(refused) == (
        "the keys of https://ci.example.com cannot be had: ci.example.com: did not answer"
    )


def test_a_job_s_delivery_from_token_to_image(issuer: ScriptedServer, keys: IssuerKeys) -> None:
    """As the listener does it: which key, the issuer's keys, and what is announced."""
    hook = oidc_hook(issuer=issuer.url)

    def hear(made: str) -> Heard | Refused:
        given = delivery(made)
        wanted = key_id(bearer_token(given), hook)
        if isinstance(wanted, Refused):
            return wanted
        known = keys.find(hook.issuer, wanted)
        return (
            known if isinstance(known, Refused) else receive(hook, given, "", now=NOW, keys=known)
        )

    assert images(hear(token(claims(iss=issuer.url)))) == ["ghcr.io/acme/app:1.2"]
    refused = (
        token(),
        token(claims(iss=issuer.url, aud="another")),
        token(claims(iss=issuer.url, repository="evil/app")),
        token(claims(iss=issuer.url, exp=NOW - 61)),
        token(claims(iss=issuer.url, nbf=NOW + 61)),
        token(claims(iss=issuer.url), private=key("stranger")),
        token(claims(iss=issuer.url), kid="unknown"),
    )
    for made in refused:
        heard = hear(made)
        assert isinstance(heard, Refused)
        assert heard.status == 401
    assert len(issuer.requests) == 2
