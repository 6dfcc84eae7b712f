"""Find the bot's AWS keys, in the places and the order of AWS's own SDKs.

https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from imagebot.config.identity import EcrHost
from imagebot.http.address import is_loopback, netloc
from imagebot.http.message import Response
from imagebot.registry.cloud.aws_profile import Profile, profile_named
from imagebot.registry.cloud.aws_signature import AwsKeys
from imagebot.registry.cloud.aws_sts import assume_role, assume_role_with_web_identity
from imagebot.registry.cloud.client import CloudClient

_INSTANCE = "http://169.254.169.254"
_INSTANCE_IPV6 = "http://[fd00:ec2::254]"
_ROLES = "/latest/meta-data/iam/security-credentials/"
_CONTAINER = "http://169.254.170.2"
# Of ECS, and of EKS Pod Identity.
_CONTAINER_HOSTS = frozenset({"169.254.170.2", "169.254.170.23", "fd00:ec2::23", "localhost"})
_MOST_ROLES = 5
"""Profiles that are assumed from one another: more is a circle."""


def find_keys(client: CloudClient, host: EcrHost) -> AwsKeys:
    """The keys to ask for a registry of `host` with. Raises CredentialError."""
    env = client.env
    if keys := _of_environment(client):
        return keys
    name = env.get("AWS_PROFILE") or env.get("AWS_DEFAULT_PROFILE") or ""
    profile = profile_named(client, name or "default")
    if name and profile is None:
        raise client.error(
            f"there is no profile {name!r}, which AWS_PROFILE names",
            "check AWS_PROFILE, AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE",
        )
    if profile is not None and profile.role:
        return _of_profile(client, host, profile, 0)
    if env.get("AWS_WEB_IDENTITY_TOKEN_FILE") and env.get("AWS_ROLE_ARN"):
        return assume_role_with_web_identity(
            client,
            host,
            role=env["AWS_ROLE_ARN"],
            token=client.read_secret(env["AWS_WEB_IDENTITY_TOKEN_FILE"]),
            session=env.get("AWS_ROLE_SESSION_NAME", ""),
            source="AWS_WEB_IDENTITY_TOKEN_FILE",
        )
    if profile is not None and profile.gives_keys:
        return _of_profile(client, host, profile, 0)
    return _of_container(client) or _of_instance(client)


def _of_environment(client: CloudClient) -> AwsKeys | None:
    env = client.env
    access, secret = env.get("AWS_ACCESS_KEY_ID"), env.get("AWS_SECRET_ACCESS_KEY")
    if not access and not secret:
        return None
    if not access or not secret:
        names = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        raise client.error(f"only one of {names} is set", "set both, or neither")
    token = env.get("AWS_SESSION_TOKEN") or env.get("AWS_SECURITY_TOKEN") or ""
    return _checked(client, access, secret, token, "the key in AWS_ACCESS_KEY_ID")


def _of_profile(client: CloudClient, host: EcrHost, profile: Profile, depth: int) -> AwsKeys:
    where = f"the profile {profile.name}"
    if reason := profile.unsupported:
        raise client.error(
            f"{where} uses {reason}, which imagebot does not",
            "use keys, a role, a web identity, or the role of the machine or pod",
        )
    if not profile.role:
        if not profile.access_key or not profile.secret_key:
            raise client.error(f"{where} has no keys")
        return _checked(
            client, profile.access_key, profile.secret_key, profile.session_token, where
        )
    if profile.web_identity_token_file:
        return assume_role_with_web_identity(
            client,
            host,
            role=profile.role,
            token=client.read_secret(profile.web_identity_token_file),
            session=profile.session,
            source=where,
        )
    return assume_role(
        client,
        host,
        role=profile.role,
        keys=_source_keys(client, host, profile, depth),
        session=profile.session,
        external_id=profile.external_id,
        source=where,
    )


def _source_keys(client: CloudClient, host: EcrHost, profile: Profile, depth: int) -> AwsKeys:
    """The keys that a profile assumes its role with."""
    where = f"the profile {profile.name}"
    if depth >= _MOST_ROLES:
        raise client.error(f"{where}: its source_profile leads in a circle, or too far")
    if source := profile.source_profile:
        other = profile_named(client, source)
        if other is None:
            raise client.error(f"{where}: there is no profile {source!r}, its source_profile")
        if other.name == profile.name:
            # A profile may assume its role with its own keys.
            other = other.without_role()
        return _of_profile(client, host, other, depth + 1)
    sources = {
        "environment": _of_environment,
        "ecscontainer": _of_container,
        "ec2instancemetadata": _of_instance,
    }
    find = sources.get(profile.credential_source.lower())
    if find is None:
        raise client.error(
            f"{where} has a role_arn, but no usable source_profile or credential_source",
            "name one, or a web_identity_token_file",
        )
    keys = find(client)
    if keys is None:
        raise client.error(f"{where}: its credential_source has no keys here")
    return keys


def _of_container(client: CloudClient) -> AwsKeys | None:
    """The keys of a task in ECS, or of a pod in EKS with Pod Identity."""
    env = client.env
    relative = env.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "")
    url = _CONTAINER + relative if relative else env.get("AWS_CONTAINER_CREDENTIALS_FULL_URI", "")
    if not url:
        return None
    _check_container(client, url)
    token = env.get("AWS_CONTAINER_AUTHORIZATION_TOKEN", "")
    if path := env.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"):
        token = client.read_secret(path)
    headers = {"Accept": "application/json"} | ({"Authorization": token} if token else {})
    hint = "check that the role of the task or the service account may be used here"
    response = client.ask_metadata(url, headers=headers, hint=hint)
    return _temporary(client, response, "the role of the container")


def _check_container(client: CloudClient, url: str) -> None:
    """As AWS's SDKs do: the authorization is sent in clear text to this machine's hosts only."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        near = host in _CONTAINER_HOSTS or is_loopback(netloc(url))
        allowed = bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and near))
    except ValueError:
        allowed = False
    if not allowed:
        raise client.error(
            "AWS_CONTAINER_CREDENTIALS_FULL_URI names a host that is not asked over plain http"
        )


def _of_instance(client: CloudClient) -> AwsKeys:
    """The keys of the role of an EC2 instance, by version 2 of its metadata service only."""
    base = _instance_metadata(client)
    token = client.ask_metadata(
        f"{base}/latest/api/token",
        method="PUT",
        headers={"X-aws-ec2-metadata-token-ttl-seconds": "300"},
        hint="give this process a role, as docs/registries.md says; in a container on EC2, the "
        "instance metadata needs a hop limit of 2",
    )
    headers = {"X-aws-ec2-metadata-token": _line(client, token, r"[\x21-\x7e]{1,1024}")}
    hint = "give the instance an instance profile with a role"
    roles = client.ask_metadata(base + _ROLES, headers=headers, hint=hint)
    role = _line(client, roles, r"[A-Za-z0-9+=,.@_-]{1,128}")
    response = client.ask_metadata(base + _ROLES + role, headers=headers, hint=hint)
    return _temporary(client, response, f"role {role}, of the instance")


def _instance_metadata(client: CloudClient) -> str:
    env = client.env
    if env.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true":
        raise client.error(
            "there are no AWS keys: not in the environment, a profile, a web identity or a "
            "container, and AWS_EC2_METADATA_DISABLED is true",
            "give this process a role, as docs/registries.md says",
        )
    if own := env.get("AWS_EC2_METADATA_SERVICE_ENDPOINT"):
        return own.rstrip("/")
    mode = env.get("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "")
    return _INSTANCE_IPV6 if mode.lower() == "ipv6" else _INSTANCE


def _line(client: CloudClient, response: Response, form: str) -> str:
    text = response.body.decode("ascii", "replace").strip()
    if re.fullmatch(form, text) is None:
        raise client.error("the instance metadata gave an answer that cannot be used")
    return text


def _temporary(client: CloudClient, response: Response, identity: str) -> AwsKeys:
    """The keys in the answer of a container's or an instance's metadata."""
    fields = client.json_fields(response)
    access, secret, token = (
        client.secret_field(response, fields, name)
        for name in ("AccessKeyId", "SecretAccessKey", "Token")
    )
    return AwsKeys(access_key=access, secret_key=secret, session_token=token, identity=identity)


def _checked(client: CloudClient, access: str, secret: str, token: str, identity: str) -> AwsKeys:
    """Keys whose parts can be in headers."""
    if any(re.fullmatch(r"[\x21-\x7e]*", part) is None for part in (access, secret, token)):
        raise client.error(f"{identity}: it has characters that are not in keys of AWS")
    client.keep(secret)
    return AwsKeys(access_key=access, secret_key=secret, session_token=token, identity=identity)
