"""Order `alphabetical`: by the bytes of the text, no locale and no numbers."""

from __future__ import annotations

from imagebot.policy.model import Policy
from imagebot.policy.ranking import Pool, Ranked
from imagebot.policy.rejections import Refusals


def rank(_policy: Policy, pool: Pool, current: str | None, _refusals: Refusals) -> Ranked:
    # Code points compare as their UTF-8 bytes do.
    return Ranked(pool.tags, pool.texts, current)
