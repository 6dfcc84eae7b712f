"""Every policy key as an option of `pick`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from imagebot.errors import UsageError

if TYPE_CHECKING:
    from imagebot.policy.model import Policy

Function = TypeVar("Function", bound=Callable[..., Any])

_ORDERS = ["numerical", "alphabetical", "natural", "calver", "pushed", "created"]

_OPTIONS = [
    click.option("--policy", "policy_name", metavar="NAME", help="Start from this policy: of "
                 "imagebot.yaml, a preset, or built in."),
    click.option("--semver", metavar="RANGE", help="Versions within a range, such as ^1.2."),
    click.option("--order", type=click.Choice(_ORDERS), help="How tags are ordered."),
    click.option("--descending", is_flag=True, default=None, help="The lowest is the best."),
    click.option("--pattern", metavar="RE", help="Only tags in which this RE2 pattern is found."),
    click.option("--extract", metavar="TEXT", help="What is ordered: $1, $name, ${name}."),
    click.option("--strict", "version_syntax", flag_value="strict",
                 help="Read versions as Flux does."),
    click.option("--include", metavar="GLOB|/RE/", multiple=True, help="Only these tags."),
    click.option("--exclude", metavar="GLOB|/RE/", multiple=True, help="Not these tags."),
    click.option("--prerelease", is_flag=False, flag_value="allow",
                 type=click.Choice(["never", "same-release", "allow"]),
                 help="Which pre-releases are taken; alone: allow."),
    click.option("--variant", metavar="same|any|NAME", help="Which variant (alpine, slim, …)."),
    click.option("--max", type=click.Choice(["patch", "minor", "major"]), help="Largest step."),
    click.option("--allow-downgrade", is_flag=True, default=None, help="Lower tags too."),
    click.option("--ignore", metavar="RANGE|TAG", multiple=True, help="Never these versions."),
    click.option("--follow", metavar="TAG", help="Follow the digest of a mutable tag."),
    click.option("--pin", type=click.Choice(["digest", "with-tag", "always"]),
                 help="Give the digest too."),
    click.option("--min-age", metavar="AGE", help="Only tags this old, such as 3d or 12h."),
    click.option("--min-age-unknown", type=click.Choice(["reject", "accept"]),
                 help="What becomes of tags of unknown age."),
    click.option("--platform", "platforms", metavar="OS/ARCH", multiple=True,
                 help="Only images for this platform; may be repeated."),
    click.option("--exists", is_flag=True, default=None, help="Only tags that can be fetched."),
    click.option("--no-adopt", "adopt", flag_value=False, default=None, type=bool,
                 help="Nothing where the current tag cannot be compared."),
]  # fmt: skip


def policy_options(function: Function) -> Function:
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def merged_policy(options: Mapping[str, object]) -> Policy:
    """The policy that `--policy` names with every other option laid over it.

    Raises UsageError naming the option at fault, and ConfigurationError.
    """
    from imagebot.errors import InvalidPolicyError
    from imagebot.policy.build import build_policy
    from imagebot.policy.builtin import BUILT_IN

    given = {key.replace("_", "-"): value for key, value in options.items()}
    name = given.pop("policy-name")
    keys = {key: value for key, value in given.items() if value is not None and value != ()}
    for many in ("include", "exclude", "platforms"):
        if many in keys:
            keys[many] = list(_many(keys[many]))
    if "ignore" in keys:
        keys["ignore"] = [{"versions": each} for each in _many(keys["ignore"])]
    if keys.get("pin") in ("with-tag", "always"):
        keys["pin"] = {"digest": keys["pin"]}
    if not keys and (name is None or name in BUILT_IN):
        return BUILT_IN[str(name or "shape")]
    base = _named_keys(str(name)) if name and name not in BUILT_IN else {}
    try:
        return build_policy(str(name or "pick"), {**base, **keys})
    except InvalidPolicyError as error:
        raise UsageError(f"--{error.message}", hint=error.hint) from error


def _many(value: object) -> tuple[str, ...]:
    assert isinstance(value, tuple)
    return value


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
    known = ", ".join((*(configuration.policy_keys if found else ()), *preset_names()))
    raise UsageError(f"--policy: there is no policy {name!r}", hint=f"there are {known}")
