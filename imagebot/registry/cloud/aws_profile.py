"""Read profiles of AWS's shared files, `~/.aws/config` and `~/.aws/credentials`.

https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
"""

from __future__ import annotations

import configparser
from dataclasses import field, replace

from imagebot.registry.cloud.client import CloudClient
from imagebot.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """`unsupported` is a kind of login that takes a browser or a program, "" when it has none."""

    name: str
    access_key: str = field(default="", repr=False)
    secret_key: str = field(default="", repr=False)
    session_token: str = field(default="", repr=False)
    role: str = ""
    session: str = ""
    external_id: str = field(default="", repr=False)
    source_profile: str = ""
    credential_source: str = ""
    web_identity_token_file: str = ""
    unsupported: str = ""

    @property
    def gives_keys(self) -> bool:
        return bool(self.access_key or self.secret_key or self.unsupported)

    def without_role(self) -> Profile:
        return replace(self, role="")


def profile_named(client: CloudClient, name: str) -> Profile | None:
    """A profile, by what both files say of it; the credentials file wins. None without one."""
    env = client.env
    folder = f"{env['HOME']}/.aws" if env.get("HOME") else ""
    config = _read(client, env.get("AWS_CONFIG_FILE") or (folder and f"{folder}/config"))
    keys = _read(
        client, env.get("AWS_SHARED_CREDENTIALS_FILE") or (folder and f"{folder}/credentials")
    )
    sections = [f"profile {name}", *(["default"] if name == "default" else [])]
    found = next((config[section] for section in sections if section in config), None)
    own = keys.get(name)
    if found is None and own is None:
        return None
    return _profile(name, {**(found or {}), **(own or {})})


def _profile(name: str, values: dict[str, str]) -> Profile:
    return Profile(
        name=name,
        access_key=values.get("aws_access_key_id", ""),
        secret_key=values.get("aws_secret_access_key", ""),
        session_token=values.get("aws_session_token", ""),
        role=values.get("role_arn", ""),
        session=values.get("role_session_name", ""),
        external_id=values.get("external_id", ""),
        source_profile=values.get("source_profile", ""),
        credential_source=values.get("credential_source", ""),
        web_identity_token_file=values.get("web_identity_token_file", ""),
        unsupported=_unsupported(values),
    )


def _unsupported(values: dict[str, str]) -> str:
    if "role_arn" in values:
        return "a code of a device (mfa_serial)" if "mfa_serial" in values else ""
    if "aws_access_key_id" in values:
        return ""
    if any(key.startswith("sso_") for key in values):
        return "single sign-on (sso_session)"
    return next((key for key in ("credential_process", "login_session") if key in values), "")


def _read(client: CloudClient, path: str) -> dict[str, dict[str, str]]:
    """The sections of a file, keys in lower case; empty when there is no file."""
    data = client.read_file(path) if path else None
    if data is None:
        return {}
    parser = configparser.RawConfigParser(strict=False, default_section="\0")
    try:
        parser.read_string(data.decode())
    except (configparser.Error, ValueError) as exc:
        # Without the error's own text: it quotes lines, and they may have keys in them.
        raise client.error(f"{path}: not a valid file of profiles") from exc
    return {
        " ".join(name.split()): {key: value.strip() for key, value in parser.items(name)}
        for name in parser.sections()
    }
