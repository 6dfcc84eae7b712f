"""End to end against Debian's docker-registry: every way to authenticate, real images."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from imagebot.config.model import RegistryCredential, RegistryOptions
from imagebot.config.secret_source import SecretSource
from imagebot.errors import (
    RegistryAuthError,
    RegistryProtocolError,
    RegistryUnreachableError,
    RepositoryNotFoundError,
)
from imagebot.reference import Repository
from imagebot.registry import api
from imagebot.registry.client import RegistryClient
from imagebot.registry.credentials import Credentials
from imagebot.registry.listing import ask_each
from tests.support.here import HERE
from tests.support.registry import Registry

Open = Callable[..., RegistryClient]
Start = Callable[..., Registry]


@pytest.fixture
def connect() -> Iterator[Open]:
    """Opens a client for a registry with its user, or with `password` instead of the right one."""
    with ExitStack() as stack:

        def open_one(
            registry: Registry, *, password: str | None = None, anonymous: bool = False
        ) -> RegistryClient:
            configured = []
            if registry.username and not anonymous:
                source = SecretSource("env", "PASSWORD")
                configured = [
                    RegistryCredential(
                        key=registry.host, username=registry.username, password=source
                    )
                ]
            env = {"PASSWORD": password or registry.password or ""}
            options = []
            if registry.ca_file:
                options = [RegistryOptions(host=registry.host, ca_file=str(registry.ca_file))]
            return stack.enter_context(
                RegistryClient(Credentials(configured, env), options, reach=HERE)
            )

        yield open_one


def at(registry: Registry, repository: str) -> Repository:
    return Repository(registry.host, repository)


def look(client: RegistryClient, registry: Registry, repository: str) -> None:
    """Push real images and see them."""
    one = registry.push_image(repository, "1.0", created="2024-03-04T05:06:07Z")
    index = registry.push_index(repository, "1.1", nested=[["linux/s390x"]], attestations=True)
    here = at(registry, repository)
    assert sorted(client.tags(here)) == ["1.0", "1.1"]
    images: api.Registry = client
    assert images.digest(here, "1.0") == one
    assert images.digest(here, index) == index
    assert images.platforms(here, one) == ("linux/amd64",)
    assert images.platforms(here, index) == ("linux/amd64", "linux/arm64", "linux/s390x")
    assert images.created(here, one) == datetime(2024, 3, 4, 5, 6, 7, tzinfo=UTC)
    assert images.pushed(here, ["1.0"]) == {}
    assert client.exists(here, "1.1")
    assert not client.exists(here, "2.0")


def test_anonymous(registry: Registry, repository: str, connect: Open) -> None:
    client = connect(registry)
    look(client, registry, repository)
    assert client.check(registry.host) == "anonymous"
    with pytest.raises(RepositoryNotFoundError) as caught:
        client.tags(at(registry, "no/such"))
    assert caught.value.codes == ("NAME_UNKNOWN",)
    with pytest.raises(RepositoryNotFoundError):
        client.digest(at(registry, repository), "2.0")


def test_htpasswd(htpasswd_registry: Registry, repository: str, connect: Open) -> None:
    client = connect(htpasswd_registry)
    look(client, htpasswd_registry, repository)
    assert client.check(htpasswd_registry.host).startswith("Basic, user alice")
    for refused in (
        connect(htpasswd_registry, password="wrong"),
        connect(htpasswd_registry, anonymous=True),
    ):
        with pytest.raises(RegistryAuthError) as caught:
            refused.tags(at(htpasswd_registry, repository))
        assert "wrong" not in str(caught.value) + caught.value.hint


def test_tokens(token_registry: Registry, repository: str, connect: Open) -> None:
    assert token_registry.tokens
    client = connect(token_registry)
    look(client, token_registry, repository)
    assert "token from 127.0.0.1" in client.check(token_registry.host)
    pulls = [r for r in token_registry.tokens.requests if r.scopes]
    # One token for everything about the repository.
    assert [(r.method, r.user, r.scopes) for r in pulls] == [
        ("GET", "alice", (f"repository:{repository}:pull",))
    ]


def test_tokens_and_tls_of_an_authority_of_ones_own(
    start_registry: Start, repository: str, connect: Open
) -> None:
    """`ca-file` is for the token server, too; nothing is sent to one that is not trusted."""
    registry = start_registry(auth="token", tls=True)
    assert registry.tokens
    assert registry.tokens.realm.startswith("https://")
    client = connect(registry)
    look(client, registry, repository)
    said = client.check(at(registry, repository))
    assert said.startswith("Bearer, user alice from credentials.registries.127.0.0.1")
    assert said.endswith("for registry.test")
    asked = len(registry.tokens.requests)
    other = replace(registry, ca_file=registry.tokens.certificate_file)
    with pytest.raises(RegistryUnreachableError, match="its authority is not known here"):
        connect(other).tags(at(registry, repository))
    # On this machine, TLS is asked for.
    with pytest.raises(RegistryProtocolError, match="asked over plain http") as caught:
        connect(replace(registry, ca_file=None)).tags(at(registry, repository))
    assert "`ca-file`" in caught.value.hint
    assert len(registry.tokens.requests) == asked


def test_tokens_refused(token_registry: Registry, repository: str, connect: Open) -> None:
    assert token_registry.tokens
    token_registry.push_image(repository, "1.0")
    with pytest.raises(RegistryAuthError, match="token server"):
        connect(token_registry, password="wrong").tags(at(token_registry, repository))
    # An anonymous gets a token that is good for nothing: insufficient_scope, and no third try.
    asked = len(token_registry.tokens.requests)
    with pytest.raises(RegistryAuthError, match="refused access"):
        connect(token_registry, anonymous=True).tags(at(token_registry, repository))
    assert len(token_registry.tokens.requests) == asked + 1


def test_expired_tokens(token_registry: Registry, repository: str, connect: Open) -> None:
    assert token_registry.tokens
    token_registry.push_image(repository, "1.0")
    client = connect(token_registry)
    # Longer for the client than for the registry, which allows a minute of skew.
    token_registry.tokens.lifetime = -120
    with pytest.raises(RegistryAuthError):
        client.tags(at(token_registry, repository))
    token_registry.tokens.lifetime = 300
    assert client.tags(at(token_registry, repository)) == ("1.0",)


def test_an_identity_token(token_registry: Registry, repository: str, tmp_path: Path) -> None:
    assert token_registry.tokens
    token_registry.push_image(repository, "1.0")
    token_registry.tokens.identity_tokens["refresh-me"] = "alice"
    token_registry.tokens.token_key = "access_token"
    user = base64.b64encode(b"00000000-0000-0000-0000-000000000000:").decode()
    auths = {token_registry.host: {"auth": user, "identitytoken": "refresh-me"}}
    (tmp_path / "config.json").write_text(json.dumps({"auths": auths}))
    with RegistryClient(Credentials([], {"DOCKER_CONFIG": str(tmp_path)}), reach=HERE) as client:
        assert client.tags(at(token_registry, repository)) == ("1.0",)
    assert token_registry.tokens.requests[-1].method == "POST"


def test_tls(tls_registry: Registry, repository: str, connect: Open) -> None:
    look(connect(tls_registry), tls_registry, repository)
    untrusting = RegistryOptions(host=tls_registry.host, ca_file=str(Path(__file__)))
    with (
        RegistryClient(Credentials([], {}), [untrusting], reach=HERE) as client,
        pytest.raises(RegistryUnreachableError),
    ):
        client.tags(at(tls_registry, repository))


def test_tls_with_a_password(start_registry: Start, connect: Open) -> None:
    registry = start_registry(auth="htpasswd", tls=True)
    look(connect(registry), registry, "team/app")


@pytest.mark.parametrize("docker", [False, True])
def test_docker_images(registry: Registry, repository: str, connect: Open, docker: bool) -> None:
    index = registry.push_index(repository, "1.0", ["linux/arm/v7", "windows/amd64"], docker=docker)
    image = registry.push_image(repository, "1.1", docker=docker, architecture="s390x")
    client = connect(registry)
    here = at(registry, repository)
    assert client.digest(here, "1.0") == index
    assert client.platforms(here, index) == ("linux/arm/v7", "windows/amd64")
    assert client.platforms(here, image) == ("linux/s390x",)
    assert client.created(here, index) == datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_the_last_tag_is_gone(registry: Registry, repository: str, connect: Open) -> None:
    registry.delete(repository, registry.push_image(repository, "1.0"))
    assert connect(registry).tags(at(registry, repository)) == ()


def test_many(registry: Registry, repository: str, connect: Open) -> None:
    names = [f"1.{n}" for n in range(1500)]
    registry.many_tags(repository, names)
    registry.push_image(f"{repository}/other", "1.0")
    wanted = [at(registry, name) for name in (repository, f"{repository}/other", "no/such")]
    found = ask_each(wanted, connect(registry).tags)
    assert list(found) == wanted
    listed = found[wanted[0]]
    assert isinstance(listed, tuple)
    assert sorted(listed) == sorted(names)
    assert found[wanted[1]] == ("1.0",)
    assert isinstance(found[wanted[2]], RepositoryNotFoundError)


@pytest.mark.parametrize("auth", ["htpasswd", "token"])
@pytest.mark.parametrize("question", [RegistryClient.tags, RegistryClient.check])
def test_no_secret_is_shown(
    start_registry: Start, connect: Open, auth: str, question: Callable[..., object]
) -> None:
    registry = start_registry(auth=auth)
    client = connect(registry, password="canary-secret")
    place = registry.host if question is RegistryClient.check else at(registry, "team/app")
    with pytest.raises(RegistryAuthError) as caught:
        question(client, place)
    shown = f"{caught.value}{caught.value.hint}{caught.value!r}{vars(caught.value)}"
    assert "canary-secret" not in shown
    assert base64.b64encode(b"alice:canary-secret").decode() not in shown
