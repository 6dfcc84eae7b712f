"""Sockets for httpcore on which every wait ends, whatever the host does.

httpcore's own time-outs are for a single read, so that a host that sends a byte now and then is
never ended: not in its headers, its interim responses, between chunks or in trailers. They are not
used here. An `Exchange` that is set for the thread ends all waits of what the thread does, from
resolving the name on.

Imported with the first client only, as httpcore takes longer than the rest of the start.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import httpcore

from imagebot.http.connect import connect
from imagebot.http.exchange import Exchange, Peer
from imagebot.http.resolve import Resolver
from imagebot.http.zone import zone_of

T = TypeVar("T")

_TLS_RECORD = 16 * 1024 + 512


class Current(threading.local):
    """The exchange that the thread is doing."""

    exchange: Exchange


class Backend(httpcore.NetworkBackend):
    """Makes connections for the exchanges of all threads."""

    def __init__(self) -> None:
        self._current = Current()
        self._resolver = Resolver()

    @contextlib.contextmanager
    def during(self, exchange: Exchange) -> Iterator[None]:
        """Everything that this thread does in here is part of the exchange."""
        self._current.exchange = exchange
        try:
            yield
        finally:
            del self._current.exchange

    def go_through_proxy(self, host: str, port: int) -> None:
        """This thread's exchange does. Raises AddressRefusedError."""
        self._current.exchange.go_through_proxy(host, port)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the exchange says how long
        local_address: str | None = None,  # noqa: ARG002 - not used by imagebot
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002 - not used by imagebot
    ) -> httpcore.NetworkStream:
        exchange = self._current.exchange
        exchange.stage = "resolve"
        with _connect_errors():
            try:
                addresses = self._resolver.resolve(host, port, exchange.wait())
            except TimeoutError as error:
                raise exchange.timed_out() from error
            exchange.stage = "connect"
            allowed = [each for each in addresses if exchange.may_connect(host, port, each.ip)]
            if addresses and not allowed:
                raise exchange.permit.refusal(host, port, addresses[0].ip)
            connected = connect(allowed, exchange)
            try:
                connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                ip = str(connected.getpeername()[0])
            # The host has broken the connection already.
            except OSError:
                connected.close()
                raise
        exchange.peer = Peer(host, port, ip, zone_of(ip))
        return Stream(connected, self._current, exchange.peer)


class Stream(httpcore.NetworkStream):
    """A connection to `peer`, with TLS (`sock` is an SSLSocket) or without."""

    def __init__(self, sock: socket.socket, current: Current, peer: Peer) -> None:
        self._sock = sock
        self._current = current
        self._peer = peer
        self._in_use = threading.Lock()

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        exchange = self._current.exchange
        wait = exchange.wait()
        try:
            with self._in_use:
                self._sock.settimeout(wait)
                data = self._sock.recv(max_bytes)
        except TimeoutError as error:
            raise exchange.timed_out() from error
        except OSError as error:
            raise httpcore.ReadError(error) from error
        exchange.received(len(data))
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        self.send(buffer)
        self._current.exchange.sent()

    def send(self, buffer: bytes) -> None:
        """Send bytes that are not the end of a request, for which the host gets no more time."""
        exchange = self._current.exchange
        # Connections are kept and shared: this one may have been made for somebody who may more.
        exchange.meet(self._peer)
        while buffer:
            wait = exchange.wait()
            try:
                with self._in_use:
                    self._sock.settimeout(wait)
                    sent = self._sock.send(buffer)
            except TimeoutError as error:
                raise exchange.timed_out() from error
            except OSError as error:
                raise httpcore.WriteError(error) from error
            buffer = buffer[sent:]

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002 - the exchange says how long
    ) -> httpcore.NetworkStream:
        exchange = self._current.exchange
        exchange.stage = "tls"
        try:
            if isinstance(self._sock, ssl.SSLSocket):
                return _TlsInside(self, self._current, ssl_context, server_hostname)
            # The handshake as a whole has this time, not each read of it.
            self._sock.settimeout(exchange.wait())
            with _connect_errors():
                try:
                    wrapped = ssl_context.wrap_socket(self._sock, server_hostname=server_hostname)
                except TimeoutError as error:
                    raise exchange.timed_out() from error
        except BaseException:
            self.close()
            raise
        return Stream(wrapped, self._current, self._peer)

    def close(self) -> None:
        # Wakes another thread that reads, which closing alone does not; and the descriptor must not
        # be used again while that thread still has it. ssl's own shutdown would send and wait.
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self._sock, socket.SHUT_RDWR)
        with self._in_use:
            self._sock.close()

    def get_extra_info(self, info: str) -> Any:
        if info == "ssl_object" and isinstance(self._sock, ssl.SSLSocket):
            return self._sock
        if info == "is_readable":
            return _is_readable(self._sock)
        return None


class _TlsInside(httpcore.NetworkStream):
    """TLS inside of TLS: to a registry through a proxy that speaks TLS itself."""

    def __init__(
        self,
        outer: Stream,
        current: Current,
        context: ssl.SSLContext,
        server_hostname: str | None,
    ) -> None:
        self._outer = outer
        self._current = current
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(
            self._incoming, self._outgoing, server_hostname=server_hostname
        )
        try:
            self._do(self._tls.do_handshake)
        except ssl.SSLError as error:
            raise httpcore.ConnectError(error) from error

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        try:
            return self._do(lambda: self._tls.read(max_bytes))
        except ssl.SSLZeroReturnError:
            return b""
        except ssl.SSLError as error:
            raise httpcore.ReadError(error) from error

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        try:
            self._do(lambda: self._tls.write(buffer))
        except ssl.SSLError as error:
            raise httpcore.WriteError(error) from error
        self._current.exchange.sent()

    def close(self) -> None:
        self._outer.close()

    def get_extra_info(self, info: str) -> Any:
        return self._tls if info == "ssl_object" else self._outer.get_extra_info(info)

    def _do(self, step: Callable[[], T]) -> T:
        """The result of a step, with what it wants to send sent and what it waits for read."""
        while True:
            try:
                result = step()
            except ssl.SSLWantReadError:
                self._flush()
                if data := self._outer.read(_TLS_RECORD):
                    self._incoming.write(data)
                else:
                    self._incoming.write_eof()
            else:
                self._flush()
                return result

    def _flush(self) -> None:
        if data := self._outgoing.read():
            self._outer.send(data)


@contextlib.contextmanager
def _connect_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise httpcore.ConnectError(error) from error


def _is_readable(sock: socket.socket) -> bool:
    """Whether an idle connection has something to read: its end, as nothing else may come."""
    if sock.fileno() < 0:
        return True
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))
