"""The log of passes says what is new, and what is over."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from imagebot.config.secret import Vault
from imagebot.errors import ConfigIssue, ConfigurationError, GitError
from imagebot.nudge.model import Nudged
from imagebot.plan.model import Plan, Published
from imagebot.problem import Exit, Problem
from imagebot.run.diagnostics import Diagnostics
from imagebot.run.journal import Journal
from imagebot.run.passes import PassResult
from tests.publish.updates import make_update

PROBLEM = Problem(
    scope="repository",
    subject="ghcr.io/acme/api",
    code="registry-rate-limit",
    message="ghcr.io/acme/api: asks for a pause of 30 s",
    target="production",
)
UPDATE = make_update("app.yaml", "app:1.0", "1.1")
OPENED = Published(
    target="production",
    route="all",
    status="opened",
    updates=(UPDATE.id,),
    commit="1" * 40,
    branch="imagebot/all-00000000",
    number=7,
    url="https://github.com/acme/gitops/pull/7",
)
Capture = pytest.CaptureFixture[str]


def events(capsys: Capture) -> list[Any]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def names(capsys: Capture) -> list[str]:
    return [entry["event"] for entry in events(capsys)]


def tell(journal: Journal, plan: Plan, *published: Published) -> Exit:
    return journal.tell(PassResult(plan, published), seconds=1.23456)


def test_what_stands_is_written_when_it_comes_up_and_when_it_is_over(capsys: Capture) -> None:
    journal = Journal(Diagnostics("json"))
    wrong = Plan(problems=(PROBLEM,), warnings=("careful",))
    assert tell(journal, wrong) == Exit.FAILED
    warning, problem, done = events(capsys)
    assert (warning["event"], warning["message"]) == ("warning", "careful")
    assert (problem["event"], problem["code"], problem["target"]) == (
        "problem",
        "registry-rate-limit",
        "production",
    )
    assert (done["changed"], done["problems"], done["seconds"]) == (True, 1, 1.235)
    later = replace(PROBLEM, message=PROBLEM.message.replace("30", "7"))
    assert tell(journal, replace(wrong, problems=(later,))) == Exit.FAILED
    (done,) = events(capsys)
    assert (done["level"], done["changed"], done["problems"]) == ("error", False, 1)
    assert tell(journal, Plan(warnings=("careful",))) == Exit.WELL
    solved, done = events(capsys)
    assert (solved["event"], solved["level"], solved["subject"]) == (
        "solved",
        "info",
        "ghcr.io/acme/api",
    )
    assert done["changed"]
    tell(journal, wrong)
    assert names(capsys) == ["problem", "pass"]


def test_a_change_is_an_event_and_an_open_pull_request_is_none(capsys: Capture) -> None:
    journal = Journal(Diagnostics("json"))
    tell(journal, Plan(updates=(UPDATE,)), OPENED)
    opened, done = events(capsys)
    assert opened["event"] == "opened"
    assert opened["pullRequest"] == {"number": 7, "url": OPENED.url}
    assert opened["updates"][0]["to"] == {"tag": "1.1", "digest": None}
    assert (done["updates"], done["published"], done["pending"]) == (1, 1, 0)
    tell(journal, Plan(updates=(UPDATE,)), replace(OPENED, status="unchanged"))
    (done,) = events(capsys)
    assert (done["changed"], done["published"], done["pending"]) == (False, 0, 0)


def test_quiet_says_nothing_where_nothing_changed(capsys: Capture) -> None:
    journal = Journal(Diagnostics("json", quiet=True))
    tell(journal, Plan(problems=(PROBLEM,)))
    assert names(capsys) == ["problem"]
    tell(journal, Plan(problems=(PROBLEM,)))
    assert capsys.readouterr().err == ""
    tell(journal, Plan(updates=(UPDATE,)), OPENED)
    assert names(capsys) == ["opened", "solved"]


def test_what_is_left_to_people_is_told_once(capsys: Capture) -> None:
    journal = Journal(Diagnostics("json", quiet=True))
    waiting = replace(OPENED, status="waiting-for-people")
    tell(journal, Plan(updates=(UPDATE,)), waiting)
    assert names(capsys) == ["waiting-for-people"]
    tell(journal, Plan(updates=(UPDATE,)), waiting)
    assert names(capsys) == []


def test_a_pass_that_cannot_begin_is_told_once(capsys: Capture) -> None:
    journal = Journal(Diagnostics("json"))
    broken = ConfigurationError((ConfigIssue("bot.yaml", 3, 1, "targets", "is missing", "add"),))
    assert journal.tell_failure(broken) == Exit.FAILED
    problem, done = events(capsys)
    assert (problem["code"], problem["message"], problem["hint"]) == (
        "configuration",
        "bot.yaml:3:1: targets: is missing",
        "add",
    )
    assert (done["event"], done["changed"]) == ("pass", False)
    journal.tell_failure(broken)
    assert names(capsys) == ["pass"]
    journal.tell_failure(GitError("x", "is away"))
    assert names(capsys) == ["problem", "solved", "pass"]


def test_a_nudge_that_failed_is_told_of_each_time_and_is_never_solved(capsys: Capture) -> None:
    journal = Journal(Diagnostics("json"))
    problem = replace(PROBLEM, scope="change", code="nudge", message="flux at f: status 500")
    nudged = Nudged(target="production", nudge="flux at f", commit="1" * 40)
    failed = replace(nudged, problem=problem)
    for _ in range(2):
        plan = Plan(problems=(problem,))
        code = journal.tell(PassResult(plan, (), nudged=(nudged, failed)), seconds=1)
        assert code == Exit.FAILED
        told, problem_, done = events(capsys)
        assert (told["event"], told["nudge"], told["answered"]) == ("nudged", "flux at f", True)
        assert (problem_["event"], problem_["code"]) == ("problem", "nudge")
        assert (done["event"], done["problems"], done["published"]) == ("pass", 1, 0)
    tell(journal, Plan())
    assert names(capsys) == ["pass"]


def test_a_bug_in_a_nudge_is_told_of_once(capsys: Capture) -> None:
    bug = replace(PROBLEM, scope="change", code="bug")
    failed = Nudged(target="production", nudge="flux at f", commit="1" * 40, problem=bug)
    result = PassResult(Plan(problems=(bug,)), (), nudged=(failed,))
    assert Journal(Diagnostics("json")).tell(result, seconds=1) == Exit.BUG
    assert names(capsys) == ["problem", "pass"]


def test_secrets_are_hidden_wherever_they_are_in_an_entry(capsys: Capture) -> None:
    vault = Vault()
    vault.keep("correct-horse")
    update = make_update("correct-horse.yaml", "app:1.0", "1.1")
    published = replace(OPENED, updates=(update.id,), branch="imagebot/correct-horse")
    tell(Journal(Diagnostics("json", vault=vault)), Plan(updates=(update,)), published)
    written = capsys.readouterr().err
    assert "correct-horse" not in written
    assert json.loads(written.splitlines()[0])["updates"][0]["path"] == "***.yaml"


def test_as_text(capsys: Capture) -> None:
    journal = Journal(Diagnostics())
    tell(journal, Plan(updates=(UPDATE,), problems=(PROBLEM,)), OPENED)
    assert capsys.readouterr().err.splitlines() == [
        "production: all: opened #7 111111111111 https://github.com/acme/gitops/pull/7 (1 update)",
        "problem: production: ghcr.io/acme/api: asks for a pause of 30 s",
        "pass done: 1 update, 1 published, 0 kept, 1 problem",
    ]
