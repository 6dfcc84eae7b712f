"""Helm itself, to compare with: what it renders of templates and values."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.support.require import MISSING

APP_VERSION = "3.4.5"
_TEMPLATE = """kind: ConfigMap
apiVersion: v1
metadata: {name: forms}
data:
"""


def go_environment() -> dict[str, str]:
    """For a short run of a program in Go: a third of its time would go into collecting garbage."""
    return {**os.environ, "GOGC": "400"}


def find_helm() -> str | None:
    """The program on PATH, or where `go install` puts it; HOME is the test's own."""
    own = Path(pwd.getpwuid(os.getuid()).pw_dir, "go/bin/helm")
    return shutil.which("helm") or (str(own) if own.exists() else None)


def require_helm() -> str:
    """Skips the test without Helm, also in CI: it takes Go, which is not among the parts."""
    helm = find_helm()
    if helm is None:
        pytest.skip(f"{MISSING}helm (go install helm.sh/helm/v3/cmd/helm@v3.18.4)")
    return helm


def template(
    folder: Path, values: Mapping[str, Any] | None = None, *, refused: bool = False
) -> str | None:
    """What `helm template` prints of the chart in the folder; with `refused`, None where it fails.
    Otherwise the test fails then."""
    argv = [require_helm(), "template", "release", str(folder), "--kube-version=1.35.0"]
    if values is not None:
        given = folder.parent / f"{folder.name}-values.json"
        given.write_text(json.dumps(values))
        argv += ["--values", str(given)]
    done = subprocess.run(
        argv, capture_output=True, text=True, timeout=100, check=False, env=go_environment()
    )
    if refused and done.returncode:
        return None
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def write_chart(folder: Path, texts: Sequence[str]) -> None:
    """A chart that renders each of the templates as a text of its own, whatever it prints."""
    forms = folder / "forms"
    forms.mkdir(parents=True)
    (folder / "templates").mkdir()
    chart = f"apiVersion: v2\nname: app\nversion: 1.0.0\nappVersion: {APP_VERSION}\n"
    (folder / "Chart.yaml").write_text(chart)
    lines = [_TEMPLATE]
    for number, text in enumerate(texts):
        (forms / f"{number}.yaml").write_text(text)
        got = f'{{{{ tpl (.Files.Get "forms/{number}.yaml") . | indent 4 }}}}'
        lines.append(f"  form-{number}: |2-\n{got}\n")
    (folder / "templates" / "all.yaml").write_text("".join(lines))


def render(folder: Path, values: Mapping[str, Any]) -> list[str]:
    """What Helm makes of each of the templates of `write_chart`."""
    from ruamel.yaml import YAML

    data = YAML(typ="safe").load(template(folder, values) or "")["data"]
    return [data[f"form-{number}"] for number in range(len(data))]
