"""What is known of a value in a template without its values: a text in parts, a place, a choice.

Everything here is bounded: what would be larger is Unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias, TypeVar

from imagebot.manifest.images.layers import CHANGED, TemplatePart, ValuePath
from imagebot.values import dataclass

Parts: TypeAlias = tuple[TemplatePart, ...]
Chosen = TypeVar("Chosen")

# No image is made of more pieces, or has longer texts between its values.
MAX_PARTS = 200
MAX_TEXT = 2_000
MAX_NESTING = 20
_YES = TemplatePart("true")
# Printed where something is given: `<nil>`, `<no value>`, or nothing at all.
_MISSING = TemplatePart(function=("given",), then=(TemplatePart(),))


@dataclass(frozen=True, slots=True)
class Text:
    """A text, and what prints as one. The empty one is also `nil` and `false`."""

    parts: Parts = ()


@dataclass(frozen=True, slots=True)
class Place:
    """What the values hold at `path`: a text, or a mapping with more below it."""

    path: ValuePath


@dataclass(frozen=True, slots=True)
class Root:
    """What a template that nobody calls gets as its dot: `.Values`, `.Chart` and more."""


@dataclass(frozen=True, slots=True)
class About:
    """`.Chart`"""


@dataclass(frozen=True, slots=True)
class Pairs:
    """`dict "a" …`, and `rest` for other keys where one was merged into it."""

    pairs: tuple[tuple[str, Known], ...] = ()
    rest: Known = Text()


@dataclass(frozen=True, slots=True)
class Items:
    """`list a b`"""

    items: tuple[Known, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """`then` where the test holds, `otherwise` where it does not."""

    test: Test
    then: Known
    otherwise: Known


@dataclass(frozen=True, slots=True)
class Unknown:
    """Anything: more than is read here, such as a helper that is not there."""


@dataclass(frozen=True, slots=True)
class Changed:
    """What the template makes of the values at paths in a way that is not read here."""

    of: tuple[ValuePath, ...] = ()


@dataclass(frozen=True, slots=True)
class Test:
    """Whether the text of `parts` is not empty, or what `function` asks of it."""

    parts: Parts
    function: tuple[str, ...] = ()


Known: TypeAlias = Text | Place | Root | About | Pairs | Items | Either | Changed | Unknown
UNKNOWN = Unknown()
NOTHING = Text()


def literal(text: str) -> Text:
    return Text((TemplatePart(text),)) if text else NOTHING


def constant(known: Known) -> str | None:
    """The text, where it is the same for all values."""
    if not isinstance(known, Text) or len(known.parts) > 1:
        return None
    if not known.parts:
        return ""
    return known.parts[0].text or None


def text_of(known: Known) -> Parts | None:
    """What is printed for it."""
    if isinstance(known, Text):
        return known.parts
    if isinstance(known, Place):
        return (TemplatePart(path=known.path),) if known.path else None
    if isinstance(known, Changed):
        return bounded(as_changed(tuple(TemplatePart(path=path) for path in known.of)))
    if isinstance(known, Either):
        then, otherwise = text_of(known.then), text_of(known.otherwise)
        if then is None or otherwise is None:
            return None
        return bounded(choice(known.test, then, otherwise))
    return None


def changed(*several: Known) -> Known:
    """Something that is made of these; Unknown if one of them is."""
    found: dict[ValuePath, None] = {}
    level = list(several)
    for _ in range(MAX_NESTING):
        below: list[Known] = []
        for each in level:
            if isinstance(each, Unknown):
                return UNKNOWN
            if isinstance(each, Changed):
                found.update(dict.fromkeys(each.of))
            elif isinstance(each, Text | Place):
                parts = text_of(each) or ()
                found.update(dict.fromkeys(sorted(paths_of(parts))))
            elif isinstance(each, Either):
                found.update(dict.fromkeys(sorted(paths_of(each.test.parts))))
            below.extend(_inner(each))
        level = below
    return Changed(tuple(found)) if len(found) <= MAX_PARTS and not level else UNKNOWN


def as_changed(parts: Parts) -> Parts:
    """Parts of which nothing is known but what they are made of."""
    return (TemplatePart(function=(CHANGED,), then=parts),)


def paths_of(parts: Parts) -> set[ValuePath]:
    """Every path of values in the parts."""
    found: set[ValuePath] = set()
    for part in parts:
        if part.path:
            found.add(part.path)
        for inner in (part.test, part.then, part.fallback):
            found |= paths_of(inner)
    return found


def choice(test: Test, then: Parts, otherwise: Parts) -> Parts:
    test, then, otherwise = _affirmed(test, then, otherwise)
    # Nothing else is a default that changes nothing.
    if then == otherwise or (test == Test(then) and not otherwise):
        return then
    part = TemplatePart(function=test.function, test=test.parts, then=then, fallback=otherwise)
    return (part,)


def _affirmed(test: Test, then: Chosen, otherwise: Chosen) -> tuple[Test, Chosen, Chosen]:
    """The same choice by the opposite test, if the test is whether another one does not hold."""
    part = test.parts[0] if len(test.parts) == 1 and not test.function else TemplatePart()
    if part.test and not part.then and part.fallback == (_YES,):
        return Test(part.test, part.function), otherwise, then
    return test, then, otherwise


def joined(texts: list[Parts | None]) -> Parts | None:
    """The texts one after the other."""
    found: list[TemplatePart] = []
    for parts in texts:
        if parts is None:
            return None
        for part in parts:
            if part.text and found and found[-1].text:
                found[-1] = TemplatePart(found[-1].text + part.text)
            else:
                found.append(part)
    return bounded(tuple(found))


def passed_through(known: Known, *function: str) -> Known:
    """The text of it after a function that leaves what images are made of as it is."""
    parts = text_of(known)
    if not parts:
        return UNKNOWN if parts is None else NOTHING
    return as_text(bounded((TemplatePart(function=function, then=parts),)))


def given(known: Known) -> Parts | None:
    """What is printed for it by functions that print `<nil>` for what is missing."""
    if isinstance(known, Place):
        return text_of(passed_through(known, "given"))
    if isinstance(known, Either):
        then, otherwise = _given_or_missing(known.then), _given_or_missing(known.otherwise)
        if then is None or otherwise is None:
            return None
        # What a test has found is there.
        then = text_of(known.then) if Test(text_of(known.then) or ()) == known.test else then
        return bounded(choice(known.test, then or (), otherwise))
    return None if known == NOTHING else text_of(known)


def _given_or_missing(known: Known) -> Parts | None:
    """As `given`; what is nothing or empty is not known only where it is what is printed."""
    return (_MISSING,) if known == NOTHING else given(known)


def as_text(parts: Parts | None) -> Known:
    return UNKNOWN if parts is None else Text(parts)


def bounded(parts: Parts) -> Parts | None:
    """The parts, or None if there are too many of them."""
    count, length, level = 0, 0, [parts]
    for _ in range(MAX_NESTING):
        below: list[Parts] = []
        for each in level:
            count += len(each)
            if count > MAX_PARTS:
                return None
            for part in each:
                length += len(part.text)
                below.extend(inner for inner in (part.test, part.then, part.fallback) if inner)
        if not below:
            return parts if length <= MAX_TEXT else None
        level = below
    return None


def truth(known: Known) -> bool | Test | None:
    """Whether it counts as true, or what that depends on; None if that is not known."""
    if isinstance(known, Root | About):
        return True
    if isinstance(known, Pairs):
        return bool(known.pairs) or truth(known.rest)
    if isinstance(known, Items):
        return bool(known.items)
    if isinstance(known, Place):
        return Test((TemplatePart(path=known.path),)) if known.path else True
    if isinstance(known, Text):
        if not known.parts:
            return False
        return True if any(part.text for part in known.parts) else _test(known.parts)
    if isinstance(known, Either):
        return _truth_of_either(known)
    return None


def _test(parts: Parts) -> Test:
    """The same without what only says `true` where another test holds."""
    if len(parts) == 1 and parts[0].test and parts[0].then == (_YES,) and not parts[0].fallback:
        return Test(parts[0].test, parts[0].function)
    return Test(parts)


def _truth_of_either(known: Either) -> bool | Test | None:
    then, otherwise = truth(known.then), truth(known.otherwise)
    if then is None or otherwise is None:
        return None
    if isinstance(then, bool) and then == otherwise:
        return then
    if then == known.test and otherwise is True:
        return True
    return truth(as_text(bounded(choice(known.test, _yes(then), _yes(otherwise)))))


def _yes(test: bool | Test) -> Parts:
    """A text that is not empty where the test holds."""
    if isinstance(test, bool):
        return (_YES,) if test else ()
    return test.parts if not test.function else choice(test, (_YES,), ())


def answer(test: bool | Test | None) -> Known:
    """A test as a value."""
    return (
        UNKNOWN
        if test is None
        else Text(_yes(test) if isinstance(test, bool) else choice(test, (_YES,), ()))
    )


def either(test: bool | Test | None, then: Known, otherwise: Known) -> Known:
    if then == otherwise:
        return then
    if test is None:
        return changed(then, otherwise)
    if then == UNKNOWN == otherwise:
        return UNKNOWN
    if isinstance(test, bool):
        return then if test else otherwise
    return within_bounds(Either(*_affirmed(test, then, otherwise)))


def within_bounds(known: Known) -> Known:
    """The same, or Unknown if it is made of too much."""
    count = 0
    level = [known]
    for _ in range(MAX_NESTING):
        below: list[Known] = []
        for each in level:
            below.extend(_inner(each))
        count += len(below)
        if not below or count > MAX_PARTS:
            return UNKNOWN if below else known
        level = below
    return UNKNOWN


def _inner(known: Known) -> tuple[Known, ...]:
    if isinstance(known, Either):
        return known.then, known.otherwise
    if isinstance(known, Pairs):
        return (*(value for _, value in known.pairs), known.rest)
    return known.items if isinstance(known, Items) else ()


_TOP: Mapping[str, Known] = {"Values": Place(()), "Chart": About()}


def field(known: Known, name: str) -> Known:
    """`.name` of it. What is missing is empty."""
    if isinstance(known, Place):
        # `*` is any key in a path, so a key of that name cannot be said.
        far = len(known.path) >= MAX_NESTING or name == "*"
        return UNKNOWN if far else Place((*known.path, name))
    if isinstance(known, Root):
        return _TOP.get(name, Changed())
    if isinstance(known, About):
        known_names = ("AppVersion", "Name", "Version")
        return Text((TemplatePart(chart=name),)) if name in known_names else UNKNOWN
    if isinstance(known, Pairs):
        return next((v for key, v in known.pairs if key == name), field(known.rest, name))
    if isinstance(known, Either):
        return either(known.test, field(known.then, name), field(known.otherwise, name))
    if isinstance(known, Changed):
        return known
    return NOTHING if known == NOTHING else UNKNOWN
