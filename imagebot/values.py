"""Frozen, slotted dataclasses that cost little at the start.

`dataclasses` compiles six methods for each class at once, which takes half a millisecond: a fifth
of a pass that has nothing to do, with its 250 classes. Here a class gets its fields and slots from
`dataclasses`; `__init__` is compiled when the first value is made, and the others not at all.
Otherwise values are as those of `dataclasses`, for `replace`, `fields`, `copy`, pickle and msgspec,
too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # To type checkers it is the standard one, of which they know what it makes of a class.
    from dataclasses import dataclass
else:
    import dataclasses

    def dataclass(cls=None, /, **options):
        """As `dataclasses.dataclass`; quick for frozen, slotted classes without other options."""

        def make(cls):
            if options == {"frozen": True, "slots": True}:
                return _make_value(cls, kw_only=False)
            if options == {"frozen": True, "slots": True, "kw_only": True}:
                return _make_value(cls, kw_only=True)
            return dataclasses.dataclass(cls, **options)

        return make if cls is None else make(cls)

    def _make_value(cls, *, kw_only):
        own = cls.__dict__
        if not cls.__doc__:
            # Else `dataclasses` writes one, for which it inspects the class.
            cls.__doc__ = cls.__name__
        made = dataclasses.dataclass(
            cls, init=False, repr=False, eq=False, slots=True, kw_only=kw_only
        )
        made.__setattr__ = _refuse_to_set
        made.__delattr__ = _refuse_to_delete
        made.__getstate__ = _get_state
        made.__setstate__ = _set_state
        if "__init__" not in own:
            made.__init__ = _later_init(made)
        if "__repr__" not in own:
            made.__repr__ = _repr
        if "__eq__" not in own:
            made.__eq__ = _later_eq(made)
        # A class that defines only `__eq__` has None.
        if own.get("__hash__") is None:
            made.__hash__ = _later_hash(made)
        return made


__all__ = ["dataclass"]


def _refuse_to_set(_value: object, name: str, _new: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(_value: object, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _get_state(value: Any) -> list[object]:
    return [getattr(value, each.name) for each in fields(value)]


def _set_state(value: Any, state: list[object]) -> None:
    for each, kept in zip(fields(value), state, strict=True):
        object.__setattr__(value, each.name, kept)


def _repr(value: Any) -> str:
    shown = (f"{each.name}={getattr(value, each.name)!r}" for each in fields(value) if each.repr)
    return f"{type(value).__qualname__}({', '.join(shown)})"


def _later_eq(cls: Any) -> Callable[[Any, object], object]:
    def first(one: Any, other: object) -> object:
        key = _key_of([each.name for each in fields(cls) if each.compare])

        def equal(one: Any, other: object) -> object:
            return key(one) == key(other) if other.__class__ is one.__class__ else NotImplemented

        cls.__eq__ = equal
        return equal(one, other)

    return first


def _later_hash(cls: Any) -> Callable[[Any], int]:
    def first(value: Any) -> int:
        counts = {
            each.name: each.compare if each.hash is None else each.hash for each in fields(cls)
        }
        key = _key_of([name for name, counted in counts.items() if counted])

        def hashed(value: Any) -> int:
            return hash(key(value))

        cls.__hash__ = hashed
        return hashed(value)

    return first


def _key_of(names: list[str]) -> Callable[[Any], tuple[object, ...]]:
    """The values of these fields as a tuple."""
    if not names:
        return lambda _value: ()
    if len(names) == 1:
        only = attrgetter(*names)
        return lambda value: (only(value),)
    return attrgetter(*names)


def _later_init(cls: Any) -> Callable[..., None]:
    def first(new: Any, /, *args: object, **kwargs: object) -> None:
        cls.__init__ = _compile_init(cls)
        cls.__init__(new, *args, **kwargs)

    return first


def _compile_init(cls: Any) -> Callable[..., None]:
    """As `dataclasses` would: `def __init__(self, a, b=…, *, c=…)`, which fills the slots.

    No field has the names of what it uses.
    """
    known: dict[str, object] = {"__missing__": MISSING}
    positional: list[str] = []
    by_name: list[str] = []
    body: list[str] = []
    for each in fields(cls):
        name = each.name
        known[f"__set__{name}"] = getattr(cls, name).__set__
        value = _value_of(each, known)
        if each.init:
            (by_name if each.kw_only else positional).append(_parameter(each, known))
        if value:
            body.append(f"  __set__{name}(__self__, {value})")
    if hasattr(cls, "__post_init__"):
        body.append("  __self__.__post_init__()")
    parameters = ", ".join(("__self__", *positional, *(("*", *by_name) if by_name else ())))
    # The text holds nothing but names of fields, which are in this program.
    exec(f"def __init__({parameters}):\n" + ("\n".join(body) or "  pass"), known)  # noqa: S102
    made: Any = known["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    return made  # type: ignore[no-any-return]


def _parameter(each: Field[Any], known: dict[str, object]) -> str:
    if each.default_factory is not MISSING:
        return f"{each.name}=__missing__"
    if each.default is MISSING:
        return each.name
    known[f"__default__{each.name}"] = each.default
    return f"{each.name}=__default__{each.name}"


def _value_of(each: Field[Any], known: dict[str, object]) -> str:
    """What `__init__` puts into the field's slot; "" is nothing."""
    name = each.name
    if each.default_factory is not MISSING:
        made = f"__new__{name}"
        known[made] = each.default_factory
        return f"{made}() if {name} is __missing__ else {name}" if each.init else f"{made}()"
    if each.init:
        return name
    if each.default is MISSING:
        return ""
    known[f"__default__{name}"] = each.default
    return f"__default__{name}"
