"""A pass that has nothing to do does not load what scans, edits and publishes."""

from __future__ import annotations

import subprocess
import sys

import pytest

LATER = (
    "imagebot.config.window",
    "imagebot.manifest.scan",
    "imagebot.manifest.edit",
    "imagebot.manifest.flux.join",
    "imagebot.manifest.overlays",
    "imagebot.scan.layers",
    "imagebot.scan.many",
    "imagebot.plan.edits",
    "imagebot.plan.gates.run",
    "imagebot.plan.gates.ties",
    "imagebot.nudge.nudge",
    "imagebot.policy.calver",
    "imagebot.policy.explain",
    "imagebot.publish.again",
    "imagebot.publish.refusals",
    "imagebot.publish.publish",
    "imagebot.publish.vetoes",
    "imagebot.registry.cloud.login",
    "imagebot.registry.vendors",
    "imagebot.run.crash",
    "imagebot.run.journal",
    "imagebot.run.markdown",
    "imagebot.run.reduce",
    "git",
    "github",
    "httpx",
    "imagebot.run.exposition",
    "imagebot.run.metrics",
    "jinja2",
    "prometheus_client",
    "pydantic",
    "rich",
    "starlette",
    "uvicorn",
)


@pytest.mark.parametrize("module", ["imagebot.cli.main", "imagebot.cli.run", "imagebot.run.passes"])
def test_what_is_loaded_later(module: str) -> None:
    script = f"import sys, {module}; print(*sorted(set({LATER!r}) & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "", "")
