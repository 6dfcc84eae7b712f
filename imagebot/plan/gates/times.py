"""Times for policies that order by time, asked only for tags that pass their filters."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from functools import partial

from imagebot.errors import RegistryError, RepositoryNotFoundError
from imagebot.parallel.threads import map_at_once
from imagebot.policy.choose import timed_candidates
from imagebot.policy.model import Policy
from imagebot.policy.timed import as_utc
from imagebot.reference import Reference, Repository
from imagebot.registry.api import Registry

MOST_ASKED = 500
"""How many images are asked for their creation date; each costs up to three requests."""

_WORKERS = 8


def ask_times(
    policy: Policy,
    tags: Sequence[str],
    current: Reference,
    images: Registry,
    *,
    today: date,
    limit: int = MOST_ASKED,
) -> dict[str, datetime]:
    """The times that `choose` compares, by tag; nothing is asked for other orders.

    A tag has none when the registry or the image does not say one, when its manifest is gone, or
    when it claims to be from before 2010. Raises RegistryError, also when more than `limit` tags
    would have to be asked one by one: the newest of some of them would be a guess.
    """
    wanted = timed_candidates(policy, tags, current, today=today)
    if not wanted:
        return {}
    repository = current.repository
    if policy.order == "pushed":
        found = images.pushed(repository, wanted)
        return {tag: found[tag].at for tag in wanted if tag in found}
    if len(wanted) > limit:
        raise RegistryError(
            str(repository),
            f"policy {policy.name} would ask {len(wanted)} images when they were created, "
            f"and no more than {limit} are asked",
            hint="narrow the policy with a pattern, or use order: pushed",
        )
    times = map_at_once(partial(_created, images, repository), wanted, workers=_WORKERS)
    return {tag: time for tag, time in zip(wanted, times, strict=True) if time is not None}


def _created(images: Registry, repository: Repository, tag: str) -> datetime | None:
    from imagebot.plan.gates.min_age import EARLIEST_CLAIM

    try:
        created = images.created(repository, images.digest(repository, tag))
    except RepositoryNotFoundError:
        return None
    if created is None or as_utc(created) < EARLIEST_CLAIM:
        return None
    return created
