"""Turn failed responses into errors that say what to do. Pure, but for the clock."""

from __future__ import annotations

import re
import time

from imagebot.errors import (
    RegistryAuthError,
    RegistryError,
    RegistryProtocolError,
    RegistryRateLimitError,
    RepositoryNotFoundError,
)
from imagebot.http.endpoint import Endpoint
from imagebot.http.message import Response
from imagebot.http.pauses import is_limit, requested_pause
from imagebot.reference import DOCKER_HUB
from imagebot.registry.credentials import Credential
from imagebot.registry.protocol import ErrorDetail, parse_errors

_NOT_FOUND = frozenset({"NAME_UNKNOWN", "MANIFEST_UNKNOWN", "BLOB_UNKNOWN", "NOT_FOUND"})
_DENIED = frozenset({"UNAUTHORIZED", "DENIED"})
# Of the distribution specification, and of Docker Hub.
_KNOWN_CODES = (
    _NOT_FOUND
    | _DENIED
    | {
        *("BLOB_UPLOAD_INVALID", "BLOB_UPLOAD_UNKNOWN", "DIGEST_INVALID", "MANIFEST_BLOB_UNKNOWN"),
        *("MANIFEST_INVALID", "NAME_INVALID", "SIZE_INVALID", "TOOMANYREQUESTS", "UNSUPPORTED"),
    }
)
# How nginx refuses a client without a certificate, or with one that it does not accept.
_NGINX_RE = re.compile(rb"No required SSL certificate was sent|The SSL certificate error")
# How Go's servers and nginx answer plain http on a port for TLS.
_TLS_RE = re.compile(rb"(?i)HTTP request (?:to an|was sent to) HTTPS (?:server|port)")


def failure(
    subject: str, response: Response, endpoint: Endpoint, credential: Credential | None
) -> RegistryError:
    """The error for a response that is not a success."""
    details = parse_errors(response.body)
    codes = tuple(detail.code for detail in details if detail.code)
    said, status = _said(response, details), response.status
    if status == 400 and _NGINX_RE.search(response.body):
        return RegistryAuthError(
            subject,
            "the registry asks for a client certificate that it accepts (400)",
            hint="name one with `client-certificate` of this registry in the bot's configuration",
            status=status,
        )
    if status == 400 and _TLS_RE.search(response.body):
        return RegistryProtocolError(
            subject,
            "the registry speaks TLS, and was asked over plain http (400)",
            hint="remove `insecure` of this registry in the bot's configuration; for one on this "
            "machine, name the `ca-file`",
            status=status,
        )
    if is_limit(response) or "TOOMANYREQUESTS" in codes:
        return _rate_limit(subject, response, codes, said, endpoint, credential)
    if status in (401, 403) or (status == 400 and _DENIED & set(codes)):
        return RegistryAuthError(
            subject,
            f"the registry refused access ({status}{said})",
            hint=_access_hint(endpoint, credential),
            status=status,
            codes=codes,
        )
    if status == 404 or _NOT_FOUND & set(codes):
        return _not_found(subject, status, codes, said)
    if status >= 500 or status == 408:
        return RegistryError(
            subject,
            f"the registry failed ({status}{said})",
            hint="a later pass asks again; look at the registry if it lasts",
            status=status,
            codes=codes,
            temporary=True,
        )
    return RegistryProtocolError(
        subject, f"the registry returned {status}{said}", status=status, codes=codes
    )


def token_failure(
    subject: str, server: str, response: Response, credential: Credential | None
) -> RegistryError:
    """The error for a token server's response other than 200."""
    details = parse_errors(response.body)
    codes = tuple(detail.code for detail in details if detail.code)
    said, status = _said(response, details), response.status
    if status == 429:
        return RegistryRateLimitError(
            subject,
            f"the token server {server} asks for a pause ({status}{said})",
            hint="a later pass asks again",
            status=status,
            codes=codes,
            retry_after=_pause(response),
        )
    if status >= 500:
        return RegistryError(
            subject,
            f"the token server {server} failed ({status}{said})",
            status=status,
            codes=codes,
            temporary=True,
        )
    if credential:
        hint = f"renew the credential from {credential.origin}, or give it the right to pull"
    else:
        registry = subject.partition("/")[0]
        hint = f"check the name, or give a credential with `credentials: registries: {registry}:`"
    if 400 <= status < 500:
        reason = f"the token server {server} refused access ({status}{said})"
        return RegistryAuthError(subject, reason, hint=hint, status=status, codes=codes)
    return RegistryProtocolError(
        subject, f"the token server {server} returned {status}", status=status, codes=codes
    )


def _not_found(
    subject: str, status: int, codes: tuple[str, ...], said: str
) -> RepositoryNotFoundError:
    what = "the image" if "MANIFEST_UNKNOWN" in codes else "it"
    return RepositoryNotFoundError(
        subject,
        f"the registry does not have {what} ({status}{said})",
        hint="check the name; some registries hide what a credential may not see",
        status=status,
        codes=codes,
    )


def _rate_limit(
    subject: str,
    response: Response,
    codes: tuple[str, ...],
    said: str,
    endpoint: Endpoint,
    credential: Credential | None,
) -> RegistryRateLimitError:
    hint = "a later pass asks again"
    if endpoint.registry == DOCKER_HUB and credential is None:
        hint += "; Docker Hub allows far more with a credential for docker.io"
    return RegistryRateLimitError(
        subject,
        f"the registry asks for a pause ({response.status}{said})",
        hint=hint,
        status=response.status,
        codes=codes,
        retry_after=_pause(response),
    )


def _access_hint(endpoint: Endpoint, credential: Credential | None) -> str:
    if credential:
        return f"renew the credential from {credential.origin}, or give it the right to pull"
    give = f"give a credential with `credentials: registries: {endpoint.registry}:`"
    if endpoint.registry == DOCKER_HUB:
        return (
            "check the name (Docker Hub also refuses access to repositories that do not exist), "
            f"or {give}"
        )
    return f"{give} in the bot's configuration, or log in with docker"


def _said(response: Response, details: tuple[ErrorDetail, ...]) -> str:
    """The first error in the registry's words, which may repeat the credential.

    Of what may not be quoted, only a code that the specification knows.
    """
    for detail in details:
        parts = (detail.code, detail.message)
        if not response.quotable:
            parts = (detail.code if detail.code in _KNOWN_CODES else "", "")
        if text := ": ".join(part for part in parts if part):
            return f", {text}"
    return ""


def _pause(response: Response) -> float | None:
    return requested_pause(response, time.time())
