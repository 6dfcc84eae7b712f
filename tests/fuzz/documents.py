"""Makes up manifests of the words that formats look for, in every mix of block and flow style.

Mutations of real manifests seldom nest one format's keys in another's, nor write half a document
in flow style; these do little else.
"""

from __future__ import annotations

import random
from typing import TypeAlias

# A mapping, a sequence, or None for a scalar that is made up where it is written.
Tree: TypeAlias = "dict[str, Tree] | list[Tree] | None"

KEYS = (
    *("apiVersion", "kind", "metadata", "name", "namespace", "spec", "template", "containers"),
    *("initContainers", "items", "data", "job", "image", "images", "tag", "newName", "newTag"),
    *("digest", "repository", "registry", "reference", "url", "ref", "hub", "organization"),
    *("imageTag", "initImage", "imagePullPolicy", "imagePullSecrets", "pullPolicy", "global"),
    *("sidecar", "controllers", "env", "value", "values", "values.yaml", "valuesObject"),
    *("helm", "kustomize", "parameters", "chart", "version", "semver", "source", "sources"),
    *("repo", "repoURL", "targetRevision", "dependencies", "services", "build", "container"),
    *("uses", "taskRef", "pipelineRef", "bundle", "resolver", "params", "forProvider", "releases"),
    *("build", "output", "artifacts", "postBuild", "substitute", "annotations", "apiImage"),
    *("config.kubernetes.io/function", "repositoryURL", "chartName", "chartVersion", "helmChart"),
    *("targetCustomizations", "templates", "repositories"),
)
KINDS = (
    *("Deployment", "Pod", "CronJob", "List", "ConfigMap", "HelmRelease", "HelmChart"),
    *("HelmRepository", "OCIRepository", "Kustomization", "Application", "ApplicationSet"),
    *("Workflow", "Prometheus", "Cluster", "PipelineRun", "Release", "KafkaConnect", "Config"),
)
VERSIONS = (
    *("v1", "apps/v1", "argoproj.io/v1alpha1", "helm.toolkit.fluxcd.io/v2"),
    *("source.toolkit.fluxcd.io/v1", "kustomize.config.k8s.io/v1beta1", "tekton.dev/v1"),
    *("kustomize.toolkit.fluxcd.io/v1", "kafka.strimzi.io/v1", "skaffold/v4beta6"),
)
DIGEST = "sha256:" + "a" * 64
VALUES = (
    *("acme/app:1.0", f"ghcr.io/acme/app:1.0@{DIGEST}", "ghcr.io/acme/app", "acme", "docker.io"),
    *("1.0", "v1", "latest", ">=1.0", DIGEST, "oci://ghcr.io/acme/app", "docker://acme/app:1.0"),
    *("Always", "true", "{{ x }}", "image: acme/b:1.0", "bundle", "bundles"),
)
PATHS = (
    *("a.yaml", "values.yaml", "kustomization.yaml", "Chart.yaml", "docker-compose.yml"),
    *(".github/workflows/a.yaml", ".gitlab-ci.yml"),
)
IN_BLOCKS = ("image: acme/c:1.0", "- image: acme/d:1.0", "tag: v1", "text", "")


def made_up(chance: random.Random) -> tuple[str, bytes]:
    """A path and a document that is YAML, in UTF-8."""
    lines: list[str] = []
    tree: dict[str, Tree] = {}
    if chance.random() < 0.7:
        tree = {"apiVersion": None, "kind": None}
    tree |= {chance.choice(KEYS): _tree(chance, chance.randint(1, 4)) for _ in range(4)}
    _Writer(chance, lines).write(tree, 0, "", "")
    return chance.choice(PATHS), "".join(f"{line}\n" for line in lines).encode()


def _tree(chance: random.Random, depth: int) -> Tree:
    kind = chance.random()
    if depth == 0 or kind < 0.4:
        return None
    if kind < 0.8:
        return {chance.choice(KEYS): _tree(chance, depth - 1) for _ in range(chance.randint(1, 4))}
    return [_tree(chance, depth - 1) for _ in range(chance.randint(1, 3))]


class _Writer:
    def __init__(self, chance: random.Random, lines: list[str]) -> None:
        self.chance = chance
        self.lines = lines
        self.anchors: list[str] = []

    def write(self, tree: Tree, indent: int, key: str, first: str) -> None:
        """Block style; `first` is what stands before the first entry on its line."""
        entries = tree.items() if isinstance(tree, dict) else [(key, each) for each in tree or ()]
        for name, value in entries:
            lead = first or " " * indent
            first = ""
            if isinstance(tree, dict):
                self._entry(value, indent, name, f"{lead}{name}:")
            elif value is None and self.chance.random() < 0.06:
                self._block(f"{lead}-", indent)
            elif value is None:
                self.lines.append(f"{lead}- {self._scalar(name)}{self._comment()}")
            elif self.chance.random() < 0.25:
                self.lines.append(f"{lead}- {self._flow(value, name)}")
            else:
                self.write(value, indent + 2, name, f"{lead}- ")

    def _entry(self, value: Tree, indent: int, key: str, lead: str) -> None:
        kind = self.chance.random()
        if value is None and kind < 0.06:
            self._block(lead, indent)
        elif value is None:
            self.lines.append(f"{lead} {self._anchored(key)}".rstrip() + self._comment())
        elif kind < 0.2:
            self.lines.append(f"{lead} {self._flow(value, key)}")
        else:
            anchor = f" {self._anchor()}" if kind < 0.24 else ""
            self.lines.append(f"{lead}{anchor}{self._comment()}")
            if kind > 0.9:
                self.lines.append(self.chance.choice(["", " # image", "   "]))
            deeper = self.chance.choice([0, 2] if isinstance(value, list) else [2, 4])
            self.write(value, indent + deeper, key, "")

    def _block(self, lead: str, indent: int) -> None:
        self.lines.append(f"{lead} |")
        self.lines += [" " * (indent + 2) + self.chance.choice(IN_BLOCKS) for _ in range(2)]

    def _flow(self, tree: Tree, key: str) -> str:
        if isinstance(tree, dict):
            entries = (f"{name}: {self._flow(value, name)}" for name, value in tree.items())
            return "{" + ", ".join(entries) + "}"
        if isinstance(tree, list):
            return "[" + ", ".join(self._flow(value, key) for value in tree) + "]"
        text = self._scalar(key)
        # A colon or nothing at all is no plain text there to every parser.
        return text if text and (":" not in text or text[0] in "'\"") else f'"{text}"'

    def _anchored(self, key: str) -> str:
        kind = self.chance.random()
        text = self._scalar(key)
        if text and kind < 0.12:
            return f"{self._anchor()} {text}"
        return f"*{self.chance.choice(self.anchors)}" if self.anchors and kind < 0.16 else text

    def _anchor(self) -> str:
        self.anchors.append(f"a{len(self.anchors)}")
        return f"&{self.anchors[-1]}"

    def _scalar(self, key: str) -> str:
        choices = {"kind": KINDS, "apiVersion": VERSIONS}.get(key, VALUES)
        text = self.chance.choice(choices)
        kind = self.chance.random()
        if kind < 0.05:
            return ""
        if kind < 0.25 or ": " in text or text[0] == ">":
            return f"'{text}'"
        return f'"{text}"' if kind < 0.4 else text

    def _comment(self) -> str:
        return self.chance.choice(["", "", "", " # image: acme/x:1.0"])
