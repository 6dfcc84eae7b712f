"""Which registries are a cloud's own; where ECR's API is, against botocore."""

from __future__ import annotations

from functools import cache
from typing import Any

import botocore.session  # type: ignore[import-untyped]  # none is published
import pytest
from botocore.endpoint_provider import EndpointProvider  # type: ignore[import-untyped]

from imagebot.config.identity import parse_ecr_host, refuse_identity
from imagebot.config.model import Cloud


@cache
def provider() -> Any:
    loader = botocore.session.Session().get_component("data_loader")
    rules = loader.load_service_model("ecr", "endpoint-rule-set-1")
    return EndpointProvider(rules, loader.load_data("partitions"))


@pytest.mark.parametrize(
    ("host", "region", "suffix"),
    [
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com", "eu-west-1", "amazonaws.com"),
        ("123456789012.dkr.ecr-fips.us-east-1.amazonaws.com", "us-east-1", "amazonaws.com"),
        ("123456789012.dkr.ecr-fips.us-west-2.amazonaws.com", "us-west-2", "amazonaws.com"),
        ("123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1", "amazonaws.com"),
        ("123456789012.dkr.ecr-fips.ca-central-1.amazonaws.com", "ca-central-1", "amazonaws.com"),
        ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "cn-north-1", "amazonaws.com.cn"),
        ("123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1", "amazonaws.eu"),
        ("123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov", "us-iso-east-1", "c2s.ic.gov"),
        ("123456789012.dkr.ecr.us-isob-east-1.sc2s.sgov.gov", "us-isob-east-1", "sc2s.sgov.gov"),
        ("123456789012.dkr-ecr.eu-west-1.on.aws", "eu-west-1", "amazonaws.com"),
        ("123456789012.dkr-ecr-fips.us-east-1.on.aws", "us-east-1", "amazonaws.com"),
        (
            "123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn",
            "cn-north-1",
            "amazonaws.com.cn",
        ),
    ],
)
def test_hosts_of_ecr(host: str, region: str, suffix: str) -> None:
    found = parse_ecr_host(host)
    assert found is not None
    assert (found.region, found.suffix) == (region, suffix)
    resolved = provider().resolve_endpoint(
        Region=region, UseFIPS="-fips" in host, UseDualStack=".on." in host
    )
    assert f"https://{found.api}" == resolved.url


@pytest.mark.parametrize(
    ("key", "cloud"),
    [
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com/team", "aws"),
        ("123456789012.DKR.ecr.eu-west-1.amazonaws.com", "aws"),
        ("europe-west4-docker.pkg.dev/acme", "gcp"),
        ("gcr.io/acme", "gcp"),
        ("us.gcr.io/example.com/acme", "gcp"),
        ("acme.azurecr.io", "azure"),
        ("acme-b2c3d4.azurecr.io/team", "azure"),
        ("acme.azurecr.cn", "azure"),
        ("acme.azurecr.us", "azure"),
    ],
)
def test_registries_of_clouds(key: str, cloud: Cloud) -> None:
    assert refuse_identity(key, cloud) == ("", "")


@pytest.mark.parametrize(
    ("key", "cloud"),
    [
        ("12345678901.dkr.ecr.eu-west-1.amazonaws.com", "aws"),
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.example", "aws"),
        ("123456789012.dkr.ecr.evil.example/.amazonaws.com", "aws"),
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com:443", "aws"),
        ("public.ecr.aws/acme", "aws"),
        ("amazonaws.com", "aws"),
        ("europe-docker.pkg.dev", "gcp"),
        ("gcr.io", "gcp"),
        ("europe-python.pkg.dev/acme", "gcp"),
        ("evil-gcr.io/acme", "gcp"),
        ("a.b.gcr.io/acme", "gcp"),
        ("azurecr.io", "azure"),
        ("a.b.azurecr.io", "azure"),
        ("acme.azurecr.io.evil.example", "azure"),
        ("mcr.microsoft.com", "azure"),
    ],
)
def test_others_are_refused(key: str, cloud: Cloud) -> None:
    reason, hint = refuse_identity(key, cloud)
    assert reason
    assert hint
