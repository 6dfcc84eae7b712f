"""Reads imagebot's own marker comments, and finds text that only looks like one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from imagebot.manifest.images.field import Marker
from imagebot.manifest.markers.commented_out import Quotes, is_commented_out
from imagebot.manifest.markers.named import Named, read_image_keys
from imagebot.manifest.yaml.file_text import FileText
from imagebot.values import dataclass

NEAR_MISS = (
    "this looks like a marker but is not one: write it as a separate comment in lower case, "
    "`# imagebot: ignore` or `# imagebot: POLICY`"
)
MANY_SIGNS = (
    "this looks like a marker but is not one, because it has more than one `#`: write "
    "`# imagebot: ignore` or `# imagebot: POLICY`"
)
UNSURE = "a marker here applies to no image or cannot be read, so its meaning is not certain"

_NAME = "imagebot:"
_START = rf"[ \t]*{_NAME}[ \t]*"
OWN = re.compile(rf"(?<!\S)#{_START}")
# Where a comment starts in other languages than YAML, and how it may end there.
_OPENS = r"(?:#|(?<!:)//|/\*|--)"
IN_TEXT = re.compile(rf"{_OPENS}{_START}")
_ENDS = re.compile(r"\s*(?:\*/|-->|(?<!\S)(?:#|//).*)\s*\Z")
_IGNORE = re.compile(r"ignore(?:[\s,;:.(-].*)?")
_OPENERS = " \t{/*<!-#"
_WORD = re.compile(r"[\w./:+-]+")
_NAMED = re.compile(r"imagebot[ \t]*[:=-]?[ \t]*", re.IGNORECASE)

# Every spelling of the name has one of these: each search of a text costs time.
_NAMES = ("magebot", "mageBot", "MAGEBOT")
_COMMENT = re.compile(r"(?<!\S)#")
_TEXT_COMMENT = re.compile(rf"(?<![\w:/-]){_OPENS}")
_SIGN = re.compile(r"imagebot[ \t]*[:=-]|imagebot[ \t]+(?:ignore\b|\{)", re.IGNORECASE)
# At the start of a comment; anywhere in one before the words of a marker; after a comma.
_NEAR = re.compile(
    r"(?:(?<!\S)#[#\s]{0,8}|\A(?://|/\*|--)[/*!\s-]{0,8})"
    r"imagebot(?:[ \t]*:|[ \t]*[-=]?[ \t]*(?:ignore\b|\{))"
    r"|(?<![\w./@:-])imagebot[ \t]*:(?:[ \t]*(?:ignore\b|\{)|[ \t]+[\w.-]+[ \t)\]]*$)"
    r"|[,;:.(-][ \t]*imagebot[ \t]+(?:ignore\b|\{)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Written:
    """A marker in a file. `at` is where it starts; `alone` means that nothing is before it on its
    line, so it applies to what begins on the next one. `near` means that it is meant as a marker
    but is not one, `prose` that it does not read like a marker and may be a remark."""

    marker: Marker
    at: int
    alone: bool
    near: bool = False
    prose: bool = False

    @property
    def governs(self) -> int:
        return self.marker.line + self.alone

    @property
    def named(self) -> Named:
        return Named(self.marker.image, self.marker.line, self.at, self.governs)


@dataclass(frozen=True, slots=True)
class Governing:
    """The markers of a line of a file that is not YAML. `other` is a marker that disagrees with
    `marker`; `prose` means that all of them may be remarks."""

    marker: Marker
    prose: bool
    other: Marker | None = None

    @property
    def obeyed(self) -> Marker | None:
        return self.marker if self.other is None else None

    @property
    def refusal(self) -> str:
        return "" if self.other is None else disagree(self.marker, self.other)

    @property
    def last(self) -> Marker:
        return self.other or self.marker


def may_have_markers(text: str) -> bool:
    """Whether a text may hold markers of imagebot or Flux, Renovate's comments, or near misses."""
    if "$imagepolicy" in text or "datasource=docker" in text:
        return True
    return any(name in text for name in _NAMES) and _SIGN.search(text) is not None


def names_imagebot(text: str) -> bool:
    return any(name in text for name in _NAMES)


def has_any_spelling(text: str) -> bool:
    """Whether a text has the name, whatever the case of its letters."""
    return "magebot" in text.lower()


def own_markers(file: FileText, pattern: re.Pattern[str]) -> dict[int, Governing]:
    """The markers in a file that is not YAML, by the line they apply to: their own, or the next one
    if only the comment is on theirs."""
    found: dict[int, Governing] = {}
    for each in _exact(file, pattern, Quotes(file).hold):
        if each.marker.kind == "image":
            continue
        before = found.get(each.governs)
        if before is None:
            found[each.governs] = Governing(each.marker, each.prose)
            continue
        prose = before.prose and each.prose
        if agree(before.marker, each.marker):
            found[each.governs] = Governing(each.marker, prose)
        else:
            found[each.governs] = Governing(before.marker, prose, each.marker)
    return found


def named_images(file: FileText, pattern: re.Pattern[str]) -> list[Named]:
    """The images that markers name in a file that is not YAML."""
    every = _exact(file, pattern, Quotes(file).hold)
    return [each.named for each in every if each.marker.image]


def written_markers(file: FileText, is_text: Callable[[int], bool]) -> list[Written]:
    """The markers of a YAML file and near misses, in order; `is_text` says whether a position is
    within a value."""
    exact = list(_exact(file, OWN, is_text))
    taken = {each.marker.line for each in exact}
    near = [each for each in _near(file, _COMMENT, is_text) if each.marker.line not in taken]
    return sorted([*exact, *near], key=lambda each: each.at)


def near_misses(file: FileText) -> list[Written]:
    """Text that only looks like a marker, in a file that is not YAML."""
    if not names_imagebot(file.text):
        return []
    taken = {each.marker.line for each in _exact(file, IN_TEXT, Quotes(file).hold)}
    every = _near(file, _TEXT_COMMENT, Quotes(file).hold)
    return [each for each in every if each.marker.line not in taken]


def agree(one: Marker | None, other: Marker | None) -> bool:
    """Whether two markers say the same, or both are missing; reasons to ignore may differ."""
    if one is None or other is None:
        return one is other
    if one.kind == "ignore":
        return other.kind == "ignore"
    said = (one.kind, one.text, one.syntax, one.image)
    return said == (other.kind, other.text, other.syntax, other.image)


def disagreement(path: str, first: Marker, line: int) -> str:
    """The reason for a marker that disagrees with the first one about an image."""
    return (
        f"this marker disagrees with the one in {path}:{first.line}, and both apply to the "
        f"image on line {line}: keep one of them"
    )


def disagree(first: Marker, other: Marker) -> str:
    """Why a field is not changed that both apply to."""
    return f"the markers on lines {first.line} and {other.line} disagree"


def _exact(
    file: FileText, pattern: re.Pattern[str], is_text: Callable[[int], bool]
) -> Iterator[Written]:
    text = file.text
    # Most files with markers of Flux have none of these, and each expression looks at every `#`.
    match = pattern.search(text) if _NAME in text else None
    while match is not None:
        end = match.end()
        if not is_text(match.start()):
            end = file.line_end(end)
            if not _is_commented_out(file, match.start(), is_text):
                line = file.line(match.start())
                marker = _read(text[match.end() : end], line)
                alone = is_alone(file, match.start())
                yield Written(marker, match.start(), alone, prose=_is_prose(marker.text))
        match = pattern.search(text, end)


def _near(
    file: FileText, opens: re.Pattern[str], is_text: Callable[[int], bool]
) -> Iterator[Written]:
    text = file.text
    # The expression, in which the case of letters does not matter, takes much longer.
    match = _SIGN.search(text) if has_any_spelling(text) else None
    while match is not None:
        start = file.start_of_line(match.start())
        end = file.line_end(match.start())
        comment = opens.search(text, start, end)
        while comment is not None and is_text(comment.start()):
            comment = opens.search(text, comment.end(), end)
        if comment is not None:
            near = _near_miss(file, comment.start(), end, is_text)
            if near is not None:
                yield near
        match = _SIGN.search(text, max(end, match.end()))


def _near_miss(file: FileText, at: int, end: int, is_text: Callable[[int], bool]) -> Written | None:
    """The near miss in the comment from `at` to `end`, if there is one."""
    comment = file.text[at:end]
    found = _NEAR.search(comment)
    if found is None:
        return None
    own = at + found.start()
    if file.text[own] == "#" and _is_commented_out(file, own, is_text):
        return None
    named = _NAMED.search(comment, found.start())
    prose = named is not None and _is_prose(_ENDS.sub("", comment[named.end() :]).strip())
    marker = Marker("policy", found.group(), file.line(at))
    return Written(marker, at, is_alone(file, at), near=True, prose=prose)


def _is_prose(said: str) -> bool:
    """Whether this is several words that do not read like one or two markers."""
    if not said or _WORD.fullmatch(said) or said.startswith("{"):
        return False
    return said[:6].lower() != "ignore" and _SIGN.search(said) is None


def _is_commented_out(file: FileText, at: int, is_text: Callable[[int], bool]) -> bool:
    start = file.start_of_line(at)
    if not is_commented_out(file.text, start, at):
        return False
    # A line of a value may begin with the sign, too.
    return not is_text(file.text.index("#", start))


def is_alone(file: FileText, at: int) -> bool:
    """Whether nothing is before a comment on its line."""
    start = file.start_of_line(at)
    return not file.text[start:at].strip(_OPENERS)


def _read(text: str, line: int) -> Marker:
    """The marker with this text. If it cannot be understood, it names an unknown policy, which
    blocks its field. Words after `ignore` are its reason.
    """
    short = _ENDS.sub("", text).strip()
    # A second marker after the first would be lost with the comment that it is in.
    text = text.strip() if _SIGN.search(text, len(short)) else short
    if _IGNORE.fullmatch(text):
        return Marker("ignore", text, line)
    keys = read_image_keys(text) if text.startswith("{") else None
    if keys is not None:
        said = text if keys.kind == "keys" else keys.policy
        return Marker(keys.kind, said, line, image=keys.image)
    return Marker("keys" if text.startswith("{") else "policy", text, line)
