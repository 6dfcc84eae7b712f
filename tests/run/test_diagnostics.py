from __future__ import annotations

import json
import logging
from dataclasses import replace

import pytest

from imagebot.config.secret import Vault
from imagebot.problem import Place, Problem
from imagebot.run.diagnostics import Diagnostics, open_diagnostics

PROBLEM = Problem(scope="file", subject="s", code="c", message="bad\x1b[2J\nthing", hint="fix it")


def test_text_is_safe_for_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    diagnostics = Diagnostics()
    diagnostics.problem(PROBLEM)
    diagnostics.warning("careful")
    diagnostics.info("done")
    assert capsys.readouterr().err.splitlines() == [
        "problem: bad\\x1b[2J\\nthing",
        "hint: fix it",
        "warning: careful",
        "done",
    ]


def test_json_is_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    diagnostics = Diagnostics("json")
    diagnostics.problem(PROBLEM)
    diagnostics.info("done")
    first, second = map(json.loads, capsys.readouterr().err.splitlines())
    assert (first["level"], first["message"], first["hint"]) == ("error", PROBLEM.message, "fix it")
    assert (second["level"], second["message"]) == ("info", "done")


AUTH = Problem(
    scope="repository",
    subject="ghcr.io/acme/api",
    code="registry-auth",
    message="ghcr.io/acme/api: refused",
    hint="give a credential",
    places=(Place("clusters/test/api.yaml", 9), Place("b.yaml", 3), Place("b.yaml", 4)),
)


def test_the_problem_of_a_registry_names_the_places_that_need_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    diagnostics = Diagnostics()
    diagnostics.problem(AUTH)
    diagnostics.problem(replace(AUTH, places=AUTH.places[:1], target="production"))
    assert capsys.readouterr().err.splitlines()[::2] == [
        "problem: ghcr.io/acme/api: refused; needed by clusters/test/api.yaml:9 and 2 more",
        "problem: ghcr.io/acme/api: refused; needed by production: clusters/test/api.yaml:9",
    ]
    Diagnostics("json").problem(replace(AUTH, target="production"))
    entry = json.loads(capsys.readouterr().err)
    assert (entry["message"], entry["target"]) == (AUTH.message, "production")
    assert entry["places"][1:] == [{"path": "b.yaml", "line": 3}, {"path": "b.yaml", "line": 4}]


def test_quiet_keeps_warnings_and_problems(capsys: pytest.CaptureFixture[str]) -> None:
    diagnostics = Diagnostics(quiet=True)
    diagnostics.info("done")
    diagnostics.warning("careful")
    assert capsys.readouterr().err == "warning: careful\n"


def test_what_is_logged_is_written_in_the_same_way(capsys: pytest.CaptureFixture[str]) -> None:
    vault = Vault()
    vault.keep("correct-horse")
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        open_diagnostics("json", False, vault)
        logging.getLogger("imagebot.forge").warning("no label %s", "x\n")
        logging.getLogger("imagebot.forge").info("not shown")
        logging.getLogger("urllib3").warning("sent correct%2dhorse, and Y29ycmVjdC1ob3JzZQ==")
        entries = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
        assert [(entry["level"], entry["message"]) for entry in entries] == [
            ("warning", "no label x\n"),
            ("warning", "sent ***, and ***"),
        ]
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)


def test_no_progress_bar_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    with Diagnostics().progress("asking") as progress:
        assert progress is None
    assert capsys.readouterr().err == ""
