"""AWS's IAM, STS and ECR as moto plays them, with the signature of every request verified."""

from __future__ import annotations

import contextlib
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.support.process import PATIENCE, running

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/imagebot"
PASSWORD = f"{ACCOUNT}-auth-token"
"""What ECR's tokens hold, whoever asks for one."""

# Only its own credential scope routes a request of IAM.
_IAM = "AWS4-HMAC-SHA256 Credential=any/20260101/us-east-1/iam/aws4_request, Signature=any"
_POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": ["ecr:*", "sts:*"], "Resource": "*"}],
    }
)


@dataclass(frozen=True, slots=True)
class Moto:
    """One address for all services. ECR's tokens always end in 2015."""

    url: str
    access_key: str
    """Of a user who may ask ECR for tokens, and assume ROLE."""
    secret_key: str = field(repr=False)

    def trust(self, requests: int) -> None:
        """Let this many requests through without a signature, and no more after those.

        moto fails on requests that have none, as AssumeRoleWithWebIdentity is meant to.
        """
        _post(f"{self.url}/moto-api/reset-auth", content=str(requests).encode())


@contextlib.contextmanager
def moto(folder: Path) -> Iterator[Moto]:
    def ready(log: str) -> str | None:
        found = re.search(r"Running on (http://127\.0\.0\.1:\d+)", log)
        return found[1] if found else None

    argv = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
    environment = {"HOME": str(folder), "PATH": "/usr/bin:/bin"}
    with running(argv, log=folder / "moto.log", ready=ready, env=environment) as url:
        yield _make_user(url)


def _make_user(url: str) -> Moto:
    _iam(url, "CreateUser", UserName="imagebot")
    _iam(url, "PutUserPolicy", UserName="imagebot", PolicyName="all", PolicyDocument=_POLICY)
    made = _iam(url, "CreateAccessKey", UserName="imagebot")
    _iam(url, "CreateRole", RoleName="imagebot", AssumeRolePolicyDocument=_POLICY)
    _iam(url, "PutRolePolicy", RoleName="imagebot", PolicyName="all", PolicyDocument=_POLICY)
    keys = dict(re.findall(r"<(AccessKeyId|SecretAccessKey)>([^<]+)</", made))
    return Moto(url, keys["AccessKeyId"], keys["SecretAccessKey"])


def _iam(url: str, action: str, **parameters: str) -> str:
    form = {"Action": action, "Version": "2010-05-08", **parameters}
    return _post(url, data=form, headers={"Authorization": _IAM})


def _post(
    url: str,
    *,
    data: dict[str, str] | None = None,
    content: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> str:
    with httpx.Client(trust_env=False, timeout=PATIENCE) as client:
        response = client.post(url, data=data, content=content, headers=headers)
    response.raise_for_status()
    return response.text
