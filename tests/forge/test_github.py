"""Against the emulator of GitHub, and against scripted answers for what it cannot say."""

from __future__ import annotations

import gc
import json
import logging
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from imagebot.errors import ForgeAuthError, ForgeError, ForgeRateLimitError, ForgeUnreachableError
from imagebot.forge.github import GitHubForge, ask_for_api
from tests.support.certificates import IS_STRICT, write_tls
from tests.support.git_repository import Entry
from tests.support.github import Forge as Emulated
from tests.support.scripted_http import Answer, Request, ScriptedServer, drip

NAME = "acme/gitops"
TOKEN = "canary-token-of-the-forge"
FILES: dict[str, Entry] = {"a.yaml": b"image: a:1\n"}
PULLS = f"/repos/{NAME}/pulls"


def connect(
    api_url: str, token: str, *, tries: int = 1, base: str = "main", origin: str = ""
) -> GitHubForge:
    return GitHubForge(
        NAME,
        base,
        token,
        origin=origin,
        api_url=api_url,
        write_pause=0.0,
        tries=tries,
        backoff=0.0,
    )


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture
def github(forge: Emulated) -> GitHubForge:
    """A project with the branches main, x and y."""
    forge.make_repository(NAME, FILES)
    repository = forge.git.repository(NAME)
    for branch in ("x", "y"):
        repository.move(branch, str(repository.head()))
        repository.commit({"a.yaml": branch.encode()}, branch=branch)
    forge.sync(NAME)
    return connect(forge.api_url, forge.bot_token)


def test_created_once_and_found(github: GitHubForge, forge: Emulated) -> None:
    assert github.find("x") is None
    pull = github.create(branch="x", title="T ü", body="B\n\n<!-- m -->\n")
    assert (pull.title, pull.body, pull.state) == ("T ü", "B\n\n<!-- m -->\n", "open")
    assert (pull.branch, pull.base) == ("x", "main")
    assert pull.head == forge.git.repository(NAME).head("x")
    assert pull.url.endswith(f"/pull/{pull.number}")
    assert github.create(branch="x", title="Other", body="Other") == pull
    assert github.find("x") == pull
    assert github.find("y") is None
    assert len(forge.pull_requests(NAME)) == 1


def test_updated_in_place(github: GitHubForge, forge: Emulated) -> None:
    pull = github.create(branch="x", title="T", body="B")
    updated = github.update(pull.number, title="T2", body="B2")
    assert (updated.number, updated.title, updated.body) == (pull.number, "T2", "B2")
    assert [(one["title"], one["body"]) for one in forge.pull_requests(NAME)] == [("T2", "B2")]


def test_closed_and_merged(github: GitHubForge, forge: Emulated) -> None:
    first = github.create(branch="x", title="T", body="B")
    github.close(first.number)
    assert github.find("x") is None
    second = github.create(branch="x", title="T", body="B")
    forge.merge(NAME, second.number)
    found = github.find_closed("x")
    assert [(one.number, one.state) for one in found] == [
        (second.number, "merged"),
        (first.number, "closed"),
    ]


def test_all_below_a_prefix(github: GitHubForge, forge: Emulated) -> None:
    repository = forge.git.repository(NAME)
    for branch in ("imagebot/a", "imagebot/b", "imagebot/c"):
        repository.move(branch, str(repository.head("x")))
    forge.sync(NAME)
    other = connect(forge.api_url, forge.bot_token, base="y")
    other.create(branch="imagebot/a", title="T", body="B")
    numbers = {
        branch: github.create(branch=branch, title="T", body="B").number
        for branch in ("x", "imagebot/a", "imagebot/b", "imagebot/c")
    }
    github.close(numbers["x"])
    github.close(numbers["imagebot/b"])
    forge.merge(NAME, numbers["imagebot/c"])
    assert [one.number for one in github.list_open("imagebot/")] == [numbers["imagebot/a"]]
    closed = list(github.list_closed("imagebot/", most=9))
    assert [(one.branch, one.state) for one in closed] == [
        ("imagebot/c", "merged"),
        ("imagebot/b", "closed"),
    ]
    assert [one.number for one in github.list_closed("imagebot/", most=1)] == [closed[0].number]
    assert all(one.created and one.closed and one.created <= one.closed for one in closed)


def test_one_base_of_several(github: GitHubForge, forge: Emulated) -> None:
    pull = github.create(branch="x", title="T", body="B")
    other = connect(forge.api_url, forge.bot_token, base="y")
    assert other.find("x") is None
    assert other.create(branch="x", title="T", body="B").number != pull.number


def test_comments_are_not_repeated(github: GitHubForge, forge: Emulated) -> None:
    number = github.create(branch="x", title="T", body="B").number
    for _ in range(2):
        github.comment(number, "Hello.\n")
    github.comment(number, "Bye.")
    assert [text.strip() for text in forge.comments(NAME, number)] == ["Hello.", "Bye."]


def test_labels_and_reviewers(github: GitHubForge, forge: Emulated) -> None:
    number = github.create(branch="x", title="T", body="B", draft=True).number
    github.add_labels(number, ["images", "bot"])
    github.add_labels(number, ["images"])
    github.request_reviewers(number, ["alice"])
    assert forge.labels(NAME, number) == ["bot", "images"]
    (shown,) = forge.pull_requests(NAME)
    assert [user["login"] for user in shown["requested_reviewers"]] == ["alice"]
    assert shown["draft"] is True
    with pytest.raises(ForgeError) as caught:
        github.request_reviewers(number, ["nobody-of-this-name"])
    assert caught.value.status == 422


def test_a_label_is_taken_away_once(github: GitHubForge, forge: Emulated) -> None:
    number = github.create(branch="x", title="T", body="B").number
    github.add_labels(number, ["images", "bot"])
    found = github.find("x")
    assert found is not None
    assert sorted(found.labels) == ["bot", "images"]
    github.remove_label(number, "bot")
    github.remove_label(number, "bot")
    assert forge.labels(NAME, number) == ["images"]


def test_what_github_refuses(github: GitHubForge) -> None:
    with pytest.raises(ForgeError, match="head: invalid") as caught:
        github.create(branch="not-there", title="T", body="B")
    assert caught.value.status == 422
    with pytest.raises(ForgeError, match="body is too long"):
        github.create(branch="x", title="T", body="x" * 65_537)


def test_check(github: GitHubForge) -> None:
    assert github.check().summary == "the token may write"
    assert github.check().expires is None


def test_check_of_the_right_to_propose_makes_nothing(github: GitHubForge, forge: Emulated) -> None:
    rights = github.check(proposes=True)
    assert rights.summary == "the token may write and open pull requests"
    assert forge.pull_requests(NAME, state="all") == []


PROJECT = Answer(
    200,
    {
        "Content-Type": "application/json",
        "github-authentication-token-expiration": "2026-12-31 23:59:59 UTC",
    },
    {"id": 1, "full_name": NAME, "permissions": {"push": True}},
)


def test_a_token_that_may_write_but_not_propose(scripted: ScriptedServer) -> None:
    """As GitHub answers a fine-grained token without a right to pull requests."""
    scripted.on("GET", f"/repos/{NAME}", PROJECT)
    scripted.on("POST", PULLS, message(403, "Resource not accessible by personal access token"))
    github = connect(scripted.url, TOKEN, origin="credential it, file /run/token")
    rights = github.check()
    assert rights.summary == "the token may write"
    assert rights.expires == datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)
    with pytest.raises(ForgeAuthError, match=r"not allowed \(credential it, file /run/token\)"):
        github.check(proposes=True)


@pytest.mark.parametrize("said", ["", "never", "2026-13-01 00:00:00 UTC", "9" * 500])
def test_an_end_of_a_token_that_cannot_be_read(said: str, scripted: ScriptedServer) -> None:
    headers = {**dict(PROJECT.headers), "github-authentication-token-expiration": said}
    scripted.on("GET", f"/repos/{NAME}", Answer(200, headers, PROJECT.body))
    assert connect(scripted.url, TOKEN).check().expires is None


PAGE = "<!DOCTYPE html><html><body>Sign in</body></html>"


@pytest.mark.parametrize("status", [200, 403, 404, 406])
def test_an_address_that_is_the_forge_s_but_not_its_api_s(
    status: int, scripted: ScriptedServer
) -> None:
    scripted.handler = lambda _: Answer(status, {"Content-Type": "text/html"}, PAGE)
    with pytest.raises(ForgeError, match="not one of GitHub's API") as caught:
        connect(scripted.url, TOKEN).check()
    assert f"the forge's url is {scripted.url}: is it {scripted.url}/api/v3?" in caught.value.hint


def test_the_api_of_github_com_is_elsewhere() -> None:
    assert ask_for_api("https://github.com").endswith("is it https://api.github.com?")
    assert ask_for_api("https://ghe.example/api/v3").startswith("is https://ghe.example/api/v3 ")


def test_a_project_that_is_not_there(forge: Emulated) -> None:
    with pytest.raises(ForgeError, match="no such project") as caught:
        connect(forge.api_url, forge.bot_token).check()
    assert "contents: write" in caught.value.hint


def pull_fields(number: int, branch: str, **more: Any) -> dict[str, Any]:
    return {
        "number": number,
        "url": f"http://x{PULLS}/{number}",
        "html_url": f"https://github.com/{NAME}/pull/{number}",
        "title": "T",
        "body": "B",
        "state": "open",
        "created_at": "2026-01-02T03:04:05Z",
        "closed_at": None,
        "merged_at": None,
        "head": {"ref": branch, "sha": "1" * 40},
        "base": {"ref": "main", "sha": "2" * 40},
        **more,
    }


JSON = {"Content-Type": "application/json"}


def message(status: int, text: str, **headers: str) -> Answer:
    return Answer(status, {"Content-Type": "application/json", **headers}, {"message": text})


def test_pages_are_asked_for_as_they_are_needed(scripted: ScriptedServer) -> None:
    """And the branch of a fork, which anybody may have, is none of this project's."""
    renamed = {"full_name": "acme/renamed"}
    repositories = [None, {"full_name": "eve/gitops"}, renamed, *[None] * 97]
    listed = [
        pull_fields(
            number,
            "imagebot/x",
            state="closed",
            head={"ref": "imagebot/x", "sha": "1" * 40, "repo": repository},
            base={"ref": "main", "sha": "2" * 40, "repo": renamed},
        )
        for number, repository in enumerate(repositories)
    ]
    # As many as were asked for, so there may be more.
    scripted.on("GET", PULLS, Answer(200, JSON, listed))
    found = connect(scripted.url, TOKEN).list_closed("imagebot/", most=300)
    assert next(found).number == 2
    assert len(scripted.requests) == 1
    assert next(found).number == 2
    assert len(scripted.requests) == 2


class Pulls:
    """The list and the making of pull requests, with a fault after the work is done."""

    def __init__(self, fault: Answer, *, works: bool) -> None:
        self.fault, self.works = fault, works
        self.made: list[dict[str, Any]] = []

    def __call__(self, request: Request) -> Answer:
        if request.method == "GET":
            return Answer(200, {"Content-Type": "application/json"}, list(self.made))
        if self.works:
            self.made.append(pull_fields(len(self.made) + 1, request.json()["head"]))
        return self.fault


FAULTS = [message(502, "Server Error"), message(500, "oops"), Answer(drop=True)]


@pytest.mark.parametrize("fault", FAULTS, ids=["502", "500", "dropped"])
def test_a_fault_after_the_work_makes_no_second_pull_request(
    fault: Answer, scripted: ScriptedServer
) -> None:
    scripted.handler = pulls = Pulls(fault, works=True)
    pull = connect(scripted.url, TOKEN, tries=3).create(branch="x", title="T", body="B")
    assert (pull.number, len(pulls.made)) == (1, 1)
    assert len(scripted.asked("POST", PULLS)) == 1


@pytest.mark.parametrize("fault", FAULTS, ids=["502", "500", "dropped"])
def test_a_fault_before_the_work_is_an_error(fault: Answer, scripted: ScriptedServer) -> None:
    scripted.handler = Pulls(fault, works=False)
    with pytest.raises(ForgeUnreachableError):
        connect(scripted.url, TOKEN, tries=3).create(branch="x", title="T", body="B")
    assert len(scripted.asked("POST", PULLS)) == 1


def test_another_bot_was_faster(scripted: ScriptedServer) -> None:
    refused = Answer(
        422,
        {"Content-Type": "application/json"},
        {
            "message": "Validation Failed",
            "errors": [{"message": "A pull request already exists for acme:x."}],
        },
    )
    scripted.handler = Pulls(refused, works=True)
    assert connect(scripted.url, TOKEN).create(branch="x", title="T", body="B").number == 1
    scripted.handler = Pulls(refused, works=False)
    with pytest.raises(ForgeError, match="already exists"):
        connect(scripted.url, TOKEN).create(branch="x", title="T", body="B")


def test_a_comment_is_not_sent_twice_after_a_fault(scripted: ScriptedServer) -> None:
    comments: list[dict[str, Any]] = []
    place = f"/repos/{NAME}/issues/1/comments"

    def answer(request: Request) -> Answer:
        if request.method == "GET":
            return Answer(200, {"Content-Type": "application/json"}, list(comments))
        comments.append({"id": 1, "body": request.json()["body"] + "\r\n"})
        return message(502, "Server Error")

    fields = pull_fields(1, "x", issue_url=f"{scripted.url}/repos/{NAME}/issues/1")
    fields["comments_url"] = f"{scripted.url}{place}"
    scripted.on("GET", f"{PULLS}/1", Answer(200, {"Content-Type": "application/json"}, fields))
    scripted.on("GET", place, answer)
    scripted.on("POST", place, answer)
    connect(scripted.url, TOKEN, tries=3).comment(1, "Hello.")
    assert len(comments) == 1


def test_reads_are_tried_again(scripted: ScriptedServer) -> None:
    fine = Answer(200, {"Content-Type": "application/json"}, [pull_fields(1, "x")])
    scripted.on("GET", PULLS, message(502, "x"), message(503, "x"), fine)
    found = connect(scripted.url, TOKEN, tries=3).find("x")
    assert found is not None
    assert found.number == 1
    scripted.on("GET", PULLS, message(502, "x"), message(502, "x"), message(502, "x"), fine)
    with pytest.raises(ForgeUnreachableError):
        connect(scripted.url, TOKEN, tries=3).find("x")


ERRORS: dict[str, tuple[Answer, type[ForgeError], str]] = {
    "bad token": (message(401, "Bad credentials"), ForgeAuthError, "token was refused"),
    "no right": (
        message(403, "Resource not accessible by personal access token"),
        ForgeAuthError,
        "not allowed: Resource not accessible",
    ),
    "sso": (message(403, "Resource protected by organization SAML"), ForgeAuthError, "SAML"),
    "not found": (message(404, "Not Found"), ForgeError, "no such project"),
    "conflict": (
        message(409, "Conflict"),
        ForgeError,
        "refused the request with status 409: Conflict",
    ),
    "invalid": (
        message(422, "Validation Failed"),
        ForgeError,
        "refused the request with status 422",
    ),
    "fault": (message(500, "oops"), ForgeUnreachableError, "failed with status 500"),
    "away": (message(503, "x"), ForgeUnreachableError, "failed with status 503"),
    "html": (Answer(502, {}, "<html>\x1b[2J</html>"), ForgeUnreachableError, "failed with status"),
    "moved": (
        message(301, "Moved", Location="/repositories/1/pulls"),
        ForgeError,
        "not one of GitHub",
    ),
    "renamed": (message(307, "x", Location="/x"), ForgeError, "not one of GitHub"),
    "dropped": (Answer(drop=True), ForgeUnreachableError, "cannot be reached"),
    "log in": (Answer(302, {"Location": "/login"}), ForgeError, "not one of GitHub"),
    "nothing": (Answer(200, {}, b""), ForgeError, "not one of GitHub"),
    "no content": (Answer(204), ForgeError, "not one of GitHub"),
    "null": (Answer(200, {}, "null"), ForgeError, "not one of GitHub"),
    "no json": (Answer(200, {}, "<html></html>"), ForgeError, "not one of GitHub"),
    "no list": (Answer(200, {}, {"message": "hello"}), ForgeError, "not one of GitHub"),
    "no pull": (Answer(200, {}, [{"number": "one"}]), ForgeError, "not one of GitHub"),
    "cut": (Answer(200, {}, b"[" * 100, cut_at=10), ForgeUnreachableError, "cannot be reached"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name: str, scripted: ScriptedServer) -> None:
    answer, kind, reason = ERRORS[name]
    scripted.handler = lambda _: answer
    forge = connect(scripted.url, TOKEN)
    for question in (forge.find_closed, forge.list_open, lambda _: forge.comment(1, "x")):
        with pytest.raises(ForgeError):
            question("x")
    with pytest.raises(ForgeError, match=reason) as caught:
        forge.find("x")
    assert type(caught.value) is kind
    assert caught.value.hint or kind is ForgeError
    assert TOKEN not in str(caught.value)
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "wait"),
    [
        (message(429, "Too Many Requests", **{"Retry-After": "7"}), 7.0),
        (message(403, "You have exceeded a secondary rate limit"), None),
        (message(403, "slow down", **{"Retry-After": "60"}), 60.0),
        (
            message(
                403,
                "API rate limit exceeded",
                **{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1"},
            ),
            0.0,
        ),
        # Only the count says so; and that it is used up for now, whatever the text.
        (message(403, "slow down", **{"X-RateLimit-Remaining": "0"}), None),
        (
            message(403, "no", **{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1"}),
            0.0,
        ),
        (message(429, "no", **{"Retry-After": "soon"}), None),
        (message(429, "no", **{"Retry-After": "7", "X-RateLimit-Reset": "1"}), 7.0),
    ],
)
def test_rate_limits_are_not_waited_for(
    answer: Answer, wait: float | None, scripted: ScriptedServer
) -> None:
    scripted.handler = lambda _: answer
    with pytest.raises(ForgeRateLimitError, match=r"asks for a pause( of \d+ s)?: ") as caught:
        connect(scripted.url, TOKEN, tries=3).find("x")
    assert caught.value.retry_after == wait
    assert (wait is None) == (" s: " not in caught.value.message)
    assert len(scripted.requests) == 1


@pytest.mark.parametrize("remaining", ["1", "10", "00", ""])
def test_a_refusal_with_requests_left_is_not_a_rate_limit(
    remaining: str, scripted: ScriptedServer
) -> None:
    """GitHub sends the count with every answer."""
    headers = {"X-RateLimit-Remaining": remaining, "X-RateLimit-Reset": "1"}
    scripted.handler = lambda _: message(403, "Must have admin rights", **headers)
    with pytest.raises(ForgeAuthError, match="not allowed: Must have admin rights"):
        connect(scripted.url, TOKEN).find("x")


def test_a_rate_limit_that_is_used_up_tells_how_long_for(scripted: ScriptedServer) -> None:
    reset = int(time.time()) + 100_000
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(reset)}
    scripted.handler = lambda _: message(403, "no", **headers)
    with pytest.raises(ForgeRateLimitError) as caught:
        connect(scripted.url, TOKEN).find("x")
    # From now on, not since 1970.
    assert caught.value.retry_after is not None
    assert 90_000 < caught.value.retry_after <= 100_000


def test_nobody_listens() -> None:
    with pytest.raises(ForgeUnreachableError, match="cannot be reached"):
        connect("http://127.0.0.1:1", TOKEN).find("x")


@pytest.mark.parametrize("method", ["check", "find"])
def test_a_page_to_log_in_at_is_not_the_api(method: str, scripted: ScriptedServer) -> None:
    """As GitHub Enterprise answers at an address without /api/v3, when only members may see it."""
    page = Answer(200, {"Content-Type": "text/html"}, "<html></html>")
    scripted.handler = lambda request: (
        page if request.path == "/login" else Answer(302, {"Location": "/login"})
    )
    forge = connect(scripted.url, TOKEN)
    with pytest.raises(ForgeError) as caught:
        forge.check() if method == "check" else forge.find("x")
    assert "not one of GitHub's API" in caught.value.message
    assert "/api/v3" in caught.value.hint
    assert not re.search("NoneType|object|attribute", caught.value.message)


def test_the_token_goes_nowhere_else(
    scripted: ScriptedServer,
    start_scripted: Callable[..., ScriptedServer],
    home: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Not to where a redirect points, not into a log; and ~/.netrc is not asked."""
    caplog.set_level(logging.DEBUG)
    (home / ".netrc").write_text("machine 127.0.0.1 login x password wrong\n")
    thief = start_scripted(lambda _: Answer(200, {}, "[]"))
    for status in (301, 302, 307, 308):
        location = f"{thief.url}/x"
        scripted.handler = lambda _, s=status, to=location: message(s, TOKEN, Location=to)
        with pytest.raises(ForgeError) as caught:
            connect(scripted.url, TOKEN).find("x")
        assert TOKEN not in f"{caught.value}{caught.value.hint}"
    assert thief.requests == []
    assert {request.authorization for request in scripted.requests} == {f"token {TOKEN}"}
    scripted.handler = lambda _: Answer(200, {}, json.dumps([pull_fields(1, "x")]))
    forge = connect(scripted.url, TOKEN)
    forge.find("x")
    assert TOKEN not in repr(forge)
    assert "GET" in caplog.text
    assert TOKEN not in caplog.text


def test_certificates_of_an_authority_of_ones_own(
    start_scripted: Callable[..., ScriptedServer], tmp_path: Path
) -> None:
    server = start_scripted(lambda _: Answer(200, {}, "[]"), tls=tmp_path / "tls")
    with pytest.raises(ForgeUnreachableError, match="its authority is not known here") as caught:
        connect(server.url, TOKEN).find("x")
    assert f"the certificate of {server.host} is not trusted" in str(caught.value)
    assert "SSL_CERT_FILE" in caught.value.hint
    assert server.requests == []
    trusting = GitHubForge(
        NAME, "main", TOKEN, api_url=server.url, write_pause=0.0, ca_file=str(server.ca_file)
    )
    assert trusting.find("x") is None


def test_an_authority_that_strict_verification_refuses(
    start_scripted: Callable[..., ScriptedServer], tmp_path: Path
) -> None:
    """Python 3.13 and newer are strict."""
    tls = write_tls(tmp_path / "tls", authority=["no-key-usage"])
    server = start_scripted(lambda _: Answer(200, {}, "[]"), tls=tls)
    forge = GitHubForge(
        NAME, "main", TOKEN, api_url=server.url, tries=1, write_pause=0.0, ca_file=str(tls.ca_file)
    )
    if IS_STRICT:
        with pytest.raises(ForgeUnreachableError, match="has no key usage") as caught:
            forge.find("x")
        assert "keyCertSign" in caught.value.hint
    else:
        assert forge.find("x") is None
    assert len(server.requests) == (0 if IS_STRICT else 1)


def test_a_forge_that_never_ends(scripted: ScriptedServer) -> None:
    """A byte now and then is enough to keep PyGithub waiting."""
    scripted.handler = lambda _: Answer(raw=drip(b"HTTP/1.1 200 OK\r\nX: ", b"x"))
    github = GitHubForge(NAME, "main", TOKEN, api_url=scripted.url, tries=1, longest=0.5)
    with pytest.raises(ForgeUnreachableError) as caught:
        github.find("x")
    assert "cannot be reached: it took more than 0.5 s" in caught.value.message


def test_no_connection_stays_open(github: GitHubForge) -> None:
    gc.collect()
    gc.disable()
    try:
        github.disconnect()
        before = open_files()
        for _ in range(3):
            assert github.find("x") is None
            assert open_files() > before
            github.disconnect()
            assert open_files() == before
    finally:
        gc.enable()
