"""The JSON Schema of the log's lines holds for each event, as it is really written."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from imagebot.config.model_serve import Listen
from imagebot.errors import ConfigIssue, ConfigurationError, GitError
from imagebot.nudge.model import Nudged
from imagebot.plan.documents import document_schema
from imagebot.plan.model import FOLDER, Kept, Plan, PlanTarget, Published, PublishStatus
from imagebot.policy.model import Decision
from imagebot.problem import Place, Problem
from imagebot.run.diagnostics import Diagnostics
from imagebot.run.journal import Journal
from imagebot.run.passes import PassResult
from imagebot.serve.events import (
    hook_refused,
    listening,
    page_refused,
    reload_refused,
    reloaded,
)
from tests.publish.updates import make_update

SCHEMA: Mapping[str, Any] = json.loads(
    Path(__file__).parents[2].joinpath("docs/schema/log.schema.json").read_text("utf-8")
)
UPDATE = make_update("app.yaml", "app:1.0", "1.1")
COMMITTED = Published(
    target="production", route="all", status="committed", updates=(UPDATE.id,), commit="1" * 40
)
OPENED = dataclasses.replace(
    COMMITTED,
    status="opened",
    branch="imagebot/all-0",
    number=7,
    url="https://github.com/a/b/pull/7",
)
PROBLEM = Problem(scope="target", subject="production", code="git", message="no", hint="do it")
TOLD = Nudged(target="production", nudge="flux at flux.example.com", commit="1" * 40)
NUDGED = (
    TOLD,
    dataclasses.replace(TOLD, application="web", answered=False),
    dataclasses.replace(TOLD, problem=dataclasses.replace(PROBLEM, scope="change", code="nudge")),
)
EVERYWHERE = dataclasses.replace(
    PROBLEM, scope="file", target="production", path="a.yaml", line=3, places=(Place("b.yaml", 7),)
)


def kept(code: str, target: PlanTarget, until: datetime | None = None) -> Kept:
    decision = Decision(code=code, reason="because", eligible_at=until)
    return Kept(target=target, field=UPDATE.field, decision=decision, route="all")


def write(diagnostics: Diagnostics) -> None:
    """Everything that is ever written."""
    journal = Journal(diagnostics)
    waits = Plan(
        updates=(UPDATE,),
        kept=(
            kept("refused", UPDATE.target),
            kept("window", FOLDER, datetime(2026, 1, 2, 3, 4, tzinfo=UTC)),
        ),
        warnings=("careful",),
        problems=(PROBLEM, EVERYWHERE),
    )
    statuses: tuple[PublishStatus, ...] = (
        *("opened", "updated", "closed"),
        *("waiting-for-people", "failed", "unchanged"),
    )
    requests = [dataclasses.replace(OPENED, status=each) for each in statuses]
    journal.tell(PassResult(waits, (COMMITTED, *requests), nudged=NUDGED), seconds=1.2)
    journal.tell(PassResult(Plan(), ()), seconds=0.1)
    journal.about = {"pass": "0123abcd", "target": "production"}
    journal.tell(PassResult(waits, (COMMITTED, *requests)), seconds=1.2)
    journal.tell(PassResult(Plan(), ()), seconds=0.1)
    journal.about = {}
    journal.tell_failure(GitError("https://git.example/a", "fatal"))
    journal.tell_failure(ConfigurationError((ConfigIssue("bot.yaml", 1, 1, "x", "unknown key"),)))
    write_of_daemon(diagnostics)
    diagnostics.info("1 update")
    diagnostics.failure("imagebot: no", code="usage", hint="say yes")
    diagnostics.failure("no")


def write_of_daemon(diagnostics: Diagnostics) -> None:
    addresses = [Listen("127.0.0.1", 8080), Listen("::", 8081)]
    wrong = ConfigurationError((ConfigIssue("bot.yaml", 1, 1, "x", "unknown key", "say y"),))
    for event in (
        listening("0.1.0", addresses, hooks=["ghcr"], targets=2),
        listening("0.1.0", addresses[:1], hooks=[], targets=0),
        reloaded(hooks=1, targets=2),
        *reload_refused(wrong),
        *reload_refused(GitError("https://git.example/a", "fatal")),
        hook_refused("ghcr", 401, "wrong signature"),
        page_refused(401, "wrong password"),
    ):
        diagnostics.event(event)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    write(Diagnostics("json"))
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def branch_of(event: str) -> Mapping[str, Any]:
    (found,) = (each for each in SCHEMA["oneOf"] if event in each["properties"]["event"]["enum"])
    return dict(found)


def test_every_line_is_valid_and_every_event_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    validator = jsonschema.Draft202012Validator(
        SCHEMA, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )
    written = lines(capsys)
    for line in written:
        validator.validate(line)
        known = SCHEMA["properties"].keys() | branch_of(line["event"])["properties"].keys()
        assert line.keys() <= known, "the schema leaves out a key"
    described = {each for one in SCHEMA["oneOf"] for each in one["properties"]["event"]["enum"]}
    assert {line["event"] for line in written} == described


def test_the_schema_refuses_what_is_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    validator = jsonschema.Draft202012Validator(SCHEMA)
    for line in lines(capsys):
        required = {*SCHEMA["required"], *branch_of(line["event"])["required"]}
        for key in required:
            assert not validator.is_valid({k: v for k, v in line.items() if k != key}), key
            assert not validator.is_valid({**line, key: object}), key
        assert not validator.is_valid({**line, "event": "another"})


def test_what_it_shares_with_plans_is_the_same() -> None:
    of_plan = document_schema("plan")["$defs"]
    assert {name: of_plan[name] for name in SCHEMA["$defs"]} == SCHEMA["$defs"]
