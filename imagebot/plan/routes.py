"""Which route takes a file, and which of its entries an image."""

from __future__ import annotations

from imagebot.config.model import Configuration, ImageRule, Route
from imagebot.glob import compile_glob, matches_any
from imagebot.reference import Repository


class RouteTable:
    """Routes by file and entries by repository, each asked once."""

    def __init__(self, configuration: Configuration) -> None:
        self._routes = configuration.routes
        self._by_path: dict[str, Route | None] = {}
        self._entries: dict[tuple[int, Repository], ImageRule | None] = {}

    def of(self, path: str) -> Route | None:
        if path not in self._by_path:
            found = (route for route in self._routes if matches_any(route.files, path))
            self._by_path[path] = next(found, None)
        return self._by_path[path]

    def entry(self, route: Route, repository: Repository) -> ImageRule | None:
        key = (id(route), repository)
        if key not in self._entries:
            name = str(repository)
            found = (entry for entry in route.images if compile_glob(entry.match)(name))
            self._entries[key] = next(found, None)
        return self._entries[key]
