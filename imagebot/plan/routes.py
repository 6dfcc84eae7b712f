"""Which route takes a file, and which of its entries an image."""

from __future__ import annotations

from imagebot.config.model import Configuration, ImageRule, Route
from imagebot.glob import compile_glob
from imagebot.reference import Repository


class RouteTable:
    """Routes by file and entries by repository, each asked once."""

    def __init__(self, configuration: Configuration) -> None:
        self._routes = tuple(
            (route, tuple(compile_glob(glob) for glob in route.files))
            for route in configuration.routes
        )
        self._by_path: dict[str, Route | None] = {}
        # By texts, whose hashes and comparisons are quicker than those of a Repository.
        self._entries: dict[tuple[int, str, str], ImageRule | None] = {}

    def of(self, path: str) -> Route | None:
        try:
            return self._by_path[path]
        except KeyError:
            found = self._by_path[path] = self._find(path)
            return found

    def _find(self, path: str) -> Route | None:
        for route, globs in self._routes:
            for takes in globs:
                if takes(path):
                    return route
        return None

    def entry(self, route: Route, repository: Repository) -> ImageRule | None:
        key = (id(route), repository.registry, repository.path)
        try:
            return self._entries[key]
        except KeyError:
            name = str(repository)
            fitting = (entry for entry in route.images if compile_glob(entry.match)(name))
            found = self._entries[key] = next(fitting, None)
            return found
