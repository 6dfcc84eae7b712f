"""The daemon as a whole: its configuration, its listeners, and the loop, until a signal."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import field
from pathlib import Path
from types import FrameType

from imagebot import __version__
from imagebot.config.model import BotConfiguration
from imagebot.config.model_serve import Listen, ServeOptions
from imagebot.config.secret import read_secret
from imagebot.errors import CredentialError, ImagebotError
from imagebot.http.address import is_loopback
from imagebot.http.transport import Transport
from imagebot.problem import Exit
from imagebot.run.diagnostics import Diagnostics
from imagebot.run.metrics import Metrics
from imagebot.run.process import Process
from imagebot.serve.app import hooks_app, whole_app
from imagebot.serve.board import Board
from imagebot.serve.daemon import Daemon
from imagebot.serve.door import Door
from imagebot.serve.events import listening, reload_refused, reloaded
from imagebot.serve.gate import Gate
from imagebot.serve.inbox import Inbox
from imagebot.serve.keys import IssuerKeys
from imagebot.serve.listener import Listener, Tls, allow_files
from imagebot.serve.page import Page
from imagebot.values import dataclass

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
    # Before the file is read: what changes while it starts is seen.
    files = _Watch((path,) if path else ())
    bot = load()
    allow_files()
    hangup = _Hangup()
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, hangup.handle)
    with open_service(process, bot, diagnostics, tls) as service:
        parts, listeners = service.parts, service.listeners
        _say_hello(bot, listeners, diagnostics)
        certificates = _Watch((tls.certificate, tls.key) if tls else ())
        try:
            while True:
                parts.daemon.turn()
                if (asked := hangup.take()) or files.changed():
                    bot = _reload(bot, load, parts, asked=asked)
                if certificates.changed():
                    _renew(listeners, diagnostics)
        except KeyboardInterrupt:
            if parts.daemon.running:
                raise
    return Exit.WELL


@dataclass(frozen=True, slots=True)
class Parts:
    """What the daemon consists of, beside its listeners."""

    daemon: Daemon
    door: Door
    board: Board
    metrics: Metrics
    gate: Gate
    diagnostics: Diagnostics


@dataclass(frozen=True, slots=True)
class Service:
    """The daemon, which goes round when its `turn` is called, and its listeners, which hear all the
    time."""

    parts: Parts
    listeners: tuple[Listener, ...]


@contextmanager
def open_service(
    process: Process, bot: BotConfiguration, diagnostics: Diagnostics, tls: Tls | None = None
) -> Iterator[Service]:
    """A daemon that goes by this configuration, and listens until the block ends.

    Raises UsageError where it cannot listen.
    """
    transport = Transport()
    parts = _parts(process, _options(bot), diagnostics, transport)
    with ExitStack() as stack:
        stack.callback(transport.close)
        listeners = _listen(_options(bot), parts, tls)
        for listener in listeners:
            stack.callback(listener.close)
        _follow(bot, parts)
        yield Service(parts, listeners)


def _parts(
    process: Process, options: ServeOptions, diagnostics: Diagnostics, transport: Transport
) -> Parts:
    inbox, board, metrics = Inbox(), Board(), Metrics(daemon=True)
    return Parts(
        Daemon(process, diagnostics, inbox, board, metrics),
        Door(process, inbox, diagnostics, IssuerKeys(transport.send), metrics),
        board,
        metrics,
        Gate(process, diagnostics, local=is_loopback(str(options.listen))),
        diagnostics,
    )


def _options(bot: BotConfiguration) -> ServeOptions:
    return bot.serve or ServeOptions()


def _listen(options: ServeOptions, parts: Parts, tls: Tls | None) -> tuple[Listener, ...]:
    """Listens at the addresses of the configuration, or at none of them."""
    apart = options.hooks_listen
    page = Page(parts.gate.process.vault.hide)
    app = whole_app(parts.door, parts.board, parts.metrics, parts.gate, page, hooks=apart is None)
    first = Listener(options.listen, app, parts.diagnostics, tls)
    if apart is None:
        return (first,)
    try:
        return (first, Listener(apart, hooks_app(parts.door), parts.diagnostics, tls))
    except ImagebotError:
        first.close()
        raise


def _follow(bot: BotConfiguration, parts: Parts) -> None:
    parts.door.hooks = _options(bot).hooks
    parts.gate.password = _options(bot).password
    parts.daemon.follow(bot)
    for place, source in _options(bot).secrets.items():
        try:
            read_secret(source, parts.gate.process.environment)
        except CredentialError as error:
            # Whoever sends it later on is refused, and may not say so.
            parts.diagnostics.warning(f"{place}: {error.message}", hint=error.hint)


def _reload(bot: BotConfiguration, load: Load, parts: Parts, *, asked: bool) -> BotConfiguration:
    """The new configuration, or the old one where the new one is refused.

    What is wrong is logged once, however often the file is saved, and whenever somebody `asked`.
    """
    try:
        new = load()
    except ImagebotError as error:
        known = parts.board.snapshot().refused == error.message
        parts.board.refuse(error.message)
        parts.metrics.refuse(True)
        parts.metrics.reload("refused")
        for event in reload_refused(error) if asked or not known else ():
            parts.diagnostics.event(event)
        return bot
    parts.board.refuse("")
    parts.metrics.refuse(False)
    if new == bot:
        return bot
    for warning in _only_at_start(_options(bot), _options(new)):
        parts.diagnostics.warning(warning)
    _follow(new, parts)
    parts.metrics.reload("done")
    parts.diagnostics.event(reloaded(targets=len(new.targets), hooks=len(_options(new).hooks)))
    return new


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
    hooks, targets = options.hooks, len(bot.targets)
    diagnostics.event(listening(__version__, addresses, hooks=hooks, targets=targets))
    for warning in _open_doors(options, addresses[-1]):
        diagnostics.warning(warning)


def _open_doors(options: ServeOptions, address: Listen) -> Iterator[str]:
    """Hooks that prove nothing, where strangers may be."""
    if is_loopback(str(address)):
        return
    for hook in options.hooks.values():
        if hook.secret is None and hook.type != "oidc":
            yield f"hook {hook.name} is insecure: anybody who reaches {address} may announce pushes"
