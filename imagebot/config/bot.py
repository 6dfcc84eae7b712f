"""The bot's own file, from checked sections to values."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from typing import TYPE_CHECKING, TypedDict

from imagebot.config.identity import refuse_identity
from imagebot.config.issues import Issues
from imagebot.config.model import (
    BotConfiguration,
    Configuration,
    ForgeOptions,
    GitCredential,
    Limits,
    RegistryCredential,
    RegistryIdentity,
    RegistryOptions,
    Target,
    pause_reason,
)
from imagebot.config.node import show_text
from imagebot.config.secret_source import SecretSource
from imagebot.git.url import parse_url
from imagebot.http.address import normalise_host, normalise_place
from imagebot.policy.duration import parse_duration
from imagebot.text import did_you_mean

if TYPE_CHECKING:
    from imagebot.config.model_serve import Nudge, ServeOptions
    from imagebot.config.schedule import Schedule
    from imagebot.config.schema_bot import (
        BotSection,
        GitCredentialSection,
        LimitsSection,
        RegistryCredentialSection,
        RegistrySection,
        SecretSection,
        TargetSection,
    )


class _Daemon(TypedDict, total=False):
    serve: ServeOptions
    nudges: tuple[Nudge, ...]


def check_targets(section: BotSection, issues: Issues) -> None:
    """Check what involves several sections: names in use, and names given twice."""
    seen: dict[str, int] = {}
    names = target_names(section)
    for index, target in enumerate(section.targets):
        at = ("targets", index)
        known = section.credentials.git
        if target.credential and target.credential not in known:
            message = f"there is no Git credential {show_text(target.credential)!r}"
            hint = did_you_mean(target.credential, known) or "define it under credentials.git"
            issues.add((*at, "credential"), message, hint, position=0)
        if names[index] in seen:
            message = f"another target has the name {show_text(names[index])!r}"
            issues.add(at, message, "give each target its own name")
        seen[names[index]] = index


def check_nudges(section: BotSection, issues: Issues) -> None:
    """Check that the targets of nudges exist."""
    names = target_names(section)
    nudges = section.nudges if isinstance(section.nudges, list) else []
    for index, nudge in enumerate(nudges):
        for number, name in enumerate(nudge.targets):
            if name not in names:
                message = f"there is no target {show_text(name)!r}"
                at = ("nudges", index, "targets", number)
                issues.add(at, message, did_you_mean(name, names), position=0)


def check_registries(section: BotSection, issues: Issues) -> None:
    """Check what a key with a path may have, and that no list is asked for in a circle."""
    _check_names(section.registries, ("registries",), "put all into one entry", issues)
    mirrors = {
        normalise_host(host): f"{entry.mirror}/"
        for host, entry in section.registries.items()
        if entry.mirror
    }
    for key, entry in section.registries.items():
        if "/" in key and entry.model_fields_set != {"tags_from"}:
            message = "a host with a path has tags-from, and nothing else"
            issues.add(("registries", key), message, "give the other keys to the host alone")
        if not entry.tags_from:
            continue
        place = ("registries", key, "tags-from")
        origin = entry.tags_from.partition("/")[0]
        if f"{normalise_place(entry.tags_from)}/".startswith(f"{normalise_place(key)}/"):
            issues.add(place, "a cache cannot be its own origin", position=0)
        elif mirrors.get(normalise_host(origin), "").startswith(f"{key}/"):
            message = f"{show_text(origin)} is asked through its mirror, which is this cache"
            issues.add(place, message, f"remove the mirror of {show_text(origin)}", position=0)


def _check_names(keys: Iterable[str], at: tuple[str, ...], hint: str, issues: Issues) -> None:
    """Check that no registry is there twice: by the names of Docker Hub, or in capitals."""
    seen: dict[str, str] = {}
    for key in keys:
        first = seen.setdefault(normalise_place(key), key)
        if first != key:
            issues.add((*at, key), f"the same registry as {show_text(first)}", hint)


def check_credentials(section: BotSection, issues: Issues) -> None:
    """Check that there is one credential for each registry, and what an identity is used for.

    A cloud's is only used for registries of that cloud, and over TLS.
    """
    at = ("credentials", "registries")
    _check_names(section.credentials.registries, at, "keep one of them", issues)
    insecure = {normalise_host(key) for key, one in section.registries.items() if one.insecure}
    for key, entry in section.credentials.registries.items():
        if "identity" not in entry.model_fields_set:
            continue
        reason, hint = refuse_identity(key, entry.identity)
        if reason:
            issues.add((*at, key), reason, hint)
        if normalise_host(key.partition("/")[0]) in insecure:
            message = "an identity is not used over plain http"
            issues.add((*at, key), message, "remove `insecure`")


def target_names(section: BotSection) -> list[str]:
    """The name of each target: its own, else from the URL, with the branch where that is needed."""
    names = [target.name or parse_url(target.url).name for target in section.targets]
    return [
        f"{name}@{target.branch}" if not target.name and names.count(name) > 1 else name
        for name, target in zip(names, section.targets, strict=True)
    ]


def to_bot_configuration(
    section: BotSection, path: str, inline: Configuration | None
) -> BotConfiguration:
    folder = posixpath.dirname(path)
    credentials = {
        name: _git_credential(name, credential, folder)
        for name, credential in section.credentials.git.items()
    }
    return BotConfiguration(
        path=path,
        targets=tuple(
            _target(target, name, credentials.get(target.credential), path)
            for target, name in zip(section.targets, target_names(section), strict=True)
        ),
        registry_credentials=tuple(
            _registry_credential(key, entry, folder)
            for key, entry in section.credentials.registries.items()
        ),
        registries=tuple(
            RegistryOptions(
                host=key.partition("/")[0],
                path=key.partition("/")[2],
                insecure=entry.insecure,
                mirror=entry.mirror,
                ca_file=_path(entry.ca_file, folder),
                client_certificate=_path(entry.client_certificate, folder),
                client_key=_path(entry.client_key, folder),
                tags_from=entry.tags_from,
                concurrency=entry.concurrency or None,
                requests_per_second=entry.requests_per_second or None,
                interval=_interval(entry),
            )
            for key, entry in section.registries.items()
        ),
        inline=inline,
        registry_deadline=parse_duration("", section.registry_deadline).total_seconds(),
        cache_dir=_path(section.cache_dir, folder),
        **_of_the_daemon(section, folder),
    )


def _of_the_daemon(section: BotSection, folder: str) -> _Daemon:
    """What few bots have, so that the others do not wait for its modules."""
    given: _Daemon = {}
    if {"serve", "nudges"} & section.model_fields_set:
        from imagebot.config.schema_serve import ServingBotSection
        from imagebot.config.serve import to_nudge, to_serve_options

        assert isinstance(section, ServingBotSection)
        if "serve" in section.model_fields_set:
            given["serve"] = to_serve_options(section.serve, folder)
        given["nudges"] = tuple(to_nudge(each, folder) for each in section.nudges)
    return given


def _interval(section: RegistrySection) -> float | None:
    if "interval" not in section.model_fields_set:
        return None
    return parse_duration("", section.interval).total_seconds()


def _schedule(section: TargetSection) -> Schedule | None:
    if not {"interval", "schedule"} & section.model_fields_set:
        return None
    from imagebot.config.serve import to_schedule

    return to_schedule(section)


def _target(
    section: TargetSection, name: str, credential: GitCredential | None, path: str
) -> Target:
    forge_kind = section.forge.kind if "kind" in section.forge.model_fields_set else ""
    folder_of_forge = _path(section.forge.folder, posixpath.dirname(path))
    return Target(
        name=name,
        url=section.url,
        branch=section.branch,
        credential=credential,
        forge=ForgeOptions(kind=forge_kind, url=section.forge.url or folder_of_forge),
        limits=_limits(section.limits),
        configuration=section.configuration,
        paused=pause_reason(section.paused, path),
        schedule=_schedule(section),
    )


def _limits(section: LimitsSection) -> Limits:
    """An empty list allows nothing; a missing key does not limit anything."""
    given = section.model_fields_set
    return Limits(
        commit=tuple(section.commit) if "commit" in given else None,
        images=tuple(section.images) if "images" in given else None,
        private_hosts=tuple(section.private_hosts),
        max_updates=section.max_updates if "max_updates" in given else None,
    )


def _git_credential(name: str, section: GitCredentialSection, folder: str) -> GitCredential:
    return GitCredential(
        name=name,
        username=section.username,
        token=_secret(section.token, folder) if "token" in section.model_fields_set else None,
        ssh_key=_path(section.ssh_key, folder),
        known_hosts=_path(section.known_hosts, folder),
    )


def _registry_credential(
    key: str, section: RegistryCredentialSection, folder: str
) -> RegistryCredential | RegistryIdentity:
    if "identity" in section.model_fields_set:
        return RegistryIdentity(key=key, cloud=section.identity)
    password = _secret(section.password, folder)
    return RegistryCredential(key=key, username=section.username, password=password)


def _secret(section: SecretSection, folder: str) -> SecretSource:
    if section.env:
        return SecretSource("env", section.env)
    return SecretSource("file", _path(section.file, folder))


def _path(value: str, folder: str) -> str:
    return posixpath.join(folder, value) if value else ""
