"""The registry client: tags, digests and facts about images. Safe between threads."""

from __future__ import annotations

import contextlib
import copy
import functools
import hashlib
import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from imagebot.config.model import RegistryOptions
from imagebot.config.secret import Vault
from imagebot.errors import RegistryError, RegistryProtocolError, RepositoryNotFoundError
from imagebot.http.address import normalise_host, origin
from imagebot.http.endpoint import Endpoint
from imagebot.http.limits import TimeLimits
from imagebot.http.message import Request, Response
from imagebot.http.patience import Patience
from imagebot.http.pauses import HeadRoom
from imagebot.http.reach import PUBLIC_ONLY, Reach
from imagebot.reference import Repository, is_digest, is_tag
from imagebot.registry.credentials import Credential, CredentialLookup
from imagebot.registry.origins import Origins
from imagebot.registry.protocol import ACCEPT_MANIFESTS
from imagebot.registry.pushed import PushTimes
from imagebot.registry.session import AuthorizedResponse, Session
from imagebot.registry.tag_list import MAX_PAGE, read_tags
from imagebot.text import clean

if TYPE_CHECKING:
    from imagebot.http.transport import Network
    from imagebot.registry.api import Pushed
    from imagebot.registry.cache import MetadataCache
    from imagebot.registry.metadata import MetadataReader
    from imagebot.registry.vendors import Vendor

_MIB = 1024 * 1024
_MAX_MANIFEST = 4 * _MIB
_MAX_CONFIG = 8 * _MIB


class RegistryClient:
    """Asks registries over HTTP; satisfies `imagebot.registry.api.Registry`.

    It sends at most `workers` requests to one host at a time, or what `http.rates` or `options` say
    of the host. `limits` say how long a host may take; it gives up on hosts for as long as it
    lives, so each pass asks through its own view (`for_pass`). `vault` gets to know every secret
    that is used and every token that is granted; none of them is in what is returned or raised.

    It connects to public addresses only, and to what `reach` names.

    `sleep` and `clock` are in seconds; without `sleep`, waits end early when the client is closed.
    `vendors` says, by host, whose API for push times a registry has, for hosts whose name does not.
    `transport` replaces the network. `note` gets the `host:port` of each request that is sent.
    Every method may raise RegistryError, and never an exception of httpx.
    """

    def __init__(
        self,
        credentials: CredentialLookup,
        options: Sequence[RegistryOptions] = (),
        *,
        workers: int = 8,
        sleep: Callable[[float], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
        cache: MetadataCache | None = None,
        vendors: Mapping[str, Vendor] | None = None,
        limits: TimeLimits = TimeLimits(),
        reach: Reach = PUBLIC_ONLY.reach,
        vault: Vault | None = None,
        transport: Network | None = None,
        note: Callable[[str], None] = lambda _host: None,
    ) -> None:
        self._closing = threading.Event()
        self._clock = clock
        self._limits = limits
        self._patience = Patience(limits, clock=clock)
        self._reach = reach
        self._cache = cache
        self._session = Session(
            credentials,
            options,
            workers=workers,
            sleep=sleep or self._closing.wait,
            clock=clock,
            limits=limits,
            vault=vault,
            transport=transport,
            note=note,
        )
        self._origins = Origins(options)
        self._push_times = PushTimes(self._session, vendors or {})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; other threads get a RegistryError at their next request."""
        self._closing.set()
        self._session.close()

    def for_pass(self, seconds: float = math.inf, *, reach: Reach | None = None) -> RegistryClient:
        """The view of a pass that may wait for registries for so long in all, and reach no more.

        It shares everything with this client but what it knows of hosts that do not answer. Do not
        close it.
        """
        view = copy.copy(self)
        patience = Patience(self._limits, seconds=seconds, clock=self._clock)
        view._patience = patience  # noqa: SLF001 - a client, too
        view._reach = self._reach if reach is None else reach  # noqa: SLF001
        return view

    def reaching(self, more: Reach) -> RegistryClient:
        """A view of the same pass, for those who may also reach `more`.

        What they learn of hosts, and which tokens they get, stays with them.
        """
        view = copy.copy(self)
        view._patience = self._patience.of_group(more)  # noqa: SLF001
        view._reach = self._reach | more  # noqa: SLF001 - a client, too
        return view

    def tags(self, repository: Repository) -> tuple[str, ...]:
        """All tags, in the registry's order, each once.

        Never only some of them: a list that cannot be read to its end is an error.
        """
        with self._asking(repository):
            get = functools.partial(self._session.request, repository)
            found = read_tags(str(repository), get)
            return self._session.vault.without_secrets(found, str(repository))

    def digest(self, repository: Repository, reference: str) -> str:
        """The digest of a tag (or digest): of the index, for a multi-platform image."""
        if not (is_tag(reference) or is_digest(reference)):
            # It becomes part of a URL.
            raise RegistryProtocolError(
                str(repository), f"{clean(reference)!r} is not a tag or a digest"
            )
        with self._asking(repository):
            response = self._head(repository, reference)
            digest = response.header("Docker-Content-Digest") or ""
            if response.status >= 300 or not is_digest(digest):
                # Old registries send no digest in response to HEAD; some do not know HEAD.
                body = self._manifest(repository, reference)
                digest = "sha256:" + hashlib.sha256(body).hexdigest()
        if not is_digest(reference) or digest == reference:
            return digest
        if digest.partition(":")[0] == reference.partition(":")[0]:
            raise RegistryProtocolError(
                str(repository), f"the registry returned {digest} for {reference}"
            )
        # The same manifest, by the registry's usual algorithm.
        return reference

    def exists(self, repository: Repository, reference: str) -> bool:
        """Whether the manifest of a tag or digest can be fetched."""
        try:
            self.digest(repository, reference)
        except RepositoryNotFoundError:
            return False
        return True

    def platforms(self, repository: Repository, digest: str) -> tuple[str, ...]:
        """What an image runs on, as `os/architecture[/variant]`, nested indexes followed."""
        if self._cache and (kept := self._cache.platforms(digest)) is not None:
            return kept
        with self._asking(repository):
            read = self._reader(repository).platforms(digest)
        found = self._session.hide(read, repository.registry)
        if self._cache:
            self._cache.keep_platforms(digest, found)
        return found

    def images(self, repository: Repository, digest: str) -> tuple[str, ...]:
        """The digests of the images and indexes in an index, nested indexes followed; empty for
        anything else."""
        if self._cache and (kept := self._cache.images(digest)) is not None:
            return kept
        with self._asking(repository):
            found = self._reader(repository).images(digest)
        if self._cache:
            self._cache.keep_images(digest, found)
        return found

    def created(self, repository: Repository, digest: str) -> datetime | None:
        """The date that the builder wrote into the image; None when there is none."""
        if self._cache:
            known, kept = self._cache.created(digest)
            if known:
                return kept
        with self._asking(repository):
            found = self._reader(repository).created(digest)
        if self._cache:
            self._cache.keep_created(digest, found)
        return found

    def pushed(self, repository: Repository, tags: Sequence[str]) -> Mapping[str, Pushed]:
        """Push times that the registry's own API knows: of those tags, and of others that came
        with them. Empty when the registry has no such API.
        """
        with self._asking(repository):
            return self._push_times.of(repository, tags)

    def known_push(self, repository: Repository, tag: str, digest: str) -> Pushed | None:
        """When a tag was pushed with this digest, as it was kept; asks nothing."""
        return self._cache.pushed(digest, f"{repository}:{tag}") if self._cache else None

    def keep_push(self, repository: Repository, tag: str, pushed: Pushed) -> None:
        """Keep when a tag was pushed with its digest, so that it is asked once only."""
        if self._cache:
            self._cache.keep_pushed(f"{repository}:{tag}", pushed)

    def origin(self, repository: Repository) -> Repository:
        """The repository whose tags count for this one: another for one that is cached from it."""
        return self._origins.of(repository)

    def location(self, repository: Repository) -> Repository:
        """The repository that is really asked: the mirror's, where the registry has one."""
        return self._session.endpoint(repository.registry).repository(repository)

    def concurrency(self, registry: str) -> int:
        """The most requests that a registry gets at a time."""
        return self._session.concurrency(registry)

    def head_room(self) -> Mapping[str, HeadRoom]:
        """What hosts said last is left of their limits, by `host:port`; not all say so."""
        return self._session.head_room()

    def check(self, place: Repository | str) -> str:
        """Ask for the list of a repository, or ping `host` or `host/path`; how that gave access."""
        registry, _, path = str(place).partition("/")
        endpoint = self._session.endpoint(registry)
        path = endpoint.prefix + path
        listed = isinstance(place, Repository)
        request = Request(
            subject=str(place),
            url=f"{endpoint.url}/v2/{path}/tags/list?n=1" if listed else f"{endpoint.url}/v2/",
            limit=MAX_PAGE,
            ca_file=endpoint.ca_file,
            registry=endpoint.url,
        )
        scope = f"repository:{path}:pull" if listed else ""
        try:
            with self._asking(place):
                found = self._session.send_authorized(request, endpoint, path, scope=scope)
                said = _describe(found, request) + _mirror(endpoint, registry)
                return self._session.vault.hide(said)
        except RepositoryNotFoundError as exc:
            if listed:
                raise
            raise RegistryProtocolError(
                str(place),
                f"the server does not behave like a registry ({exc.status} from /v2/)",
                hint="check the host and the port",
                status=exc.status,
            ) from exc

    @contextlib.contextmanager
    def _asking(self, about: Repository | str) -> Iterator[None]:
        """All that is sent in here is about this; errors in here show no secret."""
        try:
            with (
                self._patience.question(str(about)) as question,
                self._session.asking(question, self._reach),
            ):
                yield
        except RegistryError as error:
            error.hide(self._session.vault.hide)
            raise

    def _head(self, repository: Repository, reference: str) -> Response:
        return self._session.request(
            repository,
            f"manifests/{reference}",
            method="HEAD",
            accept=ACCEPT_MANIFESTS,
            limit=0,
            tolerate=(405, 501),
        )

    def _manifest(self, repository: Repository, reference: str) -> bytes:
        return self._session.request(
            repository,
            f"manifests/{reference}",
            accept=ACCEPT_MANIFESTS,
            limit=_MAX_MANIFEST,
        ).body

    def _reader(self, repository: Repository) -> MetadataReader:
        from imagebot.registry.metadata import MetadataReader

        return MetadataReader(
            str(repository),
            manifest=lambda digest: self._manifest(repository, digest),
            blob=lambda digest: (
                self._session.request(repository, f"blobs/{digest}", limit=_MAX_CONFIG).body
            ),
        )


def _mirror(endpoint: Endpoint, registry: str) -> str:
    if endpoint.registry == normalise_host(registry):
        return ""
    return f", at its mirror {endpoint.registry}/{endpoint.prefix}".rstrip("/")


def _describe(result: AuthorizedResponse, request: Request) -> str:
    if origin(result.response.url) != origin(request.url):
        host = clean(urlsplit(result.response.url).netloc)
        return f"anonymous, redirected to {host}"
    who = _name(result.credential)
    if result.authorization is None:
        return "anonymous" if result.credential is None else f"anonymous; did not need {who}"
    if result.authorization.kind == "basic":
        return f"Basic, {who}"
    if not result.authorization.server:
        return f"Bearer, {who}"
    service = result.authorization.service
    suffix = f" for {clean(service)}" if service else ""
    return f"Bearer, {who}, token from {clean(result.authorization.server)}{suffix}"


def _name(credential: Credential | None) -> str:
    if credential is None:
        return "anonymous"
    if credential.confined:
        return credential.origin
    user = f"user {clean(credential.username)}" if credential.username else "a token"
    return f"{user} from {credential.origin}"
