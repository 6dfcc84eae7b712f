"""Values are as those of `dataclasses`: each class is made by both, and used in the same way."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import threading
from collections.abc import Callable
from dataclasses import FrozenInstanceError, field
from typing import Any, ClassVar, Generic, TypeVar

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot import values

T = TypeVar("T")
Maker = Callable[..., Any]


def classes(dataclass: Maker) -> dict[str, Any]:
    """One class for each thing that a dataclass of this program uses."""

    @dataclass(frozen=True, slots=True)
    class Plain:
        a: int
        b: str = "b"
        kind: ClassVar[str] = "plain"

    @dataclass(frozen=True, slots=True, kw_only=True)
    class ByName:
        a: int
        b: tuple[int, ...] = ()

    @dataclass(frozen=True, slots=True)
    class Mixed:
        a: int
        made: list[int] = field(default_factory=list)
        c: int = field(default=3, kw_only=True)

    @dataclass(frozen=True, slots=True)
    class Hidden:
        a: int
        secret: str = field(default="", repr=False)
        note: str = field(default="", compare=False)
        many: dict[str, int] = field(default_factory=dict, hash=False)

    @dataclass(frozen=True, slots=True)
    class After:
        a: int
        twice: int = field(init=False)
        kept: list[int] = field(default_factory=list, init=False)
        fixed: int = field(default=7, init=False)

        def __post_init__(self) -> None:
            object.__setattr__(self, "twice", 2 * self.a)

    @dataclass(frozen=True, slots=True)
    class Child(Plain):
        c: int = 0

    @dataclass(frozen=True, slots=True)
    class Own:
        a: int

        def __repr__(self) -> str:
            return "own"

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Own) and self.a % 2 == other.a % 2

    @dataclass(frozen=True, slots=True)
    class Hashed:
        a: int

        def __hash__(self) -> int:
            return 5

    @dataclass(frozen=True, slots=True)
    class Named:
        a: int
        self: int = 1
        new: int = 2
        made: list[int] = field(default_factory=list)
        other: int = 3
        value: int = 4
        one: int = field(default=5, init=False)
        cls: int = 6
        args: int = 7
        kwargs: int = 8
        first: int = 9

    @dataclass(frozen=True, slots=True)
    class Of(Generic[T]):
        a: T

    @dataclass(frozen=True, slots=True)
    class Empty:
        pass

    @dataclass(slots=True)
    class Open:
        a: int

    @dataclass(frozen=True, slots=True, order=True)
    class Ordered:
        a: int

    @dataclass(frozen=True, slots=True, eq=False)
    class Same:
        a: int

    return {name: each for name, each in locals().items() if isinstance(each, type)}


STANDARD = classes(dataclasses.dataclass)
OURS = classes(values.dataclass)
NAMES = sorted(STANDARD)

Arguments = tuple[tuple[object, ...], dict[str, object]]
arguments: st.SearchStrategy[Arguments] = st.tuples(
    st.lists(st.integers(0, 3), max_size=4).map(tuple),
    st.dictionaries(
        st.sampled_from(["a", "b", "c", "made", "note", "new", "self"]),
        st.integers(0, 3),
        max_size=3,
    ),
)


def outcome(work: Callable[[], object]) -> object:
    """What `work` returns, or the type of what it raises."""
    try:
        return work()
    except Exception as error:  # noqa: BLE001 - compared
        return type(error)


def built(cls: Any, given: Arguments) -> Any:
    return outcome(lambda: cls(*given[0], **given[1]))


@pytest.mark.parametrize("name", NAMES)
@given(one=arguments, other=arguments)
def test_values_are_built_shown_compared_and_hashed_alike(
    name: str, one: Arguments, other: Arguments
) -> None:
    seen: list[tuple[object, ...]] = []
    for cls in (STANDARD[name], OURS[name]):
        first, second = built(cls, one), built(cls, other)
        if isinstance(first, type) or isinstance(second, type):
            seen.append((repr(first), repr(second)))
            continue
        hashes = outcome(lambda: hash(first)), outcome(lambda: hash(second))  # noqa: B023
        seen.append(
            (
                repr(first),
                first == second,
                first == object(),
                hashes[0] is TypeError,
                hashes[0] == hashes[1],
                repr(outcome(lambda: dataclasses.asdict(first))),  # noqa: B023
            )
        )
    assert seen[0] == seen[1]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_said_of_the_class_is_the_same(name: str) -> None:
    standard, ours = STANDARD[name], OURS[name]
    keys = ("name", "type", "init", "repr", "hash", "compare", "kw_only")

    def told(cls: Any) -> object:
        shown = [{key: getattr(each, key) for key in keys} for each in dataclasses.fields(cls)]
        return shown, cls.__match_args__, cls.__slots__, cls.__name__, cls.__qualname__

    assert told(standard) == told(ours)


@pytest.mark.parametrize("name", [each for each in NAMES if each not in ("Open", "Empty")])
@pytest.mark.parametrize("makers", [STANDARD, OURS], ids=["standard", "ours"])
def test_nothing_changes_a_value(name: str, makers: dict[str, Any]) -> None:
    value = makers[name](a=1)
    refused = (FrozenInstanceError, TypeError)
    with pytest.raises(refused):
        value.a = 2
    with pytest.raises(refused):
        value.new = 2
    with pytest.raises(refused):
        del value.a
    assert value.a == 1


def test_arguments_that_do_not_fit_are_refused_by_name() -> None:
    with pytest.raises(TypeError, match=r"Plain\.__init__\(\) missing 1 required .* 'a'"):
        OURS["Plain"]()
    with pytest.raises(TypeError, match=r"unexpected keyword argument 'z'"):
        OURS["Plain"](1, z=2)


def test_factories_make_anew_for_each_value() -> None:
    one, other = OURS["Mixed"](1), OURS["Mixed"](1)
    one.made.append(1)
    assert other.made == []


@values.dataclass(frozen=True, slots=True)
class Pickled:
    a: int
    b: tuple[str, ...] = field(default=(), compare=False)


@values.dataclass(frozen=True, slots=True, kw_only=True)
class Nested:
    inner: Pickled
    more: tuple[Pickled, ...] = ()


def test_values_are_copied_pickled_and_replaced() -> None:
    value = Nested(inner=Pickled(1, ("x",)), more=(Pickled(2),))
    for other in (copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))):
        assert other == value
        assert other.inner.b == ("x",)
    changed = dataclasses.replace(value, more=())
    assert changed == Nested(inner=value.inner)


def test_msgspec_reads_and_writes_values() -> None:
    value = Nested(inner=Pickled(1, ("x",)), more=(Pickled(2),))
    found = msgspec.msgpack.decode(msgspec.msgpack.encode(value), type=Nested)
    assert found == value
    assert hash(found) == hash(value)
    with pytest.raises(FrozenInstanceError):
        found.inner = Pickled(3)  # type: ignore[misc]


def test_a_value_is_taken_apart_by_match() -> None:
    match Pickled(1, ("x",)):
        case Pickled(a, b):
            assert (a, b) == (1, ("x",))


def test_many_threads_make_the_first_value() -> None:
    """The methods of a class are made when they are first used: by whoever comes first."""
    for _ in range(20):
        cls = classes(values.dataclass)["Hidden"]
        ready = threading.Barrier(4)
        found: list[tuple[str, int, bool]] = []

        def use(cls: Any = cls, ready: threading.Barrier = ready, found: Any = found) -> None:
            ready.wait(30)
            value = cls(1, note="n")
            found.append((repr(value), hash(value), value == cls(1)))

        threads = [threading.Thread(target=use) for _ in range(4)]
        for each in threads:
            each.start()
        for each in threads:
            each.join(30)
        assert len(found) == 4
        assert len(set(found)) == 1
