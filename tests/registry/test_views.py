"""What somebody who may reach more learns stays with those who may reach it, too."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from imagebot.errors import (
    RegistryRateLimitError,
    RegistryRefusedError,
    RegistryUnreachableError,
)
from imagebot.http.reach import Reach
from imagebot.reference import Repository
from imagebot.registry.client import RegistryClient
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
