"""Certificates that are not trusted, at real servers: what the message says, and the hint."""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from imagebot.http.message import Request
from imagebot.http.tls import explain_distrust
from imagebot.http.transport import Transport
from imagebot.http.unreachable import CannotConnectError
from tests.support.certificates import IS_STRICT, Flaw, write_tls
from tests.support.here import TransportHere
from tests.support.scripted_http import Answer, ScriptedServer

Start = Callable[..., ScriptedServer]


@pytest.fixture
def transport() -> Iterator[Transport]:
    with ExitStack() as stack:
        made = TransportHere()
        stack.callback(made.close)
        yield made


def refused(transport: Transport, server: ScriptedServer, ca_file: Path | None) -> tuple[str, str]:
    """The reason behind the host, and the hint."""
    sent = Request(subject="r.example/app", url=server.url + "/", ca_file=str(ca_file or ""))
    with pytest.raises(CannotConnectError) as caught:
        transport.send(sent)
    assert server.requests == []
    assert not caught.value.temporary
    found = re.fullmatch(
        rf"r\.example/app: the certificate of {server.host} is not trusted: (.*)",
        caught.value.message,
    )
    assert found is not None, caught.value.message
    assert "\n" not in caught.value.hint
    return found[1], caught.value.hint


STRICT = "which Python 3.13 and newer require"


@pytest.mark.parametrize(
    ("who", "flaw", "reason", "hint"),
    [
        (
            "authority",
            "no-key-usage",
            f"its authority's certificate has no key usage, {STRICT}",
            "keyCertSign",
        ),
        (
            "authority",
            "no-subject-key-identifier",
            f"its authority's certificate has no subject key identifier, {STRICT}",
            "subjectKeyIdentifier = hash",
        ),
        (
            "authority",
            "uncritical-constraints",
            f"its authority's certificate has no critical basic constraints, {STRICT}",
            "basicConstraints = critical, CA:TRUE",
        ),
        (
            "server",
            "no-authority-key-identifier",
            f"it has no authority key identifier, {STRICT}",
            "authorityKeyIdentifier = keyid",
        ),
    ],
)
def test_what_only_strict_verification_refuses(
    start_scripted: Start,
    transport: Transport,
    tmp_path: Path,
    who: str,
    flaw: Flaw,
    reason: str,
    hint: str,
) -> None:
    """Refused by Python 3.13 and newer, and accepted by those before: as the interpreter does."""
    tls = write_tls(
        tmp_path,
        authority=[flaw] if who == "authority" else [],
        server=[flaw] if who == "server" else [],
    )
    server = start_scripted(lambda _: Answer(body="ok"), tls=tls)
    if IS_STRICT:
        said, advice = refused(transport, server, tls.ca_file)
        assert said == reason
        assert hint in advice
    else:
        sent = Request(subject="", url=server.url + "/", ca_file=str(tls.ca_file))
        assert transport.send(sent).body == b"ok"


@pytest.mark.parametrize(
    ("who", "flaw", "reason", "hint"),
    [
        ("authority", "no-authority", "its issuer may not sign certificates", "CA:TRUE"),
        ("authority", "no-signing", "its issuer may not sign certificates", "keyCertSign"),
        ("authority", "expired", "it, or its authority's certificate, has expired", "renew"),
        ("server", "expired", "it, or its authority's certificate, has expired", "renew"),
        ("server", "early", "it, or its authority's certificate, is not valid yet", "clock"),
        ("server", "other-host", "it is for another host", "subjectAltName"),
        ("server", "wrong-purpose", "it is not meant for servers", "serverAuth"),
        ("server", "self-signed", "it is self-signed, and not known here", "ca-file"),
    ],
)
def test_what_every_python_refuses(
    start_scripted: Start,
    transport: Transport,
    tmp_path: Path,
    who: str,
    flaw: Flaw,
    reason: str,
    hint: str,
) -> None:
    tls = write_tls(
        tmp_path,
        authority=[flaw] if who == "authority" else [],
        server=[flaw] if who == "server" else [],
    )
    server = start_scripted(lambda _: Answer(body="ok"), tls=tls)
    said, advice = refused(transport, server, tls.ca_file)
    assert said == reason
    assert hint in advice


def test_a_name_that_the_certificate_does_not_have(
    start_scripted: Start, transport: Transport, tmp_path: Path
) -> None:
    tls = write_tls(tmp_path, server=["other-host"])
    server = start_scripted(lambda _: Answer(body="ok"), tls=tls)
    server.host = server.host.replace("127.0.0.1", "localhost")
    server.url = f"https://{server.host}"
    said, _ = refused(transport, server, tls.ca_file)
    assert said == "it is for another host"


def test_an_authority_that_is_not_named(
    start_scripted: Start, transport: Transport, tmp_path: Path
) -> None:
    tls = write_tls(tmp_path / "one")
    server = start_scripted(lambda _: Answer(body="ok"), tls=tls)
    said, hint = refused(transport, server, None)
    assert said == "its authority is not known here"
    assert "`ca-file` of this registry" in hint


@pytest.mark.parametrize("flaws", [[], [] if IS_STRICT else ["no-authority-key-identifier"]])
def test_an_authority_that_was_made_anew(
    start_scripted: Start, transport: Transport, tmp_path: Path, flaws: list[Flaw]
) -> None:
    """Without the identifiers of keys, only the signature tells the old one from the new."""
    old = write_tls(tmp_path / "old")
    tls = write_tls(tmp_path / "new", server=flaws, renewed=True)
    server = start_scripted(lambda _: Answer(body="ok"), tls=tls)
    said, _ = refused(transport, server, old.ca_file)
    assert said == "its authority is not known here"


def test_a_certificate_that_names_itself_is_known_by_its_file(
    start_scripted: Start, transport: Transport, tmp_path: Path
) -> None:
    tls = write_tls(tmp_path, server=["self-signed"])
    server = start_scripted(lambda _: Answer(body="ok"), tls=tls)
    sent = Request(subject="", url=server.url + "/", ca_file=str(tls.certificate_file))
    assert transport.send(sent).body == b"ok"


def test_other_failures_in_the_words_of_openssl() -> None:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code, error.verify_message = 68, "CA signature digest algorithm too weak"
    found = explain_distrust(error, trust="")
    assert found is not None
    assert found.reason == "CA signature digest algorithm too weak"
    assert "openssl verify -x509_strict" in found.hint


def test_the_cause_is_found_in_a_circle_of_errors() -> None:
    """What libraries raise names its cause; a careless one may be in a circle."""
    outer, inner = httpx.ConnectError("outer"), OSError("inner")
    outer.__context__, inner.__cause__ = inner, outer
    assert explain_distrust(outer, trust="") is None
    inner.__context__ = ssl.SSLCertVerificationError(1, "certificate verify failed")
    found = explain_distrust(outer, trust="")
    assert found is not None
    assert found.reason == "verifying it failed"
