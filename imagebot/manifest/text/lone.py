"""Lone tags and digests in a file that is not YAML, whose image a comment names."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from imagebot.manifest.images.field import Unread
from imagebot.manifest.images.not_reference import SHOWN, filled_in
from imagebot.manifest.markers.commented_out import Quotes
from imagebot.manifest.markers.named import NO_VALUE, Named, repository_of, why_no_text
from imagebot.manifest.markers.renovate import IN_TEXT as RENOVATE_IN_TEXT
from imagebot.manifest.markers.renovate import renovate_names
from imagebot.manifest.markers.written import IN_TEXT, named_images
from imagebot.manifest.text.line import images_on
from imagebot.manifest.text.value import is_filled_in_on, version_on
from imagebot.manifest.yaml.file_text import FileText
from imagebot.reference import is_digest
from imagebot.values import dataclass

_TAKEN = "names an image, but its line has one already"


@dataclass(frozen=True, slots=True)
class Lone:
    """A tag, a digest or both, from `start` to `end`, of the image that `named` names.

    `whole` means that the line has the whole reference, which the comment only repeats: it starts
    at `start`.
    """

    named: Named
    start: int
    end: int
    whole: bool = False


def named_lines(
    file: FileText, path: str, is_marked: Callable[[int], bool], unread: list[Unread]
) -> dict[int, Named]:
    """The comments that name images, by the line that they are about."""
    found: dict[int, Named] = {}
    names = named_images(file, IN_TEXT) if "imagebot:" in file.text else []
    quotes = Quotes(file)
    listed: list[Unread] = []
    names += renovate_names(file, path, RENOVATE_IN_TEXT, quotes.hold, listed)
    unread += [each for each in listed if is_marked(each.line)]
    for each in names:
        if not is_marked(each.governs):
            continue
        first = found.setdefault(each.governs, each)
        if not each.renovate and (reason := each.differs(first)):
            unread.append(each.failed(path, reason))
    return found


def lone_values(
    file: FileText, path: str, names: dict[int, Named], taken: set[int], unread: list[Unread]
) -> Iterator[Lone]:
    """The values that comments name the image of, except on the lines `taken`."""
    for line, named in sorted(names.items()):
        found = _on_line(file, line, named, taken)
        if isinstance(found, Lone):
            yield found
        elif found:
            unread.append(named.failed(path, found))
        elif line not in taken:
            text = file.line_text(line)
            unread.append(Unread(path, line, "variable", filled_in(text.strip()[:SHOWN]), True))


def _on_line(file: FileText, line: int, named: Named, taken: set[int]) -> Lone | str:
    """The value on a line, or why there is none: "" if that is no mistake."""
    name = repository_of(named.image)
    if isinstance(name, str):
        return name
    if line in taken:
        return "" if named.renovate else _TAKEN
    text = file.line_text(line)
    start = file.line_start(line)
    if named.line == line:
        text = text[: named.at - start]
    span = version_on(text)
    # A digest alone looks like a name with a tag.
    images = [each for each in images_on(text) if span is None or each.start != span[0]]
    if images:
        first = images[0]
        if named.renovate and [each.reference.repository for each in images] == [name.repository]:
            return Lone(named, start + first.start, start + first.start, whole=True)
        return _TAKEN
    if span is not None:
        if reason := why_no_text("", text[slice(*span)]):
            return reason
        return Lone(named, start + span[0], start + span[1])
    return "" if is_filled_in_on(text) else NO_VALUE


def parts_of(text: str, start: int) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
    """Where the tag and the digest of a value are that starts at `start`."""
    if is_digest(text):
        return None, (start, start + len(text))
    tag, at, digest = text.partition("@")
    end = start + len(tag)
    return (start, end), (end + 1, end + 1 + len(digest)) if at else None
