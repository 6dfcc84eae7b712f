from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.support.plain_http import get
from tests.support.scripted_http import Answer, Request, ScriptedServer


def test_table_then_handler_then_404(start_scripted: Callable[..., ScriptedServer]) -> None:
    def handler(request: Request) -> Answer:
        return Answer(200 if request.path == "/known" else 404, body=request.query)

    server = start_scripted(
        handler,
        answers={("GET", "/a"): [Answer(429, {"Retry-After": "1"}), Answer(body={"x": 1})]},
    )
    assert get(f"{server.url}/a").headers["Retry-After"] == "1"
    assert get(f"{server.url}/a").json() == {"x": 1}
    assert get(f"{server.url}/a").json() == {"x": 1}
    assert get(f"{server.url}/known?n=2").text == "n=2"
    assert get(f"{server.url}/unknown").status_code == 404
    assert len(server.asked("GET", "/a")) == 3
    assert server.requests[3].parameters == {"n": ["2"]}


def test_records_the_request(scripted: ScriptedServer) -> None:
    scripted.on("POST", "/p", Answer(201))
    with httpx.Client(trust_env=False) as client:
        client.post(f"{scripted.url}/p", json={"a": [1]}, headers={"X-Name": "v"})
        # An iterable is sent in chunks.
        client.post(f"{scripted.url}/p", content=iter([b"one ", b"two"]))
    first, second = scripted.requests
    assert (first.json(), first.headers["x-name"]) == ({"a": [1]}, "v")
    assert second.body == b"one two"


def test_cut_body(scripted: ScriptedServer) -> None:
    scripted.on("GET", "/cut", Answer(body=b"0123456789", cut_at=4))
    with pytest.raises(httpx.RemoteProtocolError):
        get(f"{scripted.url}/cut")


def test_streamed_body(scripted: ScriptedServer) -> None:
    scripted.on("GET", "/huge", lambda _: Answer(body=(b"x" * 1000 for _ in range(1000))))
    assert len(get(f"{scripted.url}/huge").content) == 1_000_000


def test_dropped_connection(scripted: ScriptedServer) -> None:
    scripted.on("GET", "/drop", Answer(drop=True))
    with pytest.raises(httpx.RemoteProtocolError):
        get(f"{scripted.url}/drop")


def test_hanging_answer(scripted: ScriptedServer) -> None:
    scripted.on("GET", "/hang", Answer(hang=True))
    with pytest.raises(httpx.ReadTimeout), httpx.Client(trust_env=False) as client:
        client.get(f"{scripted.url}/hang", timeout=0.1)


def test_tls(start_scripted: Callable[..., ScriptedServer], tmp_path: Path) -> None:
    server = start_scripted(lambda _: Answer(body="secret"), tls=tmp_path)
    trusted = ssl.create_default_context(cafile=str(server.ca_file))
    assert get(server.url, verify=trusted).text == "secret"
    with pytest.raises(httpx.ConnectError):
        get(server.url, verify=True)
