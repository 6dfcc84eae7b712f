"""The digests that published tags have now, for the trailers of a commit."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Hashable, Iterable

from imagebot.errors import RegistryError
from imagebot.parallel.threads import Lanes, map_at_once
from imagebot.plan.model import Update
from imagebot.publish.trailers import Digests, TagKey, key_of
from imagebot.registry.api import Registry
from imagebot.version.chart import registry_tag

_log = logging.getLogger(__name__)

MOST_SECONDS = 20.0
"""After this time no other registry is asked: a commit does not wait long for a trailer."""

_WORKERS = 32
_PER_HOST = 16


def look_up_digests(
    updates: Iterable[Update],
    registry: Registry | None,
    *,
    seconds: float = MOST_SECONDS,
    clock: Callable[[], float] = time.monotonic,
) -> Digests:
    """One request for each distinct tag of the updates that have no digest themselves.

    What a pass has asked already is not asked again. A registry that does not answer leaves out its
    digests, with the reason among the failures, and stops nothing. Without a registry none is
    known.
    """
    charts = {key: each.field.reference.chart for each in updates if (key := key_of(each))}
    if registry is None or not charts:
        return Digests()
    ends = clock() + seconds

    def ask(key: TagKey) -> tuple[str, str]:
        repository, tag = key
        if clock() > ends:
            return "", f"not looked up: the registries took more than {seconds:.0f} s"
        try:
            return registry.digest(repository, registry_tag(tag) if charts[key] else tag), ""
        except RegistryError as error:
            return "", error.message

    hosts: Lanes[TagKey] = Lanes(_host, lambda _: _PER_HOST)
    answers = dict(
        zip(charts, map_at_once(ask, charts, workers=_WORKERS, lanes=hosts), strict=True)
    )
    failures = {key: why for key, (_, why) in answers.items() if why}
    if failures:
        (repository, tag), why = next(iter(failures.items()))
        more = f", and of {len(failures) - 1} more" if len(failures) > 1 else ""
        _log.warning("no digest in the commit for %s:%s%s: %s", repository, tag, more, why)
    return Digests({key: digest for key, (digest, _) in answers.items() if digest}, failures)


def _host(key: TagKey) -> Hashable:
    repository, _ = key
    return repository.registry
