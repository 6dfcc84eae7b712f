"""The ready-made policies that `extends` can name: one file each, shipped with the package."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from imagebot.config.document import read_document
from imagebot.errors import UsageError
from imagebot.policy.model import Policy
from imagebot.text import did_you_mean
from imagebot.values import dataclass

_PACKAGE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Preset:
    """A policy of `policies/`: its keys as written, what they make, and its whole file."""

    name: str
    keys: Mapping[str, object]
    policy: Policy
    text: str


@functools.cache
def preset_names() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in _folder().glob("*.yaml")))


@functools.cache
def load_preset(name: str) -> Preset:
    """A preset by name. Raises UsageError for a name that no preset has.

    The files are part of the program, so the schema is not loaded for them, which would take
    longer than everything else that a pass without a configuration does. The tests check them.
    """
    from imagebot.policy.build import build_policy

    if name not in preset_names():
        hint = did_you_mean(name, preset_names())
        raise UsageError(f"there is no preset {name!r}", hint=hint)
    path = _folder() / f"{name}.yaml"
    text = path.read_text(encoding="utf-8")
    policies = read_document(text, f"policies/{path.name}").node(("policies", name))
    assert policies is not None, f"{path.name} holds the policy {name}"
    keys = cast("Mapping[str, object]", policies.value)
    return Preset(name, keys, build_policy(name, keys), text)


def all_presets() -> tuple[Preset, ...]:
    return tuple(load_preset(name) for name in preset_names())


def load_preset_keys(name: str) -> Mapping[str, object]:
    """The policy keys of a preset. Raises as load_preset does."""
    return load_preset(name).keys


def _folder() -> Path:
    """Inside an installed wheel, or beside the package in a source tree."""
    installed = _PACKAGE / "presets"
    return installed if installed.is_dir() else _PACKAGE.parent / "policies"
