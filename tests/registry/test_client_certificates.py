"""Registries that ask clients for a certificate: which one is shown, and to whom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from imagebot.config.model import RegistryOptions
from imagebot.errors import RegistryAuthError, RegistryUnreachableError
from imagebot.reference import Repository
from imagebot.registry.client import RegistryClient
from imagebot.registry.credentials import Credentials
from tests.support.certificates import Flaw, Tls, write_client, write_tls
from tests.support.here import HERE
from tests.support.registry import Registry
from tests.support.scripted_http import Answer, ScriptedServer

Start = Callable[..., ScriptedServer]
LIST = "/v2/team/app/tags/list"


@dataclass(frozen=True, slots=True)
class Files:
    server: Tls
    certificate: Path
    key: Path


@pytest.fixture
def files(tmp_path: Path) -> Files:
    certificate, key, authority = write_client(tmp_path)
    return Files(replace(write_tls(tmp_path), client_ca_file=authority), certificate, key)


def tags(server: ScriptedServer, certificate: object = "", key: object = "") -> tuple[str, ...]:
    options = RegistryOptions(
        host=server.host,
        ca_file=str(server.ca_file),
        client_certificate=str(certificate),
        client_key=str(key),
    )
    with RegistryClient(Credentials([], {}), [options], sleep=lambda _: None, reach=HERE) as client:
        return client.tags(Repository(server.host, "team/app"))


def test_a_registry_that_asks_for_a_certificate(
    start_registry: Callable[..., Registry], repository: str, tmp_path: Path
) -> None:
    registry = start_registry(tls=True, asks_clients=True)
    registry.push_image(repository, "1.0")
    assert registry.client_files
    certificate, key = map(str, registry.client_files)
    options = RegistryOptions(host=registry.host, ca_file=str(registry.ca_file))
    here = Repository(registry.host, repository)
    with (
        RegistryClient(Credentials([], {}), [options], reach=HERE) as client,
        pytest.raises(RegistryUnreachableError, match="it asks for a certificate of") as caught,
    ):
        client.tags(here)
    assert "name one with `client-certificate` of this registry" in caught.value.hint
    expired = write_client(tmp_path, ["expired"])
    worse = replace(options, client_certificate=str(expired[0]), client_key=str(expired[1]))
    with (
        RegistryClient(Credentials([], {}), [worse], reach=HERE) as client,
        pytest.raises(RegistryUnreachableError, match="refuses the connection") as caught,
    ):
        client.tags(here)
    assert "whether it has expired" in caught.value.hint
    options = replace(options, client_certificate=certificate, client_key=key)
    with RegistryClient(Credentials([], {}), [options], reach=HERE) as client:
        assert client.tags(here) == ("1.0",)


def test_in_two_files_and_in_one(start_scripted: Start, files: Files, tmp_path: Path) -> None:
    server = start_scripted(lambda _: Answer(body={"tags": ["1.0"]}), tls=files.server)
    both = tmp_path / "both.pem"
    both.write_bytes(files.key.read_bytes() + files.certificate.read_bytes())
    assert tags(server, files.certificate, files.key) == ("1.0",)
    assert tags(server, both) == ("1.0",)


@pytest.mark.parametrize(
    ("flaw", "reason"), [("expired", "expired"), ("wrong-purpose", "the client's")]
)
def test_one_that_is_not_accepted(
    start_scripted: Start, files: Files, tmp_path: Path, flaw: Flaw, reason: str
) -> None:
    server = start_scripted(lambda _: Answer(), tls=files.server)
    certificate, key, _ = write_client(tmp_path / "flawed", [flaw])
    with pytest.raises(RegistryUnreachableError, match="refuses the connection") as caught:
        tags(server, certificate, key)
    assert reason in caught.value.message
    assert server.requests == []


def test_one_of_another_authority(start_scripted: Start, files: Files, tmp_path: Path) -> None:
    tls = replace(files.server, client_ca_file=files.server.ca_file)
    server = start_scripted(lambda _: Answer(), tls=tls)
    with pytest.raises(RegistryUnreachableError, match="does not know the authority"):
        tags(server, files.certificate, files.key)


BROKEN = [
    ("missing", "missing.pem: No such file or directory"),
    ("missing-key", "missing.pem: No such file or directory"),
    ("folder", ": Is a directory"),
    ("text", "test_client_certificates.py has no certificate in PEM"),
    ("swapped", "client.key has no certificate in PEM"),
    ("text-key", "test_client_certificates.py has no private key in PEM"),
    ("no-key", "client.crt has no private key in PEM"),
    ("cut-key", "client.key cannot be read as PEM"),
    ("other-key", "the key in .*client.key is not that of the certificate"),
    ("passphrase", "the key in .*client.key has a passphrase"),
    ("old-passphrase", "the key in .*client.key has a passphrase"),
]


@pytest.mark.parametrize(("broken", "reason"), BROKEN)
def test_files_that_cannot_be_used(
    start_scripted: Start, files: Files, tmp_path: Path, broken: str, reason: str
) -> None:
    """Nobody is asked for a passphrase."""
    server = start_scripted(lambda _: Answer(), tls=files.server)
    certificate, key = _break(files, tmp_path, broken)
    says = rf"client certificate .* cannot be used: .*{reason}"
    with pytest.raises(RegistryUnreachableError, match=says) as caught:
        tags(server, certificate, key)
    assert "`client-key`" in caught.value.hint
    assert server.requests == []


def _break(files: Files, folder: Path, broken: str) -> tuple[Path, Path | str]:
    certificate, key, here = files.certificate, files.key, Path(__file__)
    missing = folder / "missing.pem"
    if broken == "cut-key":
        key.write_bytes(key.read_bytes()[:80])
    elif broken == "other-key":
        _, key, _ = write_client(folder / "other")
    elif broken.endswith("passphrase"):
        loaded = serialization.load_pem_private_key(key.read_bytes(), None)
        old, new = serialization.PrivateFormat.TraditionalOpenSSL, serialization.PrivateFormat.PKCS8
        secret = serialization.BestAvailableEncryption(b"canary")
        form = old if broken.startswith("old") else new
        key.write_bytes(loaded.private_bytes(serialization.Encoding.PEM, form, secret))
    pairs: dict[str, tuple[Path, Path | str]] = {
        "missing": (missing, key),
        "missing-key": (certificate, missing),
        "folder": (folder, key),
        "text": (here, key),
        "swapped": (key, certificate),
        "text-key": (certificate, here),
        "no-key": (certificate, ""),
    }
    return pairs.get(broken, (certificate, key))


def test_no_other_server_sees_it(start_scripted: Start, files: Files) -> None:
    """Storage and token servers that ask for it do not get it: only the registry's origin does."""
    other = start_scripted(lambda _: Answer(body={"token": "x"}), tls=files.server)
    elsewhere = Answer(307, {"Location": f"{other.url}{LIST}"})
    challenge = {"WWW-Authenticate": f'Bearer realm="{other.url}/token",service="r"'}
    for answer in (elsewhere, Answer(401, challenge)):
        server = start_scripted(tls=files.server)
        server.on("GET", LIST, answer)
        with pytest.raises(RegistryUnreachableError, match=f"{other.host} refuses the connection"):
            tags(server, files.certificate, files.key)
        assert len(server.requests) == 1
    assert other.requests == []


@pytest.mark.parametrize(
    "text", ["No required SSL certificate was sent", "The SSL certificate error"]
)
def test_as_nginx_says_it(scripted: ScriptedServer, text: str) -> None:
    page = f"<html><head><title>400 {text}</title></head></html>"
    scripted.on("GET", LIST, Answer(400, body=page))
    with (
        RegistryClient(Credentials([], {}), reach=HERE) as client,
        pytest.raises(RegistryAuthError, match="asks for a client certificate") as caught,
    ):
        client.tags(Repository(scripted.host, "team/app"))
    assert "client-certificate" in caught.value.hint
