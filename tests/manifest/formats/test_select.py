from __future__ import annotations

import re
from pathlib import Path

import pytest

from imagebot.manifest.formats.select import (
    _TEXT,
    chart_folders,
    is_chart_template,
    is_manifest_path,
    path_kind,
)
from imagebot.manifest.images.options import ExtraFile

KINDS = {
    "apps/web.yaml": "yaml",
    "apps/web.yml": "yaml",
    "apps/web.json": "yaml",
    "apps/kustomization.yaml": "kustomization",
    "apps/kustomization.yml": "kustomization",
    "apps/Kustomization": "kustomization",
    "chart/Chart.yaml": "chart",
    "compose.yaml": "compose",
    "docker-compose.prod.yml": "compose",
    "deploy/compose.override.yml": "compose",
    "decomposed.yaml": "yaml",
    ".gitlab-ci.yml": "gitlab-ci",
    "sub/.gitlab-ci.yml": "gitlab-ci",
    ".gitlab/ci/build.yml": "gitlab-ci",
    "ci/deploy.gitlab-ci.yml": "gitlab-ci",
    "deploy.gitlab-ci.yml": "gitlab-ci",
    "gitlab-ci.yml": "yaml",
    "deploy-gitlab-ci.yml": "yaml",
    "a.gitlab-ci.yml/values.yaml": "yaml",
    ".gitlab/auto-deploy-values.yaml": "yaml",
    "sub/.gitlab/auto-deploy-values-staging.yaml": "yaml",
    ".gitlab/ci/auto-deploy-values.yaml": "gitlab-ci",
    ".github/workflows/ci.yml": "github-actions",
    ".forgejo/workflows/ci.yaml": "github-actions",
    "action.yml": "github-actions",
    "x/action.yaml": "github-actions",
    ".github/dependabot.yml": "yaml",
    ".circleci/config.yml": "circleci",
    "sub/.circleci/jobs/test.yaml": "circleci",
    "circleci/config.yml": "yaml",
    ".circleci/package.json": "yaml",
    "Dockerfile": "text",
    "web.Dockerfile": "text",
    "Dockerfile.prod": "text",
    "Containerfile": "text",
    "infra/main.tf": "text",
    "Makefile": "text",
    "imagebot.yaml": "",
    "clusters/imagebot.yaml": "",
    "my-imagebot.yaml": "yaml",
    "readme.md": "",
    "image.png": "",
    "yaml": "",
}


@pytest.mark.parametrize(("path", "kind"), KINDS.items())
def test_kinds(path: str, kind: str) -> None:
    assert path_kind(path) == kind
    assert is_manifest_path(path) == bool(kind)


def test_the_documents_name_all_files_that_are_read_for_markers_alone() -> None:
    document = Path(__file__).parent.parent.parent.parent / "docs" / "manifests.md"
    _, _, rest = document.read_text("utf-8").partition("reads markers in files with these names")
    named = re.findall(r"`([^`]+)`", rest.partition("Other files need")[0])
    for name in named:
        assert path_kind(f"a/x{name}" if name.startswith(".") else name.upper()) == "text"
    words = {part for name in named for part in name.lower().split(".")}
    assert set(re.findall(r"[a-z][a-z0-9]+", _TEXT.pattern)) <= words


def test_configured_files_are_manifests() -> None:
    extra = (ExtraFile(match=("versions/*.txt",), pattern="x"),)
    assert is_manifest_path("versions/a.txt", extra)
    assert not is_manifest_path("a.txt", extra)


def test_templates_lie_beside_a_chart() -> None:
    charts = chart_folders(
        ["charts/web/Chart.yaml", "charts/web/values.yaml", "x/templates/a.yaml"]
    )
    assert charts == {"charts/web"}
    assert is_chart_template("charts/web/templates/a.yaml", charts)
    assert is_chart_template("charts/web/templates/tests/a.yaml", charts)
    assert not is_chart_template("charts/web/values.yaml", charts)
    assert not is_chart_template("x/templates/a.yaml", charts)
    assert not is_chart_template("charts/web/my-templates/a.yaml", charts)
    assert is_chart_template("templates/a.yaml", chart_folders(["Chart.yaml"]))
