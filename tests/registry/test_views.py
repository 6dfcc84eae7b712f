"""What somebody who may reach more learns stays with those who may reach it, too."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack

import pytest

from imagebot.errors import (
    RegistryRateLimitError,
    RegistryRefusedError,
    RegistryUnreachableError,
)
from imagebot.http import backend
from imagebot.http.connect import connect
from imagebot.http.exchange import Exchange
from imagebot.http.reach import Reach
from imagebot.http.resolve import Address
from imagebot.reference import Repository
from imagebot.registry.client import RegistryClient
from imagebot.registry.memo import Memo
from tests.registry.conftest import Known
from tests.support.here import HERE
from tests.support.scripted_http import Answer, Request, ScriptedServer

Start = Callable[..., ScriptedServer]
Views = Callable[..., tuple[RegistryClient, RegistryClient]]


@pytest.fixture
def views() -> Iterator[Views]:
    """The view of a pass that reaches some places, and one that reaches this machine, too."""
    with ExitStack() as stack:

        def open_both(*places: str) -> tuple[RegistryClient, RegistryClient]:
            client = stack.enter_context(RegistryClient(Known({}), sleep=lambda _: None))
            common = client.for_pass(reach=Reach(frozenset(places)))
            return common, common.reaching(HERE)

        yield open_both


def test_that_a_host_is_down(views: Views) -> None:
    common, own = views()
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        app = Repository(f"127.0.0.1:{nobody.getsockname()[1]}", "app")
        with pytest.raises(RegistryUnreachableError):
            own.tags(app)
        with pytest.raises(RegistryRefusedError):
            common.tags(app)


def test_that_a_host_asks_for_a_pause(views: Views, scripted: ScriptedServer) -> None:
    common, own = views()
    app = Repository(scripted.host, "app")
    scripted.handler = lambda _: Answer(429, {"Retry-After": "600"})
    for _ in range(2):
        with pytest.raises(RegistryRateLimitError):
            own.tags(app)
    with pytest.raises(RegistryRefusedError):
        common.tags(app)
    assert len(scripted.requests) == 1


def test_a_token_of_a_server_that_others_may_not_ask(
    views: Views, scripted: ScriptedServer, start_scripted: Start
) -> None:
    tokens = start_scripted(lambda _: Answer(body={"token": "t0ken"}))

    def answer(request: Request) -> Answer:
        if request.authorization == "Bearer t0ken":
            return Answer(body={"tags": ["1"]})
        return Answer(401, {"WWW-Authenticate": f'Bearer realm="{tokens.url}/token"'})

    scripted.handler = answer
    common, own = views(scripted.host)
    app = Repository(scripted.host, "app")
    for _ in range(2):
        assert own.tags(app) == ("1",)
        with pytest.raises(RegistryRefusedError):
            common.tags(app)
    assert len(tokens.requests) == 1


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses connected to."""
    made: list[str] = []

    def noting(addresses: Iterable[Address], exchange: Exchange) -> socket.socket:
        listed = list(addresses)
        made.extend(each.ip for each in listed)
        return connect(listed, exchange)

    monkeypatch.setattr(backend, "connect", noting)
    return made


@pytest.fixture
def lookups(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names looked up; all are this machine."""
    made: list[str] = []

    def look_up(host: str, port: int, **_: object) -> list[object]:
        made.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return made


def test_a_target_keeps_its_connections(
    views: Views, scripted: ScriptedServer, connections: list[str], lookups: list[str]
) -> None:
    """What all may ask is asked as they do first; not for every question about a host anew."""
    scripted.handler = lambda _: Answer(body={"tags": ["1"]})
    common, own = views()
    target = Memo(common).for_pass().reaching(HERE, own)
    host = f"a.localhost:{scripted.host.partition(':')[2]}"
    for number in range(20):
        assert target.tags(Repository(host, f"app{number}")) == ("1",)
    assert (len(scripted.requests), len(connections)) == (20, 1)
    assert len(lookups) == 2
