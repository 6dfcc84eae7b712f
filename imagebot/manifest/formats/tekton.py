"""Tekton's bundles: tasks, pipelines and steps that are pulled from a registry."""

from __future__ import annotations

from imagebot.manifest.images.context import DocumentContext
from imagebot.manifest.images.findings import Keys
from imagebot.manifest.yaml.tree import Mapping

_REFERENCES = ("taskRef", "pipelineRef", "ref")
# In steps; only a resolver finds what they refer to.
_NO_BUNDLE = "ref"


def find_bundles(context: DocumentContext, mapping: Mapping, keys: Keys) -> None:
    """`taskRef: {bundle: …}`, and `{resolver: bundles, params: [{name: bundle, value: …}]}`."""
    for key in _REFERENCES:
        reference = mapping.mapping(key)
        if reference is not None:
            _find_bundle(context, reference, (*keys, key))


def _find_bundle(context: DocumentContext, reference: Mapping, keys: Keys) -> None:
    bundle = reference.scalar("bundle")
    if bundle is not None and keys[-1] != _NO_BUNDLE:
        context.inline(bundle, (*keys, "bundle"))
    if reference.text("resolver") != "bundles":
        return
    for number, parameter in enumerate(reference.sequence("params") or ()):
        if isinstance(parameter, Mapping) and parameter.text("name") == "bundle":
            value = parameter.scalar("value")
            if value is not None:
                context.inline(value, (*keys, "params", number, "value"))
