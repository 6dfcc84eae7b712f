"""The values that arguments of Helm set: `--set image.tag=1.2,name=x --set-string=…`. Pure.

Words are parted as by a shell, names and values as by Helm. Each value is known by its characters
in the text, so it can be edited there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from imagebot.manifest.images.layers import ValuePath
from imagebot.values import dataclass

# Longer arguments are not read.
MAX_TEXT = 64 * 1024
_MAX_NAME = 400
# Whole values, in which Helm splits nothing.
_WHOLE = frozenset({"--set-literal"})
_SETS = frozenset({"--set", "--set-string", *_WHOLE})
# Values that are elsewhere, or not written in one piece.
_OTHERS = frozenset({"--set-file", "--set-json"})
VALUES_FILES = frozenset({"-f", "--values"})


class UnreadArgumentsError(Exception):
    """Why arguments cannot be read. Stays in this package."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word, and where each of its characters is in the text."""

    text: str
    at: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Argument:
    """One value that is set: `value` is the text from `start` to `end`.

    `option` says how; its name begins at `begin`. `reason` says why it cannot be read, "" if it
    can. Of `--values` the value is a file, and the path is empty.
    """

    option: str
    path: ValuePath
    value: str
    begin: int
    start: int
    end: int
    reason: str = ""


def name_path(name: str) -> ValuePath:
    """The keys in the name of a value, as `helm --set` reads it; () if it is not one.

    `a.b\\.c[0].d` has the keys `a`, `b.c`, `[0]` and `d`.
    """
    if not name or len(name) > _MAX_NAME:
        return ()
    keys: list[str] = []
    for part in name.replace("\\.", "\0").split("."):
        key, *indexes = part.split("[")
        if any(not each.endswith("]") or not each[:-1].isdecimal() for each in indexes):
            return ()
        if key or not indexes:
            keys.append(key.replace("\0", "."))
        keys += [f"[{each}" for each in indexes]
    return tuple(keys) if all(keys) else ()


def is_index(key: str) -> bool:
    """Whether a key of a name is the number of an item (`[0]`)."""
    return key.startswith("[")


def may_set_values(text: str) -> bool:
    return "--set" in text or "--values" in text or "-f " in text


def read_arguments(text: str) -> list[Argument]:
    """The values that a text of arguments sets, in order. Raises UnreadArgumentsError."""
    if len(text) > MAX_TEXT:
        raise UnreadArgumentsError(f"the arguments are longer than {MAX_TEXT // 1024} KiB")
    return list(arguments_of(_words(text)))


def arguments_of(words: Iterable[Word]) -> Iterator[Argument]:
    """The values that words set; options of other kinds are skipped."""
    waiting = ""
    for word in words:
        if waiting:
            option, waiting = waiting, ""
            yield from _values(option, word, 0)
            continue
        option, equals, _ = word.text.partition("=")
        if option not in _SETS | _OTHERS | VALUES_FILES:
            continue
        if equals:
            yield from _values(option, word, len(option) + 1)
        else:
            waiting = option


def word_of(text: str) -> Word:
    """A text that is one word, such as an item of a list."""
    return Word(text, tuple(range(len(text))))


def _words(text: str) -> Iterator[Word]:
    """The words of a text. Raises UnreadArgumentsError."""
    letters: list[str] = []
    at: list[int] = []
    quote = ""
    is_word = False
    number = 0
    while number < len(text):
        letter = text[number]
        following = text[number + 1 : number + 2]
        if quote:
            if letter == quote:
                quote = ""
                number += 1
                continue
            if letter == "\\" and quote == '"' and following and following in '"\\$`':
                number += 1
                letter = following
        elif letter in "'\"":
            quote, is_word = letter, True
            number += 1
            continue
        elif letter == "\\" and following and following not in ".,[]{}=":
            # A line that goes on, or a character without its meaning; Helm has the others.
            number += 1 if following != "\r" else 2
            letter = text[number : number + 1]
            if letter == "\n":
                number += 1
                continue
        elif letter.isspace():
            if is_word:
                yield Word("".join(letters), tuple(at))
            letters, at, is_word = [], [], False
            number += 1
            continue
        letters.append(letter)
        at.append(number)
        is_word = True
        number += 1
    if quote:
        raise UnreadArgumentsError(f"a quote ({quote}) is not closed")
    if is_word:
        yield Word("".join(letters), tuple(at))


def _values(option: str, word: Word, start: int) -> Iterator[Argument]:
    """`a=1,b.c=2` from the character `start` of a word on."""
    if option in VALUES_FILES:
        for begin, end in _pieces(word.text, start, ","):
            yield _argument(option, word, (), begin, begin, end)
        return
    pieces = [(start, len(word.text))] if option in _WHOLE else _pieces(word.text, start, ",")
    if option == "--set-json" and word.text[start : start + 1] == "{":
        yield _argument(option, word, (), start, start, len(word.text))
        return
    for begin, end in pieces:
        equals = _find(word.text, "=", begin, end)
        if equals < 0:
            continue
        path = name_path(word.text[begin:equals])
        if path:
            yield _argument(option, word, path, begin, equals + 1, end)


def _argument(
    option: str, word: Word, path: ValuePath, begin: int, start: int, end: int
) -> Argument:
    value, at = word.text[start:end], word.at[start:end]
    reason = ""
    if option in _OTHERS:
        reason = f"imagebot does not read what `{option}` sets"
    elif "\\" in value or (value.startswith("{") and not value.startswith("{{")):
        reason = "it has an escape or is a list"
    elif at and at[-1] - at[0] != len(at) - 1:
        reason = "it is not written in one piece"
    first = word.at[begin] if begin < len(word.at) else 0
    where = (at[0], at[-1] + 1) if at else (first, first)
    return Argument(option, path, value, first, *where, reason)


def _pieces(text: str, start: int, sign: str) -> list[tuple[int, int]]:
    """The parts of a text between signs that are neither escaped nor in braces."""
    found: list[tuple[int, int]] = []
    depth = 0
    begin = at = start
    while at < len(text):
        letter = text[at]
        if letter == "\\":
            at += 1
        elif letter == "{":
            depth += 1
        elif letter == "}":
            depth -= 1
        elif letter == sign and depth <= 0:
            found.append((begin, at))
            begin = at + 1
        at += 1
    return [*found, (begin, len(text))]


def _find(text: str, sign: str, start: int, end: int) -> int:
    at = start
    while at < end:
        if text[at] == "\\":
            at += 1
        elif text[at] == sign:
            return at
        at += 1
    return -1
