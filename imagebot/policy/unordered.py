"""Policies that put tags in no order: those that follow one, and those that never change a tag.

Neither needs a list of tags, so an empty one says nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from imagebot.policy.charts import why_no_version
from imagebot.policy.model import Choice, Policy
from imagebot.policy.rejections import Refusals
from imagebot.reference import Reference
from imagebot.version.chart import chart_version

_IMPLIED = "latest"
"""The tag of a reference that has neither a tag nor a digest."""


def choose_none(policy: Policy, tags: Sequence[str], current: Reference) -> Choice:
    """The current tag, whatever else there is."""
    others = Refusals()
    others.add("order", _others(tags, current.tag), "the policy never changes a tag")
    rejections = others.freeze()
    if current.tag is not None:
        only = "only pins digests" if policy.pin is not None else "never changes a tag"
        reason = f"{current.tag} stays: the policy {only}"
        return Choice((current.tag,), rejections, "current", reason)
    if current.digest is not None:
        reason = "the digest has no tag that it could follow: write its tag beside it"
    else:
        pinned = ", so that it can be pinned" if policy.pin is not None else ""
        reason = f"there is no tag, which means {_IMPLIED}: write it{pinned}"
    return Choice((), rejections, "no-order", reason)


def choose_followed(policy: Policy, tags: Sequence[str], current: Reference) -> Choice:
    """The one tag, for fields that have it, or only a digest; `adopt: true` takes the others too.

    A reference with neither a tag nor a digest has the tag `latest`.
    """
    followed = policy.follow
    assert followed is not None
    others = Refusals()
    if current.chart and (why := why_no_version(followed, current.tag or "")):
        reason = f"the policy follows {followed}, which is {why}"
        return Choice((), others.freeze(), "no-candidate", reason)
    if current.chart:
        followed = chart_version(followed) or followed
    others.add("follow", _others(tags, followed), "not it")
    rejections = others.freeze()
    implied = _IMPLIED if current.digest is None else followed
    if policy.adopt is not True and (current.tag or implied) != followed:
        what = current.tag or f"a reference without a tag, which means {_IMPLIED},"
        reason = f"the policy follows {followed} and leaves {what} alone"
        return Choice((), rejections, "no-order", f"{reason}; `adopt: true` replaces it")
    if tags and followed not in set(tags):
        reason = f"the registry does not list {followed}, which the policy follows"
        return Choice((), rejections, "no-candidate", reason, allows_none=True, settled=False)
    return Choice((followed,), rejections, "follow", f"the policy follows {followed}", (followed,))


def _others(tags: Sequence[str], one: str | None) -> list[str]:
    return [tag for tag in dict.fromkeys(tags) if tag != one]
