"""How fast each host is asked: by default, and with what the configuration says. Pure.

The defaults stay well below what the registries document or are known to allow, because others
behind the same address use them too. A host that is not known has no limit of requests per second.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import field

from imagebot.config.model import RegistryOptions
from imagebot.http.address import netloc
from imagebot.http.endpoint import find_endpoint
from imagebot.values import dataclass

_BURST_SECONDS = 4.0
"""A host that was left alone may be sent this many seconds' worth of requests at once."""


@dataclass(frozen=True, slots=True)
class Rate:
    """The most requests at a time, and in a second; None is not limited by this."""

    concurrency: int | None = None
    per_second: float | None = None


_KNOWN: Mapping[str, Rate] = {
    # Thousands of requests a minute from one address are abuse, on every endpoint.
    "registry-1.docker.io": Rate(per_second=15),
    "auth.docker.io": Rate(per_second=15),
    # X-RateLimit-Limit: 180, a minute
    "hub.docker.com": Rate(concurrency=4, per_second=3),
    # "allowed: 44000/minute"
    "ghcr.io": Rate(per_second=100),
    # 900 points a minute, and no more than 100 requests at a time
    "api.github.com": Rate(concurrency=4, per_second=10),
    # A few requests a second for each address and endpoint
    "quay.io": Rate(concurrency=4, per_second=5),
    "public.ecr.aws": Rate(concurrency=4, per_second=10),
}
_SUFFIXES: Mapping[str, Rate] = {
    # The basic tier allows 1,000 reads a minute.
    ".azurecr.io": Rate(per_second=15),
    # 60,000 a minute for a project and region
    ".pkg.dev": Rate(per_second=200),
    ".gcr.io": Rate(per_second=200),
    "gcr.io": Rate(per_second=200),
}
# ThrottlingException from about 20 requests a second on
_ECR = Rate(per_second=20)


class Rates:
    """The rate of each host, by `host:port` as in a URL. `options` are by registry."""

    def __init__(self, options: Mapping[str, RegistryOptions], *, concurrency: int) -> None:
        self._usual = concurrency
        self._given: dict[str, RegistryOptions] = {}
        # A mirror's own entry takes precedence over that of what it mirrors.
        for registry in sorted(options, key=lambda each: not options[each].mirror):
            host = netloc(find_endpoint(registry, options).url)
            self._given[host] = options[registry]

    def of(self, host: str) -> Rate:
        """The rate of a host; both numbers are set."""
        known, given = _default(host), self._given.get(host)
        concurrency = (given and given.concurrency) or known.concurrency or self._usual
        per_second = (given and given.requests_per_second) or known.per_second or math.inf
        return Rate(concurrency, per_second)


def _default(host: str) -> Rate:
    if host in _KNOWN:
        return _KNOWN[host]
    if ".dkr.ecr." in host and ".amazonaws.com" in host:
        return _ECR
    return next((rate for suffix, rate in _SUFFIXES.items() if host.endswith(suffix)), Rate())


@dataclass(slots=True)
class TokenBucket:
    """Spreads requests over time. `per_second` fill it, up to four seconds' worth; not locked."""

    per_second: float
    _tokens: float = field(init=False)
    _at: float = field(init=False, default=-math.inf)

    def __post_init__(self) -> None:
        self._tokens = self._most

    @property
    def _most(self) -> float:
        return max(1.0, self.per_second * _BURST_SECONDS)

    def take(self, now: float) -> float:
        """Take one; seconds until it may be used. `now` is in seconds from any start."""
        if math.isinf(self.per_second):
            return 0.0
        passed = now - self._at
        filled = self._tokens + (passed * self.per_second if math.isfinite(passed) else 0.0)
        self._tokens, self._at = min(self._most, filled) - 1, now
        return max(0.0, -self._tokens / self.per_second)
