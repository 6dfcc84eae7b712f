"""The functions of Helm's templates that images are made with; of all others, only the values
that they are given are known.

Their rules are those of Go's text/template and of Sprig.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import TypeAlias

from imagebot.manifest.helm.known import (
    NOTHING,
    UNKNOWN,
    About,
    Changed,
    Either,
    Items,
    Known,
    Pairs,
    Parts,
    Place,
    Root,
    Test,
    Text,
    answer,
    as_text,
    changed,
    constant,
    either,
    field,
    given,
    joined,
    literal,
    passed_through,
    text_of,
    truth,
    within_bounds,
)
from imagebot.manifest.images.layers import TemplatePart

Function: TypeAlias = Callable[[Sequence[Known]], Known]
# Everything after one `%`; the verbs below print a text as it is.
_VERB = re.compile(r"%(.?)", re.DOTALL)
_MOST_DIGITS = 6
# They write a whole mapping as it is, for something that is no container.
_WHOLE = frozenset(
    ("toYaml", "mustToYaml", "toYamlPretty", "toJson", "mustToJson", "nindent", "indent")
)  # fmt: skip


def call(name: str, arguments: Sequence[Known]) -> Known:
    """What the function of that name gives, as far as it is known."""
    function = _FUNCTIONS.get(name)
    try:
        known = function(arguments) if function else UNKNOWN
    except (IndexError, ValueError):
        # Fewer or more arguments than it takes: Helm refuses such a template.
        known = UNKNOWN
    as_it_is = name in _WHOLE and not any(isinstance(each, Changed) for each in arguments)
    return changed(*arguments) if known == UNKNOWN and not as_it_is else known


def _same(arguments: Sequence[Known]) -> Known:
    (known,) = arguments
    return known


def _to_text(arguments: Sequence[Known]) -> Known:
    (known,) = arguments
    return as_text(given(known))


def _quoted(quote: str) -> Function:
    def quoted(arguments: Sequence[Known]) -> Known:
        (known,) = arguments
        sign = (TemplatePart(quote),)
        return as_text(joined([sign, text_of(known), sign]))

    return quoted


def _rendered(arguments: Sequence[Known]) -> Known:
    """`tpl`: a text without braces is what it gives for itself, and only such ones are images."""
    known, _ = arguments
    return as_text(text_of(known))


def _required(arguments: Sequence[Known]) -> Known:
    _, known = arguments
    return known


def _default(arguments: Sequence[Known]) -> Known:
    fallback, known = arguments
    # The fields of an empty dictionary are as empty as those of what is missing.
    return known if fallback == Pairs() else either(truth(known), known, fallback)


def _coalesce(arguments: Sequence[Known]) -> Known:
    found: Known = NOTHING
    for known in reversed(arguments):
        found = either(truth(known), known, found)
    return found


def _or(arguments: Sequence[Known]) -> Known:
    *others, last = arguments
    found = last
    for known in reversed(others):
        found = either(truth(known), known, found)
    return found


def _and(arguments: Sequence[Known]) -> Known:
    *others, last = arguments
    found = last
    for known in reversed(others):
        found = either(truth(known), found, known)
    return found


def _ternary(arguments: Sequence[Known]) -> Known:
    then, otherwise, test = arguments
    return either(truth(test), then, otherwise)


def _not(arguments: Sequence[Known]) -> Known:
    (known,) = arguments
    return _opposite(truth(known))


def _opposite(test: bool | Test | None) -> Known:
    if test is None or isinstance(test, bool):
        return answer(None if test is None else not test)
    return either(test, NOTHING, literal("true"))


def _compared(test: str) -> Function:
    """A test of a text beside one that is written in the template."""

    def compared(arguments: Sequence[Known]) -> Known:
        one, other = arguments
        if test in ("eq", "ne") and constant(one) is not None:
            one, other = other, one
        parts, beside = text_of(one), constant(other)
        known = constant(one)
        # `eq .x false` compares with more than a text.
        if not parts or not beside or known is not None:
            return UNKNOWN
        return answer(Test(parts, ("eq" if test == "ne" else test, beside)))

    return compared


def _not_equal(arguments: Sequence[Known]) -> Known:
    return _not([_compared("eq")(arguments)])


def _begins(test: str) -> Function:
    """A test whose first argument is looked for in the second."""

    def begins(arguments: Sequence[Known]) -> Known:
        beside, known = arguments
        return _compared(test)([known, beside])

    return begins


def _kind(arguments: Sequence[Known]) -> Known:
    kind, known = arguments
    name = constant(kind)
    if isinstance(known, Place) and known.path and name in ("map", "string"):
        return answer(Test((TemplatePart(path=known.path),), ("kindIs", name)))
    if isinstance(known, Pairs) or (isinstance(known, Text) and known.parts):
        return answer(name == ("map" if isinstance(known, Pairs) else "string"))
    return UNKNOWN


def _filter(name: str, count: int = 0) -> Function:
    """A function with `count` texts of its own before the text that it changes."""

    def filtered(arguments: Sequence[Known]) -> Known:
        *settings, known = arguments
        texts = [constant(each) for each in settings]
        if len(texts) != count or None in texts:
            return UNKNOWN
        return passed_through(known, name, *(text or "" for text in texts))

    return filtered


def _printf(arguments: Sequence[Known]) -> Known:
    form, *values = arguments
    written = constant(form)
    if written is None:
        return UNKNOWN
    pieces: list[Parts | None] = []
    at = 0
    rest = iter(values)
    for verb in _VERB.finditer(written):
        pieces.append(literal(written[at : verb.start()]).parts)
        at = verb.end()
        if verb[1] == "%":
            pieces.append(literal("%").parts)
            continue
        value = next(rest, None)
        if verb[1] not in ("s", "v") or value is None:
            return UNKNOWN
        pieces.append(given(value))
    if next(rest, None) is not None:
        return UNKNOWN
    return as_text(joined([*pieces, literal(written[at:]).parts]))


def _print(arguments: Sequence[Known]) -> Known:
    """Go puts a space between two that are not texts: one of each two must be known as one."""
    for one, other in pairwise(arguments):
        if not (_is_text(one) or _is_text(other)):
            return UNKNOWN
    return as_text(joined([given(each) for each in arguments]))


def _is_text(known: Known) -> bool:
    if isinstance(known, Either):
        return _is_text(known.then) and _is_text(known.otherwise)
    return isinstance(known, Text) and known != NOTHING


def _dict(arguments: Sequence[Known]) -> Known:
    keys = [constant(key) for key in arguments[::2]]
    if None in keys or len(arguments) % 2:
        return UNKNOWN
    pairs = {key or "": value for key, value in zip(keys, arguments[1::2], strict=True)}
    return within_bounds(Pairs(tuple(pairs.items())))


def _merge(arguments: Sequence[Known]) -> Known:
    """`merge (dict …) .`: what the first one has is kept, but not what is empty in it."""
    first, rest = arguments
    if isinstance(first, Pairs) and any(
        _has(rest, key) and not constant(value) for key, value in first.pairs
    ):
        return UNKNOWN
    if isinstance(first, Pairs) and first.rest == NOTHING and isinstance(rest, Pairs | Root):
        return within_bounds(Pairs(first.pairs, rest))
    return UNKNOWN


def _has(known: Known, key: str) -> bool:
    if not isinstance(known, Pairs):
        return False
    return any(key == each for each, _ in known.pairs) or _has(known.rest, key)


def _index(arguments: Sequence[Known]) -> Known:
    known, *keys = arguments
    for key in keys:
        name = constant(key)
        if not name or isinstance(known, Root | About):
            return UNKNOWN
        if isinstance(known, Items):
            known = _item(known, name)
        else:
            known = known if known == NOTHING else field(known, name)
    return known


def _item(known: Items, number: str) -> Known:
    at = int(number) if number.isdecimal() and len(number) < _MOST_DIGITS else len(known.items)
    return known.items[at] if at < len(known.items) else UNKNOWN


def _list(arguments: Sequence[Known]) -> Known:
    return within_bounds(Items(tuple(arguments)))


def _end_of_list(at: int) -> Function:
    def end(arguments: Sequence[Known]) -> Known:
        (known,) = arguments
        return known.items[at] if isinstance(known, Items) else UNKNOWN

    return end


def _join(arguments: Sequence[Known]) -> Known:
    """`join ":" (list a b)`; it leaves out `nil`, so of a missing value the sign goes too."""
    sign, known = arguments
    between = constant(sign)
    if between is None or not isinstance(known, Items):
        return UNKNOWN
    pieces: list[Parts | None] = []
    for number, each in enumerate(known.items):
        if number:
            pieces.append(literal(between).parts)
        pieces.append(given(each))
    return as_text(joined(pieces))


_FUNCTIONS: Mapping[str, Function] = {
    "quote": _quoted('"'),
    "squote": _quoted("'"),
    "toString": _to_text,
    "deepCopy": _same,
    "mustDeepCopy": _same,
    "tpl": _rendered,
    "required": _required,
    "default": _default,
    "coalesce": _coalesce,
    "or": _or,
    "and": _and,
    "not": _not,
    "empty": _not,
    "ternary": _ternary,
    "eq": _compared("eq"),
    "ne": _not_equal,
    "hasPrefix": _begins("hasPrefix"),
    "hasSuffix": _begins("hasSuffix"),
    "contains": _begins("contains"),
    "kindIs": _kind,
    "typeIs": _kind,
    "trim": _filter("trim"),
    "lower": _filter("lower"),
    "nospace": _filter("nospace"),
    "trimSuffix": _filter("trimSuffix", 1),
    "trimPrefix": _filter("trimPrefix", 1),
    "trimAll": _filter("trimAll", 1),
    "trunc": _filter("trunc", 1),
    "replace": _filter("replace", 2),
    "printf": _printf,
    "print": _print,
    "dict": _dict,
    "list": _list,
    "tuple": _list,
    "first": _end_of_list(0),
    "last": _end_of_list(-1),
    "join": _join,
    "merge": _merge,
    "index": _index,
    "get": _index,
}
