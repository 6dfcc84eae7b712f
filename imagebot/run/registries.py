"""The registry client of a process, made from what the bot's file says of registries."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

from imagebot.config.model import (
    BotConfiguration,
    RegistryCredential,
    RegistryIdentity,
    RegistryOptions,
)
from imagebot.run.process import Process
from imagebot.values import dataclass

if TYPE_CHECKING:
    from types import TracebackType

    from imagebot.http.reach import Reach
    from imagebot.reference import Repository
    from imagebot.registry.client import RegistryClient
    from imagebot.registry.memo import Memo, PassMemo

_DEADLINE = BotConfiguration(path="", targets=()).registry_deadline


@contextmanager
def open_registries(process: Process) -> Iterator[PassMemo]:
    """Registries for one command about one's own references: with docker's credentials."""
    with KeptRegistries(process) as registries:
        yield registries.for_pass(None).common


@dataclass(frozen=True, slots=True)
class Views:
    """The registries of a pass: as all targets see them, and by name as those that see more do."""

    common: PassMemo
    own: Mapping[str, PassMemo]


def _no_older(_: Repository) -> float:
    """A pass that wants to know all anew."""
    return 0.0


class KeptRegistries:
    """Keeps one registry client for many passes: its tokens, connections and pauses.

    The configuration is read anew for every pass. As long as what it says about registries
    (credentials, registries, cache folder) and the files of certificates stay the same,
    the client stays; otherwise it is closed and a new one is made. Secrets are read at each use, so
    a rotated one needs no new client. `note` gets the `host:port` of each request.
    For one thread; close it when no pass is running.
    """

    def __init__(
        self, process: Process, *, note: Callable[[str], None] = lambda _host: None
    ) -> None:
        self._process = process
        self._note = note
        self._open = ExitStack()
        self._settings: _Settings | None = None
        self._memo: Memo | None = None
        self._client: RegistryClient | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the client and its connections."""
        self._settings = self._memo = self._client = None
        self._open.close()

    def memo_in_use(self) -> Memo:
        """The memo of the client that is open."""
        assert self._memo is not None
        return self._memo

    def memo(self, bot: BotConfiguration | None) -> Memo:
        """The memo of a client for this configuration; the same one while nothing has changed."""
        settings = _settings(bot, self._process.environment)
        if self._memo is None or settings != self._settings:
            self.close()
            self._client = _open_client(settings, self._process, self._open, self._note)
            self._memo = _new_memo(self._client)
            self._settings = settings
        return self._memo

    def fits(self, bot: BotConfiguration) -> bool:
        """Whether the client that is open is one for this configuration, or none is."""
        return self._memo is None or _settings(bot, self._process.environment) == self._settings

    def for_pass(
        self, bot: BotConfiguration | None, max_age: Callable[[Repository], float] = _no_older
    ) -> Views:
        """The registries as seen by a pass that begins now, with the time it has for them.

        `max_age` is how old answers of earlier passes may be.
        """
        from imagebot.http.reach import Reach
        from imagebot.registry.named import reach_of_limits

        memo = self.memo(bot)
        assert self._client is not None
        seconds = bot.registry_deadline if bot else _DEADLINE
        view = self._client.for_pass(seconds, reach=_reach(bot, self._process.environment))
        common = memo.for_pass(max_age, registry=view)
        more = {each.name: reach_of_limits(each.limits) for each in bot.targets} if bot else {}
        by_reach = {
            reach: common.reaching(reach, view.reaching(reach))
            for reach in dict.fromkeys(more.values())
            if reach != Reach()
        }
        own = {name: by_reach[reach] for name, reach in more.items() if reach in by_reach}
        return Views(common, own)


def _reach(bot: BotConfiguration | None, environment: Mapping[str, str]) -> Reach:
    """Without a bot's own file, the references are those of whoever starts the command."""
    from imagebot.http.reach import Reach
    from imagebot.registry.docker_config import hosts
    from imagebot.registry.named import reach_of_bot

    if bot is None or not bot.path:
        return Reach(own=True)
    return reach_of_bot(bot, hosts(environment))


@dataclass(frozen=True, slots=True)
class _Settings:
    """All that a client is made from."""

    credentials: tuple[RegistryCredential | RegistryIdentity, ...]
    registries: tuple[RegistryOptions, ...]
    cache: Path
    certificates: tuple[tuple[str, int, int, int], ...]


def _settings(bot: BotConfiguration | None, environment: Mapping[str, str]) -> _Settings:
    import ssl

    registries = bot.registries if bot else ()
    usual = environment.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile or ""
    files = [usual]
    for option in registries:
        files += [option.ca_file, option.client_certificate, option.client_key]
    return _Settings(
        bot.registry_credentials if bot else (),
        registries,
        cache_folder(bot),
        tuple(_version(name) for name in dict.fromkeys(files) if name),
    )


def _version(name: str) -> tuple[str, int, int, int]:
    """Changes whenever the file does: a client reads certificates when it first connects."""
    try:
        found = Path(name).stat()
    except OSError:
        return name, 0, 0, 0
    return name, found.st_ino, found.st_size, found.st_mtime_ns


def _open_client(
    settings: _Settings, process: Process, stack: ExitStack, note: Callable[[str], None]
) -> RegistryClient:
    from imagebot.registry.cache import MetadataCache
    from imagebot.registry.client import RegistryClient
    from imagebot.registry.credentials import Credentials

    vault = process.vault
    vault.keep_proxies(process.environment)
    credentials = Credentials(settings.credentials, process.environment, stop=process.stop)
    cache = MetadataCache(settings.cache / "images")
    return stack.enter_context(
        RegistryClient(credentials, settings.registries, cache=cache, vault=vault, note=note)
    )


def _new_memo(client: RegistryClient) -> Memo:
    from imagebot.registry.memo import Memo

    return Memo(client, locate=client.location)


def cache_folder(bot: BotConfiguration | None) -> Path:
    """The bot's own cache folder, else the user's for imagebot."""
    if bot is not None and bot.cache_dir:
        return Path(bot.cache_dir)
    from platformdirs import user_cache_path

    return user_cache_path("imagebot", appauthor=False)
