"""Reads the secret of a nudge when it is used."""

from __future__ import annotations

from collections.abc import Mapping

from imagebot.config.model_serve import Nudge
from imagebot.config.secret import Vault, read_secret


def secret_of(nudge: Nudge, environment: Mapping[str, str], vault: Vault) -> str:
    """The secret, which the vault knows from then on; "" where there is none.

    Raises CredentialError.
    """
    if nudge.secret is None:
        return ""
    secret = read_secret(nudge.secret, environment)
    for text in dict.fromkeys((secret, secret.removeprefix("whsec_"))):
        vault.keep(text, origin=f"nudges: {nudge}")
    return secret
