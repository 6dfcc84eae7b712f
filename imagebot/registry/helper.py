"""Credential helpers: `docker-credential-NAME get`, asked as a process of its own.

After the protocol of docker/docker-credential-helpers: the server on stdin, JSON on stdout.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping

from imagebot.errors import CredentialError
from imagebot.registry.docker_config import StoredCredential
from imagebot.text import clean

_NAME_RE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_TIMEOUT = 30.0
_MAX_OUTPUT = 64 * 1024
_IDENTITY_TOKEN = "<token>"  # noqa: S105  the user name that marks one
_NOT_FOUND = "credentials not found"


def run_helper(
    name: str, server: str, env: Mapping[str, str], *, timeout: float = _TIMEOUT
) -> StoredCredential | None:
    """What the helper has for a server; None when it has nothing.

    Raises CredentialError when it does not work.
    """
    program = f"docker-credential-{name}"
    if _NAME_RE.fullmatch(name) is None:
        raise CredentialError(f"{clean(name)!r} is no name of a credential helper")
    path = shutil.which(program, path=env.get("PATH", os.defpath))
    if path is None:
        raise CredentialError(
            f"{program}: there is no such program",
            hint="install it, or give the credential in the bot's configuration",
        )
    status, output = _run(path, program, server, env, timeout)
    if status == 0:
        return _parse(program, output)
    said = clean(output.decode(errors="replace"))
    if _NOT_FOUND in said.lower():
        return None
    raise CredentialError(
        f"{program}: it failed for {server} with status {status}: {said or 'it said nothing'}",
        hint=f"try: echo {server} | {program} get",
    )


def _run(
    path: str, program: str, server: str, env: Mapping[str, str], timeout: float
) -> tuple[int, bytes]:
    deadline = time.monotonic() + timeout
    try:
        process = subprocess.Popen(
            [path, "get"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=dict(env),
            start_new_session=True,
        )
    except OSError as exc:
        raise CredentialError(f"{program}: {exc.strerror or 'it cannot be started'}") from exc
    try:
        assert process.stdin
        assert process.stdout
        # A helper that ends without reading has closed the pipe.
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(server.encode())
            process.stdin.close()
        output = _read(process.stdout.fileno(), deadline)
        if output is not None and len(output) <= _MAX_OUTPUT:
            return process.wait(max(0.0, deadline - time.monotonic())), output
        if output is not None:
            raise CredentialError(f"{program}: it wrote more than {_MAX_OUTPUT} bytes")
        raise CredentialError(f"{program}: no answer within {timeout:g} s")
    except subprocess.TimeoutExpired as exc:
        raise CredentialError(f"{program}: it did not end within {timeout:g} s") from exc
    finally:
        _end(process)


def _read(pipe: int, deadline: float) -> bytes | None:
    """All of the output, or a little more than the limit; None when time is up."""
    output = b""
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while len(output) <= _MAX_OUTPUT:
            if not selector.select(max(0.0, deadline - time.monotonic())):
                return None
            chunk = os.read(pipe, 16 * 1024)
            if not chunk:
                break
            output += chunk
    return output


def _end(process: subprocess.Popen[bytes]) -> None:
    """Nothing of it is left: also what it started, which may hold the pipe open."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe:
            with contextlib.suppress(OSError):
                pipe.close()


def _parse(program: str, output: bytes) -> StoredCredential:
    try:
        document = json.loads(output)
    except (ValueError, RecursionError) as exc:
        raise CredentialError(f"{program}: its answer is no JSON") from exc
    fields = document if isinstance(document, dict) else {}
    username, secret = fields.get("Username"), fields.get("Secret")
    if not isinstance(username, str) or not isinstance(secret, str) or not secret:
        raise CredentialError(f"{program}: its answer has no Username and Secret")
    if username == _IDENTITY_TOKEN:
        return StoredCredential(username=username, identity_token=secret)
    return StoredCredential(username=username, password=secret)
