"""Amazon ECR by way of EventBridge, as its own event and as CloudEvents.

https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-eventbridge.html
"""

from __future__ import annotations

import re

from imagebot.config.identity import parse_ecr_host
from imagebot.serve.hooks.announce import Named, Said, malformed
from imagebot.serve.hooks.cloud_event import CloudEvent, cloud_event
from imagebot.serve.hooks.document import at, text
from imagebot.serve.hooks.model import Delivery, Refused

# An image that was replicated from another region has arrived here as one that was pushed has.
_PUSHES = frozenset({("ECR Image Action", "PUSH"), ("ECR Replication Action", "REPLICATE")})
_PUSH_EVENT = "com.amazon.ecr.image.push"
_SOURCE = re.compile(
    r"(?:urn:aws|arn:aws[a-z-]*):ecr:(?P<region>[^:]+):(?P<account>[^:]+):repository/(?P<name>.+)"
)
# By how the names of their regions begin: where the partitions have their registries.
_SUFFIXES = (
    ("cn-", "amazonaws.com.cn"),
    ("us-iso-", "c2s.ic.gov"),
    ("us-isob-", "sc2s.sgov.gov"),
    ("us-isof-", "csp.hci.ic.gov"),
    ("eu-isoe-", "cloud.adc-e.uk"),
    ("eusc-", "amazonaws.eu"),
    ("", "amazonaws.com"),
)


def read(delivery: Delivery, document: object) -> Said | Refused:
    if event := cloud_event(delivery, document):
        return _of_cloud_event(event)
    kind, identity = text(document, "detail-type"), text(document, "id")
    if not kind:
        return malformed("has no detail-type")
    detail = at(document, "detail")
    failed = text(detail, "result") not in ("", "SUCCESS")
    if failed or (kind, text(detail, "action-type")) not in _PUSHES:
        return Said(id=identity)
    path = text(detail, "repository-name")
    if not path:
        return malformed("has no detail.repository-name")
    host = registry_host(text(document, "account"), text(document, "region"))
    return Said(images=(Named(host, path, text(detail, "image-tag")),), id=identity)


def _of_cloud_event(event: CloudEvent) -> Said | Refused:
    """Its data names repository and tag, else its subject does, else its source the repository."""
    if event.type != _PUSH_EVENT:
        return Said(id=event.id)
    source = _SOURCE.fullmatch(event.source)
    name, _, tag = event.subject.partition(":")
    path = text(event.data, "repositoryName") or name or (source["name"] if source else "")
    if not path:
        return malformed("has no repositoryName, subject or source with a repository")
    account = text(event.data, "registryId") or (source["account"] if source else "")
    host = registry_host(account, source["region"] if source else "")
    return Said(images=(Named(host, path, text(event.data, "imageTag") or tag),), id=event.id)


def registry_host(account: str, region: str) -> str:
    """The host of an account's private registry; "" when these are not an account and a region."""
    suffix = next(suffix for prefix, suffix in _SUFFIXES if region.startswith(prefix))
    host = f"{account}.dkr.ecr.{region}.{suffix}"
    return host if parse_ecr_host(host) else ""
