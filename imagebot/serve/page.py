"""The page for people: how the targets are, and what was published last.

Everything on it may be written by others: it is hidden (secrets), shortened, made printable, and
escaped by the template.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import field
from datetime import datetime, timedelta
from pathlib import Path

from jinja2 import Environment, StrictUndefined, Template

from imagebot import __version__
from imagebot.serve.board import Done, Snapshot, TargetState
from imagebot.text import printable, shorten
from imagebot.values import dataclass

_LONGEST = 500
_MOST_TARGETS = 500
_MOST_OF_EACH = 5
"""Problems, warnings and updates that are shown of a target or a change."""

_SMALL = 10
"""Seconds that are shown with fractions, where they are how long something took."""

Hide = Callable[[str], str]


def _template() -> Template:
    text = Path(__file__).with_name("page.html").read_text("utf-8")
    # Whatever the template's name: it is HTML.
    made = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return made.from_string(text)


def _policy(page: str) -> str:
    """The Content-Security-Policy: nothing but the one style that the template has."""
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )


@dataclass(frozen=True, slots=True)
class Said:
    """A problem, and what to do about it."""

    text: str
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A target, or something that was published, as it is shown. `more` counts what is not."""

    name: str
    state: str = ""
    about: tuple[Said, ...] = ()
    more: int = 0
    notes: tuple[str, ...] = ()
    cells: tuple[str, ...] = ()
    url: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Makes the page. `hide` leaves secrets out."""

    hide: Hide
    _template: Template = field(default_factory=_template)

    def render(self, snapshot: Snapshot, now: datetime) -> tuple[str, str]:
        """The page, and its Content-Security-Policy."""
        page = self._template.render(
            version=__version__,
            now=_moment(now),
            ready=snapshot.ready,
            refused=self._show(snapshot.refused),
            targets=[self._target(each, now) for each in _first(snapshot.targets)],
            more_targets=max(0, len(snapshot.targets) - _MOST_TARGETS),
            failing=sum(bool(each.problem_count) for each in snapshot.targets),
            count=len(snapshot.targets),
            done=[self._done(each, now) for each in snapshot.done],
        )
        return page, _policy(page)

    def _target(self, state: TargetState, now: datetime) -> Row:
        said = [
            Said(self._show(each.placed), self._show(each.hint))
            for each in state.problems[:_MOST_OF_EACH]
        ]
        notes = [self._show(each) for each in state.warnings[:_MOST_OF_EACH]]
        if state.paused:
            notes.insert(0, self._show(f"paused in bot.yaml: {state.paused}"))
        return Row(
            name=self._show(state.name),
            state=_state(state),
            about=tuple(said),
            more=state.problem_count - len(said),
            notes=tuple(notes),
            cells=(
                self._show(state.branch),
                _age(state.last_good, now),
                f"{_age(state.last_pass, now)}{_took(state)}",
                str(state.images) if state.last_pass else "",
            ),
            url=_link(self._show(state.url)),
        )

    def _done(self, done: Done, now: datetime) -> Row:
        shown = done.updates[:_MOST_OF_EACH]
        return Row(
            name=self._show(done.text),
            more=done.update_count - len(shown),
            notes=tuple(map(self._show, shown)),
            cells=(
                _age(done.at, now),
                self._show(done.target),
                "" if done.latency is None else _duration(done.latency),
            ),
            url=_link(self._show(done.url)),
        )

    def _show(self, text: str) -> str:
        return shorten(printable(self.hide(text)), _LONGEST)


def _first(targets: Iterable[TargetState]) -> list[TargetState]:
    """Those with problems come first; the order stays otherwise."""
    return sorted(targets, key=lambda each: not each.problem_count)[:_MOST_TARGETS]


def _state(state: TargetState) -> str:
    if state.problem_count:
        return "failing"
    if state.last_pass is None:
        return "first pass" if state.running else "waiting"
    return "paused" if state.paused else "good"


def _took(state: TargetState) -> str:
    running = ", one is running" if state.running else ""
    return f" (took {_duration(state.seconds)}{running})" if state.last_pass else running


def _link(url: str) -> str:
    """The URL where a browser may go; "" for others, such as `ssh:` or `javascript:`."""
    return url if re.match(r"https?://[^/@\s]+(?:/|$)", url) else ""


def _age(at: datetime | None, now: datetime) -> str:
    if at is None:
        return "never"
    seconds = max(0, (now - at) // timedelta(seconds=1))
    return f"{seconds} s ago" if seconds < _SMALL else f"{_duration(seconds)} ago"


def _duration(seconds: float) -> str:
    """Two figures are enough: `0.35 s`, `12 s`, `5 min`, `3 h`, `4 days`."""
    if seconds < _SMALL:
        return f"{seconds:.2f} s"
    for size, unit in ((120, "s"), (7200, "min"), (172_800, "h")):
        if seconds < size:
            return f"{seconds / {'s': 1, 'min': 60, 'h': 3600}[unit]:.0f} {unit}"
    return f"{seconds / 86_400:.0f} days"


def _moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S UTC")
