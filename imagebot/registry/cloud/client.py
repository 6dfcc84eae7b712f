"""Requests to a cloud: to its metadata server, its token servers and its APIs.

Here is the one place that says which addresses a login may reach. Nothing that a server answers is
shown, except error codes of a known form: the answers, and the requests that some servers repeat,
are full of secrets.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Literal

from imagebot.config.file import read_named
from imagebot.config.model import Cloud
from imagebot.config.secret import read_secret
from imagebot.config.secret_source import SecretSource
from imagebot.errors import CredentialError, RegistryError
from imagebot.http.address import is_loopback, netloc
from imagebot.http.endpoint import Endpoint
from imagebot.http.headers import parse_date
from imagebot.http.message import Request, Response
from imagebot.http.zone import NetworkZone
from imagebot.text import clean
from imagebot.values import dataclass

Send = Callable[[Request], Response]
Keep = Callable[[str], object]
"""Makes a secret known, so that it is hidden in what others say."""

_MAX_FILE = 256 * 1024
_SHORTEST, _LONGEST = 60.0, 24 * 3600.0
# Of OAuth's `error`, Google's `status`, AWS's JSON and XML, and the registries' own errors.
_CODE_RE = re.compile(
    r'"(?:__type|[Cc]ode|error|status)"\s*:\s*"(?:[A-Za-z0-9_.]*#)?([A-Za-z_.]{3,64})"'
    r"|<Code>([A-Za-z.]{3,64})</Code>"
)
# AWS says 400 where others say 429.
_LIMIT_RE = re.compile("Throttl|RequestLimitExceeded|TooManyRequests")
# Headers and fields of forms, in small letters, that hold a secret.
_SECRET_PARTS = frozenset(
    {
        *("authorization", "x-amz-security-token", "x-aws-ec2-metadata-token", "x-identity-header"),
        *("assertion", "client_assertion", "client_secret", "access_token", "refresh_token"),
        *("subject_token", "webidentitytoken"),
    }
)
# Of Entra ID: it says more than the `error` beside it.
_ENTRA_RE = re.compile(r"\b(AADSTS[0-9]{4,8})\b")
_VISIBLE_RE = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class Grant:
    """What a cloud gave for its registry. `identity` says who the bot is there, and how it knows.

    A `refresh-token` is exchanged for tokens at the registry; a password is sent as it is.
    """

    username: str
    secret: str = field(repr=False)
    identity: str
    kind: Literal["password", "refresh-token"] = "password"


@dataclass(frozen=True, slots=True)
class CloudClient:
    """Sends the requests of one cloud's login; every method may raise CredentialError.

    `keep` gets every secret that is sent, and that a file or a server gives. `env` is the
    environment that says who the bot is; `now` returns seconds since 1970.
    """

    cloud: Cloud
    send: Send = field(repr=False)
    keep: Keep = field(repr=False)
    env: Mapping[str, str] = field(repr=False)
    now: Callable[[], float]

    def ask(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        content: bytes | None = None,
        hint: str = "",
    ) -> Response:
        """The answer of a token server or an API; a POST with a form or content, else a GET."""
        if not url.startswith("https://") and not is_loopback(netloc(url)):
            raise self.error(f"{_host(url)!r} would get secrets over plain http", "use https")
        # The endpoints of a private network are private addresses, and emulators are on loopback,
        # where the environment says so.
        zone = NetworkZone.LOOPBACK if is_loopback(netloc(url)) else NetworkZone.PRIVATE
        method = "GET" if form is None and content is None else "POST"
        return self._send(
            Request(
                subject=f"identity {self.cloud}",
                url=url,
                method=method,
                headers=headers or {},
                form=form,
                content=content,
                reaches=zone,
            ),
            hint,
        )

    def ask_metadata(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str],
        hint: str = "",
    ) -> Response:
        """The answer of a metadata server: of this machine, container or pod, and of no proxy."""
        return self._send(
            Request(
                subject=f"identity {self.cloud}",
                url=url,
                method=method,
                headers=headers,
                reaches=NetworkZone.LINK_LOCAL,
            ),
            hint,
        )

    def ask_registry(
        self, endpoint: Endpoint, path: str, form: Mapping[str, str], *, hint: str = ""
    ) -> Response:
        """The registry's own answer to a POST: an address that is judged as a registry's."""
        return self._send(
            Request(
                subject=endpoint.registry,
                url=endpoint.url + path,
                method="POST",
                form=form,
                ca_file=endpoint.ca_file,
                registry=endpoint.url,
            ),
            hint,
        )

    def error(self, reason: str, hint: str = "", *, temporary: bool = False) -> CredentialError:
        return CredentialError(f"identity {self.cloud}: {reason}", hint=hint, temporary=temporary)

    def read_secret(self, path: str) -> str:
        """The line in a file, which is replaced when what it holds is rotated."""
        try:
            secret = read_secret(SecretSource("file", path), self.env)
        except CredentialError as exc:
            raise self.error(exc.message, exc.hint) from exc
        self.keep(secret)
        return secret

    def read_file(self, path: str) -> bytes | None:
        """The content of a file; None when there is none."""
        try:
            data = read_named(path, _MAX_FILE)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as exc:
            hint = "check that the bot's user may read it"
            raise self.error(f"{path}: {exc.strerror or 'it cannot be read'}", hint) from exc
        if len(data) > _MAX_FILE:
            raise self.error(f"{path}: larger than {_MAX_FILE} bytes")
        return data

    def json_fields(self, response: Response) -> Mapping[str, object]:
        """The JSON object in an answer."""
        try:
            document = json.loads(response.body)
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict):
            raise self.error(f"{_host(response.url)} did not answer with a JSON object")
        return document

    def secret_field(self, response: Response, fields: Mapping[str, object], name: str) -> str:
        """A field that goes into headers later: visible ASCII, without spaces."""
        value = fields.get(name)
        if not isinstance(value, str) or _VISIBLE_RE.fullmatch(value) is None:
            raise self.error(f"{_host(response.url)} answered without a usable {name}")
        self.keep(value)
        return value

    def seconds_until(self, expires: float | None, response: Response) -> float:
        """How long what is in an answer can be used, when it ends at `expires` (since 1970).

        By the clock of who answered: this machine's may be wrong. At least a minute, because what
        has just been given out is not over, whatever it says.
        """
        date = parse_date(response.header("Date"))
        return self.lifetime((expires or 0.0) - (date if date is not None else self.now()))

    def lifetime(self, seconds: object) -> float:
        """How long something can be used that says for how many seconds, in JSON or as text."""
        try:
            found = float(seconds) if isinstance(seconds, int | float | str) else 0.0
        except ValueError:
            found = 0.0
        return min(max(found, _SHORTEST), _LONGEST) if math.isfinite(found) else _SHORTEST

    def _send(self, request: Request, hint: str) -> Response:
        for name, value in (*request.headers.items(), *(request.form or {}).items()):
            if name.lower() in _SECRET_PARTS:
                self.keep(value.partition(" ")[2] or value)
        try:
            response = self.send(request)
        except RegistryError as exc:
            raise self.error(exc.reason, hint or exc.hint, temporary=exc.temporary) from exc
        if response.status == 200:
            return response
        code = _code(request, response)
        said = f"{response.status}, {code}" if code else f"{response.status}"
        host = _host(request.url)
        if response.status >= 500 or response.status in (408, 429) or _LIMIT_RE.match(code):
            later = "the next pass tries again"
            raise self.error(f"{host} failed ({said})", later, temporary=True)
        raise self.error(f"{host} refused ({said})", hint)


def _code(request: Request, response: Response) -> str:
    """The code of an error; "" when there is none, or when it repeats something that was sent."""
    body = response.body.decode("utf-8", "replace")
    found = _ENTRA_RE.search(body) or _CODE_RE.search(body)
    if found is None:
        return ""
    code = next(group for group in found.groups() if group)
    sent = (*request.headers.values(), *(request.form or {}).values())
    return "" if any(code in value for value in sent) else code


def _host(url: str) -> str:
    """For a message; never the path and query."""
    return clean(netloc(url))
