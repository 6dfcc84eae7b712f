"""A configuration as values: what comes out of loading and checking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Literal

from imagebot.config.secret_source import SecretSource
from imagebot.values import dataclass

if TYPE_CHECKING:
    from imagebot.config.model_serve import Nudge, ServeOptions
    from imagebot.config.schedule import Schedule
    from imagebot.config.window import Window
    from imagebot.manifest.images.options import ExtraField, ExtraFile
    from imagebot.policy.model import Policy

PublishMode = Literal["commit", "pull-request"]
Cloud = Literal["aws", "azure", "gcp"]


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a configuration file; line and column count from 1."""

    path: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class ImageRule:
    """One entry of a route's `images`: the first whose `match` fits a repository takes it."""

    match: str
    policy: str
    place: Position


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequestOptions:
    """`title` has placeholders (`config.placeholders.TITLE`). A route may have `max_open` pull
    requests open, and open `per_hour` in an hour.
    """

    group: str = "all"
    labels: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    draft: bool = False
    title: str = "{subject} ({route})"
    max_open: int = 10
    per_hour: int = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """How the updates of a set of files are published; the first that matches a file takes it.

    Outside its `window`, if it has one, nothing new is committed or opened.
    """

    name: str
    files: tuple[str, ...]
    publish: PublishMode
    images: tuple[ImageRule, ...]
    place: Position
    pull_request: PullRequestOptions = field(default_factory=PullRequestOptions)
    window: Window | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitOptions:
    """Who the bot commits as, and what its commit messages say.

    `subject` and `prefix`, which comes before it, have placeholders
    (`config.placeholders.SUBJECT`). `suffix` ends the subject of commits to a target's own branch.
    `sign_off` adds the trailer `Signed-off-by` of the committer.
    """

    author_name: str = "imagebot"
    author_email: str = "imagebot@users.noreply.github.com"
    committer_name: str = ""
    committer_email: str = ""
    subject: str = "{summary}"
    prefix: str = ""
    suffix: str = ""
    sign_off: bool = False

    @property
    def committer(self) -> tuple[str, str]:
        """Name and address of the committer: the author, unless another is named."""
        if self.committer_email:
            return self.committer_name, self.committer_email
        return self.author_name, self.author_email


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """`exclude` globs are never read; `patterns` say which other files are
    read, and how. `compose_defaults`: in Compose
    files `${VAR:-app:1.2}` is read as `app:1.2`. `places` are those of the `patterns`. `fields` are
    those of the configuration that name files.
    """

    exclude: tuple[str, ...] = ()
    patterns: tuple[ExtraFile, ...] = ()
    compose_defaults: bool = False
    places: tuple[Position, ...] = ()
    fields: tuple[ExtraField, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """What to do in one GitOps repository.

    `policies` holds every named policy by name: those of the file, the built-in `shape` and
    `ignore`, and the presets; `policy_keys` the keys behind each, with what they inherit, for
    whatever extends them (a marker, an option of `pick`). `paused` is the reason for not
    publishing, "" when not paused. `field_places` are those of the `fields`. `built_in` marks the
    default, used where there is no file. `text_hash` is that of the bot's own file where it is
    part of that, else "".
    """

    path: str
    policies: Mapping[str, Policy]
    policy_keys: Mapping[str, Mapping[str, object]] = field(default_factory=dict, repr=False)
    routes: tuple[Route, ...]
    files: Files = field(default_factory=Files)
    fields: tuple[ExtraField, ...] = ()
    field_places: tuple[Position, ...] = ()
    commit: CommitOptions = field(default_factory=CommitOptions)
    paused: str = ""
    built_in: bool = False
    text_hash: str = ""
    warnings: tuple[str, ...] = ()


def pause_reason(paused: bool | str, path: str) -> str:
    """Why nothing is published: the text given, or the file that says so; "" when not paused."""
    if isinstance(paused, str):
        return paused
    return f"paused in {path}" if paused else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GitCredential:
    """A token (with the user name that goes with it), an SSH key, or both; also the forge's."""

    name: str
    username: str = "x-access-token"
    token: SecretSource | None = None
    ssh_key: str = ""
    known_hosts: str = ""

    @property
    def origin(self) -> str:
        """Its name and where its secrets are, for messages; never what they are."""
        token = f", {self.token}" if self.token else ""
        key = f", key {self.ssh_key}" if self.ssh_key else ""
        return f"credential {self.name}{token}{key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryCredential:
    """`key` is a host, or a host and a path; the longest that matches a repository wins."""

    key: str
    username: str
    password: SecretSource


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryIdentity:
    """The registries of `key`, as above, are asked with what the bot is in a cloud."""

    key: str
    cloud: Cloud


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryOptions:
    """How to reach a registry: `insecure` is plain HTTP, `mirror` a host to ask instead.

    `client_certificate` and `client_key` are files; without a key, it is in the first.
    `tags_from` is a host, or a host and a path: where what is below `path` is cached from. Only
    that may have a path. `concurrency` and `requests_per_second` None are the usual ones.
    `interval` is how old, in seconds, answers may be in the daemon; None is the target's own.
    """

    host: str
    path: str = ""
    insecure: bool = False
    mirror: str = ""
    ca_file: str = ""
    client_certificate: str = ""
    client_key: str = ""
    tags_from: str = ""
    concurrency: int | None = None
    requests_per_second: float | None = None
    interval: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a target may make the bot do. None is no limit.

    They only narrow, but for `private_hosts`: globs of hosts (or of `host:port`), and networks, of
    which registries may be asked although they are not public.
    """

    commit: tuple[str, ...] | None = None
    images: tuple[str, ...] | None = None
    private_hosts: tuple[str, ...] = ()
    max_updates: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgeOptions:
    """`kind` is "" when the URL decides; `url` the API's, "" for the usual one."""

    kind: Literal["", "github", "sandbox", "none"] = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class WorkTree:
    """The checkout that a target was made of: its folder, and its branch as `origin/main`."""

    top: str
    upstream: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A Git repository and branch to look after. `name` is what output and problems call it.

    One without the bot's own file has a `work_tree`; nothing but a hint is read of that.
    `schedule` None is that of the daemon.
    """

    name: str
    url: str
    branch: str
    credential: GitCredential | None = None
    forge: ForgeOptions = field(default_factory=ForgeOptions)
    limits: Limits = field(default_factory=Limits)
    configuration: str = "imagebot.yaml"
    paused: str = ""
    work_tree: WorkTree | None = None
    schedule: Schedule | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BotConfiguration:
    """Where, with which credentials, and within which limits.

    `inline` is a configuration in the bot's own file (policies, routes), used for targets that
    have none themselves; None when it has no such keys. `registry_deadline` is in seconds.
    `serve` is None where the file does not say anything of the daemon.
    """

    path: str
    targets: tuple[Target, ...]
    registry_deadline: float = 600.0
    registry_credentials: tuple[RegistryCredential | RegistryIdentity, ...] = ()
    registries: tuple[RegistryOptions, ...] = ()
    inline: Configuration | None = None
    cache_dir: str = ""
    serve: ServeOptions | None = None
    nudges: tuple[Nudge, ...] = ()
