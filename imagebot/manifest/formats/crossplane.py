"""Packages of Crossplane: providers, configurations and functions from OCI registries."""

from __future__ import annotations

from imagebot.manifest.images.context import DocumentContext
from imagebot.manifest.images.findings import Keys
from imagebot.manifest.images.naming import has_host, said
from imagebot.manifest.images.split import Split, find_split
from imagebot.manifest.images.versions import is_artifact_tag
from imagebot.manifest.yaml.tree import Mapping

_KINDS = frozenset({"Provider", "Configuration", "Function"})
# What a dependency is called: by its kind, or since Crossplane 1.20 `package`.
_PACKAGES = ("package", "provider", "configuration", "function")


def is_description(root: Mapping) -> bool:
    """Whether it is the `crossplane.yaml` of a package, which names the packages it needs."""
    return root.text("apiVersion").startswith("meta.pkg.crossplane.io/")


def find_dependencies(context: DocumentContext, root: Mapping, keys: Keys) -> None:
    """`dependsOn: [{provider: xpkg.example/x, version: v1.2.3}]`; most versions are ranges."""
    spec = root.mapping("spec")
    for number, entry in enumerate((spec.sequence("dependsOn") if spec is not None else ()) or ()):
        if not isinstance(entry, Mapping):
            continue
        key = next((each for each in _PACKAGES if said(entry, each)), "")
        version = entry.scalar("version")
        if not key or version is None or not is_artifact_tag(context, version):
            continue
        at = (*keys, "spec", "dependsOn", number)
        name = said(entry, key)
        if has_host(name):
            shape = Split(
                owner=entry,
                repository=key,
                tag="version",
                digest="",
                registry="",
                new_digest="never",
            )
            find_split(context, shape, at)
        elif not context.is_variable(version, name):
            context.registry_unknown(version, (*at, "version"), name)


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
