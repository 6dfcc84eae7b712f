"""Turns a configured credential into what git needs to use it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from imagebot.config.model import GitCredential
from imagebot.config.secret import one_line, read_token
from imagebot.errors import CredentialError
from imagebot.redaction import Redaction, Secret
from imagebot.values import dataclass

# What git and ssh may see of the environment: where programs are, and how to reach the network.
_INHERITED = (
    "PATH", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH",
    "HTTPS_PROXY", "https_proxy", "http_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy",
)  # fmt: skip
_DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """The secret and the inherited environment of one target's git commands.

    Without a token and a key, ssh uses the agent and the keys of the account that runs the bot,
    and https is anonymous. `origin` says for messages which credential it is, and where it is read.
    """

    origin: str = "no credential"
    username: str = ""
    token: str = field(default="", repr=False)
    ssh_key: str = ""
    known_hosts: str = ""
    inherited: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def redaction(self) -> Redaction:
        """Hides the token in what others say."""
        return Redaction.of([Secret(self.token, self.username)])


def access_for(credential: GitCredential | None, environment: Mapping[str, str]) -> Access:
    """Read the secret now, so that the next pass uses a rotated one.

    Raises CredentialError.
    """
    inherited = {name: environment[name] for name in _INHERITED if environment.get(name)}
    if bundle := environment.get("SSL_CERT_FILE"):
        # git's libcurl may be built with GnuTLS, which ignores that variable.
        inherited.setdefault("GIT_SSL_CAINFO", bundle)
    inherited["PATH"] = _absolute_only(inherited.get("PATH", "")) or _DEFAULT_PATH
    if credential is None:
        if agent := environment.get("SSH_AUTH_SOCK"):
            inherited["SSH_AUTH_SOCK"] = agent
        return Access(inherited=inherited)
    token = read_token(credential, environment)
    for path in (credential.ssh_key, credential.known_hosts):
        if path and not Path(path).is_file():
            raise CredentialError(
                f"credential {credential.name}: no such file: {path}",
                hint="correct ssh-key or known-hosts of the credential",
            )
    return Access(
        origin=credential.origin,
        username=one_line(credential.username, f"the user name of credential {credential.name}"),
        token=token,
        ssh_key=credential.ssh_key,
        known_hosts=credential.known_hosts,
        inherited=inherited,
    )


def _absolute_only(path: str) -> str:
    """PATH without entries that depend on the working directory."""
    return ":".join(entry for entry in path.split(":") if entry.startswith("/"))
