"""Killed in the middle of publishing, before and after each call of the forge and each push.

The next pass makes what an undisturbed one would have made: no pull request and no comment twice,
no branch left over, no label forgotten.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.soak.conftest import Soak
from tests.soak.scenarios import SCENARIOS, Scenario
from tests.soak.stage import TOKEN, GitHubStage, SandboxStage, Stage, Tags
from tests.support.scripted_http import ScriptedServer

NewStage = Callable[[], Stage]


@pytest.fixture(params=["sandbox", "github"])
def new_stage(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    scripted: ScriptedServer,
    monkeypatch: pytest.MonkeyPatch,
) -> NewStage:
    tags = Tags()
    scripted.handler = tags.answer
    numbers = itertools.count(1)
    forge = request.getfixturevalue("forge") if request.param == "github" else None
    monkeypatch.setenv(TOKEN, forge.bot_token if forge else "")

    def make() -> Stage:
        number = next(numbers)
        folder = tmp_path / f"stage-{number}"
        folder.mkdir()
        stage: Stage = SandboxStage(folder, scripted.host, tags)
        if forge is not None:
            stage = GitHubStage(folder, scripted.host, tags, forge, f"acme/gitops-{number}")
        stage.set_up()
        return stage

    return make


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", SCENARIOS)
def test_killed_at_each_moment(name: str, new_stage: NewStage, soak: Soak) -> None:
    scenario = SCENARIOS[name]
    undisturbed = new_stage()
    scenario.prepare(undisturbed)
    moments = undisturbed.run_until(0, *arguments(scenario, undisturbed))
    assert moments, "no moment is passed by"
    expected = settled(scenario, undisturbed)
    chosen = range(1, moments + 1)
    differs: dict[int, dict[str, Any]] = {}
    for moment in chosen if soak.full else soak.chance.sample(chosen, soak.times(moments)):
        stage = new_stage()
        scenario.prepare(stage)
        assert stage.run_until(moment, *arguments(scenario, stage)) is None
        stage.run(*arguments(scenario, stage))
        state = settled(scenario, stage)
        if state != expected:
            differs[moment] = state
    assert differs == {}, f"of {moments} moments"


def settled(scenario: Scenario, stage: Stage) -> dict[str, Any]:
    """What there is after the pass: one more changes nothing."""
    state = stage.state()
    stage.run()
    assert stage.state() == state
    for pull in state["pulls"] if scenario.said_anew else ():
        said = pull.pop("comments")
        assert 1 <= len(said) == len(set(said)) <= 2
    return state


def arguments(scenario: Scenario, stage: Stage) -> tuple[str, ...]:
    return tuple(each.replace("HOST", stage.host) for each in scenario.more)
