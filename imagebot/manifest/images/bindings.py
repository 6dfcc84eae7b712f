"""What is known of the placeholders in the template of an ApplicationSet, or in a helmfile."""

from __future__ import annotations

from imagebot.values import dataclass


@dataclass(frozen=True, slots=True)
class Folders:
    """The folders that a generator of Git finds in the repository `url`: those that one of `globs`
    matches and none of `without`, or with `files` those of the files that they match.

    Templates name what is known of a folder with `prefix` before it (`app.path`).
    """

    globs: tuple[str, ...]
    without: tuple[str, ...] = ()
    url: str = ""
    files: bool = False
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Binding:
    """Values of placeholders by their names, which may have placeholders of one of `folders`."""

    values: tuple[tuple[str, str], ...] = ()
    folders: tuple[Folders, ...] = ()
