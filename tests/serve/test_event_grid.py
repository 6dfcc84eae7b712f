"""Event Grid with CloudEvents: it asks by OPTIONS before it delivers (CloudEvents webhooks, 4)."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping

import httpx
import pytest

from tests.serve.hooks.deliveries import payload
from tests.support.daemon import Daemon
from tests.support.daemon_stage import BEARER, SECRET, Stage, pod
from tests.support.process import PATIENCE
from tests.support.scripted_http import Answer, Request, ScriptedServer

ORIGIN = "WebHook-Request-Origin"
GRID = {ORIGIN: "eventgrid.azure.net"}
STRUCTURED = {"Content-Type": "application/cloudevents+json; charset=utf-8"}
BATCH = {"Content-Type": "application/cloudevents-batch+json; charset=utf-8"}
WITH_SECRET = f"/hooks/acr?secret={SECRET}"


@pytest.fixture
def grid(stage: Stage) -> Daemon:
    """A daemon with a hook that Event Grid may call, one that anybody may, and another."""
    hooks = stage.bot["serve"]["hooks"]
    hooks["acr"] = {"type": "acr", "secret": {"env": "HOOK_SECRET"}}
    hooks["open"] = {"type": "acr", "insecure": True}
    stage.add_target("gitops", {})
    return stage.start()


def ask(
    daemon: Daemon, path: str, headers: Mapping[str, str], method: str = "OPTIONS"
) -> httpx.Response:
    url = daemon.hooks_url + path
    return httpx.request(method, url, headers=dict(headers), timeout=PATIENCE, trust_env=False)


def is_allowed(answer: httpx.Response) -> bool:
    """Whether the sender may deliver; what is refused looks like a method that is not known."""
    if answer.status_code == 200:
        assert answer.headers["webhook-allowed-rate"] == "*"
        assert answer.headers["allow"] == "POST"
        assert answer.content == b""
        return True
    assert (answer.status_code, answer.text) == (405, "Method Not Allowed")
    assert answer.headers["allow"] == "POST"
    assert not [name for name in answer.headers if name.startswith("webhook-")]
    return False


ASKED = [
    (WITH_SECRET, GRID, True),
    (f"/hooks/acr?token={SECRET}", GRID, True),
    ("/hooks/acr", {**GRID, **BEARER}, True),
    ("/hooks/open", GRID, True),
    (WITH_SECRET, {**GRID, "WebHook-Request-Rate": "120"}, True),
    (WITH_SECRET, {ORIGIN: "A.B-c.example.com"}, True),
    (WITH_SECRET, {}, False),
    ("/hooks/acr", GRID, False),
    ("/hooks/acr?secret=wrong", GRID, False),
    ("/hooks/registry", {**GRID, **BEARER}, False),
    (f"/hooks/registry?secret={SECRET}", GRID, False),
    (f"/hooks/none?secret={SECRET}", GRID, False),
]


def test_who_may_deliver(grid: Daemon) -> None:
    found = []
    for path, headers, _ in ASKED:
        answer = ask(grid, path, headers)
        found.append((path, headers, is_allowed(answer)))
        assert answer.headers.get("webhook-allowed-origin") in (None, headers.get(ORIGIN))
    assert found == ASKED


NO_HOSTS: list[str | bytes] = [
    *("", "*", ".", "a..b", "a.example.", "-a.example", "a-.example", "a_b.example"),
    *("https://eventgrid.azure.net", "eventgrid.azure.net:443", "eventgrid.azure.net/x"),
    *("a@b.example", "a b.example", "a.example, b.example", "127.0.0.1", "[::1]", "1.2"),
    *(f"{'a' * 64}.example", ".".join(["a" * 60] * 5), "b\u00fccher.example".encode("latin-1")),
]


def test_an_origin_is_a_plain_host_name(grid: Daemon) -> None:
    with httpx.Client(timeout=PATIENCE, trust_env=False) as client:
        for origin in NO_HOSTS:
            given = origin.encode() if isinstance(origin, str) else origin
            headers = [(ORIGIN.encode(), given)]
            url = grid.hooks_url + WITH_SECRET
            answer = client.send(client.build_request("OPTIONS", url, headers=headers))
            assert not is_allowed(answer), origin


def test_two_origins_are_none(grid: Daemon) -> None:
    host, _, port = grid.addresses[0].rpartition(":")
    head = (
        f"OPTIONS {WITH_SECRET} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        f"{ORIGIN}: a.example\r\n{ORIGIN}: b.example\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
        connection.sendall(head.encode())
        answer = b""
        while part := connection.recv(65536):
            answer += part
    assert answer.startswith(b"HTTP/1.1 405 ")
    assert b"example" not in answer


def test_a_callback_is_not_called(grid: Daemon, scripted: ScriptedServer) -> None:
    scripted.handler = lambda _request: Answer()
    callback = {"WebHook-Request-Callback": f"{scripted.url}/confirm?id=1"}
    assert is_allowed(ask(grid, WITH_SECRET, {**GRID, **callback}))
    # Whatever it would begin has begun when the next ones are answered.
    assert grid.get("/healthz").status_code == 200
    assert scripted.requests == []


def test_a_refusal_is_logged_and_counted(grid: Daemon) -> None:
    ask(grid, "/hooks/acr?secret=guessed-secret", GRID)
    refused = grid.wait_for("hook-refused", hook="acr")
    assert refused["status"] == 405
    assert "has the wrong secret" in refused["message"]
    assert "guessed-secret" not in grid.log.read_text()
    ask(grid, WITH_SECRET, GRID)
    # Whoever asks anything else is neither.
    ask(grid, "/hooks/acr", {})
    lines = grid.get("/metrics").text.splitlines()
    counted = [each for each in lines if "deliveries_total{" in each and not each.endswith(" 0.0")]
    assert sorted(counted) == [
        'imagebot_hook_deliveries_total{hook="acr",outcome="answered"} 1.0',
        'imagebot_hook_deliveries_total{hook="acr",outcome="unauthorized"} 1.0',
    ]


@pytest.mark.parametrize("headers", [STRUCTURED, BATCH], ids=["structured", "batch"])
def test_what_is_delivered_then_is_committed(
    stage: Stage, scripted: ScriptedServer, headers: dict[str, str]
) -> None:
    tags = ["main-1"]

    def answer(request: Request) -> Answer:
        if request.path.endswith("/tags/list"):
            return Answer(body={"name": "acme/app", "tags": tags})
        return Answer()

    scripted.handler = answer
    stage.bot["registries"][scripted.host] = {"insecure": True}
    stage.bot["serve"]["hooks"]["acr"] = {
        "type": "acr",
        "secret": {"env": "HOOK_SECRET"},
        "registry": scripted.host,
    }
    gitops = stage.add_target("gitops", {"app.yaml": pod(f"{scripted.host}/acme/app:main-1")})
    daemon = stage.start()
    daemon.wait_for("pass", target="gitops", problems=0)
    assert is_allowed(ask(daemon, WITH_SECRET, GRID))
    tags.append("main-2")
    event = payload("acr/event-grid-as-cloud-event").document["body"]
    event["data"]["target"]["tag"] = "main-2"
    body = json.dumps([event] if headers is BATCH else event).encode()
    delivered = daemon.post(WITH_SECRET, body, {**headers, "Origin": "eventgrid.azure.net"})
    assert delivered.status_code == 202
    daemon.wait_for("committed", target="gitops")
    assert b"acme/app:main-2" in stage.git.read_files(gitops)["app.yaml"]
