"""Find and read docker's `config.json` and podman's `auth.json`."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from fnmatch import fnmatchcase
from pathlib import Path

from imagebot.errors import CredentialError
from imagebot.http.address import normalise_host
from imagebot.values import dataclass

_IPV6_RE = re.compile(r"^\[[0-9A-Fa-f:]*:[0-9A-Fa-f:]*\]")
_MAX_FILE = 1024 * 1024
_VERSIONS = ("v1", "v2")
_FIELDS = ("auth", "username", "password", "identitytoken", "registrytoken")


@dataclass(frozen=True, slots=True)
class File:
    """A file to look in. `required`: a variable names it, so it must be readable if it exists."""

    path: Path
    required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCredential:
    """The credential that a file or helper has for a registry."""

    username: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)
    registry_token: str = field(default="", repr=False)

    @property
    def empty(self) -> bool:
        return not (self.username or self.password or self.identity_token or self.registry_token)


@dataclass(frozen=True, slots=True, kw_only=True)
class DockerConfig:
    """`auths` and `helpers` by key, without scheme and version path; docker.io for Docker Hub."""

    path: str
    auths: Mapping[str, object] = field(repr=False)
    helpers: Mapping[str, str]
    store: str

    def entry(self, host: str, path: str) -> StoredCredential | None:
        """The entry of the longest key that matches; its labels may be globs, as for a kubelet.

        One that is empty counts only where all are. Raises CredentialError when the entry is not
        valid.
        """
        empty = None
        for key in self._keys(host, path):
            entry = _entry(self.auths[key], f"{self.path}: auths.{key}")
            if not entry.empty:
                return entry
            empty = entry
        return empty

    def _keys(self, host: str, path: str) -> Iterator[str]:
        """The keys that match, the best first."""
        yield from (place for place in places(host, path) if place in self.auths)
        globs = sorted((key for key in self.auths if _is_glob(key)), reverse=True)
        yield from (key for key in globs if _fits(key, host, path))

    def helper(self, host: str) -> str:
        return self.helpers.get(host, "")


def hosts(env: Mapping[str, str]) -> frozenset[str]:
    """The hosts that the files have a login for, or a helper of their own; globs name none.

    A file that cannot be read names none either: looking up a credential says what is wrong.
    """
    found: set[str] = set()
    for file in files(env):
        try:
            config = read(file.path, required=file.required)
        except CredentialError:
            continue
        keys = (*config.auths, *config.helpers) if config else ()
        found |= {key.partition("/")[0] for key in keys if not _is_glob(key)}
    return frozenset(found)


def files(env: Mapping[str, str]) -> tuple[File, ...]:
    """The files to look in; the first that has a credential wins."""
    found = []
    if folder := env.get("DOCKER_CONFIG"):
        found.append(File(Path(folder, "config.json"), required=True))
    elif home := env.get("HOME"):
        found.append(File(Path(home, ".docker/config.json"), required=False))
    if name := env.get("REGISTRY_AUTH_FILE"):
        found.append(File(Path(name), required=True))
    if folder := env.get("XDG_RUNTIME_DIR"):
        found.append(File(Path(folder, "containers/auth.json"), required=False))
    if folder := env.get("XDG_CONFIG_HOME"):
        found.append(File(Path(folder, "containers/auth.json"), required=False))
    elif home := env.get("HOME"):
        found.append(File(Path(home, ".config/containers/auth.json"), required=False))
    return tuple(found)


def read(path: Path, *, required: bool) -> DockerConfig | None:
    """The file's content; None when there is none. Raises CredentialError.

    A file that is not required and that we may not read (in the home of another user, in a
    container that runs under any user ID) counts as missing. So does a folder, which is what
    Kubernetes mounts in place of a file when an optional secret does not exist.
    """
    try:
        if path.is_fifo():
            # Opening it would wait for its writer.
            raise CredentialError(f"{path}: a pipe, not a file")
        with path.open("rb") as file:
            data = file.read(_MAX_FILE + 1)
    except (FileNotFoundError, IsADirectoryError):
        return None
    except OSError as exc:
        not_a_folder = isinstance(exc, NotADirectoryError)
        if not required and (not_a_folder or isinstance(exc, PermissionError)):
            return None
        hint = "DOCKER_CONFIG is the folder of config.json" if not_a_folder else ""
        raise CredentialError(
            f"{path}: {exc.strerror or 'it cannot be read'}",
            hint=hint or "check that the bot's user may read it",
        ) from exc
    if len(data) > _MAX_FILE:
        raise CredentialError(f"{path}: larger than {_MAX_FILE} bytes")
    return parse(str(path), data)


def parse(path: str, data: bytes) -> DockerConfig:
    """Raises CredentialError when it is neither a JSON object nor empty."""
    try:
        document = json.loads(data if data.strip() else b"{}")
    except (ValueError, RecursionError) as exc:
        raise CredentialError(f"{path}: it is not JSON", hint="log in again, or repair it") from exc
    if not isinstance(document, dict):
        raise CredentialError(f"{path}: it is not a JSON object", hint="log in again, or repair it")
    auths, helpers = _object(document.get("auths")), _object(document.get("credHelpers"))
    store = document.get("credsStore")
    return DockerConfig(
        path=path,
        auths=_by_place(auths),
        helpers={_key(k): v for k, v in helpers.items() if isinstance(v, str) and v},
        store=store if isinstance(store, str) else "",
    )


def places(host: str, path: str) -> Iterator[str]:
    """The keys that match a repository, longest first: `h/a/b`, `h/a`, `h`."""
    parts = [host, *path.split("/")] if path else [host]
    for count in range(len(parts), 0, -1):
        yield "/".join(parts[:count])


def bare(key: str) -> str:
    """A key without its scheme, and without the `/v1/` or `/v2/` that docker adds to a host."""
    text = key.strip().removeprefix("https://").removeprefix("http://").rstrip("/")
    host, slash, path = text.partition("/")
    return host if path in _VERSIONS else host + slash + path


def _key(key: str) -> str:
    host, slash, path = bare(key).partition("/")
    version, _, below = path.partition("/")
    return normalise_host(host) + slash + (below if below and version in _VERSIONS else path)


def _by_place(auths: Mapping[str, object]) -> dict[str, object]:
    """Entries by their keys' places; of two for the same place, not the empty one."""
    found: dict[str, object] = {}
    for key, value in auths.items():
        if _key(key) not in found or any(_object(value).get(name) for name in _FIELDS):
            found[_key(key)] = value
    return found


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _is_glob(key: str) -> bool:
    return any(char in _IPV6_RE.sub("", key) for char in "*?[")


def _fits(key: str, host: str, path: str) -> bool:
    key_host, _, key_path = key.partition("/")
    globs, labels = key_host.split("."), host.split(".")
    return (
        len(globs) == len(labels)
        and all(fnmatchcase(label, glob) for label, glob in zip(labels, globs, strict=True))
        and (not key_path or path == key_path or path.startswith(f"{key_path}/"))
    )


def _entry(value: object, what: str) -> StoredCredential:
    fields = {k: v for k, v in _object(value).items() if isinstance(v, str)}
    username, password = fields.get("username", ""), fields.get("password", "")
    if auth := fields.get("auth", ""):
        username, password = _decode(auth, what)
    return StoredCredential(
        username=username,
        password=password,
        identity_token=fields.get("identitytoken", ""),
        registry_token=fields.get("registrytoken", ""),
    )


def _decode(auth: str, what: str) -> tuple[str, str]:
    """User and password, from base64 with or without padding and line breaks, as Go reads it."""
    text = auth.replace("\r", "").replace("\n", "")
    try:
        padded = text if text.endswith("=") else text + "=" * (-len(text) % 4)
        decoded = base64.b64decode(padded, validate=True).decode()
    except (binascii.Error, ValueError) as exc:
        raise CredentialError(f"{what}: `auth` is not base64", hint="log in again") from exc
    username, colon, password = decoded.partition(":")
    if not colon:
        raise CredentialError(f"{what}: `auth` is not user:password", hint="log in again")
    # Docker pads with NUL bytes.
    return username, password.strip("\0")
