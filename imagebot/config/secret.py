"""Secrets, read from their file or variable at the moment they are used."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from imagebot.config.file import read_named
from imagebot.errors import CredentialError
from imagebot.redaction import SHORT, Redaction, Secret

if TYPE_CHECKING:
    from imagebot.config.model import GitCredential
from imagebot.config.secret_source import SecretSource

_MAX_SECRET = 64 * 1024
_MOST_KEPT = 4000
_MOST_CHARACTERS = 4_000_000
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")


class Vault:
    """The secrets that a process has used, for hiding them in what others say.

    Safe between threads. It is made once and given to whatever uses secrets. Those that have an
    origin are the operator's. Of more than 4,000, such as the tokens of many weeks, or of more than
    four million characters, it knows the newest, and as many of the operator's.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._granted = _Newest()
        self._configured = _Newest()
        self._new: list[Secret] = []
        self._redaction = Redaction()
        self._in_tags: Redaction | None = None

    def keep(self, text: str, *, username: str = "", origin: str = "") -> None:
        """Know a secret from now on; warns about a short one of the given origin."""
        secret = Secret(text, username)
        # Without the lock: most secrets are used again and again.
        # A proxy's password is told once only: no number of granted tokens may push it out.
        kept = self._configured if origin else self._granted
        if not text or secret in kept:
            return
        with self._lock:
            if secret in kept:
                return
            self._new.append(secret)
            if origin:
                self._in_tags = None
            if kept.add(secret):
                self._redaction, self._new = Redaction(), [*self._configured, *self._granted]
        if secret.short and origin:
            import logging  # takes as long as all of the above

            logging.getLogger(__name__).warning(
                "the secret of %s has fewer than %d characters: "
                "in messages it is hidden only where it is a word of its own",
                origin,
                SHORT,
            )

    def keep_proxies(self, environment: Mapping[str, str]) -> None:
        """Know the passwords in the addresses of the environment's proxies."""
        from urllib.parse import unquote

        for name, value in environment.items():
            userinfo = value.rpartition("@")[0].rpartition("//")[2]
            if name.lower() in _PROXIES and userinfo:
                user, _, password = userinfo.partition(":")
                self.keep(unquote(password), username=unquote(user), origin=name)

    @property
    def redaction(self) -> Redaction:
        """Hides all that is known now."""
        with self._lock:
            if self._new:
                self._redaction, self._new = self._redaction.adding(self._new), []
            return self._redaction

    def hide(self, text: str) -> str:
        """The text with `***` for each secret that is known now."""
        return self.redaction.hide(text)

    def hide_sent(self, text: str, granted: Callable[[], Iterable[str]]) -> str:
        """The text of who was `granted` some tokens, without those and the operator's secrets.

        Whoever grants a token could choose it so that it hides what others send, and what is
        decided by that.
        """
        if self.hide(text) == text:
            return text
        with self._lock:
            configured = tuple(self._configured)
        return Redaction.of((*configured, *map(Secret, granted()))).hide(text)

    def without_secrets(self, tags: Sequence[str], repository: str) -> tuple[str, ...]:
        """The tags that have no secret of the operator's in them, in any base64 or digits: a tag is
        written into commits and pull requests. Warns about the others.

        Not those with a granted token in them: whoever grants one could choose it so that the tags
        of other registries are left out.
        """
        with self._lock:
            if self._in_tags is None:
                self._in_tags = Redaction.of(self._configured)
            redaction = self._in_tags
        if not redaction.is_in("\n".join(tags)):
            return tuple(tags)
        kept = tuple(tag for tag in tags if not redaction.is_in(tag))
        import logging

        logging.getLogger(__name__).warning(
            "%s: tags with a secret of imagebot in them are left out: %d",
            repository,
            len(tags) - len(kept),
        )
        return kept


class _Newest:
    """Secrets in the order in which they came, the newest only: hiding one takes memory."""

    def __init__(self) -> None:
        self._secrets: dict[Secret, None] = {}
        self._characters = 0

    def __contains__(self, secret: Secret) -> bool:
        return secret in self._secrets

    def __iter__(self) -> Iterator[Secret]:
        return iter(self._secrets)

    def add(self, secret: Secret) -> bool:
        """Whether others have been forgotten for it."""
        self._secrets[secret] = None
        self._characters += len(secret.text)
        if len(self._secrets) <= _MOST_KEPT and self._characters <= _MOST_CHARACTERS:
            return False
        for old in list(self._secrets)[: max(1, len(self._secrets) // 2)]:
            del self._secrets[old]
            self._characters -= len(old.text)
        return True


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


def read_token(credential: GitCredential, environment: Mapping[str, str]) -> str:
    """The token of a Git credential, "" where it has none. Raises CredentialError."""
    if credential.token is None:
        return ""
    try:
        return read_secret(credential.token, environment)
    except CredentialError as error:
        raise CredentialError(
            f"credential {credential.name}: {error.message}",
            hint=error.hint,
            temporary=error.temporary,
        ) from error


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
        text = read_named(source.name, _MAX_SECRET).decode("utf-8").replace("\r\n", "\n")
    except OSError as error:
        raise CredentialError(
            f"cannot read the secret in {what}: {error.strerror}",
            hint="check that it is mounted and that the bot's user may read it",
        ) from error
    except UnicodeDecodeError as error:
        raise CredentialError(f"{what} with a secret is not UTF-8") from error
    if len(text) > _MAX_SECRET:
        raise CredentialError(f"{what} is larger than {_MAX_SECRET} bytes")
    return what, text
