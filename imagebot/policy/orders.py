"""The orders that look at tags alone, by their names. Pure.

Each is imported with the first policy that uses it: a pass seldom needs more than one or two.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imagebot.policy.model import Order as OrderName
    from imagebot.policy.ranking import Order


@functools.cache
def order_of(name: OrderName) -> Order:
    """How the tags of such a policy are ranked. `name` is not that of an order by time."""
    match name:
        case "semver":
            from imagebot.policy import semver

            return semver.rank
        case "calver":
            from imagebot.policy import calver

            return calver.rank
        case "numerical":
            from imagebot.policy import numerical

            return numerical.rank
        case "alphabetical":
            from imagebot.policy import alphabetical

            return alphabetical.rank
        case "shape" | "natural":
            from imagebot.policy import natural

            return natural.rank
    raise AssertionError(f"{name} has no order of its own")
