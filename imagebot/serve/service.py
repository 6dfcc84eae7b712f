"""The daemon as a whole: its configuration, its listeners, and the loop, until a signal."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from imagebot import __version__
from imagebot.config.model import BotConfiguration
from imagebot.config.model_serve import Listen, ServeOptions
from imagebot.errors import ConfigurationError, ImagebotError
from imagebot.http.address import is_loopback
from imagebot.http.transport import Transport
from imagebot.problem import Exit
from imagebot.run.diagnostics import Diagnostics
from imagebot.run.events import Event
from imagebot.run.process import Process
from imagebot.serve.app import hooks_app, whole_app
from imagebot.serve.board import Board
from imagebot.serve.daemon import Daemon
from imagebot.serve.door import Door
from imagebot.serve.inbox import Inbox
from imagebot.serve.keys import IssuerKeys
from imagebot.serve.listener import Listener, Tls

_LOOK_AGAIN = 1.0
"""Seconds after which it is looked whether files have changed."""

Load = Callable[[], BotConfiguration]


@dataclass(slots=True)
class _Watch:
    """Whether files are other ones than when they were last looked at."""

    paths: tuple[str, ...]
    _seen: tuple[object, ...] = field(default=(), init=False)
    _looked: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        self._seen = self._look()

    def changed(self) -> bool:
        now = time.monotonic()
        if now - self._looked < _LOOK_AGAIN:
            return False
        self._looked = now
        before, self._seen = self._seen, self._look()
        return self._seen != before

    def _look(self) -> tuple[object, ...]:
        return tuple(_version(path) for path in self.paths)


def _version(path: str) -> object:
    """Another one when the file is; a link's target counts, as a ConfigMap's files are links."""
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


@dataclass(slots=True)
class _Hangup:
    """Whether SIGHUP has come. Its handler must not wait for a lock, so the loop asks."""

    came: bool = False

    def handle(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self.came = True

    def take(self) -> bool:
        came, self.came = self.came, False
        return came


def serve(
    process: Process, load: Load, diagnostics: Diagnostics, *, path: str, tls: Tls | None = None
) -> Exit:
    """Serve until SIGTERM or SIGINT; `path` is the bot's own file, "" without one.

    Raises ConfigurationError and UsageError where it cannot begin, and KeyboardInterrupt when a
    pass was interrupted.
    """
    bot = load()
    hangup = _Hangup()
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, hangup.handle)
    with open_service(process, bot, diagnostics, tls) as service:
        daemon, listeners = service.daemon, service.listeners
        _say_hello(bot, listeners, diagnostics)
        files = _Watch((path,) if path else ())
        certificates = _Watch((tls.certificate, tls.key) if tls else ())
        try:
            while True:
                daemon.turn()
                if hangup.take() or files.changed():
                    bot = _reload(bot, load, daemon, service.door, service.board, diagnostics)
                if certificates.changed():
                    _renew(listeners, diagnostics)
        except KeyboardInterrupt:
            if daemon.running:
                raise
    return Exit.WELL


@dataclass(frozen=True, slots=True)
class Service:
    """The daemon, which goes round when `daemon.turn` is called, and its listeners, which hear all
    the time."""

    daemon: Daemon
    door: Door
    board: Board
    listeners: tuple[Listener, ...]


@contextmanager
def open_service(
    process: Process, bot: BotConfiguration, diagnostics: Diagnostics, tls: Tls | None = None
) -> Iterator[Service]:
    """A daemon that goes by this configuration, and listens until the block ends.

    Raises UsageError where it cannot listen.
    """
    inbox, board = Inbox(), Board()
    transport = Transport()
    door = Door(process, inbox, diagnostics, IssuerKeys(transport.send))
    daemon = Daemon(process, diagnostics, inbox, board)
    with ExitStack() as stack:
        stack.callback(transport.close)
        listeners = _listen(_options(bot), door, board, tls)
        for listener in listeners:
            stack.callback(listener.close)
        _follow(bot, daemon, door, board)
        yield Service(daemon, door, board, listeners)


def _options(bot: BotConfiguration) -> ServeOptions:
    return bot.serve or ServeOptions()


def _listen(
    options: ServeOptions, door: Door, board: Board, tls: Tls | None
) -> tuple[Listener, ...]:
    """Listens at the addresses of the configuration, or at none of them."""
    apart = options.hooks_listen
    first = Listener(options.listen, whole_app(door, board, hooks=apart is None), tls)
    if apart is None:
        return (first,)
    try:
        return (first, Listener(apart, hooks_app(door), tls))
    except ImagebotError:
        first.close()
        raise


def _follow(bot: BotConfiguration, daemon: Daemon, door: Door, board: Board) -> None:
    door.hooks = _options(bot).hooks
    daemon.follow(bot)
    board.refuse("")


def _reload(
    bot: BotConfiguration,
    load: Load,
    daemon: Daemon,
    door: Door,
    board: Board,
    diagnostics: Diagnostics,
) -> BotConfiguration:
    """The new configuration, or the old one where the new one is refused."""
    try:
        new = load()
    except ImagebotError as error:
        board.refuse(error.message)
        for event in _refusals(error):
            diagnostics.event(event)
        return bot
    if new == bot:
        return bot
    for warning in _only_at_start(_options(bot), _options(new)):
        diagnostics.warning(warning)
    _follow(new, daemon, door, board)
    count = len(new.targets)
    diagnostics.event(
        Event(
            name="reloaded",
            level="info",
            message=f"the configuration has changed: {count} target{'' if count == 1 else 's'}",
            data={"targets": count, "hooks": len(_options(new).hooks)},
        )
    )
    return new


def _refusals(error: ImagebotError) -> Iterator[Event]:
    what = "the changed configuration is refused, the one before goes on"
    faults: Iterable[tuple[str, str]] = ((error.message, error.hint),)
    if isinstance(error, ConfigurationError):
        faults = ((str(issue), issue.hint) for issue in error.issues)
    for message, hint in faults:
        yield Event(name="reload-refused", level="error", message=f"{what}: {message}", hint=hint)


def _only_at_start(old: ServeOptions, new: ServeOptions) -> Iterator[str]:
    for key, before, after in (
        ("serve.listen", old.listen, new.listen),
        ("serve.hooks-listen", old.hooks_listen, new.hooks_listen),
    ):
        if before != after:
            yield f"{key} only counts at the start: restart imagebot to listen at {after}"


def _renew(listeners: Iterable[Listener], diagnostics: Diagnostics) -> None:
    for listener in listeners:
        try:
            listener.renew()
        except ImagebotError as error:
            diagnostics.warning(f"{error.message}; the one before goes on", hint=error.hint)


def _say_hello(
    bot: BotConfiguration, listeners: Iterable[Listener], diagnostics: Diagnostics
) -> None:
    options = _options(bot)
    addresses = [listener.address for listener in listeners]
    hint = ""
    if all(is_loopback(str(each)) for each in addresses):
        hint = "only this machine can reach it; serve.listen: 0.0.0.0:8080 lets others"
    diagnostics.event(
        Event(
            name="listening",
            level="info",
            message=f"imagebot {__version__} listens at {' and '.join(map(str, addresses))}",
            hint=hint,
            data={
                "version": __version__,
                "addresses": [str(each) for each in addresses],
                "hooks": sorted(options.hooks),
                "targets": len(bot.targets),
            },
        )
    )
    for warning in _open_doors(options, addresses[-1]):
        diagnostics.warning(warning)


def _open_doors(options: ServeOptions, address: Listen) -> Iterator[str]:
    """Hooks that prove nothing, where strangers may be."""
    if is_loopback(str(address)):
        return
    for hook in options.hooks.values():
        if hook.secret is None and hook.type != "oidc":
            yield f"hook {hook.name} is insecure: anybody who reaches {address} may announce pushes"
