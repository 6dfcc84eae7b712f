"""Every file of policies/ is loaded, exercised by its own tests, and says when to use it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from imagebot.config.load import load_configuration
from imagebot.config.policy_tests import load_policy_tests
from imagebot.config.presets import load_preset, load_preset_keys, preset_names
from imagebot.errors import UsageError
from imagebot.policy.check import run_policy_tests

TODAY = date(2026, 11, 1)
FOLDER = Path(__file__).parent.parent.parent / "policies"


def test_the_names() -> None:
    assert set(preset_names()) >= {"test-cluster", "production", "follow-digest", "pin-digests"}
    assert set(preset_names()) == {path.stem for path in FOLDER.iterdir()}


@pytest.mark.parametrize("name", preset_names())
class TestEach:
    def test_loads_by_itself(self, name: str) -> None:
        preset = load_preset(name)
        assert preset.policy.name == name
        assert preset.keys == load_preset_keys(name)

    def test_opens_with_when_to_use_it(self, name: str) -> None:
        assert load_preset(name).text.startswith("# Use this ")

    def test_can_be_extended_and_used(self, name: str) -> None:
        text = f"""\
policies:
  mine: {{extends: {name}}}
routes:
  - name: all
    files: ["**"]
    publish: commit
    images: [{{match: "a.example/**", policy: {name}}}, {{match: "**", policy: mine}}]
"""
        configuration = load_configuration(text, "imagebot.yaml", trusted=False)
        assert configuration.policies[name] == load_preset(name).policy
        assert configuration.policy_keys["mine"] == load_preset(name).keys

    def test_its_file_is_a_configuration(self, name: str) -> None:
        path = FOLDER / f"{name}.yaml"
        configuration = load_configuration(path.read_text("utf-8"), path.name, trusted=False)
        assert configuration.policies[name] == load_preset(name).policy

    def test_its_own_tests_pass(self, name: str) -> None:
        preset = load_preset(name)
        tests = load_policy_tests(preset.text, name)
        assert len(tests) >= 3
        results = run_policy_tests(
            [test.keys for test in tests], {name: preset.policy}, today=TODAY
        )
        assert [result.message for result in results] == [""] * len(tests)
        assert all(result.passed for result in results)


def test_production_is_careful() -> None:
    policy = load_preset("production").policy
    assert policy.min_age is not None
    assert policy.min_age.days == 3
    assert (policy.max, policy.prerelease, policy.pin) == ("minor", "never", "with-tag")
    assert policy.min_age_unknown == "reject"


def test_an_unknown_name_has_a_hint() -> None:
    with pytest.raises(UsageError) as caught:
        load_preset("produktion")
    assert caught.value.hint == "did you mean production?"
