"""Azure Container Registry: a token of Entra ID is exchanged for a refresh token of the registry.

Who the bot is there is found as Azure's own libraries do: a secret in the environment, a workload
identity, then a managed identity.

https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlencode

from imagebot.http.endpoint import Endpoint
from imagebot.http.message import Response
from imagebot.registry.cloud.client import CloudClient, Grant
from imagebot.registry.cloud.lease import Lease

_USERNAME = "00000000-0000-0000-0000-000000000000"
_AUDIENCE = "https://containerregistry.azure.net"
"""Registries may refuse tokens for all of Azure, and never those for registries."""
_AUTHORITY = "https://login.microsoftonline.com"
_INSTANCE = "http://169.254.169.254/metadata/identity/oauth2/token"
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ID_RE = re.compile(r"[A-Za-z0-9.-]{1,255}")


def log_in(client: CloudClient, endpoint: Endpoint) -> Lease[Grant]:
    """The refresh token of a registry. Raises CredentialError."""
    token, identity = _entra_token(client)
    form = {"grant_type": "access_token", "service": endpoint.registry, "access_token": token}
    if tenant := client.env.get("AZURE_TENANT_ID"):
        form["tenant"] = tenant
    response = client.ask_registry(
        endpoint, "/oauth2/exchange", form, hint=f"give AcrPull on the registry to {identity}"
    )
    secret = client.secret_field(response, client.json_fields(response), "refresh_token")
    grant = Grant(_USERNAME, secret, identity, "refresh-token")
    return Lease(grant, client.seconds_until(_expiry(secret), response))


def _entra_token(client: CloudClient) -> tuple[str, str]:
    """A token for registries, and whose it is."""
    env = client.env
    if env.get("AZURE_CLIENT_SECRET") and env.get("AZURE_CLIENT_ID"):
        own = {"client_secret": env["AZURE_CLIENT_SECRET"]}
        return _of_application(client, own, "by AZURE_CLIENT_SECRET")
    if path := env.get("AZURE_FEDERATED_TOKEN_FILE"):
        own = {
            "client_assertion_type": _ASSERTION,
            "client_assertion": client.read_secret(path),
        }
        return _of_application(client, own, "by AZURE_FEDERATED_TOKEN_FILE")
    if env.get("IDENTITY_ENDPOINT") and env.get("IDENTITY_HEADER"):
        url, headers = env["IDENTITY_ENDPOINT"], {"X-IDENTITY-HEADER": env["IDENTITY_HEADER"]}
        return _managed(client, url, "2019-08-01", headers, "App Service")
    return _managed(client, _INSTANCE, "2018-02-01", {"Metadata": "true"}, "the machine")


def _of_application(client: CloudClient, own: Mapping[str, str], source: str) -> tuple[str, str]:
    tenant, application = _id(client, "AZURE_TENANT_ID"), _id(client, "AZURE_CLIENT_ID")
    authority = client.env.get("AZURE_AUTHORITY_HOST") or _AUTHORITY
    identity = f"application {application}, {source}"
    response = client.ask(
        f"{authority.rstrip('/')}/{tenant}/oauth2/v2.0/token",
        form={
            "grant_type": "client_credentials",
            "client_id": application,
            "scope": f"{_AUDIENCE}/.default",
            **own,
        },
        hint=f"check AZURE_TENANT_ID, and that Entra ID trusts {identity}",
    )
    return _token(client, response), identity


def _managed(
    client: CloudClient, url: str, version: str, headers: Mapping[str, str], where: str
) -> tuple[str, str]:
    query = {"api-version": version, "resource": _AUDIENCE}
    identity = f"the managed identity of {where}"
    if client.env.get("AZURE_CLIENT_ID"):
        query["client_id"] = _id(client, "AZURE_CLIENT_ID")
        identity = f"managed identity {query['client_id']}, of {where}"
    response = client.ask_metadata(
        f"{url}?{urlencode(query)}",
        headers=headers,
        hint="give this machine a managed identity, or this pod a workload identity; "
        "AZURE_CLIENT_ID chooses one of several",
    )
    return _token(client, response), identity


def _token(client: CloudClient, response: Response) -> str:
    return client.secret_field(response, client.json_fields(response), "access_token")


def _id(client: CloudClient, name: str) -> str:
    value = client.env.get(name, "")
    if _ID_RE.fullmatch(value) is None:
        raise client.error(f"{name} is not set, or not an ID of Azure", f"set {name}")
    return value


def _expiry(token: str) -> float | None:
    """When a token says that it ends, in seconds since 1970; None when it does not say."""
    import jwt

    try:
        # Not verified, because nothing but the time of the next login depends on it.
        claims = jwt.decode(token, options={"verify_signature": False, "verify_exp": False})
    except jwt.PyJWTError:
        return None
    expires = claims.get("exp")
    return float(expires) if isinstance(expires, int | float) else None
