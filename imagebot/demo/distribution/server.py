"""The HTTP server of the sandbox's registry: threads, on loopback, with bounded requests."""

from __future__ import annotations

import contextlib
import re
import socket
import socketserver
import sys
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from imagebot.demo.distribution.exchange import RefusalError, ServerRequest, ServerResponse
from imagebot.demo.distribution.uploads import MAX_BLOB

_CHUNK_SIZE = re.compile(rb"[0-9a-fA-F]{1,32}")
_IDLE = 30.0
"""Seconds that a connection may say nothing."""


class _UnreadableBodyError(Exception):
    """The body cannot be read to its end, so nothing after it on the connection can be either."""

    def __init__(self, refusal: RefusalError) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "imagebot-demo"
    sys_version = ""
    disable_nagle_algorithm = True
    timeout = _IDLE
    server: DistributionServer

    def answer(self) -> None:
        try:
            answer = self.server.answer(self._request())
        except _UnreadableBodyError as unreadable:
            self.close_connection = True
            answer = unreadable.refusal.answer()
        self._send(answer)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815 (the names are http.server's)

    def log_message(self, *args: object) -> None:
        """Log nothing: the terminal is the demo's, and requests may hold control characters."""

    def _request(self) -> ServerRequest:
        # urlsplit would take a path that begins with // for a host.
        path, _, query = self.path.partition("?")
        return ServerRequest(
            method="GET" if self.command == "HEAD" else self.command,
            path=urllib.parse.unquote(path),
            query=dict(urllib.parse.parse_qsl(query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self._body(),
        )

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return b"".join(self._chunks())
        length = self.headers.get("Content-Length", "0")
        if not (length.isascii() and length.isdigit() and len(length) < 16):
            raise _UnreadableBodyError(
                RefusalError(400, "SIZE_INVALID", "the Content-Length is not a number")
            )
        if int(length) > MAX_BLOB:
            raise _too_large()
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            raise _UnreadableBodyError(RefusalError(400, "SIZE_INVALID", "the body ended early"))
        return body

    def _chunks(self) -> Iterator[bytes]:
        """RFC 9112, section 7.1; trailers are read and dropped."""
        total = 0
        while size := self._chunk_size():
            total += size
            if total > MAX_BLOB:
                raise _too_large()
            yield self.rfile.read(size)
            self.rfile.readline(3)
        while self.rfile.readline(1024) not in (b"\r\n", b"\n", b""):
            pass

    def _chunk_size(self) -> int:
        text = self.rfile.readline(64).partition(b";")[0].strip()
        # int() alone would also take a sign, "0x" and underscores.
        if _CHUNK_SIZE.fullmatch(text) is None:
            raise _UnreadableBodyError(RefusalError(400, "SIZE_INVALID", "a broken chunk"))
        return int(text, 16)

    def _send(self, answer: ServerResponse) -> None:
        self.send_response(answer.status)
        self.send_header("Docker-Distribution-API-Version", "registry/2.0")
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        if answer.status != 204:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)


class DistributionServer(ThreadingHTTPServer):
    """Listens on 127.0.0.1; port 0 has the kernel pick one."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, answer: Callable[[ServerRequest], ServerResponse], port: int = 0) -> None:
        """Raises OSError when the port is taken."""
        super().__init__(("127.0.0.1", port), _Connection)
        self.answer = answer
        self._open: set[socket.socket] = set()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    def server_bind(self) -> None:
        # http.server's own looks the host's name up, which may take seconds to fail.
        socketserver.TCPServer.server_bind(self)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that goes away is not worth a traceback on the terminal; a bug of ours is.
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Answer requests, in threads, until the block ends."""
        # A short poll, because shutdown() waits for one round of it.
        thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            self.shutdown()
            thread.join()
            self._drop_connections()
            self.server_close()

    def _drop_connections(self) -> None:
        """Clients that keep their connection would otherwise be served on after the end."""
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def _too_large() -> _UnreadableBodyError:
    return _UnreadableBodyError(RefusalError(413, "SIZE_INVALID", f"more than {MAX_BLOB} bytes"))
