"""The signature, against that of botocore."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

# No type information is published with botocore.
from botocore.auth import SigV4Auth  # type: ignore[import-untyped]
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]
from botocore.credentials import Credentials  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from imagebot.registry.cloud.aws_signature import AwsKeys, sign_post

visible = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=40)
values = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=30)
names = st.sampled_from(["Content-Type", "X-Amz-Target", "Accept", "X-Some-Header"])
paths = st.text(st.sampled_from("abcXYZ019-_.~/ %+:@&="), max_size=12).map(
    lambda text: "/" + "/".join(part for part in text.split("/") if part not in ("", ".", ".."))
)
hosts = st.sampled_from(["api.ecr.eu-west-1.amazonaws.com", "127.0.0.1:5000", "[::1]:5000"])
moments = st.integers(1_577_836_800, 2_208_988_800).map(lambda at: datetime.fromtimestamp(at, UTC))


def of_botocore(
    url: str,
    headers: dict[str, str],
    content: bytes,
    keys: AwsKeys,
    service: str,
    at: datetime,
) -> dict[str, str]:
    credentials = Credentials(keys.access_key, keys.secret_key, keys.session_token or None)
    request: Any = AWSRequest("POST", url, headers=dict(headers), data=content)
    signer = SigV4Auth(credentials, service, "eu-west-1")
    # The rest of add_auth(), which reads the clock first.
    request.context["timestamp"] = at.strftime("%Y%m%dT%H%M%SZ")
    signer._modify_request_before_signing(request)
    to_sign = signer.string_to_sign(request, signer.canonical_request(request))
    signer._inject_signature_to_request(request, signer.signature(to_sign, request))
    return {name.lower(): value for name, value in request.headers.items()}


@given(
    host=hosts,
    path=paths,
    headers=st.dictionaries(names, values, max_size=4),
    content=st.binary(max_size=50),
    access=visible,
    secret=visible,
    token=st.one_of(st.just(""), visible),
    service=st.sampled_from(["ecr", "sts"]),
    at=moments,
)
def test_it_is_that_of_botocore(
    host: str,
    path: str,
    headers: dict[str, str],
    content: bytes,
    access: str,
    secret: str,
    token: str,
    service: str,
    at: datetime,
) -> None:
    keys = AwsKeys(access_key=access, secret_key=secret, session_token=token, identity="")
    url = f"https://{host}{path}"
    expected = of_botocore(url, headers, content, keys, service, at)
    signed = sign_post(url, headers, content, keys=keys, region="eu-west-1", service=service, at=at)
    own = {name.lower(): value for name, value in signed.items()}
    assert own["authorization"] == expected["authorization"]
    assert set(own) == set(expected)


def test_keys_are_not_shown() -> None:
    keys = AwsKeys(access_key="AKIA", secret_key="canary", session_token="canary", identity="me")
    assert repr(keys) == "AwsKeys(identity='me')"


@pytest.mark.parametrize("name", ["Authorization", "X-Amz-Date"])
def test_what_is_added(name: str) -> None:
    keys = AwsKeys(access_key="AKIA", secret_key="s", identity="me")
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    signed = sign_post("https://h/", {}, b"", keys=keys, region="r", service="ecr", at=at)
    assert name in signed
    assert "X-Amz-Security-Token" not in signed
