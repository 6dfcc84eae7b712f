"""Find the credential for a repository.

The bot's own configuration comes first, then docker's and podman's files and the helpers they name.
Secrets are read each time they are needed, so that a rotated one works at once; only the output of
helpers is kept, for a minute.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Literal, Protocol

from imagebot.config.model import RegistryCredential, RegistryIdentity
from imagebot.config.secret import read_secret
from imagebot.errors import CredentialError
from imagebot.http.address import normalise_host
from imagebot.http.endpoint import Endpoint
from imagebot.http.expiring import Expiring
from imagebot.parallel.stop import Stop
from imagebot.reference import DOCKER_HUB
from imagebot.registry import docker_config
from imagebot.registry.docker_config import DockerConfig, StoredCredential
from imagebot.registry.helper import HelperMissingError, run_helper
from imagebot.values import dataclass

if TYPE_CHECKING:
    from imagebot.registry.cloud.client import Keep, Send
    from imagebot.registry.cloud.login import CloudLogin

_log = logging.getLogger(__name__)

_HUB_SERVER = "https://index.docker.io/v1/"
_HELPER_LIFETIME = 60.0

Kind = Literal["password", "identity-token", "registry-token"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """`origin` says where it was found. An identity token is exchanged for registry tokens.

    A `confined` one is sent to the registry's own origin only, to no token server elsewhere. One
    with a `login` has no secret yet: a cloud gives it when it is needed.
    """

    origin: str
    username: str = ""
    secret: str = field(default="", repr=False)
    kind: Kind = "password"
    confined: bool = False
    login: CloudLogin | None = None

    def obtained(self, endpoint: Endpoint, send: Send, keep: Keep) -> Credential:
        """The credential with its secret, for the registry at `endpoint`.

        Raises CredentialError.
        """
        if self.login is None:
            return self
        grant = self.login.grant(endpoint, send, keep)
        return Credential(
            origin=grant.identity,
            username=grant.username,
            secret=grant.secret,
            kind="identity-token" if grant.kind == "refresh-token" else "password",
            confined=True,
        )


class CredentialLookup(Protocol):
    """Finds credentials for the client."""

    def lookup(self, registry: str, path: str) -> Credential | None:
        """The credential for a repository; None is anonymous. Raises CredentialError."""
        ...


class Credentials:
    """Finds configured credentials first, then those of files and helpers. Safe between threads.

    `env` is the environment for variables, file locations and helpers; `stop` ends the helpers.
    """

    def __init__(
        self,
        configured: Sequence[RegistryCredential | RegistryIdentity],
        env: Mapping[str, str],
        *,
        clock: Callable[[], float] = time.monotonic,
        stop: Stop | None = None,
    ) -> None:
        self._stop = stop
        self._configured = {_normalise(item.key): item for item in configured}
        identities = [item for item in configured if isinstance(item, RegistryIdentity)]
        self._logins = _logins(identities, env, clock) if identities else {}
        self._env = env
        self._files = docker_config.files(env)
        self._lock = threading.Lock()
        self._running: dict[tuple[str, str], threading.Lock] = {}
        self._outputs: Expiring[tuple[str, str], StoredCredential] = Expiring(clock)
        self._reported: set[str] = set()

    def lookup(self, registry: str, path: str) -> Credential | None:
        """The credential for a repository; None is anonymous. Raises CredentialError."""
        host = normalise_host(registry)
        for place in docker_config.places(host, path):
            if found := self._configured.get(place):
                return self._read(found)
        for file in self._files:
            config = docker_config.read(file.path, required=file.required)
            if config and (credential := self._search(config, host, path)):
                return credential
        return None

    def _read(self, item: RegistryCredential | RegistryIdentity) -> Credential:
        what = f"credentials.registries.{item.key}"
        if isinstance(item, RegistryIdentity):
            return Credential(origin=what, confined=True, login=self._logins[item.key])
        if ":" in item.username:
            raise CredentialError(f"{what}: a user name cannot have a colon in it")
        try:
            secret = read_secret(item.password, self._env, several_lines=True)
        except CredentialError as error:
            raise CredentialError(f"{what}: {error.message}", hint=error.hint) from error
        return Credential(origin=what, username=item.username, secret=secret)

    def _search(self, config: DockerConfig, host: str, path: str) -> Credential | None:
        """The host's helper first, then the file's own entries, then the helper for all hosts."""
        if name := config.helper(host):
            entry = self._run_helper(name, host)
            return _credential(entry, f"docker-credential-{name}") if entry else None
        entry = config.entry(host, path)
        if entry and not entry.empty:
            return _credential(entry, config.path)
        if not config.store:
            return None
        try:
            entry = self._run_helper(config.store, host)
        except HelperMissingError as exc:
            self._report_missing(config, exc)
            return None
        except CredentialError as exc:
            # Docker leaves an empty entry for every registry that somebody logged in to. For other
            # registries, ignore a helper that does not work.
            if config.entry(host, path) is not None:
                raise
            _log.debug("%s; asking %s without credentials", exc.message, host)
            return None
        return _credential(entry, f"docker-credential-{config.store}") if entry else None

    def _report_missing(self, config: DockerConfig, exc: HelperMissingError) -> None:
        """Once for a file: a laptop's, mounted into a container, names a helper for all hosts."""
        with self._lock:
            first = config.path not in self._reported
            self._reported.add(config.path)
        level = logging.WARNING if first else logging.DEBUG
        _log.log(
            level,
            "docker's own login cannot be used here: %s, which is the `credsStore` of %s; "
            "registries without another credential are asked anonymously",
            exc.message,
            config.path,
        )

    def _run_helper(self, name: str, host: str) -> StoredCredential | None:
        server = _HUB_SERVER if host == DOCKER_HUB else host
        with self._lock:
            running = self._running.setdefault((name, server), threading.Lock())
        # Once at a time, or sixteen threads would start sixteen helpers for one host.
        with running:
            entry = self._outputs.get((name, server))
            if entry is None:
                entry = run_helper(name, server, self._env, stop=self._stop) or StoredCredential()
                self._outputs.keep((name, server), entry, _HELPER_LIFETIME)
        return None if entry.empty else entry


def _logins(
    identities: Sequence[RegistryIdentity], env: Mapping[str, str], clock: Callable[[], float]
) -> dict[str, CloudLogin]:
    from imagebot.registry.cloud.login import CloudLogin

    return {item.key: CloudLogin(item.cloud, env, clock=clock) for item in identities}


def _normalise(key: str) -> str:
    host, slash, path = docker_config.bare(key).partition("/")
    return normalise_host(host) + slash + path


def _credential(entry: StoredCredential, origin: str) -> Credential:
    if entry.registry_token:
        return Credential(origin=origin, secret=entry.registry_token, kind="registry-token")
    if entry.identity_token:
        user = entry.username
        return Credential(
            origin=origin, username=user, secret=entry.identity_token, kind="identity-token"
        )
    return Credential(origin=origin, username=entry.username, secret=entry.password)
