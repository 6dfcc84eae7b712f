"""Checks one by one what could make a pass fail, and then plans one.

A check fails where `run` would. The last ones are those of a pass that ends before it publishes: so
what is checked here in another way, to say more about it, is never all there is.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from imagebot.config.model import Configuration, Route, Target
from imagebot.errors import ConfigurationError, ForgeError, ImagebotError, PushRejectedError
from imagebot.forge.connect import check_forge, forge_kind, open_forge
from imagebot.forge.model import Forge
from imagebot.git.checkout import BOT_BRANCHES, Checkout, open_checkout
from imagebot.git.credentials import access_for
from imagebot.manifest.companion import companion_of
from imagebot.plan.assign import Assigned, assign
from imagebot.plan.limits import may_ask, may_publish
from imagebot.plan.model import Plan
from imagebot.reference import Repository
from imagebot.registry.api import Registry
from imagebot.run.check import Check
from imagebot.run.doctor_registries import check_registries
from imagebot.run.limits import limit_faults
from imagebot.run.passes import PassContext, plan_pass
from imagebot.run.target import target_configuration
from imagebot.scan.checkout import CheckoutSource
from imagebot.scan.inventory import take_inventory
from imagebot.scan.source import Source

_SOON = timedelta(days=14)
"""A token that ends within this time is told of."""


def check_folder(
    source: Source, configuration: Configuration, registry: Registry
) -> Iterator[Check]:
    """Check a folder's image fields, and the registries that they name."""
    fields = _assigned(source, configuration, "")
    yield _count("folder", fields)
    yield from check_registries(_repositories(fields), (), registry)


def check_targets(context: PassContext) -> Iterator[Check]:
    """Check each target: credential, Git remote, configuration, limits, forge; then the registries
    of all; then whom commits are told; then what a pass over the targets that are well so far
    would do.
    """
    credentials, registries = context.bot.registry_credentials, context.registries
    named: dict[str, set[Repository]] = {}
    well: list[Target] = []
    for target in context.bot.targets:
        found = []
        for check in _check_target(target, context, named.setdefault(target.name, set())):
            found.append(check)
            yield check
        if all(check.ok for check in found):
            well.append(target)
    for_all = {each for name in named.keys() - registries.keys() for each in named[name]}
    known = list(check_registries(for_all, credentials, context.registry))
    yield from known
    for name, own in registries.items():
        # Most of it is the same for everybody.
        for check in check_registries(named.get(name, ()), credentials, own):
            if check not in known:
                known.append(check)
                yield replace(check, subject=f"{name}: {check.subject}")
    if context.bot.nudges:
        from imagebot.run.doctor_nudges import check_nudges

        yield from check_nudges(context)
    if context.bot.serve:
        from imagebot.run.doctor_serve import check_serve

        yield from check_serve(context)
    yield from _check_plans(well, context, known)


def _check_target(target: Target, context: PassContext, named: set[Repository]) -> Iterator[Check]:
    """Check a target, and note the repositories that its registries are asked about in `named`."""
    name = target.name
    try:
        access = access_for(target.credential, context.environment)
    except ImagebotError as error:
        yield Check.failed(f"{name}: credential", error)
        return
    if target.credential is not None:
        origin = f"credentials.git.{target.credential.name}"
        context.vault.keep(access.token, username=access.username, origin=origin)
        yield Check(True, f"{name}: credential", f"{target.credential.name} can be read")
    if target.paused:
        yield _paused(name, target.paused)
    configuration = None
    try:
        with open_checkout(
            context.cache, target.url, target.branch, access, stop=context.stop
        ) as checkout:
            head = checkout.refresh()
            yield Check(True, f"{name}: git", f"{target.url} {target.branch} is at {head[:12]}")
            configuration = yield from _check_content(target, context, checkout, named)
    except ImagebotError as error:
        yield Check.failed(f"{name}: git", error)
    yield from _check_forge(target, configuration, context)


def _check_content(
    target: Target, context: PassContext, checkout: Checkout, named: set[Repository]
) -> Generator[Check, None, Configuration | None]:
    subject = f"{target.name}: configuration"
    fallback = context.bot.inline or context.fallback
    try:
        configuration = target_configuration(checkout, target, fallback)
    except ConfigurationError as error:
        yield from (Check(False, subject, str(issue), issue.hint) for issue in error.issues)
        return None
    routes = len(configuration.routes)
    yield Check(True, subject, f"{configuration.path}: {routes} route{'' if routes == 1 else 's'}")
    if configuration.paused and not target.paused:
        yield _paused(target.name, configuration.paused)
    yield from _check_pushes(target, configuration, checkout)
    yield from check_routes(target, configuration)
    source = CheckoutSource(checkout, configuration.files)
    fields = _assigned(source, configuration, target.name, target.url)
    yield _count(target.name, fields) if fields else _nothing(target.name)
    beside = {
        each: lock
        for each in dict.fromkeys(one.field.path for one in fields)
        if (lock := companion_of(each)) and source.has(lock)
    }
    yield from _check_limits(target, configuration, fields, beside)
    named.update(each for each in _repositories(fields) if may_ask(target.limits, each))
    return configuration


def _paused(name: str, reason: str) -> Check:
    return Check.warning(f"{name}: paused", f"{reason}: nothing is published")


def _check_pushes(
    target: Target, configuration: Configuration, checkout: Checkout
) -> Iterator[Check]:
    """A dry push for each way of publishing that a route has."""
    subject = f"{target.name}: push"
    ways = {route.publish for route in configuration.routes}
    may = []
    for way, branch in (("commit", target.branch), ("pull-request", f"{BOT_BRANCHES}doctor")):
        if way not in ways:
            continue
        try:
            checkout.try_push(branch)
        except PushRejectedError as error:
            # Somebody else has just pushed: whether we may is not what this is about.
            if error.kind not in ("behind", "race", "lease"):
                yield Check.failed(subject, error)
                continue
        except ImagebotError as error:
            yield Check.failed(subject, error)
            return
        may.append(branch if way == "commit" else f"{BOT_BRANCHES}*")
    if may:
        found = f"a dry push to {' and '.join(may)} is accepted"
        yield Check(True, subject, found)
    in_the_way = BOT_BRANCHES.rstrip("/")
    if "pull-request" in ways and checkout.remote_branch(in_the_way) is not None:
        found = f"the branch {in_the_way!r} keeps every {BOT_BRANCHES}* from being pushed"
        yield Check(False, subject, found, "delete or rename that branch")


def check_routes(target: Target, configuration: Configuration) -> Iterator[Check]:
    """Check that a target can have the pull requests that its routes open.

    What is wrong with a forge that is known is found where the forge is checked.
    """
    if forge_kind(target) != "none":
        return
    try:
        check_forge(target)
    except ForgeError as error:
        for route in configuration.routes:
            if route.publish == "pull-request":
                message = f"route {route.name!r} opens pull requests: {error.reason}"
                yield Check(False, f"{target.name}: routes", message, error.hint)


def _check_limits(
    target: Target,
    configuration: Configuration,
    fields: Iterable[Assigned],
    beside: Mapping[str, str],
) -> Iterator[Check]:
    """What the routes may not do, and the files and images of the target that it is about.

    `beside` are the lock files that change with others, by the paths of these.
    """
    subject, limits = f"{target.name}: limits", target.limits
    certain = [each for each in limit_faults(configuration, limits, target.name) if each.certain]
    for fault in certain:
        yield Check(False, subject, fault.message, fault.hint)
    told = {configuration.routes[int(fault.keys[1])].name for fault in certain}
    beyond: dict[str, list[str]] = {}
    unasked: dict[Repository, None] = {}
    for each in fields:
        route = each.route
        if route is None:
            continue
        if not may_ask(limits, each.field.reference.repository):
            unasked[each.field.reference.repository] = None
            continue
        path = each.field.path
        for touched in (path, beside[path]) if path in beside else (path,):
            if route.name not in told and not may_publish(limits, route, touched):
                beyond.setdefault(route.name, []).append(touched)
    for name, paths in beyond.items():
        files = tuple(dict.fromkeys(paths))
        message = f"route {name!r} commits to {_some(files)}, which limits.commit does not allow"
        hint = "publish by pull request, or widen limits.commit of the target in the bot's file"
        yield Check(False, subject, message, hint)
    if unasked:
        message = f"limits.images does not allow {_some([str(each) for each in unasked])}"
        hint = "nothing is decided for them: widen limits.images, or give them the policy ignore"
        yield Check.warning(subject, message, hint)


def _check_forge(
    target: Target, configuration: Configuration | None, context: PassContext
) -> Iterator[Check]:
    """Whether the forge can be used; a target without pull requests does not need it."""
    subject = f"{target.name}: forge"
    routes = configuration.routes if configuration is not None else ()
    proposes = any(route.publish == "pull-request" for route in routes)
    try:
        forge = open_forge(target, context.environment, context.stop)
        if forge is None:
            yield Check(True, subject, "none: imagebot can commit, but not open pull requests")
            return
        rights = forge.check(proposes=proposes)
    except ImagebotError as error:
        if proposes or configuration is None:
            yield Check.failed(subject, error)
        else:
            found = f"{error.message}; no route opens pull requests"
            yield Check.warning(subject, found, error.hint)
        return
    yield Check(True, subject, f"{forge.project}: {rights.summary}")
    yield from _check_protection(target, routes, forge)
    if rights.expires is not None:
        yield _expiry(subject, rights.expires, context.now)


def _check_protection(target: Target, routes: Iterable[Route], forge: Forge) -> Iterator[Check]:
    """What the forge says of the branches that are pushed to: a dry push does not ask for it."""
    subject = f"{target.name}: protection"
    ways = {route.publish for route in routes}
    for way, branch in (("commit", target.branch), ("pull-request", f"{BOT_BRANCHES}doctor")):
        if way not in ways:
            continue
        own = way == "pull-request"
        try:
            found = forge.obstacles(branch, own=own)
        except ImagebotError as error:
            message = f"{branch}: cannot find out how it is protected: {error.message}"
            yield Check.warning(subject, message, error.hint)
            continue
        hint = f"let the bot's account push to {BOT_BRANCHES if own else branch}"
        if not own:
            hint += ", or set `publish: pull-request` on the route"
        for each in found:
            message, do = f"{branch}: {each.reason}", each.hint or hint
            if each.certain:
                yield Check(False, subject, message, do)
            else:
                yield Check.warning(subject, message, do)


def _expiry(subject: str, expires: datetime, now: datetime) -> Check:
    message = f"the token expires on {expires:%Y-%m-%d}"
    if expires - now > _SOON:
        return Check(True, subject, message)
    days = max(0, (expires - now).days)
    return Check.warning(subject, f"{message}, in {days} days", "renew it, and replace the secret")


def _check_plans(
    targets: Iterable[Target], context: PassContext, known: Iterable[Check]
) -> Iterator[Check]:
    """A pass that ends before publishing. What the registries' own checks have said is left out."""
    wanted = tuple(targets)
    if not wanted:
        return
    failed = [check for check in known if not check.ok]
    told = {each for check in failed for each in (check.subject, check.message)}
    planned = plan_pass(replace(context, bot=replace(context.bot, targets=wanted)))
    for target, each in zip(wanted, planned, strict=True):
        plan, subject = each.plan, f"{target.name}: plan"
        problems = [
            problem
            for problem in plan.problems
            if problem.message not in told and f"registry {problem.subject}" not in told
        ]
        for problem in problems:
            said = problem.placed.removeprefix(f"{target.name}: ")
            yield Check(False, subject, said, problem.hint)
        if not problems:
            yield Check(True, subject, _summary(plan))


def _summary(plan: Plan) -> str:
    parts = {"update": len(plan.updates), "warning": len(plan.warnings)}
    counts = [f"{number} {noun}{'' if number == 1 else 's'}" for noun, number in parts.items()]
    return f"{counts[0]}, {len(plan.kept)} kept, {counts[1]}"


def _assigned(
    source: Source, configuration: Configuration, target: str, url: str | None = None
) -> list[Assigned]:
    """The image fields that a pass would manage."""
    inventory = take_inventory(source, configuration, url=url)
    every = assign(inventory.fields, configuration, target, flux=inventory.flux)
    return [each for each in every if each.managed]


def _repositories(fields: Iterable[Assigned]) -> set[Repository]:
    return {each.field.reference.repository for each in fields}


def _count(name: str, fields: list[Assigned]) -> Check:
    subject = f"{name}: image fields"
    if not fields:
        return Check(False, subject, "none found", "run `imagebot scan` to see what is read")
    files = len({each.field.path for each in fields})
    return Check(True, subject, f"{len(fields)} in {files} files")


def _nothing(name: str) -> Check:
    """A pass over such a target does nothing, and does not fail."""
    message = "no route and image entry of the configuration takes any"
    return Check.warning(
        f"{name}: image fields", message, "run `imagebot scan` to see what is read"
    )


def _some(names: tuple[str, ...] | list[str]) -> str:
    return f"{names[0]} and {len(names) - 1} more" if len(names) > 1 else names[0]
