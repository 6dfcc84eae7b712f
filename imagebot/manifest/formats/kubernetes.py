"""Kubernetes objects: pod templates wherever they are, image volumes, and any `image:` at all."""

from __future__ import annotations

from imagebot.manifest.formats import (
    built,
    chart,
    crossplane,
    functions,
    helm_objects,
    openshift,
    tekton,
)
from imagebot.manifest.formats.helm_release import carry_config
from imagebot.manifest.images.context import DocumentContext
from imagebot.manifest.images.field import Resource
from imagebot.manifest.images.findings import Keys
from imagebot.manifest.images.parts import find_parts
from imagebot.manifest.images.shapes import find_images
from imagebot.manifest.images.walk import Visitor, walk
from imagebot.manifest.yaml.tree import Mapping

# Not written by users, or a schema in which `image` is the name of a property.
SKIPPED = frozenset(
    {"status", "managedFields", "lastBuild", "openAPIV3Schema", "annotations", "labels"}
)

_CORE = frozenset({"v1", "apps", "batch", "extensions", "autoscaling", "policy"})
# The values that Kyverno's policies compare with are patterns, even if they look like images.
_SKIPPED_IN_POLICIES = SKIPPED | {"validate"}


def is_object(root: Mapping) -> bool:
    return "apiVersion" in root and "kind" in root


def is_of_core(version: str) -> bool:
    """Whether an `apiVersion` is of one of Kubernetes' first groups, in which there are only pods,
    what makes pods, and plain data."""
    return version.partition("/")[0] in _CORE


def resource_of(root: Mapping) -> Resource:
    metadata = root.mapping("metadata")
    return Resource(
        root.text("apiVersion"),
        root.text("kind"),
        metadata.text("namespace") if metadata else "",
        (metadata.text("name") or metadata.text("generateName")) if metadata else "",
    )


def find(context: DocumentContext, root: Mapping, keys: Keys) -> None:
    version = root.text("apiVersion")
    if is_of_core(version):
        walk(context, root, keys, visitor(context), skip=SKIPPED)
    else:
        _find_of_others(context, root, keys, version)
    functions.find(context, root, keys)
    carry_config(context, root, keys)


def _find_of_others(context: DocumentContext, root: Mapping, keys: Keys, version: str) -> None:
    """An object of a group that may need more than its images."""
    is_policy = version.startswith("kyverno.io/")
    helm_objects.find(context, root, keys)
    visit = built.without_outputs(root, visitor(context))
    walk(context, root, keys, visit, skip=_SKIPPED_IN_POLICIES if is_policy else SKIPPED)
    if crossplane.is_package(root):
        crossplane.find(context, root, keys)
    elif crossplane.is_description(root):
        crossplane.find_dependencies(context, root, keys)


def visitor(context: DocumentContext) -> Visitor:
    """The visitors that a resource needs; most resources need only one."""
    more = [visit for sign, visit in _MORE if context.document_text.holds(sign)]
    if not more:
        return find_images

    more = list(dict.fromkeys(more))

    def visit_all(context: DocumentContext, mapping: Mapping, keys: Keys) -> None:
        find_images(context, mapping, keys)
        for visit in more:
            visit(context, mapping, keys)

    return visit_all


def _find_parts(context: DocumentContext, mapping: Mapping, keys: Keys) -> None:
    find_parts(context, mapping, keys, strict=True)


# For rare content, by a text that such resources contain.
_MORE: tuple[tuple[str, Visitor], ...] = (
    ("epository", _find_parts),
    ("images", _find_parts),
    ("oci://", chart.find_by_keys),
    ("bundle", tekton.find_bundles),
    (openshift.DOCKER_IMAGE, openshift.find_sources),
)
SIGNS = (*(sign for sign, _ in _MORE), functions.SIGN)
"""What is looked for in the text of every object."""
