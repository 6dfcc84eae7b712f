"""The keys of the bot's own file (`-c bot.yaml`), as pydantic models."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from imagebot.config.address import (
    check_forge_url,
    check_git_url,
    check_private_host,
    check_registry_key,
)
from imagebot.config.model import Cloud
from imagebot.config.schema import ConfigurationSection, Pause
from imagebot.config.section import Section, no_default
from imagebot.config.text import (
    Branch,
    Duration,
    FileGlob,
    ImageGlob,
    Name,
    RelativePath,
    Text,
    refuse,
)
from imagebot.errors import InvalidPolicyError
from imagebot.policy.duration import parse_duration

GitUrl = Annotated[Text, AfterValidator(check_git_url)]
ForgeUrl = Annotated[Text, AfterValidator(check_forge_url)]
RegistryKey = Annotated[Text, AfterValidator(check_registry_key)]
PrivateHost = Annotated[Text, AfterValidator(check_private_host)]


def _key_path(value: str) -> str:
    if "PRIVATE KEY" in value or "\n" in value:
        raise refuse("must be the path of a key file, not the key itself")
    return value


def duration_of(key: str, least: int, most: int = 0) -> Callable[[str], str]:
    """A check of a duration of so many seconds; with `most` 0 there is no upper bound."""

    def check(value: str) -> str:
        try:
            seconds = parse_duration(key, value).total_seconds()
        except InvalidPolicyError as error:
            raise refuse(error.message.removeprefix(f"{key}: "), error.hint) from error
        if seconds < least:
            raise refuse(f"must be at least {least}s")
        if most and seconds > most:
            raise refuse(f"must be at most {most}s")
        return value

    return check


Deadline = Annotated[Duration, AfterValidator(duration_of("registry-deadline", 1))]
Interval = Annotated[Duration, AfterValidator(duration_of("interval", 5))]


def _schedule(value: str) -> str:
    from imagebot.config.schedule import InvalidScheduleError, parse_schedule

    try:
        parse_schedule(value)
    except InvalidScheduleError as error:
        raise refuse(str(error), error.hint) from error
    return value


class ScheduledSection(Section):
    """What `imagebot serve` looks at without being told to."""

    interval: Interval = Field(
        default="5m", description="How often it is looked at.", json_schema_extra=no_default
    )
    schedule: Annotated[Text, AfterValidator(_schedule)] = Field(
        default="",
        description="Or a cron expression, and a time zone: 0 6 * * mon-fri Europe/Berlin.",
    )

    @model_validator(mode="after")
    def _one_schedule(self) -> Self:
        if {"interval", "schedule"} <= self.model_fields_set:
            raise refuse("has an interval and a schedule", "keep one of them")
        return self


class SecretSection(Section):
    """Where a secret is read from when it is used. The file itself never holds it."""

    file: Text = Field(default="", description="A file that holds the secret and nothing else.")
    env: Text = Field(default="", description="An environment variable.")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise refuse("needs one of file and env", "{file: /run/secrets/…} or {env: NAME}")
        return self


class GitCredentialSection(Section):
    username: Text = Field(
        default="x-access-token", description="The user name that goes with a token."
    )
    token: SecretSection = Field(default_factory=SecretSection.model_construct)
    ssh_key: Annotated[str, AfterValidator(_key_path)] = Field(
        default="", description="The path of a private key."
    )
    known_hosts: Text = Field(default="", description="The path of a known_hosts file.")

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        given = {"token", "ssh_key"} & self.model_fields_set
        if not given:
            raise refuse("needs a token or an ssh-key", "both, for ssh and a forge's API")
        if "known_hosts" in self.model_fields_set and "ssh_key" not in given:
            raise refuse("known-hosts goes with ssh-key")
        return self


class RegistryCredentialSection(Section):
    username: Text = Field(default="", json_schema_extra=no_default)
    password: SecretSection = Field(
        default_factory=SecretSection.model_construct, json_schema_extra=no_default
    )
    identity: Cloud = Field(
        default="aws",
        description="The cloud whose identity the bot has where it runs, instead of a password.",
        json_schema_extra=no_default,
    )

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        given = self.model_fields_set
        if "identity" in given:
            if len(given) > 1:
                raise refuse("an identity needs no username and no password")
            return self
        missing = sorted({"username", "password"} - given)
        if len(missing) == 2:
            raise refuse("needs a username and a password, or an identity")
        if missing:
            raise refuse(f"{missing[0]} is missing")
        return self


class CredentialsSection(Section):
    git: dict[Name, GitCredentialSection] = Field(default={})
    registries: dict[RegistryKey, RegistryCredentialSection] = Field(default={})


class RegistrySection(Section):
    """How to reach a registry; below a path, only where its tags are listed."""

    insecure: bool = Field(default=False, description="Plain HTTP.")
    mirror: RegistryKey = Field(default="", description="A host, or host/path, to ask instead.")
    ca_file: Text = Field(default="", description="Certificates to trust for this host only.")
    client_certificate: Text = Field(
        default="", description="The path of a certificate that this host asks clients for."
    )
    client_key: Annotated[str, AfterValidator(_key_path)] = Field(
        default="", description="The path of its key, where that is another file."
    )

    concurrency: int = Field(
        default=0,
        ge=1,
        le=64,
        description="The most requests at a time.",
        json_schema_extra=no_default,
    )
    requests_per_second: float = Field(
        default=0,
        ge=0.1,
        le=1000,
        description="The most requests in a second, on average.",
        json_schema_extra=no_default,
    )
    interval: Interval = Field(
        default="5m",
        description="How old its answers may be in `imagebot serve`; by default the target's.",
        json_schema_extra=no_default,
    )
    tags_from: RegistryKey = Field(
        default="", description="The origin of a pull-through cache: a host, or host/path."
    )

    @model_validator(mode="after")
    def _whole_certificate(self) -> Self:
        if self.client_key and not self.client_certificate:
            raise refuse("client-key goes with client-certificate")
        if self.client_certificate and self.insecure:
            raise refuse("a client certificate needs TLS, and insecure is plain HTTP")
        return self


class LimitsSection(Section):
    """What a target may make the bot do."""

    commit: list[FileGlob] = Field(
        default=[], description="Files that may be committed to directly."
    )
    images: list[ImageGlob] = Field(default=[], description="Repositories that may be updated.")
    private_hosts: list[PrivateHost] = Field(
        default=[],
        description="Registries that may be asked although their addresses are not public: globs "
        "of hosts, and networks.",
    )
    max_updates: int = Field(
        default=0,
        ge=1,
        description="The most that one pass may publish.",
        json_schema_extra=no_default,
    )


class ForgeSection(Section):
    kind: Literal["github", "sandbox", "none"] = Field(
        default="none", description="By default the URL decides.", json_schema_extra=no_default
    )
    url: ForgeUrl = Field(
        default="", description="The URL of the API, where it is not the usual one."
    )
    folder: Text = Field(default="", description="Where a sandbox keeps its pull requests.")

    @model_validator(mode="after")
    def _what_the_kind_needs(self) -> Self:
        is_sandbox = self.kind == "sandbox"
        if is_sandbox != bool(self.folder):
            raise refuse("a sandbox, and nothing else, needs a folder")
        if is_sandbox and self.url:
            raise refuse("a sandbox has a folder, not a url")
        return self


class TargetSection(ScheduledSection):
    """A Git repository and branch to look after."""

    url: GitUrl
    branch: Branch
    name: Text = Field(default="", description="What output calls it; by default from the URL.")
    credential: Name = Field(default="", description="One of credentials.git.")
    forge: ForgeSection = Field(default_factory=ForgeSection)
    limits: LimitsSection = Field(default_factory=LimitsSection)
    configuration: RelativePath = Field(
        default="imagebot.yaml", description="Its file in the target."
    )
    paused: Pause = Field(default=False, description="Publish nothing; a text says why.")


class BotSection(ConfigurationSection):
    """bot.yaml: where to work, with which credentials and within which limits."""

    targets: list[TargetSection] = Field(default=[])
    credentials: CredentialsSection = Field(default_factory=CredentialsSection)
    registries: dict[RegistryKey, RegistrySection] = Field(default={})
    registry_deadline: Annotated[Duration, AfterValidator(duration_of("registry-deadline", 1))] = (
        Field(default="10m", description="The most time that registries have in one pass.")
    )
    cache_dir: Text = Field(default="", description="Where caches are kept.")
    notify: object = Field(default=None)
    # Their schema is in schema_serve: only those who have these keys wait for it.
    serve: object = Field(default=None)
    nudges: object = Field(default=None)
