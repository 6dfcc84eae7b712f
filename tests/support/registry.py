"""Debian's docker-registry on loopback, and a client that pushes to it over plain HTTP."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx

from tests.support.certificates import Tls, write_client, write_tls
from tests.support.process import PATIENCE, running
from tests.support.pusher import Pusher
from tests.support.require import require
from tests.support.token_server import ISSUER, SERVICE, TokenServer, token_server

USERNAME = "alice"
PASSWORD = "s3cret-of-alice"


@dataclass(frozen=True, slots=True)
class Registry(Pusher):
    """A running registry; pushing to it needs no credentials to be given."""

    host: str
    """`127.0.0.1:port`, the first part of a reference to an image in it."""
    url: str
    username: str | None
    password: str | None
    ca_file: Path | None
    client_files: tuple[Path, Path] | None
    """The certificate and key that clients need, where they need one."""
    tokens: TokenServer | None
    log: Path


@contextlib.contextmanager
def registry(
    folder: Path,
    *,
    auth: str = "anonymous",
    tls: bool = False,
    asks_clients: bool = False,
    users: Mapping[str, str] | None = None,
    rights: Mapping[str, Mapping[str, set[str]]] | None = None,
    notify: str | None = None,
    notify_headers: Mapping[str, str] | None = None,
    notifications: Mapping[str, Any] | None = None,
) -> Iterator[Registry]:
    """A registry that keeps everything in `folder`.

    auth: "anonymous", "htpasswd" or "token". tls: also of the token server. asks_clients: for a
    certificate, with `tls`. notify: the URL that pushes are announced to. notifications: or this
    part of its configuration.
    """
    require("docker-registry")
    folder.mkdir(parents=True, exist_ok=True)
    known = dict(users) if users is not None else {USERNAME: PASSWORD}
    with contextlib.ExitStack() as stack:
        files = write_tls(folder / "tls") if tls else None
        tokens = None
        if auth == "token":
            tokens = stack.enter_context(
                token_server(folder / "tokens", users=known, rights=rights, tls=files)
            )
        client_files = None
        if files and asks_clients:
            *pair, authority = write_client(folder / "tls")
            client_files = (pair[0], pair[1])
            files = replace(files, client_ca_file=authority)
        configuration = _configuration(folder, files)
        configuration["auth"] = _auth(folder, auth, known, tokens)
        configuration["notifications"] = notifications
        if notify:
            configuration["notifications"] = _notifications(notify, notify_headers or {})
        config_file = folder / "registry.yml"
        config_file.write_text(json.dumps({k: v for k, v in configuration.items() if v}))
        log = folder / "registry.log"
        argv = ["docker-registry", "serve", str(config_file)]
        port = stack.enter_context(running(argv, log=log, ready=_listening_port, cwd=folder))
        user, password = next(iter(known.items())) if auth != "anonymous" else (None, None)
        host = f"127.0.0.1:{port}"
        url = f"{'https' if tls else 'http'}://{host}"
        context = files.client_context() if files else None
        if context and client_files:
            context.load_cert_chain(*client_files)
        client = httpx.Client(
            base_url=url,
            auth=(user, password) if auth == "htpasswd" and user and password else None,
            verify=context or False,
            timeout=PATIENCE,
            trust_env=False,
        )
        stack.enter_context(client)
        yield Registry(
            client=client,
            root=folder / "data",
            authorize=tokens.mint_any if tokens else None,
            host=host,
            url=url,
            username=user,
            password=password,
            ca_file=files.ca_file if files else None,
            client_files=client_files,
            tokens=tokens,
            log=log,
        )


def _listening_port(log: str) -> int | None:
    """The kernel picked the port (the configuration says 0); the log says which."""
    found = re.search(r"listening on 127\.0\.0\.1:(\d+)", log)
    return int(found[1]) if found else None


def _configuration(folder: Path, tls: Tls | None) -> dict[str, Any]:
    http: dict[str, Any] = {"addr": "127.0.0.1:0", "secret": "shared between nobody"}
    if tls:
        http["tls"] = {"certificate": str(tls.certificate_file), "key": str(tls.key_file)}
        if tls.client_ca_file:
            http["tls"]["clientcas"] = [str(tls.client_ca_file)]
    return {
        "version": "0.1",
        "log": {"level": "info", "accesslog": {"disabled": True}},
        "storage": {
            "filesystem": {"rootdirectory": str(folder / "data")},
            "delete": {"enabled": True},
            "maintenance": {"uploadpurging": {"enabled": False}},
        },
        "http": http,
    }


def _auth(
    folder: Path, auth: str, users: Mapping[str, str], tokens: TokenServer | None
) -> dict[str, Any]:
    if auth == "htpasswd":
        return {"htpasswd": {"realm": "imagebot-test", "path": str(_htpasswd(folder, users))}}
    if tokens:
        bundle = str(tokens.certificate_file)
        names = {"service": SERVICE, "issuer": ISSUER}
        return {"token": {"realm": tokens.realm, "rootcertbundle": bundle, **names}}
    return {}


def _htpasswd(folder: Path, users: Mapping[str, str]) -> Path:
    require("htpasswd")
    path = folder / "htpasswd"
    lines = []
    for user, password in users.items():
        # -C 4: the cheapest bcrypt. The registry checks the password on every single request.
        argv = ["htpasswd", "-niBC", "4", user]
        made = subprocess.run(argv, input=password.encode(), capture_output=True, check=True)
        lines.append(made.stdout.strip())
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


def _notifications(url: str, headers: Mapping[str, str]) -> dict[str, Any]:
    endpoint = {
        "name": "imagebot",
        "url": url,
        "headers": {name: [value] for name, value in headers.items()},
        "timeout": f"{PATIENCE:g}s",
        "threshold": 3,
        "backoff": "200ms",
        # Only manifests: blob pushes come as octet-stream. `actions` alone has no effect in 2.8.
        "ignore": {"actions": ["pull"], "mediatypes": ["application/octet-stream"]},
    }
    return {"events": {"includereferences": True}, "endpoints": [endpoint]}
