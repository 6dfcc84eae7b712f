"""Finds out, without any effect, whether a nudge would reach somebody."""

from __future__ import annotations

import time
from collections.abc import Mapping
from urllib.parse import urlsplit

from imagebot.config.model_serve import Nudge
from imagebot.config.secret import Vault
from imagebot.errors import NudgeError, RegistryError
from imagebot.http.message import Request
from imagebot.http.transport import Transport
from imagebot.nudge.build import application_request
from imagebot.nudge.nudge import SECONDS
from imagebot.nudge.secret import secret_of
from imagebot.nudge.send import Sender, explained, refused
from imagebot.nudge.signing import key_of
from imagebot.parallel.stop import Stop


def probe(
    nudge: Nudge,
    *,
    environment: Mapping[str, str],
    vault: Vault,
    stop: Stop,
    seconds: float = SECONDS,
) -> str:
    """What was found out of a nudge.

    Its own path is not asked: some who listen there take any request for a nudge. Applications of
    Argo CD are read, as that changes nothing and proves the token. Raises CredentialError and
    NudgeError.
    """
    secret = secret_of(nudge, environment, vault)
    if nudge.type == "webhook":
        key_of(secret)
    transport = Transport()
    sender = Sender(transport=transport, deadline=time.monotonic() + seconds, stop=stop)
    try:
        if nudge.type == "argocd-refresh":
            return _read_applications(nudge, secret, sender)
        parts = urlsplit(nudge.url)
        root = f"{parts.scheme}://{parts.netloc}/"
        sender.once(Request(subject=str(nudge), url=root, method="HEAD", ca_file=nudge.ca_file))
    except RegistryError as error:
        raise explained(error) from error
    finally:
        transport.close()
    return f"reachable; {'the secret can be read' if secret else 'without a secret'}"


def _read_applications(nudge: Nudge, token: str, sender: Sender) -> str:
    for name in nudge.applications:
        response = sender.once(application_request(nudge, name, token, refresh=False))
        if not 200 <= response.status < 300:
            error = refused(nudge.type, response)
            raise NudgeError(f"{name}: {error.message}", hint=error.hint)
    count = len(nudge.applications)
    return f"the token can read {count} application{'' if count == 1 else 's'}"
