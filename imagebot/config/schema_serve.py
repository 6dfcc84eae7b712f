"""The schema of `serve` and `nudges` in the bot's own file; only read where they are given."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from imagebot.config.address import (
    check_application,
    check_issuer,
    check_listen,
    check_nudge_url,
)
from imagebot.config.model_serve import HookType, NudgeType
from imagebot.config.schema_bot import (
    BotSection,
    RegistryKey,
    ScheduledSection,
    SecretSection,
    duration_of,
)
from imagebot.config.section import Section, no_default
from imagebot.config.text import Duration, Glob, ImageGlob, Name, Text, refuse
from imagebot.http.address import is_loopback, netloc

ListenAt = Annotated[Text, AfterValidator(check_listen)]
NudgeUrl = Annotated[Text, AfterValidator(check_nudge_url)]
Application = Annotated[Text, AfterValidator(check_application)]
Issuer = Annotated[Text, AfterValidator(check_issuer)]
_TO_PROVE = "secret: {file: /run/secrets/hook}, or insecure: true where no stranger can get"
_TOKEN_KEYS = frozenset({"issuer", "audience", "claims"})


def _text_or_list(value: object) -> str:
    return "list" if isinstance(value, list) else "text"


_Globs = Annotated[
    Annotated[Glob, Tag("text")] | Annotated[list[Glob], Field(min_length=1), Tag("list")],
    Discriminator(_text_or_list),
]


class HookSection(Section):
    """Who may announce pushes, and how that is proven."""

    type: HookType
    secret: SecretSection = Field(
        default_factory=SecretSection.model_construct, json_schema_extra=no_default
    )
    insecure: bool = Field(default=False, description="Anybody may announce pushes here.")
    images: list[ImageGlob] = Field(
        default=[], description="Repositories that may be announced; by default all."
    )
    registry: RegistryKey = Field(
        default="", description="What manifests call the registry, where it calls itself otherwise."
    )
    issuer: Issuer = Field(default="", description="Whose OIDC tokens are accepted.")
    audience: Text = Field(default="", description="Whom the tokens must be for.")
    claims: dict[Text, _Globs] = Field(
        default={}, description="Globs that claims of the token must match."
    )

    @model_validator(mode="after")
    def _proven(self) -> Self:
        given = self.model_fields_set
        if self.type == "oidc":
            if missing := sorted(_TOKEN_KEYS - given) or (not self.claims and ["claims"]):
                raise refuse(f"{missing[0]} is missing")
            if {"secret", "insecure"} & given:
                raise refuse("an OIDC token proves who sends it: there is no secret")
            return self
        if unfit := sorted(_TOKEN_KEYS & given):
            raise refuse(f"{unfit[0]} goes with type: oidc")
        if self.insecure == ("secret" in given):
            raise refuse("needs a secret" if not self.insecure else "has a secret", _TO_PROVE)
        return self


class ServeSection(ScheduledSection):
    """The daemon: what it hears, when it looks, and where it is seen."""

    listen: ListenAt = Field(
        default="127.0.0.1:8080", description="Where it answers: health, metrics, page, hooks."
    )
    hooks_listen: ListenAt = Field(
        default="", description="Where hooks are instead, and nothing else."
    )
    settle: Annotated[Duration, AfterValidator(duration_of("settle", 0, 600))] = Field(
        default="0s", description="How long the first event waits for others of the same build."
    )
    password: SecretSection = Field(
        default_factory=SecretSection.model_construct,
        description="What the page asks for, with any user name; none is fine on loopback.",
        json_schema_extra=no_default,
    )
    hooks: dict[Name, HookSection] = Field(default={}, description="Each at /hooks/NAME.")


class NudgeSection(Section):
    """Who is told of commits, so that they are deployed at once."""

    type: NudgeType
    url: NudgeUrl
    secret: SecretSection = Field(
        default_factory=SecretSection.model_construct, json_schema_extra=no_default
    )
    insecure: bool = Field(
        default=False, description="Without a secret; or a token over plain http."
    )
    ca_file: Text = Field(default="", description="The authority of its certificate, as a file.")
    applications: list[Application] = Field(
        default=[], description="Of Argo CD, to refresh: NAME, or NAMESPACE/NAME."
    )
    targets: list[Text] = Field(default=[], description="Names; by default all.")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        refreshes = self.type == "argocd-refresh"
        has_secret = "secret" in self.model_fields_set
        if refreshes != bool(self.applications):
            raise refuse("applications go with type: argocd-refresh, which needs them")
        if not has_secret and (refreshes or not self.insecure):
            what = "the token of an Argo CD account" if refreshes else "a secret, or insecure: true"
            raise refuse(f"needs {what}", "secret: {file: /run/secrets/nudge}")
        if self.type.startswith("argocd") and {"?", "#"} & set(self.url):
            raise refuse("the address of Argo CD has no query", "https://argocd.example.com")
        in_clear = self.url.startswith("http:") and not is_loopback(netloc(self.url))
        if refreshes and in_clear and not self.insecure:
            raise refuse("would send the token in clear text", "use https, or insecure: true")
        return self


class ServingBotSection(BotSection):
    """bot.yaml of a daemon, or of a bot that nudges."""

    serve: ServeSection = Field(default_factory=ServeSection.model_construct)
    nudges: list[NudgeSection] = Field(default=[])
