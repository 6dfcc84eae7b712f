"""Hosts that are slow in every part of an exchange, behind real sockets. Limits are short here."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import math
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpcore
import httpx
import pytest

from imagebot.errors import RegistryProtocolError
from imagebot.http.backend import Backend
from imagebot.http.exchange import Exchange, LimitExceededError, Stage
from imagebot.http.limits import TimeLimits
from imagebot.http.message import Request, Response
from imagebot.http.network import PooledNetwork
from imagebot.http.tls import explain_distrust
from imagebot.http.unreachable import (
    CannotConnectError,
    OutOfTimeError,
    SilentHostError,
    SlowHostError,
)
from tests.support.certificates import Tls, write_tls
from tests.support.here import PERMIT, TransportHere
from tests.support.proxy import connect_proxy
from tests.support.scripted_http import Answer, ScriptedServer, drip

Start = Callable[..., ScriptedServer]
Pieces = Callable[[], Iterator[bytes]]

SHORT = 0.3
AGES = 600.0
HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def limits(**short: float) -> TimeLimits:
    """Each test makes one limit short, so that no other is met on a busy machine."""
    patient = TimeLimits(answer=AGES, page=AGES, silence=AGES, rate=0)
    return dataclasses.replace(patient, **short)  # type: ignore[arg-type]


def send(url: str, allowed: TimeLimits, *, within: float = math.inf, ca_file: str = "") -> Response:
    request = Request(subject="r.example/app", url=url, limit=1000, ca_file=ca_file)
    with contextlib.closing(TransportHere(limits=allowed)) as transport:
        return transport.send(request, within=within)


PARTS: dict[str, Pieces] = {
    "the status line": lambda: drip(b"HT", b"T"),
    "header bytes": lambda: drip(HEAD + b"X: ", b"x"),
    "headers": lambda: drip(HEAD, b"X: y\r\n"),
    "interim responses": lambda: drip(b"", b"HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n"),
    "the body": lambda: drip(HEAD + b"Content-Length: 1000\r\n\r\n", b"x"),
    "a body without an end": lambda: drip(HEAD + b"Connection: close\r\n\r\n", b"x"),
    "chunks": lambda: drip(CHUNKED, b"1\r\nx\r\n"),
    "a chunk's extension": lambda: drip(CHUNKED + b"5;", b"x"),
    "the size of a chunk": lambda: drip(CHUNKED, b"0"),
    "trailers": lambda: drip(CHUNKED + b"0\r\n", b"X: y\r\n"),
    "a trailer": lambda: drip(CHUNKED + b"0\r\nX: ", b"y"),
}


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("part", PARTS)
def test_a_host_that_drips(start_scripted: Start, tmp_path: Path, part: str, tls: bool) -> None:
    server = start_scripted(tls=tmp_path / "tls" if tls else None)
    server.on("GET", "/", Answer(raw=PARTS[part]()))
    with pytest.raises(SlowHostError, match=r"took more than 0\.3 s for one response") as caught:
        send(f"{server.url}/", limits(answer=SHORT), ca_file=str(server.ca_file or ""))
    assert caught.value.temporary
    assert caught.value.subject == "r.example/app"


@pytest.mark.parametrize("part", PARTS)
def test_a_host_that_sends_too_few_bytes(scripted: ScriptedServer, part: str) -> None:
    scripted.on("GET", "/", Answer(raw=PARTS[part]()))
    with pytest.raises(SlowHostError, match=r"less than 10000 bytes/s for 0\.3 s"):
        send(f"{scripted.url}/", limits(rate=10_000, rate_over=SHORT))


def test_a_question_without_time_left(scripted: ScriptedServer) -> None:
    scripted.on("GET", "/", Answer(raw=PARTS["header bytes"]()))
    with pytest.raises(OutOfTimeError):
        send(f"{scripted.url}/", limits(), within=SHORT)
    with pytest.raises(OutOfTimeError):
        send(f"{scripted.url}/", limits(), within=0)
    assert len(scripted.requests) == 1


PAUSES: dict[str, bytes] = {
    "at once": b"",
    "in the status line": b"HTTP/1.",
    "in the headers": HEAD + b"X: y",
    "after an interim response": b"HTTP/1.1 103 Early Hints\r\n\r\n",
    "in the body": HEAD + b"Content-Length: 1000\r\n\r\nx",
    "in a chunk": CHUNKED + b"5\r\nx",
    "before the trailers": CHUNKED + b"0\r\n",
}


@pytest.mark.parametrize("where", PAUSES)
def test_a_host_that_falls_silent(scripted: ScriptedServer, where: str) -> None:
    scripted.on("GET", "/", Answer(raw=[PAUSES[where]]))
    with pytest.raises(SilentHostError, match=r"127\.0\.0\.1:\d+ sent nothing for 0\.3 s$"):
        send(f"{scripted.url}/", limits(silence=SHORT))


@pytest.mark.parametrize(
    "piece", [b"HTTP/1.1 103 Early Hints\r\n\r\n", b"HTTP/1.1 100 Go on\r\n\r\n"]
)
def test_a_flood_of_interim_responses(scripted: ScriptedServer, piece: bytes) -> None:
    scripted.on("GET", "/", Answer(raw=itertools.repeat(piece * 1000)))
    with pytest.raises(RegistryProtocolError, match="far more than the 1000 bytes of a response"):
        send(f"{scripted.url}/", limits())


@contextlib.contextmanager
def listening(backlog: int = 8) -> Iterator[tuple[str, int]]:
    """The kernel accepts connections, until `backlog` are waiting; nobody else does."""
    with socket.create_server(("127.0.0.1", 0), backlog=backlog) as server:
        yield server.getsockname()


@contextlib.contextmanager
def unreachable() -> Iterator[tuple[str, int]]:
    """An address that does not answer attempts to connect."""
    with listening(backlog=0) as address, contextlib.ExitStack() as stack:
        while True:
            full = stack.enter_context(socket.socket())
            full.settimeout(0.2)
            try:
                full.connect(address)
            except TimeoutError:
                break
        yield address


@contextlib.contextmanager
def dripping_handshake() -> Iterator[tuple[str, int]]:
    """The start of a TLS record of 16 KiB, and then a byte now and then."""
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            client, _ = server.accept()
            with client, contextlib.suppress(OSError):
                for piece in drip(b"\x16\x03\x03\x40\x00", b"\x02"):
                    if done.is_set():
                        return
                    client.sendall(piece)

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()
        done.set()
        thread.join()


def test_a_host_that_does_not_accept_connections() -> None:
    with unreachable() as (host, port), pytest.raises(SilentHostError, match="did not accept"):
        send(f"http://{host}:{port}/", limits(silence=SHORT))


def test_a_host_that_does_not_speak_tls_at_all() -> None:
    with listening() as (host, port), pytest.raises(SilentHostError, match="TLS handshake"):
        send(f"https://{host}:{port}/", limits(silence=SHORT))


@pytest.mark.parametrize(
    ("short", "error"), [("silence", SilentHostError), ("answer", SlowHostError)]
)
def test_a_host_that_drips_in_the_tls_handshake(short: str, error: type[Exception]) -> None:
    with dripping_handshake() as (host, port), pytest.raises(error):
        send(f"https://{host}:{port}/", limits(**{short: SHORT}))


def test_a_name_server_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on, asked = threading.Event(), []

    def wait(*arguments: Any, **options: Any) -> Any:
        asked.append(arguments[0])
        go_on.wait()
        raise socket.gaierror(socket.EAI_AGAIN, "try again")

    monkeypatch.setattr(socket, "getaddrinfo", wait)
    with contextlib.closing(TransportHere(limits=limits(silence=SHORT))) as transport:
        for _ in range(3):
            request = Request(subject="r.example/app", url="http://r.example/")
            with pytest.raises(SilentHostError, match=r"name r\.example was not resolved within"):
                transport.send(request)
    # The second and the third waited for the first look-up.
    assert asked == ["r.example"]
    go_on.set()


def test_a_name_without_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: Any, **options: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(
        CannotConnectError, match=r"r\.example: Name or service not known$"
    ) as caught:
        send("http://r.example/", limits())
    assert not isinstance(caught.value, SilentHostError)


def resolve_to(monkeypatch: pytest.MonkeyPatch, *addresses: tuple[str, int]) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)


def test_addresses_that_do_not_answer_do_not_keep_the_one_that_does(
    scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted.on("GET", "/", Answer(body="here"))
    with unreachable() as dead, socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        host, port = scripted.host.split(":")
        resolve_to(monkeypatch, dead, unused.getsockname(), dead, (host, int(port)))
        assert send("http://r.example/", limits()).body == b"here"


def test_many_addresses_that_do_not_answer_have_the_time_of_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with unreachable() as dead:
        resolve_to(monkeypatch, *[dead] * 50)
        with pytest.raises(SilentHostError, match="did not accept a connection"):
            send("http://r.example/", limits(silence=SHORT))


def test_the_last_address_says_why_none_can_be_connected_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        resolve_to(monkeypatch, *[unused.getsockname()] * 3)
        with pytest.raises(CannotConnectError, match="Connection refused"):
            send("http://r.example/", limits())


class StageClock:
    """Seconds that pass only in one stage of an exchange: a busy machine is slow in all of them."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.exchange: Exchange | None = None
        self._passed = 0.0
        self._last = time.monotonic()

    def __call__(self) -> float:
        last, self._last = self._last, time.monotonic()
        if self.exchange is not None and self.exchange.stage == self.stage:
            self._passed += self._last - last
        return self._passed


def through_proxy(
    proxy: str, url: str, tls: Tls, allowed: TimeLimits, *, stage: Stage = "answer"
) -> bytes:
    """GET through a proxy; an `https://` one and the registry have certificates of `tls`.

    The limits are of the time in one stage.
    """
    backend, clock = Backend(), StageClock(stage)
    network = PooledNetwork(backend, tls.client_context(), {"https": proxy})
    clock.exchange = Exchange(allowed, size=1000, within=math.inf, permit=PERMIT, clock=clock)
    with (
        httpx.Client(transport=network, trust_env=False, timeout=None) as client,
        backend.during(clock.exchange),
    ):
        return client.get(url).content


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tls:
    made = write_tls(tmp_path / "tls")
    monkeypatch.setenv("SSL_CERT_FILE", str(made.ca_file))
    return made


@pytest.mark.parametrize("secure", [False, True])
def test_a_tunnel_through_a_proxy(start_scripted: Start, tls: Tls, secure: bool) -> None:
    server = start_scripted(lambda _: Answer(body="x" * 100_000), tls=tls)
    with connect_proxy(server.host, tls=tls if secure else None) as proxy:
        assert len(through_proxy(proxy.url, server.url, tls, TimeLimits())) == 100_000
        assert proxy.asked == [f"CONNECT {server.host}"]


@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize("part", ["header bytes", "a trailer"])
def test_a_host_that_drips_through_a_proxy(
    start_scripted: Start, tls: Tls, secure: bool, part: str
) -> None:
    server = start_scripted(lambda _: Answer(raw=PARTS[part]()), tls=tls)
    with (
        connect_proxy(server.host, tls=tls if secure else None) as proxy,
        pytest.raises(LimitExceededError, match="exchange in answer"),
    ):
        through_proxy(proxy.url, server.url, tls, limits(answer=SHORT))


def test_a_handshake_that_drips_inside_of_tls(tls: Tls) -> None:
    """Each byte of the inner handshake is a record of the outer."""
    with dripping_handshake() as (host, port), connect_proxy(f"{host}:{port}", tls=tls) as proxy:
        url = f"https://{host}:{port}/"
        with pytest.raises(LimitExceededError, match="exchange in tls"):
            through_proxy(proxy.url, url, tls, limits(answer=SHORT), stage="tls")


@pytest.mark.parametrize("where", ["at once", "in the headers"])
def test_a_proxy_that_falls_silent(scripted: ScriptedServer, tls: Tls, where: str) -> None:
    scripted.handler = lambda _: Answer(raw=[PAUSES[where]])
    with pytest.raises(LimitExceededError, match="silence in answer"):
        through_proxy(scripted.url, "https://127.0.0.1:9/", tls, limits(silence=SHORT))


@pytest.mark.parametrize("part", ["header bytes", "interim responses"])
def test_a_proxy_that_drips(scripted: ScriptedServer, tls: Tls, part: str) -> None:
    scripted.handler = lambda _: Answer(raw=PARTS[part]())
    with pytest.raises(LimitExceededError, match="exchange in answer"):
        through_proxy(scripted.url, "https://127.0.0.1:9/", tls, limits(answer=SHORT))


def test_a_certificate_that_is_not_trusted_inside_of_tls(
    start_scripted: Start, tls: Tls, tmp_path: Path
) -> None:
    server = start_scripted(tls=write_tls(tmp_path / "other", renewed=True))
    with (
        connect_proxy(server.host, tls=tls) as proxy,
        pytest.raises(httpcore.ConnectError) as caught,
    ):
        through_proxy(proxy.url, server.url, tls, TimeLimits())
    distrust = explain_distrust(caught.value, trust="")
    assert distrust is not None
    assert distrust.reason == "its authority is not known here"
