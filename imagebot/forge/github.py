"""Pull requests on GitHub, through PyGithub.

PyGithub by itself sends a POST again after a 5xx, and GitHub may have done what it answered 502
to: two pull requests, two comments. Here a POST is sent once (`base.py` says how the rest is done).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from itertools import count, islice
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from imagebot.errors import ForgeError
from imagebot.forge.base import BaseForge
from imagebot.forge.failures import ForgeFailures
from imagebot.forge.github_answers import expiry_of, message_of, query_failure
from imagebot.forge.model import ForgeLimits, ForgeRights, Obstacle, PullRequest, PullRequestState
from imagebot.forge.protection import obstacles_of
from imagebot.http.address import is_loopback
from imagebot.parallel.stop import Stop
from imagebot.parallel.threads import in_time
from imagebot.redaction import Redaction, Secret

if TYPE_CHECKING:
    from github.GithubException import GithubException
    from github.PullRequest import PullRequest as RemotePullRequest
    from github.Repository import Repository
    from urllib3 import Retry

T = TypeVar("T")

API_URL = "https://api.github.com"
# https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
WRITE_PAUSE = 1.0
_TIMEOUT_SECONDS = 20
_LONGEST = 120.0
_TRIES = 3
_MOST_CLOSED = 20
# Those of people are in between, and GitHub's lists cannot leave them out.
_MOST_LISTED = 5000
_MOST_COMMENTS = 300
_PER_PAGE = 100
# Two dots: git refuses such a name.
_NO_BRANCH = "imagebot/doctor..nothing"
_RIGHTS = "the token needs the permissions contents: write and pull requests: write"


class GitHubForge(BaseForge):
    """`project` is `owner/name`; pull requests go into `base`.

    `origin` says which credential the token is of. `write_pause` is the seconds between two writes,
    `tries` how often a read is tried, with `backoff` seconds between, twice as many each time. A
    question takes at most `longest` seconds, with all of its pages and tries. `ca_file` holds the
    authorities to trust instead of the usual ones. Nothing is asked once `stop` was.
    """

    # Documented for neither: as the API refuses them.
    limits = ForgeLimits(title=256, body=65_536, comment=65_536)

    def __init__(
        self,
        project: str,
        base: str,
        token: str,
        *,
        origin: str = "",
        api_url: str = API_URL,
        write_pause: float = WRITE_PAUSE,
        tries: int = _TRIES,
        backoff: float = 0.5,
        longest: float = _LONGEST,
        ca_file: str = "",
        stop: Stop | None = None,
    ) -> None:
        self._project = project
        self._base = base
        self._failures = ForgeFailures(
            name="GitHub",
            project=project,
            api_url=api_url,
            rights=_RIGHTS,
            address=ask_for_api(api_url),
            origin=origin,
            redaction=Redaction.of([Secret(token)]),
        )
        self._stop = stop or Stop()
        self._longest = longest
        self.api_url = api_url
        retry = _retry(tries, backoff)
        self._repository = _connect(project, token, api_url, write_pause, retry, ca_file)

    @property
    def project(self) -> str:
        return self._project

    def disconnect(self) -> None:
        # PyGithub's objects refer to each other: without this, connections stay open until the
        # garbage collector comes, which is seldom in a daemon.
        self._repository.requester.close()

    def check(self, *, proposes: bool = False) -> ForgeRights:
        may_push, expires = self._ask(self._rights)
        if not may_push:
            raise self._failures.may_only_read()
        if not proposes:
            return ForgeRights("the token may write", expires)
        self._try_to_propose()
        return ForgeRights("the token may write and open pull requests", expires)

    def _rights(self) -> tuple[bool, datetime | None]:
        """Whether the token may push, and when it expires."""
        repository = self._repository
        repository.complete()
        if not repository.raw_data.keys() & {"full_name", "permissions"}:
            raise ValueError("no project")
        # Without rights of any kind GitHub leaves them out.
        may_push = bool(getattr(repository.permissions, "push", False))
        return may_push, expiry_of(repository.raw_headers)

    def _try_to_propose(self) -> None:
        """Ask for a pull request that cannot be: no branch has such a name.

        GitHub looks at the rights of a token before it looks at the branch, so that 422 says that
        the token has them. A token's rights to pull requests are told nowhere else.
        """
        try:
            self._ask(
                lambda: self._repository.create_pull(
                    base=self._base, head=_NO_BRANCH, title="imagebot doctor", body=""
                )
            )
        except ForgeError as error:
            if error.status != 422:
                raise

    def obstacles(self, branch: str, *, own: bool) -> tuple[Obstacle, ...]:
        requester = self._repository.requester

        def get(path: str) -> object:
            place = f"/repos/{self._project}{path}"
            return self._ask(lambda: requester.requestJsonAndCheck("GET", place)[1])

        return tuple(obstacles_of(get, branch, own=own))

    def find(self, branch: str) -> PullRequest | None:
        found = self._list(branch, "open", 1)
        return found[0] if found else None

    def find_closed(self, branch: str) -> tuple[PullRequest, ...]:
        return self._list(branch, "closed", _MOST_CLOSED)

    def list_open(self, prefix: str) -> tuple[PullRequest, ...]:
        return tuple(self._list_all(prefix, "open", _MOST_LISTED))

    def list_closed(self, prefix: str, *, most: int) -> Iterator[PullRequest]:
        return self._list_all(prefix, "closed", most)

    def _create(self, branch: str, title: str, body: str, *, draft: bool) -> PullRequest:
        return self._ask(
            lambda: _value(
                self._repository.create_pull(
                    base=self._base, head=branch, title=title, body=body, draft=draft
                )
            )
        )

    def _edit(self, number: int, title: str, body: str) -> PullRequest:
        def edit() -> PullRequest:
            request = self._repository.get_pull(number)
            request.edit(title=title, body=body)
            return _value(request)

        return self._ask(edit)

    def close(self, number: int) -> None:
        self._ask(lambda: self._repository.get_pull(number).edit(state="closed"))

    def _comments(self, number: int) -> Iterable[str]:
        def read() -> list[str]:
            comments = self._repository.get_pull(number).get_issue_comments()
            every = (each for page in _pages_of(comments.get_page) for each in page)
            return [comment.body for comment in islice(every, _MOST_COMMENTS)]

        return self._ask(read)

    def _add_comment(self, number: int, text: str) -> None:
        self._ask(lambda: self._repository.get_pull(number).create_issue_comment(text))

    def add_labels(self, number: int, labels: Sequence[str]) -> None:
        # A set on GitHub's side: adding twice is adding once.
        self._ask(lambda: self._repository.get_pull(number).add_to_labels(*labels))

    def remove_label(self, number: int, label: str) -> None:
        try:
            self._ask(lambda: self._repository.get_pull(number).remove_from_labels(label))
        except ForgeError as error:
            if error.status != 404:  # it is not there
                raise

    def set_draft(self, number: int, *, draft: bool) -> None:
        def change() -> None:
            request = self._repository.get_pull(number)
            if request.draft is draft:
                return
            if draft:
                request.convert_to_draft()
            else:
                request.mark_ready_for_review()

        self._ask(change)

    def request_reviewers(self, number: int, reviewers: Sequence[str]) -> None:
        users = [name for name in reviewers if "/" not in name]
        teams = [name.rpartition("/")[2] for name in reviewers if "/" in name]
        self._ask(
            lambda: self._repository.get_pull(number).create_review_request(
                reviewers=users, team_reviewers=teams
            )
        )

    def assign(self, number: int, assignees: Sequence[str]) -> None:
        self._ask(lambda: self._repository.get_pull(number).add_to_assignees(*assignees))

    def _list(self, branch: str, state: str, most: int) -> tuple[PullRequest, ...]:
        # Not the search, which lags behind. A fork's branch has another owner.
        head = f"{self._project.split('/')[0]}:{branch}"

        def read() -> list[PullRequest]:
            listed = self._repository.get_pulls(
                state=state, base=self._base, head=head, sort="created", direction="desc"
            )
            return [_value(request) for request in listed.get_page(0)[:most]]

        found = self._ask(read)
        mine = (one for one in found if (one.branch, one.base) == (branch, self._base))
        return tuple(sorted(mine, key=lambda one: -one.number))

    def _list_all(self, prefix: str, state: str, most: int) -> Iterator[PullRequest]:
        every = islice(self._pages(state), _MOST_LISTED)
        mine = (value for value, branch in every if branch.startswith(prefix))
        yield from islice(mine, most)

    def _pages(self, state: str) -> Iterator[tuple[PullRequest, str]]:
        """Every pull request, page by page as they are wanted, and its branch in this project."""
        listed = self._ask(
            lambda: self._repository.get_pulls(
                state=state, base=self._base, sort="created", direction="desc"
            )
        )

        def read(number: int) -> list[tuple[PullRequest, str]]:
            return [(_value(each), self._own_branch(each)) for each in listed.get_page(number)]

        for page in _pages_of(lambda number: self._ask(partial(read, number))):
            yield from page

    def _own_branch(self, request: RemotePullRequest) -> str:
        """Its branch in this project, "" for one elsewhere: anybody may have a fork.

        The two repositories are compared, because a renamed project answers to its old name too.
        """
        origin: Repository | None = request.head.repo  # None once a fork is deleted
        own = origin is not None and origin.full_name == request.base.repo.full_name
        return request.head.ref if own and request.base.ref == self._base else ""

    def _ask(self, work: Callable[[], T]) -> T:
        """What `work` gets from PyGithub, which waits as long as a few bytes come now and then, and
        in whose look-ups of names no signal is noticed."""
        self._stop.check()
        with self._translated():
            return in_time(work, seconds=self._longest)

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        from github import BadAttributeException, GithubException, IncompletableObject

        try:
            yield
        except (BadAttributeException, IncompletableObject) as error:
            raise self._failures.not_api(error) from error
        except GithubException as error:
            raise self._error(error) from error
        except OSError as error:
            raise self._failures.no_connection(error) from error
        except (
            RuntimeError,
            ValueError,
            TypeError,
            KeyError,
            AttributeError,
            AssertionError,
        ) as error:
            # What PyGithub raises on an unexpected answer.
            raise self._failures.not_api(error) from error

    def _error(self, error: GithubException) -> ForgeError:
        if (failure := query_failure(error.data)) is not None:
            return self._failures.of_status(*failure, error.headers or {})
        is_message = isinstance(error.data, dict) and "message" in error.data
        if not is_message and error.status not in (401, 429) and error.status < 500:
            return self._failures.not_api(error)
        return self._failures.of_status(error.status, message_of(error.data), error.headers or {})


def _pages_of(read: Callable[[int], list[T]]) -> Iterator[list[T]]:
    """Every page of a list, which `read` gets by its number.

    PyGithub's own iteration takes an answer without a body for an empty list: a proxy's redirect to
    a page to log in at would say that there are no pull requests.
    """
    for number in count():
        page = read(number)
        yield page
        if len(page) < _PER_PAGE:
            return


def is_likely_api(url: str) -> bool:
    """Whether an address looks like that of a GitHub's API, as GitHub gives them out."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    return host.startswith("api.") or parts.path.rstrip("/") == "/api/v3" or is_loopback(host)


def ask_for_api(url: str) -> str:
    """A question about an address that answers as no API does."""
    parts = urlsplit(url)
    host = "api.github.com" if parts.hostname in ("github.com", "www.github.com") else ""
    meant = f"https://{host}" if host else f"{parts.scheme}://{parts.netloc}/api/v3"
    if url == meant or parts.hostname == "api.github.com":
        return f"is {url} the address of GitHub's API?"
    return f"the forge's url is {url}: is it {meant}?"


def _retry(tries: int, backoff: float) -> Retry:
    """Retries reads only, and does not wait for rate limits: the next pass continues."""
    from urllib3 import Retry

    return Retry(
        total=tries - 1,
        allowed_methods={"GET"},
        status_forcelist={500, 502, 503, 504},
        backoff_factor=backoff,
        redirect=False,
        raise_on_status=False,
        respect_retry_after_header=False,
    )


def _connect(
    project: str, token: str, api_url: str, write_pause: float, retry: Retry, ca_file: str
) -> Repository:
    from github import Auth, Github

    api = Github(
        auth=Auth.Token(token),
        base_url=api_url,
        timeout=_TIMEOUT_SECONDS,
        retry=retry,
        user_agent="imagebot",
        per_page=_PER_PAGE,
        seconds_between_requests=None,
        seconds_between_writes=write_pause,
        verify=ca_file or True,
        lazy=True,
    )
    return api.get_repo(project)


def _value(request: RemotePullRequest) -> PullRequest:
    state: PullRequestState = "open"
    if request.state != "open":
        state = "merged" if request.merged_at is not None else "closed"
    return PullRequest(
        number=request.number,
        url=request.html_url,
        title=request.title,
        body=request.body or "",
        branch=request.head.ref,
        base=request.base.ref,
        head=request.head.sha,
        state=state,
        created=request.created_at,
        closed=request.closed_at,
        # Not the property: it would send a request for each answer without labels.
        labels=tuple(label.name for label in request._labels.value or ()),  # noqa: SLF001
    )
