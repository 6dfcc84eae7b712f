"""Builds the requests of a nudge, one function for each type. Pure.

The shapes are those of Flux (notification-controller, `receiver_handlers.go`: type `generic-hmac`),
of Argo CD (`util/webhook/webhook.go`, which reads GitHub's push events; `server/application`) and
of Standard Webhooks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from urllib.parse import quote, urlencode, urlsplit

from imagebot.config.model_serve import Nudge, NudgeType
from imagebot.errors import NudgeError
from imagebot.git.url import parse_url
from imagebot.http.message import Request
from imagebot.nudge.document import commit_document, to_json
from imagebot.nudge.model import Builder, Call, Commit
from imagebot.nudge.signing import hexadecimal, standard

_WEBHOOK = "/api/webhook"
_ZERO = "0" * 40
_LARGEST_APPLICATION = 8 * 1024 * 1024
"""Bytes of the JSON of an Application: Argo CD answers with all of it. etcd takes 1.5 MB."""


def build_calls(nudge: Nudge, commit: Commit, secret: str, moment: int) -> tuple[Call, ...]:
    """What to send for a commit; `secret` is "" where there is none, `moment` seconds since 1970.

    Raises NudgeError for a secret that cannot be used.
    """
    return BUILDERS[nudge.type](nudge, commit, secret, moment)


def flux(nudge: Nudge, commit: Commit, secret: str, moment: int) -> tuple[Call, ...]:
    """For a Receiver of type `generic-hmac`; without a secret, of type `generic`."""
    del moment
    body = commit_document(commit)
    signature = {"X-Signature": hexadecimal(secret, body, "sha256")} if secret else {}
    return (Call(request=_post(nudge, nudge.url, body, signature)),)


def argocd_webhook(nudge: Nudge, commit: Commit, secret: str, moment: int) -> tuple[Call, ...]:
    """GitHub's push event, as far as Argo CD reads it."""
    del moment
    body = to_json(_push_event(commit))
    headers = {"X-GitHub-Event": "push"}
    if secret:
        headers["X-Hub-Signature-256"] = hexadecimal(secret, body, "sha256")
        # Older versions check only this one.
        headers["X-Hub-Signature"] = hexadecimal(secret, body, "sha1")
    url = f"{_address(nudge).removesuffix(_WEBHOOK)}{_WEBHOOK}"
    return (Call(request=_post(nudge, url, body, headers)),)


def argocd_refresh(nudge: Nudge, commit: Commit, secret: str, moment: int) -> tuple[Call, ...]:
    """Argo CD answers when an application is refreshed, which may take a while."""
    del commit, moment
    return tuple(
        Call(
            request=application_request(nudge, name, secret, refresh=True),
            application=name,
            waits=True,
        )
        for name in nudge.applications
    )


def application_request(nudge: Nudge, name: str, token: str, *, refresh: bool) -> Request:
    """Asks for an application, `NAME` or `NAMESPACE/NAME`, and to `refresh` it.

    Raises NudgeError for what is not a token.
    """
    if not token.isascii() or not token.isprintable() or " " in token:
        raise NudgeError(
            "the secret is not a token of Argo CD",
            hint="make one with `argocd account generate-token`",
        )
    namespace, slash, own = name.partition("/")
    parameters = {"refresh": "normal"} if refresh else {}
    if slash:
        parameters["appNamespace"] = namespace
    path = f"/api/v1/applications/{quote(own if slash else name, safe='')}"
    query = f"?{urlencode(parameters)}" if parameters else ""
    return Request(
        subject=str(nudge),
        url=f"{_address(nudge)}{path}{query}",
        headers={"Authorization": f"Bearer {token}"},
        ca_file=nudge.ca_file,
        limit=_LARGEST_APPLICATION,
    )


def webhook(nudge: Nudge, commit: Commit, secret: str, moment: int) -> tuple[Call, ...]:
    """Standard Webhooks. The same commit has the same id, so that it can be told apart."""
    body = commit_document(commit)
    words = "\0".join((commit.url, commit.branch, commit.commit))
    id_ = f"msg_{hashlib.sha256(words.encode()).hexdigest()[:32]}"
    headers = {"webhook-id": id_, "webhook-timestamp": str(moment)}
    if secret:
        headers["webhook-signature"] = standard(secret, id_=id_, timestamp=moment, body=body)
    return (Call(request=_post(nudge, nudge.url, body, headers)),)


BUILDERS: Mapping[NudgeType, Builder] = {
    "flux": flux,
    "argocd-webhook": argocd_webhook,
    "argocd-refresh": argocd_refresh,
    "webhook": webhook,
}


def _push_event(commit: Commit) -> Mapping[str, object]:
    paths = list(dict.fromkeys(update.path for update in commit.updates))
    return {
        "ref": f"refs/heads/{commit.branch}",
        "before": commit.before or _ZERO,
        "after": commit.commit,
        "repository": {
            "html_url": web_url(commit.url),
            # Nobody knows here which it is. So applications that follow HEAD are refreshed, too:
            # one refresh too many does nothing.
            "default_branch": commit.branch,
        },
        "commits": [{"id": commit.commit, "added": [], "modified": paths, "removed": []}],
    }


def web_url(url: str) -> str:
    """The page of a repository: Argo CD compares its host and path with those of applications."""
    parsed = parse_url(url)
    if parsed.scheme == "file":
        return f"file:///{parsed.project}"
    return f"{parsed.origin or f'https://{parsed.host}'}/{parsed.project}"


def _address(nudge: Nudge) -> str:
    parts = urlsplit(nudge.url)
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def _post(nudge: Nudge, url: str, body: bytes, headers: Mapping[str, str]) -> Request:
    return Request(
        subject=str(nudge),
        url=url,
        method="POST",
        headers={"Content-Type": "application/json", **headers},
        content=body,
        ca_file=nudge.ca_file,
    )
