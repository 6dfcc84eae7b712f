"""Drafts, which GitHub makes by GraphQL alone.

The emulator's GraphQL checks requests and answers with the schema that GitHub publishes. What the
mutations do, and the failures that are scripted here, are as the documentation has them.
"""

from __future__ import annotations

import pytest

from imagebot.errors import ForgeAuthError, ForgeError, ForgeRateLimitError
from imagebot.forge.github import GitHubForge
from tests.forge.test_github import NAME, PULLS, TOKEN, connect, github, pull_fields
from tests.support.github import Forge as Emulated
from tests.support.scripted_http import Answer, Request, ScriptedServer

__all__ = ["github"]


def test_drafts(github: GitHubForge, forge: Emulated) -> None:
    """By GraphQL, which the emulator checks with the schema that GitHub publishes."""
    number = github.create(branch="x", title="T", body="B").number
    for draft in (True, True, False, False):
        github.set_draft(number, draft=draft)
        assert forge.pull_requests(NAME)[0]["draft"] is draft
    assert github.create(branch="y", title="T", body="B", draft=True).number != number
    assert [pull["draft"] for pull in forge.pull_requests(NAME)] == [False, True]


def test_a_project_without_drafts(github: GitHubForge, forge: Emulated) -> None:
    number = github.create(branch="x", title="T", body="B").number
    forge.api("PATCH", f"/repos/{NAME}", {"private": True})
    with pytest.raises(ForgeError) as caught:
        github.set_draft(number, draft=True)
    assert "Draft pull requests are not supported in this repository." in str(caught.value)
    assert "not one of GitHub's API" not in str(caught.value)


@pytest.mark.parametrize("draft", [True, False])
def test_a_draft_is_made_only_once(draft: bool, scripted: ScriptedServer) -> None:
    state = {"draft": not draft}
    mutation = "convertPullRequestToDraft" if draft else "markPullRequestReadyForReview"

    def answer(request: Request) -> Answer:
        json_type = {"Content-Type": "application/json"}
        if request.method == "GET":
            return Answer(200, json_type, pull_fields(1, "x", node_id="PR_1", **state))
        state["draft"] = draft
        made = {"clientMutationId": None, "pullRequest": {"isDraft": draft}}
        return Answer(200, json_type, {"data": {mutation: made}})

    scripted.handler = answer
    github = connect(scripted.url, TOKEN)
    github.set_draft(1, draft=draft)
    github.set_draft(1, draft=draft)
    assert len(scripted.asked("POST", "/graphql")) == 1


FAILURES = [
    ("FORBIDDEN", "Resource not accessible by personal access token", ForgeAuthError),
    ("INSUFFICIENT_SCOPES", "Your token has not been granted the scopes", ForgeAuthError),
    ("RATE_LIMITED", "API rate limit exceeded", ForgeRateLimitError),
    ("UNPROCESSABLE", "The pull request is closed", ForgeError),
]


@pytest.mark.parametrize(("kind", "said", "expected"), FAILURES)
def test_what_graphql_says_of_a_failure(
    kind: str, said: str, expected: type[ForgeError], scripted: ScriptedServer
) -> None:
    """It answers 200 to everything: https://docs.github.com/en/graphql/guides/forming-calls-with-graphql"""
    json_type = {"Content-Type": "application/json"}
    errors = [{"type": kind, "path": ["convertPullRequestToDraft"], "message": said}]
    answer = {"data": {"convertPullRequestToDraft": None}, "errors": errors}
    scripted.on("GET", f"{PULLS}/1", Answer(200, json_type, pull_fields(1, "x", draft=False)))
    scripted.on("POST", "/graphql", Answer(200, json_type, answer))
    with pytest.raises(ForgeError) as caught:
        connect(scripted.url, TOKEN).set_draft(1, draft=True)
    assert type(caught.value) is expected
    assert said in str(caught.value)
