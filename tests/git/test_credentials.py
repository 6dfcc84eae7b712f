from __future__ import annotations

from pathlib import Path

import pytest

from imagebot.config.model import GitCredential
from imagebot.config.secret_source import SecretSource
from imagebot.errors import CredentialError
from imagebot.git.credentials import access_for

ENVIRONMENT = {
    "PATH": "/opt/git/bin:bin::./x:/usr/bin",
    "HTTPS_PROXY": "http://proxy:3128",
    "SSH_AUTH_SOCK": "/run/agent",
    "GIT_TRACE": "1",
    "GIT_DIR": "/elsewhere",
    "GIT_SSL_NO_VERIFY": "1",
    "GIT_ASKPASS": "/bin/evil",
    "LD_PRELOAD": "/evil.so",
    "TOKEN": " tok/en\n",
}


def test_a_token() -> None:
    credential = GitCredential(name="c", token=SecretSource("env", "TOKEN"))
    access = access_for(credential, ENVIRONMENT)
    assert (access.username, access.token) == ("x-access-token", "tok/en")
    assert access.redaction.hide("no tok%2fen, no dG9rL2Vu") == "no ***, no ***"
    assert "tok" not in repr(access).replace("x-access-token", "")


def test_only_what_is_listed_is_inherited() -> None:
    access = access_for(GitCredential(name="c", token=SecretSource("env", "TOKEN")), ENVIRONMENT)
    assert access.inherited == {"PATH": "/opt/git/bin:/usr/bin", "HTTPS_PROXY": "http://proxy:3128"}


def test_without_a_credential_the_agent_may_help() -> None:
    access = access_for(None, ENVIRONMENT)
    assert access.inherited["SSH_AUTH_SOCK"] == "/run/agent"
    assert access.redaction.hide("tok/en") == "tok/en"


def test_without_a_usable_path() -> None:
    assert access_for(None, {"PATH": "bin:."}).inherited["PATH"] == "/usr/local/bin:/usr/bin:/bin"


def test_a_rotated_secret_is_taken_up(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("one\n")
    credential = GitCredential(name="c", token=SecretSource("file", str(file)))
    assert access_for(credential, {}).token == "one"
    file.write_text("two\n")
    assert access_for(credential, {}).token == "two"


def test_a_key_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CredentialError, match="no such file"):
        access_for(GitCredential(name="c", ssh_key=str(tmp_path / "key")), {})


def test_what_is_said_of_a_credential_names_it_and_where_it_is_read(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.touch()
    both = GitCredential(name="c", token=SecretSource("env", "TOKEN"), ssh_key=str(key))
    assert access_for(both, ENVIRONMENT).origin == f"credential c, variable TOKEN, key {key}"
    assert access_for(None, {}).origin == "no credential"
    lost = GitCredential(name="c", token=SecretSource("file", "/nowhere/token"))
    with pytest.raises(CredentialError, match=r"^credential c: .* the file /nowhere/token"):
        access_for(lost, {})


def test_a_user_name_of_two_lines() -> None:
    credential = GitCredential(name="c", username="a\npassword=b", token=SecretSource("env", "T"))
    with pytest.raises(CredentialError, match="more than one line"):
        access_for(credential, {"T": "x"})


def test_git_trusts_the_bundle_that_everything_else_trusts() -> None:
    inherited = access_for(None, {"SSL_CERT_FILE": "/ca.pem"}).inherited
    assert inherited["GIT_SSL_CAINFO"] == inherited["SSL_CERT_FILE"] == "/ca.pem"
    own = {"SSL_CERT_FILE": "/ca.pem", "GIT_SSL_CAINFO": "/git.pem"}
    assert access_for(None, own).inherited["GIT_SSL_CAINFO"] == "/git.pem"
