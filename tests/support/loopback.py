"""The threaded HTTP(S) server on loopback that the servers written in Python share."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Exchange(BaseHTTPRequestHandler):
    """One connection; every request on it goes to the server's `serve`."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: LoopbackServer

    def setup(self) -> None:
        if isinstance(self.request, ssl.SSLSocket):
            # Here and not in accept(): a client that never finishes its handshake holds up only
            # its own thread.
            self.request.do_handshake()
        super().setup()

    def answer(self) -> None:
        self.server.serve(self)

    # http.server looks the methods up by these names.
    do_GET = do_HEAD = do_POST = answer  # noqa: N815
    do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_CONNECT = answer  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Stay quiet: what was asked is recorded by the servers themselves."""

    def read_body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def send(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


class LoopbackServer(ThreadingHTTPServer):
    """Listens on 127.0.0.1, on a port that the kernel picks."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self, serve: Callable[[Exchange], None], *, tls: ssl.SSLContext | None = None
    ) -> None:
        super().__init__(("127.0.0.1", 0), Exchange)
        self.serve = serve
        self.errors: list[BaseException] = []
        """What went wrong in `serve`, raised again when the server is closed."""
        self._tls = tls
        self._open: set[socket.socket] = set()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://{self.host}"

    def server_bind(self) -> None:
        # http.server's own looks its name up in the DNS, which may take seconds to fail.
        socketserver.TCPServer.server_bind(self)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        if self._tls:
            connection = self._tls.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
        self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exc_info()[1]
        # A client that goes away, or refuses the certificate, is part of what tests do.
        if error is not None and not isinstance(error, OSError):
            self.errors.append(error)

    def drop_connections(self) -> None:
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def serving(server: LoopbackServer) -> Iterator[None]:
    """Run the server in a thread until the block ends, then raise what went wrong in it."""
    # A short poll: shutdown() waits for one round of it.
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.drop_connections()
        server.server_close()
    if server.errors:
        raise server.errors[0]
