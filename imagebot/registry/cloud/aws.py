"""Amazon ECR: its password is a token of GetAuthorizationToken, for twelve hours.

https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html
"""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime

from imagebot.config.identity import parse_ecr_host
from imagebot.http.endpoint import Endpoint
from imagebot.http.message import Response
from imagebot.registry.cloud.aws_keys import find_keys
from imagebot.registry.cloud.aws_signature import sign_post
from imagebot.registry.cloud.aws_sts import endpoint_of
from imagebot.registry.cloud.client import CloudClient, Grant
from imagebot.registry.cloud.lease import Lease

_TARGET = "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"


def log_in(client: CloudClient, endpoint: Endpoint) -> Lease[Grant]:
    """The password of an ECR registry. Raises CredentialError."""
    host = parse_ecr_host(endpoint.registry)
    if host is None:
        raise client.error(f"{endpoint.registry} is not a registry of Amazon ECR")
    keys = find_keys(client, host)
    url = endpoint_of(client, "ecr", f"https://{host.api}/")
    content = b"{}"
    headers = sign_post(
        url,
        {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": _TARGET},
        content,
        keys=keys,
        region=host.region,
        service="ecr",
        at=datetime.fromtimestamp(client.now(), UTC),
    )
    hint = (
        f"allow ecr:GetAuthorizationToken to {keys.identity}, and check the clock of this machine"
    )
    response = client.ask(url, headers=headers, content=content, hint=hint)
    return _grant(client, response, keys.identity)


def _grant(client: CloudClient, response: Response, identity: str) -> Lease[Grant]:
    data = client.json_fields(response).get("authorizationData")
    fields = data[0] if isinstance(data, list) and data else None
    if not isinstance(fields, dict):
        raise client.error("Amazon ECR answered without authorizationData")
    token = client.secret_field(response, fields, "authorizationToken")
    try:
        username, colon, password = base64.b64decode(token, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        username = colon = password = ""
    if not (username and colon and password):
        raise client.error("Amazon ECR answered with a token that is not user:password")
    expires = fields.get("expiresAt")
    until = float(expires) if isinstance(expires, int | float) else None
    return Lease(Grant(username, password, identity), client.seconds_until(until, response))
