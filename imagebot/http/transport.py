"""Do one HTTP exchange: bounded in time and size, no redirects, httpx's exceptions translated.

The only module that uses httpx. It imports httpx with the first client, because the import takes
longer than the rest of the start.
"""

from __future__ import annotations

import contextlib
import re
import ssl
import threading
import time
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from imagebot.errors import RegistryProtocolError, RegistryUnreachableError
from imagebot.http.address import is_loopback, netloc
from imagebot.http.guard import NetworkZone
from imagebot.http.tls import explain_distrust
from imagebot.text import clean

if TYPE_CHECKING:
    import httpx

    Network: TypeAlias = httpx.BaseTransport

_CONNECT_TIMEOUT = 10.0
_READ_TIMEOUT = 30.0
_EXCHANGE_TIMEOUT = 120.0
_KEPT_OPEN = 60.0
"""Seconds that an unused connection stays open, so that passes in quick succession share it."""
_USER_AGENT = "imagebot"
_TRUST = "name its authority with `ca-file` of this registry in the bot's configuration"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request. Errors are about `subject`; a body of more than `limit` bytes is an error.

    `reaches` is for the bot's own logins, at addresses that its environment or a cloud names: the
    nearest zone that they may be in. None is a registry's request, or one that a registry asked
    for, which never reaches a metadata server.
    """

    subject: str
    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    content: bytes | None = field(default=None, repr=False)
    limit: int = 64 * 1024
    ca_file: str = ""
    reaches: NetworkZone | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """A response, whatever its status; `url` is that of the request."""

    url: str
    status: int
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes = field(repr=False)

    def header(self, name: str) -> str | None:
        return next(iter(self.values(name)), None)

    def values(self, name: str) -> tuple[str, ...]:
        lower = name.lower()
        return tuple(value for key, value in self.headers if key.lower() == lower)


class CannotConnectError(RegistryUnreachableError):
    """There was no connection, so the next request to the host would fail too."""


class Transport:
    """Sends requests; keeps connections and shares them between threads.

    Proxies and the usual authorities are those of the process's environment. `transport` replaces
    the network, for tests.
    """

    def __init__(self, *, transport: Network | None = None) -> None:
        self._transport = transport
        self._lock = threading.Lock()
        self._clients: dict[tuple[bool, bool, str], httpx.Client] = {}
        self._closed = False

    def close(self) -> None:
        """Close all connections. Requests under way in other threads fail at their next byte."""
        with self._lock:
            self._closed = True
            clients, self._clients = list(self._clients.values()), {}
        for client in clients:
            client.close()

    def send(self, request: Request) -> Response:
        """The response to a request.

        Raises RegistryUnreachableError when there is none within two minutes, and
        RegistryProtocolError for one that is larger than `request.limit`.
        """
        client = self._client(request)
        with (
            _translated(request),
            client.stream(
                request.method,
                request.url,
                headers={"User-Agent": _USER_AGENT, "Accept-Encoding": "gzip", **request.headers},
                data=dict(request.form) if request.form is not None else None,
                content=request.content,
            ) as response,
        ):
            body = b"" if request.method == "HEAD" else _read(request, response)
            headers = tuple(response.headers.multi_items())
            return Response(request.url, response.status_code, headers, body)

    def _client(self, request: Request) -> httpx.Client:
        # No proxy may see, or answer, what is asked of the metadata server of this machine.
        local = is_loopback(netloc(request.url)) or request.reaches is NetworkZone.LINK_LOCAL
        key = (local, local and request.url.startswith("http:"), request.ca_file)
        with self._lock:
            if self._closed:
                raise RegistryUnreachableError(request.subject, "the registry client is closed")
            if key not in self._clients:
                self._clients[key] = _make_client(request, self._transport, *key[:2])
            return self._clients[key]


def _make_client(
    request: Request, transport: httpx.BaseTransport | None, local: bool, plain: bool
) -> httpx.Client:
    """`local`: this machine, or its metadata server, so no proxy is used; `plain`: without TLS."""
    import http.cookiejar

    import httpx

    # A context that trusts nobody costs no time.
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if plain else _tls_context(request)
    try:
        client = httpx.Client(
            verify=tls,
            trust_env=not local,
            follow_redirects=False,
            timeout=httpx.Timeout(_READ_TIMEOUT, connect=_CONNECT_TIMEOUT, pool=None),
            limits=httpx.Limits(
                max_connections=None, max_keepalive_connections=64, keepalive_expiry=_KEPT_OPEN
            ),
            transport=transport,
        )
    # HTTPS_PROXY and the others: not an address, or a kind of proxy that needs more packages.
    except (ValueError, ImportError, httpx.InvalidURL) as exc:
        raise RegistryUnreachableError(
            request.subject,
            f"the proxy settings cannot be used: {clean(str(exc))}",
            hint="check HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY",
        ) from exc
    # No cookies: nothing needs them, and threads and registries would share them.
    client.cookies.jar.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
    return client


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
            raise RegistryUnreachableError(
                request.subject,
                f"the certificate authority {request.ca_file} cannot be used: "
                f"{exc.strerror or 'it is not a PEM file'}",
                hint="check `ca-file` of this registry in the bot's configuration",
            ) from exc
    return context


def _has_authorities() -> bool:
    """Whether there are files where OpenSSL looks (SSL_CERT_FILE and SSL_CERT_DIR count)."""
    paths = ssl.get_default_verify_paths()
    try:
        return bool(paths.cafile or (paths.capath and any(Path(paths.capath).iterdir())))
    except OSError:
        return False


def _read(request: Request, response: httpx.Response) -> bytes:
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise RegistryProtocolError(
            request.subject,
            f"the response has an encoding that was not requested: {clean(encoding)!r}",
        )
    # httpx's own decoder may turn one small chunk into any number of bytes.
    inflate = zlib.decompressobj(47) if encoding.endswith("gzip") else None
    deadline = time.monotonic() + _EXCHANGE_TIMEOUT
    body = bytearray()
    for chunk in response.iter_raw():
        room = request.limit - len(body) + 1
        body += inflate.decompress(chunk, room) if inflate else chunk
        if len(body) > request.limit:
            raise RegistryProtocolError(
                request.subject, f"the response is larger than {request.limit} bytes"
            )
        if time.monotonic() > deadline:
            raise RegistryUnreachableError(
                request.subject,
                f"the response took more than {_EXCHANGE_TIMEOUT:g} s",
                temporary=True,
            )
    if inflate and body and not inflate.eof:
        raise RegistryProtocolError(request.subject, "the response is cut short", temporary=True)
    return bytes(body)


@contextlib.contextmanager
def _translated(request: Request) -> Iterator[None]:
    """Turn everything that httpx can raise into a RegistryError."""
    import httpx

    try:
        yield
    except httpx.ConnectTimeout as exc:
        raise _cannot_connect(request, "no response in time") from exc
    except httpx.TimeoutException as exc:
        raise _unreachable(
            request, f"{_host(request)} did not answer in time", temporary=True
        ) from exc
    except httpx.ConnectError as exc:
        raise _connect_error(request, exc) from exc
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as exc:
        raise RegistryProtocolError(
            request.subject, f"not a usable address: {_host(request)!r}"
        ) from exc
    except httpx.ProxyError as exc:
        hint = "check HTTPS_PROXY and NO_PROXY"
        raise _unreachable(request, f"the proxy refused: {clean(str(exc))}", hint=hint) from exc
    except (httpx.HTTPError, httpx.StreamError, httpx.CookieConflict) as exc:
        reason = f"the connection broke: {clean(str(exc)) or type(exc).__name__}"
        raise _unreachable(request, reason, temporary=True) from exc
    except zlib.error as exc:
        raise RegistryProtocolError(
            request.subject, "the response claims to be gzip, but is not"
        ) from exc
    # close() in another thread ended the connection, or the host name has invalid characters.
    except (OSError, RuntimeError, UnicodeError) as exc:
        raise _unreachable(request, f"{clean(str(exc)) or type(exc).__name__}") from exc


def _connect_error(request: Request, exc: httpx.ConnectError) -> CannotConnectError:
    distrust = explain_distrust(exc, trust=_TRUST)
    if distrust is not None:
        return CannotConnectError(
            request.subject,
            f"the certificate of {_host(request)} is not trusted: {distrust.reason}",
            hint=distrust.hint,
        )
    lower = str(exc).lower()
    # Without the error number at the start and the line of C at the end.
    text = clean(re.sub(r"^\[[^\]]*\] |\(_ssl\.c:\d+\)$", "", str(exc)))
    if "wrong version" in lower or "record layer" in lower:
        return CannotConnectError(
            request.subject,
            f"{_host(request)} does not speak TLS: {text}",
            hint="a registry on plain http needs `insecure: true` in the bot's configuration",
        )
    return _cannot_connect(request, text)


def _cannot_connect(request: Request, text: str) -> CannotConnectError:
    return CannotConnectError(
        request.subject,
        f"cannot connect to {_host(request)}: {text}",
        hint="check the name, the network and the proxy settings",
        temporary=True,
    )


def _unreachable(
    request: Request, reason: str, *, hint: str = "", temporary: bool = False
) -> RegistryUnreachableError:
    return RegistryUnreachableError(request.subject, reason, hint=hint, temporary=temporary)


def _host(request: Request) -> str:
    """The host of the request, for a message; never the path and query, which may be signed."""
    return clean(netloc(request.url))
