"""Listens for HTTP in a thread of its own."""

from __future__ import annotations

import resource
import socket
import threading
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from imagebot.config.model_serve import Listen
from imagebot.errors import UsageError
from imagebot.run.diagnostics import Diagnostics
from imagebot.serve.connection import ListeningLoop, ListeningSocket, ShedProtocol
from imagebot.values import dataclass

_BACKLOG = 512
_LONGEST_END = 1.0
_FILES = 4096
"""File descriptors that suffice for all connections of two listeners and for the passes beside."""


@dataclass(frozen=True, slots=True)
class Tls:
    """The files of a certificate, with those between it and the authority, and of its key."""

    certificate: str
    key: str


class Listener:
    """Answers at one address. Raises UsageError where it cannot have that.

    `address` is where it listens: with the port that it got, where any was asked for.
    """

    def __init__(
        self, listen: Listen, app: Starlette, diagnostics: Diagnostics, tls: Tls | None = None
    ) -> None:
        self._socket = _bind(listen, diagnostics)
        self.address = Listen(listen.host, self._socket.getsockname()[1])
        self._tls = tls
        self._config = uvicorn.Config(
            app,
            http=ShedProtocol,
            ws="none",
            lifespan="off",
            loop=f"{ListeningLoop.__module__}:{ListeningLoop.__name__}",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            timeout_keep_alive=5,
            timeout_graceful_shutdown=1,
            ssl_certfile=tls.certificate if tls else None,
            ssl_keyfile=tls.key if tls else None,
        )
        self._load(tls)
        self._server = uvicorn.Server(self._config)
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), name="listener", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Accept nothing more, and wait a moment for what is being answered."""
        self._server.should_exit = True
        self._thread.join(_LONGEST_END)

    def renew(self) -> None:
        """Read the certificate again: connections from now on get the new one.

        Raises UsageError, and goes on with the old one.
        """
        if self._tls is not None and self._config.ssl is not None:
            try:
                self._config.ssl.load_cert_chain(self._tls.certificate, self._tls.key)
            except OSError as error:
                raise _bad_certificate(self._tls, error) from error

    def _load(self, tls: Tls | None) -> None:
        try:
            self._config.load()
        except OSError as error:
            self._socket.close()
            assert tls is not None
            raise _bad_certificate(tls, error) from error


def allow_files() -> None:
    """Let the process open as many files as it may need: often only 1024 are allowed by default,
    and all connections take a thousand."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _bad_certificate(tls: Tls, error: OSError) -> UsageError:
    missing = [name for name in (tls.certificate, tls.key) if not Path(name).is_file()]
    what = f"cannot read {missing[0]}" if missing else f"{tls.certificate} and {tls.key}: {error}"
    return UsageError(f"--tls-cert: {what}", hint="PEM files: the certificate, and its key")


def _bind(listen: Listen, diagnostics: Diagnostics) -> socket.socket:
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    opened = ListeningSocket(family, diagnostics)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((listen.host, listen.port))
        opened.listen(_BACKLOG)
    except OSError as error:
        opened.close()
        raise UsageError(
            f"cannot listen at {listen}: {error.strerror}",
            hint="another process may have the port; serve.listen names another",
        ) from error
    opened.setblocking(False)
    return opened
