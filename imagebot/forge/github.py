"""Pull requests on GitHub, through PyGithub.

PyGithub by itself sends a POST again after a 5xx, and GitHub may have done what it answered 502
to: two pull requests, two comments. Here a POST is sent once, after looking whether its work is
done already, and looked for again when the answer is an error.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from imagebot.errors import ForgeAuthError, ForgeError, ForgeRateLimitError, ForgeUnreachableError
from imagebot.forge.model import PullRequest, PullRequestState
from imagebot.http.tls import explain_distrust
from imagebot.parallel.stop import Stop
from imagebot.redaction import Redaction, Secret
from imagebot.text import excerpt

if TYPE_CHECKING:
    from github.GithubException import GithubException
    from github.PullRequest import PullRequest as RemotePullRequest
    from github.Repository import Repository
    from urllib3 import Retry

API_URL = "https://api.github.com"
# https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
WRITE_PAUSE = 1.0
_TIMEOUT_SECONDS = 20
_TRIES = 3
_MOST_CLOSED = 20
_MOST_COMMENTS = 300
_MAX_SHOWN = 400
_TRUST = "set SSL_CERT_FILE to a bundle that contains the authority of the forge"
_RIGHTS = "the token needs the permissions contents: write and pull requests: write"


class GitHubForge:
    """`project` is `owner/name`; pull requests go into `base`.

    `write_pause` is the seconds between two writes, `tries` how often a read is tried, with
    `backoff` seconds between, twice as many each time. `ca_file` holds the authorities to trust
    instead of the usual ones. Nothing is asked once `stop` was.
    """

    def __init__(
        self,
        project: str,
        base: str,
        token: str,
        *,
        api_url: str = API_URL,
        write_pause: float = WRITE_PAUSE,
        tries: int = _TRIES,
        backoff: float = 0.5,
        ca_file: str = "",
        stop: Stop | None = None,
    ) -> None:
        self._project = project
        self._base = base
        self._redaction = Redaction.of([Secret(token)])
        self._stop = stop or Stop()
        self.api_url = api_url
        retry = _retry(tries, backoff)
        self._repository = _connect(project, token, api_url, write_pause, retry, ca_file)

    @property
    def project(self) -> str:
        return self._project

    def check(self) -> str:
        with self._translated():
            repository = self._repository
            repository.complete()
            # Without rights of any kind GitHub leaves them out.
            may_push = bool(getattr(repository.permissions, "push", False))
        if not may_push:
            raise ForgeAuthError(
                self._project, "the token may read the project, but not write to it", hint=_RIGHTS
            )
        return f"{self._project}: the token may write"

    def find(self, branch: str) -> PullRequest | None:
        found = self._list(branch, "open", 1)
        return found[0] if found else None

    def find_closed(self, branch: str) -> tuple[PullRequest, ...]:
        return self._list(branch, "closed", _MOST_CLOSED)

    def create(self, *, branch: str, title: str, body: str, draft: bool = False) -> PullRequest:
        existing = self.find(branch)
        if existing is not None:
            return existing
        try:
            with self._translated():
                return _value(
                    self._repository.create_pull(
                        base=self._base, head=branch, title=title, body=body, draft=draft
                    )
                )
        except ForgeError as error:
            # 422 when another bot was faster; 5xx or no answer when it may have been made.
            if error.status != 422 and not isinstance(error, ForgeUnreachableError):
                raise
            made = self.find(branch)
            if made is None:
                raise
            return made

    def update(self, number: int, *, title: str, body: str) -> PullRequest:
        with self._translated():
            request = self._repository.get_pull(number)
            request.edit(title=title, body=body)
            return _value(request)

    def close(self, number: int) -> None:
        with self._translated():
            self._repository.get_pull(number).edit(state="closed")

    def comment(self, number: int, text: str) -> None:
        if self._has_comment(number, text):
            return
        try:
            with self._translated():
                self._repository.get_pull(number).create_issue_comment(text)
        except ForgeUnreachableError:
            if not self._has_comment(number, text):
                raise

    def add_labels(self, number: int, labels: Sequence[str]) -> None:
        # A set on GitHub's side: adding twice is adding once.
        with self._translated():
            self._repository.get_pull(number).add_to_labels(*labels)

    def remove_label(self, number: int, label: str) -> None:
        try:
            with self._translated():
                self._repository.get_pull(number).remove_from_labels(label)
        except ForgeError as error:
            if error.status != 404:  # it is not there
                raise

    def set_draft(self, number: int, *, draft: bool) -> None:
        with self._translated():
            request = self._repository.get_pull(number)
            if request.draft is draft:
                return
            if draft:
                request.convert_to_draft()
            else:
                request.mark_ready_for_review()

    def request_reviewers(self, number: int, reviewers: Sequence[str]) -> None:
        users = [name for name in reviewers if "/" not in name]
        teams = [name.rpartition("/")[2] for name in reviewers if "/" in name]
        with self._translated():
            self._repository.get_pull(number).create_review_request(
                reviewers=users, team_reviewers=teams
            )

    def assign(self, number: int, assignees: Sequence[str]) -> None:
        with self._translated():
            self._repository.get_pull(number).add_to_assignees(*assignees)

    def _list(self, branch: str, state: str, most: int) -> tuple[PullRequest, ...]:
        # Not the search, which lags behind. A fork's branch has another owner.
        head = f"{self._project.split('/')[0]}:{branch}"
        with self._translated():
            listed = self._repository.get_pulls(
                state=state, base=self._base, head=head, sort="created", direction="desc"
            )
            found = [_value(request) for request in islice(listed, most)]
        mine = (one for one in found if (one.branch, one.base) == (branch, self._base))
        return tuple(sorted(mine, key=lambda one: -one.number))

    def _has_comment(self, number: int, text: str) -> bool:
        with self._translated():
            comments = self._repository.get_pull(number).get_issue_comments()
            return any(
                comment.body.strip() == text.strip() for comment in islice(comments, _MOST_COMMENTS)
            )

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        from github import BadAttributeException, GithubException, IncompletableObject

        self._stop.check()
        try:
            yield
        except (BadAttributeException, IncompletableObject) as error:
            raise self._not_github(error) from error
        except GithubException as error:
            raise self._error(error) from error
        except OSError as error:
            raise self._unreachable(error) from error
        except (RuntimeError, ValueError, TypeError, KeyError, AttributeError) as error:
            # What PyGithub raises on an unexpected answer.
            raise self._not_github(error) from error

    def _unreachable(self, error: OSError) -> ForgeError:
        """What requests raises as an error: no connection, name, TLS or answer in time."""
        distrust = explain_distrust(error, trust=_TRUST)
        if distrust is not None:
            host = urlsplit(self.api_url).netloc
            reason = f"the certificate of {host} is not trusted: {distrust.reason}"
            return ForgeUnreachableError(self._project, reason, hint=distrust.hint)
        return ForgeUnreachableError(
            self._project,
            f"the forge cannot be reached: {self._shown(str(error))}",
            hint="the next pass tries again",
        )

    def _not_github(self, error: Exception) -> ForgeError:
        said = self._shown(str(error))
        return ForgeError(
            self._project,
            f"the answer is not one of GitHub's API: {said}",
            hint="check the target's URL, because a renamed project answers like this, and the "
            "forge's url: for GitHub Enterprise it ends in /api/v3",
        )

    def _error(self, error: GithubException) -> ForgeError:
        status, headers = error.status, error.headers or {}
        said = self._shown(_message(error.data))
        if status == 401:
            return ForgeAuthError(
                self._project,
                f"the token was refused: {said}",
                status=status,
                hint="check that the target's token is right and has not expired",
            )
        if status == 429 or (status == 403 and _is_rate_limit(said, headers)):
            wait = _retry_after(headers)
            pause = "a pause" if wait is None else f"a pause of {wait:.0f} s"
            return ForgeRateLimitError(
                self._project,
                f"the forge asks for {pause}: {said}",
                status=status,
                retry_after=wait,
                hint="the next pass continues; if this repeats, run passes less often",
            )
        if status == 403:
            return ForgeAuthError(
                self._project, f"not allowed: {said}", status=status, hint=_RIGHTS
            )
        if status == 404:
            return ForgeError(
                self._project,
                "no such project, or the token may not see it",
                status=status,
                hint=f"check the target's URL; {_RIGHTS}",
            )
        if status >= 500:
            return ForgeUnreachableError(
                self._project,
                f"the forge failed with status {status}: {said}",
                status=status,
                hint="the next pass tries again",
            )
        return ForgeError(
            self._project,
            f"the forge refused the request with status {status}: {said}",
            status=status,
        )

    def _shown(self, text: str) -> str:
        return excerpt(self._redaction.hide(text).strip(), _MAX_SHOWN)


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
        per_page=50,
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
        # Not the property: it would send a request for each answer without labels.
        labels=tuple(label.name for label in request._labels.value or ()),  # noqa: SLF001
    )


def _message(data: object) -> str:
    """What GitHub says in the body of an error, with the details of a 422."""
    if not isinstance(data, dict):
        return str(data or "no reason given")
    errors = data.get("errors")
    details = [
        str(entry.get("message") or f"{entry.get('field')}: {entry.get('code')}")
        if isinstance(entry, dict)
        else str(entry)
        for entry in (errors if isinstance(errors, list) else [])
    ]
    return "; ".join([str(data.get("message") or "no reason given"), *details])


def _is_rate_limit(said: str, headers: Mapping[str, str]) -> bool:
    # The three ways GitHub says it: https://docs.github.com/en/rest/using-the-rest-api/rate-limits
    return (
        "rate limit" in said.lower()
        or "retry-after" in headers
        or headers.get("x-ratelimit-remaining") == "0"
    )


def _retry_after(headers: Mapping[str, str]) -> float | None:
    wait = headers.get("retry-after", "")
    if wait.isdecimal():
        return float(wait)
    reset = headers.get("x-ratelimit-reset", "")
    return max(0.0, float(reset) - time.time()) if reset.isdecimal() else None
