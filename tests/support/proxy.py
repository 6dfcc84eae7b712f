"""A proxy that knows CONNECT only, and takes every host for the same server."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.support.certificates import Tls
from tests.support.loopback import Exchange, LoopbackServer, serving


@dataclass(slots=True)
class ConnectProxy:
    url: str
    upstream: str
    """`host:port` that every tunnel really leads to."""
    asked: list[str] = field(default_factory=list)

    def serve(self, exchange: Exchange) -> None:
        self.asked.append(f"{exchange.command} {exchange.path}")
        exchange.close_connection = True
        if exchange.command != "CONNECT":
            exchange.send(405)
            return
        host, _, port = self.upstream.partition(":")
        with socket.create_connection((host, int(port))) as upstream:
            exchange.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            with contextlib.suppress(OSError):
                _relay(exchange.request, upstream)


def _relay(client: socket.socket, upstream: socket.socket) -> None:
    while True:
        waiting = isinstance(client, ssl.SSLSocket) and client.pending()
        ready = [client] if waiting else select.select([client, upstream], [], [])[0]
        for one in ready:
            data = one.recv(64 * 1024)
            if not data:
                return
            (upstream if one is client else client).sendall(data)


@contextlib.contextmanager
def connect_proxy(upstream: str, *, tls: Tls | None = None) -> Iterator[ConnectProxy]:
    """A proxy in front of `upstream`; with `tls` it speaks TLS itself."""
    server = LoopbackServer(
        lambda exchange: proxy.serve(exchange), tls=tls.server_context() if tls else None
    )
    proxy = ConnectProxy(server.url, upstream)
    with serving(server):
        yield proxy
