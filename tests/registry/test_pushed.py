"""Push times from scripted servers that answer as the vendors' documentation has it."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from imagebot.errors import RegistryError, RegistryRateLimitError
from imagebot.reference import Repository
from imagebot.registry.api import Pushed
from imagebot.registry.cache import MetadataCache
from imagebot.registry.client import RegistryClient
from imagebot.registry.credentials import Credential
from imagebot.registry.memo import Memo
from imagebot.registry.vendors import VENDORS, Vendor, find_vendor
from tests.support.scripted_http import Answer, Request, ScriptedServer

Open = Callable[..., RegistryClient]
ONE, TWO = "sha256:" + "1" * 64, "sha256:" + "2" * 64
ALICE = Credential(origin="a test", username="alice", secret="s3cret")
BASIC = "Basic " + base64.b64encode(b"alice:s3cret").decode()


def at(day: int, **more: int) -> datetime:
    return datetime(2024, 5, day, **more, tzinfo=UTC)


def app(server: ScriptedServer, path: str = "team/app") -> Repository:
    return Repository(server.host, path)


def asked_for(
    client: RegistryClient, repository: Repository, tags: list[str]
) -> Mapping[str, Pushed]:
    """Of what the client found, only the tags that were asked for."""
    return Memo(client).for_pass().pushed(repository, tags)


@pytest.mark.parametrize(
    ("registry", "kind"),
    [
        ("docker.io", "docker-hub"),
        ("ghcr.io", "github"),
        ("quay.io", "quay"),
        ("gcr.io", "google"),
        ("eu.gcr.io", "google"),
        ("europe-west1-docker.pkg.dev", "google"),
        ("acme.azurecr.io", "azure"),
        ("acme.azurecr.cn", "azure"),
        ("registry.example", None),
        ("docker.io.evil.example", None),
        ("notgcr.io", None),
        ("evilazurecr.io", None),
    ],
)
def test_vendors_by_name(registry: str, kind: str | None) -> None:
    found = find_vendor(registry)
    assert (found and found.kind) == kind
    assert kind is None or kind in VENDORS


def test_a_registry_of_no_vendor(scripted: ScriptedServer, open_client: Open) -> None:
    assert open_client().pushed(app(scripted), ["1.0"]) == {}
    assert scripted.requests == []


def test_the_push_of_a_digest_is_on_disk(open_client: Open, tmp_path: Path) -> None:
    here = Repository("r.example", "app")
    push = Pushed(at(7), "Quay", ONE)
    for expected in (None, push):
        view = Memo(open_client(cache=MetadataCache(tmp_path))).for_pass()
        assert view.known_push(here, "1.0", ONE) == expected
        view.keep_push(here, "1.0", push)
        assert view.known_push(here, "1.0", TWO) is None
    assert Memo(open_client()).for_pass().known_push(here, "1.0", ONE) is None


# Docker Hub

TAGS = "/v2/namespaces/team/repositories/app/tags"


def hub(name: str, day: int | None, digest: str | None = ONE, **more: object) -> dict[str, object]:
    pushed = f"2024-05-{day:02}T06:07:08.123456Z" if day else None
    return {
        "id": 1, "name": name, "last_updated": "2024-05-30T00:00:00Z", "tag_last_pushed": pushed,
        "digest": digest, "images": [{"architecture": "amd64", "digest": ONE}], **more,
    }  # fmt: skip


@pytest.fixture
def docker_hub(scripted: ScriptedServer, open_client: Open) -> Callable[..., RegistryClient]:
    def open_hub(credential: Credential | None = None) -> RegistryClient:
        vendors = {scripted.host: Vendor("docker-hub", scripted.url)}
        known = {scripted.host: credential} if credential else {}
        return open_client(known, vendors=vendors)

    return open_hub


def test_docker_hub_a_few_tags(
    scripted: ScriptedServer, docker_hub: Callable[..., RegistryClient]
) -> None:
    scripted.on("GET", TAGS, Answer(body={"count": 3, "next": None, "results": [hub("1.1", 2)]}))
    scripted.on("GET", f"{TAGS}/1.0", Answer(body=hub("1.0", 1)))
    scripted.on("GET", f"{TAGS}/1.1", Answer(body=hub("1.1", 2, None)))
    scripted.on("GET", f"{TAGS}/old", Answer(body=hub("old", None, "sha256:x")))
    scripted.on("GET", f"{TAGS}/gone", Answer(404, body={"message": "tag not found"}))
    found = docker_hub().pushed(app(scripted), ["1.0", "1.1", "old", "gone"])
    assert found == {
        "1.0": Pushed(at(1, hour=6, minute=7, second=8, microsecond=123456), "Docker Hub", ONE),
        "1.1": Pushed(at(2, hour=6, minute=7, second=8, microsecond=123456), "Docker Hub"),
        "old": Pushed(at(30), "Docker Hub"),
    }


def test_docker_hub_many_tags(
    scripted: ScriptedServer, docker_hub: Callable[..., RegistryClient]
) -> None:
    """Pages, newest first, until all are found."""

    def page(request: Request) -> Answer:
        number = int(request.parameters.get("page", ["1"])[0])
        size = int(request.parameters["page_size"][0])
        names = [f"t{n}" for n in range((number - 1) * size, number * size)]
        body = {"next": "http://evil.example/", "results": [hub(name, 1) for name in names]}
        return Answer(body=body)

    scripted.on("GET", TAGS, page)
    wanted = [f"t{n}" for n in range(0, 250, 20)]
    assert list(asked_for(docker_hub(), app(scripted), wanted)) == wanted
    pages = [request.parameters.get("page") for request in scripted.requests]
    assert pages == [None, ["1"], ["2"], ["3"]]


def test_docker_hub_private(
    scripted: ScriptedServer, docker_hub: Callable[..., RegistryClient]
) -> None:
    def guarded(body: dict[str, object]) -> Callable[[Request], Answer]:
        def answer(request: Request) -> Answer:
            return Answer(body=body) if request.authorization == "Bearer jwt" else Answer(404)

        return answer

    scripted.on("GET", TAGS, guarded({"results": []}))
    scripted.on("GET", f"{TAGS}/1.0", guarded(hub("1.0", 1)))
    scripted.on("POST", "/v2/auth/token", Answer(body={"access_token": "jwt"}))
    assert list(docker_hub(ALICE).pushed(app(scripted), ["1.0"])) == ["1.0"]
    (login,) = scripted.asked("POST", "/v2/auth/token")
    assert login.json() == {"identifier": "alice", "secret": "s3cret"}
    assert login.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("credential", "login"),
    [
        (None, Answer()),
        (ALICE, Answer(401)),
        (ALICE, Answer(body={"access_token": "a\r\nb"})),
        (Credential(origin="a test", secret="x", kind="identity-token"), Answer()),
    ],
)
def test_docker_hub_refuses(
    scripted: ScriptedServer,
    docker_hub: Callable[..., RegistryClient],
    caplog: pytest.LogCaptureFixture,
    credential: Credential | None,
    login: Answer,
) -> None:
    scripted.on("POST", "/v2/auth/token", login)
    with caplog.at_level(logging.WARNING):
        assert docker_hub(credential).pushed(app(scripted), ["1.0"]) == {}
    assert ("no push times" in caplog.text) is True
    assert "s3cret" not in caplog.text


# Quay

QUAY = "/api/v1/repository/team/app/tag/"


def test_quay(scripted: ScriptedServer, open_client: Open) -> None:
    def page(request: Request) -> Answer:
        assert request.parameters["onlyActiveTags"] == ["true"]
        number = int(request.parameters["page"][0])
        day = int(at(number).timestamp())
        tag: dict[str, Any] = {"name": f"1.{number}", "start_ts": day, "manifest_digest": ONE}
        none = {"name": "no-time", "start_ts": None}
        return Answer(body={"tags": [tag, none], "page": number, "has_additional": number < 9})

    scripted.on("GET", QUAY, page)
    client = open_client({scripted.host: ALICE}, vendors={scripted.host: Vendor("quay")})
    assert client.pushed(app(scripted), ["1.2", "1.1"]) == {
        "1.2": Pushed(at(2), "Quay", ONE),
        "1.1": Pushed(at(1), "Quay", ONE),
    }
    assert len(scripted.requests) == 2
    # The API takes no robot accounts, so none is sent.
    assert {request.authorization for request in scripted.requests} == {None}


def test_quay_to_the_end(scripted: ScriptedServer, open_client: Open) -> None:
    scripted.on("GET", QUAY, Answer(body={"tags": [], "has_additional": True}),
                Answer(body={"tags": [], "has_additional": False}))  # fmt: skip
    client = open_client(vendors={scripted.host: Vendor("quay")})
    assert client.pushed(app(scripted), ["1.0"]) == {}
    assert len(scripted.requests) == 2


# Google

LIST = "/v2/team/app/tags/list"


def google(digest: str, day: int, *tags: str, **more: object) -> dict[str, object]:
    uploaded = str(int(at(day).timestamp() * 1000))
    return {
        digest: {
            "imageSizeBytes": "1", "mediaType": "x", "timeCreatedMs": "0",
            "timeUploadedMs": uploaded, "tag": list(tags), **more,
        }
    }  # fmt: skip


def test_google(scripted: ScriptedServer, open_client: Open) -> None:
    manifest = (
        google(ONE, 1, "1.0", "latest")
        | google(TWO, 2, "1.1", "not a tag")
        | google("sha256:3", 3, "odd")
        | google("sha256:4", 4, "zero", timeUploadedMs="0")
        | google("sha256:5", 5, "bad", timeUploadedMs="soon")
        | {"sha256:6": None, "sha256:7": {"tag": None, "timeUploadedMs": 1}}
    )
    scripted.on(
        "GET",
        LIST,
        Answer(body={"name": "team/app", "child": [], "tags": [], "manifest": manifest}),
    )
    client = open_client(vendors={scripted.host: Vendor("google")})
    assert asked_for(client, app(scripted), ["1.0", "1.1", "odd", "zero", "bad"]) == {
        "1.0": Pushed(at(1), "Google", ONE),
        "1.1": Pushed(at(2), "Google", TWO),
        "odd": Pushed(at(3), "Google"),
    }


def test_google_with_authorization_and_pages(scripted: ScriptedServer, open_client: Open) -> None:
    def page(request: Request) -> Answer:
        if request.authorization != BASIC:
            return Answer(401, {"WWW-Authenticate": "Basic"})
        if "last" in request.parameters:
            return Answer(body={"manifest": google(TWO, 2, "1.1")})
        link = {"Link": f'<{LIST}?last=1>; rel="next"'}
        return Answer(headers=link, body={"manifest": google(ONE, 1, "1.0")})

    scripted.on("GET", LIST, page)
    vendors = {scripted.host: Vendor("google")}
    client = open_client({scripted.host: ALICE}, vendors=vendors)
    assert set(client.pushed(app(scripted), ["1.0", "1.1"])) == {"1.0", "1.1"}


# Azure

ACR = "/acr/v1/team/app/_tags"


def acr(name: str, day: int) -> dict[str, object]:
    return {
        "name": name, "digest": ONE, "createdTime": "2024-01-01T00:00:00Z",
        "lastUpdateTime": f"2024-05-{day:02}T00:00:00.1234567Z", "signed": False,
    }  # fmt: skip


def test_azure(scripted: ScriptedServer, open_client: Open) -> None:
    def page(request: Request) -> Answer:
        if request.authorization != "Bearer t":
            realm = f'Bearer realm="{scripted.url}/oauth2/token",service="acr"'
            return Answer(401, {"WWW-Authenticate": realm})
        if "last" in request.parameters:
            return Answer(body={"tags": [acr("1.0", 1)]})
        link = {"Link": f'<{ACR}?last=1.1&n=100&orderby=timedesc>; rel="next"'}
        return Answer(headers=link, body={"registry": "x", "tags": [acr("1.1", 2)]})

    scripted.on("GET", ACR, page)
    scripted.on("GET", "/oauth2/token", Answer(body={"access_token": "t"}))
    client = open_client({scripted.host: ALICE}, vendors={scripted.host: Vendor("azure")})
    found = client.pushed(app(scripted), ["1.0", "1.1", "1.2"])
    assert found == {
        "1.0": Pushed(at(1, microsecond=123456), "Azure Container Registry", ONE),
        "1.1": Pushed(at(2, microsecond=123456), "Azure Container Registry", ONE),
    }
    (token,) = scripted.asked("GET", "/oauth2/token")
    assert token.parameters["scope"] == ["repository:team/app:metadata_read"]
    assert scripted.asked("GET", ACR)[0].parameters["orderby"] == ["timedesc"]


# GitHub

ORGANIZATION = "/orgs/team/packages/container/app%2Fweb/versions"
USER = "/users/team/packages/container/app%2Fweb/versions"


def version(day: int, *tags: str, digest: str = ONE) -> dict[str, object]:
    return {
        "id": 1, "name": digest, "created_at": f"2024-05-{day:02}T00:00:00Z",
        "updated_at": "2024-05-30T00:00:00Z",
        "metadata": {"package_type": "container", "container": {"tags": list(tags)}},
    }  # fmt: skip


@pytest.fixture
def github(scripted: ScriptedServer, open_client: Open) -> Callable[..., RegistryClient]:
    def open_github(credential: Credential | None = ALICE) -> RegistryClient:
        known = {scripted.host: credential} if credential else {}
        return open_client(known, vendors={scripted.host: Vendor("github", scripted.url)})

    return open_github


@pytest.mark.parametrize("path", [ORGANIZATION, USER])
def test_github(scripted: ScriptedServer, github: Callable[..., RegistryClient], path: str) -> None:
    versions = [version(2, "1.1", "latest", digest=TWO), version(1, "1.0"), version(1), {"id": 5}]
    scripted.on("GET", path, Answer(body=versions))
    assert asked_for(github(), app(scripted, "team/app/web"), ["1.0", "1.1", "2.0"]) == {
        "1.0": Pushed(at(1), "GitHub Packages", ONE),
        "1.1": Pushed(at(2), "GitHub Packages", TWO),
    }
    request = scripted.requests[-1]
    assert request.authorization == "Bearer s3cret"
    assert request.headers["Accept"] == "application/vnd.github+json"


def test_github_pages(scripted: ScriptedServer, github: Callable[..., RegistryClient]) -> None:
    def page(request: Request) -> Answer:
        number = int(request.parameters["page"][0])
        return Answer(body=[version(1, f"{number}.{n}") for n in range(100)])

    scripted.on("GET", ORGANIZATION, page)
    assert list(asked_for(github(), app(scripted, "team/app/web"), ["3.7"])) == ["3.7"]
    assert len(scripted.requests) == 3


def test_github_without_a_token(
    scripted: ScriptedServer, github: Callable[..., RegistryClient]
) -> None:
    assert github(None).pushed(app(scripted), ["1.0"]) == {}
    assert scripted.requests == []


@pytest.mark.parametrize(
    "headers", [{"X-RateLimit-Remaining": "0"}, {"Retry-After": "3000"}], ids=["hour", "moment"]
)
def test_github_allows_no_more(
    scripted: ScriptedServer, github: Callable[..., RegistryClient], headers: dict[str, str]
) -> None:
    scripted.on("GET", ORGANIZATION, Answer(403, headers))
    with pytest.raises(RegistryRateLimitError):
        github().pushed(app(scripted, "team/app/web"), ["1.0"])


# All of them


@pytest.mark.parametrize("kind", VENDORS)
@pytest.mark.parametrize("status", [401, 403, 404])
def test_an_api_that_refuses(
    scripted: ScriptedServer, open_client: Open, caplog: pytest.LogCaptureFixture,
    kind: Any, status: int,
) -> None:  # fmt: skip
    """The tag's age is unknown then, and a warning says why, once per registry."""
    scripted.handler = lambda _: Answer(status)
    vendors = {scripted.host: Vendor(kind, scripted.url)}
    client = open_client({scripted.host: ALICE}, vendors=vendors)
    with caplog.at_level(logging.WARNING):
        for path in ("team/a", "team/b"):
            assert client.pushed(app(scripted, path), ["1.0"]) == {}
    said = [record for record in caplog.records if record.name == "imagebot.registry.pushed"]
    assert len(said) == 1
    assert "no push times" in caplog.text
    assert "s3cret" not in caplog.text


@pytest.mark.parametrize("kind", VENDORS)
@pytest.mark.parametrize("answer", [Answer(500), Answer(429), Answer(body="<html>")])
def test_an_api_that_fails(
    scripted: ScriptedServer, open_client: Open, kind: Any, answer: Answer
) -> None:
    scripted.handler = lambda _: answer
    vendors = {scripted.host: Vendor(kind, scripted.url)}
    with pytest.raises(RegistryError):
        open_client({scripted.host: ALICE}, vendors=vendors).pushed(app(scripted), ["1.0"])


@pytest.mark.parametrize("kind", VENDORS)
@pytest.mark.parametrize(
    "body",
    [{}, [], {"tags": 5, "results": [None], "manifest": []}, [5, {"metadata": 5}], {"results": {}}],
)
def test_an_api_that_answers_something_else(
    scripted: ScriptedServer, open_client: Open, kind: Any, body: Any
) -> None:
    scripted.handler = lambda _: Answer(body=body)
    vendors = {scripted.host: Vendor(kind, scripted.url)}
    client = open_client({scripted.host: ALICE}, vendors=vendors)
    assert client.pushed(app(scripted), ["1.0"]) == {}


def test_what_came_with_the_answer_is_there_too(
    scripted: ScriptedServer, open_client: Callable[..., RegistryClient]
) -> None:
    """A page has more tags than were asked for; the memo keeps them for the next question."""
    manifest = {ONE: {"tag": ["1.0", "1.1"], "timeUploadedMs": "1714600000000"}}
    scripted.on("GET", "/v2/team/app/tags/list", Answer(body={"manifest": manifest}))
    client = open_client(vendors={scripted.host: Vendor("google")})
    assert client.pushed(app(scripted), ["1.0"]).keys() == {"1.0", "1.1"}
    once = Memo(client).for_pass()
    scripted.requests.clear()
    assert once.pushed(app(scripted), ["1.0"]).keys() == {"1.0"}
    assert once.pushed(app(scripted), ["1.1", "1.0"]).keys() == {"1.0", "1.1"}
    assert len(scripted.requests) == 1
    once.pushed(app(scripted), ["gone"])
    once.pushed(app(scripted), ["gone", "1.0"])
    assert len(scripted.requests) == 2
