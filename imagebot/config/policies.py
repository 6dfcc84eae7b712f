"""Named policies: `extends` resolved key by key, then built."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from imagebot.config.builtin import BUILT_IN_NAMES, IGNORE, SHAPE, SHAPE_KEYS
from imagebot.config.faults import Faults, nearest
from imagebot.config.node import KeyPath, show_text
from imagebot.config.presets import load_preset, preset_names
from imagebot.errors import InvalidPolicyError
from imagebot.policy.builtin import BUILT_IN
from imagebot.policy.model import Policy

Keys = Mapping[str, object]

# The ways to say which tag is best. One that a policy names itself replaces the inherited one.
_WAYS = (("semver",), ("order", "descending"), ("follow",))


@dataclass(frozen=True, slots=True)
class Definition:
    """A policy as a file has it: its keys without `extends`, and where it stands."""

    keys: Keys
    extends: str
    at: KeyPath


@dataclass(frozen=True, slots=True)
class NamedPolicies:
    """Policies by name, and the keys behind each with what they inherit."""

    policies: Mapping[str, Policy]
    keys: Mapping[str, Keys]


@dataclass(frozen=True, slots=True)
class _Merged:
    """Keys with everything inherited, and the key path of the policy that says each."""

    keys: Keys
    said_at: Mapping[str, KeyPath] = field(default_factory=dict)


def known_policies(names: Iterable[str]) -> set[str]:
    """Every name that a route, a marker or `--policy` may use, given those of the file."""
    return {*names, *BUILT_IN_NAMES, *preset_names()}


def build_policies(
    definitions: Mapping[str, Definition], broken: frozenset[str], faults: Faults
) -> NamedPolicies:
    """All policies by name, the built-in ones and the presets included.

    `broken` are names whose keys are at fault already: what extends them is left out, silently.
    """
    for name, definition in definitions.items():
        _refuse_taken_name(name, definition, faults)
    policies = dict(BUILT_IN)
    policies.update((name, load_preset(name).policy) for name in preset_names())
    keys: dict[str, Keys] = {}
    for name, merged in _merge_all(definitions, broken, faults).items():
        if merged is None:
            continue
        keys[name] = merged.keys
        if name in definitions:
            policy = _build(name, merged, definitions[name], faults)
            if policy is not None:
                policies[name] = policy
    return NamedPolicies(policies, keys)


def build_extended(
    name: str, definition: Definition, keys: Mapping[str, Keys], faults: Faults
) -> Policy | None:
    """One policy outside the file (a marker's), which may extend those in `keys`."""
    bases: dict[str, _Merged | None] = {base: _Merged(said) for base, said in keys.items()}
    merged = _merge(definition, bases, faults)
    return None if merged is None else _build(name, merged, definition, faults)


def _refuse_taken_name(name: str, definition: Definition, faults: Faults) -> None:
    if name in BUILT_IN_NAMES:
        faults.add(definition.at, "is built in", "give the policy another name")
    elif name in preset_names():
        hint = f"give the policy another name, and write extends: {name}"
        faults.add(definition.at, "is defined twice: a preset has this name", hint)


def _build(name: str, merged: _Merged, definition: Definition, faults: Faults) -> Policy | None:
    from imagebot.policy.build import build_policy

    try:
        return build_policy(name, merged.keys)
    except InvalidPolicyError as error:
        said_at = merged.said_at.get(error.key)
        if said_at is None:
            faults.add(definition.at, f"{error.key}: {error.reason}", error.hint)
        else:
            keys = (*said_at, error.key)
            faults.add(keys, error.reason, error.hint, position=error.position or 0)
        return None


def _merge_all(
    definitions: Mapping[str, Definition], broken: frozenset[str], faults: Faults
) -> dict[str, _Merged | None]:
    """Each policy with what it inherits; None where that cannot be told."""
    done: dict[str, _Merged | None] = dict.fromkeys(broken)
    done[SHAPE] = _Merged(SHAPE_KEYS)
    done.update((name, _Merged(load_preset(name).keys)) for name in preset_names())
    for name in definitions:
        chain = list(_chain(name, definitions, done))
        base = definitions[chain[-1]].extends if chain else ""
        if base in chain:
            _refuse_cycle(chain[chain.index(base) :], definitions, faults)
            done.update(dict.fromkeys(chain))
            continue
        for link in reversed(chain):
            done[link] = _merge(definitions[link], done, faults, definitions)
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


def _refuse_cycle(cycle: list[str], definitions: Mapping[str, Definition], faults: Faults) -> None:
    shown = " -> ".join(show_text(name) for name in (*cycle[:8], cycle[0]))
    faults.add((*definitions[cycle[0]].at, "extends"), f"extends itself: {shown}", position=0)


def _merge(
    definition: Definition,
    done: Mapping[str, _Merged | None],
    faults: Faults,
    names: Iterable[str] = (),
) -> _Merged | None:
    own = dict.fromkeys(definition.keys, definition.at)
    if not definition.extends:
        return _Merged(definition.keys, own)
    if definition.extends not in done:
        _refuse_base(definition, {*done, *names}, faults)
        return None
    base = done[definition.extends]
    if base is None:
        return None
    inherited = {
        key: value for key, value in base.keys.items() if not _gives_way(key, definition.keys)
    }
    return _Merged({**inherited, **definition.keys}, {**base.said_at, **own})


def _refuse_base(definition: Definition, known: set[str], faults: Faults) -> None:
    name = definition.extends
    at = (*definition.at, "extends")
    if name == IGNORE:
        faults.add(at, "ignore cannot be extended", position=0)
    else:
        message = f"there is no policy or preset {show_text(name)!r}"
        faults.add(at, message, nearest(name, known), position=0)


def _gives_way(inherited: str, own: Keys) -> bool:
    """Whether an inherited key is void because the policy says in another way what is best."""
    ways = [way for way in _WAYS if inherited in way]
    return bool(ways) and any(key in own for way in _WAYS if way not in ways for key in way)
