"""Turn whatever keeps a response from coming into the errors that imagebot raises.

It imports httpx and httpcore with the first exchange, because that takes longer than the rest of
the start.
"""

from __future__ import annotations

import contextlib
import re
import zlib
from collections.abc import Iterator, Mapping

from imagebot.errors import (
    RegistryError,
    RegistryProtocolError,
    RegistryRefusedError,
    RegistryUnreachableError,
)
from imagebot.http.address import netloc
from imagebot.http.exchange import Exchange, LimitExceededError, Stage
from imagebot.http.limits import TimeLimits
from imagebot.http.message import Request
from imagebot.http.reach import AddressRefusedError
from imagebot.http.unreachable import (
    CannotConnectError,
    OutOfTimeError,
    ProxySettingsError,
    SilentHostError,
    SlowHostError,
)
from imagebot.http.zone import NetworkZone
from imagebot.text import clean

_SILENT: Mapping[Stage, str] = {
    "resolve": "the name {host} was not resolved within",
    "connect": "{host} did not accept a connection within",
    "tls": "{host} did not finish the TLS handshake within",
    "answer": "{host} sent nothing for",
}
_TRUST = "name its authority with `ca-file` of this registry in the bot's configuration"


@contextlib.contextmanager
def translated(request: Request, exchange: Exchange, limits: TimeLimits) -> Iterator[None]:
    """Turn everything that httpx, httpcore and the network can raise into a RegistryError."""
    import httpcore
    import httpx

    try:
        yield
    except LimitExceededError as exc:
        raise _limit_exceeded(request, limits, exc) from exc
    except AddressRefusedError as exc:
        raise _refused_address(request, exc) from exc
    except ProxySettingsError as exc:
        reason = f"the proxy settings cannot be used: {clean(str(exc))}"
        hint = "check HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY"
        raise _unreachable(request, reason, hint=hint) from exc
    except (httpx.ConnectError, httpcore.ConnectError) as exc:
        raise _connect_error(request, exc) from exc
    # UnicodeError: the host is no name that can be looked up.
    except (
        *(httpx.InvalidURL, httpx.UnsupportedProtocol, httpcore.UnsupportedProtocol),
        UnicodeError,
    ) as exc:
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
        from imagebot.http.tls import explain_refusal

        if refusal := explain_refusal(exc):
            raise _refused_identity(request, refusal) from exc
        # Of what is not HTTP, the message has the beginning.
        said = clean(str(exc)) if exchange.quotable else ""
        reason = f"the connection broke: {said or type(exc).__name__}"
        raise _unreachable(request, reason, temporary=True) from exc
    except zlib.error as exc:
        raise RegistryProtocolError(
            request.subject, "the response claims to be gzip, but is not"
        ) from exc
    # close() in another thread ended the connection.
    except (OSError, RuntimeError) as exc:
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


def _refused_address(request: Request, exc: AddressRefusedError) -> RegistryRefusedError:
    said = clean(str(exc))
    if exc.zone is NetworkZone.LINK_LOCAL:
        return RegistryRefusedError(request.subject, f"{said}, where no registry is asked")
    if exc.own:
        return RegistryRefusedError(
            request.subject, f"{said}, which is nearer than the registry that names it"
        )
    place = clean(exc.place)
    return RegistryRefusedError(
        request.subject,
        f"{said}, and the bot's own file does not name it",
        hint=f'if it is one of your registries, add to that file:\nregistries:\n  "{place}": {{}}',
    )


def _refused_identity(request: Request, refusal: str) -> CannotConnectError:
    hint = "check whether it has expired, and which authorities the registry accepts"
    if request.identity is None:
        # Some say "bad" when there is none.
        refusal = "it asks for a certificate of the client"
        hint = "name one with `client-certificate` of this registry in the bot's configuration"
    reason = f"{_host(request)} refuses the connection: {refusal}"
    return CannotConnectError(request.subject, reason, hint=hint)


def _connect_error(request: Request, exc: Exception) -> CannotConnectError:
    from imagebot.http.tls import explain_distrust, explain_refusal

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
