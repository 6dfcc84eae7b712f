"""Do one HTTP exchange: bounded in time and size, no redirects, httpx's exceptions translated.

It imports httpx, and the modules that do, with the first exchange, because that takes longer than
the rest of the start.
"""

from __future__ import annotations

import contextlib
import math
import ssl
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from imagebot.errors import RegistryProtocolError, RegistryUnreachableError
from imagebot.http.address import is_loopback, netloc
from imagebot.http.exchange import Exchange
from imagebot.http.library import load_httpx
from imagebot.http.limits import TimeLimits
from imagebot.http.message import Request, Response
from imagebot.http.reach import PUBLIC_ONLY, Permit
from imagebot.http.translate import translated
from imagebot.http.zone import NetworkZone
from imagebot.text import clean

if TYPE_CHECKING:
    import httpx

    from imagebot.http.backend import Backend
    from imagebot.http.tls import ClientIdentity

    Network: TypeAlias = httpx.BaseTransport

_NetworkKey: TypeAlias = "tuple[bool, bool, str, ClientIdentity | None]"

_LAST_PORT = 65535
_HEADERS = {"User-Agent": "imagebot", "Accept": "*/*", "Accept-Encoding": "gzip"}


class Transport:
    """Sends requests; keeps connections and shares them between threads.

    Proxies and the usual authorities are those of the process's environment. `transport` replaces
    the network, for tests; no limit of time holds then.
    """

    def __init__(
        self, *, limits: TimeLimits = TimeLimits(), transport: Network | None = None
    ) -> None:
        self._limits = limits
        self._transport = transport
        self._lock = threading.Lock()
        self._backend: Backend | None = None
        self._networks: dict[_NetworkKey, Network] = {}
        self._closed = False

    def close(self) -> None:
        """Close all connections, which ends the requests under way in other threads."""
        with self._lock:
            self._closed = True
            networks, self._networks = list(self._networks.values()), {}
        for network in networks:
            network.close()

    def send(
        self, request: Request, *, within: float = math.inf, permit: Permit = PUBLIC_ONLY
    ) -> Response:
        """The response to a request, in as much time as the limits and `within`, in seconds, allow.

        `permit` says where it may connect to, unless the request itself says what it `reaches`.

        Raises RegistryUnreachableError when there is none in time: SilentHostError, SlowHostError,
        or OutOfTimeError after `within`. Raises RegistryProtocolError for one that is larger than
        `request.limit`, and RegistryRefusedError for an address that is not allowed.
        """
        if request.reaches is not None:
            permit = Permit(zone=request.reaches)
        load_httpx()
        exchange = Exchange(self._limits, size=request.limit, within=within, permit=permit)
        with translated(request, exchange, self._limits):
            network, backend = self._network(request)
            with backend.during(exchange), _exchange(request, network) as response:
                body = b"" if request.method == "HEAD" else _read(request, exchange, response)
                headers = tuple(response.headers.multi_items())
                return Response(
                    request.url,
                    response.status_code,
                    headers,
                    body,
                    zone=exchange.zone,
                    quotable=exchange.quotable,
                )

    def _network(self, request: Request) -> tuple[Network, Backend]:
        from imagebot.http.backend import Backend

        # No proxy may see, or answer, what is asked of the metadata server of this machine.
        local = is_loopback(netloc(request.url)) or request.reaches is NetworkZone.LINK_LOCAL
        plain = local and request.url.startswith("http:")
        key = (local, plain, request.ca_file, request.identity)
        with self._lock:
            if self._closed:
                raise RegistryUnreachableError(request.subject, "the registry client is closed")
            self._backend = self._backend or Backend()
            if key not in self._networks:
                self._networks[key] = self._transport or _make_network(
                    request, self._backend, local=local, plain=plain
                )
            return self._networks[key], self._backend


def _make_network(request: Request, backend: Backend, *, local: bool, plain: bool) -> Network:
    """`local`: this machine, or its metadata server, so no proxy is used; `plain`: without TLS."""
    from imagebot.http.network import PooledNetwork, environment_proxies

    # A context that trusts nobody costs no time.
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if plain else _tls_context(request)
    return PooledNetwork(backend, tls, {} if local else environment_proxies())


@contextlib.contextmanager
def _exchange(request: Request, network: Network) -> Iterator[httpx.Response]:
    """The response, of which the body is not read yet.

    Without httpx's client: what it adds (cookies, redirects, netrc) is not wanted, and takes time.
    """
    import httpx

    sent = httpx.Request(
        request.method,
        request.url,
        headers={**_HEADERS, **request.headers},
        data=dict(request.form) if request.form is not None else None,
        content=request.content,
    )
    if (sent.url.port or 0) > _LAST_PORT:
        raise httpx.InvalidURL("no such port")
    response = network.handle_request(sent)
    try:
        yield response
    finally:
        response.close()


def _tls_context(request: Request) -> ssl.SSLContext:
    """Trusts the system's authorities, certifi's where the system has none, and `ca_file`'s."""
    import httpx

    # Not both: reading certifi's authorities takes longer than most requests.
    own = _has_authorities()
    context = ssl.create_default_context() if own else httpx.create_ssl_context(trust_env=False)
    if request.ca_file:
        try:
            context.load_verify_locations(request.ca_file)
        except OSError as exc:
            from imagebot.http.tls import explain_authorities

            raise RegistryUnreachableError(
                request.subject,
                f"the certificate authority {request.ca_file} cannot be used: "
                f"{explain_authorities(exc)}",
                hint="check `ca-file` of this registry in the bot's configuration",
            ) from exc
    if request.identity:
        _identify(request, request.identity, context)
    return context


def _identify(request: Request, identity: ClientIdentity, context: ssl.SSLContext) -> None:
    try:
        identity.load(context)
    except OSError as exc:
        raise RegistryUnreachableError(
            request.subject,
            f"the client certificate {identity.certificate} cannot be used: {exc.strerror}",
            hint="check `client-certificate` and `client-key` of this registry in the bot's "
            "configuration",
        ) from exc


def _has_authorities() -> bool:
    """Whether there are files where OpenSSL looks (SSL_CERT_FILE and SSL_CERT_DIR count)."""
    paths = ssl.get_default_verify_paths()
    try:
        return bool(paths.cafile or (paths.capath and any(Path(paths.capath).iterdir())))
    except OSError:
        return False


def _read(request: Request, exchange: Exchange, response: httpx.Response) -> bytes:
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        which = f": {clean(encoding)!r}" if exchange.quotable else ""
        raise RegistryProtocolError(
            request.subject, f"the response has an encoding that was not requested{which}"
        )
    # httpx's own decoder may turn one small chunk into any number of bytes.
    inflate = zlib.decompressobj(47) if encoding.endswith("gzip") else None
    body = bytearray()
    for chunk in response.iter_raw():
        room = request.limit - len(body) + 1
        body += inflate.decompress(chunk, room) if inflate else chunk
        if len(body) > request.limit:
            raise RegistryProtocolError(
                request.subject, f"the response is larger than {request.limit} bytes"
            )
    if inflate and body and not inflate.eof:
        raise RegistryProtocolError(request.subject, "the response is cut short", temporary=True)
    return bytes(body)
