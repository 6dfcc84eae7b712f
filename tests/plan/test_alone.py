"""Values that equal ones override: they change together, or not at all."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from imagebot.config.load import load_configuration
from imagebot.errors import ImagebotError
from imagebot.plan.build import build
from imagebot.plan.model import Plan
from tests.plan.test_build import Files
from tests.support.fake_registry import FakeRegistry

API = "ghcr.io/acme/api"
APPLICATION = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
spec:
  source:
    repoURL: https://github.com/acme/gitops.git
    path: chart
    helm:
      valueFiles: [values-prod.yaml]
      parameters:
        - {name: image.tag, value: %s}
"""
ALL = "{name: all, files: ['**'], publish: commit, images: [{match: '**', policy: p}]}"
TWO = (
    "{name: apps, files: ['apps/**'], publish: commit, images: [{match: '**', policy: p}]},"
    " {name: rest, files: ['**'], publish: commit, images: [{match: '**', policy: p}]}"
)
NOT_APPS = "{name: rest, files: ['chart/**'], publish: commit, images: [{match: '**', policy: p}]}"


def plan(routes: str, *values: str) -> Plan:
    files: dict[str, bytes | ImagebotError] = {
        "chart/Chart.yaml": b"apiVersion: v2\nname: api\nversion: 1.0.0\n",
        "chart/values.yaml": f"image: {{repository: {API}, tag: 1.0.0}}\n".encode(),
        "chart/values-prod.yaml": b"image: {tag: 1.0.0}\n",
    }
    for number, value in enumerate(values):
        files[f"apps/{number}.yaml"] = (APPLICATION % value).encode()
    text = f"policies: {{p: {{semver: ^1}}}}\nroutes: [{routes}]\n"
    configuration = load_configuration(text, "imagebot.yaml", trusted=False)
    registry = FakeRegistry({API: ("1.0.0", "1.1.0")})
    return build(Files(files), configuration, registry, now=datetime(2026, 1, 1, tzinfo=UTC)).plan


CASES = [
    (ALL, ("1.0.0",), ["apps/0.yaml", "chart/values-prod.yaml", "chart/values.yaml"]),
    # Another route publishes the parameter, or none does: the chart's own default goes on.
    (TWO, ("1.0.0",), ["apps/0.yaml", "chart/values.yaml"]),
    (NOT_APPS, ("1.0.0",), ["chart/values.yaml"]),
    # One of two releases has another value.
    (ALL, ("1.0.0", "1.1.0"), ["apps/0.yaml", "chart/values-prod.yaml", "chart/values.yaml"]),
    # All of them have.
    (ALL, ("1.1.0",), ["chart/values.yaml"]),
    # No release: what is merged by convention is not overridden.
    (ALL, (), ["chart/values-prod.yaml", "chart/values.yaml"]),
]


@pytest.mark.parametrize(("routes", "values", "paths"), CASES)
def test_what_is_edited(routes: str, values: tuple[str, ...], paths: list[str]) -> None:
    made = plan(routes, *values)
    assert [update.field.path for update in made.updates] == paths
    assert made.problems == ()


def test_what_is_kept_says_why() -> None:
    (kept,) = (each for each in plan(TWO, "1.0.0").kept if each.field.path.endswith("prod.yaml"))
    assert kept.decision.code == "replaced"
    assert kept.decision.reason == "apps/0.yaml:10 overrides it, and does not change with it"


def test_what_has_another_value_is_listed() -> None:
    found = [(each.path, each.code) for each in plan(ALL, "1.1.0").unread]
    assert found == [("chart/values-prod.yaml", "replaced")]
