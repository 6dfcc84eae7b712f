"""The report of a pass shows hostile text, and does nothing that it says."""

from __future__ import annotations

from imagebot.plan.model import Plan, Published
from imagebot.problem import Problem
from imagebot.run.markdown import PassReport, render
from tests.publish.updates import make_update

HOSTILE = "</details><script>x</script> | `a` @acme/sre #1 [x](javascript:y) <!-- m -->\n# heading"


def test_what_is_not_there_has_no_heading() -> None:
    assert render(PassReport(Plan())) == "## imagebot: 0 updates, 0 published, 0 problems\n\n"


def test_nothing_hostile_is_live() -> None:
    update = make_update("a|b`c.yaml", "app:1.0", "1.1")
    problem = Problem(scope="file", subject="s", code="c", message=HOSTILE, hint=HOSTILE)
    published = Published(
        target="a|b",
        route="r`r",
        status="opened",
        branch="imagebot/x",
        number=3,
        url="https://x/)(",
    )
    plan = Plan(updates=(update,), problems=(problem,), warnings=(HOSTILE,))
    text = render(PassReport(plan, (published,)))
    assert "<script>" not in text
    assert "<!--" not in text
    assert "@acme" not in text
    assert "](" not in text
    assert "\n# heading" not in text
    tables = [line for line in text.splitlines() if line.startswith("|")]
    assert {line.replace("\\|", "").count("|") for line in tables} == {5, 7}


def test_it_is_bounded() -> None:
    updates = tuple(make_update(f"{number}.yaml", "app:1.0", "1.1") for number in range(1000))
    problems = tuple(
        Problem(scope="file", subject="s", code="c", message="x" * 5000, hint="y" * 5000)
        for _ in range(1000)
    )
    text = render(PassReport(Plan(updates=updates, problems=problems)))
    assert "… and 700 more" in text
    assert len(text.encode()) < 1_000_000
