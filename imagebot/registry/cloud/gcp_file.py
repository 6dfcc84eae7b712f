"""Access tokens from Google's credential files, by the `type` in the file.

service_account is a private key; external_account is workload identity federation, where a token
of somebody else's is exchanged; authorized_user is a person's, of gcloud; and
impersonated_service_account is a person or an account that may act as another.

https://google.aip.dev/auth/4110
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlsplit

from imagebot.registry.cloud.client import CloudClient, Grant
from imagebot.registry.cloud.lease import Lease
from imagebot.text import clean

_READ_ONLY = "https://www.googleapis.com/auth/cloud-platform.read-only"
_IAM = "https://www.googleapis.com/auth/iam"
_TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105  an address
_JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_EXCHANGE_GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
_ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105  a type
_ONE_HOUR = 3600

Fields = Mapping[str, object]


def token_of_file(client: CloudClient, path: str, fields: Fields) -> Lease[Grant]:
    """The access token for the credentials in a file: a grant without a user name."""
    kind = fields.get("type")
    if kind == "service_account":
        return _of_key(client, path, fields)
    if kind == "external_account":
        return _of_exchange(client, path, fields)
    if kind == "authorized_user":
        return _of_user(client, path, fields)
    if kind == "impersonated_service_account":
        source = fields.get("source_credentials")
        if not isinstance(source, dict) or source.get("type") == kind:
            raise client.error(f"{path}: it has no usable source_credentials")
        return _impersonate(client, path, fields, token_of_file(client, path, source).value)
    known = "service_account, external_account, authorized_user, impersonated_service_account"
    raise client.error(f"{path}: its type is none of {known}")


def _of_key(client: CloudClient, path: str, fields: Fields) -> Lease[Grant]:
    """By a statement that is signed with the service account's key."""
    email = _text(client, path, fields, "client_email")
    url = _text(client, path, fields, "token_uri", _TOKEN_URL)
    now = int(client.now())
    claims = {"iss": email, "scope": _READ_ONLY, "aud": url, "iat": now, "exp": now + _ONE_HOUR}
    form = {"grant_type": _JWT_GRANT, "assertion": _sign(client, path, fields, claims)}
    hint = "renew the key if it was deleted, and check the clock of this machine"
    return _ask(client, url, form, f"service account {clean(email)}, of {path}", hint=hint)


def _sign(client: CloudClient, path: str, fields: Fields, claims: Mapping[str, object]) -> str:
    import jwt

    key = _text(client, path, fields, "private_key")
    header = {"kid": str(fields.get("private_key_id", ""))}
    try:
        return jwt.encode(dict(claims), key, algorithm="RS256", headers=header)
    # Not a key, or not of RSA; the error's own text may quote it.
    except (jwt.PyJWTError, ValueError, TypeError):
        raise client.error(f"{path}: its private_key is not an RSA key") from None


def _of_user(client: CloudClient, path: str, fields: Fields) -> Lease[Grant]:
    form = {"grant_type": "refresh_token"}
    for name in ("client_id", "client_secret", "refresh_token"):
        form[name] = _text(client, path, fields, name)
    url = _text(client, path, fields, "token_uri", _TOKEN_URL)
    hint = "log in again: gcloud auth application-default login"
    return _ask(client, url, form, f"the user of {path}", hint=hint)


def _of_exchange(client: CloudClient, path: str, fields: Fields) -> Lease[Grant]:
    """Workload identity federation: RFC 8693, then perhaps as a service account."""
    impersonates = bool(fields.get("service_account_impersonation_url"))
    form = {
        "grant_type": _EXCHANGE_GRANT,
        "audience": _text(client, path, fields, "audience"),
        "scope": _IAM if impersonates else _READ_ONLY,
        "requested_token_type": _ACCESS_TOKEN,
        "subject_token_type": _text(client, path, fields, "subject_token_type"),
        "subject_token": _subject_token(client, path, fields),
    }
    headers = {}
    if fields.get("client_id"):
        pair = ":".join(_text(client, path, fields, key) for key in ("client_id", "client_secret"))
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    hint = "check that the workload identity pool trusts the issuer and subject of the token"
    lease = _ask(
        client,
        _text(client, path, fields, "token_url"),
        form,
        f"workload identity of {path}",
        headers=headers,
        hint=hint,
    )
    return _impersonate(client, path, fields, lease.value) if impersonates else lease


def _subject_token(client: CloudClient, path: str, fields: Fields) -> str:
    """The token of somebody else's, from a file, or from an address on this machine."""
    source = fields.get("credential_source")
    where: Fields = source if isinstance(source, dict) else {}
    if "file" in where:
        name = _text(client, path, where, "file")
        data = client.read_file(name)
        if data is None:
            raise client.error(f"{name}: no such file; {path} names it")
    elif "url" in where:
        name = _text(client, path, where, "url")
        data = _fetch(client, path, name, where)
    else:
        raise client.error(
            f"{path}: the token is neither in a file nor at a url",
            "AWS and programs as source are not supported: use a file with an OIDC token",
        )
    token = _in_format(client, path, data, where.get("format"))
    if not token.isascii() or not token.isprintable() or not token or " " in token:
        raise client.error(f"{path}: what its credential_source names has no usable token")
    return token


def _fetch(client: CloudClient, path: str, url: str, where: Fields) -> bytes:
    given = where.get("headers")
    pairs = given.items() if isinstance(given, dict) else ()
    headers = {key: value for key, value in pairs if isinstance(value, str)}
    if urlsplit(url).scheme == "https":
        return client.ask(url, headers=headers, hint=f"check credential_source in {path}").body
    return client.ask_metadata(url, headers=headers, hint=f"check credential_source in {path}").body


def _in_format(client: CloudClient, path: str, data: bytes, given: object) -> str:
    text = data.decode("utf-8", "replace").strip()
    if not isinstance(given, dict) or given.get("type") != "json":
        return text
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    value = document.get(given.get("subject_token_field_name")) if isinstance(document, dict) else 0
    if not isinstance(value, str):
        raise client.error(f"{path}: what its credential_source names has no token in its JSON")
    return value


def _impersonate(client: CloudClient, path: str, fields: Fields, own: Grant) -> Lease[Grant]:
    """The token of the service account that the file says to act as."""
    url = _text(client, path, fields, "service_account_impersonation_url")
    options = fields.get("service_account_impersonation")
    seconds = options.get("token_lifetime_seconds") if isinstance(options, dict) else None
    lifetime = seconds if isinstance(seconds, int) else _ONE_HOUR
    email = clean(url.rpartition("/")[2].partition(":")[0])
    response = client.ask(
        url,
        headers={"Authorization": f"Bearer {own.secret}", "Content-Type": "application/json"},
        content=json.dumps({"scope": [_READ_ONLY], "lifetime": f"{lifetime}s"}).encode(),
        hint=f"allow {own.identity} to create tokens of {email}",
    )
    answer = client.json_fields(response)
    token = client.secret_field(response, answer, "accessToken")
    try:
        until = datetime.fromisoformat(str(answer.get("expireTime"))).timestamp()
    except (ValueError, OverflowError):
        until = None
    grant = Grant("", token, f"service account {email}, by {own.identity}")
    return Lease(grant, client.seconds_until(until, response))


def _ask(
    client: CloudClient,
    url: str,
    form: Mapping[str, str],
    identity: str,
    *,
    headers: Mapping[str, str] | None = None,
    hint: str,
) -> Lease[Grant]:
    response = client.ask(url, form=form, headers=headers, hint=hint)
    fields = client.json_fields(response)
    token = client.secret_field(response, fields, "access_token")
    return Lease(Grant("", token, identity), client.lifetime(fields.get("expires_in")))


def _text(client: CloudClient, path: str, fields: Fields, name: str, default: str = "") -> str:
    value = fields.get(name, default)
    if not isinstance(value, str) or not value:
        raise client.error(f"{path}: {name} is missing")
    return value
