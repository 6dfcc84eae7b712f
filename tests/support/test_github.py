from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from github import Auth, Github, GithubException
from github.Repository import Repository

from tests.support.git_repository import Entry, Executable, Symlink, git, git_text
from tests.support.github import Forge, ForgeError

NAME = "acme/gitops"
FILES: dict[str, Entry] = {
    "test/app.yaml": b"image: app:1.0\n",
    "production/app.yaml": b"image: app:1.0\r\n",
    "bin/run.sh": Executable(b"#!/bin/sh\n"),
    "link": Symlink("test/app.yaml"),
}


@pytest.fixture
def api(forge: Forge) -> Callable[[str], Repository]:
    """acme/gitops through PyGithub, for whoever has the token."""

    def connect(token: str) -> Repository:
        github = Github(
            base_url=forge.api_url,
            auth=Auth.Token(token),
            retry=None,
            seconds_between_requests=0,
            seconds_between_writes=0,
        )
        return github.get_repo(NAME)

    return connect


def push_branch(forge: Forge, tmp_path: Path, branch: str, files: dict[str, bytes]) -> str:
    """Clone main, commit and push a branch with the bot's token; returns the commit's id."""
    clone = tmp_path / branch
    git(tmp_path, "clone", "--quiet", forge.git.url_of(NAME, token=forge.bot_token), str(clone))
    for path, data in files.items():
        (clone / path).write_bytes(data)
    git(clone, "add", "--all")
    git(clone, "commit", "--quiet", "--message", "Update\n\nwith a body")
    git(clone, "push", "--quiet", "--force", "origin", f"HEAD:{branch}")
    return git_text(clone, "rev-parse", "HEAD")


def test_both_sides_have_the_same_ids(
    forge: Forge, api: Callable[[str], Repository], tmp_path: Path
) -> None:
    forge.make_repository(NAME, FILES)
    sha = push_branch(forge, tmp_path, "bot/a-b", {"test/app.yaml": b"image: app:1.1\n"})
    branch = api(forge.bot_token).get_branch("bot/a-b")
    assert branch.commit.sha == sha == forge.git.repository(NAME).head("bot/a-b")
    content = api(forge.bot_token).get_contents("test/app.yaml", ref="bot/a-b")
    assert not isinstance(content, list)
    assert content.decoded_content == b"image: app:1.1\n"
    assert api(forge.bot_token).default_branch == "main"


def test_pull_request_by_pygithub(
    forge: Forge, api: Callable[[str], Repository], tmp_path: Path
) -> None:
    forge.make_repository(NAME, FILES)
    sha = push_branch(forge, tmp_path, "update", {"test/app.yaml": b"image: app:1.1\n"})
    pull = api(forge.bot_token).create_pull(base="main", head="update", title="T", body="B")
    pull.add_to_labels("images")
    pull.create_review_request(reviewers=["alice"])
    pull.create_issue_comment("hello")
    (listed,) = forge.pull_requests(NAME)
    assert (listed["title"], listed["body"], listed["user"]["login"]) == ("T", "B", "imagebot")
    assert (listed["head"]["ref"], listed["head"]["sha"]) == ("update", sha)
    assert forge.labels(NAME, pull.number) == ["images"]
    assert forge.comments(NAME, pull.number) == ["hello"]
    assert [user.login for user in pull.get_review_requests()[0]] == ["alice"]
    found = api(forge.bot_token).get_pulls(head="acme:update", base="main")
    assert [one.number for one in found] == [pull.number]


def test_pull_request_follows_its_branch(
    forge: Forge, api: Callable[[str], Repository], tmp_path: Path
) -> None:
    forge.make_repository(NAME, FILES)
    push_branch(forge, tmp_path, "update", {"test/app.yaml": b"image: app:1.1\n"})
    pull = api(forge.bot_token).create_pull(base="main", head="update", title="T", body="B")
    second = forge.commit(NAME, {"new": b"1"}, branch="update")
    pull.update()
    assert pull.head.sha == second
    git(tmp_path / "update", "push", "--quiet", "origin", ":update")
    assert forge.pull_requests(NAME) == []
    (closed,) = forge.pull_requests(NAME, state="closed")
    assert (closed["number"], closed["merged"]) == (pull.number, False)


@pytest.mark.parametrize(
    ("head", "body", "message"),
    [
        ("update", "B", "A pull request already exists"),
        ("no-such-branch", "B", "invalid"),
        ("long", "x" * 65_537, "body is too long"),
        ("same", "B", "No commits between main and same"),
    ],
)
def test_refused_as_github_does(
    forge: Forge,
    api: Callable[[str], Repository],
    head: str,
    body: str,
    message: str,
) -> None:
    forge.make_repository(NAME, FILES)
    main = str(forge.git.repository(NAME).head())
    for branch in ("same", "update", "long"):
        forge.git.repository(NAME).move(branch, main)
    forge.sync(NAME)
    for branch in ("update", "long"):
        forge.commit(NAME, {"new": branch.encode()}, branch=branch)
    repository = api(forge.bot_token)
    pull = repository.create_pull(base="main", head="update", title="T", body="B")
    with pytest.raises(GithubException, match=message) as refused:
        repository.create_pull(base="main", head=head, title="T", body=body)
    assert refused.value.status == 422
    if head == "long":
        with pytest.raises(GithubException, match=message):
            pull.edit(body=body)


def test_merge_is_seen_by_git(
    forge: Forge, api: Callable[[str], Repository], tmp_path: Path
) -> None:
    forge.make_repository(NAME, FILES)
    push_branch(forge, tmp_path, "update", {"test/app.yaml": b"image: app:1.1\n"})
    pull = api(forge.bot_token).create_pull(base="main", head="update", title="T", body="B")
    # main moves on meanwhile, elsewhere: the merge keeps both.
    forge.commit(NAME, {"production/app.yaml": b"image: app:2.0\r\n"})
    merged = forge.merge(NAME, pull.number)
    assert forge.git.repository(NAME).head() == merged
    files = forge.git.read_files(NAME)
    assert files["test/app.yaml"] == b"image: app:1.1\n"
    assert files["production/app.yaml"] == b"image: app:2.0\r\n"
    (closed,) = forge.pull_requests(NAME, state="closed")
    assert closed["merged_at"] is not None
    with pytest.raises(ForgeError, match="405"):
        forge.merge(NAME, pull.number)


def test_merge_of_another_head_conflicts(
    forge: Forge, api: Callable[[str], Repository], tmp_path: Path
) -> None:
    forge.make_repository(NAME, FILES)
    push_branch(forge, tmp_path, "update", {"test/app.yaml": b"image: app:1.1\n"})
    pull = api(forge.bot_token).create_pull(base="main", head="update", title="T", body="B")
    with pytest.raises(GithubException) as refused:
        pull.merge(sha="0" * 40)
    assert refused.value.status == 409


def test_refs_through_the_api(
    forge: Forge, api: Callable[[str], Repository], tmp_path: Path
) -> None:
    forge.make_repository(NAME, FILES)
    main = str(forge.git.repository(NAME).head())
    update = push_branch(forge, tmp_path, "update", {"test/app.yaml": b"image: app:1.1\n"})
    repository = api(forge.bot_token)
    repository.create_git_ref("refs/heads/other", main)
    repository.get_git_ref("heads/other").edit(update)
    repository.get_git_ref("heads/update").delete()
    forge.pull_back(NAME)
    assert forge.git.repository(NAME).refs() == {
        "refs/heads/main": main,
        "refs/heads/other": update,
    }


@pytest.mark.parametrize("authorization", ["Bearer wrong", "token wrong"])
def test_unknown_token(forge: Forge, authorization: str) -> None:
    forge.make_repository(NAME, FILES)
    answer = forge.client.get(f"/repos/{NAME}", headers={"Authorization": authorization})
    assert (answer.status_code, answer.json()["message"]) == (401, "Bad credentials")


def test_each_test_has_an_empty_forge(forge: Forge) -> None:
    with pytest.raises(ForgeError, match="404"):
        forge.api("GET", f"/repos/{NAME}")


def test_another_default_branch(forge: Forge, api: Callable[[str], Repository]) -> None:
    forge.make_repository(NAME, FILES, branch="trunk")
    assert api(forge.human_token).default_branch == "trunk"


def test_a_failing_mirror_is_not_silent(forge: Forge, tmp_path: Path) -> None:
    forge.make_repository(NAME, FILES)
    forge.api("DELETE", f"/repos/{NAME}")
    push_branch(forge, tmp_path, "update", {"test/app.yaml": b"image: app:1.1\n"})
    with pytest.raises(ForgeError, match="MirrorError"):
        forge.check_mirror()
    for log in forge.git.root.rglob("mirror-errors"):
        log.unlink()


MUTATION = """
mutation Mutation($input: %s%sInput!) {
  %s%s(input: $input) { clientMutationId pullRequest { isDraft } }
}
"""


def ask(forge: Forge, name: str, fields: str = "isDraft", **variables: Any) -> dict[str, Any]:
    query = MUTATION % (name[0].upper(), name[1:], name[0], name[1:])
    body = {"query": query.replace("isDraft", fields), "variables": {"input": variables}}
    found: dict[str, Any] = forge.api("POST", "/graphql", body)
    return found


def test_drafts_by_graphql(forge: Forge, tmp_path: Path) -> None:
    forge.make_repository(NAME, FILES)
    push_branch(forge, tmp_path, "update", {"test/app.yaml": b"image: app:1.1\n"})
    body = {"title": "T", "head": "update", "base": "main"}
    pull = forge.api("POST", f"/repos/{NAME}/pulls", body)
    for name, draft in (
        ("convertPullRequestToDraft", True),
        ("markPullRequestReadyForReview", False),
    ):
        answer = ask(forge, name, pullRequestId=pull["node_id"])
        made = {"clientMutationId": None, "pullRequest": {"isDraft": draft}}
        assert answer == {"data": {name: made}}
        assert forge.pull_requests(NAME)[0]["draft"] is draft


def test_graphql_that_is_not_of_the_published_schema(forge: Forge, tmp_path: Path) -> None:
    name = "convertPullRequestToDraft"
    forge.make_repository(NAME, FILES)
    (error,) = ask(forge, name, "isADraft", pullRequestId="x")["errors"]
    assert error["message"].startswith('Cannot query field "isADraft"')
    assert "pullRequestId" in ask(forge, name, number=1)["errors"][0]["message"]
    (error,) = ask(forge, name, pullRequestId="x")["errors"]
    assert (error["type"], error["path"]) == ("NOT_FOUND", [name])


def test_pushes_at_the_same_time(forge: Forge, tmp_path: Path) -> None:
    forge.make_repository(NAME, FILES)
    url = forge.git.url_of(NAME, token=forge.bot_token)
    git(tmp_path, "clone", "--quiet", url, "clone")
    clone = tmp_path / "clone"
    for branch in "abcd":
        git(clone, "commit", "--quiet", "--allow-empty", "--message", branch)
        git(clone, "branch", branch)
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda branch: git(clone, "push", "--quiet", url, branch), "dcba"))
    listed = forge.api("GET", f"/repos/{NAME}/branches")
    there = {f"refs/heads/{branch['name']}": branch["commit"]["sha"] for branch in listed}
    assert there == forge.git.repository(NAME).refs()
    assert len(there) == 5


def test_the_bots_own_repository(forge: Forge) -> None:
    forge.make_repository("imagebot/own", {"a": b""})
    answer = httpx.get(f"{forge.api_url}/repos/imagebot/own/branches", trust_env=False)
    assert [branch["name"] for branch in answer.json()] == ["main"]
