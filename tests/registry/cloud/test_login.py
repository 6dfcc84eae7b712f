"""From an entry of the bot's file to a list of tags: who gets what, when, and what is shown."""

from __future__ import annotations

import base64
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field

import httpx
import jwt
import pytest

from imagebot.config.model import RegistryIdentity, RegistryOptions
from imagebot.errors import RegistryAuthError, RegistryProtocolError
from imagebot.reference import parse_repository
from imagebot.registry.client import RegistryClient
from imagebot.registry.credentials import Credentials
from tests.registry.cloud.conftest import ECR
from tests.support.here import HERE
from tests.support.moto import PASSWORD, Moto
from tests.support.scripted_http import Answer, Request, ScriptedServer

STRANGER = "999999999999.dkr.ecr.eu-west-1.amazonaws.com"
GOOGLE = "europe-docker.pkg.dev"
AZURE = "acme.azurecr.io"
BASIC = {"WWW-Authenticate": 'Basic realm="https://ecr/",service="ecr.amazonaws.com"'}


class Rerouted(httpx.HTTPTransport):
    """Sends what is for the hosts of clouds to servers of the tests, by real sockets."""

    def __init__(self, servers: Mapping[str, ScriptedServer]) -> None:
        super().__init__()
        self._servers = {host: httpx.URL(server.url) for host, server in servers.items()}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if server := self._servers.get(request.url.host):
            request.url = request.url.copy_with(scheme="http", host=server.host, port=server.port)
        return super().handle_request(request)


@dataclass
class World:
    """Clouds and registries by host; `clock` is that of credentials and tokens, in seconds."""

    stack: ExitStack
    servers: dict[str, ScriptedServer] = field(default_factory=dict)
    seconds: float = 1000.0

    def open(
        self,
        entries: Mapping[str, str],
        env: Mapping[str, str],
        options: tuple[RegistryOptions, ...] = (),
    ) -> RegistryClient:
        identities = [
            RegistryIdentity(key=key, cloud=cloud)  # type: ignore[arg-type]  # checked by tests
            for key, cloud in entries.items()
        ]
        client = RegistryClient(
            Credentials(identities, env, clock=lambda: self.seconds),
            options,
            clock=lambda: self.seconds,
            sleep=lambda _: None,
            transport=Rerouted(self.servers),
            reach=HERE,
        )
        return self.stack.enter_context(client)


@pytest.fixture
def world() -> Iterator[World]:
    with ExitStack() as stack:
        yield World(stack)


def serve_tags(server: ScriptedServer, path: str, authorization: str, challenge: str) -> None:
    """A repository with one tag, for this authorization only."""

    def answer(request: Request) -> Answer:
        if request.authorization == authorization:
            return Answer(body={"tags": ["1.0"]})
        return Answer(401, {"WWW-Authenticate": challenge})

    server.on("GET", f"/v2/{path}/tags/list", answer)
    server.on("GET", "/v2/", answer)


def basic(username: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def aws_env(moto: Moto) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": moto.url,
        "AWS_ACCESS_KEY_ID": moto.access_key,
        "AWS_SECRET_ACCESS_KEY": moto.secret_key,
    }


def ecr(world: World, start: Callable[..., ScriptedServer], host: str = ECR) -> ScriptedServer:
    server = world.servers[host] = start()
    serve_tags(server, "team/app", basic("AWS", PASSWORD), BASIC["WWW-Authenticate"])
    return server


Start = Callable[..., ScriptedServer]


def test_ecr(world: World, aws: Moto, start_scripted: Start) -> None:
    ecr(world, start_scripted)
    client = world.open({ECR: "aws"}, aws_env(aws))
    assert client.tags(parse_repository(f"{ECR}/team/app")) == ("1.0",)
    assert client.check(ECR) == "Basic, the key in AWS_ACCESS_KEY_ID"


def test_a_strangers_account_gets_nothing(world: World, aws: Moto, start_scripted: Start) -> None:
    """Nor does another host of the same cloud, nor a host without an entry."""
    ecr(world, start_scripted)
    stranger = ecr(world, start_scripted, STRANGER)
    client = world.open({ECR: "aws"}, aws_env(aws))
    client.tags(parse_repository(f"{ECR}/team/app"))
    with pytest.raises(RegistryAuthError):
        client.tags(parse_repository(f"{STRANGER}/team/app"))
    assert [request.authorization for request in stranger.requests] == [None]


def test_without_an_entry_nobody_logs_in(world: World, aws: Moto, start_scripted: Start) -> None:
    server = ecr(world, start_scripted)
    cloud = start_scripted()
    client = world.open({}, aws_env(aws) | {"AWS_ENDPOINT_URL": cloud.url})
    with pytest.raises(RegistryAuthError):
        client.tags(parse_repository(f"{ECR}/team/app"))
    assert cloud.requests == []
    assert [request.authorization for request in server.requests] == [None]


def google(world: World, start: Start) -> tuple[ScriptedServer, dict[str, str]]:
    """Artifact Registry with its token server at the same host, and a metadata server."""
    metadata, registry = start(), start()
    world.servers[GOOGLE] = registry
    folder = "/computeMetadata/v1/instance/service-accounts/default"
    flavor = {"Metadata-Flavor": "Google"}
    token = {"access_token": "ya29.granted", "expires_in": 3599}
    metadata.on("GET", f"{folder}/token", Answer(headers=flavor, body=token))
    metadata.on("GET", f"{folder}/email", Answer(headers=flavor, body="bot@acme.iam"))
    challenge = f'Bearer realm="https://{GOOGLE}/v2/token",service="{GOOGLE}"'
    for path in ("acme/team/app", "stranger/team/app"):
        serve_tags(registry, path, "Bearer registry-token", challenge)
    registry.on("GET", "/v2/token", Answer(body={"token": "registry-token", "expires_in": 300}))
    return registry, {"GCE_METADATA_HOST": metadata.host}


def test_artifact_registry(world: World, start_scripted: Start) -> None:
    registry, env = google(world, start_scripted)
    client = world.open({f"{GOOGLE}/acme": "gcp"}, env)
    assert client.tags(parse_repository(f"{GOOGLE}/acme/team/app")) == ("1.0",)
    (asked,) = registry.asked("GET", "/v2/token")
    assert asked.authorization == basic("oauth2accesstoken", "ya29.granted")
    described = client.check(f"{GOOGLE}/acme")
    assert "service account bot@acme.iam, of the metadata server" in described
    # The same host serves everybody's projects.
    client.tags(parse_repository(f"{GOOGLE}/stranger/team/app"))
    assert registry.asked("GET", "/v2/token")[-1].authorization is None


def azure(world: World, start: Start) -> tuple[ScriptedServer, dict[str, str]]:
    registry, managed = start(), start()
    world.servers[AZURE] = registry
    managed.on("GET", "/msi", Answer(body={"access_token": "entra.token"}))
    secret = jwt.encode({"exp": int(time.time()) + 10800}, "k" * 32, algorithm="HS256")
    registry.on("POST", "/oauth2/exchange", Answer(body={"refresh_token": secret}))
    registry.on("POST", "/oauth2/token", Answer(body={"access_token": "acr-token"}))
    challenge = f'Bearer realm="https://{AZURE}/oauth2/token",service="{AZURE}"'
    serve_tags(registry, "team/app", "Bearer acr-token", challenge)
    return registry, {"IDENTITY_ENDPOINT": f"{managed.url}/msi", "IDENTITY_HEADER": "x"}


def test_azure_container_registry(world: World, start_scripted: Start) -> None:
    registry, env = azure(world, start_scripted)
    client = world.open({AZURE: "azure"}, env)
    assert client.tags(parse_repository(f"{AZURE}/team/app")) == ("1.0",)
    (asked,) = registry.asked("POST", "/oauth2/token")
    assert b"grant_type=refresh_token" in asked.body
    assert client.check(AZURE).startswith("Bearer, the managed identity of App Service, token from")


@pytest.mark.parametrize("realm", ["https://tokens.evil.example/token", "http://127.0.0.1:9/t"])
def test_a_token_server_elsewhere_gets_nothing(
    world: World, start_scripted: Start, realm: str
) -> None:
    """Other credentials go to where a registry says; what a cloud gave may open much more."""
    registry, env = azure(world, start_scripted)
    elsewhere = world.servers["tokens.evil.example"] = start_scripted()
    serve_tags(registry, "team/app", "none", f'Bearer realm="{realm}"')
    client = world.open({AZURE: "azure"}, env)
    with pytest.raises(RegistryProtocolError):
        client.tags(parse_repository(f"{AZURE}/team/app"))
    assert elsewhere.requests == []


def test_one_login_for_many_images_at_a_time(world: World, start_scripted: Start) -> None:
    registry, env = azure(world, start_scripted)
    client = world.open({AZURE: "azure"}, env)
    repository = parse_repository(f"{AZURE}/team/app")
    found: list[tuple[str, ...]] = []
    threads = [
        threading.Thread(target=lambda: found.append(client.tags(repository))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert found == [("1.0",)] * 8
    assert len(registry.asked("POST", "/oauth2/exchange")) == 1


def test_a_login_is_renewed_before_it_ends(world: World, start_scripted: Start) -> None:
    registry, env = azure(world, start_scripted)
    client = world.open({AZURE: "azure"}, env)
    repository = parse_repository(f"{AZURE}/team/app")
    client.tags(repository)
    world.seconds += 10000
    client.tags(repository)
    assert len(registry.asked("POST", "/oauth2/exchange")) == 1
    world.seconds += 700
    client.tags(repository)
    assert len(registry.asked("POST", "/oauth2/exchange")) == 2


def test_a_failed_login_is_one_failure(
    world: World, start_scripted: Start, caplog: pytest.LogCaptureFixture
) -> None:
    """Said of every image, asked for once, and without what the server repeats."""
    registry, env = azure(world, start_scripted)

    def echo(request: Request) -> Answer:
        return Answer(403, body={"error": "denied", "error_description": request.body.decode()})

    registry.on("POST", "/oauth2/exchange", echo)
    client = world.open({AZURE: "azure"}, env)
    with caplog.at_level(logging.DEBUG):
        for name in ("app", "other", "third"):
            with pytest.raises(RegistryAuthError) as caught:
                client.tags(parse_repository(f"{AZURE}/team/{name}"))
            assert caught.value.message == (
                f"{AZURE}/team/{name}: its credential cannot be used: "
                f"identity azure: {AZURE} refused (403, denied)"
            )
            assert caught.value.hint.startswith("give AcrPull on the registry to the managed id")
    assert len(registry.asked("POST", "/oauth2/exchange")) == 1
    assert [request.path for request in registry.requests] == ["/oauth2/exchange"]
    assert "entra.token" not in caplog.text


def test_a_cloud_that_is_down_may_be_up_later(world: World, start_scripted: Start) -> None:
    registry, env = azure(world, start_scripted)
    registry.on("POST", "/oauth2/exchange", Answer(503))
    client = world.open({AZURE: "azure"}, env)
    with pytest.raises(RegistryAuthError) as caught:
        client.tags(parse_repository(f"{AZURE}/team/app"))
    assert caught.value.temporary


def test_a_mirror_has_an_identity_of_its_own(
    world: World, aws: Moto, start_scripted: Start
) -> None:
    """A pull-through cache in ECR, for Docker Hub."""
    server = ecr(world, start_scripted)
    serve_tags(
        server, "docker-hub/library/nginx", basic("AWS", PASSWORD), BASIC["WWW-Authenticate"]
    )
    mirror = RegistryOptions(host="docker.io", mirror=f"{ECR}/docker-hub")
    client = world.open({ECR: "aws"}, aws_env(aws), (mirror,))
    assert client.tags(parse_repository("nginx")) == ("1.0",)


def test_a_mirror_on_plain_http_gets_nothing(
    world: World, aws: Moto, start_scripted: Start
) -> None:
    server = ecr(world, start_scripted)
    mirror = RegistryOptions(host="docker.io", mirror=ECR, insecure=True)
    client = world.open({ECR: "aws"}, aws_env(aws), (mirror,))
    with pytest.raises(RegistryAuthError, match="over plain http"):
        client.tags(parse_repository("nginx"))
    assert server.requests == []


def test_what_was_granted_is_not_shown(world: World, aws: Moto) -> None:
    found = Credentials([RegistryIdentity(key=ECR, cloud="aws")], aws_env(aws)).lookup(ECR, "app")
    assert found is not None
    assert found.secret == ""
    assert aws.secret_key not in repr(found)
