"""When tags were pushed, by whichever API the registry's vendor has."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from imagebot.errors import RegistryAuthError, RepositoryNotFoundError
from imagebot.http.message import Response
from imagebot.reference import Repository

if TYPE_CHECKING:
    from imagebot.registry.api import Pushed
    from imagebot.registry.session import Session
    from imagebot.registry.vendors import Vendor
    from imagebot.registry.vendors.query import PushQuery, RegistryGet

_log = logging.getLogger(__name__)

_MAX_LISTING = 64 * 1024 * 1024


class PushTimes:
    """Queries the APIs of vendors for push times.

    `vendors` says, by host, whose API a registry has and where, for hosts whose name does not.
    """

    def __init__(self, session: Session, vendors: Mapping[str, Vendor]) -> None:
        self._session = session
        self._vendors = vendors
        self._lock = threading.Lock()
        self._refused: set[str] = set()

    def of(self, repository: Repository, tags: Sequence[str]) -> Mapping[str, Pushed]:
        """The push times of these tags where they are known, and of others in the same pages.

        Empty when the vendor has no API, or one that this credential may not use: callers have to
        deal with an unknown age anyway. Raises RegistryError otherwise.
        """
        # Imported here, because few policies ask for times.
        from imagebot.registry.vendors import find_vendor
        from imagebot.registry.vendors.query import PushQuery

        endpoint = self._session.endpoint(repository.registry)
        known = endpoint.repository(repository)
        vendor = self._vendors.get(known.registry) or find_vendor(known.registry)
        if vendor is None or not tags:
            return {}
        subject = str(repository)
        query = PushQuery(
            subject=subject,
            path=known.path,
            tags=frozenset(tags),
            endpoint=endpoint,
            url=vendor.url,
            credential=self._session.credential(endpoint, known.path, subject),
            registry_get=self._registry_get(repository),
            send=self._session.send,
            keep=self._session.vault.keep,
        )
        return self._found(vendor, query)

    def _found(self, vendor: Vendor, query: PushQuery) -> Mapping[str, Pushed]:
        from imagebot.registry.vendors import VENDORS

        try:
            return VENDORS[vendor.kind](query)
        except (RegistryAuthError, RepositoryNotFoundError) as exc:
            with self._lock:
                first = query.endpoint.registry not in self._refused
                self._refused.add(query.endpoint.registry)
            level = logging.WARNING if first else logging.DEBUG
            _log.log(level, "no push times: %s", exc.message)
            return {}

    def _registry_get(self, repository: Repository) -> RegistryGet:
        def get(url: str, *, scope: str) -> Response:
            return self._session.request(repository, url, limit=_MAX_LISTING, scope=scope)

        return get
