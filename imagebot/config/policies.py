"""Named policies: `extends` resolved key by key, then built."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from imagebot.config.building import Definition, Keys, Merged, build
from imagebot.config.builtin import BUILT_IN_NAMES, IGNORE, SHAPE, SHAPE_KEYS
from imagebot.config.issues import Issues
from imagebot.config.node import show_text
from imagebot.config.presets import all_presets, load_preset, preset_names
from imagebot.policy.builtin import BUILT_IN
from imagebot.policy.model import Policy
from imagebot.text import did_you_mean
from imagebot.values import dataclass


@dataclass(frozen=True, slots=True)
class NamedPolicies:
    """Policies by name, and the keys behind each with what they inherit."""

    policies: Mapping[str, Policy]
    keys: Mapping[str, Keys]


def known_policies(names: Iterable[str]) -> set[str]:
    """Every name that a route, a marker or `--policy` may use, given those of the file."""
    return {*names, *BUILT_IN_NAMES, *preset_names()}


def build_policies(
    definitions: Mapping[str, Definition], broken: frozenset[str], issues: Issues
) -> NamedPolicies:
    """All policies by name, the built-in ones and the presets included.

    `broken` are names with issues already: policies that extend them are left out, silently.
    """
    for name, definition in definitions.items():
        _refuse_taken_name(name, definition, issues)
    policies = dict(BUILT_IN)
    policies.update((preset.name, preset.policy) for preset in all_presets())
    keys: dict[str, Keys] = {}
    for name, merged in _merge_all(definitions, broken, issues).items():
        if merged is None:
            continue
        keys[name] = merged.keys
        if name in definitions:
            definition = definitions[name]
            is_bad = definition.extends in definitions and definition.extends not in policies
            policy = build(name, merged, definition, issues, base_is_bad=is_bad)
            if policy is not None:
                policies[name] = policy
    return NamedPolicies(policies, keys)


def build_extended(
    name: str, definition: Definition, keys: Mapping[str, Keys], issues: Issues
) -> Policy | None:
    """One policy outside the file (a marker's), which may extend those in `keys`."""
    bases: dict[str, Merged | None] = {base: Merged(said) for base, said in keys.items()}
    merged = _merge(definition, bases, issues)
    if merged is None:
        return None
    return build(name, merged, definition, issues, base_is_bad=False)


def _refuse_taken_name(name: str, definition: Definition, issues: Issues) -> None:
    if name in BUILT_IN_NAMES:
        issues.add(definition.at, "this name is built in", "give the policy another name")
    elif name in preset_names() and not _is_preset(name, definition):
        hint = f"give the policy another name, and write extends: {name}"
        issues.add(definition.at, "defined twice: a preset has this name", hint)


def _is_preset(name: str, definition: Definition) -> bool:
    """Whether a definition only repeats the preset of its name, as the preset's own file does."""
    return not definition.extends and definition.keys == load_preset(name).keys


def _merge_all(
    definitions: Mapping[str, Definition], broken: frozenset[str], issues: Issues
) -> dict[str, Merged | None]:
    """Each policy with what it inherits; None where that is not known."""
    done: dict[str, Merged | None] = dict.fromkeys(broken)
    done[SHAPE] = Merged(SHAPE_KEYS)
    done.update((preset.name, Merged(preset.keys)) for preset in all_presets())
    for name in definitions:
        chain = list(_chain(name, definitions, done))
        base = definitions[chain[-1]].extends if chain else ""
        if base in chain:
            _refuse_cycle(chain[chain.index(base) :], definitions, issues)
            done.update(dict.fromkeys(chain))
            continue
        for link in reversed(chain):
            done[link] = _merge(definitions[link], done, issues, definitions)
    return done


def _chain(
    name: str, definitions: Mapping[str, Definition], done: Mapping[str, object]
) -> Iterator[str]:
    """The policy and what it extends, as far as that is not merged yet, cycles once."""
    seen: set[str] = set()
    while name in definitions and name not in done and name not in seen:
        seen.add(name)
        yield name
        name = definitions[name].extends


def _refuse_cycle(cycle: list[str], definitions: Mapping[str, Definition], issues: Issues) -> None:
    shown = " -> ".join(show_text(name) for name in (*cycle[:8], cycle[0]))
    issues.add((*definitions[cycle[0]].at, "extends"), f"extends itself: {shown}", position=0)


def _merge(
    definition: Definition,
    done: Mapping[str, Merged | None],
    issues: Issues,
    names: Iterable[str] = (),
) -> Merged | None:
    own = dict.fromkeys(definition.keys, definition.at)
    if not definition.extends:
        _refuse_unset(definition, {}, issues)
        return Merged(definition.keys, own)
    if definition.extends not in done:
        _refuse_base(definition, {*done, *names}, issues)
        return None
    base = done[definition.extends]
    if base is None:
        return None
    _refuse_unset(definition, base.keys, issues)
    return Merged({**base.keys, **definition.keys}, {**base.said_at, **own})


def _refuse_unset(definition: Definition, inherited: Keys, issues: Issues) -> None:
    """A key without a value would silently have no effect."""
    for key, value in definition.keys.items():
        if value is None and inherited.get(key) is None:
            hint = "give it a value, or remove it"
            issues.add((*definition.at, key), "has no value, and there is nothing to unset", hint)


def _refuse_base(definition: Definition, known: set[str], issues: Issues) -> None:
    name = definition.extends
    at = (*definition.at, "extends")
    if name == IGNORE:
        issues.add(at, "ignore cannot be extended", position=0)
    else:
        message = f"there is no policy or preset {show_text(name)!r}"
        issues.add(at, message, did_you_mean(name, known), position=0)
