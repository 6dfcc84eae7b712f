"""The kinds of text in the schema, each with its own messages."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from imagebot.config.node import show_text
from imagebot.config.placeholders import find_fault
from imagebot.config.scalar import SpeltFloat, SpeltInt
from imagebot.errors import GitError, InvalidReferenceError, UsageError
from imagebot.git.url import check_branch
from imagebot.glob import capture_names, compile_glob
from imagebot.policy.build_values import PLATFORM_HINT, is_platform
from imagebot.reference import parse_repository

_MAX_TEXT = 2048
_NAME_RE = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?")
_DOTTED_RE = re.compile(r"[^\s.\[\]]+(?:\.[^\s.\[\]]+)*")


def refuse(reason: str, hint: str = "", position: int = 0) -> PydanticCustomError:
    """What a validator raises; the parts come back out in `config.issues`."""
    return PydanticCustomError(
        "imagebot", "{reason}", {"reason": reason, "hint": hint, "position": position}
    )


def spelling(value: object) -> object:
    """Numbers as they were written: in `semver: 1.10` the zero counts."""
    return value.spelling if isinstance(value, SpeltInt | SpeltFloat) else value


def _line(value: str) -> str:
    if not value.strip():
        raise refuse("must not be empty")
    if len(value) > _MAX_TEXT:
        raise refuse(f"longer than {_MAX_TEXT} characters")
    if not value.isprintable():
        raise refuse("must be one line without control characters")
    return value


def _fits(expression: re.Pattern[str], what: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        if expression.fullmatch(value) is None:
            raise refuse(f"not a {what}: {show_text(value)!r}")
        return value

    return check


def short_line(*, longest: int) -> Callable[[str], str]:
    """A check of one line of at most so many characters; it may be empty."""

    def check(value: str) -> str:
        if len(value) > longest:
            raise refuse(f"longer than {longest} characters")
        if not value.isprintable():
            raise refuse("must be one line without control characters")
        return value

    return check


def template(known: Collection[str], *, longest: int) -> Callable[[str], str]:
    """As `short_line`, of a text in which only these placeholders stand in braces."""
    line = short_line(longest=longest)

    def check(value: str) -> str:
        fault = find_fault(line(value), known)
        if fault is not None:
            raise refuse(fault.reason, fault.hint)
        return value

    return check


def _glob(value: str) -> str:
    try:
        compile_glob(value)
    except UsageError as error:
        raise refuse(error.message, error.hint) from error
    return value


def _file_glob(value: str) -> str:
    if value.startswith(("/", "./")) or ".." in value.split("/"):
        raise refuse(
            f"{show_text(value)!r} cannot match any file",
            "paths begin at the folder of the configuration, without ./ or /",
        )
    if value.endswith("/"):
        raise refuse(f"{show_text(value)!r} cannot match any file", f"write {show_text(value)}**")
    return _glob(value)


def _capture_glob(value: str) -> str:
    try:
        capture_names(value)
    except UsageError as error:
        raise refuse(error.message, error.hint) from error
    return _file_glob(value)


def _image_glob(value: str) -> str:
    """Globs match `docker.io/library/nginx`; the short form matches nothing."""
    _glob(value)
    if "*" in value or "?" in value or "[" in value or "{" in value:
        return value
    _, colon, tag = value.rpartition(":")
    if "@" in value or (colon and "/" not in tag):
        raise refuse(
            f"{show_text(value)!r} has a tag or digest", "match names repositories, without a tag"
        )
    try:
        normal = str(parse_repository(value))
    except InvalidReferenceError as error:
        raise refuse(f"not a repository: {show_text(value)!r}: {error.reason}") from error
    if normal != value:
        raise refuse(f"{show_text(value)!r} cannot match anything", f"write {show_text(normal)}")
    return value


def _branch(value: str) -> str:
    """A name that a branch can have, by the same check that a pass makes."""
    try:
        return check_branch(value)
    except GitError as error:
        raise refuse(f"{show_text(value)!r} is {error.reason}") from error


def _relative_path(value: str) -> str:
    if value.startswith("/") or ".." in value.split("/") or value.endswith("/"):
        raise refuse(f"not a path within the target: {show_text(value)!r}")
    return value


def _platform(value: str) -> str:
    if not is_platform(value):
        raise refuse(f"not a platform: {show_text(value)!r}", PLATFORM_HINT)
    return value


Text = Annotated[str, AfterValidator(_line)]
Spelt = Annotated[
    str,
    BeforeValidator(spelling),
    AfterValidator(_line),
    WithJsonSchema({"type": ["string", "number"]}),
]
# A number is no duration; how it was written is for the message that says so.
Duration = Annotated[str, BeforeValidator(spelling), AfterValidator(_line)]
Name = Annotated[str, AfterValidator(_line), AfterValidator(_fits(_NAME_RE, "name"))]
FileGlob = Annotated[str, AfterValidator(_line), AfterValidator(_file_glob)]
CaptureGlob = Annotated[str, AfterValidator(_line), AfterValidator(_capture_glob)]
Glob = Annotated[str, AfterValidator(_line), AfterValidator(_glob)]
ImageGlob = Annotated[str, AfterValidator(_line), AfterValidator(_image_glob)]
Branch = Annotated[str, BeforeValidator(spelling), AfterValidator(_branch)]
RelativePath = Annotated[str, AfterValidator(_line), AfterValidator(_relative_path)]
DottedPath = Annotated[
    str, AfterValidator(_line), AfterValidator(_fits(_DOTTED_RE, "path like spec.image"))
]
Platform = Annotated[str, AfterValidator(_line), AfterValidator(_platform)]
