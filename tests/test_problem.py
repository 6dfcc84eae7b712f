"""How many problems are told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from imagebot.problem import Place, Problem, shorten

ONE = Problem(scope="file", subject="a.yaml", code="not-yaml", message="a.yaml: broken", target="x")


@pytest.mark.parametrize("number", [0, 1, 9, 10])
def test_a_few_are_all_told(number: int) -> None:
    problems = [replace(ONE, line=line) for line in range(number)]
    assert shorten(problems) == problems


@pytest.mark.parametrize("number", [11, 50_000])
def test_of_many_the_first_ten_and_a_count(number: int) -> None:
    problems = [replace(ONE, line=line) for line in range(number)]
    *first, last = shorten(problems)
    assert first == problems[:10]
    assert last.message == f"x: {number - 10} more problems of this kind (not-yaml)"
    assert (last.code, last.target, last.scope) == ("not-yaml", "x", "file")
    assert "json" in last.hint


def test_each_target_code_and_scope_has_its_own_count() -> None:
    """What is rare is not hidden by what is frequent, wherever it comes."""
    many = [replace(ONE, line=line) for line in range(12)]
    rare = [
        replace(ONE, target="y"),
        replace(ONE, code="not-utf8"),
        replace(ONE, scope="target"),
        replace(ONE, target="", code="too-big"),
    ]
    told = shorten([*many, *rare])
    assert len(told) == 10 + 1 + len(rare)
    assert told[-len(rare) :] == rare
    assert shorten([*rare, *many])[: len(rare)] == rare
    (last,) = set(shorten([replace(each, target="") for each in many])[10:])
    assert last.message == "2 more problems of this kind (not-yaml)"


@pytest.mark.parametrize(
    ("problem", "placed"),
    [
        (ONE, "x: a.yaml: broken"),
        (replace(ONE, target=""), "a.yaml: broken"),
        (replace(ONE, path="a.yaml", line=3, message="broken"), "x: a.yaml:3: broken"),
        (replace(ONE, message="x: the token was refused"), "x: the token was refused"),
        (
            replace(ONE, places=(Place("b.yaml", 7),), message="r.example: down"),
            "r.example: down; needed by x: b.yaml:7",
        ),
    ],
)
def test_a_message_names_the_target_once(problem: Problem, placed: str) -> None:
    assert problem.placed == placed
