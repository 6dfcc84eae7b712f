"""Secrets, read from their file or variable at the moment they are used."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from imagebot.config.model import SecretSource
from imagebot.errors import CredentialError

_MAX_SECRET = 64 * 1024


def read_secret(
    source: SecretSource, environment: Mapping[str, str], *, several_lines: bool = False
) -> str:
    """The secret without the line end that editors add.

    Only what is sent encoded, such as a registry's password (Google's are JSON documents), may have
    `several_lines`. Raises CredentialError where it is missing, empty, or has more lines than that.
    """
    what, text = _read(source, environment)
    text = text.rstrip("\r\n") if several_lines else text.strip()
    if not text.strip():
        raise CredentialError(
            f"{what}, which should hold a secret, is empty or not set",
            hint="set it, or correct the credential's `file:` or `env:`",
        )
    return text if several_lines else one_line(text, what)


def one_line(text: str, what: str) -> str:
    """The text itself; a line break would let it add lines to a protocol of lines or headers.

    Raises CredentialError.
    """
    if any(ord(letter) < 0x20 or ord(letter) == 0x7F for letter in text):
        raise CredentialError(f"{what} holds more than one line, or a control character")
    return text


def _read(source: SecretSource, environment: Mapping[str, str]) -> tuple[str, str]:
    """What it is called, and what it holds."""
    if source.kind == "env":
        return f"the variable {source.name}", environment.get(source.name, "")
    what = f"the file {source.name}"
    try:
        with Path(source.name).open(encoding="utf-8") as file:
            text = file.read(_MAX_SECRET + 1)
    except OSError as error:
        raise CredentialError(
            f"cannot read the secret in {what}: {error.strerror}",
            hint="check that it is mounted and that the bot's user may read it",
        ) from error
    except UnicodeDecodeError as error:
        raise CredentialError(f"{what} with a secret is not UTF-8") from error
    if len(text) > _MAX_SECRET:
        raise CredentialError(f"{what} is larger than {_MAX_SECRET} characters")
    return what, text
