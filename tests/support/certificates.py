"""A certificate authority of the tests' own, and certificates for loopback servers."""

from __future__ import annotations

import datetime
import functools
import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

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
    """Files of a server for 127.0.0.1 and localhost, and of the authority that signed it."""

    ca_file: Path
    certificate_file: Path
    key_file: Path

    def server_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate_file, self.key_file)
        return context

    def client_context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.ca_file))


def write_tls(folder: Path) -> Tls:
    authority = _authority()
    ca_file, _ = authority.write(folder, "ca")
    certificate_file, key_file = _server().write(folder, "server")
    return Tls(ca_file, certificate_file, key_file)


@functools.cache
def token_signer() -> Certificate:
    """A self-signed RSA pair, for a token server whose certificate a registry is told to trust."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return _issue("imagebot test tokens", key, authority=True, signer=None)


@functools.cache
def _authority() -> Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    return _issue("imagebot test authority", key, authority=True, signer=None)


@functools.cache
def _server() -> Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    return _issue("localhost", key, authority=False, signer=_authority())


def _issue(name: str, key: Key, *, authority: bool, signer: Certificate | None) -> Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer = signer.certificate.subject if signer else subject
    signing_key = signer.key if signer else key
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key()),
            critical=False,
        )
    )
    if not authority:
        loopback = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
        names = x509.SubjectAlternativeName([x509.DNSName("localhost"), loopback])
        builder = builder.add_extension(names, critical=False)
    return Certificate(builder.sign(signing_key, hashes.SHA256()), key)
