"""Logins at AWS: moto verifies signatures; metadata servers are stubs of the documented shape."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from imagebot.errors import CredentialError
from imagebot.http.endpoint import Endpoint
from imagebot.http.message import Request as HttpRequest
from imagebot.http.message import Response
from imagebot.http.zone import NetworkZone
from imagebot.registry.cloud import aws as cloud_aws
from imagebot.registry.cloud.client import CloudClient
from tests.registry.cloud.conftest import ECR, Cloudy
from tests.support.moto import PASSWORD, ROLE, Moto
from tests.support.scripted_http import Answer, Request, ScriptedServer

CIRCLE = f"[profile b]\nrole_arn={ROLE}\nsource_profile=ci\n"
KEYS = "[profile b]\naws_access_key_id=a\naws_secret_access_key=b\n"


def keys_of(moto: Moto) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": moto.url,
        "AWS_ACCESS_KEY_ID": moto.access_key,
        "AWS_SECRET_ACCESS_KEY": moto.secret_key,
    }


def metadata_keys(moto: Moto) -> dict[str, str]:
    """As a metadata server gives them; moto does not look at a user's session token."""
    return {
        "Code": "Success",
        "Type": "AWS-HMAC",
        "AccessKeyId": moto.access_key,
        "SecretAccessKey": moto.secret_key,
        "Token": "session",
        "Expiration": "2030-01-01T00:00:00Z",
    }


def write(path: Path, text: str) -> str:
    path.write_text(text)
    return str(path)


def refused(cloud: Cloudy, env: Mapping[str, str]) -> CredentialError:
    with pytest.raises(CredentialError) as caught:
        cloud.log_in("aws", env)
    assert caught.value.message.startswith("identity aws: ")
    return caught.value


def test_keys_of_the_environment(cloud: Cloudy, aws: Moto) -> None:
    grant = cloud.log_in("aws", keys_of(aws))
    assert (grant.username, grant.secret, grant.kind) == ("AWS", PASSWORD, "password")
    assert grant.identity == "the key in AWS_ACCESS_KEY_ID"
    (request,) = cloud.requests
    assert request.headers["Authorization"].startswith(
        f"AWS4-HMAC-SHA256 Credential={aws.access_key}/"
    )
    assert "/eu-west-1/ecr/aws4_request" in request.headers["Authorization"]


def test_a_wrong_key(cloud: Cloudy, aws: Moto) -> None:
    error = refused(cloud, keys_of(aws) | {"AWS_SECRET_ACCESS_KEY": "canary"})
    assert error.message.endswith("refused (403, SignatureDoesNotMatch)")
    assert "ecr:GetAuthorizationToken" in error.hint
    assert not error.temporary


def test_half_a_key(cloud: Cloudy) -> None:
    assert "only one of" in refused(cloud, {"AWS_ACCESS_KEY_ID": "AKIA"}).message


def test_a_key_that_would_break_a_header(cloud: Cloudy) -> None:
    env = {"AWS_ACCESS_KEY_ID": "AKIA\nX: y", "AWS_SECRET_ACCESS_KEY": "canary"}
    error = refused(cloud, env)
    assert "characters that are not in keys of AWS" in error.message
    assert "canary" not in error.message


def test_a_role_of_a_web_identity(cloud: Cloudy, aws: Moto, tmp_path: Path) -> None:
    aws.trust(1)
    env = {
        "AWS_ENDPOINT_URL": aws.url,
        "AWS_ROLE_ARN": ROLE,
        "AWS_WEB_IDENTITY_TOKEN_FILE": write(tmp_path / "token", "a.web.token\n"),
    }
    grant = cloud.log_in("aws", env)
    assert grant.secret == PASSWORD
    assert grant.identity == f"role {ROLE}, by AWS_WEB_IDENTITY_TOKEN_FILE"
    sts, ecr = cloud.requests
    assert sts.form is not None
    assert sts.form["WebIdentityToken"] == "a.web.token"
    assert "Authorization" not in sts.headers
    assert "X-Amz-Security-Token" in ecr.headers


def test_the_file_of_a_web_identity_is_read_each_time(
    cloud: Cloudy, aws: Moto, tmp_path: Path
) -> None:
    path = tmp_path / "token"
    env = {
        "AWS_ENDPOINT_URL": aws.url,
        "AWS_ROLE_ARN": ROLE,
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(path),
    }
    assert "cannot read the secret in" in refused(cloud, env).message
    for token in ("first-token", "second-token"):
        path.write_text(token)
        aws.trust(1)
        cloud.log_in("aws", env)
    tokens = [(request.form or {}).get("WebIdentityToken") for request in cloud.requests]
    assert [token for token in tokens if token] == ["first-token", "second-token"]


def test_a_role_of_a_profile(cloud: Cloudy, aws: Moto, tmp_path: Path) -> None:
    env = {
        "AWS_ENDPOINT_URL": aws.url,
        "AWS_PROFILE": "ci",
        "AWS_CONFIG_FILE": write(
            tmp_path / "config",
            f"[profile ci]\nrole_arn = {ROLE}\nsource_profile = base\n"
            "external_id = partner\nrole_session_name = me\n[profile base]\nregion = eu-west-1\n",
        ),
        "AWS_SHARED_CREDENTIALS_FILE": write(
            tmp_path / "credentials",
            f"[base]\naws_access_key_id = {aws.access_key}\n"
            f"AWS_SECRET_ACCESS_KEY = {aws.secret_key}\n",
        ),
    }
    grant = cloud.log_in("aws", env)
    assert grant.secret == PASSWORD
    assert grant.identity == f"role {ROLE}, by the profile ci"
    content = cloud.requests[0].content or b""
    assert b"ExternalId=partner" in content
    assert b"RoleSessionName=me" in content


def test_keys_of_the_default_profile(cloud: Cloudy, aws: Moto, tmp_path: Path) -> None:
    (tmp_path / ".aws").mkdir()
    write(
        tmp_path / ".aws" / "credentials",
        f"[default]\naws_access_key_id={aws.access_key}\naws_secret_access_key={aws.secret_key}\n",
    )
    grant = cloud.log_in("aws", {"AWS_ENDPOINT_URL": aws.url, "HOME": str(tmp_path)})
    assert grant.secret == PASSWORD
    assert grant.identity == "the profile default"


def test_a_role_with_the_profile_s_own_keys(cloud: Cloudy, aws: Moto, tmp_path: Path) -> None:
    text = (
        f"[profile me]\nrole_arn={ROLE}\nsource_profile=me\n"
        f"aws_access_key_id={aws.access_key}\naws_secret_access_key={aws.secret_key}\n"
    )
    env = {
        "AWS_ENDPOINT_URL": aws.url,
        "AWS_PROFILE": "me",
        "AWS_CONFIG_FILE": write(tmp_path / "config", text),
    }
    assert cloud.log_in("aws", env).secret == PASSWORD


def test_a_role_with_the_environment_s_container(
    cloud: Cloudy, aws: Moto, tmp_path: Path, scripted: ScriptedServer
) -> None:
    scripted.on("GET", "/keys", Answer(body=metadata_keys(aws)))
    env = {
        "AWS_ENDPOINT_URL": aws.url,
        "AWS_PROFILE": "ci",
        "AWS_CONFIG_FILE": write(
            tmp_path / "config",
            f"[profile ci]\nrole_arn={ROLE}\ncredential_source=EcsContainer\n",
        ),
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{scripted.url}/keys",
    }
    with pytest.raises(CredentialError, match=r"refused \(\d+, \w+\)"):
        # moto refuses a user's key together with a session token of no role.
        cloud.log_in("aws", env)
    assert len(scripted.asked("GET", "/keys")) == 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[profile x]\nregion=a\n", "there is no profile 'ci', which AWS_PROFILE names"),
        ("[profile ci]\nsso_session=a\n", "uses single sign-on (sso_session)"),
        ("[profile ci]\ncredential_process=/bin/x\n", "uses credential_process"),
        (f"[profile ci]\nrole_arn={ROLE}\nmfa_serial=a\n", "uses a code of a device (mfa_serial)"),
        (f"[profile ci]\nrole_arn={ROLE}\n", "no usable source_profile or credential_source"),
        (f"[profile ci]\nrole_arn={ROLE}\nsource_profile=no\n", "there is no profile 'no'"),
        (
            f"[profile ci]\nrole_arn={ROLE}\nsource_profile=b\n{CIRCLE}",
            "its source_profile leads in a circle, or too far",
        ),
        (
            f"[profile ci]\nrole_arn=arn:aws:iam::1:user/x\nsource_profile=b\n{KEYS}",
            "not the ARN of a role",
        ),
        ("aws_secret_access_key = canary\n", "not a valid file of profiles"),
    ],
)
def test_profiles_that_cannot_be_used(
    cloud: Cloudy, tmp_path: Path, text: str, reason: str
) -> None:
    env = {"AWS_PROFILE": "ci", "AWS_CONFIG_FILE": write(tmp_path / "config", text)}
    error = refused(cloud, env)
    assert reason in error.message
    assert "canary" not in error.message
    assert cloud.requests == []


def instance(server: ScriptedServer, keys: Mapping[str, str]) -> dict[str, str]:
    """Version 2 of an instance's metadata service."""
    folder = "/latest/meta-data/iam/security-credentials/"

    def with_token(answer: Answer) -> Callable[[Request], Answer]:
        return lambda request: (
            answer if request.headers["X-aws-ec2-metadata-token"] == "imds-token" else Answer(401)
        )

    server.on("PUT", "/latest/api/token", Answer(body="imds-token"))
    server.on("GET", folder, with_token(Answer(body="web-role\n")))
    server.on("GET", f"{folder}web-role", with_token(Answer(body=dict(keys))))
    return {"AWS_EC2_METADATA_SERVICE_ENDPOINT": server.url}


def ecr(server: ScriptedServer, expires: float | None = None) -> dict[str, str]:
    """ECR without verification, for keys that moto does not know."""
    token = base64.b64encode(b"AWS:ecr-password").decode()
    data = {"authorizationToken": token, "expiresAt": expires or time.time() + 43200}
    server.on("POST", "/", Answer(body={"authorizationData": [data]}))
    return {"AWS_ENDPOINT_URL_ECR": server.url}


def test_the_role_of_an_instance(
    cloud: Cloudy, aws: Moto, start_scripted: Callable[..., ScriptedServer]
) -> None:
    metadata, service = start_scripted(), start_scripted()
    grant = cloud.log_in("aws", instance(metadata, metadata_keys(aws)) | ecr(service))
    assert grant.secret == "ecr-password"
    assert grant.identity == "role web-role, of the instance"
    (put,) = metadata.asked("PUT", "/latest/api/token")
    assert put.headers["X-aws-ec2-metadata-token-ttl-seconds"] == "300"
    assert service.requests[0].headers["X-Amz-Security-Token"] == "session"
    # Only what is asked of the metadata server may reach its address.
    zones = [request.reaches for request in cloud.requests]
    assert zones == [NetworkZone.LINK_LOCAL] * 3 + [NetworkZone.LOOPBACK]


def test_an_instance_without_a_role(cloud: Cloudy, scripted: ScriptedServer) -> None:
    env = instance(scripted, {})
    scripted.on("GET", "/latest/meta-data/iam/security-credentials/", Answer(404))
    error = refused(cloud, env)
    assert error.message.endswith("refused (404)")
    assert "instance profile" in error.hint


def test_version_1_of_the_metadata_service_is_not_used(
    cloud: Cloudy, scripted: ScriptedServer
) -> None:
    env = instance(scripted, {})
    scripted.on("PUT", "/latest/api/token", Answer(404))
    refused(cloud, env)
    assert [request.method for request in scripted.requests] == ["PUT"]


def test_no_keys_anywhere(cloud: Cloudy) -> None:
    error = refused(cloud, {"AWS_EC2_METADATA_DISABLED": "true"})
    assert "there are no AWS keys" in error.message
    assert cloud.requests == []


def test_a_pod_identity(
    cloud: Cloudy, aws: Moto, tmp_path: Path, start_scripted: Callable[..., ScriptedServer]
) -> None:
    agent, service = start_scripted(), start_scripted()
    agent.on("GET", "/v1/credentials", Answer(body=metadata_keys(aws)))
    env = {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{agent.url}/v1/credentials",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": write(tmp_path / "token", "pod-token\n"),
    }
    grant = cloud.log_in("aws", env | ecr(service))
    assert grant.identity == "the role of the container"
    assert agent.requests[0].authorization == "pod-token"


def asked_first(env: Mapping[str, str]) -> str:
    """The address of the first request, which is not sent."""
    sent: list[str] = []

    def stop(request: HttpRequest) -> Response:
        sent.append(request.url)
        raise CredentialError("stop")

    client = CloudClient("aws", stop, lambda _: None, env, time.time)
    with pytest.raises(CredentialError, match="stop"):
        cloud_aws.log_in(client, Endpoint(ECR, "https://x"))
    return sent[0]


def test_the_usual_addresses(tmp_path: Path) -> None:
    role = {"AWS_ROLE_ARN": ROLE, "AWS_WEB_IDENTITY_TOKEN_FILE": write(tmp_path / "token", "t")}
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    imds = "/latest/api/token"
    assert asked_first(keys) == "https://api.ecr.eu-west-1.amazonaws.com/"
    assert asked_first(role) == "https://sts.eu-west-1.amazonaws.com/"
    # The registry may be in another region than the bot.
    assert asked_first(role | {"AWS_REGION": "us-east-1"}) == "https://sts.us-east-1.amazonaws.com/"
    evil = {"AWS_REGION": "evil.example/"}
    assert asked_first(role | evil) == "https://sts.eu-west-1.amazonaws.com/"
    task = {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/x"}
    assert asked_first(task) == "http://169.254.170.2/v2/x"
    assert asked_first({}) == f"http://169.254.169.254{imds}"
    ipv6 = {"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv6"}
    assert asked_first(ipv6) == f"http://[fd00:ec2::254]{imds}"


@pytest.mark.parametrize(
    "url",
    [
        "http://evil.example/keys",
        "http://169.254.170.2.evil.example/",
        "http://169.254.170.2@evil.example/",
        "http://10.0.0.1/",
        "ftp://localhost/",
        "http://[::1",
        "nothing",
    ],
)
def test_a_container_s_token_goes_to_no_other_host(cloud: Cloudy, url: str) -> None:
    env = {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": url,
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": "canary",
    }
    error = refused(cloud, env)
    assert "is not asked over plain http" in error.message
    assert cloud.requests == []


def test_secrets_are_not_sent_in_clear_text(cloud: Cloudy) -> None:
    env = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    error = refused(cloud, env | {"AWS_ENDPOINT_URL": "http://proxy.corp.example/"})
    assert "over plain http" in error.message
    assert cloud.requests == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"authorizationData": []}',
        b'{"authorizationData": [1]}',
        b'{"authorizationData": [{"authorizationToken": 1}]}',
        b'{"authorizationData": [{"authorizationToken": "canary="}]}',
        b'{"authorizationData": [{"authorizationToken": "YQ=="}]}',
        b'{"authorizationData": [{"authorizationToken": "a\\r\\nX: canary"}]}',
        b"[" * 50_000,
    ],
)
def test_answers_that_cannot_be_used(cloud: Cloudy, scripted: ScriptedServer, body: bytes) -> None:
    scripted.on("POST", "/", Answer(body=body))
    env = {"AWS_ENDPOINT_URL": scripted.url, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    assert "canary" not in refused(cloud, env).message


@pytest.mark.parametrize(
    ("answer", "said", "temporary"),
    [
        (
            Answer(400, body={"__type": "com.amazon#ExpiredTokenException"}),
            "ExpiredTokenException",
            False,
        ),
        (
            Answer(400, body={"__type": "ThrottlingException", "message": "slow"}),
            "failed (400, ThrottlingException)",
            True,
        ),
        (Answer(400, body="<Code>Throttling</Code>"), "failed (400, Throttling)", True),
        (Answer(400, body="<Code>RequestLimitExceeded</Code>"), "failed (400, Request", True),
        (Answer(503, body="canary is down"), "failed (503)", True),
        (Answer(429), "failed (429)", True),
        (Answer(302, {"Location": "http://evil.example/"}), "refused (302)", False),
        (Answer(403, body={"__type": "canary"}), "refused (403)", False),
    ],
)
def test_what_is_said_of_a_failure(
    cloud: Cloudy, scripted: ScriptedServer, answer: Answer, said: str, temporary: bool
) -> None:
    scripted.on("POST", "/", answer)
    env = {
        "AWS_ENDPOINT_URL": scripted.url,
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_SESSION_TOKEN": "canary",
    }
    error = refused(cloud, env)
    assert said in error.message
    assert error.temporary is temporary
    assert ("ecr:GetAuthorizationToken" in error.hint) is not temporary
    assert "canary" not in f"{error.message} {error.hint}"


def test_no_secret_is_in_what_is_shown(
    cloud: Cloudy, start_scripted: Callable[..., ScriptedServer]
) -> None:
    """A server that repeats what it gets, in the place of a code too."""

    def echo(request: Request) -> Answer:
        headers = dict(request.headers.items())
        return Answer(403, body={"__type": request.headers["X-Amz-Security-Token"], "all": headers})

    server = start_scripted(echo)
    env = {
        "AWS_ENDPOINT_URL": server.url,
        "AWS_ACCESS_KEY_ID": "AKIACANARY",
        "AWS_SECRET_ACCESS_KEY": "canarySecret",
        "AWS_SESSION_TOKEN": "canaryToken",
    }
    error = refused(cloud, env)
    shown = f"{error.message} {error.hint} {error!r} {cloud.requests!r}"
    assert "canary" not in shown.lower()
    assert json.dumps("canaryToken") not in shown
    assert {"canarySecret", "canaryToken"} <= cloud.kept


@pytest.mark.parametrize(("expires", "seconds"), [(43200.0, 43200.0), (-1e9, 60.0), (1e9, 86400.0)])
def test_how_long_a_password_is_used(
    cloud: Cloudy, scripted: ScriptedServer, expires: float, seconds: float
) -> None:
    """By the clock of the server: this machine's is off by a year. moto's tokens end in 2015."""
    env = ecr(scripted, time.time() + expires) | {
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
    }
    client = CloudClient("aws", cloud.send, lambda _: None, env, lambda: time.time() - 365 * 86400)
    lease = cloud_aws.log_in(client, Endpoint(ECR, "https://x"))
    assert lease.seconds == pytest.approx(seconds, abs=120)
