"""The policies that every configuration has."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from imagebot.policy.model import Policy

SHAPE = Policy(name="shape", order="shape", max="minor", adopt=False)
"""What holds without a configuration: the newest tag of the current one's shape and major."""

IGNORE = Policy(name="ignore", ignored=True)
"""For fields that are deliberately left alone."""

BUILT_IN: Mapping[str, Policy] = MappingProxyType({"shape": SHAPE, "ignore": IGNORE})
