"""Puts an image of a chart together from values, and tells which value holds which part of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import replace

from imagebot.errors import InvalidReferenceError
from imagebot.manifest.images.layers import CHANGED, Chart, ChartImage, TemplatePart, ValuePath
from imagebot.reference import Reference, parse_reference
from imagebot.values import dataclass

# Images that one `image:` in a `range` stands for.
MAX_ITEMS = 500
# A tag has no more characters, and no others; a digest has a colon as well.
_LONGEST_TAG = 128
_IN_TAG = re.compile(r"[\w.:-]*", re.ASCII)
_ANY_TAG = "1.0"
# What a mapping prints as; no reference has such a text.
_MAPPING = "map[]"


class ChartValues:
    """The values that a chart is installed with, for the functions below.

    `texts` are all values by their path, as Helm prints them, those of list items by the number of
    the item (`"0"`). What is missing or `null` is left out; of `empty` are `false` and 0, which
    have a text but count as false.
    """

    def __init__(
        self,
        texts: Mapping[ValuePath, str],
        chart: Chart | None = None,
        empty: Collection[ValuePath] = (),
    ) -> None:
        self.texts = texts
        self.empty = empty
        about = chart or Chart("")
        self.chart = {"AppVersion": about.app_version, "Name": about.name}
        self.keys: dict[ValuePath, dict[str, None]] = {}
        for path in texts:
            for length in range(len(path)):
                self.keys.setdefault(path[:length], {})[path[length]] = None

    def without(self, path: ValuePath) -> ChartValues:
        """The same, with an empty value at a path."""
        return self.instead(path, "")

    def instead(self, path: ValuePath, text: str) -> ChartValues:
        """The same, with a text at a path."""
        other = copy(self)
        other.texts = _Instead(self.texts, path, text)
        other.empty = {each for each in self.empty if each != path}
        return other

    def print(self, path: ValuePath) -> str:
        return _MAPPING if path in self.keys else self.texts.get(path, "")


class _Instead(Mapping[ValuePath, str]):
    """Texts of which one is another."""

    def __init__(self, texts: Mapping[ValuePath, str], path: ValuePath, text: str) -> None:
        self._texts = texts
        self._path = path
        self._text = text

    def __getitem__(self, path: ValuePath) -> str:
        return self._text if path == self._path else self._texts[path]

    def __iter__(self) -> Iterator[ValuePath]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)


@dataclass(frozen=True, slots=True)
class Held:
    """The part of a reference that the value at `path` has from `start` to `end`, of its text."""

    path: ValuePath
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ComposedImage:
    """A reference, and where its parts are.

    `name` are the values with pieces of the registry and the repository, in their order. `tag` and
    `digest` are None where the reference has none, or where the template or the chart's
    `appVersion` says it.
    """

    reference: Reference
    name: tuple[ValuePath, ...]
    tag: Held | None
    digest: Held | None


@dataclass(frozen=True, slots=True)
class _Piece:
    """A text, and the value that it is; `of` is () for what is no value. With `cut`, a function
    leaves this text as it is, but would change other ones."""

    text: str
    of: ValuePath = ()
    cut: bool = False


class _UnevenError(Exception):
    """A value is missing or is a template: the text is not that of its parts."""


class _ChangedError(_UnevenError):
    """A function changes a value, or would change another one."""


def items_of(image: ChartImage, values: ChartValues) -> Iterator[ChartImage]:
    """The images that one in a `range` stands for, at most 500; any other image alone."""
    waiting, made = [image.parts], 0
    while waiting and made < MAX_ITEMS:
        parts = waiting.pop()
        many = min(_repeated(parts), key=len, default=None)
        if many is None:
            made += 1
            yield replace(image, parts=parts)
            continue
        keys = list(values.keys.get(many[:-1], ()))[:MAX_ITEMS]
        waiting.extend(_at_item(parts, many, key) for key in reversed(keys))


def text_of(image: ChartImage, values: ChartValues) -> str | None:
    """What Helm prints; "" where the template has another image; None where that is not known."""
    pieces = _pieces_of(image, values)
    return None if pieces is None else _text(pieces)


def parts_at(image: ChartImage, values: ChartValues) -> ComposedImage | None:
    """Which values are the parts of the one reference that the image is.

    None where the text is not a reference, or where a value has half of a tag or of a digest.
    """
    pieces = _pieces_of(image, values)
    try:
        reference = parse_reference(_text(pieces or []))
    except InvalidReferenceError:
        return None
    assert pieces is not None
    spans = list(_spans(pieces))
    end = len(_text(pieces))
    digest = len(reference.digest or "")
    before = end - digest - 1 if digest else end
    tag = len(reference.tag or "")
    try:
        return ComposedImage(
            reference,
            tuple(piece.of for start, piece in spans if piece.of and start < len(reference.name)),
            _held(spans, before - tag, before) if tag else None,
            _held(spans, end - digest, end) if digest else None,
        )
    except _UnevenError:
        return None


def with_tag_at(image: ChartImage, values: ChartValues, path: ValuePath) -> ComposedImage | None:
    """The image with a tag in an empty value, if the template takes that."""
    if values.texts.get(path) and path not in values.empty:
        return None
    other = parts_at(image, values.instead(path, _ANY_TAG))
    return other if other and other.tag and other.tag.path == path else None


def is_changed(image: ChartImage, values: ChartValues) -> bool:
    """Whether the text is not that of the values because of what the template does with them."""
    try:
        pieces = _trimmed(_pieces(image.parts, values))
        reference = parse_reference(_text(pieces))
    except _ChangedError:
        return True
    except (_UnevenError, InvalidReferenceError):
        return False
    start = len(reference.name)
    return any(piece.cut and at + len(piece.text) > start for at, piece in _spans(pieces))


def halves_of_tag(
    image: ChartImage, values: ChartValues
) -> tuple[Reference, tuple[ValuePath, ...]] | None:
    """A reference whose tag is made of more than one value or text, and those of its values."""
    pieces = _pieces_of(image, values)
    text = _text(pieces or [])
    try:
        reference = parse_reference(text)
    except InvalidReferenceError:
        return None
    if pieces is None or not reference.tag:
        return None
    start = len(reference.name) + 1
    end = start + len(reference.tag)
    inside = [piece for at, piece in _spans(pieces) if at < end and at + len(piece.text) > start]
    paths = tuple(piece.of for piece in inside if piece.of)
    return (reference, paths) if len(inside) > 1 and paths else None


def with_tag(image: ChartImage, values: ChartValues, composed: ComposedImage) -> ComposedImage:
    """An image with a digest alone, and the tag that the template writes where there is none.

    Charts write the digest instead of the tag, not behind it: the values have both all the same.
    """
    digest = composed.digest
    if composed.tag is not None or composed.reference.tag is not None or digest is None:
        return composed
    other = parts_at(image, values.without(digest.path))
    if other is None or other.tag is None or other.reference.digest is not None:
        return composed
    if other.reference.name != composed.reference.name:
        return composed
    reference = replace(composed.reference, tag=other.reference.tag)
    return replace(composed, reference=reference, tag=other.tag)


def _spans(pieces: Sequence[_Piece]) -> Iterator[tuple[int, _Piece]]:
    at = 0
    for piece in pieces:
        if piece.text:
            yield at, piece
        at += len(piece.text)


def _held(spans: Sequence[tuple[int, _Piece]], start: int, end: int) -> Held | None:
    """What holds the text from `start` to `end`. Raises _UnevenError if more than one does."""
    for at, piece in spans:
        if at <= start and end <= at + len(piece.text):
            if piece.cut:
                raise _ChangedError
            return Held(piece.of, start - at, end - at) if piece.of else None
    raise _UnevenError


def _pieces_of(image: ChartImage, values: ChartValues) -> list[_Piece] | None:
    try:
        return _trimmed(_pieces(image.parts, values))
    except _UnevenError:
        return None


def _pieces(parts: Sequence[TemplatePart], values: ChartValues) -> list[_Piece]:
    found: list[_Piece] = []
    for part in parts:
        if part.test:
            holds = _holds(part, values)
            found += _pieces(part.then if holds else part.fallback, values)
        elif part.function == ("given",):
            found += _given(part.then, values)
        elif part.function == (CHANGED,):
            raise _ChangedError
        elif part.function:
            found += _through(part.function, _pieces(part.then, values))
        else:
            found.append(_piece(part, values))
    return found


def _piece(part: TemplatePart, values: ChartValues) -> _Piece:
    if part.chart:
        text = values.chart.get(part.chart)
        if text is None:
            raise _UnevenError
        return _Piece(text)
    if not part.path:
        return _Piece(part.text)
    if part.key:
        return _Piece(part.path[-1])
    text = values.print(part.path)
    if "{{" in text:
        # `tpl` would render it.
        raise _UnevenError
    return _Piece(text, part.path)


def _text(pieces: Sequence[_Piece]) -> str:
    return "".join(piece.text for piece in pieces)


def _holds(part: TemplatePart, values: ChartValues) -> bool:
    pieces = _pieces(part.test, values)
    if not part.function:
        return any(piece.text and piece.of not in values.empty for piece in pieces)
    text = _text(pieces)
    name, beside = part.function
    if name == "kindIs":
        return (text == _MAPPING) == (beside == "map") and bool(text)
    return _TESTS[name](text, beside)


_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "eq": str.__eq__,
    "hasPrefix": str.startswith,
    "hasSuffix": str.endswith,
    "contains": str.__contains__,
}


def _given(parts: Sequence[TemplatePart], values: ChartValues) -> list[_Piece]:
    """The pieces of a value, which must be there: of another, `<nil>` would be printed."""
    if any(part.path not in values.texts for part in parts):
        raise _UnevenError
    return _pieces(parts, values)


def _through(function: tuple[str, ...], pieces: list[_Piece]) -> list[_Piece]:
    if function[0] == "trim":
        return _trimmed(pieces)
    text = _text(pieces)
    name, *settings = function
    if _CHANGES[name](text, *settings) != text:
        raise _ChangedError
    if _spares_tags(name, settings):
        return pieces
    return [replace(piece, cut=True) if piece.of else piece for piece in pieces]


def _spares_tags(name: str, settings: Sequence[str]) -> bool:
    """Whether a function leaves every tag and every digest as it is."""
    if name == "trunc":
        return settings[0].isdecimal() and int(settings[0]) >= _LONGEST_TAG
    if name == "trimAll":
        return not any(_IN_TAG.fullmatch(char) for char in settings[0])
    return name == "nospace" or (bool(settings) and _IN_TAG.fullmatch(settings[0]) is None)


_CHANGES: Mapping[str, Callable[..., str]] = {
    "lower": str.lower,
    "nospace": lambda text: "".join(text.split()),
    "trimPrefix": str.removeprefix,
    "trimSuffix": str.removesuffix,
    "trimAll": str.strip,
    "trunc": lambda text, count: text[: int(count)] if count.isdecimal() else "",
    "replace": str.replace,
}


def _trimmed(pieces: list[_Piece]) -> list[_Piece]:
    """The pieces without space at both ends; values stay as they are."""
    kept = list(pieces)
    while kept and not kept[0].of and not kept[0].text.strip():
        del kept[0]
    while kept and not kept[-1].of and not kept[-1].text.strip():
        del kept[-1]
    if kept and not kept[0].of:
        kept[0] = _Piece(kept[0].text.lstrip())
    if kept and not kept[-1].of:
        kept[-1] = _Piece(kept[-1].text.rstrip())
    return kept


def _repeated(parts: Sequence[TemplatePart]) -> Iterator[ValuePath]:
    """The beginnings of paths up to their first `*`."""
    for part in parts:
        if "*" in part.path:
            yield part.path[: part.path.index("*") + 1]
        for inner in (part.test, part.then, part.fallback):
            yield from _repeated(inner)


def _at_item(parts: Sequence[TemplatePart], many: ValuePath, key: str) -> tuple[TemplatePart, ...]:
    """The parts with the key in place of the last key of `many`, in every path."""
    return tuple(
        replace(
            part,
            path=(*many[:-1], key, *part.path[len(many) :])
            if part.path[: len(many)] == many
            else part.path,
            test=_at_item(part.test, many, key),
            then=_at_item(part.then, many, key),
            fallback=_at_item(part.fallback, many, key),
        )
        for part in parts
    )
