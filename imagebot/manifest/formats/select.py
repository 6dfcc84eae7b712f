"""Decides by name which files are read, and as which format."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Literal

from imagebot.glob import matches_any
from imagebot.manifest.formats.own_configuration import is_own_file
from imagebot.manifest.images.options import ExtraField, ExtraFile, ScanOptions

PathKind = Literal[
    "",
    "yaml",
    "kustomization",
    "chart",
    "compose",
    "gitlab-ci",
    "github-actions",
    "circleci",
    "argocd-source",
    "text",
]

_YAML = (".yaml", ".yml", ".json")
_COMPOSE = re.compile(r"(?:.*[-_.])?compose(?:[-_.].*)?\.ya?ml")
# Auto DevOps keeps the values of its chart among the files of GitLab CI.
_GITLAB = re.compile(
    r"\.gitlab-ci\.ya?ml$|(?:^|/)\.gitlab-ci(?:[^/]*\.ya?ml$|/.*\.ya?ml$)"
    r"|(?:^|/)\.gitlab/(?!auto-deploy-values[^/]*$).*\.ya?ml$"
)
_GITHUB = re.compile(
    r"(?:^|/)\.(?:github|gitea|forgejo)/workflows/[^/]*\.ya?ml$|(?:^|/)action\.ya?ml$"
)
_CIRCLECI = re.compile(r"(?:^|/)\.circleci/.*\.ya?ml$")
# `.argocd-source.yaml` and `.argocd-source-APP.yaml` change the source of Applications.
_ARGOCD_SOURCE = (".argocd-source.", ".argocd-source-")
# Read only where a marker comment asks for it.
_TEXT = re.compile(
    r"(?:.*\.)?(?:dockerfile|containerfile)(?:\..*)?"
    r"|.*\.(?:hcl|tf|tfvars|tofu|nomad|tpl|tmpl|gotmpl|j2|jinja2?|env|toml|ini|conf|properties|sh|mk|nix"
    r"|jsonnet|libsonnet|cue|star|bzl)|.*\.env\.[\w-]+|makefile|justfile|earthfile|jenkinsfile|tiltfile",
    re.IGNORECASE,
)


def path_kind(path: str) -> PathKind:
    """The kind of a file by its name; "" if such files are not read."""
    name = path.rpartition("/")[2]
    if name.endswith(_YAML):
        if is_own_file(path):
            return ""
        if name in ("kustomization.yaml", "kustomization.yml"):
            return "kustomization"
        if name == "Chart.yaml":
            return "chart"
        if "compose" in name and _COMPOSE.fullmatch(name):
            return "compose"
        if "." in path[:1] or "/." in path or ".gitlab-ci." in name or name.startswith("action."):
            return _ci_or_yaml(path)
        return "yaml"
    if name == "Kustomization":
        return "kustomization"
    return "text" if _TEXT.fullmatch(name) else ""


def _ci_or_yaml(path: str) -> PathKind:
    if path.rpartition("/")[2].startswith(_ARGOCD_SOURCE):
        return "argocd-source"
    if _GITLAB.search(path):
        return "gitlab-ci"
    if _GITHUB.search(path):
        return "github-actions"
    return "circleci" if _CIRCLECI.search(path) else "yaml"


def is_manifest_path(
    path: str, extra: tuple[ExtraFile, ...] = (), fields: tuple[ExtraField, ...] = ()
) -> bool:
    """Whether a file is worth reading; `extra` are the configured files that are not YAML, `fields`
    have those that are YAML, whatever their names."""
    if path_kind(path):
        return True
    if any(matches_any(file.match, path) for file in extra):
        return True
    return any(field.names(path) for field in fields) and not is_own_file(path)


def chart_folders(paths: Iterable[str]) -> frozenset[str]:
    """The folders that hold a `Chart.yaml`, "" for the top."""
    return frozenset(
        posixpath.dirname(path)
        for path in paths
        if path.endswith("Chart.yaml") and posixpath.basename(path) == "Chart.yaml"
    )


def is_chart_template(path: str, charts: frozenset[str]) -> bool:
    """Whether a file is under `templates/` next to a `Chart.yaml`."""
    at = path.find("templates/")
    while at >= 0:
        if (at == 0 or path[at - 1] == "/") and path[: max(at - 1, 0)] in charts:
            return True
        at = path.find("templates/", at + 1)
    return False


def options_by_path(paths: Iterable[str], plain: ScanOptions) -> Callable[[str], ScanOptions]:
    """`plain`, and for the templates of the charts among `paths` that they are."""
    charts = chart_folders(paths)
    if not charts:
        return lambda _path: plain
    template = replace(plain, chart=True)
    return lambda path: template if is_chart_template(path, charts) else plain
