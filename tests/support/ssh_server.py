"""A real sshd on loopback that serves bare repositories to one key."""

from __future__ import annotations

import contextlib
import getpass
import os
import shlex
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.git_repository import isolated_environment
from tests.support.process import end
from tests.support.require import SSHD, require

# git asks for `git-upload-pack '/name.git'`; the path is taken below the folder that is served.
COMMAND = """
import os, shlex, sys
root = sys.argv[1]
words = shlex.split(os.environ.get("SSH_ORIGINAL_COMMAND", ""))
if len(words) != 2 or words[0] not in ("git-upload-pack", "git-receive-pack"):
    sys.exit("only git is served here")
path = os.path.normpath(os.path.join(root, words[1].lstrip("/")))
if not path.startswith(root + os.sep):
    sys.exit("no such repository")
settings = ["-c", "uploadpack.allowFilter=true", "-c", "uploadpack.allowAnySHA1InWant=true"]
os.execvp("git", ["git", *settings, words[0].removeprefix("git-"), path])
"""


PRIVILEGE_SEPARATION = Path("/run/sshd")


@dataclass(frozen=True, slots=True)
class SshServer:
    root: Path
    """The folder with the repositories."""
    port: int
    user: str
    key_file: Path
    """The client's private key, which the server takes."""
    other_key_file: Path
    """A private key that the server refuses."""
    known_hosts_file: Path
    log: Path

    def url_of(self, name: str) -> str:
        return f"ssh://{self.user}@127.0.0.1:{self.port}/{name}.git"

    def command(self, key_file: Path | None = None) -> str:
        """For the tests' own git: a GIT_SSH_COMMAND that takes nothing from the user."""
        options = {
            "BatchMode": "yes",
            "IdentitiesOnly": "yes",
            "StrictHostKeyChecking": "yes",
            # Several files may be named there, with a space between two.
            "UserKnownHostsFile": f'"{self.known_hosts_file}"',
            "GlobalKnownHostsFile": "/dev/null",
        }
        argv = ["ssh", "-F", "/dev/null", "-i", str(key_file or self.key_file)]
        return shlex.join(argv + [f"-o{name}={value}" for name, value in options.items()])


@contextlib.contextmanager
def ssh_server(folder: Path, root: Path) -> Iterator[SshServer]:
    """Serves the bare repositories below `root`, as the user who runs the tests."""
    require("sshd", "ssh", "git")
    if os.geteuid() == 0:
        # Where root's sshd locks its unprivileged half into. Debian makes it when the service
        # starts, which in a container never happens.
        PRIVILEGE_SEPARATION.mkdir(mode=0o755, exist_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("host_key", "client_key", "other_key"):
        argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(folder / name)]
        subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)
    log = folder / "sshd.log"
    config = _write_config(folder, root.resolve())
    listener = socket.create_server(("127.0.0.1", 0), backlog=32)
    port = listener.getsockname()[1]
    host_key = (folder / "host_key.pub").read_text()
    known_hosts = folder / "known_hosts"
    known_hosts.write_text(f"[127.0.0.1]:{port} {host_key}")
    with listener, _accepting(listener, [SSHD, "-i", "-f", str(config), "-E", str(log)], folder):
        yield SshServer(
            root=root,
            port=port,
            user=getpass.getuser(),
            key_file=folder / "client_key",
            other_key_file=folder / "other_key",
            known_hosts_file=known_hosts,
            log=log,
        )


def _write_config(folder: Path, root: Path) -> Path:
    program = folder / "serve_git.py"
    program.write_text(COMMAND)
    environment = isolated_environment(folder)
    words = [f"{name}={value}" for name, value in environment.items()]
    rest = shlex.join([*words, sys.executable, "-I", str(program), str(root)])
    script = folder / "serve_git.sh"
    # The client's request is the one variable that passes.
    request = 'SSH_ORIGINAL_COMMAND="$SSH_ORIGINAL_COMMAND"'
    script.write_text(f"#!/bin/sh\nexec env -i {request} {rest}\n")
    script.chmod(0o755)
    key = (folder / "client_key.pub").read_text()
    (folder / "authorized_keys").write_text(f'restrict,command="{shlex.quote(str(script))}" {key}')
    lines = [
        f'HostKey "{folder}/host_key"',
        f'AuthorizedKeysFile "{folder}/authorized_keys"',
        "AuthenticationMethods publickey",
        "PermitRootLogin yes",
        "PasswordAuthentication no",
        "KbdInteractiveAuthentication no",
        # The files are in a temporary folder, whose parents others may write to.
        "StrictModes no",
        "UsePAM no",
        "PidFile none",
        "LogLevel VERBOSE",
    ]
    config = folder / "sshd_config"
    config.write_text("\n".join(lines) + "\n")
    return config


@contextlib.contextmanager
def _accepting(listener: socket.socket, argv: list[str], folder: Path) -> Iterator[None]:
    """Start an sshd for each connection, as inetd does: the port is the kernel's choice."""
    started: list[subprocess.Popen[bytes]] = []
    environment = isolated_environment(folder)

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                started.append(
                    subprocess.Popen(
                        argv,
                        stdin=connection.fileno(),
                        stdout=connection.fileno(),
                        stderr=subprocess.DEVNULL,
                        env=environment,
                        start_new_session=True,
                    )
                )

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield
    finally:
        # shutdown() wakes accept() up; close() alone would not.
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
        for process in started:
            end(process)
