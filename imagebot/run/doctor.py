"""Checks one by one what could make a pass fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from imagebot.config.model import BotConfiguration, Configuration, Target
from imagebot.config.secret import Vault
from imagebot.errors import ConfigurationError, ForgeError, ImagebotError
from imagebot.forge.connect import check_forge, forge_kind, open_forge
from imagebot.git.checkout import Checkout, open_checkout
from imagebot.git.credentials import access_for
from imagebot.parallel.stop import Stop
from imagebot.plan.limits import may_ask
from imagebot.reference import Repository
from imagebot.registry.api import Registry
from imagebot.run.check import Check
from imagebot.run.doctor_registries import check_registries
from imagebot.run.target import target_configuration
from imagebot.scan.checkout import CheckoutSource
from imagebot.scan.inventory import take_inventory
from imagebot.scan.source import Source


def check_folder(
    source: Source, configuration: Configuration, registry: Registry
) -> Iterator[Check]:
    """Check a folder's image fields, and the registries that they name."""
    yield from _check_source("folder", source, configuration, registry)


def check_targets(
    bot: BotConfiguration,
    registry: Registry,
    environment: Mapping[str, str],
    cache: Path,
    *,
    registries: Mapping[str, Registry],
    vault: Vault,
    stop: Stop,
) -> Iterator[Check]:
    """Check each target: credential, Git remote, configuration, forge, and its registries.

    `registries` has the views of targets that may ask more hosts than `registry`, by their names.
    """
    named: dict[str, set[Repository]] = {}
    for target in bot.targets:
        look_inside = partial(_check_content, target, bot, named.setdefault(target.name, set()))
        yield from check_remote(target, environment, cache, look_inside, vault=vault, stop=stop)
    for_all = {each for name in named.keys() - registries.keys() for each in named[name]}
    found = list(check_registries(for_all, bot.registry_credentials, registry))
    yield from found
    for name, own in registries.items():
        # Most of it is the same for everybody.
        for check in check_registries(named.get(name, ()), bot.registry_credentials, own):
            if check not in found:
                yield replace(check, subject=f"{name}: {check.subject}")


def check_remote(
    target: Target,
    environment: Mapping[str, str],
    cache: Path,
    look_inside: Callable[[Checkout], Iterator[Check]] = lambda _checkout: iter(()),
    *,
    vault: Vault,
    stop: Stop,
) -> Iterator[Check]:
    """Check a target's credential, Git remote and forge; `look_inside` checks its content."""
    name = target.name
    try:
        access = access_for(target.credential, environment)
    except ImagebotError as error:
        yield Check.failed(f"{name}: credential", error)
        return
    if target.credential is not None:
        vault.keep(
            access.token,
            username=access.username,
            origin=f"credentials.git.{target.credential.name}",
        )
        yield Check(True, f"{name}: credential", f"{target.credential.name} can be read")
    try:
        with open_checkout(cache, target.url, target.branch, access, stop=stop) as checkout:
            head = checkout.refresh()
            yield Check(True, f"{name}: git", f"{target.url} {target.branch} is at {head[:12]}")
            yield from look_inside(checkout)
    except ImagebotError as error:
        yield Check.failed(f"{name}: git", error)
    yield from _check_forge(target, environment, stop)


def _check_content(
    target: Target, bot: BotConfiguration, named: set[Repository], checkout: Checkout
) -> Iterator[Check]:
    subject = f"{target.name}: configuration"
    try:
        configuration = target_configuration(checkout, target, bot.inline)
    except ConfigurationError as error:
        yield from (Check(False, subject, str(issue), issue.hint) for issue in error.issues)
        return
    routes = len(configuration.routes)
    yield Check(True, subject, f"{configuration.path}: {routes} route{'' if routes == 1 else 's'}")
    yield from check_routes(target, configuration)
    source = CheckoutSource(checkout, configuration.files)
    found: set[Repository] = set()
    yield _inventory(target.name, source, configuration, found)
    named.update(each for each in found if may_ask(target.limits, each))


def check_routes(target: Target, configuration: Configuration) -> Iterator[Check]:
    """Check that a target can have the pull requests that its routes open.

    What is wrong with a forge that is known is found where the forge is checked.
    """
    routes = (route for route in configuration.routes if route.publish == "pull-request")
    route = next(routes, None)
    if route is None or forge_kind(target) != "none":
        return
    try:
        check_forge(target)
    except ForgeError as error:
        message = f"route {route.name!r} opens pull requests: {error.reason}"
        yield Check(False, f"{target.name}: routes", message, error.hint)


def _check_forge(target: Target, environment: Mapping[str, str], stop: Stop) -> Iterator[Check]:
    subject = f"{target.name}: forge"
    try:
        forge = open_forge(target, environment, stop)
        if forge is None:
            yield Check(True, subject, "none: imagebot can commit, but not open pull requests")
        else:
            yield Check(True, subject, f"{forge.project}: {forge.check()}")
    except ImagebotError as error:
        yield Check.failed(subject, error)


def _check_source(
    name: str, source: Source, configuration: Configuration, registry: Registry
) -> Iterator[Check]:
    named: set[Repository] = set()
    yield _inventory(name, source, configuration, named)
    yield from check_registries(named, (), registry)


def _inventory(
    name: str, source: Source, configuration: Configuration, named: set[Repository]
) -> Check:
    """Count the image fields, and note their repositories in `named`."""
    fields = take_inventory(source, configuration).fields
    named.update(field.reference.repository for field in fields)
    subject = f"{name}: image fields"
    if not fields:
        return Check(False, subject, "none found", "run `imagebot scan` to see what is read")
    return Check(True, subject, f"{len(fields)} in {len({field.path for field in fields})} files")
