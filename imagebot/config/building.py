"""Policy keys to policies, with every mistake at the character that it is about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field

from imagebot.config.issues import Issues
from imagebot.config.node import KeyPath, show_text
from imagebot.errors import InvalidPolicyError
from imagebot.policy.keys import POLICY_KEYS
from imagebot.policy.model import Policy
from imagebot.values import dataclass

Keys = Mapping[str, object]

_ALONE = tuple(name for name, key in POLICY_KEYS.items() if key.alone)


@dataclass(frozen=True, slots=True)
class Definition:
    """A policy as a file has it: its keys without `extends`, and its place."""

    keys: Keys
    extends: str
    at: KeyPath


@dataclass(frozen=True, slots=True)
class Merged:
    """Keys with everything inherited, and the key path of the policy that says each."""

    keys: Keys
    said_at: Mapping[str, KeyPath] = field(default_factory=dict)


def build(
    name: str, merged: Merged, definition: Definition, issues: Issues, *, base_is_bad: bool
) -> Policy | None:
    """None, with the reasons in `issues`, when the keys do not make a policy.

    An issue of an inherited key is reported once: where it was written, if it is wrong there
    (`base_is_bad`), else here, beside the keys that it contradicts.
    """
    from imagebot.policy.build import build_policy

    try:
        return build_policy(name, merged.keys)
    except InvalidPolicyError as error:
        own = {key: value for key, value in definition.keys.items() if value is not None}
        reported = report_values(own, definition.at, issues)
        key = error.key.partition(".")[0]
        if key in own:
            if key not in reported:
                _add(issues, (*definition.at, key), error, inherits=bool(definition.extends))
        elif not base_is_bad:
            message = f"{show_text(key)}, inherited: {error.reason}"
            at = (*definition.at, "extends") if definition.extends else definition.at
            issues.add(at, message, f"unset it with `{key}: null`", position=0)
        return None


def report_values(keys: Keys, at: KeyPath, issues: Issues) -> set[str | int]:
    """Report every value that is wrong whatever the other keys are; returns their keys."""
    alone = list(_issues_alone(keys))
    for below, found in alone:
        _add(issues, (*at, *below), found)
    return {below[0] for below, _ in alone}


def _issues_alone(keys: Keys) -> Iterator[tuple[KeyPath, InvalidPolicyError]]:
    """The values that are wrong whatever the other keys are, with their paths."""
    from imagebot.policy.build import build_policy

    for key in _ALONE:
        value = keys.get(key)
        items = list(enumerate(value)) if isinstance(value, list) else [("", value)]
        for index, item in items:
            try:
                build_policy("", {key: [item] if isinstance(value, list) else item})
            except InvalidPolicyError as error:
                below = error.key.split(".")[1:]
                yield (key, *([] if index == "" else [index]), *below), error


def _add(
    issues: Issues, keys: KeyPath, error: InvalidPolicyError, *, inherits: bool = False
) -> None:
    if isinstance(keys[-1], int) and issues.document.node(keys) is None:
        keys = keys[:-1]  # one text where a list could be
    hint = error.hint
    if inherits:
        hint = f"{hint}; KEY: null unsets an inherited one" if hint else ""
    issues.add(keys, error.reason, hint, position=error.position or 0)
