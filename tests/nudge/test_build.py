"""The requests of each type, checked by what others wrote to check them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from imagebot.config.model_serve import Nudge
from imagebot.errors import NudgeError
from imagebot.http.message import Request
from imagebot.nudge.build import BUILDERS, application_request, build_calls, web_url
from imagebot.nudge.document import commit_document
from tests.nudge.commits import COMMIT
from tests.support.receiver import Application, ArgoCd, FluxReceiver
from tests.support.scripted_http import Answer
from tests.support.scripted_http import Request as Received

FLUX = Nudge(type="flux", url="http://notification.flux-system/hook/0123")
ARGO = Nudge(type="argocd-webhook", url="https://argocd.example.com")
REFRESH = Nudge(
    type="argocd-refresh", url="https://argocd.example.com/argo/", applications=("web", "a.b")
)
WEBHOOK = Nudge(type="webhook", url="https://hooks.example.com/deploy?room=7")
KEY = bytes(range(32))
WHSEC = f"whsec_{base64.b64encode(KEY).decode()}"


def only(nudge: Nudge, secret: str = "", **changes: Any) -> Request:
    (call,) = build_calls(nudge, replace(COMMIT, **changes), secret, int(time.time()))
    assert not call.application
    assert not call.waits
    return call.request


def received(request: Request) -> Received:
    """What a server gets of it."""
    from email.message import Message

    headers = Message()
    for name, value in request.headers.items():
        headers[name] = value
    path, _, query = "/".join(["", *request.url.split("/")[3:]]).partition("?")
    return Received(request.method, path, query, headers, request.content or b"")


def test_every_type_has_a_builder() -> None:
    from typing import get_args

    from imagebot.config.model_serve import NudgeType

    assert set(BUILDERS) == set(get_args(NudgeType))


def test_flux_signs_the_body() -> None:
    receiver = FluxReceiver("t0ken")
    nudge = replace(FLUX, url=f"http://flux.example.com{receiver.path}")
    request = only(nudge, "t0ken")
    assert receiver(received(request)).status == 200
    assert receiver.reconciled == [json.loads(commit_document(COMMIT))]
    assert receiver(received(replace(request, content=b"{}"))).status == 400
    assert receiver(received(only(nudge, "other"))).status == 400
    assert receiver(received(only(nudge))).status == 400
    assert "X-Signature" not in only(nudge).headers


@pytest.mark.parametrize("url", ["https://argocd.example.com", "https://argocd.example.com/"])
@pytest.mark.parametrize("suffix", ["", "api/webhook"])
def test_argocd_is_called_at_its_webhook(url: str, suffix: str) -> None:
    address = f"{url.rstrip('/')}/{suffix}" if suffix else url
    assert only(replace(ARGO, url=address)).url == "https://argocd.example.com/api/webhook"


@pytest.mark.parametrize("old", [False, True])
def test_argocd_checks_either_signature(old: bool) -> None:
    application = Application("https://git.example.com/acme/gitops", "main")
    argo = ArgoCd(secret="s3cret", applications={"web": application}, old=old)
    request = only(ARGO, "s3cret")
    assert argo(received(request)).status == 200
    assert argo.refreshed == ["web"]
    assert argo(received(replace(request, content=b"{}"))).status == 400
    assert argo(received(only(ARGO, "other"))).status == 400
    assert argo.refreshed == ["web"]
    assert not {"X-Hub-Signature", "X-Hub-Signature-256"} & only(ARGO).headers.keys()


FOLLOWS = [
    ("https://git.example.com/acme/gitops.git", "main", (), True),
    ("https://git.example.com/acme/gitops", "HEAD", (), True),
    ("git@git.example.com:acme/gitops.git", "", (), True),
    ("ssh://git@git.example.com:2222/acme/gitops", "main", (), True),
    ("https://git.example.com/acme/gitops", "main", ("clusters/test/",), True),
    ("https://git.example.com/acme/gitops", "main", ("clusters/production/",), False),
    ("https://git.example.com/acme/gitops", "release", (), False),
    ("https://git.example.com/acme/other", "main", (), False),
    ("https://elsewhere.example.com/acme/gitops", "main", (), False),
]


@pytest.mark.parametrize(("repository", "revision", "paths", "wanted"), FOLLOWS)
@pytest.mark.parametrize(
    "url",
    [
        "https://git.example.com/acme/gitops.git",
        "git@git.example.com:acme/gitops.git",
        "ssh://git@git.example.com:2222/acme/gitops/",
    ],
)
def test_argocd_finds_its_applications(
    repository: str, revision: str, paths: tuple[str, ...], wanted: bool, url: str
) -> None:
    argo = ArgoCd(applications={"web": Application(repository, revision, paths)})
    assert argo(received(only(ARGO, url=url))) == Answer(200)
    assert argo.refreshed == (["web"] if wanted else [])


def test_a_push_event_has_what_argocd_reads() -> None:
    update = COMMIT.updates[0]
    twice = (update, replace(update, name="ghcr.io/acme/web"), replace(update, path="b.yaml"))
    body = only(ARGO, branch="env/test", updates=twice).content
    assert body is not None
    event = json.loads(body)
    assert event["ref"] == "refs/heads/env/test"
    assert (event["before"], event["after"]) == ("b" * 40, "a" * 40)
    assert event["repository"] == {
        "html_url": "https://git.example.com/acme/gitops",
        "default_branch": "env/test",
    }
    (commit,) = event["commits"]
    assert commit == {
        "id": "a" * 40,
        "added": [],
        "modified": ["clusters/test/api.yaml", "b.yaml"],
        "removed": [],
    }


@pytest.mark.parametrize(
    ("url", "page"),
    [
        ("https://git.example.com:8443/a/b.git", "https://git.example.com:8443/a/b"),
        ("git@git.example.com:a/b/c.git", "https://git.example.com/a/b/c"),
        ("/srv/git/a.git", "file:///srv/git/a"),
    ],
)
def test_the_page_of_a_repository(url: str, page: str) -> None:
    assert web_url(url) == page


def test_a_refresh_for_each_application() -> None:
    nudge = replace(REFRESH, applications=("web", "b ?c"))
    calls = build_calls(nudge, COMMIT, "t0ken", 0)
    base = "https://argocd.example.com/argo/api/v1/applications"
    assert [(call.request.method, call.request.url, call.application) for call in calls] == [
        ("GET", f"{base}/web?refresh=normal", "web"),
        ("GET", f"{base}/b%20%3Fc?refresh=normal", "b ?c"),
    ]
    assert all(call.request.headers["Authorization"] == "Bearer t0ken" for call in calls)
    assert all(call.waits for call in calls)


def test_an_application_of_another_namespace() -> None:
    """In the configuration as on Argo CD's command line, in the request as two."""
    nudge = replace(REFRESH, applications=("team-a/web", "argocd/web", "web"))
    base = "https://argocd.example.com/argo/api/v1/applications"
    calls = build_calls(nudge, COMMIT, "t0ken", 0)
    assert [(call.application, call.request.url) for call in calls] == [
        ("team-a/web", f"{base}/web?refresh=normal&appNamespace=team-a"),
        ("argocd/web", f"{base}/web?refresh=normal&appNamespace=argocd"),
        ("web", f"{base}/web?refresh=normal"),
    ]
    looked = [
        application_request(nudge, name, "t0ken", refresh=False).url
        for name in ("team-a/web", "web")
    ]
    assert looked == [f"{base}/web?appNamespace=team-a", f"{base}/web"]
    application = Application("https://git.example.com/acme/gitops")
    argo = ArgoCd(
        token="t0ken",
        applications={"team-a/web": application, "web": application},
        prefix="/argo",
    )
    assert [argo(received(call.request)).status for call in calls] == [200] * 3
    assert argo.refreshed == ["team-a/web", "web", "web"]


@pytest.mark.parametrize("token", ["two words", "naïve", "a\x7fb"])
def test_what_is_not_a_token(token: str) -> None:
    with pytest.raises(NudgeError) as caught:
        build_calls(REFRESH, COMMIT, token, 0)
    assert token not in caught.value.message


@pytest.mark.parametrize("secret", [WHSEC, WHSEC.rstrip("=")])
def test_standard_webhooks(secret: str) -> None:
    request = only(WEBHOOK, secret)
    assert request.content is not None
    verifier = Webhook(WHSEC)
    found = verifier.verify(request.content, dict(request.headers))
    assert found == json.loads(commit_document(COMMIT))
    with pytest.raises(WebhookVerificationError):
        verifier.verify(request.content + b" ", dict(request.headers))
    for name in ("webhook-id", "webhook-timestamp"):
        other = {**request.headers, name: request.headers[name][:-1] + "x"}
        with pytest.raises(WebhookVerificationError):
            verifier.verify(request.content, other)
    assert "webhook-signature" not in only(WEBHOOK).headers


def test_a_raw_secret_of_standard_webhooks() -> None:
    request = only(WEBHOOK, "grüße")
    assert request.content is not None
    assert Webhook("grüße".encode()).verify(request.content, dict(request.headers))


@pytest.mark.parametrize("secret", ["whsec_", "whsec_*", "whsec_abcde", "whsec_ü"])
def test_a_secret_that_is_not_base64(secret: str) -> None:
    with pytest.raises(NudgeError, match="not base64") as caught:
        only(WEBHOOK, secret)
    assert secret == "whsec_" or secret not in caught.value.message


def test_a_commit_has_one_id() -> None:
    first, again = only(WEBHOOK, WHSEC), only(WEBHOOK, WHSEC)
    assert first.headers["webhook-id"] == again.headers["webhook-id"]
    changed: list[dict[str, Any]] = [{"commit": "c" * 40}, {"branch": "b"}, {"url": "git@a.b:c"}]
    others = {only(WEBHOOK, WHSEC, **each).headers["webhook-id"] for each in changed}
    assert len(others | {first.headers["webhook-id"]}) == 4


@given(secret=st.text(min_size=1), paths=st.lists(st.text(), max_size=3))
def test_any_text_is_signed_as_sent(secret: str, paths: list[str]) -> None:
    if any("\ud800" <= letter <= "\udfff" for text in (secret, *paths) for letter in text):
        return
    update = COMMIT.updates[0]
    request = only(FLUX, secret, updates=tuple(replace(update, path=path) for path in paths))
    assert request.content is not None
    wanted = hmac.new(secret.encode(), request.content, hashlib.sha256).hexdigest()
    assert request.headers["X-Signature"] == f"sha256={wanted}"
    assert [each["path"] for each in json.loads(request.content)["updates"]] == paths


@pytest.mark.parametrize("nudge", [FLUX, ARGO, REFRESH, WEBHOOK])
def test_nothing_secret_is_in_a_representation(nudge: Nudge) -> None:
    for call in build_calls(nudge, COMMIT, "c0rrect-horse", 0):
        assert "c0rrect-horse" not in repr(call)
        assert call.request.subject == str(nudge)
