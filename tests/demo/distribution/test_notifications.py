"""Pushes to the sandbox's registry are announced as distribution announces them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from imagebot.config.model_serve import Hook
from imagebot.config.secret_source import SecretSource
from imagebot.demo.build import push_image
from imagebot.demo.distribution.notifications import Endpoint, Notifications
from imagebot.demo.registry import DemoRegistry
from imagebot.errors import RegistryProtocolError, RegistryUnreachableError
from imagebot.serve.hooks.model import Delivery, Heard
from imagebot.serve.hooks.receive import receive
from tests.support.pusher import Pusher
from tests.support.registry import registry as docker_registry
from tests.support.scripted_http import Answer, Request, ScriptedServer

Wait = Callable[[Callable[[], bool]], None]
CREATED = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
SECRET = "secret-of-the-hook"
HOOK = Hook(name="registry", type="distribution", secret=SecretSource("env", "HOOK_SECRET"))


@pytest.fixture
def listener(scripted: ScriptedServer) -> ScriptedServer:
    scripted.on("POST", "/hooks/registry", Answer(202))
    return scripted


def endpoint(listener: ScriptedServer) -> Endpoint:
    return Endpoint(f"{listener.url}/hooks/registry", SECRET)


def heard(request: Request) -> list[str]:
    """What the daemon's hook makes of a request; it must accept it."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    found = receive(HOOK, Delivery(headers=headers, body=request.body), SECRET, now=0.0)
    assert isinstance(found, Heard)
    assert found.id
    return [f"{each.repository}:{each.tag}" for each in found.images]


def events_of_tags(listener: ScriptedServer) -> list[tuple[Request, dict[str, Any]]]:
    """docker-registry announces layers, too."""
    every = [
        (request, event) for request in listener.requests for event in request.json()["events"]
    ]
    return [(request, event) for request, event in every if "tag" in event["target"]]


def test_a_push_is_announced(
    demo: DemoRegistry, listener: ScriptedServer, wait_until: Wait
) -> None:
    with demo.announcing(endpoint(listener)) as notifications:
        reference = push_image(demo.host, "team/app", "1.0.0", created=CREATED)
        wait_until(lambda: bool(notifications.sent))
    (request,) = listener.requests
    assert heard(request) == [reference] == [f"{demo.host}/team/app:1.0.0"]
    assert notifications.sent == request.body


def test_it_is_what_docker_registry_sends(
    demo: DemoRegistry,
    client: httpx.Client,
    listener: ScriptedServer,
    tmp_path: Path,
    wait_until: Wait,
) -> None:
    """Of the same image; less of who has pushed."""
    url, headers = endpoint(listener).url, {"Authorization": f"Bearer {SECRET}"}
    with docker_registry(tmp_path, notify=url, notify_headers=headers) as real:
        real.push_image("team/app", "1.0.0")
        wait_until(lambda: bool(events_of_tags(listener)))
    ((their_request, theirs),) = events_of_tags(listener)
    listener.requests.clear()
    with demo.announcing(endpoint(listener)):
        Pusher(client, Path("/nowhere"), None).push_image("team/app", "1.0.0")
        wait_until(lambda: bool(events_of_tags(listener)))
    ((our_request, ours),) = events_of_tags(listener)
    for header in ("Content-Type", "Authorization"):
        assert our_request.headers[header] == their_request.headers[header]
    assert ours.keys() <= theirs.keys()
    for part in ("target", "request", "source"):
        assert ours[part].keys() <= theirs[part].keys()
    for name in ("mediaType", "digest", "size", "repository", "tag"):
        assert ours["target"][name] == theirs["target"][name]
    assert (ours["action"], ours["request"]["method"]) == ("push", "PUT")
    assert (theirs["action"], theirs["request"]["method"]) == ("push", "PUT")


def test_what_is_not_announced(
    demo: DemoRegistry, client: httpx.Client, listener: ScriptedServer, wait_until: Wait
) -> None:
    """What the sandbox begins with, pulls, pushes by digest, what is refused or deleted."""
    pusher = Pusher(client, Path("/nowhere"), None)
    with demo.announcing(endpoint(listener)) as notifications:
        demo.seed("team/app", "1.0.0", created=CREATED)
        pusher.push_image("team/app", None, content="by digest")
        client.get("/v2/team/app/manifests/1.0.0").raise_for_status()
        assert client.put("/v2/team/app/manifests/1.1.0", content=b"{").status_code == 400
        assert client.delete("/v2/team/app/manifests/1.0.0").status_code == 202
        # Events come in their order, so the others would be there before.
        pusher.push_image("team/app", "2.0.0")
        wait_until(lambda: bool(notifications.sent))
    assert [heard(each) for each in listener.requests] == [[f"{demo.host}/team/app:2.0.0"]]


def test_nothing_is_announced_after_the_end(demo: DemoRegistry, listener: ScriptedServer) -> None:
    with demo.announcing(endpoint(listener)):
        pass
    push_image(demo.host, "team/app", "1.0.0", created=CREATED)
    assert not [each for each in threading.enumerate() if each.name == "notifications"]
    assert listener.requests == []


@pytest.mark.parametrize(
    "first",
    [Answer(401), Answer(503), Answer(drop=True), Answer(raw=[b"no HTTP\r\n\r\n"])],
    ids=["401", "503", "dropped", "another protocol"],
)
def test_a_failure_ends_no_push_and_no_later_event(
    demo: DemoRegistry, scripted: ScriptedServer, first: Answer, wait_until: Wait
) -> None:
    scripted.on("POST", "/hooks/registry", first, Answer(202))
    with demo.announcing(endpoint(scripted)) as notifications:
        push_image(demo.host, "team/app", "1.0.0", created=CREATED)
        wait_until(lambda: len(scripted.requests) == 1)
        assert notifications.sent == b""
        push_image(demo.host, "team/app", "1.1.0", created=CREATED)
        wait_until(lambda: bool(notifications.sent))
    assert b'"1.1.0"' in notifications.sent


def test_nobody_listens(demo: DemoRegistry) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/hooks/registry"
    with demo.announcing(Endpoint(url, SECRET)):
        push_image(demo.host, "team/app", "1.0.0", created=CREATED)


def test_a_silent_listener_holds_up_no_push_and_bounds_what_waits() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/hooks/registry"
        with Notifications(Endpoint(url, SECRET)) as notifications:
            for number in range(1000):
                notifications.announce({"id": str(number)})
            assert notifications.waiting <= 100
    assert notifications.sent == b""


def test_the_secret_is_not_shown() -> None:
    assert SECRET not in repr(Endpoint("http://127.0.0.1:1/hooks/registry", SECRET))


class TestBuild:
    """Of `push_image`, which the others of this module use."""

    def test_a_registry_that_refuses(self, demo: DemoRegistry) -> None:
        with pytest.raises(RegistryProtocolError, match="answered 400"):
            push_image(demo.host, "Team/App", "1.0.0", created=CREATED)

    def test_a_registry_that_is_gone(self) -> None:
        with DemoRegistry() as gone:
            host = gone.host
        with pytest.raises(RegistryUnreachableError, match=host):
            push_image(host, "team/app", "1.0.0", created=CREATED)
