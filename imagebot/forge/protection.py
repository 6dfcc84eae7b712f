"""What GitHub says of the protection of a branch: whether a push of the bot would be refused.

Two things protect a branch. Rulesets can be read with any token, with whether its user may bypass
them. The older branch protection can only be read with the permission administration: read; without
it GitHub tells no more than that there is one.

https://docs.github.com/en/rest/repos/rules
https://docs.github.com/en/rest/branches/branch-protection
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from urllib.parse import quote

from imagebot.errors import ForgeAuthError, ForgeError
from imagebot.forge.model import Obstacle
from imagebot.text import excerpt

Get = Callable[[str], object]
"""Asks for a path below the project's; raises ForgeError."""

_REFUSED = {
    "pull_request": "only pull requests may change it",
    "merge_queue": "only its merge queue may change it",
    "update": "nobody may push to it",
    "required_signatures": "its commits must be signed",
    "required_status_checks": "commits need status checks before they are pushed",
    "required_deployments": "commits need a deployment before they are pushed",
    "workflows": "commits need workflows before they are pushed",
    "code_scanning": "commits need code scanning before they are pushed",
}
_REFUSED_OF_BOT = {
    "creation": "nobody may create it",
    "deletion": "nobody may delete it",
    "non_fast_forward": "nobody may force a push to it",
}
_MOST_RULES = 100


def obstacles_of(get: Get, branch: str, *, own: bool) -> Iterator[Obstacle]:
    """What keeps the bot from pushing to a branch, one for each reason.

    `own`: a branch of the bot, which it creates, rebuilds and deletes; it need not exist.
    """
    project = get("")
    if isinstance(project, dict) and project.get("archived") is True:
        hint = "take it out of the archive, or remove the target"
        yield Obstacle("the project is archived: it can only be read", certain=True, hint=hint)
        return
    name = quote(branch, safe="")
    yield from _of_rules(get, name, _REFUSED | (_REFUSED_OF_BOT if own else {}))
    if not own:
        yield from _of_protection(get, name)


def _of_rules(get: Get, name: str, refused: Mapping[str, str]) -> Iterator[Obstacle]:
    try:
        rules = get(f"/rules/branches/{name}?per_page={_MOST_RULES}")
    except ForgeAuthError:
        yield Obstacle("the token may not read the rules of the branch", certain=False)
        return
    except ForgeError as error:
        if error.status == 404:  # an Enterprise Server that has no rulesets yet
            return
        raise
    for rule in rules if isinstance(rules, list) else ():
        kind = rule.get("type") if isinstance(rule, dict) else None
        if not isinstance(kind, str) or kind not in refused:
            continue
        bypass = _bypass(get, rule)
        if bypass in ("always", "exempt"):
            continue
        known = bypass in ("never", "pull_requests_only")
        unsure = "" if known else "; GitHub does not say whether the bot may bypass it"
        source = excerpt(str(rule.get("ruleset_source") or "the project"))
        reason = f"a ruleset of {source}: {refused[kind]}{unsure}"
        yield Obstacle(reason, certain=known)


def _bypass(get: Get, rule: Mapping[str, object]) -> str:
    """Whether the user of the token may bypass a rule, "" where GitHub does not say."""
    number = rule.get("ruleset_id")
    if not isinstance(number, int):
        return ""
    try:
        ruleset = get(f"/rulesets/{number}?includes_parents=true")
    except ForgeAuthError:
        return ""
    except ForgeError as error:
        if error.status == 404:
            return ""
        raise
    found = ruleset.get("current_user_can_bypass") if isinstance(ruleset, dict) else None
    return str(found or "")


def _of_protection(get: Get, name: str) -> Iterator[Obstacle]:
    try:
        branch = get(f"/branches/{name}")
        if not isinstance(branch, dict) or branch.get("protected") is not True:
            return
        protection = get(f"/branches/{name}/protection")
    except ForgeAuthError:
        reason = "it is protected, and the token may not read how (administration: read)"
        yield Obstacle(reason, certain=False)
        return
    except ForgeError as error:
        if error.status == 404:  # protected by a ruleset alone
            return
        raise
    if isinstance(protection, dict):
        yield from _judged(protection)


def _judged(protection: Mapping[str, object]) -> Iterator[Obstacle]:
    """Administrators may push all the same unless that is enforced for them too, and exceptions
    may name the bot; so only what has neither is certain."""
    enforced = _enabled(protection.get("enforce_admins"))
    reviews = protection.get("required_pull_request_reviews")
    if isinstance(reviews, dict):
        allowed = reviews.get("bypass_pull_request_allowances")
        spared = isinstance(allowed, dict) and any(allowed.values())
        yield _protected("only pull requests may change it", certain=enforced and not spared)
    if isinstance(protection.get("required_status_checks"), dict):
        reason = "commits need status checks before they are pushed"
        yield _protected(reason, certain=enforced)
    if isinstance(protection.get("restrictions"), dict):
        yield _protected("only some people and apps may push to it", certain=False)
    if _enabled(protection.get("required_signatures")):
        yield _protected("its commits must be signed", certain=enforced)
    if _enabled(protection.get("lock_branch")):
        yield _protected("it is locked", certain=True)


def _enabled(value: object) -> bool:
    return isinstance(value, dict) and value.get("enabled") is True


def _protected(reason: str, *, certain: bool) -> Obstacle:
    unsure = "" if certain else "; the bot's account may be an exception"
    return Obstacle(f"it is protected: {reason}{unsure}", certain=certain)
