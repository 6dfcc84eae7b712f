"""Stand-ins, behind real sockets, for those who are told of commits: Flux and Argo CD.

Each checks what the project's own source checks, written down here once more.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import threading
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.scripted_http import Answer, Request


@dataclass
class FluxReceiver:
    """A Receiver of type `generic-hmac`.

    Its path is `/hook/` and the SHA-256 of token, name and namespace (`api/v1/receiver_types.go`);
    what it answers is that of `internal/server/receiver_handlers.go`.
    """

    token: str
    name: str = "imagebot"
    namespace: str = "flux-system"
    suspended: bool = False
    reconciled: list[Any] = field(default_factory=list)
    """The bodies of the requests that were accepted."""

    @property
    def path(self) -> str:
        words = f"{self.token}{self.name}{self.namespace}"
        return f"/hook/{hashlib.sha256(words.encode()).hexdigest()}"

    def __call__(self, request: Request) -> Answer:
        whole = f"{request.path}?{request.query}" if request.query else request.path
        if whole != self.path:
            return Answer(404)
        if self.suspended:
            return Answer(503)
        if not self._is_signed(request):
            return Answer(400)
        self.reconciled.append(json.loads(request.body))
        return Answer(200)

    def _is_signed(self, request: Request) -> bool:
        name, _, digits = request.headers.get("X-Signature", "").partition("=")
        if name not in ("sha1", "sha256", "sha512"):
            return False
        wanted = hmac.new(self.token.encode(), request.body, name).hexdigest()
        return hmac.compare_digest(digits, wanted)


@dataclass(frozen=True)
class Application:
    """An Application with one source; `paths` are those of `manifest-generate-paths`."""

    repository: str
    revision: str = "HEAD"
    paths: tuple[str, ...] = ()


OWN_NAMESPACE = "argocd"


@dataclass
class ArgoCd:
    """`/api/webhook`, as `util/webhook/webhook.go` reads GitHub's push events, and the refresh of
    `/api/v1/applications/NAME`.

    `old`: checks the SHA-1 of the body, and the other signature not at all. A refresh ends once
    `ready` is set. `applications` of other namespaces than its own are `NAMESPACE/NAME`, and asked
    for with `appNamespace` (`server/application/application.go`: `appNamespaceOrDefault`).
    """

    secret: str = ""
    token: str = ""
    applications: Mapping[str, Application] = field(default_factory=dict)
    old: bool = False
    prefix: str = ""
    refreshed: list[str] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    ready: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.ready.set()

    def __call__(self, request: Request) -> Answer:
        path = request.path.removeprefix(self.prefix)
        if (request.method, path) == ("POST", "/api/webhook"):
            return self._hook(request)
        found = re.fullmatch(r"/api/v1/applications/([^/]+)", path)
        if request.method == "GET" and found:
            return self._get(_qualified(urllib.parse.unquote(found[1]), request), request)
        return Answer(404)

    def _hook(self, request: Request) -> Answer:
        if request.headers.get("X-GitHub-Event") != "push":
            return Answer(400, body="Unknown webhook event")
        if self.secret and not self._is_signed(request):
            return Answer(400, body="Webhook processing failed: HMAC verification failed")
        event = json.loads(request.body)
        revision = event["ref"].split("/", 2)[-1]
        head = event["repository"]["default_branch"] == revision
        touched = [
            path
            for commit in event["commits"]
            for path in (*commit["added"], *commit["modified"], *commit["removed"])
        ]
        for name, each in self.applications.items():
            follows = head if each.revision in ("", "HEAD") else each.revision == revision
            mine = _same_repository(event["repository"]["html_url"], each.repository)
            changed = not each.paths or any(path.startswith(each.paths) for path in touched)
            if follows and mine and changed:
                self.refreshed.append(name)
        return Answer(200)

    def _is_signed(self, request: Request) -> bool:
        header, digest = (
            ("X-Hub-Signature", "sha1")
            if self.old
            else (
                "X-Hub-Signature-256",
                "sha256",
            )
        )
        given = request.headers.get(header, "").removeprefix(f"{digest}=")
        wanted = hmac.new(self.secret.encode(), request.body, digest).hexdigest()
        return hmac.compare_digest(given, wanted)

    def _get(self, name: str, request: Request) -> Answer:
        if request.authorization != f"Bearer {self.token}":
            return Answer(401, body={"error": "invalid session", "code": 16})
        if name not in self.applications:
            return Answer(403, body={"error": "permission denied", "code": 7})
        if request.parameters.get("refresh") == ["normal"]:
            self.refreshed.append(name)
            self.ready.wait()
        else:
            self.read.append(name)
        return Answer(200, body={"metadata": {"name": name}})


def _qualified(name: str, request: Request) -> str:
    """The application that is asked for; an encoded slash in its name is a part of that."""
    (namespace,) = request.parameters.get("appNamespace", [OWN_NAMESPACE])
    name = name.replace("/", "%2F")
    return name if namespace in ("", OWN_NAMESPACE) else f"{namespace}/{name}"


def _same_repository(web_url: str, repository: str) -> bool:
    """Argo CD's `GetWebURLRegex`: any protocol, user and port, with or without `.git`."""
    parts = urllib.parse.urlsplit(web_url)
    pattern = (
        r"((https?|ssh)://)?([\w.][\w.-]*@)?((alt)?ssh\.)?"
        rf"{re.escape(parts.hostname or '')}(:\d+)?[:/]{re.escape(parts.path[1:])}(\.git)?"
    )
    return re.fullmatch(pattern, repository, re.IGNORECASE) is not None
