"""RE2 expressions as trees, to reason about what they can match.

RE2 has compiled every expression that comes here, so nothing is refused again. What is not
understood (Unicode classes, and letters of other alphabets whatever their case) is undecided:
nobody is warned by a guess.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, TypeAlias

from imagebot.config.static.characters import ANY, Ranges, complement, fold, of, union
from imagebot.values import dataclass

_MAX_DEPTH = 60


class UndecidedError(Exception):
    """Stays inside this package: nothing can be said for certain."""


@dataclass(frozen=True, slots=True)
class Chars:
    """One character of a set."""

    ranges: Ranges


@dataclass(frozen=True, slots=True)
class Edge:
    """A place without a character: an end of the text, or where a word does (not) begin or end."""

    kind: Literal["start", "end", "word", "no-word"]


@dataclass(frozen=True, slots=True)
class Series:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    options: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """`most` None is without end."""

    part: Node
    least: int
    most: int | None


@dataclass(frozen=True, slots=True)
class Group:
    part: Node
    number: int
    name: str


Node: TypeAlias = Chars | Edge | Series | Choice | Repeat | Group

NOTHING = Series(())
_FLAGS = Series(())
"""What `(?i)` leaves: RE2 repeats what is before it."""
ANYTHING = Repeat(Chars(ANY), 0, None)

_DIGIT = of("0-9")
_WORD = of("0-9", "A-Z", "_", "a-z")
_SPACE = of("\t", "\n", "\f", "\r", " ")
_LETTERS = of("A-Z", "a-z")
_CLASSES: dict[str, Ranges] = {"d": _DIGIT, "w": _WORD, "s": _SPACE}
_POSIX: dict[str, Ranges] = {
    "alnum": union([_DIGIT, _LETTERS]),
    "alpha": _LETTERS,
    "ascii": of("\x00-\x7f"),
    "blank": of("\t", " "),
    "cntrl": of("\x00-\x1f", "\x7f"),
    "digit": _DIGIT,
    "graph": of("!-~"),
    "lower": of("a-z"),
    "print": of(" -~"),
    "punct": of("!-/", ":-@", "[-`", "{-~"),
    "space": of("\t-\r", " "),
    "upper": of("A-Z"),
    "word": _WORD,
    "xdigit": of("0-9", "A-F", "a-f"),
}
_CONTROLS = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def parse(text: str) -> Node:
    """The tree of an expression that RE2 accepts. Raises UndecidedError."""
    return _Parser(text).whole()


def group_of(node: Node, number: int) -> Node | None:
    """What a group of an expression holds; group 0 is the whole."""
    if number == 0:
        return node
    if isinstance(node, Group) and node.number == number:
        return node.part
    return next((found for part in parts_of(node) if (found := group_of(part, number))), None)


def parts_of(node: Node) -> tuple[Node, ...]:
    if isinstance(node, Series):
        return node.parts
    if isinstance(node, Choice):
        return node.options
    return (node.part,) if isinstance(node, Repeat | Group) else ()


@dataclass(frozen=True, slots=True)
class _Flags:
    fold: bool = False
    dot_all: bool = False


class _Parser:
    """Reads one expression from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.groups = 0
        self.depth = 0
        self.flags = _Flags()

    def whole(self) -> Node:
        node = self.choice()
        if self.at < len(self.text):
            raise UndecidedError
        return node

    def follows(self, text: str) -> bool:
        """Whether `text` comes next; it is read then."""
        found = self.text.startswith(text, self.at)
        self.at += len(text) if found else 0
        return found

    def next(self) -> str:
        if self.at >= len(self.text):
            raise UndecidedError
        self.at += 1
        return self.text[self.at - 1]

    def until(self, end: str) -> str:
        """The text up to `end`, which is read too."""
        stop = self.text.find(end, self.at)
        if stop < 0:
            raise UndecidedError
        start, self.at = self.at, stop + len(end)
        return self.text[start:stop]

    def choice(self) -> Node:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise UndecidedError
        outside = self.flags
        options = [self.series()]
        while self.follows("|"):
            options.append(self.series())
        self.flags = outside
        self.depth -= 1
        return options[0] if len(options) == 1 else Choice(tuple(options))

    def series(self) -> Node:
        parts: list[Node] = []
        while self.at < len(self.text) and self.text[self.at] not in "|)":
            if self.follows("\\Q"):
                parts.extend(self.literal(char) for char in self.quoted())
            elif (node := self.one()) is not _FLAGS:
                parts.append(node)
            self.repeats(parts)
        return parts[0] if len(parts) == 1 else Series(tuple(parts))

    def quoted(self) -> str:
        end = self.text.find("\\E", self.at)
        return self.until("\\E") if end >= 0 else self.rest()

    def rest(self) -> str:
        start, self.at = self.at, len(self.text)
        return self.text[start:]

    def repeats(self, parts: list[Node]) -> None:
        """What repeats the last part, if anything does."""
        while parts and (times := self.times()) is not None:
            parts[-1] = Repeat(parts[-1], *times)
            self.follows("?")

    def times(self) -> tuple[int, int | None] | None:
        for sign, found in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self.follows(sign):
                return found
        start = self.at
        if self.follows("{"):
            least, comma, most = self.text[self.at :].partition("}")[0].partition(",")
            if _is_number(least) and (not most or _is_number(most)):
                self.until("}")
                return int(least), int(most) if most else None if comma else int(least)
        self.at = start
        return None

    def one(self) -> Node:
        char = self.next()
        if char == "(":
            return self.group()
        if char == "[":
            return Chars(self.set())
        if char == "\\":
            return self.escaped()
        if char == ".":
            return Chars(ANY if self.flags.dot_all else complement(of("\n")))
        if char in "^$":
            return Edge("start" if char == "^" else "end")
        return self.literal(char)

    def literal(self, char: str) -> Node:
        return Chars(self.cased(of(char) if char != "-" else ((45, 45),)))

    def cased(self, ranges: Ranges) -> Ranges:
        if not self.flags.fold:
            return ranges
        if ranges and ranges[-1][1] > 0x7F:
            raise UndecidedError
        return fold(ranges)

    def group(self) -> Node:
        number, name = 0, ""
        outside = self.flags
        if self.follows("?P<") or self.follows("?<"):
            name = self.until(">")
            number = self.count()
        elif self.follows("?"):
            if not self.set_flags():
                return _FLAGS
        else:
            number = self.count()
        part = self.choice()
        if not self.follows(")"):
            raise UndecidedError
        self.flags = outside
        return Group(part, number, name) if number else part

    def count(self) -> int:
        self.groups += 1
        return self.groups

    def set_flags(self) -> bool:
        """Read `i-s:`, or `i)`, which holds for the rest of the group: then it is false."""
        value = True
        while (char := self.next()) not in ":)":
            if char == "-":
                value = False
            elif char == "i":
                self.flags = replace(self.flags, fold=value)
            elif char == "s":
                self.flags = replace(self.flags, dot_all=value)
            elif char not in "mU":
                raise UndecidedError
        return char == ":"

    def escaped(self) -> Node:
        char = self.next()
        if char in "bB":
            return Edge("word" if char == "b" else "no-word")
        if char in "Az":
            return Edge("start" if char == "A" else "end")
        if char.lower() in _CLASSES:
            return Chars(self.class_of(char))
        return self.literal(self.character(char))

    def class_of(self, letter: str) -> Ranges:
        ranges = _CLASSES[letter.lower()]
        return ranges if letter.islower() else complement(ranges)

    def character(self, char: str) -> str:
        """The character that a backslash and `char` begin."""
        if char in _CONTROLS:
            return _CONTROLS[char]
        if char == "x":
            digits = self.until("}") if self.follows("{") else self.next() + self.next()
            return _code_point(digits, 16)
        if char in "01234567":
            digits = char
            while len(digits) < 3 and self.text[self.at : self.at + 1] in tuple("01234567"):
                digits += self.next()
            return _code_point(digits, 8)
        if char.isalnum() or not char.isascii():
            raise UndecidedError
        return char

    def set(self) -> Ranges:
        """A set in brackets, of which the first is read."""
        negated = self.follows("^")
        found: list[Ranges] = []
        while not found or not self.follows("]"):
            found.append(self.element())
        ranges = self.cased(union(found))
        return complement(ranges) if negated else ranges

    def element(self) -> Ranges:
        if self.follows("[:"):
            name = self.until(":]")
            ranges = _POSIX.get(name.removeprefix("^"))
            if ranges is None:
                raise UndecidedError
            return complement(ranges) if name.startswith("^") else ranges
        char = self.next()
        if char == "\\":
            char = self.next()
            if char.lower() in _CLASSES:
                return self.class_of(char)
            char = self.character(char)
        first = ord(char)
        if self.text.startswith("-]", self.at) or not self.follows("-"):
            return ((first, first),)
        last = self.next()
        return ((first, ord(self.character(self.next()) if last == "\\" else last)),)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _code_point(digits: str, base: int) -> str:
    try:
        return chr(int(digits, base))
    except (ValueError, OverflowError) as error:
        raise UndecidedError from error
