"""Which announcements a pass answers, by what became of its updates."""

from __future__ import annotations

import pytest

from imagebot.config.model import Target
from imagebot.plan.model import Plan, Published, PublishStatus
from imagebot.problem import Problem, ProblemScope
from imagebot.reference import Repository, parse_repository
from imagebot.serve.agenda import Hint, Job
from imagebot.serve.answers import Answers, Outcome, answers_of
from imagebot.serve.hooks.model import Announcement
from tests.publish.updates import make_update

API = parse_repository("ghcr.io/acme/api")
WEB = parse_repository("ghcr.io/acme/web")
MIRROR = parse_repository("mirror.example/acme/api")
UPDATES = {
    API: make_update("api.yaml", "ghcr.io/acme/api:1.0.0"),
    WEB: make_update("web.yaml", "ghcr.io/acme/web:1.0.0"),
}
PLAN = Plan(updates=tuple(UPDATES.values()))
HINTS = {each: Hint(Announcement(each, "1.1.0"), 20.0) for each in (API, WEB, MIRROR)}
TARGET = Target(name="one", url="https://git.example/acme/one.git", branch="main")


def names(repository: Repository) -> frozenset[Repository]:
    return frozenset({API, MIRROR} if repository in (API, MIRROR) else {repository})


def published(status: PublishStatus, *repositories: Repository) -> Published:
    updates = tuple(UPDATES[each].id for each in repositories)
    return Published(target="one", route="test", status=status, updates=updates)


def problem(scope: ProblemScope, subject: str = "one") -> Problem:
    return Problem(scope=scope, subject=subject, code="x", message="x")


def answers(
    *entries: Published,
    hints: tuple[Hint, ...] = (HINTS[API], HINTS[WEB]),
    before: tuple[Hint, ...] = (),
    problems: tuple[Problem, ...] = (),
    unlisted: tuple[Repository, ...] = (),
) -> Answers:
    plan = Plan(updates=PLAN.updates, problems=problems)
    job = Job(target=TARGET, scheduled=False, hints=hints, open=before)

    def lists(repository: Repository, _tag: str) -> bool:
        return repository not in unlisted

    return answers_of(job, Outcome(plan, entries, names, lists))


@pytest.mark.parametrize("status", ["committed", "opened", "updated"])
def test_what_is_published_is_answered_and_nothing_else(status: PublishStatus) -> None:
    assert answers(published(status, API)) == Answers(answered=(HINTS[API],))


@pytest.mark.parametrize("status", ["unchanged", "waiting-for-people"])
def test_what_is_as_before_is_neither_answered_nor_open(status: PublishStatus) -> None:
    assert answers(published(status, API, WEB)) == Answers()


def test_of_two_changes_the_one_that_failed_stays_open() -> None:
    entries = (published("committed", API), published("failed", WEB))
    found = answers(*entries, problems=(problem("change", "one: test"),))
    assert found == Answers(answered=(HINTS[API],), open=(HINTS[WEB],))


def test_a_failed_target_leaves_all_open() -> None:
    assert answers(problems=(problem("target"),)) == Answers(open=(HINTS[API], HINTS[WEB]))


@pytest.mark.parametrize("subject", [API, MIRROR])
def test_a_repository_that_cannot_be_read_is_missing_and_open(subject: Repository) -> None:
    found = answers(problems=(problem("repository", str(subject)),))
    assert found == Answers(missing=(HINTS[API],), open=(HINTS[API],))


def test_of_a_registry_that_is_away_all_repositories_are() -> None:
    """Of several that do not answer there is one problem, and it names the registry."""
    every = (HINTS[API], HINTS[WEB])
    assert answers(problems=(problem("repository", "ghcr.io"),)) == Answers(
        missing=every, open=every
    )
    assert answers(problems=(problem("repository", MIRROR.registry),)) == Answers(
        missing=(HINTS[API],), open=(HINTS[API],)
    )


def test_what_was_open_is_answered_by_the_pass_that_publishes_it() -> None:
    found = answers(published("committed", API), hints=(), before=(HINTS[MIRROR], HINTS[WEB]))
    assert found == Answers(answered=(HINTS[MIRROR],))


def test_what_the_registry_does_not_list_yet_is_not_answered() -> None:
    found = answers(published("committed", API), unlisted=(API,))
    assert found == Answers(missing=(HINTS[API],))
    found = answers(published("committed", API), unlisted=(API,), hints=(), before=(HINTS[API],))
    assert found == Answers()


def test_nothing_is_answered_twice() -> None:
    once = Hint(HINTS[API].image, 20.0, tries=1, answered=True)
    assert answers(published("committed", API), hints=(once,)) == Answers()
    assert answers(published("failed", API), hints=(once,)) == Answers()
