"""Logins at Google: token and metadata servers are stubs of the documented shape."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import serialization

from imagebot.errors import CredentialError
from imagebot.http.endpoint import Endpoint
from imagebot.http.message import Request as HttpRequest
from imagebot.http.message import Response
from imagebot.http.zone import NetworkZone
from imagebot.registry.cloud import gcp
from imagebot.registry.cloud.client import CloudClient
from tests.registry.cloud.conftest import Cloudy
from tests.support.certificates import token_signer
from tests.support.scripted_http import Answer, Request, ScriptedServer

READ_ONLY = "https://www.googleapis.com/auth/cloud-platform.read-only"
EMAIL = "imagebot@acme.iam.gserviceaccount.com"
GRANTED = {"access_token": "ya29.granted", "expires_in": 3599, "token_type": "Bearer"}
ACCOUNT = "/computeMetadata/v1/instance/service-accounts/default"


def private_key() -> str:
    return (
        token_signer()
        .key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        .decode()
    )


def account_file(server: ScriptedServer, **more: object) -> dict[str, object]:
    return {
        "type": "service_account",
        "client_email": EMAIL,
        "private_key_id": "key-1",
        "private_key": private_key(),
        "token_uri": f"{server.url}/token",
        **more,
    }


def federation_file(server: ScriptedServer, **more: object) -> dict[str, object]:
    return {
        "type": "external_account",
        "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": f"{server.url}/v1/token",
        **more,
    }


@pytest.fixture
def named(tmp_path: Path) -> Callable[[object], dict[str, str]]:
    """The environment that names a file with this content."""

    def write(content: object) -> dict[str, str]:
        path = tmp_path / "gcp.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return {"GOOGLE_APPLICATION_CREDENTIALS": str(path)}

    return write


Named = Callable[[object], dict[str, str]]


def refused(cloud: Cloudy, env: Mapping[str, str]) -> CredentialError:
    with pytest.raises(CredentialError) as caught:
        cloud.log_in("gcp", env)
    assert caught.value.message.startswith("identity gcp: ")
    return caught.value


def test_the_metadata_server(cloud: Cloudy, scripted: ScriptedServer) -> None:
    flavor = {"Metadata-Flavor": "Google"}
    scripted.on("GET", f"{ACCOUNT}/token", Answer(headers=flavor, body=GRANTED))
    scripted.on("GET", f"{ACCOUNT}/email", Answer(headers=flavor, body=EMAIL))
    grant = cloud.log_in("gcp", {"GCE_METADATA_HOST": scripted.host})
    assert (grant.username, grant.secret) == ("oauth2accesstoken", "ya29.granted")
    assert cloud.kept == {"ya29.granted"}
    assert grant.identity == f"service account {EMAIL}, of the metadata server"
    assert {request.headers["Metadata-Flavor"] for request in scripted.requests} == {"Google"}
    assert {request.reaches for request in cloud.requests} == {NetworkZone.LINK_LOCAL}


def test_another_server_in_its_place(cloud: Cloudy, scripted: ScriptedServer) -> None:
    scripted.on("GET", f"{ACCOUNT}/token", Answer(body=GRANTED))
    error = refused(cloud, {"GCE_METADATA_HOST": scripted.host})
    assert "is not a metadata server of Google" in error.message


def test_the_usual_address_of_the_metadata_server() -> None:
    sent: list[str] = []

    def stop(request: HttpRequest) -> Response:
        sent.append(request.url)
        raise CredentialError("stop")

    client = CloudClient("gcp", stop, lambda _: None, {}, time.time)
    with pytest.raises(CredentialError, match="stop"):
        gcp.log_in(client, Endpoint("gcr.io", "https://gcr.io"))
    assert sent == [f"http://169.254.169.254{ACCOUNT}/token"]


def test_the_key_of_a_service_account(
    cloud: Cloudy, scripted: ScriptedServer, named: Named
) -> None:
    scripted.on("POST", "/token", Answer(body=GRANTED))
    grant = cloud.log_in("gcp", named(account_file(scripted)))
    assert grant.secret == "ya29.granted"
    assert grant.identity.startswith(f"service account {EMAIL}, of /")
    (request,) = scripted.requests
    form = Request("", "", request.body.decode(), request.headers, b"").parameters
    assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    claims = jwt.decode(
        form["assertion"][0],
        token_signer().key.public_key(),
        algorithms=["RS256"],
        audience=f"{scripted.url}/token",
    )
    assert claims["iss"] == EMAIL
    assert claims["scope"] == READ_ONLY
    assert claims["exp"] - claims["iat"] == 3600
    assert jwt.get_unverified_header(form["assertion"][0])["kid"] == "key-1"


KEYS = ["canary", "-----BEGIN PRIVATE KEY-----\ncanary\n", ""]


@pytest.mark.parametrize("key", KEYS, ids=["text", "broken", "empty"])
def test_a_key_that_is_none(
    cloud: Cloudy, scripted: ScriptedServer, named: Named, key: str
) -> None:
    error = refused(cloud, named(account_file(scripted, private_key=key)))
    assert "private_key is" in error.message
    assert "canary" not in f"{error.message} {error.__cause__!r} {error.__context__!r}"
    assert scripted.requests == []


def test_gclouds_own_file(cloud: Cloudy, scripted: ScriptedServer, tmp_path: Path) -> None:
    folder = tmp_path / ".config" / "gcloud"
    folder.mkdir(parents=True)
    user = {
        "type": "authorized_user",
        "client_id": "id",
        "client_secret": "canary-1",
        "refresh_token": "canary-2",
        "token_uri": f"{scripted.url}/token",
    }
    (folder / "application_default_credentials.json").write_text(json.dumps(user))
    scripted.on(
        "POST", "/token", Answer(body=GRANTED), Answer(400, body={"error": "invalid_grant"})
    )
    env = {"HOME": str(tmp_path)}
    assert cloud.log_in("gcp", env).secret == "ya29.granted"
    assert b"refresh_token=canary-2" in scripted.requests[0].body
    error = refused(cloud, env)
    assert error.message.endswith("refused (400, invalid_grant)")
    assert error.hint == "log in again: gcloud auth application-default login"


@pytest.mark.parametrize(
    ("content", "given"),
    [
        ("subject.token\n", None),
        ('{"id_token": "subject.token"}', {"type": "json", "subject_token_field_name": "id_token"}),
    ],
)
def test_workload_identity_federation_with_a_file(
    cloud: Cloudy,
    scripted: ScriptedServer,
    named: Named,
    tmp_path: Path,
    content: str,
    given: object,
) -> None:
    path = tmp_path / "token"
    path.write_text(content)
    source = {"file": str(path)} | ({"format": given} if given else {})
    scripted.on("POST", "/v1/token", Answer(body=GRANTED))
    grant = cloud.log_in("gcp", named(federation_file(scripted, credential_source=source)))
    assert grant.secret == "ya29.granted"
    (request,) = cloud.requests
    assert request.form is not None
    assert request.form["subject_token"] == "subject.token"
    assert request.form["scope"] == READ_ONLY
    assert request.form["grant_type"] == "urn:ietf:params:oauth:grant-type:token-exchange"


def test_workload_identity_federation_as_a_service_account(
    cloud: Cloudy, scripted: ScriptedServer, named: Named
) -> None:
    act_as = f"/v1/projects/-/serviceAccounts/{EMAIL}:generateAccessToken"
    end = "2030-01-01T00:00:00Z"
    scripted.on("GET", "/subject", Answer(body="subject.token"))
    scripted.on("POST", "/v1/token", Answer(body=GRANTED | {"access_token": "federated"}))
    scripted.on("POST", act_as, Answer(body={"accessToken": "ya29.of-account", "expireTime": end}))
    file = federation_file(
        scripted,
        credential_source={"url": f"{scripted.url}/subject", "headers": {"Metadata": "True"}},
        service_account_impersonation_url=scripted.url + act_as,
        service_account_impersonation={"token_lifetime_seconds": 1800},
    )
    grant = cloud.log_in("gcp", named(file))
    assert grant.secret == "ya29.of-account"
    assert grant.identity.startswith(f"service account {EMAIL}, by workload identity of /")
    subject, exchange, impersonation = scripted.requests
    assert subject.headers["Metadata"] == "True"
    assert b"auth%2Fiam" in exchange.body
    assert impersonation.authorization == "Bearer federated"
    assert impersonation.json() == {"scope": [READ_ONLY], "lifetime": "1800s"}


def test_acting_as_another_account(cloud: Cloudy, scripted: ScriptedServer, named: Named) -> None:
    act_as = f"/v1/projects/-/serviceAccounts/{EMAIL}:generateAccessToken"
    scripted.on("POST", "/token", Answer(body=GRANTED))
    scripted.on("POST", act_as, Answer(403, body={"error": {"status": "PERMISSION_DENIED"}}))
    file = {
        "type": "impersonated_service_account",
        "service_account_impersonation_url": scripted.url + act_as,
        "source_credentials": account_file(scripted),
    }
    error = refused(cloud, named(file))
    assert error.message.endswith("refused (403, PERMISSION_DENIED)")
    assert f"create tokens of {EMAIL}" in error.hint


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("canary", "it is not JSON"),
        ("[1]", "it is not a JSON object"),
        ({"type": "canary"}, "its type is none of"),
        ({"type": "service_account"}, "client_email is missing"),
        ({"type": "external_account", "audience": "a", "subject_token_type": "b"}, "neither in"),
        (
            {
                "type": "external_account",
                "audience": "a",
                "subject_token_type": "b",
                "credential_source": {"environment_id": "aws1"},
            },
            "neither in a file nor at a url",
        ),
        (
            {
                "type": "external_account",
                "audience": "a",
                "subject_token_type": "b",
                "credential_source": {"file": "/nonexistent/token"},
            },
            "/nonexistent/token: no such file",
        ),
        (
            {
                "type": "impersonated_service_account",
                "source_credentials": {"type": "impersonated_service_account"},
            },
            "no usable source_credentials",
        ),
    ],
)
def test_files_that_cannot_be_used(
    cloud: Cloudy, named: Named, content: object, reason: str
) -> None:
    error = refused(cloud, named(content))
    assert reason in error.message
    assert "canary" not in error.message


def test_a_named_file_that_is_not_there(cloud: Cloudy) -> None:
    error = refused(cloud, {"GOOGLE_APPLICATION_CREDENTIALS": "/nonexistent/key.json"})
    assert error.message == "identity gcp: /nonexistent/key.json: no such file"


def test_keys_are_not_sent_in_clear_text(
    cloud: Cloudy, scripted: ScriptedServer, named: Named
) -> None:
    file = account_file(scripted, token_uri="http://token.evil.example/")
    assert "over plain http" in refused(cloud, named(file)).message
    assert cloud.requests == []


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b'{"access_token": 5}', b'{"access_token": "canary x"}', b'{"a": NaN'],
)
def test_answers_that_cannot_be_used(
    cloud: Cloudy, scripted: ScriptedServer, named: Named, body: bytes
) -> None:
    scripted.on("POST", "/token", Answer(body=body))
    assert "canary" not in refused(cloud, named(account_file(scripted))).message


@pytest.mark.parametrize(
    ("expires_in", "seconds"), [(3599, 3599.0), ("1200", 1200.0), (None, 60.0), (1e300, 86400.0)]
)
def test_how_long_a_token_is_used(
    cloud: Cloudy, scripted: ScriptedServer, named: Named, expires_in: object, seconds: float
) -> None:
    scripted.on("POST", "/token", Answer(body=GRANTED | {"expires_in": expires_in}))
    env = named(account_file(scripted))
    client = CloudClient("gcp", cloud.send, cloud.kept.add, env, time.time)
    lease = gcp.log_in(client, Endpoint("gcr.io", "https://gcr.io"))
    assert lease.seconds == seconds
