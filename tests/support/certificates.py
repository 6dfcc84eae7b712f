"""A certificate authority of the tests' own, and certificates for loopback servers."""

from __future__ import annotations

import datetime
import functools
import ipaddress
import ssl
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Flaw = Literal[
    "early",
    "expired",
    "no-authority",
    "no-authority-key-identifier",
    "no-key-usage",
    "no-signing",
    "no-subject-key-identifier",
    "other-host",
    "self-signed",
    "uncritical-constraints",
    "wrong-purpose",
]

# Whether this Python demands what RFC 5280 does; 3.13 is the first that does.
IS_STRICT = bool(ssl.create_default_context().verify_flags & ssl.VERIFY_X509_STRICT)

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True, slots=True)
class Certificate:
    certificate: x509.Certificate
    key: Key

    def write(self, folder: Path, name: str) -> tuple[Path, Path]:
        """PEM files of the certificate and of its key."""
        folder.mkdir(parents=True, exist_ok=True)
        certificate, key = folder / f"{name}.crt", folder / f"{name}.key"
        certificate.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        key.write_bytes(
            self.key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return certificate, key


@dataclass(frozen=True, slots=True)
class Tls:
    """Files of a server for 127.0.0.1 and localhost, and of the authority that signed it.

    With `client_ca_file`, the server asks clients for a certificate of that authority.
    """

    ca_file: Path
    certificate_file: Path
    key_file: Path
    client_ca_file: Path | None = None

    def server_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate_file, self.key_file)
        if self.client_ca_file:
            context.load_verify_locations(self.client_ca_file)
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def client_context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.ca_file))


def write_tls(
    folder: Path,
    *,
    authority: Collection[Flaw] = (),
    server: Collection[Flaw] = (),
    renewed: bool = False,
) -> Tls:
    """Both certificates satisfy RFC 5280, as Python 3.13 demands, but for the flaws given.

    A renewed authority has the name of the other and another key.
    """
    signer = _authority(frozenset(authority), renewed)
    ca_file, _ = signer.write(folder, "ca")
    certificate_file, key_file = _server(signer, frozenset(server)).write(folder, "server")
    return Tls(ca_file, certificate_file, key_file)


def write_client(folder: Path, flaws: Collection[Flaw] = ()) -> tuple[Path, Path, Path]:
    """Files of a client's certificate, of its key, and of the authority that signed it.

    The authority is not that of servers.
    """
    signer = _authority(frozenset(), True)
    ca_file, _ = signer.write(folder, "client-ca")
    key = ec.generate_private_key(ec.SECP256R1())
    made = _issue("imagebot", key, authority=False, signer=signer, flaws=frozenset(flaws))
    return *made.write(folder, "client"), ca_file


@functools.cache
def token_signer() -> Certificate:
    """A self-signed RSA pair, for a token server whose certificate a registry is told to trust."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return _issue("imagebot test tokens", key, authority=True, signer=None)


@functools.cache
def _authority(flaws: frozenset[Flaw], _renewed: bool) -> Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    return _issue("imagebot test authority", key, authority=True, signer=None, flaws=flaws)


@functools.cache
def _server(signer: Certificate, flaws: frozenset[Flaw]) -> Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    own = None if "self-signed" in flaws else signer
    return _issue("localhost", key, authority=False, signer=own, flaws=flaws)


def _issue(
    name: str,
    key: Key,
    *,
    authority: bool,
    signer: Certificate | None,
    flaws: frozenset[Flaw] = frozenset(),
) -> Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signing_key = signer.key if signer else key
    now = datetime.datetime.now(datetime.UTC)
    hour, begins, ends = datetime.timedelta(hours=1), -1, 48
    if "expired" in flaws:
        begins, ends = -48, -1
    elif "early" in flaws:
        begins, ends = 1, 48
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer.certificate.subject if signer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + begins * hour)
        .not_valid_after(now + ends * hour)
    )
    for extension, critical in _extensions(key, signing_key, authority, flaws):
        builder = builder.add_extension(extension, critical=critical)
    return Certificate(builder.sign(signing_key, hashes.SHA256()), key)


def _extensions(
    key: Key, signing_key: Key, authority: bool, flaws: frozenset[Flaw]
) -> Iterator[tuple[x509.ExtensionType, bool]]:
    """Each with whether it is critical."""
    is_authority = authority and "no-authority" not in flaws
    constraints = x509.BasicConstraints(ca=is_authority, path_length=None)
    yield constraints, "uncritical-constraints" not in flaws
    if "no-key-usage" not in flaws:
        yield _key_usage(signs="no-signing" not in flaws and is_authority), True
    if "no-subject-key-identifier" not in flaws:
        yield x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False
    if "no-authority-key-identifier" not in flaws:
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key())
        yield identifier, False
    if not authority:
        purpose = ExtendedKeyUsageOID
        if "wrong-purpose" in flaws:
            yield x509.ExtendedKeyUsage([purpose.CODE_SIGNING]), False
        else:
            yield x509.ExtendedKeyUsage([purpose.SERVER_AUTH, purpose.CLIENT_AUTH]), False
        yield x509.SubjectAlternativeName(list(_names("other-host" in flaws))), False


def _key_usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _names(others: bool) -> Iterator[x509.GeneralName]:
    if others:
        yield x509.DNSName("other.example")
        return
    yield x509.DNSName("localhost")
    yield x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
