"""Configuration files, from text to checked values."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from imagebot.config.building import Definition, report_values
from imagebot.config.document import read_document
from imagebot.config.fields import check_fields
from imagebot.config.issues import Issues, validate
from imagebot.config.later import refuse_later
from imagebot.config.model import (
    BotConfiguration,
    CommitOptions,
    Configuration,
    Files,
    ImageRule,
    Position,
    PullRequestOptions,
    Route,
    pause_reason,
)
from imagebot.config.node import Document, KeyPath, show_text
from imagebot.config.policies import (
    NamedPolicies,
    build_policies,
    known_policies,
)
from imagebot.config.trust import BOT_KEYS, refuse_bot_keys
from imagebot.manifest.images.options import ExtraField, ExtraFile
from imagebot.policy.keys import POLICY_KEYS
from imagebot.text import did_you_mean

if TYPE_CHECKING:
    from imagebot.config.schema import (
        CommitSection,
        ConfigurationSection,
        FieldSection,
        FilesSection,
        PullRequestSection,
        RouteSection,
    )
    from imagebot.config.schema_bot import BotSection
    from imagebot.config.schema_policy import PolicySection
    from imagebot.config.window import Window


def load_configuration(text: str, path: str, *, trusted: bool) -> Configuration:
    """The configuration that a GitOps repository's file says.

    `path` is what messages call the file. Not `trusted` is a file that came from a target: it
    cannot name secrets, hosts to send them to, or limits. In a trusted file those keys are checked
    and warned about, because only `load_bot_configuration` obeys them.

    Raises ConfigurationError with everything that is wrong.
    """
    document = read_document(text, path)
    issues = Issues(document, trusted=trusted)
    refuse_later(document, issues)
    if not trusted:
        refuse_bot_keys(document, issues)
    values = _own_values(document, trusted=trusted)
    section = validate(_section_model(trusted=trusted), values, issues)
    policies = check_policies(document, issues)
    check_fields(document, issues)
    issues.raise_all()
    assert section is not None
    foreign = sorted(BOT_KEYS & section.model_fields_set)
    warnings = [f"{path}: {key} only has an effect in the file given with -c" for key in foreign]
    return to_configuration(section, document, policies, warnings)


def load_bot_configuration(text: str, path: str) -> BotConfiguration:
    """The bot's own file: targets, credentials, limits, and possibly a configuration inline.

    Paths in it count from its folder. Raises ConfigurationError with everything that is wrong.
    """
    from imagebot.config.bot import (
        check_credentials,
        check_nudges,
        check_registries,
        check_targets,
        to_bot_configuration,
    )

    document = read_document(text, path)
    issues = Issues(document)
    refuse_later(document, issues)
    value = {} if document.root is None else document.value
    section = validate(_bot_model(document), value, issues)
    policies = check_policies(document, issues)
    check_fields(document, issues)
    if section is not None:
        check_targets(section, issues)
        check_registries(section, issues)
        check_credentials(section, issues)
        check_nudges(section, issues)
    issues.raise_all()
    assert section is not None
    inline: Configuration | None = None
    if {"policies", "routes"} & section.model_fields_set:
        inline = to_configuration(section, document, policies, [])
        inline = replace(inline, text_hash=hashlib.sha256(text.encode()).hexdigest()[:12])
    return to_bot_configuration(section, path, inline)


def _bot_model(document: Document) -> type[BotSection]:
    """With the keys of the daemon only where they are given."""
    if document.root is not None and {"serve", "nudges"} & document.root.children.keys():
        from imagebot.config.schema_serve import ServingBotSection

        return ServingBotSection
    from imagebot.config.schema_bot import BotSection

    return BotSection


def check_policies(document: Document, issues: Issues) -> NamedPolicies:
    """Build the valid ones of `policies`, and check that every name in use exists.

    Works on the document, not on the validated whole: one bad key hides no other mistake.
    """
    from imagebot.config.schema_policy import PolicySection

    at = document.node(("policies",))
    definitions: dict[str, Definition] = {}
    broken: set[str] = set()
    for name, node in at.children.items() if at else ():
        keys = ("policies", name)
        section = validate(PolicySection, node.value, issues, keys)
        if section is None or not isinstance(name, str):
            broken.add(str(name))
            _report_values(node.value, keys, issues)
        else:
            definitions[name] = to_definition(section, node.value, keys)
    policies = build_policies(definitions, frozenset(broken), issues)
    _check_policy_names(document, issues, known_policies({*definitions, *broken}))
    _check_route_names(document, issues)
    return policies


def _report_values(written: object, at: KeyPath, issues: Issues) -> None:
    """The wrong values of a policy that is not one: of its keys that would do alone."""
    from pydantic import ValidationError

    from imagebot.config.schema_policy import PolicySection

    own: dict[str, object] = {}
    for key, value in written.items() if isinstance(written, dict) else ():
        try:
            section = PolicySection.model_validate({key: value})
        except ValidationError:
            continue
        own |= section.model_dump(by_alias=True, exclude_unset=True)
    report_values(own, at, issues)


def to_definition(section: PolicySection, written: object, at: KeyPath) -> Definition:
    """A checked policy; a null `written` stays, because it unsets what the policy extends."""
    keys = section.model_dump(by_alias=True, exclude_unset=True)
    extends = str(keys.pop("extends", ""))
    if isinstance(written, dict):
        keys |= {key: None for key, value in written.items() if value is None}
    known = {key: value for key, value in keys.items() if key in POLICY_KEYS}
    return Definition(known, extends, at)


def _check_policy_names(document: Document, issues: Issues, known: set[str]) -> None:
    routes = document.node(("routes",))
    for index in routes.children if routes else ():
        images = document.node(("routes", index, "images"))
        for entry in images.children if images else ():
            _check_policy_name(document, issues, ("routes", index, "images", entry), known)
    tests = document.node(("tests",))
    for index in tests.children if tests else ():
        _check_policy_name(document, issues, ("tests", index), known)


def _check_policy_name(
    document: Document, issues: Issues, at: tuple[str | int, ...], known: set[str]
) -> None:
    node = document.node((*at, "policy"))
    if node is not None and isinstance(node.value, str) and node.value not in known:
        message = f"there is no policy {show_text(node.value)!r}"
        issues.add((*at, "policy"), message, did_you_mean(node.value, known), position=0)


def _check_route_names(document: Document, issues: Issues) -> None:
    seen: dict[object, int] = {}
    routes = document.node(("routes",))
    for index in routes.children if routes else ():
        node = document.node(("routes", index, "name"))
        if node is None or not isinstance(node.value, str):
            continue
        first = seen.setdefault(node.value, node.spot.line)
        if first != node.spot.line:
            message = f"{show_text(node.value)!r} is defined twice, first on line {first}"
            issues.add(("routes", index, "name"), message, position=0)


def _section_model(*, trusted: bool) -> type[ConfigurationSection]:
    # The bot's sections cost 10 ms to define, which most runs have no use for.
    if trusted:
        from imagebot.config.schema_bot import BotSection

        return BotSection
    from imagebot.config.schema import ConfigurationSection

    return ConfigurationSection


def _own_values(document: Document, *, trusted: bool) -> object:
    """The values to validate: of a file from a target, without the keys refused already."""
    value = {} if document.root is None else document.value
    if trusted or not isinstance(value, dict):
        return value
    return {key: child for key, child in value.items() if key not in BOT_KEYS}


def to_configuration(
    section: ConfigurationSection,
    document: Document,
    named: NamedPolicies,
    warnings: list[str],
) -> Configuration:
    routes = tuple(_route(route, i, document) for i, route in enumerate(section.routes))
    if not routes and not section.tests:
        warnings = [*warnings, f"{document.path}: there are no routes, so nothing is managed"]
    fields = tuple(_field(each) for each in section.fields_)
    return Configuration(
        path=document.path,
        policies=named.policies,
        policy_keys=named.keys,
        routes=routes,
        files=_files(section.files, document, fields),
        fields=fields,
        field_places=_places(document, ("fields",), len(section.fields_)),
        commit=_commit(section.commit),
        paused=pause_reason(section.paused, document.path),
        warnings=tuple(warnings),
    )


def _commit(section: CommitSection) -> CommitOptions:
    committer = section.committer or section.author
    return CommitOptions(
        author_name=section.author.name,
        author_email=section.author.email,
        committer_name=committer.name,
        committer_email=committer.email,
        subject=section.subject,
        prefix=section.prefix,
        suffix=section.suffix,
        sign_off=section.sign_off,
    )


def _route(section: RouteSection, index: int, document: Document) -> Route:
    at = ("routes", index)
    return Route(
        name=section.name,
        files=tuple(section.files),
        publish=section.publish,
        images=tuple(
            ImageRule(entry.match, entry.policy, _place(document, (*at, "images", number)))
            for number, entry in enumerate(section.images)
        ),
        place=_place(document, at),
        pull_request=_pull_request(section.pull_request),
        window=_window(section.window),
    )


def _pull_request(section: PullRequestSection) -> PullRequestOptions:
    return PullRequestOptions(
        group=section.group,
        labels=tuple(section.labels),
        reviewers=tuple(section.reviewers),
        assignees=tuple(section.assignees),
        draft=section.draft,
        title=section.title,
        max_open=section.max_open,
        per_hour=section.per_hour,
    )


def _field(section: FieldSection) -> ExtraField:
    values = section.model_dump(exclude={"files"})
    return ExtraField(**values, files=tuple(section.files))


def _files(section: FilesSection, document: Document, fields: tuple[ExtraField, ...]) -> Files:
    return Files(
        exclude=tuple(section.exclude),
        patterns=tuple(
            ExtraFile(match=tuple(each.match), pattern=each.pattern) for each in section.patterns
        ),
        compose_defaults=section.compose_defaults,
        places=_places(document, ("files", "patterns"), len(section.patterns)),
        fields=tuple(each for each in fields if each.files),
    )


def _window(text: str | None) -> Window | None:
    if not text:
        return None
    from imagebot.config.window import parse_window

    return parse_window(text)


def _places(document: Document, at: KeyPath, count: int) -> tuple[Position, ...]:
    """The places of the items of a list."""
    return tuple(_place(document, (*at, number)) for number in range(count))


def _place(document: Document, keys: tuple[str | int, ...]) -> Position:
    spot = document.spot(keys)
    return Position(document.path, spot.line, spot.column)
