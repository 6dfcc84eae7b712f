"""Run credential helpers: `docker-credential-NAME get`.

The protocol is that of docker/docker-credential-helpers: the server on stdin, JSON on stdout.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping

from imagebot.errors import CredentialError
from imagebot.parallel.child import TimedOutError, TooMuchOutputError, communicate
from imagebot.parallel.stop import Stop
from imagebot.registry.docker_config import StoredCredential
from imagebot.text import clean

_NAME_RE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_TIMEOUT = 30.0
_MAX_OUTPUT = 64 * 1024
_IDENTITY_TOKEN = "<token>"  # noqa: S105  the user name that marks an identity token
_NOT_FOUND = "credentials not found"
# What a helper may see of the environment: where things are, how to reach the network, and the
# settings of the password stores and clouds that the known helpers are for.
_INHERITED = frozenset(
    (
        "PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "LANG", "DISPLAY", "WAYLAND_DISPLAY",
        "DBUS_SESSION_BUS_ADDRESS", "GPG_TTY", "GNUPGHOME", "SSL_CERT_FILE", "SSL_CERT_DIR",
        "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy",
        "NO_PROXY", "no_proxy",
    )
)  # fmt: skip
_INHERITED_PREFIXES = (
    "LC_", "XDG_", "DOCKER_", "PASSWORD_STORE_", "AWS_", "AZURE_", "ACR_", "CLOUDSDK_", "GOOGLE_",
    "GCE_", "GCR_", "OCI_",
)  # fmt: skip


class HelperMissingError(CredentialError):
    """There is no such program here: the file that names it may be another machine's."""


def run_helper(
    name: str,
    server: str,
    env: Mapping[str, str],
    *,
    timeout: float = _TIMEOUT,
    stop: Stop | None = None,
) -> StoredCredential | None:
    """The credential that the helper has for a server; None when it has none.

    Raises HelperMissingError when it is not installed, CredentialError when it does not work.
    """
    program = f"docker-credential-{name}"
    if _NAME_RE.fullmatch(name) is None:
        raise HelperMissingError(f"{clean(name)!r} is not the name of a credential helper")
    path = shutil.which(program, path=env.get("PATH", os.defpath))
    if path is None:
        raise HelperMissingError(
            f"{program}: program not found",
            hint="install it, or give the credential in the bot's configuration",
        )
    status, output = _run(path, program, server, env, timeout, stop)
    if status == 0:
        return _parse(program, output)
    said = clean(output.decode(errors="replace"))
    if _NOT_FOUND in said.lower():
        return None
    if output.lstrip().startswith(b"{"):
        said = "it wrote JSON, which is not shown because it may hold a secret"
    raise CredentialError(
        f"{program}: failed for {server} with status {status}: {said or 'no output'}",
        hint=f"try: echo {server} | {program} get",
    )


def _run(
    path: str,
    program: str,
    server: str,
    env: Mapping[str, str],
    timeout: float,
    stop: Stop | None,
) -> tuple[int, bytes]:
    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [path, "get"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(env),
            start_new_session=True,
        )

    try:
        status, output, _ = communicate(
            start, server.encode(), seconds=timeout, limit=_MAX_OUTPUT, stop=stop
        )
    except OSError as exc:
        raise CredentialError(f"{program}: {exc.strerror or 'it cannot be started'}") from exc
    except TimedOutError as exc:
        raise CredentialError(f"{program}: it did not end within {timeout:g} s") from exc
    except TooMuchOutputError as exc:
        raise CredentialError(f"{program}: it wrote more than {_MAX_OUTPUT} bytes") from exc
    return status, output


def _environment(env: Mapping[str, str]) -> dict[str, str]:
    """The variables that a helper may need; imagebot's own tokens are not among them."""
    return {
        name: value
        for name, value in env.items()
        if name in _INHERITED or name.startswith(_INHERITED_PREFIXES)
    }


def _parse(program: str, output: bytes) -> StoredCredential:
    try:
        document = json.loads(output)
    except (ValueError, RecursionError) as exc:
        raise CredentialError(f"{program}: its output is not JSON") from exc
    fields = document if isinstance(document, dict) else {}
    username, secret = fields.get("Username"), fields.get("Secret")
    if not isinstance(username, str) or not isinstance(secret, str) or not secret:
        raise CredentialError(f"{program}: its output has no Username and Secret")
    if username == _IDENTITY_TOKEN:
        return StoredCredential(username=username, identity_token=secret)
    return StoredCredential(username=username, password=secret)
