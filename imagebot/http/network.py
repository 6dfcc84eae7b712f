"""httpx's way to the network: connections that are kept, directly or through a proxy.

Imported with the first client only, as httpx takes longer than the rest of the start.
"""

from __future__ import annotations

import ssl
import threading
import urllib.request
from collections.abc import Iterator, Mapping

import httpcore
import httpx

from imagebot.http.backend import Backend
from imagebot.http.unreachable import ProxySettingsError

_KEPT_OPEN = 60.0
"""Seconds that an unused connection stays open, so that passes in quick succession share it."""
_MOST_KEPT = 64
_PORTS = {"http": 80, "https": 443}


def environment_proxies() -> Mapping[str, str]:
    """The proxies of the process's environment by scheme; `no` lists the hosts without one."""
    return urllib.request.getproxies_environment()


class PooledNetwork(httpx.BaseTransport):
    """Keeps connections and shares them between threads; raises httpcore's errors.

    Connections are made by `backend`, which ends what takes too long. `proxies` are by scheme,
    as `environment_proxies` returns them.
    """

    def __init__(self, backend: Backend, tls: ssl.SSLContext, proxies: Mapping[str, str]) -> None:
        self._backend = backend
        self._tls = tls
        self._proxies = proxies
        self._lock = threading.Lock()
        self._pools: dict[str, httpcore.ConnectionPool] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        assert isinstance(request.stream, httpx.SyncByteStream)
        proxy = self.proxy(url.scheme, url.netloc.decode("ascii"))
        if proxy:
            # Not `url.host`, which is Unicode again.
            host = url.raw_host.decode("ascii")
            self._backend.go_through_proxy(host, url.port or _PORTS[url.scheme])
        pool = self._pool(proxy)
        response = pool.handle_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(
            response.status,
            headers=response.headers,
            stream=_Body(response),
            extensions=response.extensions,
        )

    def proxy(self, scheme: str, netloc: str) -> str:
        """The address of the proxy for a host; "" where there is none."""
        found = self._proxies.get(scheme) or self._proxies.get("all") or ""
        if not found or _is_excepted(netloc, self._proxies):
            return ""
        return found if "://" in found else f"http://{found}"

    def close(self) -> None:
        with self._lock:
            pools, self._pools = list(self._pools.values()), {}
        for pool in pools:
            pool.close()

    def _pool(self, proxy: str) -> httpcore.ConnectionPool:
        with self._lock:
            if proxy not in self._pools:
                self._pools[proxy] = self._make_pool(proxy)
            return self._pools[proxy]

    def _make_pool(self, address: str) -> httpcore.ConnectionPool:
        return httpcore.ConnectionPool(
            ssl_context=self._tls,
            proxy=_parse_proxy(address) if address else None,
            max_connections=None,
            max_keepalive_connections=_MOST_KEPT,
            keepalive_expiry=_KEPT_OPEN,
            network_backend=self._backend,
        )


class _Body(httpx.SyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        return self._response.iter_stream()

    def close(self) -> None:
        self._response.close()


def _is_excepted(netloc: str, proxies: Mapping[str, str]) -> bool:
    # Type stubs lack it.
    bypass = urllib.request.proxy_bypass_environment  # type: ignore[attr-defined]
    return bool(bypass(netloc, dict(proxies)))


def _parse_proxy(address: str) -> httpcore.Proxy:
    try:
        proxy = httpx.Proxy(address)
        if proxy.url.scheme.startswith("socks"):
            # httpcore needs it, and would notice only when it connects.
            import socksio  # noqa: F401
    except (ValueError, ImportError, httpx.InvalidURL) as error:
        raise ProxySettingsError(str(error)) from error
    url = proxy.url
    return httpcore.Proxy(
        url=httpcore.URL(
            scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
        ),
        auth=proxy.raw_auth,
        headers=proxy.headers.raw,
    )
