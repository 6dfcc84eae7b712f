"""Do one HTTP exchange: bounded in time and size, no redirects, httpx's exceptions translated.

It imports httpx, and the modules that do, with the first client, because that takes longer than the
rest of the start.
"""

from __future__ import annotations

import contextlib
import math
import re
import ssl
import threading
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from imagebot.errors import RegistryError, RegistryProtocolError, RegistryUnreachableError
from imagebot.http.address import is_loopback, netloc
from imagebot.http.exchange import Exchange, LimitExceededError, Stage
from imagebot.http.guard import NetworkZone
from imagebot.http.limits import TimeLimits
from imagebot.http.tls import (
    ClientIdentity,
    explain_authorities,
    explain_distrust,
    explain_refusal,
)
from imagebot.http.unreachable import (
    CannotConnectError,
    OutOfTimeError,
    ProxySettingsError,
    SilentHostError,
    SlowHostError,
)
from imagebot.text import clean

if TYPE_CHECKING:
    import httpx

    from imagebot.http.backend import Backend

    Network: TypeAlias = httpx.BaseTransport

_NetworkKey: TypeAlias = "tuple[bool, bool, str, ClientIdentity | None]"

_HEADERS = {"User-Agent": "imagebot", "Accept": "*/*", "Accept-Encoding": "gzip"}
_SILENT: Mapping[Stage, str] = {
    "resolve": "the name {host} was not resolved within",
    "connect": "{host} did not accept a connection within",
    "tls": "{host} did not finish the TLS handshake within",
    "answer": "{host} sent nothing for",
}
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
    identity: ClientIdentity | None = None
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

    def send(self, request: Request, *, within: float = math.inf) -> Response:
        """The response to a request, in as much time as the limits and `within`, in seconds, allow.

        Raises RegistryUnreachableError when there is none in time: SilentHostError, SlowHostError,
        or OutOfTimeError after `within`. Raises RegistryProtocolError for one that is larger than
        `request.limit`.
        """
        exchange = Exchange(self._limits, size=request.limit, within=within)
        with _translated(request, self._limits):
            network, backend = self._network(request)
            with backend.during(exchange), _exchange(request, network) as response:
                body = b"" if request.method == "HEAD" else _read(request, response)
                headers = tuple(response.headers.multi_items())
                return Response(request.url, response.status_code, headers, body)

    def _network(self, request: Request) -> tuple[Network, Backend]:
        # No proxy may see, or answer, what is asked of the metadata server of this machine.
        local = is_loopback(netloc(request.url)) or request.reaches is NetworkZone.LINK_LOCAL
        plain = local and request.url.startswith("http:")
        key = (local, plain, request.ca_file, request.identity)
        with self._lock:
            if self._closed:
                raise RegistryUnreachableError(request.subject, "the registry client is closed")
            if self._backend is None:
                from imagebot.http.backend import Backend

                self._backend = Backend()
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


def _read(request: Request, response: httpx.Response) -> bytes:
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise RegistryProtocolError(
            request.subject,
            f"the response has an encoding that was not requested: {clean(encoding)!r}",
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


@contextlib.contextmanager
def _translated(request: Request, limits: TimeLimits) -> Iterator[None]:
    """Turn everything that httpx, httpcore and the network can raise into a RegistryError."""
    import httpcore
    import httpx

    try:
        yield
    except LimitExceededError as exc:
        raise _limit_exceeded(request, limits, exc) from exc
    except ProxySettingsError as exc:
        reason = f"the proxy settings cannot be used: {clean(str(exc))}"
        hint = "check HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY"
        raise _unreachable(request, reason, hint=hint) from exc
    except (httpx.ConnectError, httpcore.ConnectError) as exc:
        raise _connect_error(request, exc) from exc
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpcore.UnsupportedProtocol) as exc:
        raise RegistryProtocolError(
            request.subject, f"not a usable address: {_host(request)!r}"
        ) from exc
    except (httpx.ProxyError, httpcore.ProxyError) as exc:
        hint = "check HTTPS_PROXY and NO_PROXY"
        raise _unreachable(request, f"the proxy refused: {clean(str(exc))}", hint=hint) from exc
    except (
        *(httpx.HTTPError, httpx.StreamError, httpx.CookieConflict),
        *(httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException),
    ) as exc:
        if refusal := explain_refusal(exc):
            raise _refused_identity(request, refusal) from exc
        reason = f"the connection broke: {clean(str(exc)) or type(exc).__name__}"
        raise _unreachable(request, reason, temporary=True) from exc
    except zlib.error as exc:
        raise RegistryProtocolError(
            request.subject, "the response claims to be gzip, but is not"
        ) from exc
    # close() in another thread ended the connection, or the host name has invalid characters.
    except (OSError, RuntimeError, UnicodeError) as exc:
        raise _unreachable(request, f"{clean(str(exc)) or type(exc).__name__}") from exc


def _limit_exceeded(
    request: Request, limits: TimeLimits, exceeded: LimitExceededError
) -> RegistryError:
    host, subject = _host(request), request.subject
    match exceeded.limit:
        case "silence":
            return SilentHostError(
                subject,
                f"{_SILENT[exceeded.stage].format(host=host)} {limits.silence:g} s",
                hint="check the name, the network and the proxy settings",
                temporary=True,
            )
        case "rate":
            reason = f"{host} sent less than {limits.rate:g} bytes/s for {limits.rate_over:g} s"
            return SlowHostError(subject, reason, temporary=True)
        case "exchange":
            longest = limits.exchange(request.limit)
            reason = f"{host} took more than {longest:g} s for one response"
            return SlowHostError(subject, reason, temporary=True)
        case "question":
            return OutOfTimeError(subject, f"{host} did not answer in time", temporary=True)
        case "size":
            reason = f"{host} sent far more than the {request.limit} bytes of a response"
            return RegistryProtocolError(subject, reason)


def _refused_identity(request: Request, refusal: str) -> CannotConnectError:
    hint = "check whether it has expired, and which authorities the registry accepts"
    if request.identity is None:
        # Some say "bad" when there is none.
        refusal = "it asks for a certificate of the client"
        hint = "name one with `client-certificate` of this registry in the bot's configuration"
    reason = f"{_host(request)} refuses the connection: {refusal}"
    return CannotConnectError(request.subject, reason, hint=hint)


def _connect_error(request: Request, exc: Exception) -> CannotConnectError:
    if refusal := explain_refusal(exc):
        return _refused_identity(request, refusal)
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
