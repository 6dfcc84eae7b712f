"""Routes and image entries that can take nothing: nothing is called so, or those before them take
it all."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from imagebot.config.issues import Issues
from imagebot.config.model import Configuration, Route
from imagebot.config.node import KeyPath, show_text
from imagebot.config.static.coverage import covers, have_nothing_in_common
from imagebot.config.static.expression import UndecidedError, parse
from imagebot.errors import InvalidReferenceError
from imagebot.glob import compile_glob, glob_expression
from imagebot.manifest.formats.select import is_manifest_path
from imagebot.reference import REPOSITORY_NAME, parse_repository

_SPECIAL = frozenset("*?[{")


def warn_of_routes(configuration: Configuration, warnings: Issues) -> None:
    for index, route in enumerate(configuration.routes):
        at = ("routes", index)
        why = _why_no_file(configuration, index, route.files)
        if why:
            _warn_of_route(warnings, at, route, why)
        else:
            _warn_of_files(configuration, warnings, index)
        _warn_of_images(warnings, at, route)


def _warn_of_route(warnings: Issues, at: KeyPath, route: Route, why: tuple[str, str]) -> None:
    message, hint = why
    warnings.add((*at, "files"), f"route {show_text(route.name)!r} takes no file: {message}", hint)


def _warn_of_files(configuration: Configuration, warnings: Issues, index: int) -> None:
    """The globs of a route that take nothing, although others of it may."""
    for number, glob in enumerate(configuration.routes[index].files):
        why = _why_no_file(configuration, index, (glob,))
        if why:
            message, hint = why
            at = ("routes", index, "files", number)
            warnings.add(at, f"{show_text(glob)!r} takes no file: {message}", hint)


def _why_no_file(
    configuration: Configuration, index: int, globs: Sequence[str]
) -> tuple[str, str] | None:
    """Why none of the globs of a route can take a file, and what to do; None where one may."""
    files, before = configuration.files, configuration.routes[:index]
    if _cover(files.exclude, globs):
        return "files.exclude has it all", "narrow files.exclude, or remove this"
    if not any(_may_be_read(configuration, glob) for glob in globs):
        first = show_text(globs[0])
        hint = f"for a folder, write {first}/**; any other file needs an entry of files.patterns"
        return "imagebot reads no file of such a name", hint
    if not _cover((*files.exclude, *(glob for route in before for glob in route.files)), globs):
        return None
    for route in before:
        if _cover(route.files, globs):
            name = show_text(route.name)
            return f"route {name!r} on line {route.place.line} takes it all", _MOVE_ROUTE
    return "the routes before it take it all", _MOVE_ROUTE


_MOVE_ROUTE = "the first route that matches a file takes it: move this one up, or remove it"


def _cover(outer: Sequence[str], globs: Sequence[str]) -> bool:
    return all(covers(outer, glob) for glob in globs)


def _may_be_read(configuration: Configuration, glob: str) -> bool:
    """False for the name of one file, or of a folder, that is never read."""
    if _SPECIAL.intersection(glob):
        return True
    return is_manifest_path(glob, configuration.files.patterns, configuration.files.fields)


def _warn_of_images(warnings: Issues, at: KeyPath, route: Route) -> None:
    for number, entry in enumerate(route.images):
        keys = (*at, "images", number, "match")
        if names_no_repository(entry.match):
            message = f"{show_text(entry.match)!r} takes no image: no repository has such a name"
            warnings.add(keys, message, _NAMES)
            continue
        before = route.images[:number]
        if not covers([each.match for each in before], entry.match):
            continue
        who = "the entries before it take it all"
        first = next((each for each in before if covers((each.match,), entry.match)), None)
        if first is not None:
            who = f"{show_text(first.match)!r} on line {first.place.line} takes it all"
        hint = "the first entry that matches an image is used: move this one up, or remove it"
        warnings.add(keys, f"{show_text(entry.match)!r} takes no image: {who}", hint)


_NAMES = "names are in full and without a tag: docker.io/library/nginx, ghcr.io/acme/api"
# Other names of repositories on Docker Hub than those that references have.
_NOT_NORMAL = ("docker.io/*", "index.docker.io/**", "registry-1.docker.io/**")
_BRACES = re.compile(r"\{([^{},]*)[^{}]*\}")
_SET = re.compile(r"\[([^]!^])[^]]*\]")
_EXAMPLES = ({"**": "a.io/a", "*": "a", "?": "a"}, {"**": "a.io/a", "*": "a.io", "?": "a"})


def names_no_repository(glob: str) -> bool:
    """Whether it is certain that a glob matches no repository's name."""
    if covers(_NOT_NORMAL, glob):
        return True
    if any(_is_example(glob, parts) for parts in _EXAMPLES):
        return False
    try:
        return have_nothing_in_common(parse(glob_expression(glob)), parse(REPOSITORY_NAME))
    except UndecidedError:
        return False


def _is_example(glob: str, parts: Mapping[str, str]) -> bool:
    """Whether a glob is a name that it matches, with something in the place of its stars and the
    first that its sets and braces allow."""
    name = _SET.sub(r"\1", _BRACES.sub(r"\1", glob))
    for stars, part in parts.items():
        name = name.replace(stars, part)
    try:
        return str(parse_repository(name)) == name and compile_glob(glob)(name)
    except InvalidReferenceError:
        return False
