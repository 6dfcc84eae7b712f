"""Checks the secrets that only the daemon needs."""

from __future__ import annotations

from collections.abc import Iterator

from imagebot.config.secret import read_secret
from imagebot.errors import CredentialError
from imagebot.run.check import Check
from imagebot.run.passes import PassContext


def check_serve(context: PassContext) -> Iterator[Check]:
    """Whether the secrets of hooks and of the page can be read. A `run` does not need them."""
    options = context.bot.serve
    for place, source in options.secrets.items() if options else ():
        try:
            secret = read_secret(source, context.environment)
        except CredentialError as error:
            yield Check.warning(place, error.message, error.hint)
        else:
            context.vault.keep(secret, origin=place)
            yield Check(True, place, "the secret can be read")
