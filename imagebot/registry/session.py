"""Send requests to registries: endpoint, authorization, redirects, pauses."""

from __future__ import annotations

import contextlib
import functools
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from imagebot.config.model import RegistryOptions
from imagebot.config.secret import Vault
from imagebot.errors import CredentialError, RegistryAuthError, RegistryError, RegistryProtocolError
from imagebot.http import guard
from imagebot.http.address import netloc, normalise_host, origin
from imagebot.http.endpoint import Endpoint, by_host, find_endpoint
from imagebot.http.limits import TimeLimits
from imagebot.http.message import Request, Response
from imagebot.http.patience import Patience, Question
from imagebot.http.pauses import HeadRoom
from imagebot.http.rates import Rates
from imagebot.http.reach import Permit, Reach
from imagebot.http.throttle import HostThrottle
from imagebot.http.transport import Transport
from imagebot.http.unreachable import OutOfTimeError
from imagebot.http.zone import NetworkZone
from imagebot.reference import Repository
from imagebot.registry.auth import Authenticator, Authorization
from imagebot.registry.challenge import parse_challenges
from imagebot.registry.credentials import Credential, CredentialLookup
from imagebot.registry.failures import failure
from imagebot.values import dataclass

if TYPE_CHECKING:
    from imagebot.http.transport import Network

_MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class AuthorizedResponse:
    """A successful response, and the authorization that got it."""

    response: Response
    authorization: Authorization | None
    credential: Credential | None


class _Asking(threading.local):
    """What the thread asks, None where nobody said, and what it may reach."""

    question: Question | None = None
    reach: Reach = Reach()


class Session:
    """Sends requests to registries. Safe between threads.

    What a thread sends is part of the question that it asks (`asking`), and has no more time than
    that has; without one, each exchange only has the `limits`, and reaches public addresses.
    """

    def __init__(
        self,
        credentials: CredentialLookup,
        options: Iterable[RegistryOptions],
        *,
        workers: int,
        sleep: Callable[[float], object],
        clock: Callable[[], float] = time.monotonic,
        limits: TimeLimits = TimeLimits(),
        vault: Vault | None = None,
        transport: Network | None = None,
        note: Callable[[str], None] = lambda _host: None,
    ) -> None:
        self._credentials = credentials
        self._options: Mapping[str, RegistryOptions] = by_host(options)
        self._transport = Transport(limits=limits, transport=transport)
        self._asking = _Asking()
        self._unasked = Patience(limits, clock=clock).open_question()
        self._rates = Rates(self._options, concurrency=workers)
        self._throttle = HostThrottle(rate_of=self._rates.of, sleep=sleep, clock=clock, note=note)
        self._zones: dict[str, NetworkZone] = {}
        self.vault = vault or Vault()
        self._auth = Authenticator(
            self.send,
            clock=clock,
            keep=self.vault.keep,
            group=lambda: self._question.patience.group,
        )

    def close(self) -> None:
        self._transport.close()

    def concurrency(self, registry: str) -> int:
        """The most requests that a registry gets at a time."""
        return self._rates.of(netloc(self.endpoint(registry).url)).concurrency or 1

    def head_room(self) -> Mapping[str, HeadRoom]:
        """What each host said last is left of its limit, by `host:port`; not all say so."""
        return self._throttle.head_room()

    def endpoint(self, registry: str) -> Endpoint:
        return find_endpoint(normalise_host(registry), self._options)

    @contextlib.contextmanager
    def asking(self, question: Question, reach: Reach) -> Iterator[None]:
        """What this thread sends in here is part of the question, and goes where `reach` allows."""
        asking = self._asking
        before = asking.question, asking.reach
        asking.question, asking.reach = question, reach
        try:
            yield
        finally:
            asking.question, asking.reach = before

    def send(self, request: Request) -> Response:
        """The response to a request without authorization; failures are tried again."""
        question = self._question
        permit = self._permit(request)

        def send(request: Request) -> Response:
            try:
                return self._transport.send(request, within=question.left(), permit=permit)
            except OutOfTimeError as exc:
                raise question.time_is_up(request.subject) from exc

        response = self._throttle.send(request, send, question)
        if self._asking.reach.own and _same_origin(request.url, request.registry):
            self._zones[request.registry] = response.zone
        return response

    @property
    def _question(self) -> Question:
        return self._asking.question or self._unasked

    def _permit(self, request: Request) -> Permit:
        reach = self._asking.reach
        if not reach.own:
            return Permit(reach)
        if _same_origin(request.url, request.registry):
            return Permit(reach, NetworkZone.LOOPBACK)
        return Permit(reach, self._zones.get(request.registry, NetworkZone.PUBLIC))

    def request(
        self,
        repository: Repository,
        path: str,
        *,
        method: str = "GET",
        accept: str = "",
        limit: int,
        tolerate: tuple[int, ...] = (),
        scope: str = "",
    ) -> Response:
        """The response to a request about a repository.

        `path` is below `/v2/<repository>/`, or a URL that the registry itself returned. `scope` is
        what a token must allow; "" is to pull.
        Raises RegistryError for every status that is not a success and not in `tolerate`.
        """
        endpoint = self.endpoint(repository.registry)
        known = endpoint.repository(repository)
        base = f"{endpoint.url}/v2/{known.path}/"
        request = Request(
            subject=str(repository),
            url=path if "://" in path else base + path,
            method=method,
            headers={"Accept": accept} if accept else {},
            limit=limit,
            ca_file=endpoint.ca_file,
            registry=endpoint.url,
        )
        scope = scope or f"repository:{known.path}:pull"
        return self.send_authorized(request, endpoint, known.path, scope, tolerate).response

    def send_authorized(
        self,
        request: Request,
        endpoint: Endpoint,
        path: str,
        scope: str,
        tolerate: tuple[int, ...] = (),
    ) -> AuthorizedResponse:
        """Send, authenticate when challenged, follow redirects, and raise unless it succeeds."""
        credential = self.credential(endpoint, path, request.subject)
        authorization: Authorization | None = None
        if _same_origin(request.url, endpoint.url):
            authorization = self._auth.known(endpoint, scope, credential, request.subject)
        response = self._follow(request, endpoint, authorization)
        # Twice: the registry may refuse a token that was kept, and then accept a new one.
        for _ in range(2):
            if response.status != 401 or not _same_origin(response.url, endpoint.url):
                break
            challenges = parse_challenges(
                response.values("WWW-Authenticate"), quotable=response.quotable
            )
            better = self._auth.respond(
                endpoint, challenges, scope, credential, request.subject, refused=authorization
            )
            if better is None:
                break
            authorization = better
            response = self._follow(request, endpoint, authorization)
        if 200 <= response.status < 300 or response.status in tolerate:
            return AuthorizedResponse(response, authorization, credential)
        raise self._failure(request, response, endpoint, credential)

    def hide(self, texts: Sequence[str], registry: str) -> tuple[str, ...]:
        """The texts, which a registry sent and decisions are made by, without secrets."""
        granted = functools.partial(self._auth.granted, self.endpoint(registry))
        return tuple(self.vault.hide_sent(text, granted) for text in texts)

    def credential(self, endpoint: Endpoint, path: str, subject: str) -> Credential | None:
        """Raises RegistryAuthError when the credential cannot be read."""
        try:
            found = self._credentials.lookup(endpoint.registry, path)
            obtained = found.obtained(endpoint, self.send, self.vault.keep) if found else None
        except CredentialError as exc:
            reason = f"its credential cannot be used: {exc.message}"
            raise RegistryAuthError(
                subject, reason, hint=exc.hint, temporary=exc.temporary
            ) from exc
        if obtained is not None:
            self.vault.keep(obtained.secret, username=obtained.username, origin=obtained.origin)
        return obtained

    def _follow(
        self, request: Request, endpoint: Endpoint, authorization: Authorization | None
    ) -> Response:
        """Send, and follow redirects; only the registry's own origin sees who we are."""
        own = dict(request.headers)
        for _ in range(_MAX_REDIRECTS + 1):
            is_own = _same_origin(request.url, endpoint.url)
            headers = (
                own | {"Authorization": authorization.header} if authorization and is_own else own
            )
            identity = endpoint.identity if is_own else None
            response = self.send(replace(request, headers=headers, identity=identity))
            location = response.header("Location")
            if response.status not in _REDIRECTS or location is None:
                return response
            request = replace(request, url=self._redirect(request, location, endpoint))
        raise RegistryProtocolError(request.subject, f"more than {_MAX_REDIRECTS} redirects")

    def _redirect(self, request: Request, location: str, endpoint: Endpoint) -> str:
        try:
            url = urljoin(request.url, location)
            reason = guard.refuse(url, endpoint.url)
        except ValueError:
            url, reason = "", "it is not a valid address"
        if reason:
            # Do not show the address: storage puts signatures into it.
            raise RegistryProtocolError(
                request.subject,
                f"the registry redirects to an address that is not allowed: {reason}",
            )
        return url

    def _failure(
        self,
        request: Request,
        response: Response,
        endpoint: Endpoint,
        credential: Credential | None,
    ) -> RegistryError:
        if _same_origin(response.url, endpoint.url):
            return failure(request.subject, response, endpoint, credential)
        return failure(request.subject, response, endpoint, None)


def _same_origin(url: str, other: str) -> bool:
    try:
        return origin(url) == origin(other)
    except ValueError:
        return False
