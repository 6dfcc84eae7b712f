"""imagebot's own configuration, whose entries and comments look like images."""

from __future__ import annotations

import re

FILE_NAME = "imagebot.yaml"
_SECTIONS = frozenset(
    {
        *("policies", "routes", "files", "fields", "commit", "paused", "tests"),
        *("targets", "credentials", "registries", "registry-deadline", "cache-dir"),
        *("limits", "notify", "nudges", "serve"),
    }
)
_MAIN = frozenset({"policies", "routes", "targets"})
_KEY = re.compile(r"^([\"']?)([\w./-]+)\1[ \t]*:(?=\s|$)", re.MULTILINE)
# What a route or a target of imagebot must have, for a file with one section.
_EVIDENCE = re.compile(r"(?<![\w.-])(?:publish|url):[ \t]")
# No configuration is longer.
_MOST = 1024 * 1024


def is_own_file(path: str) -> bool:
    return path.rpartition("/")[2] == FILE_NAME


def is_configuration(text: str) -> bool:
    """Whether a document has the sections of a configuration and no others, whatever its name."""
    if len(text) > _MOST or not any(f"{section}:" in text for section in _MAIN):
        return False
    keys = {match[2] for match in _KEY.finditer(text)}
    if not keys <= _SECTIONS or keys.isdisjoint(_MAIN):
        return False
    return len(keys) > 1 or _EVIDENCE.search(text) is not None
