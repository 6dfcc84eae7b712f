"""The login for one entry of `credentials.registries` with an `identity`."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from imagebot.config.model import Cloud
from imagebot.errors import CredentialError
from imagebot.http.address import is_loopback, netloc
from imagebot.http.endpoint import Endpoint
from imagebot.registry.cloud.client import CloudClient, Grant, Keep, Send
from imagebot.registry.cloud.lease import Lease, Renewed

LogIn = Callable[[CloudClient, Endpoint], Lease[Grant]]


class CloudLogin:
    """Logs in when it is asked to, and again before what it got expires. Safe between threads.

    `clock` is in seconds from any start, and `now` in seconds since 1970. `env` is read at each
    login, as are the files that it names.
    """

    def __init__(
        self,
        cloud: Cloud,
        env: Mapping[str, str],
        *,
        clock: Callable[[], float],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._cloud: Cloud = cloud
        self._env = env
        self._now = now
        self._grant: Renewed[Grant] = Renewed(clock)

    def grant(self, endpoint: Endpoint, send: Send, keep: Keep) -> Grant:
        """What the cloud gives for its registry at `endpoint`; raises CredentialError.

        Always for the same registry, the one of the entry.
        """
        if not endpoint.url.startswith("https:") and not is_loopback(netloc(endpoint.url)):
            # An `insecure` entry of the registry itself is refused earlier; this is a mirror's.
            raise CredentialError(
                f"identity {self._cloud}: {endpoint.registry} would get it over plain http",
                hint="remove `insecure` from the entries that lead to this registry",
            )
        client = CloudClient(self._cloud, send, keep, self._env, self._now)
        return self._grant.get(lambda: _log_in(self._cloud)(client, endpoint))


def _log_in(cloud: Cloud) -> LogIn:
    """The function of a cloud, imported with the first login: most bots have none."""
    if cloud == "aws":
        from imagebot.registry.cloud import aws

        return aws.log_in
    if cloud == "azure":
        from imagebot.registry.cloud import azure

        return azure.log_in
    from imagebot.registry.cloud import gcp

    return gcp.log_in
