"""The daemon's part of the bot's own file, from checked sections to values."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from imagebot.config.model_serve import Hook, Listen, Nudge, ServeOptions
from imagebot.config.schedule import Schedule, parse_schedule
from imagebot.config.secret_source import SecretSource
from imagebot.policy.duration import parse_duration

if TYPE_CHECKING:
    from imagebot.config.schema_bot import ScheduledSection, SecretSection
    from imagebot.config.schema_serve import HookSection, NudgeSection, ServeSection


def to_serve_options(section: ServeSection, folder: str) -> ServeOptions:
    """`folder` is that of the bot's file: paths are relative to it."""
    given = section.model_fields_set
    return ServeOptions(
        listen=to_listen(section.listen),
        hooks_listen=to_listen(section.hooks_listen) if "hooks_listen" in given else None,
        schedule=to_schedule(section) or Schedule(),
        settle=parse_duration("", section.settle).total_seconds(),
        password=_secret(section.password, folder) if "password" in given else None,
        hooks={name: _hook(name, hook, folder) for name, hook in section.hooks.items()},
    )


def to_schedule(section: ScheduledSection) -> Schedule | None:
    """The schedule of a section; None where it says nothing."""
    if "schedule" in section.model_fields_set:
        return parse_schedule(section.schedule)
    if "interval" in section.model_fields_set:
        return Schedule(parse_duration("", section.interval).total_seconds())
    return None


def to_listen(text: str) -> Listen:
    """`HOST:PORT`, as `check_listen` lets it pass."""
    host, _, port = text.rpartition(":")
    return Listen(host.strip("[]"), int(port))


def to_nudge(section: NudgeSection, folder: str) -> Nudge:
    return Nudge(
        type=section.type,
        url=section.url,
        ca_file=posixpath.join(folder, section.ca_file) if section.ca_file else "",
        secret=_secret(section.secret, folder) if "secret" in section.model_fields_set else None,
        applications=tuple(section.applications),
        targets=tuple(section.targets),
    )


def _hook(name: str, section: HookSection, folder: str) -> Hook:
    claims = {
        claim: (value,) if isinstance(value, str) else tuple(value)
        for claim, value in section.claims.items()
    }
    return Hook(
        name=name,
        type=section.type,
        secret=_secret(section.secret, folder) if "secret" in section.model_fields_set else None,
        images=tuple(section.images),
        registry=section.registry,
        issuer=section.issuer,
        audience=section.audience,
        claims=claims,
    )


def _secret(section: SecretSection, folder: str) -> SecretSource:
    if section.env:
        return SecretSource("env", section.env)
    return SecretSource("file", posixpath.join(folder, section.file))
