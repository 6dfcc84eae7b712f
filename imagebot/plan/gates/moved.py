"""Whether a tag that nothing pins still has the digest that it had when imagebot wrote it."""

from __future__ import annotations

from dataclasses import replace

from imagebot.errors import RegistryError, RepositoryNotFoundError
from imagebot.policy.model import Decision, Policy
from imagebot.reference import Reference
from imagebot.registry.api import Registry

SHOWN = len("sha256:") + 12
"""So much of a digest is shown."""


def note_moved(
    decision: Decision, policy: Policy, reference: Reference, images: Registry, *, written: str
) -> Decision:
    """The decision, with the code `tag-moved` where the tag stays and has another digest now.

    `written` is the digest that imagebot's commit names for the tag. Only a decision to keep a tag
    without a digest is looked at, and never one that says nothing of tags. A registry that does not
    answer changes nothing, for this is not what was asked.
    """
    tag = reference.tag
    looks = decision.settled and not decision.moves and reference.digest is None
    if tag is None or not looks or policy.ignored or policy.follow is not None:
        return decision
    try:
        now = images.digest(reference.repository, tag)
        same = now == written or written in images.images(reference.repository, now)
    except RepositoryNotFoundError:
        return decision
    except RegistryError as error:
        return replace(decision, reason=f"{decision.reason}; its digest: {error.message}")
    if same:
        return decision
    moved = f"{tag} had the digest {written[:SHOWN]} when imagebot wrote it, and has {now[:SHOWN]}"
    moved += " now; `pin: digest` would write it"
    moved += "" if decision.code == "current" else f"; {decision.reason}"
    return replace(decision, code="tag-moved", reason=moved)
