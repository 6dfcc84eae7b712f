"""AWS STS: keys of a role, for a token of somebody whom the role trusts, or for other keys.

https://docs.aws.amazon.com/STS/latest/APIReference/
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode

from imagebot.config.identity import EcrHost
from imagebot.registry.cloud.aws_signature import AwsKeys, sign_post
from imagebot.registry.cloud.client import CloudClient

_VERSION = "2011-06-15"
_SESSION = "imagebot"
# The answer is XML; what is wanted of it are four elements without markup in them.
_ELEMENT_RE = re.compile(r"<(AccessKeyId|SecretAccessKey|SessionToken)>\s*([\x21-\x7e]+?)\s*</\1>")
_ROLE_RE = re.compile(r"arn:[a-z-]+:iam::[0-9]{12}:role/[\x21-\x7e]{1,576}")


def assume_role_with_web_identity(
    client: CloudClient, host: EcrHost, *, role: str, token: str, session: str, source: str
) -> AwsKeys:
    """The keys of a role that trusts the issuer of a token. `source` says where it is from."""
    form = _form("AssumeRoleWithWebIdentity", role, session) | {"WebIdentityToken": token}
    url = endpoint_of(client, "sts", _url(client, host))
    _check_role(client, role, source)
    hint = f"check that {role} trusts the issuer, the subject and the audience of the token"
    response = client.ask(url, form=form, headers={"Accept": "text/xml"}, hint=hint)
    return _keys(client, response.body, f"role {role}, by {source}")


def assume_role(
    client: CloudClient,
    host: EcrHost,
    *,
    role: str,
    keys: AwsKeys,
    session: str,
    external_id: str,
    source: str,
) -> AwsKeys:
    """The keys of a role that trusts who the other keys are of."""
    form = _form("AssumeRole", role, session)
    if external_id:
        form["ExternalId"] = external_id
    _check_role(client, role, source)
    content = urlencode(form).encode()
    url = endpoint_of(client, "sts", _url(client, host))
    headers = sign_post(
        url,
        {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"},
        content,
        keys=keys,
        region=_region(client.env, host),
        service="sts",
        at=datetime.fromtimestamp(client.now(), UTC),
    )
    hint = f"check that {role} trusts {keys.identity}, and the clock of this machine"
    response = client.ask(url, headers=headers, content=content, hint=hint)
    return _keys(client, response.body, f"role {role}, by {source}")


def endpoint_of(client: CloudClient, service: str, usual: str) -> str:
    """The address of a service: the environment's (a private one, an emulator), or the usual."""
    env = client.env
    ignore = env.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true"
    own = env.get(f"AWS_ENDPOINT_URL_{service.upper()}") or env.get("AWS_ENDPOINT_URL")
    return own.rstrip("/") + "/" if own and not ignore else usual


def _url(client: CloudClient, host: EcrHost) -> str:
    return f"https://sts.{_region(client.env, host)}.{host.suffix}/"


def _region(env: Mapping[str, str], host: EcrHost) -> str:
    """Where the bot runs, if it says so: a private network may have that region's STS only."""
    named = env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION") or ""
    return named if re.fullmatch(r"[a-z0-9-]{1,63}", named) else host.region


def _form(action: str, role: str, session: str) -> dict[str, str]:
    return {
        "Action": action,
        "Version": _VERSION,
        "RoleArn": role,
        "RoleSessionName": session or _SESSION,
    }


def _check_role(client: CloudClient, role: str, source: str) -> None:
    if _ROLE_RE.fullmatch(role) is None:
        hint = "arn:aws:iam::ACCOUNT:role/NAME"
        raise client.error(f"what {source} names is not the ARN of a role", hint)


def _keys(client: CloudClient, body: bytes, identity: str) -> AwsKeys:
    found = dict(_ELEMENT_RE.findall(body.decode("utf-8", "replace")))
    if len(found) < 3:
        raise client.error("AWS STS answered without usable keys")
    client.keep(found["SecretAccessKey"])
    return AwsKeys(
        access_key=found["AccessKeyId"],
        secret_key=found["SecretAccessKey"],
        session_token=found["SessionToken"],
        identity=identity,
    )
