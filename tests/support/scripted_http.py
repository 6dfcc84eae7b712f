"""An HTTP(S) server that answers what the test says, and remembers what it was asked.

For what a real server can't be made to do: pages, 401, 403, 429, 5xx, redirects, bodies that are
slow, huge or cut short.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import Any

from tests.support.certificates import Tls, write_tls
from tests.support.loopback import Exchange, LoopbackServer, serving


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    """Without the query, as it was sent: not decoded."""
    query: str
    headers: Message
    """Names are looked up without regard to case."""
    body: bytes

    @property
    def parameters(self) -> dict[str, list[str]]:
        return urllib.parse.parse_qs(self.query, keep_blank_values=True)

    @property
    def authorization(self) -> str | None:
        return self.headers.get("Authorization")

    def json(self) -> Any:
        return json.loads(self.body)


Headers = Mapping[str, str] | Iterable[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """An iterable of bytes as body is sent in chunks as it comes; a dict or list as JSON."""

    status: int = 200
    headers: Headers = ()
    body: bytes | str | dict[str, Any] | list[Any] | Iterable[bytes] = b""
    cut_at: int | None = None
    """Promise the whole body, send this many bytes of it, and close the connection."""
    delay: float = 0.0
    """Seconds to wait before the first byte; cut short when the server is closed."""
    hang: bool = False
    """Send no byte, and keep the connection open, until the server is closed."""
    drop: bool = False
    """Close the connection without an answer."""
    raw: Iterable[bytes] | None = None
    """Instead of an answer, exactly these bytes, as they come; then as with `hang`."""


Handler = Callable[[Request], Answer]


def drip(begin: bytes, piece: bytes, *, every: float = 0.02) -> Iterator[bytes]:
    """The beginning, and then a piece every so many seconds, for as long as somebody reads."""
    yield begin
    while True:
        time.sleep(every)
        yield piece


@dataclass(slots=True)
class ScriptedServer:
    url: str
    host: str
    """`127.0.0.1:port`"""
    ca_file: Path | None
    handler: Handler | None
    requests: list[Request] = field(default_factory=list)
    _answers: dict[tuple[str, str], list[Answer | Handler]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _closing: threading.Event = field(default_factory=threading.Event)

    def on(self, method: str, path: str, *answers: Answer | Handler) -> None:
        """Answers to a method and path (without query), in this order; the last one stays.

        HEAD is answered as GET is where it has no answers of its own.
        """
        with self._lock:
            self._answers[(method, path)] = list(answers)

    def asked(self, method: str, path: str) -> list[Request]:
        return [one for one in self.requests if (one.method, one.path) == (method, path)]

    def serve(self, exchange: Exchange) -> None:
        path, _, query = exchange.path.partition("?")
        body = exchange.read_body()
        request = Request(exchange.command, path, query, exchange.headers, body)
        with self._lock:
            self.requests.append(request)
            scripted = self._next(request)
        answer = scripted(request) if callable(scripted) else scripted
        self._send(exchange, answer)

    def _next(self, request: Request) -> Answer | Handler:
        for method in (request.method, *(["GET"] if request.method == "HEAD" else [])):
            answers = self._answers.get((method, request.path))
            if answers:
                return answers.pop(0) if len(answers) > 1 else answers[0]
        return self.handler or Answer(404, body=f"nothing scripted for {request.path}")

    def _send(self, exchange: Exchange, answer: Answer) -> None:
        if answer.hang or answer.delay:
            self._closing.wait(None if answer.hang else answer.delay)
        if answer.hang or answer.drop:
            exchange.close_connection = True
            return
        if answer.raw is not None:
            self._send_raw(exchange, answer.raw)
            return
        body = _encode(answer.body)
        exchange.send_response(answer.status)
        headers = _pairs(answer.headers)
        for name, value in headers:
            exchange.send_header(name, value)
        given = {name.lower() for name, _ in headers}
        if isinstance(body, bytes):
            if "content-length" not in given:
                exchange.send_header("Content-Length", str(len(body)))
            exchange.end_headers()
            self._send_bytes(exchange, body, answer.cut_at)
        else:
            exchange.send_header("Transfer-Encoding", "chunked")
            exchange.end_headers()
            self._send_chunks(exchange, body, answer.cut_at)

    def _send_raw(self, exchange: Exchange, pieces: Iterable[bytes]) -> None:
        exchange.close_connection = True
        for piece in pieces:
            if self._closing.is_set():
                return
            exchange.wfile.write(piece)
        self._closing.wait()

    def _send_bytes(self, exchange: Exchange, body: bytes, cut_at: int | None) -> None:
        if exchange.command != "HEAD":
            exchange.wfile.write(body[:cut_at])
        if cut_at is not None:
            exchange.close_connection = True

    def _send_chunks(self, exchange: Exchange, body: Iterable[bytes], cut_at: int | None) -> None:
        if exchange.command == "HEAD":
            return
        sent = 0
        for chunk in body:
            sent += len(chunk)
            if self._closing.is_set() or (cut_at is not None and sent > cut_at):
                exchange.close_connection = True
                return
            exchange.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        exchange.wfile.write(b"0\r\n\r\n")


def _encode(
    body: bytes | str | dict[str, Any] | list[Any] | Iterable[bytes],
) -> bytes | Iterable[bytes]:
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, (dict, list)):
        return json.dumps(body).encode()
    return body


def _pairs(headers: Headers) -> list[tuple[str, str]]:
    return list(headers.items() if isinstance(headers, Mapping) else headers)


@contextlib.contextmanager
def scripted_http(
    handler: Handler | None = None,
    *,
    answers: Mapping[tuple[str, str], Answer | Handler | list[Answer | Handler]] | None = None,
    tls: Tls | Path | None = None,
) -> Iterator[ScriptedServer]:
    """A server that answers from the table, then asks the handler, then says 404.

    tls: the files to use, or a folder to write new ones to.
    """
    files = write_tls(tls) if isinstance(tls, Path) else tls
    server = LoopbackServer(
        lambda exchange: script.serve(exchange), tls=files.server_context() if files else None
    )
    script = ScriptedServer(
        url=server.url, host=server.host, ca_file=files.ca_file if files else None, handler=handler
    )
    for (method, path), given in (answers or {}).items():
        script.on(method, path, *(given if isinstance(given, list) else [given]))
    with serving(server):
        try:
            yield script
        finally:
            script._closing.set()
