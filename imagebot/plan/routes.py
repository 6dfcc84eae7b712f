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
        self._entries: dict[tuple[int, Repository], ImageRule | None] = {}

    def of(self, path: str) -> Route | None:
        if path not in self._by_path:
            self._by_path[path] = self._find(path)
        return self._by_path[path]

    def _find(self, path: str) -> Route | None:
        for route, globs in self._routes:
            for takes in globs:
                if takes(path):
                    return route
        return None

    def entry(self, route: Route, repository: Repository) -> ImageRule | None:
        key = (id(route), repository)
        if key not in self._entries:
            name = str(repository)
            found = (entry for entry in route.images if compile_glob(entry.match)(name))
            self._entries[key] = next(found, None)
        return self._entries[key]
