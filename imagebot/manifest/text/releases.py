"""The releases of a helmfile that is a template (`helmfile.yaml.gotmpl`), of its hidden actions.

Only where actions fill in values: with a choice or a loop, more or less is installed and merged
than what is written.
"""

from __future__ import annotations

import re
from dataclasses import replace

from imagebot.manifest.helm.tree import printed
from imagebot.manifest.images.bindings import Binding
from imagebot.manifest.images.layers import Release
from imagebot.manifest.yaml.masked import actions, only_fills_in

_HIDDEN = re.compile(r"\$x+")


def restored(releases: tuple[Release, ...], data: bytes) -> tuple[Release, ...]:
    """The releases of the hidden template with the placeholders that `data` has at their places;
    none if it has more than these."""
    text = data.decode("utf-8", "replace")
    if not releases or not only_fills_in(text):
        return ()
    lines = _Lines(text.split("\n"))
    found = (_restored(each, lines) for each in releases)
    return tuple([each for each in found if each is not None])


def _restored(release: Release, lines: _Lines) -> Release | None:
    chart = lines.restored(release.chart, release.line)
    files = [lines.restored(each.file, each.line) for each in release.layers]
    known = [file for file in files if file is not None]
    if chart is None or len(known) < len(files):
        return None
    layers = [replace(each, file=file) for each, file in zip(release.layers, known, strict=True)]
    bindings = [
        Binding(tuple([(key, text) for key, text in each.values if "$" not in text]))
        for each in release.bindings
    ]
    return replace(release, chart=chart, layers=tuple(layers), bindings=tuple(bindings))


class _Lines:
    """The lines of a template."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self._actions: dict[int, dict[int, str] | None] = {}

    def actions(self, line: int) -> dict[int, str] | None:
        """The actions on a line (from 1) by their length; None if one has that of another."""
        if line not in self._actions:
            found: dict[int, str] | None = {}
            for _, action in actions(self.lines[line - 1] if line <= len(self.lines) else ""):
                if found is not None and found.setdefault(len(action.encode()), action) != action:
                    found = None
            self._actions[line] = found
        return self._actions[line]

    def restored(self, text: str, line: int) -> str | None:
        """A text on a line with the actions hidden in it; None if it is not clear which."""
        if "$" not in text:
            return text
        known = self.actions(line)
        made, at = "", 0
        for hidden in _HIDDEN.finditer(text):
            # An `x` may follow.
            fitting = [each for each in known or () if each <= len(hidden[0])]
            if known is None or not fitting:
                return None
            made += text[at : hidden.start()] + known[max(fitting)]
            at = hidden.start() + max(fitting)
        return printed(made + text[at:])
