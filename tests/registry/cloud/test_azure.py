"""Logins at Azure: Entra ID, managed identities and the registry are stubs of documented shape."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import jwt
import pytest

from imagebot.errors import CredentialError
from imagebot.http.endpoint import Endpoint
from imagebot.http.message import Request as HttpRequest
from imagebot.http.message import Response
from imagebot.http.zone import NetworkZone
from imagebot.registry.cloud import azure
from imagebot.registry.cloud.client import CloudClient, Grant
from tests.registry.cloud.conftest import Cloudy
from tests.support.scripted_http import Answer, Request, ScriptedServer

TENANT = "11111111-2222-3333-4444-555555555555"
APPLICATION = "66666666-7777-8888-9999-000000000000"
AUDIENCE = "https://containerregistry.azure.net"


def refresh_token(seconds: float = 10800.0) -> str:
    return jwt.encode({"exp": int(time.time() + seconds)}, "k" * 32, algorithm="HS256")


@pytest.fixture
def registry(scripted: ScriptedServer) -> ScriptedServer:
    """Exchanges Entra ID's tokens, and is Entra ID and the managed identity as well."""
    scripted.on("POST", "/oauth2/exchange", Answer(body={"refresh_token": refresh_token()}))
    token = {"token_type": "Bearer", "expires_in": 3599, "access_token": "entra.token"}
    scripted.on("POST", f"/{TENANT}/oauth2/v2.0/token", Answer(body=token))
    return scripted


def log_in(cloud: Cloudy, registry: ScriptedServer, env: Mapping[str, str]) -> Grant:
    return cloud.log_in("azure", env, url=registry.url)


def refused(cloud: Cloudy, registry: ScriptedServer, env: Mapping[str, str]) -> CredentialError:
    with pytest.raises(CredentialError) as caught:
        log_in(cloud, registry, env)
    assert caught.value.message.startswith("identity azure: ")
    return caught.value


def form_of(request: Request) -> dict[str, list[str]]:
    return Request("", "", request.body.decode(), request.headers, b"").parameters


def workload(registry: ScriptedServer, folder: Path) -> dict[str, str]:
    path = folder / "azure-identity-token"
    path.write_text("federated.token")
    return {
        "AZURE_TENANT_ID": TENANT,
        "AZURE_CLIENT_ID": APPLICATION,
        "AZURE_FEDERATED_TOKEN_FILE": str(path),
        "AZURE_AUTHORITY_HOST": f"{registry.url}/",
    }


def test_a_workload_identity(cloud: Cloudy, registry: ScriptedServer, tmp_path: Path) -> None:
    grant = log_in(cloud, registry, workload(registry, tmp_path))
    assert grant.username == "00000000-0000-0000-0000-000000000000"
    assert grant.kind == "refresh-token"
    assert grant.identity == f"application {APPLICATION}, by AZURE_FEDERATED_TOKEN_FILE"
    entra, exchange = registry.requests
    assert form_of(entra) == {
        "grant_type": ["client_credentials"],
        "client_id": [APPLICATION],
        "scope": [f"{AUDIENCE}/.default"],
        "client_assertion_type": ["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"],
        "client_assertion": ["federated.token"],
    }
    assert form_of(exchange) == {
        "grant_type": ["access_token"],
        "service": ["acme.azurecr.io"],
        "tenant": [TENANT],
        "access_token": ["entra.token"],
    }
    assert {"federated.token", "entra.token", grant.secret} == cloud.kept
    # The registry's own address is judged as any registry's.
    assert [request.reaches for request in cloud.requests] == [NetworkZone.LOOPBACK, None]


def test_a_secret_of_the_environment(cloud: Cloudy, registry: ScriptedServer) -> None:
    env = {
        "AZURE_TENANT_ID": TENANT,
        "AZURE_CLIENT_ID": APPLICATION,
        "AZURE_CLIENT_SECRET": "canary",
        "AZURE_AUTHORITY_HOST": registry.url,
    }
    grant = log_in(cloud, registry, env)
    assert grant.identity == f"application {APPLICATION}, by AZURE_CLIENT_SECRET"
    assert form_of(registry.requests[0])["client_secret"] == ["canary"]
    assert "canary" not in f"{grant!r} {cloud.requests!r}"
    assert "canary" in cloud.kept


def test_a_managed_identity_of_app_service(cloud: Cloudy, registry: ScriptedServer) -> None:
    answer = {"access_token": "entra.token", "expires_on": "1900000000", "resource": AUDIENCE}
    registry.on("GET", "/msi/token", Answer(body=answer))
    env = {"IDENTITY_ENDPOINT": f"{registry.url}/msi/token", "IDENTITY_HEADER": "header-secret"}
    assert log_in(cloud, registry, env).identity == "the managed identity of App Service"
    asked = registry.requests[0]
    assert asked.headers["X-IDENTITY-HEADER"] == "header-secret"
    assert "header-secret" in cloud.kept
    assert asked.parameters == {"api-version": ["2019-08-01"], "resource": [AUDIENCE]}
    assert "tenant" not in form_of(registry.requests[1])


def test_one_of_several_managed_identities(cloud: Cloudy, registry: ScriptedServer) -> None:
    registry.on("GET", "/msi/token", Answer(body={"access_token": "entra.token"}))
    env = {
        "IDENTITY_ENDPOINT": f"{registry.url}/msi/token",
        "IDENTITY_HEADER": "x",
        "AZURE_CLIENT_ID": APPLICATION,
    }
    grant = log_in(cloud, registry, env)
    assert grant.identity == f"managed identity {APPLICATION}, of App Service"
    assert registry.requests[0].parameters["client_id"] == [APPLICATION]


def test_a_managed_identity_of_the_machine(cloud: Cloudy, registry: ScriptedServer) -> None:
    """Its address is fixed: the stub is asked in its place."""
    registry.on("GET", "/metadata/identity/oauth2/token", Answer(body={"access_token": "entra"}))
    usual = "http://169.254.169.254"

    def send(request: HttpRequest) -> Response:
        url = request.url.replace(usual, registry.url)
        assert (url != request.url) == (request.reaches is NetworkZone.LINK_LOCAL)
        return cloud.send(replace(request, url=url))

    client = CloudClient("azure", send, lambda _: None, {}, time.time)
    lease = azure.log_in(client, Endpoint("acme.azurecr.io", registry.url))
    assert lease.value.identity == "the managed identity of the machine"
    (asked,) = registry.asked("GET", "/metadata/identity/oauth2/token")
    assert asked.headers["Metadata"] == "true"
    assert asked.parameters == {"api-version": ["2018-02-01"], "resource": [AUDIENCE]}


@pytest.mark.parametrize("missing", ["AZURE_TENANT_ID", "AZURE_CLIENT_ID"])
def test_what_a_workload_identity_needs(
    cloud: Cloudy, registry: ScriptedServer, tmp_path: Path, missing: str
) -> None:
    env = workload(registry, tmp_path) | {missing: "../evil"}
    assert f"{missing} is not set, or not an ID" in refused(cloud, registry, env).message
    assert registry.requests == []


def test_entra_id_refuses(cloud: Cloudy, registry: ScriptedServer, tmp_path: Path) -> None:
    body = {
        "error": "invalid_client",
        "error_description": "AADSTS700213: No matching federated identity record; federated.token",
        "error_codes": [700213],
    }
    registry.on("POST", f"/{TENANT}/oauth2/v2.0/token", Answer(401, body=body))
    error = refused(cloud, registry, workload(registry, tmp_path))
    assert error.message.endswith("refused (401, AADSTS700213)")
    assert "federated.token" not in error.message
    assert "trusts application" in error.hint


def test_the_registry_refuses(cloud: Cloudy, registry: ScriptedServer, tmp_path: Path) -> None:
    body = {"errors": [{"code": "UNAUTHORIZED", "message": "no access for entra.token"}]}
    registry.on("POST", "/oauth2/exchange", Answer(401, body=body))
    error = refused(cloud, registry, workload(registry, tmp_path))
    assert error.message.endswith("refused (401, UNAUTHORIZED)")
    assert error.hint.startswith("give AcrPull on the registry to application ")


def test_secrets_are_not_sent_in_clear_text(
    cloud: Cloudy, registry: ScriptedServer, tmp_path: Path
) -> None:
    env = workload(registry, tmp_path) | {"AZURE_AUTHORITY_HOST": "http://login.evil.example"}
    assert "over plain http" in refused(cloud, registry, env).message


@pytest.mark.parametrize(
    ("made", "seconds"),
    [
        (lambda: refresh_token(10800), 10800.0),
        (lambda: refresh_token(-10800), 60.0),
        (lambda: "opaque", 60.0),
        (lambda: "e30.e30.e30", 60.0),
        (lambda: "a.b.c", 60.0),
    ],
)
def test_how_long_a_refresh_token_is_used(
    cloud: Cloudy,
    registry: ScriptedServer,
    tmp_path: Path,
    made: Callable[[], str],
    seconds: float,
) -> None:
    registry.on("POST", "/oauth2/exchange", Answer(body={"refresh_token": made()}))
    client = CloudClient(
        "azure", cloud.send, lambda _: None, workload(registry, tmp_path), time.time
    )
    lease = azure.log_in(client, Endpoint("acme.azurecr.io", registry.url))
    assert lease.seconds == pytest.approx(seconds, abs=120)
