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
    start_registry: Callable[..., Registry], repository: str
) -> None:
    registry = start_registry(tls=True, asks_clients=True)
    registry.push_image(repository, "1.0")
    assert registry.client_files
    certificate, key = map(str, registry.client_files)
    options = RegistryOptions(host=registry.host, ca_file=str(registry.ca_file))
    here = Repository(registry.host, repository)
    with (
        RegistryClient(Credentials([], {}), [options], reach=HERE) as client,
        pytest.raises(RegistryUnreachableError, match="refuses the connection") as caught,
    ):
        client.tags(here)
    assert "`client-certificate` of this registry" in caught.value.hint
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


@pytest.mark.parametrize("broken", ["missing", "folder", "text", "no-key", "passphrase"])
def test_files_that_cannot_be_used(
    start_scripted: Start, files: Files, tmp_path: Path, broken: str
) -> None:
    """Nobody is asked for a passphrase."""
    server = start_scripted(lambda _: Answer(), tls=files.server)
    certificate, key = files.certificate, files.key
    if broken == "missing":
        certificate = tmp_path / "missing"
    elif broken == "folder":
        certificate = tmp_path
    elif broken == "text":
        certificate = Path(__file__)
    elif broken == "passphrase":
        loaded = serialization.load_pem_private_key(key.read_bytes(), None)
        pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        secret = serialization.BestAvailableEncryption(b"canary")
        key.write_bytes(loaded.private_bytes(pem, pkcs8, secret))
    with pytest.raises(RegistryUnreachableError, match=r"client certificate .* cannot be used"):
        tags(server, certificate, "" if broken == "no-key" else key)
    assert server.requests == []


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
