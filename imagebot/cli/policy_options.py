"""Every policy key as an option of `pick`, from the table of policy keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from imagebot.errors import InvalidPolicyError, UsageError
from imagebot.policy.keys import PINS, POLICY_KEYS, PolicyKey

if TYPE_CHECKING:
    from imagebot.policy.model import Policy

Function = TypeVar("Function", bound=Callable[..., Any])


def policy_options(function: Function) -> Function:
    for key in tuple(POLICY_KEYS.values())[::-1]:
        function = _option(key)(function)
    help_text = "Start from this policy: of imagebot.yaml, a preset, or built in."
    return click.option("--policy", "policy_name", metavar="NAME", help=help_text)(function)


def _option(key: PolicyKey) -> Callable[[Function], Function]:
    kind: dict[str, Any] = {}
    words = ("digest", *PINS) if key.kind == "pin" else key.words
    name = f"--{key.flag or key.name}"
    if key.off:
        name += f"/--{key.off}"
    elif key.switch is not None:
        kind = {"flag_value": key.switch, "type": type(key.switch), "is_flag": True}
    elif words:
        kind = {"type": click.Choice(words)}
    if key.bare:
        kind |= {"is_flag": False, "flag_value": key.bare}
    return click.option(
        name,
        key.field,
        default=None,
        multiple=key.takes_several,
        metavar=key.metavar or None,
        help=key.help or key.doc + " May be repeated." * key.takes_several,
        **kind,
    )


def merged_policy(options: Mapping[str, object]) -> Policy:
    """The policy that `--policy` names with every other option laid over it.

    Raises UsageError naming the wrong option, and ConfigurationError.
    """
    from imagebot.policy.build import build_policy
    from imagebot.policy.builtin import BUILT_IN

    name = options["policy_name"]
    keys = keys_of(options)
    if not keys and (name is None or name in BUILT_IN):
        return BUILT_IN[str(name or "shape")]
    base = _named_keys(str(name)) if name and name not in BUILT_IN else {}
    try:
        return build_policy(str(name or "pick"), {**base, **keys})
    except InvalidPolicyError as error:
        raise UsageError(_of_option(error), hint=error.hint) from error


def keys_of(options: Mapping[str, object]) -> dict[str, object]:
    """The policy keys that the options give, as YAML would have them."""
    return {
        key.name: _value(key, options[key.field])
        for key in POLICY_KEYS.values()
        if options[key.field] not in (None, ())
    }


def _value(key: PolicyKey, given: object) -> object:
    if key.kind == "ignore" and isinstance(given, tuple):
        return [{"versions": each} for each in given]
    if key.kind == "pin" and given in PINS:
        return {"digest": given}
    return list(given) if isinstance(given, tuple) else given


def _of_option(error: InvalidPolicyError) -> str:
    """The message with the option in place of the key."""
    key = POLICY_KEYS.get(error.key)
    return f"--{(key.flag or key.name) if key else error.key}: {error.reason}"


def _named_keys(name: str) -> Mapping[str, object]:
    """The keys of a policy of the nearest imagebot.yaml, or of a preset."""
    from imagebot.config.file import read_configuration
    from imagebot.config.load import load_configuration
    from imagebot.config.presets import load_preset_keys, preset_names
    from imagebot.config.search import find_configuration

    found = find_configuration(Path.cwd())
    if found is not None:
        configuration = load_configuration(read_configuration(found), found.name, trusted=False)
        if name in configuration.policy_keys:
            return configuration.policy_keys[name]
    if name in preset_names():
        return load_preset_keys(name)
    own = configuration.policy_keys if found else ()
    from imagebot.policy.builtin import BUILT_IN
    from imagebot.text import did_you_mean

    known = sorted({*BUILT_IN, *preset_names(), *own})
    hint = did_you_mean(name, known) or f"the policies are {', '.join(known)}"
    raise UsageError(f"--policy: there is no policy {name!r}", hint=hint)
