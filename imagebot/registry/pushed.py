"""When tags were pushed, by whichever API the registry's vendor has."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from imagebot.errors import RegistryAuthError, RepositoryNotFoundError
from imagebot.http.expiring import Expiring
from imagebot.http.transport import Response
from imagebot.reference import Repository
from imagebot.registry.api import Pushed
from imagebot.registry.session import Session
from imagebot.registry.vendors import VENDORS, Vendor, find_vendor
from imagebot.registry.vendors.query import PushQuery

_log = logging.getLogger(__name__)

_LIFETIME = 60.0
_MAX_KEPT = 1024
_MAX_LISTING = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Kept:
    asked: frozenset[str]
    found: Mapping[str, Pushed]


class PushTimes:
    """Asks vendors, and keeps the answers for a minute: candidates are asked about one by one.

    `vendors` says more than host names do: whose API a registry has, and where.
    """

    def __init__(
        self, session: Session, vendors: Mapping[str, Vendor], clock: Callable[[], float]
    ) -> None:
        self._session = session
        self._vendors = vendors
        self._kept: Expiring[Repository, _Kept] = Expiring(clock, limit=_MAX_KEPT)
        self._lock = threading.Lock()
        self._refused: set[str] = set()

    def of(self, repository: Repository, tags: Sequence[str]) -> Mapping[str, Pushed]:
        """The push times of these tags, where they are known.

        Empty when the vendor has no API, or one that this credential may not use: an age that is
        not known is what the asker has to deal with anyway. Raises RegistryError otherwise.
        """
        wanted = frozenset(tags)
        if not wanted:
            return {}
        kept = self._kept.get(repository)
        if kept is None or not wanted <= kept.asked:
            kept = self._ask(repository, wanted)
            self._kept.keep(repository, kept, _LIFETIME)
        return {tag: kept.found[tag] for tag in tags if tag in kept.found}

    def _ask(self, repository: Repository, tags: frozenset[str]) -> _Kept:
        endpoint = self._session.endpoint(repository.registry)
        known = endpoint.repository(repository)
        vendor = self._vendors.get(known.registry) or find_vendor(known.registry)
        found: Mapping[str, Pushed] = {}
        if vendor:
            subject = str(repository)
            query = PushQuery(
                subject=subject,
                path=known.path,
                tags=tags,
                endpoint=endpoint,
                url=vendor.url,
                credential=self._session.credential(endpoint, known.path, subject),
                ask_registry=self._asker(repository),
                send=self._session.send,
            )
            found = self._found(vendor, query)
        return _Kept(tags | found.keys(), found)

    def _found(self, vendor: Vendor, query: PushQuery) -> Mapping[str, Pushed]:
        try:
            return VENDORS[vendor.kind](query)
        except (RegistryAuthError, RepositoryNotFoundError) as exc:
            with self._lock:
                first = query.endpoint.registry not in self._refused
                self._refused.add(query.endpoint.registry)
            level = logging.WARNING if first else logging.DEBUG
            _log.log(level, "no push times: %s", exc.message)
            return {}

    def _asker(self, repository: Repository) -> Callable[..., Response]:
        def ask(url: str, *, scope: str) -> Response:
            return self._session.ask(repository, url, limit=_MAX_LISTING, scope=scope)

        return ask
