"""The client against scripted registries: pages, digests, what it must not believe."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.config.model import RegistryOptions
from imagebot.errors import (
    RegistryAuthError,
    RegistryError,
    RegistryProtocolError,
    RegistryUnreachableError,
    RepositoryNotFoundError,
)
from imagebot.reference import Repository
from imagebot.registry import tag_list
from imagebot.registry.cache import MetadataCache
from imagebot.registry.client import RegistryClient
from imagebot.registry.credentials import Credential, Credentials
from tests.support.here import HERE
from tests.support.scripted_http import Answer, Request, ScriptedServer

Open = Callable[..., RegistryClient]
LIST = "/v2/team/app/tags/list"
MANIFESTS = "/v2/team/app/manifests"
DIGEST = "sha256:" + "1" * 64
OTHER = "sha256:" + "2" * 64


def app(server: ScriptedServer) -> Repository:
    return Repository(server.host, "team/app")


def tags(*names: str, following: str | None = None) -> Answer:
    headers = {"Link": f'<{following}>; rel="next"'} if following else {}
    return Answer(headers=headers, body={"name": "team/app", "tags": list(names)})


def test_one_page(scripted: ScriptedServer, open_client: Open) -> None:
    scripted.on("GET", LIST, tags("b", "a", "b"))
    assert open_client().tags(app(scripted)) == ("b", "a")
    assert scripted.requests[0].parameters == {"n": ["1000"]}


def test_all_pages(scripted: ScriptedServer, open_client: Open) -> None:
    scripted.on(
        "GET",
        LIST,
        tags("a", "b", following=f"{LIST}?n=2&last=b"),
        # An empty page is not the end, nor is a short one.
        tags(following=f"{scripted.url}{LIST}?n=2&last=c"),
        tags("d", "a", following="?n=2&last=d"),
        tags("e"),
    )
    assert open_client().tags(app(scripted)) == ("a", "b", "d", "e")
    last = [request.parameters.get("last") for request in scripted.requests]
    assert last == [None, ["b"], ["c"], ["d"]]


FULL = tuple(f"b{number:04}" for number in range(1000))


def test_a_full_page_without_a_link(scripted: ScriptedServer, open_client: Open) -> None:
    """As go-containerregistry's own registry sends it: there may be more behind it."""
    scripted.on("GET", LIST, tags(*FULL), tags("c1", "c2"))
    assert open_client().tags(app(scripted)) == (*FULL, "c1", "c2")
    assert [one.query for one in scripted.requests] == ["n=1000", "n=1000&last=b0999"]


@pytest.mark.parametrize(
    ("entry", "last"),
    [
        (None, "b0998"),
        (7, "b0998"),
        ("", "b0998"),
        ("b0500", "b0500"),
        (f"sha512:{'0' * 8}", "sha512%3A00000000"),
        ("-&n=1#\n", "-%26n%3D1%23%0A"),
        ("\ud800", "%3F"),
        ("z" * 129, "z" * 129),
    ],
    ids=["null", "number", "empty", "twice", "digest", "characters", "surrogate", "long"],
)
def test_a_full_page_with_what_is_no_tag(
    scripted: ScriptedServer, open_client: Open, entry: object, last: str
) -> None:
    """The page has as many entries as were asked for, but fewer tags."""
    full = {"tags": [*FULL[:-1], entry]}
    scripted.on("GET", LIST, Answer(body=full), Answer(body=full), tags("c1"))
    assert open_client().tags(app(scripted)) == FULL[:-1]
    scripted.on("GET", LIST, Answer(body=full), tags("c1"))
    assert open_client().tags(app(scripted)) == (*FULL[:-1], "c1")
    assert [one.query for one in scripted.requests[-2:]] == ["n=1000", f"n=1000&last={last}"]


def test_full_pages_of_what_is_no_tag(scripted: ScriptedServer, open_client: Open) -> None:
    digests = [f"sha512:{number}" for number in range(1000, 2000)]
    scripted.on("GET", LIST, Answer(body={"tags": digests}), tags("c1"))
    assert open_client().tags(app(scripted)) == ("c1",)
    scripted.on("GET", LIST, Answer(body={"tags": [None] * 1000}))
    assert open_client().tags(app(scripted)) == ()


@pytest.mark.parametrize(
    "behind",
    [tags(), Answer(body={"tags": None}), tags(*FULL), Answer(404), Answer(400)],
    ids=["empty", "null", "the same again", "404", "400"],
)
def test_nothing_behind_a_full_page(
    scripted: ScriptedServer, open_client: Open, behind: Answer
) -> None:
    scripted.on("GET", LIST, tags(*FULL), behind)
    assert open_client().tags(app(scripted)) == FULL
    assert len(scripted.requests) == 2


def test_a_registry_that_fails_behind_a_full_page(
    scripted: ScriptedServer, open_client: Open
) -> None:
    scripted.on("GET", LIST, tags(*FULL), Answer(500))
    with pytest.raises(RegistryError, match="failed"):
        open_client().tags(app(scripted))


def test_a_full_page_that_is_the_end(scripted: ScriptedServer, open_client: Open) -> None:
    """Whoever sends links, or more than was asked for, is not asked whether there is more."""
    scripted.on("GET", LIST, tags("a", following="?last=a"), tags(*FULL))
    assert open_client().tags(app(scripted)) == ("a", *FULL)
    scripted.on("GET", LIST, tags(*FULL, "c"))
    assert open_client().tags(app(scripted)) == (*FULL, "c")
    assert len(scripted.requests) == 3


def test_every_page_is_authorized(scripted: ScriptedServer, open_client: Open) -> None:
    def guarded(request: Request) -> Answer:
        if request.authorization is None:
            return Answer(401, {"WWW-Authenticate": "Basic"})
        if "last" in request.parameters:
            return tags("b")
        return tags("a", following=f"{LIST}?last=a")

    scripted.on("GET", LIST, guarded)
    alice = Credential(origin="a test", username="alice", secret="pw")
    assert open_client({scripted.host: alice}).tags(app(scripted)) == ("a", "b")


@pytest.mark.parametrize(
    "following",
    ["http://127.0.0.1:9/v2/team/app/tags/list?last=a", "https://{host}/v2/x", "//evil/"],
)
def test_a_page_elsewhere(scripted: ScriptedServer, open_client: Open, following: str) -> None:
    scripted.on("GET", LIST, tags("a", following=following.format(host=scripted.host)))
    with pytest.raises(RegistryProtocolError, match="another server"):
        open_client().tags(app(scripted))
    assert len(scripted.requests) == 1


def test_pages_in_a_circle(scripted: ScriptedServer, open_client: Open) -> None:
    scripted.on("GET", LIST, tags("a", following=f"{LIST}?last=a"))
    with pytest.raises(RegistryProtocolError, match="links back to an earlier one"):
        open_client().tags(app(scripted))
    assert len(scripted.requests) == 2


def test_pages_without_end(
    scripted: ScriptedServer, open_client: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    def page(request: Request) -> Answer:
        number = int(request.parameters.get("last", ["0"])[0]) + 1
        return tags(f"t{number}", following=f"{LIST}?last={number}")

    monkeypatch.setattr(tag_list, "_MAX_PAGES", 5)
    scripted.on("GET", LIST, page)
    with pytest.raises(RegistryProtocolError, match="more than 5 pages"):
        open_client().tags(app(scripted))
    assert len(scripted.requests) == 5


def test_a_listing_too_long_to_read(
    scripted: ScriptedServer, open_client: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tag_list, "_MAX_LISTING", 60)
    scripted.on("GET", LIST, tags("a", following="?last=a"), tags("b", following="?last=b"), tags())
    with pytest.raises(RegistryProtocolError, match="too long"):
        open_client().tags(app(scripted))


def test_a_page_too_large_to_read(
    scripted: ScriptedServer, open_client: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tag_list, "MAX_PAGE", 1000)
    scripted.on("GET", LIST, tags("a", following="?last=a"), tags("b" * 100, *"c" * 1000))
    with pytest.raises(RegistryProtocolError, match="larger"):
        open_client().tags(app(scripted))


@pytest.mark.parametrize(
    "broken",
    [
        Answer(500),
        Answer(401),
        Answer(400, body="Invalid next token"),
        Answer(body="<html>"),
        Answer(body={"name": "team/app"}),
        Answer(body='{"tags": ["b", "c"]}', cut_at=12),
        Answer(drop=True),
    ],
)
def test_never_a_part_of_the_tags(
    scripted: ScriptedServer, open_client: Open, broken: Answer
) -> None:
    scripted.on("GET", LIST, tags("a", following="?last=a"), broken)
    with pytest.raises(RegistryError):
        open_client().tags(app(scripted))


def test_a_page_whose_tag_is_gone(scripted: ScriptedServer, open_client: Open) -> None:
    """zot answers 404 when the tag in `last` has been removed: then from the beginning."""
    scripted.on(
        "GET", LIST, tags("a", following="?last=a"), Answer(404), tags("b", following="?last=b"),
        tags("c"),
    )  # fmt: skip
    assert open_client().tags(app(scripted)) == ("b", "c")


def test_a_listing_that_is_elsewhere(
    scripted: ScriptedServer, start_scripted: Callable[..., ScriptedServer], open_client: Open
) -> None:
    """registry.k8s.io sends listings on to another registry, whose pages are its own."""

    def guarded(request: Request) -> Answer:
        if request.authorization is None:
            return Answer(401, {"WWW-Authenticate": "Basic"})
        return Answer(307, {"Location": f"{there.url}/v2/moved/app/tags/list?{request.query}"})

    there = start_scripted()
    there.on(
        "GET", "/v2/moved/app/tags/list",
        tags("a", following="/v2/moved/app/tags/list?last=a"), tags("b"),
    )  # fmt: skip
    scripted.on("GET", LIST, guarded)
    alice = Credential(origin="a test", username="alice", secret="pw")
    assert open_client({scripted.host: alice}).tags(app(scripted)) == ("a", "b")
    assert [request.authorization for request in there.requests] == [None, None]
    assert there.requests[0].parameters == {"n": ["1000"]}


PAGES = st.lists(
    st.tuples(
        st.lists(st.sampled_from(["1.0", "1.1", "1.2", "latest", "main-7"]), max_size=4),
        st.sampled_from(["next"] * 5 + ["end", "drop", "500", "401", "html", "404"]),
    ),
    max_size=6,
)


@given(PAGES)
def test_all_tags_or_an_error(pages: list[tuple[list[str], str]]) -> None:
    """Whatever happens to whichever page: never a short list."""

    def answer(request: httpx.Request) -> httpx.Response:
        number = int(request.url.params.get("last", "0"))
        names, outcome = pages[number] if number < len(pages) else ([], "end")
        if outcome == "drop":
            raise httpx.ReadError("gone")
        if outcome not in ("next", "end"):
            status = 200 if outcome == "html" else int(outcome)
            return httpx.Response(status, content=iter([b"<html>"]))
        link = {"Link": f'<{LIST}?last={number + 1}>; rel="next"'} if outcome == "next" else {}
        body = json.dumps({"tags": names}).encode()
        return httpx.Response(200, headers=link, content=iter([body]))

    outcomes = [outcome for _, outcome in pages]
    end = next((n for n, outcome in enumerate(outcomes) if outcome != "next"), len(pages))
    client = RegistryClient(
        Credentials([], {}), transport=httpx.MockTransport(answer), sleep=lambda _: None, reach=HERE
    )
    with client:
        try:
            found = client.tags(Repository("127.0.0.1:1", "team/app"))
        except RegistryError:
            assert end < len(pages)
            assert outcomes[end] != "end"
        else:
            assert end == len(pages) or outcomes[end] == "end"
            every = (name for names, _ in pages[: end + 1] for name in names)
            assert found == tuple(dict.fromkeys(every))


def test_a_listing_that_does_not_hold_still(scripted: ScriptedServer, open_client: Open) -> None:
    first = tags("a", following="?last=a")
    scripted.on("GET", LIST, first, Answer(404), first, Answer(404))
    with pytest.raises(RegistryProtocolError, match="keeps changing while it is read") as caught:
        open_client().tags(app(scripted))
    assert caught.value.temporary


def test_an_unknown_repository(scripted: ScriptedServer, open_client: Open) -> None:
    with pytest.raises(RepositoryNotFoundError):
        open_client().tags(app(scripted))


def test_digest(scripted: ScriptedServer, open_client: Open) -> None:
    scripted.on("HEAD", f"{MANIFESTS}/1.0", Answer(headers={"Docker-Content-Digest": DIGEST}))
    assert open_client().digest(app(scripted), "1.0") == DIGEST
    accepted = scripted.requests[0].headers["Accept"]
    for kind in ("oci.image.index", "oci.image.manifest", "manifest.list.v2", "manifest.v2"):
        assert kind in accepted
    assert len(scripted.requests) == 1


@pytest.mark.parametrize(
    "head",
    [Answer(), Answer(headers={"Docker-Content-Digest": "sha256:x"}), Answer(405), Answer(501)],
)
def test_a_registry_that_does_not_tell_the_digest(
    scripted: ScriptedServer, open_client: Open, head: Answer
) -> None:
    body = b'{"schemaVersion": 2}'
    scripted.on("HEAD", f"{MANIFESTS}/1.0", head)
    scripted.on("GET", f"{MANIFESTS}/1.0", Answer(body=body))
    digest = "sha256:" + hashlib.sha256(body).hexdigest()
    assert open_client().digest(app(scripted), "1.0") == digest


def test_the_digest_of_a_digest(scripted: ScriptedServer, open_client: Open) -> None:
    scripted.on("HEAD", f"{MANIFESTS}/{DIGEST}", Answer(headers={"Docker-Content-Digest": DIGEST}))
    scripted.on("HEAD", f"{MANIFESTS}/{OTHER}", Answer(headers={"Docker-Content-Digest": DIGEST}))
    longer = "sha512:" + "3" * 128
    scripted.on("HEAD", f"{MANIFESTS}/{longer}", Answer(headers={"Docker-Content-Digest": DIGEST}))
    client = open_client()
    assert client.digest(app(scripted), DIGEST) == DIGEST
    assert client.digest(app(scripted), longer) == longer
    with pytest.raises(RegistryProtocolError, match=f"returned {DIGEST} for {OTHER}"):
        client.digest(app(scripted), OTHER)


@pytest.mark.parametrize("reference", ["", "../tags/list", "a b", "1.0?x", "sha256:1", "a\n"])
def test_what_is_no_reference_is_not_asked_for(
    scripted: ScriptedServer, open_client: Open, reference: str
) -> None:
    client = open_client()
    for question in (client.digest, client.exists, client.platforms, client.created):
        with pytest.raises(RegistryProtocolError, match="is no"):
            question(app(scripted), reference)
    assert scripted.requests == []


def test_exists(scripted: ScriptedServer, open_client: Open) -> None:
    scripted.on("HEAD", f"{MANIFESTS}/1.0", Answer(headers={"Docker-Content-Digest": DIGEST}))
    scripted.on("HEAD", f"{MANIFESTS}/2.0", Answer(401))
    client = open_client()
    assert client.exists(app(scripted), "1.0")
    assert not client.exists(app(scripted), "1.1")
    with pytest.raises(RegistryAuthError):
        client.exists(app(scripted), "2.0")


def test_a_manifest_that_is_another(scripted: ScriptedServer, open_client: Open) -> None:
    scripted.on("GET", f"{MANIFESTS}/{DIGEST}", Answer(body={"schemaVersion": 2}))
    with pytest.raises(RegistryProtocolError, match="another digest"):
        open_client().platforms(app(scripted), DIGEST)


def put(server: ScriptedServer, kind: str, document: object) -> str:
    body = json.dumps(document).encode()
    digest = "sha256:" + hashlib.sha256(body).hexdigest()
    server.on("GET", f"/v2/team/app/{kind}/{digest}", Answer(body=body))
    return digest


def test_facts_are_asked_for_once(
    scripted: ScriptedServer, open_client: Open, tmp_path: Path
) -> None:
    platform = {"os": "linux", "architecture": "amd64"}
    config = put(scripted, "blobs", {**platform, "created": "2024-01-02T03:04:05Z"})
    media_type = "application/vnd.oci.image.config.v1+json"
    digest = put(
        scripted, "manifests", {"config": {"mediaType": media_type, "digest": config, "size": 1}}
    )
    repository = app(scripted)
    for _ in range(2):
        client = open_client(cache=MetadataCache(tmp_path))
        assert client.platforms(repository, digest) == ("linux/amd64",)
        created = client.created(repository, digest)
        assert created is not None
        assert created.isoformat() == "2024-01-02T03:04:05+00:00"
    # A manifest and a configuration, for each of the two facts.
    assert len(scripted.requests) == 4


def test_a_failure_is_not_kept(scripted: ScriptedServer, open_client: Open, tmp_path: Path) -> None:
    client = open_client(cache=MetadataCache(tmp_path))
    digest = put(scripted, "manifests", {"manifests": []})
    path = f"{MANIFESTS}/{digest}"
    scripted.on("GET", path, Answer(404))
    with pytest.raises(RepositoryNotFoundError):
        client.platforms(app(scripted), digest)
    put(scripted, "manifests", {"manifests": []})
    assert client.platforms(app(scripted), digest) == ()


BASIC = Credential(origin="a test", username="alice", secret="s3cret")


@pytest.mark.parametrize(
    ("credential", "challenge", "text"),
    [
        (None, None, "anonymous"),
        (BASIC, None, "anonymous; did not need user alice from a test"),
        (BASIC, "Basic", "Basic, user alice from a test"),
        (None, 'Bearer realm="/token"', "Bearer, anonymous, token from {host}"),
        (BASIC, 'Bearer realm="/token"', "Bearer, user alice from a test, token from {host}"),
        (
            BASIC,
            'Bearer realm="/token",service="r.example"',
            "Bearer, user alice from a test, token from {host} for r.example",
        ),
        (
            Credential(origin="a test", secret="t", kind="registry-token"),
            "Bearer",
            "Bearer, a token from a test",
        ),
    ],
)
def test_check(
    scripted: ScriptedServer,
    open_client: Open,
    credential: Credential | None,
    challenge: str | None,
    text: str,
) -> None:
    def guarded(request: Request) -> Answer:
        if challenge and request.authorization is None:
            return Answer(401, {"WWW-Authenticate": challenge})
        return Answer(body={})

    scripted.on("GET", "/v2/", guarded)
    scripted.on("GET", "/token", Answer(body={"token": "t"}))
    client = open_client({f"{scripted.host}/team": credential} if credential else {})
    assert client.check(f"{scripted.host}/team") == text.format(host=scripted.host)


def test_the_check_of_a_repository_asks_what_a_pass_asks(
    scripted: ScriptedServer, open_client: Open
) -> None:
    """GHCR's challenge for `/v2/` has a scope of nobody's; others have no `/v2/` at all."""

    def guarded(request: Request) -> Answer:
        if request.authorization is None:
            scope = "repository:team/app:pull" if "app" in request.path else "repository:u/i:pull"
            challenge = f'Bearer realm="/token",service="r.example",scope="{scope}"'
            return Answer(401, {"WWW-Authenticate": challenge})
        return Answer(404) if request.path == "/v2/" else tags("1.0")

    def token(request: Request) -> Answer:
        ours = request.parameters["scope"] == ["repository:team/app:pull"]
        return Answer(body={"token": "t"}) if ours else Answer(403)

    scripted.handler = guarded
    scripted.on("GET", "/token", token)
    said = f"Bearer, anonymous, token from {scripted.host} for r.example"
    assert open_client().check(app(scripted)) == said
    with pytest.raises(RegistryAuthError, match="token server"):
        open_client().check(scripted.host)


def test_a_check_through_a_mirror(scripted: ScriptedServer, open_client: Open) -> None:
    """With the credential of the path that is really asked."""

    def guarded(request: Request) -> Answer:
        if request.authorization is None:
            return Answer(401, {"WWW-Authenticate": "Basic"})
        return tags("1.0")

    scripted.handler = guarded
    credentials = {f"{scripted.host}/hub/library/nginx": BASIC, f"{scripted.host}/hub": BASIC}
    mirror = RegistryOptions(host="docker.io", mirror=f"{scripted.host}/hub")
    client = open_client(credentials, [mirror])
    said = f"Basic, user alice from a test, at its mirror {scripted.host}/hub"
    assert client.check(Repository("docker.io", "library/nginx")) == said
    assert client.check("docker.io/library/nginx") == said
    assert [one.path for one in scripted.requests[::2]] == [
        "/v2/hub/library/nginx/tags/list",
        "/v2/",
    ]


@pytest.mark.parametrize(
    "page",
    [
        "Client sent an HTTP request to an HTTPS server.\n",
        "<center>The plain HTTP request was sent to HTTPS port</center>",
    ],
)
def test_plain_http_where_tls_is_spoken(
    scripted: ScriptedServer, open_client: Open, page: str
) -> None:
    """As Go's servers and nginx say it."""
    scripted.handler = lambda _: Answer(400, body=page)
    with pytest.raises(RegistryProtocolError, match="asked over plain http") as caught:
        open_client().tags(app(scripted))
    assert "insecure" in caught.value.hint


def test_a_repository_that_is_not_there(scripted: ScriptedServer, open_client: Open) -> None:
    with pytest.raises(RepositoryNotFoundError, match="team/app"):
        open_client().check(app(scripted))


def test_a_server_that_is_no_registry(scripted: ScriptedServer, open_client: Open) -> None:
    with pytest.raises(RegistryProtocolError, match="does not behave like a registry"):
        open_client().check(scripted.host)


@pytest.mark.parametrize("answer", [Answer(401), Answer(404), Answer(500)])
def test_a_check_that_fails(scripted: ScriptedServer, open_client: Open, answer: Answer) -> None:
    scripted.on("GET", "/v2/", answer)
    with pytest.raises(RegistryError, match=scripted.host):
        open_client().check(scripted.host)


def test_a_check_without_a_registry(open_client: Open) -> None:
    with pytest.raises(RegistryUnreachableError, match=r"127\.0\.0\.1:9: cannot connect"):
        open_client().check("127.0.0.1:9")


def test_a_closed_client(scripted: ScriptedServer, open_client: Open) -> None:
    client = open_client()
    client.close()
    with pytest.raises(RegistryError, match="closed"):
        client.tags(app(scripted))


def test_closing_ends_a_wait(scripted: ScriptedServer) -> None:
    """Without a `sleep` of its own, the client does not wait once it is closed."""

    def limited(request: Request) -> Answer:
        client.close()
        return Answer(429, {"Retry-After": "50"})

    class Nobody:
        def lookup(self, registry: str, path: str) -> Credential | None:
            return None

    client = RegistryClient(Nobody(), reach=HERE)
    scripted.on("GET", LIST, limited)
    with pytest.raises(RegistryError, match="closed"):
        client.tags(app(scripted))


def granting(token: str, answer: Callable[[Request], Answer]) -> Callable[[Request], Answer]:
    """A registry with a token server of its own that grants this token."""

    def serve(request: Request) -> Answer:
        if request.path == "/token":
            return Answer(body={"token": token})
        if request.authorization is None:
            realm = f'Bearer realm="http://{request.headers["Host"]}/token",service="x"'
            return Answer(401, {"WWW-Authenticate": realm})
        return answer(request)

    return serve


def test_a_token_that_is_a_platform_hides_that_of_no_other_registry(
    start_scripted: Callable[[], ScriptedServer], open_client: Open, tmp_path: Path
) -> None:
    hostile, scripted = start_scripted(), start_scripted()
    hostile.handler = granting("linux/amd64", lambda _: tags("1.0"))
    image = {"platform": {"os": "linux", "architecture": "amd64"}, "digest": DIGEST}
    media_type = "application/vnd.oci.image.manifest.v1+json"
    index = {"manifests": [{"mediaType": media_type, "size": 1, **image}]}
    digest = put(scripted, "manifests", index)
    client = open_client(cache=MetadataCache(tmp_path))
    assert client.tags(app(hostile)) == ("1.0",)
    assert client.platforms(app(scripted), digest) == ("linux/amd64",)


def test_a_token_that_comes_back_as_a_platform_is_hidden(
    scripted: ScriptedServer, open_client: Open
) -> None:
    token = "granted-token-0123456789"
    image = {"platform": {"os": "linux", "architecture": token}, "digest": DIGEST}
    media_type = "application/vnd.oci.image.manifest.v1+json"
    index = {"manifests": [{"mediaType": media_type, "size": 1, **image}]}
    digest = put(scripted, "manifests", index)
    body = json.dumps(index).encode()
    scripted.on("GET", f"{MANIFESTS}/{digest}", granting(token, lambda _: Answer(body=body)))
    scripted.on("GET", "/token", Answer(body={"token": token}))
    assert open_client().platforms(app(scripted), digest) == ("linux/***",)
