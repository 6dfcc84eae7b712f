"""Short ways to choose in tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from imagebot.policy.build import build_policy
from imagebot.policy.choose import choose
from imagebot.policy.model import Choice, Policy
from imagebot.reference import Reference, Repository

TODAY = date(2026, 3, 10)
_REPOSITORY = Repository("registry.test", "app")


def reference(tag: str | None = None, digest: str | None = None) -> Reference:
    return Reference(_REPOSITORY, tag, digest, str(_REPOSITORY))


def choosing(
    policy: Policy | Mapping[str, object],
    tags: Sequence[str] | str,
    current: str | None = None,
    *,
    times: Mapping[str, datetime] | None = None,
    today: date = TODAY,
) -> Choice:
    """Tags may be one text, parted by spaces; a policy may be its keys."""
    made = policy if isinstance(policy, Policy) else build_policy("tested", policy)
    some = tags.split() if isinstance(tags, str) else tags
    return choose(made, some, reference(current), today=today, times=times)


def pick(
    policy: Policy | Mapping[str, object],
    tags: Sequence[str] | str,
    current: str | None = None,
) -> str | None:
    """The tag that a field shall have afterwards."""
    choice = choosing(policy, tags, current)
    return choice.successors[0] if choice.successors else current


def rules(choice: Choice) -> dict[str, str]:
    """The first rule that refused each tag."""
    return {rejection.tag: rejection.rule for rejection in choice.rejections}
