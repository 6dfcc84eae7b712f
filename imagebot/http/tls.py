"""Certificates of clients, and in plain words why a certificate is not accepted."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

from imagebot.values import dataclass

_MOST_READ = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ClientIdentity:
    """The files of a client's certificate and of its key; `key` "" is in the same file."""

    certificate: str
    key: str = ""

    def load(self, context: ssl.SSLContext) -> None:
        """Raises OSError, whose `strerror` says what is wrong with which file.

        A key with a passphrase is an error: nobody is there to type it.
        """
        try:
            context.load_cert_chain(self.certificate, self.key or None, password="")
        except OSError as exc:
            raise OSError(exc.errno, self._explain(exc)) from exc

    def _explain(self, error: OSError) -> str:
        """OpenSSL says of most faults no more than that there is one."""
        key = self.key or self.certificate
        try:
            path = self.certificate
            if b"-----BEGIN CERTIFICATE-----" not in _read(path):
                return f"{path} has no certificate in PEM"
            path = key
            text = _read(path)
        except OSError as exc:
            return f"{path}: {exc.strerror}"
        if b"PRIVATE KEY-----" not in text:
            return f"{key} has no private key in PEM"
        if b"ENCRYPTED" in text:
            return f"the key in {key} has a passphrase"
        if getattr(error, "reason", "") == "KEY_VALUES_MISMATCH":
            return f"the key in {key} is not that of the certificate"
        return f"{self.certificate} or {key} cannot be read as PEM"


def _read(path: str) -> bytes:
    with Path(path).open("rb") as file:
        return file.read(_MOST_READ)


def explain_authorities(error: OSError) -> str:
    """Why a file of authorities cannot be used."""
    known = None if isinstance(error, ssl.SSLError) else error.strerror
    return known or "it has no certificate in PEM"


@dataclass(frozen=True, slots=True)
class Distrust:
    """`reason` continues "the certificate of HOST is not trusted: "; `hint` says what to do."""

    reason: str
    hint: str


_CLOCK = "check the clock of this machine, and the dates of the certificate and its authority's"
_REISSUE_AUTHORITY = "reissue the authority's certificate with"
_OTHERWISE = (
    "`openssl verify -x509_strict` with the authority and the certificate says which is wrong"
)
# Python sets VERIFY_X509_STRICT by default from 3.13 on.
_STRICT = "which Python 3.13 and newer require"

# By X509_V_ERR_… of OpenSSL's x509_vfy.h. The numbers have not changed since OpenSSL 1.1.1; those
# from 79 on are of OpenSSL 3.
_KNOWN = {
    9: Distrust("it, or its authority's certificate, is not valid yet", _CLOCK),
    10: Distrust(
        "it, or its authority's certificate, has expired",
        "renew the one that has expired, or correct the clock of this machine",
    ),
    26: Distrust("it is not meant for servers", "reissue it with `extendedKeyUsage = serverAuth`"),
    79: Distrust(
        "its issuer may not sign certificates",
        f"{_REISSUE_AUTHORITY} `basicConstraints = critical, CA:TRUE` and "
        "`keyUsage = critical, keyCertSign, cRLSign`",
    ),
    85: Distrust(
        f"it has no authority key identifier, {_STRICT}",
        "reissue it with `authorityKeyIdentifier = keyid`",
    ),
    86: Distrust(
        f"its authority's certificate has no subject key identifier, {_STRICT}",
        f"{_REISSUE_AUTHORITY} `subjectKeyIdentifier = hash`",
    ),
    89: Distrust(
        f"its authority's certificate has no critical basic constraints, {_STRICT}",
        f"{_REISSUE_AUTHORITY} `basicConstraints = critical, CA:TRUE`",
    ),
    92: Distrust(
        f"its authority's certificate has no key usage, {_STRICT}",
        f"{_REISSUE_AUTHORITY} `keyUsage = critical, keyCertSign, cRLSign`",
    ),
}
# 7: the authority was made again under its old name.
_UNKNOWN_ISSUER = {2, 7, 19, 20, 21}
_SELF_SIGNED = 18
_OTHER_NAME = {62, 64}


def explain_distrust(error: BaseException, *, trust: str) -> Distrust | None:
    """Why verifying a certificate failed, None when something else did.

    `error` may be a library's own that was raised because of Python's. `trust` is the hint for an
    authority that is not known: where to name it.
    """
    found = next((e for e in _chain(error) if isinstance(e, ssl.SSLCertVerificationError)), None)
    if found is None:
        return None
    # Both are set by OpenSSL's verification only, not by the exception's constructor.
    code, said = getattr(found, "verify_code", 0), getattr(found, "verify_message", "")
    if code in _UNKNOWN_ISSUER:
        return Distrust("its authority is not known here", trust)
    if code == _SELF_SIGNED:
        return Distrust("it is self-signed, and not known here", trust)
    if code in _OTHER_NAME:
        hint = "use a name that the certificate has, or reissue it with this one in subjectAltName"
        return Distrust("it is for another host", hint)
    return _KNOWN.get(code) or Distrust(said or "verifying it failed", _OTHERWISE)


_ALERTS = {
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "it asks for a certificate of the client",
    "TLSV1_ALERT_UNKNOWN_CA": "it does not know the authority of the client's certificate",
    "SSLV3_ALERT_BAD_CERTIFICATE": "it does not accept the client's certificate",
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": "it does not accept the client's kind of certificate",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "the client's certificate has expired",
    "SSLV3_ALERT_CERTIFICATE_REVOKED": "the client's certificate was revoked",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": "it does not accept the client's certificate",
    "TLSV1_ALERT_ACCESS_DENIED": "it refuses the client's certificate",
}


def explain_refusal(error: BaseException) -> str:
    """What a server has against the client's certificate; "" when the failure is another one."""
    for each in _chain(error):
        if isinstance(each, ssl.SSLError) and each.reason in _ALERTS:
            return _ALERTS[each.reason]
    return ""


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error, and those it was raised because of."""
    seen: list[BaseException] = []
    waiting = [error]
    while waiting:
        each = waiting.pop(0)
        if any(each is one for one in seen):
            continue
        seen.append(each)
        yield each
        waiting += [one for one in (each.__cause__, each.__context__) if one is not None]
