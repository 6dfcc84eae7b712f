"""Which registries are a cloud's own, so that the bot can log in with its identity there. Pure.

A host that anybody could have made is never one: the login would be for a stranger's server.
"""

from __future__ import annotations

import re

from imagebot.config.model import Cloud
from imagebot.values import dataclass

# As in AWS's ecr-credential-provider for kubelets and its helper for docker.
_ECR_RE = re.compile(
    r"[0-9]{12}\.dkr[.-]ecr(?P<fips>-fips)?\.(?P<region>[a-z0-9][a-z0-9-]{0,62})\."
    r"(?P<suffix>amazonaws\.com|amazonaws\.com\.cn|amazonaws\.eu|on\.aws"
    r"|on\.amazonwebservices\.com\.cn|sc2s\.sgov\.gov|c2s\.ic\.gov|cloud\.adc-e\.uk"
    r"|csp\.hci\.ic\.gov)"
)
_GOOGLE_RE = re.compile(r"([a-z0-9-]+-docker\.pkg\.dev|([a-z]+\.)?gcr\.io)")
_ACR_RE = re.compile(r"[a-z0-9][a-z0-9-]{0,62}\.azurecr\.(io|cn|us)")

# The suffixes of ECR's dual-stack hosts: what their API has instead, and the other services.
_DUAL_STACK = {
    "on.aws": ("api.aws", "amazonaws.com"),
    "on.amazonwebservices.com.cn": ("api.amazonwebservices.com.cn", "amazonaws.com.cn"),
}


@dataclass(frozen=True, slots=True)
class EcrHost:
    """A private registry of Amazon ECR; `suffix` is that of AWS's hosts in its partition."""

    region: str
    suffix: str
    api: str
    """The host of ECR's API for it."""


def parse_ecr_host(host: str) -> EcrHost | None:
    """What the name of a registry says; None when it is not one of Amazon ECR."""
    found = _ECR_RE.fullmatch(host.lower())
    if found is None:
        return None
    region, suffix = found["region"], found["suffix"]
    service = f"ecr{found['fips'] or ''}"
    if suffix in _DUAL_STACK:
        api, usual = _DUAL_STACK[suffix]
        return EcrHost(region, usual, f"{service}.{region}.{api}")
    return EcrHost(region, suffix, f"api.{service}.{region}.{suffix}")


def refuse_identity(key: str, cloud: Cloud) -> tuple[str, str]:
    """Why a registry, `host` or `host/path`, cannot be used with an identity, and a hint.

    Both are "" when it can.
    """
    host, _, path = key.lower().partition("/")
    if cloud == "aws" and parse_ecr_host(host) is None:
        return "not a private registry of Amazon ECR", "ACCOUNT.dkr.ecr.REGION.amazonaws.com"
    if cloud == "azure" and _ACR_RE.fullmatch(host) is None:
        return "not a registry of Azure", "NAME.azurecr.io"
    if cloud == "gcp":
        if _GOOGLE_RE.fullmatch(host) is None:
            return "not a registry of Google", "LOCATION-docker.pkg.dev/PROJECT"
        if not path:
            # These hosts serve everybody's projects.
            return "needs the project: all of Google's projects share this host", f"{host}/PROJECT"
    return "", ""
