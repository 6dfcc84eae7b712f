"""The ready-made policies that `extends` can name: one file each, shipped with the package."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from imagebot.config.document import read_document
from imagebot.config.issues import Issues, validate
from imagebot.errors import UsageError
from imagebot.policy.model import Policy
from imagebot.text import did_you_mean

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
    """Raises UsageError for a name that no preset has, ConfigurationError for a broken one."""
    from imagebot.config.schema import ConfigurationSection
    from imagebot.policy.build import build_policy

    if name not in preset_names():
        raise UsageError(f"there is no preset {name!r}", hint=did_you_mean(name, preset_names()))
    path = _folder() / f"{name}.yaml"
    text = path.read_text(encoding="utf-8")
    document = read_document(text, f"policies/{path.name}")
    issues = Issues(document)
    section = validate(ConfigurationSection, document.value, issues)
    if section is not None and list(section.policies) != [name]:
        issues.add(("policies",), f"a preset file holds the one policy {name!r}")
    issues.raise_all()
    assert section is not None
    keys = section.policies[name].model_dump(by_alias=True, exclude_unset=True)
    return Preset(name, keys, build_policy(name, keys), text)


def load_preset_keys(name: str) -> Mapping[str, object]:
    """The policy keys of a preset. Raises as load_preset does."""
    return load_preset(name).keys


def _folder() -> Path:
    """Inside an installed wheel, or beside the package in a source tree."""
    installed = _PACKAGE / "presets"
    return installed if installed.is_dir() else _PACKAGE.parent / "policies"
