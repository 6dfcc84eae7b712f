"""Registries that stall in the middle of a pass, behind real sockets. Limits are short here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from imagebot.errors import RegistryDeadlineError, RegistryError, RegistryUnreachableError
from imagebot.http.limits import TimeLimits
from imagebot.http.unreachable import CannotConnectError, SilentHostError, SlowHostError
from imagebot.reference import Repository
from imagebot.registry.client import RegistryClient
from imagebot.registry.listing import ask_each
from tests.support.scripted_http import Answer, Request, ScriptedServer, drip

Open = Callable[..., RegistryClient]
Start = Callable[..., ScriptedServer]

SHORT = 0.3
AGES = 600.0
PATIENT = TimeLimits(answer=AGES, page=AGES, repository=AGES, silence=AGES, rate=0)
TAGS = Answer(body={"tags": ["1.0"]})


def dripping(_request: Request) -> Answer:
    return Answer(raw=drip(b"HTTP/1.1 200 OK\r\nX: ", b"x"))


def silent(_request: Request) -> Answer:
    return Answer(hang=True)


def apps(server: ScriptedServer, count: int) -> list[Repository]:
    return [Repository(server.host, f"app{number}") for number in range(count)]


def test_a_silent_host_costs_one_time_out_for_each_worker(
    scripted: ScriptedServer, open_client: Open
) -> None:
    scripted.handler = silent
    client = open_client(workers=4, limits=replace(PATIENT, silence=SHORT))
    found = ask_each(apps(scripted, 40), client.tags)
    assert all(isinstance(error, CannotConnectError) for error in found.values())
    # All for the same reason, so that they are one problem.
    reasons = {error.reason for error in found.values() if isinstance(error, RegistryError)}
    assert len(reasons) == 1
    assert 1 <= len(scripted.requests) <= 4


def test_the_next_pass_asks_a_silent_host_again(
    scripted: ScriptedServer, open_client: Open
) -> None:
    scripted.on("GET", "/v2/app0/tags/list", silent, TAGS)
    client = open_client(limits=replace(PATIENT, silence=SHORT))
    (app,) = apps(scripted, 1)
    first = client.for_pass()
    with pytest.raises(SilentHostError):
        first.tags(app)
    with pytest.raises(CannotConnectError, match="sent nothing"):
        first.tags(app)
    assert client.for_pass().tags(app) == ("1.0",)


def test_a_host_that_is_too_slow_three_times_is_down(
    scripted: ScriptedServer, open_client: Open
) -> None:
    scripted.handler = dripping
    client = open_client(workers=1, limits=replace(PATIENT, page=SHORT))
    found = ask_each(apps(scripted, 10), client.tags, workers=1)
    kinds = [type(error) for error in found.values()]
    assert kinds == [SlowHostError] * 3 + [CannotConnectError] * 7
    assert len(scripted.requests) == 3


def test_one_slow_repository_does_not_make_a_host_down(
    scripted: ScriptedServer, open_client: Open
) -> None:
    def some(request: Request) -> Answer:
        return dripping(request) if "app3/" in request.path else TAGS

    scripted.handler = some
    client = open_client(workers=1, limits=replace(PATIENT, page=SHORT))
    found = ask_each(apps(scripted, 8), client.tags, workers=1)
    failed = [app.path for app, tags in found.items() if isinstance(tags, RegistryError)]
    assert failed == ["app3"]


def test_pages_without_end_have_the_time_of_one_repository(
    scripted: ScriptedServer, open_client: Open
) -> None:
    pages = iter(range(10**9))

    def page(request: Request) -> Answer:
        number = next(pages)
        link = f'</v2/app0/tags/list?last={number}>; rel="next"'
        return Answer(headers={"Link": link}, body={"tags": [f"t{number}"]}, delay=0.05)

    scripted.handler = page
    client = open_client(limits=replace(PATIENT, repository=SHORT))
    (app,) = apps(scripted, 1)
    with pytest.raises(SlowHostError, match=r"took more than 0\.3 s in all"):
        client.tags(app)


def test_a_pause_does_not_last_longer_than_the_repository_may(
    scripted: ScriptedServer, open_client: Open
) -> None:
    scripted.handler = lambda _: Answer(429, {"Retry-After": "30"})
    slept: list[float] = []
    client = open_client(limits=replace(PATIENT, repository=20), sleep=slept.append)
    (app,) = apps(scripted, 1)
    with pytest.raises(RegistryError, match="pause"):
        client.tags(app)
    assert slept == []


def test_a_slow_token_server_is_part_of_the_question(
    scripted: ScriptedServer, start_scripted: Start, open_client: Open
) -> None:
    tokens = start_scripted(dripping)
    challenge = {"WWW-Authenticate": f'Bearer realm="{tokens.url}/token",service="s"'}
    scripted.handler = lambda _: Answer(401, challenge)
    client = open_client(limits=replace(PATIENT, answer=SHORT))
    (app,) = apps(scripted, 1)
    with pytest.raises(SlowHostError, match=f"{tokens.host} took more than") as caught:
        client.tags(app)
    assert caught.value.subject == str(app)


def test_what_a_slow_host_redirects_to_is_part_of_the_question(
    scripted: ScriptedServer, start_scripted: Start, open_client: Open
) -> None:
    storage = start_scripted(silent)
    scripted.handler = lambda _: Answer(307, {"Location": f"{storage.url}/blob"})
    client = open_client(limits=replace(PATIENT, silence=SHORT))
    (app,) = apps(scripted, 1)
    with pytest.raises(SilentHostError, match=storage.host):
        client.tags(app)


@pytest.mark.parametrize("misbehaves", [dripping, silent])
def test_when_the_time_of_the_pass_is_over_the_answers_there_are_stay(
    scripted: ScriptedServer, start_scripted: Start, open_client: Open, misbehaves: Any
) -> None:
    good = start_scripted(lambda _: TAGS)
    scripted.handler = misbehaves
    view = open_client(limits=PATIENT).for_pass(3.0)
    found = ask_each([*apps(scripted, 20), *apps(good, 20)], view.tags)
    for app in apps(good, 20):
        assert found[app] == ("1.0",)
    for app in apps(scripted, 20):
        assert isinstance(found[app], RegistryDeadlineError)
    # And from then on nobody is asked.
    asked = len(good.requests)
    with pytest.raises(RegistryUnreachableError, match="3 s that registries have"):
        view.tags(Repository(good.host, "another"))
    assert len(good.requests) == asked
