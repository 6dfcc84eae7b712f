"""What is there without any file: the built-in policies and the no-configuration default."""

from __future__ import annotations

from collections.abc import Mapping

from imagebot.config.model import Configuration, ImageRule, Place, PublishMode, Route
from imagebot.policy.model import Policy

SHAPE = "shape"
IGNORE = "ignore"
BUILT_IN_NAMES = (SHAPE, IGNORE)
SHAPE_KEYS: Mapping[str, object] = {"max": "minor"}
_PLACE = Place("built-in", 1, 1)


def built_in_policies() -> dict[str, Policy]:
    """`shape` keeps a tag's shape and its major; `ignore` leaves a field alone."""
    return {SHAPE: Policy(name=SHAPE, max="minor"), IGNORE: Policy(name=IGNORE, ignored=True)}


def default_configuration(publish: PublishMode = "pull-request") -> Configuration:
    """The configuration where there is no file: the shape policy for every image of every file."""
    everything = ImageRule("**", SHAPE, _PLACE)
    route = Route(
        name="default", files=("**",), publish=publish, images=(everything,), place=_PLACE
    )
    return Configuration(path="", policies=built_in_policies(), routes=(route,), built_in=True)
