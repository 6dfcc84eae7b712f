"""What the bot's own file says of the daemon: where it listens, what it hears, whom it nudges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal
from urllib.parse import urlsplit

from imagebot.config.schedule import Schedule
from imagebot.config.secret_source import SecretSource
from imagebot.values import dataclass

HookType = Literal[
    "docker-hub",
    "github",
    "harbor",
    "quay",
    "acr",
    "ecr",
    "distribution",
    "hmac",
    "standard-webhooks",
    "oidc",
]
NudgeType = Literal["flux", "argocd-webhook", "argocd-refresh", "webhook"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """Who may announce pushes at `/hooks/NAME`, and how that is proven.

    `secret` None: nothing is proven (`insecure`), or an OIDC token does. `images` are globs of the
    repositories that may be announced, () for all. `registry` is what manifests call the registry
    that sends, "" for what it calls itself. `issuer`, `audience` and `claims` (globs by name) are
    those of OIDC tokens.
    """

    name: str
    type: HookType
    secret: SecretSource | None = None
    images: tuple[str, ...] = ()
    registry: str = ""
    issuer: str = ""
    audience: str = ""
    claims: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Listen:
    """An address to listen at; port 0 is any that is free."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOptions:
    """`hooks_listen` None: the hooks are where the rest is. `settle` is in seconds: how long the
    first event waits for others. `password` is what the page asks for; None: it asks for none.
    """

    listen: Listen = field(default_factory=lambda: Listen("127.0.0.1", 8080))
    hooks_listen: Listen | None = None
    schedule: Schedule = field(default_factory=Schedule)
    settle: float = 0.0
    password: SecretSource | None = None
    hooks: Mapping[str, Hook] = field(default_factory=dict)

    @property
    def secrets(self) -> Mapping[str, SecretSource]:
        """What strangers have to know, by its place in the bot's own file."""
        sources = {
            "serve.password": self.password,
            **{f"serve.hooks.{hook.name}": hook.secret for hook in self.hooks.values()},
        }
        return {place: source for place, source in sources.items() if source is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Nudge:
    """Who is told of a commit, so that it is deployed at once.

    `secret` signs, or is the token of `argocd-refresh`; None: nothing is proven. `targets` are the
    names of those whose commits it is told of, () for all. `applications` are `NAME`, or
    `NAMESPACE/NAME` where they are not in Argo CD's own. `ca_file` has its authorities, "" for
    the system's.
    """

    type: NudgeType
    url: str
    ca_file: str = ""
    secret: SecretSource | None = None
    applications: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()

    def __str__(self) -> str:
        # A Flux Receiver's path is as good as a secret.
        return f"{self.type} at {urlsplit(self.url).netloc}"
