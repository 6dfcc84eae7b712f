"""Renovate's comments above a version: `# renovate: datasource=docker depName=ghcr.io/acme/api`.

They say which image the value below is the tag of, as Renovate's own presets read them
(docs.renovatebot.com/presets-customManagers). What they say of versions is not obeyed, but listed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from imagebot.manifest.images.field import Unread
from imagebot.manifest.images.naming import has_host
from imagebot.manifest.images.not_reference import SHOWN
from imagebot.manifest.markers.named import RENOVATE, Named
from imagebot.manifest.markers.written import OWN, is_alone
from imagebot.manifest.yaml.file_text import FileText

SIGN = "datasource=docker"
IN_YAML = re.compile(r"(?<!\S)#[ \t]*renovate:")
IN_TEXT = re.compile(r"(?:#|(?<!:)//|/\*|--)[-#/*! \t]{0,8}renovate:")
_PAIR = re.compile(r"(?<!\S)([A-Za-z]+)=(\S+)")
_SCHEME = re.compile(r"https?://")
# The first of them counts.
_NAMES = ("packageName", "lookupName", "depName")
_READ = frozenset({"datasource", "registryUrl", *_NAMES})
_HUB = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io", "hub.docker.com"})


def renovate_names(
    file: FileText,
    path: str,
    comment: re.Pattern[str],
    is_text: Callable[[int], bool],
    unread: list[Unread],
) -> Iterator[Named]:
    """The images that Renovate's comments name; what else they say goes to `unread`.

    `comment` finds where one starts, `is_text` says whether a position is within a value.
    """
    text = file.text
    if SIGN not in text:
        return
    end = -1
    for match in comment.finditer(text):
        # A comment goes on to the end of its line.
        if match.start() < end or is_text(match.start()):
            continue
        end = file.line_end(match.end())
        pairs = {key: value.strip("\"'") for key, value in _PAIR.findall(text, match.end(), end)}
        if pairs.get("datasource") != "docker":
            continue
        line = file.line(match.start())
        others = [f"{key}={value}" for key, value in pairs.items() if key not in _READ]
        if others:
            said = " ".join(others)[:SHOWN]
            reason = f"{said} of this Renovate comment is not read: the policy decides"
            unread.append(Unread(path, line, RENOVATE, reason, True))
        if name := _name(pairs):
            governs = _below(file, line) if is_alone(file, match.start()) else line
            yield Named(name, line, match.start(), governs, renovate=True)
        else:
            reason = "this Renovate comment has no depName, so it names no image"
            unread.append(Unread(path, line, RENOVATE, reason, True))


def _name(pairs: dict[str, str]) -> str:
    """The image, in the registry that `registryUrl` gives to a name without one; "" if none."""
    name = next(
        (pairs[key] for key in ("packageName", "lookupName", "depName") if key in pairs), ""
    )
    registry = _SCHEME.sub("", pairs.get("registryUrl", ""), count=1).strip("/")
    if not name or not registry or has_host(name):
        return name
    return f"docker.io/{name}" if registry in _HUB else f"{registry}/{name}"


def _below(file: FileText, line: int) -> int:
    """The line that a comment alone on its line is about: imagebot's markers may be between."""
    line += 1
    while (text := file.line_text(line).lstrip()).startswith("#") and OWN.search(text):
        line += 1
    return line
