"""Packages of Crossplane: providers, configurations and functions from OCI registries."""

from __future__ import annotations

from imagebot.manifest.images.context import DocumentContext
from imagebot.manifest.images.findings import Keys
from imagebot.manifest.images.naming import has_host
from imagebot.manifest.yaml.tree import Mapping

_KINDS = frozenset({"Provider", "Configuration", "Function"})


def is_package(root: Mapping) -> bool:
    return root.text("apiVersion").startswith("pkg.crossplane.io/") and root.text("kind") in _KINDS


def find(context: DocumentContext, root: Mapping, keys: Keys) -> None:
    """`spec.package`: Crossplane has a default registry, which is not Docker Hub."""
    spec = root.mapping("spec")
    package = spec.scalar("package") if spec is not None else None
    if package is None:
        return
    text = package.value.strip()
    if text and not has_host(text) and not context.is_variable(package, text):
        reason = "its registry is decided by Crossplane: write the package with its registry"
        context.unread(package, "no-repository", reason, expected=True)
    else:
        context.inline(package, (*keys, "spec", "package"), loose=True)
