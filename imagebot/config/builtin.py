"""What exists without any file: the built-in policies and the no-configuration default."""

from __future__ import annotations

from collections.abc import Mapping

from imagebot.config.model import Configuration, ImageRule, Position, PublishMode, Route
from imagebot.config.presets import all_presets
from imagebot.policy.builtin import BUILT_IN

SHAPE = "shape"
IGNORE = "ignore"
BUILT_IN_NAMES = tuple(BUILT_IN)
SHAPE_KEYS: Mapping[str, object] = {"max": "minor", "adopt": False}
"""The built-in `shape` as keys, for what extends it."""

_PLACE = Position("built-in", 1, 1)


def only_markers(configuration: Configuration) -> bool:
    """Whether nothing but markers can manage an image: every image entry of every route ignores.

    An image that no entry takes is not managed either. Whoever names places (`fields`, `patterns`)
    wants to hear what they take.
    """
    if configuration.fields or configuration.files.patterns:
        return False
    entries = [entry for route in configuration.routes for entry in route.images]
    return not configuration.built_in and all(entry.policy == IGNORE for entry in entries)


def default_configuration(publish: PublishMode = "pull-request") -> Configuration:
    """The configuration where there is no file: the shape policy for every image of every file."""
    everything = ImageRule("**", SHAPE, _PLACE)
    route = Route(
        name="default", files=("**",), publish=publish, images=(everything,), place=_PLACE
    )
    presets = all_presets()
    return Configuration(
        path="",
        policies={**BUILT_IN, **{preset.name: preset.policy for preset in presets}},
        policy_keys={SHAPE: SHAPE_KEYS, **{preset.name: preset.keys for preset in presets}},
        routes=(route,),
        built_in=True,
    )
